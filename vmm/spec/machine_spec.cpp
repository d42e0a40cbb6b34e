// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/spec/machine_spec.h"

#include <charconv>
#include <fmt/core.h>

namespace vmm::spec {

namespace {

bool isNameCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

Result<void> checkName(const std::string& name)
{
    bool good = !name.empty() && name.size() <= 64;
    for (const char c : name)
        good = good && isNameCharacter(c);
    if (!good)
        return Error(ErrorCode::Invalid,
                     "a machine's name has 1 to 64 letters, digits, hyphens or underscores");
    return {};
}

Result<void> checkDrives(const MachineSpec& machine)
{
    if (machine.drives.size() > MachineSpec::kMaxDrives)
        return Error(ErrorCode::Invalid,
                     fmt::format("a machine takes at most {} drives", MachineSpec::kMaxDrives));
    for (const DriveSpec& drive : machine.drives) {
        if (drive.kind != DriveKind::Cdrom && drive.kind != DriveKind::Disk)
            return Error(ErrorCode::Invalid, "a drive is of unknown kind");
        if (drive.kind == DriveKind::Disk && drive.path.empty())
            return Error(ErrorCode::Invalid, "a disk needs a file");
    }
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
    return checkDrives(*this);
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
