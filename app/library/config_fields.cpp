// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/library/config_fields.h"

#include <algorithm>
#include <fmt/core.h>

#include "vmm/spec/words.h"

namespace app::library {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using namespace vmm::spec;

namespace {

constexpr Word<CloseAction> kCloseWords[] = {{"keep", CloseAction::Keep},
                                             {"suspend", CloseAction::Suspend},
                                             {"shut-down", CloseAction::ShutDown}};
constexpr Word<SerialKind> kSerialWords[] = {
    {"none", SerialKind::None}, {"stdio", SerialKind::Stdio}, {"pty", SerialKind::Pty}};
constexpr std::string_view kFile = "file:";
constexpr std::string_view kBios = "bios";

Error wrong(std::string sentence)
{
    return {ErrorCode::Invalid, std::move(sentence)};
}

Result<void> readText(const TomlValue& value, std::string& target)
{
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr)
        return wrong("not a text in quotation marks");
    if (text->find('\0') != std::string::npos)
        return wrong("has a NUL in it");
    target = *text;
    return {};
}

Result<void> readTexts(const TomlValue& value, std::vector<std::string>& target)
{
    const auto* texts = std::get_if<std::vector<std::string>>(&value);
    if (texts == nullptr)
        return wrong("not a list of texts such as [\"one\", \"two\"]");
    target = *texts;
    return {};
}

Result<void> readFlag(const TomlValue& value, bool& target)
{
    const auto* flag = std::get_if<bool>(&value);
    if (flag == nullptr)
        return wrong("neither true nor false");
    target = *flag;
    return {};
}

template <class T>
Result<void> readNumber(const TomlValue& value, T& target)
{
    const auto* number = std::get_if<int64_t>(&value);
    if (number == nullptr || *number < 0 || !std::in_range<T>(*number))
        return wrong("not a whole number in range");
    target = static_cast<T>(*number);
    return {};
}

Result<void> readSize(const TomlValue& value, uint64_t& target)
{
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr)
        return wrong("not a size such as \"512M\" or \"2G\"");
    target = TRY(parseSize(*text));
    return {};
}

template <class T, size_t N>
Result<void> readWord(const TomlValue& value, const Word<T> (&words)[N], T& target)
{
    std::string choices;
    const auto* text = std::get_if<std::string>(&value);
    for (const Word<T>& word : words) {
        if (text != nullptr && *text == word.name) {
            target = word.value;
            return {};
        }
        choices += fmt::format("{}\"{}\"", choices.empty() ? "" : ", ", word.name);
    }
    return wrong("choose one of " + choices);
}

TomlValue sizeWords(uint64_t bytes)
{
    constexpr std::string_view kUnits = "KMGT";
    std::string unit;
    for (size_t i = 0; i < kUnits.size() && bytes != 0 && bytes % 1024 == 0; ++i) {
        bytes /= 1024;
        unit = kUnits[i];
    }
    return std::to_string(bytes) + unit;
}

TomlValue text(std::string_view words)
{
    return words.empty() ? TomlValue() : TomlValue(std::string(words));
}

TomlValue texts(const std::vector<std::string>& all)
{
    return all.empty() ? TomlValue() : TomlValue(all);
}

TomlValue number(uint64_t value)
{
    return static_cast<int64_t>(value);
}

Result<void> readSerial(const TomlValue& value, MachineConfig& config)
{
    std::string words;
    TRY(readText(value, words));
    if (words.starts_with(kFile) && words.size() > kFile.size()) {
        config.hardware.serial = SerialKind::File;
        config.hardware.serialPath = words.substr(kFile.size());
        return {};
    }
    config.hardware.serialPath.clear();
    for (const auto& word : kSerialWords)
        if (words == word.name) {
            config.hardware.serial = word.value;
            return {};
        }
    return wrong("choose one of \"none\", \"stdio\", \"pty\", \"file:PATH\"");
}

TomlValue serialWords(const MachineConfig& config)
{
    if (config.hardware.serial == SerialKind::File)
        return std::string(kFile) + config.hardware.serialPath;
    return text(wordFor(kSerialWords, config.hardware.serial));
}

Result<void> readId(const TomlValue& value, MachineConfig& config)
{
    TRY(readText(value, config.id));
    const auto good = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (config.id.size() != MachineConfig::kIdDigits ||
        !std::all_of(config.id.begin(), config.id.end(), good))
        return wrong(
            fmt::format("not {} of the digits 0 to 9 and a to f", MachineConfig::kIdDigits));
    return {};
}

Result<void> readGroups(const TomlValue& value, MachineConfig& config)
{
    constexpr size_t kMaxBytes = 64;
    TRY(readTexts(value, config.groups));
    const bool named =
        std::all_of(config.groups.begin(), config.groups.end(), [](const std::string& group) {
            return !group.empty() && group.size() <= kMaxBytes;
        });
    if (config.groups.size() > MachineConfig::kMaxGroups || !named)
        return wrong(fmt::format("at most {} groups, each named with at most {} bytes",
                                 MachineConfig::kMaxGroups, kMaxBytes));
    return {};
}

Result<void> readFirmware(const TomlValue& value, MachineConfig& config)
{
    std::string& path = config.hardware.firmwarePath;
    TRY(readText(value, path));
    if (path == kBios)
        path.clear();
    return {};
}

/// Fields by the kind of their value: how to read and write the member that the lambda names.
#define FIELD_TEXT(T, member)                                                                      \
    [](const TomlValue& v, T& t) { return readText(v, t.member); },                                \
        [](const T& t) -> TomlValue { return text(t.member); }
#define FIELD_TEXTS(T, member)                                                                     \
    [](const TomlValue& v, T& t) { return readTexts(v, t.member); },                               \
        [](const T& t) -> TomlValue { return texts(t.member); }
#define FIELD_FLAG(T, member)                                                                      \
    [](const TomlValue& v, T& t) { return readFlag(v, t.member); },                                \
        [](const T& t) -> TomlValue { return t.member; }
#define FIELD_NUMBER(T, member)                                                                    \
    [](const TomlValue& v, T& t) { return readNumber(v, t.member); },                              \
        [](const T& t) -> TomlValue { return number(t.member); }
#define FIELD_SIZE(T, member)                                                                      \
    [](const TomlValue& v, T& t) { return readSize(v, t.member); },                                \
        [](const T& t) -> TomlValue { return sizeWords(t.member); }
#define FIELD_WORD(T, member, words)                                                               \
    [](const TomlValue& v, T& t) { return readWord(v, words, t.member); },                         \
        [](const T& t) -> TomlValue { return text(wordFor(words, t.member)); }

using M = MachineConfig;
constexpr ConfigField<M> kMachineFields[] = {
    {"machine", "name", true, FIELD_TEXT(M, hardware.name)},
    {"machine", "id", true, readId, [](const M& m) -> TomlValue { return text(m.id); }},
    {"machine", "os", false, FIELD_TEXT(M, os)},
    {"machine", "groups", false, readGroups,
     [](const M& m) -> TomlValue { return texts(m.groups); }},
    {"machine", "notes", false, FIELD_TEXT(M, notes)},
    {"machine", "disposable", false, FIELD_FLAG(M, disposable)},
    {"resources", "cpus", true, FIELD_NUMBER(M, hardware.cpus)},
    {"resources", "memory", true, FIELD_SIZE(M, hardware.memoryBytes)},
    {"resources", "balloon", true, FIELD_WORD(M, hardware.balloon, kBalloonWords)},
    {"resources", "accel", false, FIELD_WORD(M, hardware.accel, kAccelWords)},
    {"boot", "order", true, FIELD_WORD(M, hardware.boot, kBootOrderWords)},
    {"boot", "firmware", true, readFirmware,
     [](const M& m) -> TomlValue {
         return text(m.hardware.firmwarePath.empty() ? kBios
                                                     : std::string_view(m.hardware.firmwarePath));
     }},
    {"boot", "kernel", false, FIELD_TEXT(M, hardware.kernelPath)},
    {"boot", "initrd", false, FIELD_TEXT(M, hardware.initrdPath)},
    {"boot", "command-line", false, FIELD_TEXT(M, hardware.commandLine)},
    {"devices", "entropy", false, FIELD_FLAG(M, hardware.entropy)},
    {"devices", "generation-id", false, FIELD_FLAG(M, hardware.generationId)},
    {"devices", "slots", false, FIELD_NUMBER(M, hardware.rootPorts)},
    {"devices", "serial", false, readSerial, serialWords},
    {"devices", "debugcon", false, FIELD_TEXT(M, hardware.debugconPath)},
    {"devices", "vsock", false, FIELD_NUMBER(M, hardware.vsock.cid)},
    {"devices", "vsock-socket", false, FIELD_TEXT(M, hardware.vsock.path)},
    {"devices", "test", false, FIELD_FLAG(M, hardware.testDevices)},
    {"install", "pending", false, FIELD_FLAG(M, install.pending)},
    {"install", "kernel", false, FIELD_TEXT(M, install.kernel)},
    {"install", "initrd", false, FIELD_TEXT(M, install.initrd)},
    {"install", "command-line", false, FIELD_TEXT(M, install.commandLine)},
    {"install", "script-disc", false, FIELD_TEXT(M, install.scriptDisc)},
    {"window", "on-close", true, FIELD_WORD(M, onClose, kCloseWords)},
};

using D = DriveSpec;
constexpr ConfigField<D> kDriveFields[] = {
    {"", "id", true, FIELD_TEXT(D, id)},
    {"", "file", true, FIELD_TEXT(D, path)},
    {"", "bus", true, FIELD_WORD(D, bus, kDriveBusWords)},
    {"", "cache", false, FIELD_WORD(D, cache, kDriveCacheWords)},
    {"", "when-full", false, FIELD_WORD(D, whenFull, kWhenFullWords)},
    {"", "serial", false, FIELD_TEXT(D, serial)},
    {"", "read-only", false, FIELD_FLAG(D, readOnly)},
    {"", "bytes-per-second", false, FIELD_SIZE(D, limits.bytesPerSecond)},
    {"", "operations-per-second", false, FIELD_NUMBER(D, limits.operationsPerSecond)},
    {"", "slot", false, FIELD_NUMBER(D, slot)},
};

using N = NicSpec;
constexpr ConfigField<N> kNicFields[] = {
    {"", "id", true, FIELD_TEXT(N, id)},
    {"", "kind", true, FIELD_WORD(N, kind, kNicKindWords)},
    {"", "mac", true, FIELD_TEXT(N, mac)},
    {"", "forwards", false, FIELD_TEXTS(N, forwards)},
    {"", "restrict", false, FIELD_FLAG(N, restricted)},
    {"", "link", false, FIELD_WORD(N, linkUp, kLinkWords)},
    {"", "interface", false, FIELD_TEXT(N, tapInterface)},
    {"", "socket", false, FIELD_TEXT(N, socketPath)},
    {"", "capture", false, FIELD_TEXT(N, capturePath)},
    {"", "slot", false, FIELD_NUMBER(N, slot)},
};

using C = ConsolePortSpec;
constexpr ConfigField<C> kConsoleFields[] = {
    {"", "name", true, FIELD_TEXT(C, name)},
    {"", "end", true, FIELD_WORD(C, end, kPortEndWords)},
    {"", "path", false, FIELD_TEXT(C, path)},
};

#undef FIELD_TEXT
#undef FIELD_TEXTS
#undef FIELD_FLAG
#undef FIELD_NUMBER
#undef FIELD_SIZE
#undef FIELD_WORD

} // namespace

std::span<const ConfigField<MachineConfig>> machineFields()
{
    return kMachineFields;
}

std::span<const ConfigField<DriveSpec>> driveFields()
{
    return kDriveFields;
}

std::span<const ConfigField<NicSpec>> nicFields()
{
    return kNicFields;
}

std::span<const ConfigField<ConsolePortSpec>> consoleFields()
{
    return kConsoleFields;
}

} // namespace app::library
