// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/spec/machine_spec.h"

#include <algorithm>
#include <charconv>
#include <fmt/core.h>
#include <set>

#include "vmm/spec/forward.h"

namespace vmm::spec {

namespace {

bool isNameCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

Result<void> checkName(const std::string& name)
{
    const bool sized = !name.empty() && name.size() <= MachineSpec::kMaxName;
    const bool printable = std::none_of(name.begin(), name.end(), [](char c) {
        return (c >= 0 && c < ' ') || c == 0x7f || c == '/';
    });
    if (!sized || !printable || name.front() == '.' || name.front() == ' ' || name.back() == ' ')
        return Error(ErrorCode::Invalid,
                     fmt::format("a machine's name has 1 to {} bytes, no slash, no dot and no "
                                 "space in front, no space at the end",
                                 MachineSpec::kMaxName));
    return {};
}

Result<void> checkId(const std::string& id, std::set<std::string>& ids)
{
    if (id.size() > 32 || !std::all_of(id.begin(), id.end(), isNameCharacter))
        return Error(ErrorCode::Invalid,
                     "a device's id has at most 32 letters, digits, hyphens or underscores");
    if (!id.empty() && !ids.insert(id).second)
        return Error(ErrorCode::Invalid, fmt::format("two devices are called {}", id));
    return {};
}

Result<void> checkDrive(const DriveSpec& drive)
{
    if ((drive.kind != DriveKind::Cdrom && drive.kind != DriveKind::Disk) ||
        drive.bus > DriveBus::VirtioScsi || drive.cache > DriveCache::Direct ||
        drive.whenFull > WhenFull::Report)
        return Error(ErrorCode::Invalid, "a drive is of unknown kind");
    if (drive.kind == DriveKind::Disk && drive.path.empty())
        return Error(ErrorCode::Invalid, "a disk needs a file");
    if (drive.kind == DriveKind::Cdrom && drive.bus == DriveBus::VirtioBlk)
        return Error(ErrorCode::Invalid, "a CD-ROM drive goes on ahci or scsi");
    const bool plain = std::all_of(drive.serial.begin(), drive.serial.end(),
                                   [](char c) { return c > ' ' && c < 0x7f; });
    if (drive.serial.size() > DriveSpec::kMaxSerial || !plain)
        return Error(ErrorCode::Invalid, "a drive's serial number has at most 20 ASCII characters");
    return {};
}

Result<void> checkDrives(const MachineSpec& machine, std::set<std::string>& ids)
{
    const auto onAhci = std::count_if(machine.drives.begin(), machine.drives.end(),
                                      [](const auto& d) { return d.bus == DriveBus::Ahci; });
    if (static_cast<size_t>(onAhci) > MachineSpec::kMaxAhciDrives)
        return Error(ErrorCode::Invalid, fmt::format("a machine takes at most {} drives on ahci",
                                                     MachineSpec::kMaxAhciDrives));
    if (machine.drives.size() > MachineSpec::kMaxDrives)
        return Error(ErrorCode::Invalid,
                     fmt::format("a machine takes at most {} drives", MachineSpec::kMaxDrives));
    for (const DriveSpec& drive : machine.drives) {
        TRY(checkDrive(drive));
        TRY(checkId(drive.id, ids));
    }
    return {};
}

Result<void> checkNics(const MachineSpec& machine, std::set<std::string>& ids)
{
    if (machine.nics.size() > MachineSpec::kMaxNics)
        return Error(ErrorCode::Invalid, fmt::format("a machine takes at most {} network cards",
                                                     MachineSpec::kMaxNics));
    for (const NicSpec& nic : machine.nics) {
        if (nic.kind > NicKind::None)
            return Error(ErrorCode::Invalid, "a network card is of unknown kind");
        if (nic.kind == NicKind::Passt && nic.socketPath.empty())
            return Error(ErrorCode::Invalid, "a network card on passt needs passt's socket");
        if (nic.forwards.size() > NicSpec::kMaxForwards)
            return Error(ErrorCode::Invalid, "a network card has too many port forwards");
        for (const std::string& rule : nic.forwards)
            TRY(Forward::parse(rule));
        TRY(checkId(nic.id, ids));
    }
    return {};
}

Result<void> checkConsolePorts(const MachineSpec& machine)
{
    constexpr size_t kMaxName = 64;
    if (machine.consolePorts.size() > MachineSpec::kMaxConsolePorts)
        return Error(ErrorCode::Invalid, fmt::format("a machine takes at most {} console ports",
                                                     MachineSpec::kMaxConsolePorts));
    std::set<std::string> names;
    for (const ConsolePortSpec& port : machine.consolePorts) {
        if (port.end > PortEnd::File || port.name.size() > kMaxName)
            return Error(ErrorCode::Invalid, "a console port is of unknown kind");
        if ((port.end == PortEnd::Socket || port.end == PortEnd::File) && port.path.empty())
            return Error(ErrorCode::Invalid, "a console port needs the path of its socket or file");
        if (!names.insert(port.name).second)
            return Error(ErrorCode::Invalid, "two console ports have the same name");
    }
    return {};
}

/// One device in a slot, one drive at a SCSI target.
Result<void> checkPlaces(const MachineSpec& machine)
{
    constexpr uint32_t kTargets = 256;
    std::set<uint32_t> slots;
    std::set<uint32_t> targets;
    const auto fits = [](uint32_t place, uint32_t count, std::set<uint32_t>& taken) {
        return place == 0 || (place <= count && taken.insert(place).second);
    };
    bool good = true;
    for (const DriveSpec& drive : machine.drives)
        good = good &&
               (drive.bus == DriveBus::VirtioScsi ? fits(drive.slot, kTargets, targets)
                                                  : fits(drive.slot, machine.rootPorts, slots));
    for (const NicSpec& nic : machine.nics)
        good = good && fits(nic.slot, machine.rootPorts, slots);
    if (!good)
        return Error(ErrorCode::Invalid, "two devices are in one place, or one in none");
    return {};
}

Result<void> checkRest(const MachineSpec& machine)
{
    constexpr uint32_t kFirstGuestCid = 3; // 0 to 2 are taken (Virtio 1.2 section 5.10.4)
    if (machine.vsock.cid != 0 && (machine.vsock.cid < kFirstGuestCid ||
                                   machine.vsock.cid == UINT32_MAX || machine.vsock.path.empty()))
        return Error(ErrorCode::Invalid,
                     "vsock needs a context id from 3 up and the path of the host's socket");
    if (machine.balloon > BalloonKind::Auto)
        return Error(ErrorCode::Invalid, "the balloon is of unknown kind");
    TRY(checkPlaces(machine));
    if (machine.rootPorts > MachineSpec::kMaxRootPorts)
        return Error(ErrorCode::Invalid, fmt::format("a machine has at most {} PCIe slots",
                                                     MachineSpec::kMaxRootPorts));
    return {};
}

} // namespace

Result<void> MachineSpec::check() const
{
    TRY(checkName(name));
    if (memoryBytes < kMinMemory || memoryBytes > kMaxMemory || memoryBytes % (1 << 20) != 0)
        return Error(ErrorCode::Invalid, "memory must be whole MiB, from 16 MiB to 1 TiB");
    if (cpus < 1 || cpus > kMaxCpus)
        return Error(ErrorCode::Invalid, fmt::format("a machine has 1 to {} CPUs", kMaxCpus));
    if (boot > BootOrder::Menu || serial > SerialKind::File)
        return Error(ErrorCode::Invalid, "boot order or serial port is of unknown kind");
    if (serial == SerialKind::File && serialPath.empty())
        return Error(ErrorCode::Invalid, "the serial port needs a file");
    if (accel > Accel::Soft)
        return Error(ErrorCode::Invalid, "what runs the CPUs is of unknown kind");
    if (kernelPath.empty() && (!initrdPath.empty() || !commandLine.empty()))
        return Error(ErrorCode::Invalid,
                     "an initial ramdisk and a command line are for a kernel; give one");
    if (commandLine.size() > kMaxCommandLine || commandLine.find('\0') != std::string::npos)
        return Error(ErrorCode::Invalid, "the kernel's command line is too long or has a NUL");
    std::set<std::string> ids;
    TRY(checkDrives(*this, ids));
    TRY(checkNics(*this, ids));
    TRY(checkConsolePorts(*this));
    return checkRest(*this);
}

void MachineSpec::nameDevices()
{
    std::set<std::string> ids;
    for (const DriveSpec& drive : drives)
        ids.insert(drive.id);
    for (const NicSpec& nic : nics)
        ids.insert(nic.id);
    const auto give = [&ids](std::string& id, const char* kind) {
        for (size_t i = 0; id.empty(); ++i)
            if (std::string candidate = fmt::format("{}{}", kind, i); ids.insert(candidate).second)
                id = std::move(candidate);
    };
    for (DriveSpec& drive : drives)
        give(drive.id, drive.kind == DriveKind::Cdrom ? "cdrom" : "disk");
    for (NicSpec& nic : nics)
        give(nic.id, "nic");
}

MachineSpec usualMachine()
{
    constexpr uint32_t kSlots = 4;
    MachineSpec machine;
    machine.nics.emplace_back();
    machine.entropy = true;
    machine.generationId = true;
    machine.balloon = BalloonKind::Auto;
    machine.rootPorts = kSlots;
    return machine;
}

void ensureCdrom(MachineSpec& machine)
{
    const auto onAhci = std::count_if(machine.drives.begin(), machine.drives.end(),
                                      [](const auto& d) { return d.bus == DriveBus::Ahci; });
    const bool has = std::any_of(machine.drives.begin(), machine.drives.end(),
                                 [](const auto& d) { return d.kind == DriveKind::Cdrom; });
    if (!has && static_cast<size_t>(onAhci) < MachineSpec::kMaxAhciDrives)
        machine.drives.emplace_back();
}

Result<uint64_t> parseSize(const std::string& text)
{
    const Error bad(ErrorCode::Invalid, fmt::format("{}: not a size such as 512M or 2G", text));
    uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, status] = std::from_chars(text.data(), end, number);
    if (status != std::errc{})
        return bad;
    unsigned shift = 0;
    if (rest != end) {
        const std::string_view units = "KMGT";
        const size_t unit = units.find(static_cast<char>(*rest & ~0x20));
        if (unit == std::string_view::npos || rest + 1 != end)
            return bad;
        shift = static_cast<unsigned>(unit + 1) * 10;
    }
    if (number > UINT64_MAX >> shift)
        return bad;
    return number << shift;
}

} // namespace vmm::spec
