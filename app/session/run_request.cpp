// SPDX-License-Identifier: GPL-3.0-or-later
// From what a person asked for to a MachineSpec.
#include "app/session/run_request.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "app/session/device_options.h"

namespace app::session {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using namespace vmm::spec;

namespace {

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

Result<void> addDrives(const RunRequest& request, MachineSpec& machine)
{
    for (const DriveWish& wish : request.drives)
        machine.drives.push_back(TRY(driveFrom(wish.kind, wish.text)));
    const auto onAhci = std::count_if(machine.drives.begin(), machine.drives.end(),
                                      [](const auto& d) { return d.bus == DriveBus::Ahci; });
    const bool full = static_cast<size_t>(onAhci) >= MachineSpec::kMaxAhciDrives;
    if (request.kernel.empty() && !hasCdrom(machine) && !full)
        machine.drives.push_back({});
    return {};
}

Result<void> addNics(const RunRequest& request, MachineSpec& machine)
{
    if (request.nics.empty())
        machine.nics.push_back({});
    for (const std::string& wish : request.nics)
        if (wish != "none")
            machine.nics.push_back(TRY(nicFrom(wish)));
    if (request.forwards.empty())
        return {};
    const auto nat = std::find_if(machine.nics.begin(), machine.nics.end(),
                                  [](const NicSpec& nic) { return nic.kind == NicKind::User; });
    if (nat == machine.nics.end())
        return Error(ErrorCode::Invalid, "--forward needs a network card on NAT: --nic user");
    nat->forwards.insert(nat->forwards.end(), request.forwards.begin(), request.forwards.end());
    return {};
}

/// The devices of a guest that runs an operating system.
Result<void> addDevices(const RunRequest& request, MachineSpec& machine)
{
    constexpr uint32_t kSlots = 4;
    TRY(addDrives(request, machine));
    TRY(addNics(request, machine));
    for (const std::string& wish : request.consolePorts)
        machine.consolePorts.push_back(TRY(consolePortFrom(wish)));
    if (!request.vsock.empty())
        machine.vsock = TRY(vsockFrom(request.vsock));
    machine.entropy = true;
    machine.generationId = true;
    machine.balloon =
        request.balloon.empty() ? BalloonKind::Auto : TRY(balloonFrom(request.balloon));
    machine.rootPorts = kSlots;
    if (!request.pcieSlots.empty())
        machine.rootPorts = static_cast<uint32_t>(
            TRY(numberFrom(request.pcieSlots, "--slots", "number of slots", 255)));
    return {};
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
        machine.cpus = static_cast<uint32_t>(
            TRY(numberFrom(request.cpus, "--cpus", "number of CPUs", UINT32_MAX)));
    if (!request.boot.empty())
        machine.boot = TRY(parseBoot(request.boot));
    if (!request.serial.empty())
        TRY(parseSerial(request.serial, machine));
    machine.accel = TRY(accelFor(request));
    TRY(addDevices(request, machine));
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
