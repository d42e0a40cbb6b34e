// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/device_options.h"

#include <algorithm>
#include <charconv>
#include <fmt/core.h>
#include <span>
#include <string_view>
#include <vector>

#include "app/session/run_request.h"
#include "vmm/spec/words.h"

namespace app::session {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using namespace vmm::spec;

namespace {

struct Option {
    std::string key;
    std::string value;
};

Error wrong(std::string sentence)
{
    return {ErrorCode::Invalid, std::move(sentence)};
}

template <class T, size_t N>
Result<T> chosen(const Option& option, const Word<T> (&words)[N])
{
    std::string choices;
    for (const Word<T>& word : words) {
        if (option.value == word.name)
            return word.value;
        choices += choices.empty() ? "" : ", ";
        choices += word.name;
    }
    return wrong(fmt::format("{}={}: choose one of {}", option.key, option.value, choices));
}

Option optionFrom(std::string_view text)
{
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos)
        return {std::string(text), {}};
    return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

/// What stands before the options, and the options in the order they were given.
struct Parts {
    std::string first;
    std::vector<Option> options;
};

Parts split(std::string_view text)
{
    Parts parts;
    size_t comma = text.find(',');
    parts.first = text.substr(0, comma);
    while (comma != std::string_view::npos) {
        text = text.substr(comma + 1);
        comma = text.find(',');
        parts.options.push_back(optionFrom(text.substr(0, comma)));
    }
    return parts;
}

/// As split(), for a file's name, which may hold commas: takes options from the end while their
/// keys are `known`.
Parts splitFile(std::string_view text, std::span<const std::string_view> known)
{
    Parts parts;
    for (;;) {
        const size_t comma = text.rfind(',');
        if (comma == std::string_view::npos)
            break;
        Option option = optionFrom(text.substr(comma + 1));
        if (std::find(known.begin(), known.end(), option.key) == known.end())
            break;
        parts.options.insert(parts.options.begin(), std::move(option));
        text = text.substr(0, comma);
    }
    parts.first = text;
    return parts;
}

Result<void> applyLimit(const Option& option, DriveLimits& limits)
{
    if (option.key == "bps")
        limits.bytesPerSecond = TRY(parseSize(option.value));
    else
        limits.operationsPerSecond =
            TRY(numberFrom(option.value, "iops", "number of operations", UINT32_MAX));
    return {};
}

Result<void> applyDriveOption(const Option& option, DriveSpec& drive)
{
    if (option.key == "bus")
        drive.bus = TRY(chosen(option, kDriveBusWords));
    else if (option.key == "cache")
        drive.cache = TRY(chosen(option, kDriveCacheWords));
    else if (option.key == "when-full")
        drive.whenFull = TRY(chosen(option, kWhenFullWords));
    else if (option.key == "serial")
        drive.serial = option.value;
    else if (option.key == "id")
        drive.id = option.value;
    else if (option.key == "readonly")
        drive.readOnly = true;
    else
        TRY(applyLimit(option, drive.limits));
    return {};
}

Result<NicKind> nicKindFrom(const std::string& word)
{
    return chosen({"network card", word}, kNicKindWords);
}

Result<void> applyNicOption(const Option& option, NicSpec& nic)
{
    if (option.key == "mac")
        nic.mac = option.value;
    else if (option.key == "id")
        nic.id = option.value;
    else if (option.key == "link")
        nic.linkUp = TRY(chosen(option, kLinkWords));
    else if (option.key == "capture")
        nic.capturePath = absolutePath(option.value);
    else if (option.key == "forward" && nic.kind == NicKind::User)
        nic.forwards.push_back(option.value);
    else if (option.key == "restrict" && nic.kind == NicKind::User)
        nic.restricted = true;
    else if (option.key == "fd" && nic.kind == NicKind::Tap)
        nic.taps.push_back(
            static_cast<int32_t>(TRY(numberFrom(option.value, "fd", "descriptor", INT32_MAX))));
    else if (option.key == "interface" && nic.kind == NicKind::Tap)
        nic.tapInterface = option.value;
    else if (option.key == "socket" && nic.kind == NicKind::Passt)
        nic.socketPath = absolutePath(option.value);
    else
        return wrong(fmt::format("this kind of network card has no option {}", option.key));
    return {};
}

} // namespace

Result<uint64_t> numberFrom(const std::string& text, const std::string& option,
                            const std::string& noun, uint64_t most)
{
    uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, status] = std::from_chars(text.data(), end, number);
    if (status != std::errc{} || rest != end || number > most)
        return wrong(fmt::format("{} {}: not a {}", option, text, noun));
    return number;
}

Result<DriveSpec> driveFrom(DriveKind kind, const std::string& text)
{
    constexpr std::string_view kKnown[] = {"bus", "cache",    "when-full", "serial",
                                           "id",  "readonly", "bps",       "iops"};
    const Parts parts = splitFile(text, kKnown);
    DriveSpec drive;
    drive.kind = kind;
    drive.path = absolutePath(parts.first);
    for (const Option& option : parts.options)
        TRY(applyDriveOption(option, drive));
    return drive;
}

Result<DriveLimits> limitsFrom(const std::string& text)
{
    DriveLimits limits;
    const Parts parts = split("," + text);
    for (const Option& option : parts.options) {
        if (option.key != "bps" && option.key != "iops")
            return wrong(fmt::format("a drive has no limit {}; choose bps or iops", option.key));
        TRY(applyLimit(option, limits));
    }
    return limits;
}

Result<NicSpec> nicFrom(const std::string& text)
{
    const Parts parts = split(text);
    NicSpec nic;
    nic.kind = TRY(nicKindFrom(parts.first));
    for (const Option& option : parts.options)
        TRY(applyNicOption(option, nic));
    if (nic.kind == NicKind::Tap && nic.taps.empty() == nic.tapInterface.empty())
        return wrong("a network card on a tap needs its interface or its descriptors: "
                     "tap,interface=NAME or tap,fd=N");
    return nic;
}

Result<ConsolePortSpec> consolePortFrom(const std::string& text)
{
    const Parts parts = split(text);
    const Option first = optionFrom(parts.first);
    ConsolePortSpec port;
    port.end = TRY(chosen({"console", first.key}, kPortEndWords));
    port.path = absolutePath(first.value);
    for (const Option& option : parts.options) {
        if (option.key != "name")
            return wrong(fmt::format("a console port has no option {}", option.key));
        port.name = option.value;
    }
    return port;
}

Result<VsockSpec> vsockFrom(const std::string& text)
{
    const Parts parts = split(text);
    VsockSpec vsock;
    vsock.cid =
        static_cast<uint32_t>(TRY(numberFrom(parts.first, "vsock", "context id", UINT32_MAX)));
    for (const Option& option : parts.options) {
        if (option.key != "socket")
            return wrong(fmt::format("vsock has no option {}", option.key));
        vsock.path = absolutePath(option.value);
    }
    return vsock;
}

Result<BalloonKind> balloonFrom(const std::string& text)
{
    return chosen({"balloon", text}, kBalloonWords);
}

} // namespace app::session
