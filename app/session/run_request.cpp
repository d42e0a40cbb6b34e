// SPDX-License-Identifier: GPL-3.0-or-later
// From what a person asked for to a MachineSpec.
#include "app/session/run_request.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace app::session {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::spec::Accel;
using vmm::spec::BootOrder;
using vmm::spec::DriveKind;
using vmm::spec::MachineSpec;
using vmm::spec::SerialKind;

namespace {

Result<uint32_t> parseCpus(const std::string& text)
{
    uint32_t cpus = 0;
    const char* end = text.data() + text.size();
    const auto [rest, status] = std::from_chars(text.data(), end, cpus);
    if (status != std::errc{} || rest != end)
        return Error(ErrorCode::Invalid, "--cpus " + text + ": not a number of CPUs");
    return cpus;
}

Result<BootOrder> parseBoot(const std::string& text)
{
    if (text == "cdrom")
        return BootOrder::Cdrom;
    if (text == "disk")
        return BootOrder::Disk;
    if (text == "menu")
        return BootOrder::Menu;
    return Error(ErrorCode::Invalid, "--boot " + text + ": choose cdrom, disk or menu");
}

Result<void> parseSerial(const std::string& text, MachineSpec& machine)
{
    constexpr std::string_view kFile = "file:";
    if (text == "stdio") {
        machine.serial = SerialKind::Stdio;
    } else if (text == "pty") {
        machine.serial = SerialKind::Pty;
    } else if (text.starts_with(kFile) && text.size() > kFile.size()) {
        machine.serial = SerialKind::File;
        machine.serialPath = absolutePath(text.substr(kFile.size()));
    } else {
        return Error(ErrorCode::Invalid, "--serial " + text + ": choose stdio, pty or file:PATH");
    }
    return {};
}

bool hasCdrom(const MachineSpec& machine)
{
    return std::any_of(machine.drives.begin(), machine.drives.end(),
                       [](const auto& drive) { return drive.kind == DriveKind::Cdrom; });
}

void addDrives(const RunRequest& request, MachineSpec& machine)
{
    machine.drives = request.drives;
    for (auto& drive : machine.drives)
        drive.path = absolutePath(drive.path);
    const bool full = machine.drives.size() >= MachineSpec::kMaxDrives;
    if (request.kernel.empty() && !hasCdrom(machine) && !full)
        machine.drives.push_back({DriveKind::Cdrom, {}});
}

} // namespace

std::string absolutePath(const std::string& path)
{
    if (path.empty())
        return path;
    std::error_code failed;
    const std::filesystem::path absolute = std::filesystem::absolute(path, failed);
    return failed ? path : absolute.lexically_normal().string();
}

Result<Accel> accelFor(const RunRequest& request)
{
    if (request.accel.empty() || request.accel == "auto")
        return Accel::Auto;
    if (request.accel == "kvm")
        return Accel::Kvm;
    if (request.accel == "soft")
        return Accel::Soft;
    return Error(ErrorCode::Invalid, "--accel " + request.accel + ": choose auto, kvm or soft");
}

Result<MachineSpec> specFor(const RunRequest& request)
{
    if (request.kernel.empty() && !request.initrd.empty())
        return Error(ErrorCode::Invalid, "--initrd goes with --kernel");
    if (request.kernel.empty() && !request.append.empty())
        return Error(ErrorCode::Invalid, "--append goes with --kernel");
    MachineSpec machine;
    if (!request.name.empty())
        machine.name = request.name;
    if (!request.memory.empty())
        machine.memoryBytes = TRY(vmm::spec::parseSize(request.memory));
    if (!request.cpus.empty())
        machine.cpus = TRY(parseCpus(request.cpus));
    if (!request.boot.empty())
        machine.boot = TRY(parseBoot(request.boot));
    if (!request.serial.empty())
        TRY(parseSerial(request.serial, machine));
    machine.accel = TRY(accelFor(request));
    addDrives(request, machine);
    machine.firmwarePath =
        request.firmware == "uefi" ? request.firmware : absolutePath(request.firmware);
    machine.debugconPath = absolutePath(request.debugcon);
    machine.kernelPath = absolutePath(request.kernel);
    machine.initrdPath = absolutePath(request.initrd);
    machine.commandLine = request.append;
    machine.testDevices = request.testDevices;
    TRY(machine.check());
    return machine;
}

} // namespace app::session
