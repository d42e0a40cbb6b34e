// SPDX-License-Identifier: GPL-3.0-or-later
// From what a person asked for to a MachineSpec.
#include "app/session/run_request.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "app/session/device_options.h"
#include "vmm/spec/words.h"

namespace app::session {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using namespace vmm::spec;

namespace {

Result<BootOrder> parseBoot(const std::string& text)
{
    for (const auto& word : kBootOrderWords)
        if (text == word.name)
            return word.value;
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

/// Stricter than MachineSpec: people type it behind `vitrine ctl`.
Result<void> checkName(const std::string& name)
{
    constexpr size_t kMax = 64;
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    };
    if (name.size() > kMax || !std::all_of(name.begin(), name.end(), plain))
        return Error(ErrorCode::Invalid,
                     "a machine's name has 1 to 64 letters, digits, hyphens or underscores");
    return {};
}

Result<void> addDrives(const RunRequest& request, MachineSpec& machine)
{
    for (const DriveWish& wish : request.drives)
        machine.drives.push_back(TRY(driveFrom(wish.kind, wish.text)));
    if (request.kernel.empty())
        ensureCdrom(machine);
    return {};
}

Result<void> addNics(const RunRequest& request, MachineSpec& machine)
{
    if (!request.nics.empty())
        machine.nics.clear();
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
    TRY(addDrives(request, machine));
    TRY(addNics(request, machine));
    for (const std::string& wish : request.consolePorts)
        machine.consolePorts.push_back(TRY(consolePortFrom(wish)));
    if (!request.vsock.empty())
        machine.vsock = TRY(vsockFrom(request.vsock));
    if (!request.balloon.empty())
        machine.balloon = TRY(balloonFrom(request.balloon));
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
    if (request.accel.empty())
        return Accel::Auto;
    for (const auto& word : kAccelWords)
        if (request.accel == word.name)
            return word.value;
    return Error(ErrorCode::Invalid, "--accel " + request.accel + ": choose auto, kvm or soft");
}

Result<MachineSpec> specFor(const RunRequest& request)
{
    if (request.kernel.empty() && !request.initrd.empty())
        return Error(ErrorCode::Invalid, "--initrd goes with --kernel");
    if (request.kernel.empty() && !request.append.empty())
        return Error(ErrorCode::Invalid, "--append goes with --kernel");
    MachineSpec machine = usualMachine();
    TRY(checkName(request.name));
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
