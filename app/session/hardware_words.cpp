// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/hardware_words.h"

#include <array>

#include "app/session/device_options.h"
#include "app/session/run_request.h"

namespace app::session {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using namespace vmm::machine;
using vmm::spec::DriveKind;
using Arguments = std::span<const std::string>;

namespace {

Result<HardwareChange> attachDisk(Arguments arguments)
{
    if (!arguments[0].starts_with("/"))
        return Error(ErrorCode::Invalid, "\"" + arguments[0] + "\" is not an absolute path");
    AttachDrive change{TRY(driveFrom(DriveKind::Disk, arguments[0]))};
    return change;
}

Result<HardwareChange> attachNic(Arguments arguments)
{
    AttachNic change{TRY(nicFrom(arguments[0]))};
    if (!change.nic.taps.empty())
        return Error(ErrorCode::Unsupported,
                     "a descriptor of a tap cannot be named to another program");
    return change;
}

Result<HardwareChange> detach(Arguments arguments)
{
    return Detach{arguments[0]};
}

Result<HardwareChange> resizeDisk(Arguments arguments)
{
    ResizeDrive change{arguments[0], 0};
    if (!arguments[1].empty())
        change.bytes = TRY(vmm::spec::parseSize(arguments[1]));
    return change;
}

Result<HardwareChange> limitDisk(Arguments arguments)
{
    LimitDrive change{arguments[0], TRY(limitsFrom(arguments[1]))};
    return change;
}

Result<HardwareChange> setLink(Arguments arguments)
{
    if (arguments[1] != "up" && arguments[1] != "down")
        return Error(ErrorCode::Invalid, "a link is up or down, not " + arguments[1]);
    return SetLink{arguments[0], arguments[1] == "up"};
}

Result<HardwareChange> addForward(Arguments arguments)
{
    return AddForward{arguments[0], arguments[1]};
}

Result<HardwareChange> removeForward(Arguments arguments)
{
    return RemoveForward{arguments[0], arguments[1]};
}

Result<HardwareChange> forwards(Arguments arguments)
{
    return ListForwards{arguments[0]};
}

Result<HardwareChange> ports(Arguments arguments)
{
    return ListPorts{arguments[0]};
}

Result<HardwareChange> capture(Arguments arguments)
{
    if (!arguments[1].empty() && !arguments[1].starts_with("/"))
        return Error(ErrorCode::Invalid, "\"" + arguments[1] + "\" is not an absolute path");
    return CaptureFrames{arguments[0], arguments[1]};
}

Result<HardwareChange> setMemory(Arguments arguments)
{
    SetMemory change{TRY(vmm::spec::parseSize(arguments[0]))};
    return change;
}

using Parse = Result<HardwareChange> (*)(Arguments arguments);

constexpr auto kWords = std::to_array<HardwareWord>({
    {"AttachDisk", "attach-disk", 1, 0, "FILE[,...]",
     "puts a disk into a free slot; bus=virtio or scsi and the rest as for run --disk"},
    {"AttachNic", "attach-nic", 1, 0, "KIND[,...]",
     "puts a network card into a free slot, as for run --nic"},
    {"Detach", "detach", 1, 0, "ID", "asks the guest to let go of what was attached"},
    {"ResizeDisk", "resize", 2, 1, "ID [SIZE]",
     "makes a disk larger, or takes over what its file is now"},
    {"LimitDisk", "limit", 2, 0, "ID LIMITS", "limits a disk: bps=SIZE,iops=N; 0 is no limit"},
    {"SetLink", "link", 2, 0, "ID up|down", "cuts or restores a network card's link"},
    {"AddForward", "forward", 2, 0, "ID RULE",
     "forwards a port to the guest, as for run --forward; prints the rule with its port"},
    {"RemoveForward", "unforward", 2, 0, "ID RULE", "ends a forward"},
    {"Forwards", "forwards", 1, 0, "ID", "prints a network card's forwards"},
    {"Capture", "capture", 2, 1, "ID [FILE]",
     "writes a network card's frames to a pcap file; without a file it ends that"},
    {"SetMemory", "memory", 1, 0, "SIZE", "how much of its memory the guest keeps"},
    {"ListeningPorts", "ports", 1, 1, "[ID]",
     "prints which of the usual TCP ports the guest listens on behind a card on NAT"},
});
constexpr std::array<Parse, kWords.size()> kParsers = {
    attachDisk, attachNic,     detach,   resizeDisk, limitDisk, setLink,
    addForward, removeForward, forwards, capture,    setMemory, ports};

/// "key=VALUE" inside `text` with VALUE made absolute.
void makeAbsolute(std::string& text, std::string_view key)
{
    const size_t at = text.find(key);
    if (at == std::string::npos)
        return;
    const size_t begin = at + key.size();
    const size_t end = std::min(text.find(',', begin), text.size());
    text.replace(begin, end - begin, absolutePath(text.substr(begin, end - begin)));
}

} // namespace

std::span<const HardwareWord> hardwareWords()
{
    return kWords;
}

Result<HardwareChange> changeFrom(const HardwareWord& word, Arguments arguments)
{
    return kParsers[static_cast<size_t>(&word - kWords.data())](arguments);
}

std::vector<std::string> withAbsolutePaths(const HardwareWord& word,
                                           std::vector<std::string> arguments)
{
    const std::string_view verb = word.verb;
    if (verb == "attach-disk") {
        arguments[0] = absolutePath(arguments[0]); // the file comes first
    } else if (verb == "attach-nic") {
        makeAbsolute(arguments[0], ",socket=");
        makeAbsolute(arguments[0], ",capture=");
    } else if (verb == "capture") {
        arguments[1] = absolutePath(arguments[1]);
    }
    return arguments;
}

} // namespace app::session
