// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/command_tables.h"

#include <array>

#include <fmt/core.h>

namespace app::cli {

using session::RunRequest;
using vmm::spec::DriveKind;

namespace {

constexpr auto kCommands = std::to_array<CommandRow>({
    {"run", CommandKind::Run, "vitrine run [OPTION]...",
     "Starts a machine, in a window or headless, and ends with it."},
    {"list", CommandKind::List, "vitrine list [--names] [--json]",
     "Lists the library's machines, and others that run."},
    {"ctl", CommandKind::Ctl, "vitrine ctl NAME VERB [ARGUMENT]... [--json]",
     "Controls a machine that runs."},
    {"check-host", CommandKind::CheckHost, "vitrine check-host [--json]",
     "Says what this computer offers machines, and what --accel auto chooses."},
});

constexpr auto kRunOptions = std::to_array<OptionRow>({
    {"cdrom", "FILE[,...]", "an ISO image in a CD-ROM drive; bus=ahci|scsi",
     [](RunRequest& r, const std::string& v) {
         r.drives.push_back({DriveKind::Cdrom, v});
     }},
    {"disk", "FILE[,...]",
     "a raw disk image, several times if need be; bus=ahci|virtio|scsi, serial=, readonly,\n"
     "cache=writeback|writethrough|direct, when-full=pause|report, bps=, iops=, id=",
     [](RunRequest& r, const std::string& v) {
         r.drives.push_back({DriveKind::Disk, v});
     }},
    {"nic", "KIND[,...]",
     "a network card: user (NAT; forward=RULE, restrict), tap,interface=NAME, tap,fd=N,\n"
     "passt,socket=PATH, disconnected, or none; mac=, link=up|down, capture=FILE, id= [user]",
     [](RunRequest& r, const std::string& v) { r.nics.push_back(v); }},
    {"forward", "RULE",
     "a port of this computer that leads to the guest: [tcp|udp:][ADDRESS:]PORT:[ADDRESS]:PORT",
     [](RunRequest& r, const std::string& v) { r.forwards.push_back(v); }},
    {"console", "WHERE[,name=NAME]",
     "a virtio console port on a pty, stdio, socket=PATH or file=PATH; without a name it is hvc0",
     [](RunRequest& r, const std::string& v) { r.consolePorts.push_back(v); }},
    {"vsock", "CID,socket=PATH", "sockets between host and guest, the host's end at PATH",
     [](RunRequest& r, const std::string& v) { r.vsock = v; }},
    {"balloon", "WHO", "who says when memory is given back: auto, manual, none [auto]",
     [](RunRequest& r, const std::string& v) { r.balloon = v; }},
    {"slots", "N", "PCIe slots for devices attached later, 0 to 8 [4]",
     [](RunRequest& r, const std::string& v) { r.pcieSlots = v; }},
    {"memory", "SIZE", "memory of the machine, such as 512M or 4G [2G]",
     [](RunRequest& r, const std::string& v) { r.memory = v; }},
    {"cpus", "N", "virtual CPUs, 1 to 64 [2]",
     [](RunRequest& r, const std::string& v) { r.cpus = v; }},
    {"name", "NAME", "name of the machine: letters, digits, - and _ [vitrine]",
     [](RunRequest& r, const std::string& v) { r.name = v; }},
    {"boot", "WHAT", "boot from cdrom or disk first, or show the firmware's menu [cdrom]",
     [](RunRequest& r, const std::string& v) { r.boot = v; }},
    {"serial", "WHERE", "serial port on stdio, a pty, or file:PATH [none]",
     [](RunRequest& r, const std::string& v) { r.serial = v; }},
    {"headless", "", "no window; control it with vitrine ctl",
     [](RunRequest& r, const std::string&) { r.headless = true; }},
    {"restore", "FILE", "go on with a machine saved by vitrine ctl NAME save FILE",
     [](RunRequest& r, const std::string& v) { r.restore = v; }},
    {"firmware", "FILE", "firmware to start instead of SeaBIOS: an image, or uefi for OVMF",
     [](RunRequest& r, const std::string& v) { r.firmware = v; }},
    {"debugcon", "FILE", "file for what the firmware writes to its debug port",
     [](RunRequest& r, const std::string& v) { r.debugcon = v; }},
    {"kernel", "FILE",
     "kernel to start without firmware: bzImage, ELF (PVH or not), Multiboot; FILE.iso:/PATH "
     "takes\n"
     "it out of an ISO image, as it does a ramdisk",
     [](RunRequest& r, const std::string& v) { r.kernel = v; }},
    {"initrd", "FILE", "the kernel's initial ramdisk, or Multiboot module",
     [](RunRequest& r, const std::string& v) { r.initrd = v; }},
    {"append", "TEXT", "the kernel's command line",
     [](RunRequest& r, const std::string& v) { r.append = v; }},
    {"accel", "WHICH", "what runs the CPUs: kvm, the software CPU (soft), or auto [auto]",
     [](RunRequest& r, const std::string& v) { r.accel = v; }},
    {"gdb", "WHERE", "let GDB in at tcp::PORT (this computer only) or unix:PATH",
     [](RunRequest& r, const std::string& v) { r.gdb = v; }},
    {"test-devices", "", "devices for tests: a port that ends the program with a status",
     [](RunRequest& r, const std::string&) { r.testDevices = true; }},
});

constexpr auto kVerbs = std::to_array<VerbRow>({
    {"status", Verb::Status, "", 0, 0, "prints what the machine is and does"},
    {"pause", Verb::Pause, "", 0, 0, "stops its virtual CPUs"},
    {"resume", Verb::Resume, "", 0, 0, "lets them go on"},
    {"reset", Verb::Reset, "", 0, 0, "resets the machine"},
    {"powerdown", Verb::PowerDown, "", 0, 0, "presses its power button"},
    {"quit", Verb::Quit, "", 0, 0, "takes its power away, which ends it"},
    {"screenshot", Verb::Screenshot, "FILE.png", 1, 1, "writes its screen to a PNG file"},
    {"key", Verb::Key, "CHORD", 1, 1, "presses keys, such as enter or ctrl-alt-delete"},
    {"type", Verb::Type, "TEXT", 1, 1, "types text on a US keyboard"},
    {"mouse", Verb::Mouse, "X Y [BUTTON]", 2, 3,
     "moves the mouse right and down by X and Y counts, then clicks BUTTON"},
    {"text", Verb::Text, "", 0, 0, "prints the text on its screen; status 1 in a graphics mode"},
    {"devices", Verb::Devices, "", 0, 0, "prints its devices with their registers"},
    {"stats", Verb::Stats, "", 0, 0, "prints its counters"},
    {"insert", Verb::Insert, "FILE", 1, 1, "puts an ISO image into its CD-ROM drive"},
    {"eject", Verb::Eject, "", 0, 0, "takes the medium out"},
    {"save", Verb::Save, "FILE", 1, 1, "saves the machine to a file; it goes on after that"},
});

const std::array<HelpRow, 2> kCommonOptions = {
    {{"--json", "print as JSON"}, {"--help", "print this help"}}};
const std::array<HelpRow, 4> kProgramOptions = {
    {{"--machine NAME", "be the process of a machine of the library"},
     {"--action NAME",
      "open the library at a file (open-file) or at the systems to download (download)"},
     {"--demo", "show the library with machines that only pretend"},
     {"--version", "print the version"}}};
constexpr std::string_view kStatusHelp =
    "The status is 0, 1 after an error, 2 for a command that is not understood, 3 when there is "
    "no\n"
    "such machine or file, 4 when somebody else uses it, 130 when it was given up.";

/// The right side may have several lines.
std::string helpLine(std::string_view left, std::string_view right)
{
    const size_t end = right.find('\n');
    std::string text = fmt::format("  {:<24} {}\n", left, right.substr(0, end));
    return end == std::string_view::npos ? text : text + helpLine("", right.substr(end + 1));
}

std::string helpLines(std::span<const HelpRow> rows)
{
    std::string text;
    for (const HelpRow& row : rows)
        text += helpLine(row.left, row.right);
    return text;
}

} // namespace

std::span<const CommandRow> commands()
{
    return kCommands;
}

std::span<const OptionRow> runOptions()
{
    return kRunOptions;
}

std::span<const VerbRow> ctlVerbs()
{
    return kVerbs;
}

std::span<const HelpRow> commonOptions()
{
    return kCommonOptions;
}

std::span<const HelpRow> programOptions()
{
    return kProgramOptions;
}

std::string_view statusHelp()
{
    return kStatusHelp;
}

std::string generalHelp()
{
    std::string text = "Usage: vitrine [FILE|ADDRESS]...\n       vitrine COMMAND [OPTION]...\n\n"
                       "Without a command it shows the library of machines, and opens what it is "
                       "given.\n\nCommands:\n";
    for (const CommandRow& command : kCommands)
        text += helpLine(command.name, command.help);
    for (const LibraryWord& word : libraryWords())
        text += helpLine(word.name, word.help);
    text += helpLine("help [COMMAND]", "Prints the help of a command.");
    text += "\nOptions:\n" + helpLines(kProgramOptions) + helpLines(kCommonOptions);
    return text + fmt::format("\n{}\n", kStatusHelp);
}

std::string wordHelp(const LibraryWord& word)
{
    std::string text = fmt::format("Usage: vitrine {}{}{}{}\n\n{}\n\nOptions:\n", word.name,
                                   word.options.empty() ? "" : " [OPTION]...",
                                   word.arguments.empty() ? "" : " ", word.arguments, word.help);
    for (const LibraryOption& option : word.options)
        text += helpLine(fmt::format("--{} {}", option.name, option.value), option.help);
    return text + helpLines(kCommonOptions);
}

std::string commandHelp(const CommandRow& command)
{
    std::string text = fmt::format("Usage: {}\n\n{}\n", command.usage, command.help);
    if (command.kind == CommandKind::Ctl) {
        text += "\nVerbs:\n";
        for (const VerbRow& verb : kVerbs)
            text += helpLine(fmt::format("{} {}", verb.name, verb.arguments), verb.help);
        for (const session::HardwareWord& word : session::hardwareWords())
            text += helpLine(fmt::format("{} {}", word.verb, word.arguments), word.help);
    }
    text += "\nOptions:\n";
    if (command.kind == CommandKind::Run)
        for (const OptionRow& option : kRunOptions)
            text += helpLine(fmt::format("--{} {}", option.name, option.value), option.help);
    return text + helpLines(kCommonOptions);
}

} // namespace app::cli
