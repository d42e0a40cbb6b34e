// SPDX-License-Identifier: GPL-3.0-or-later
// Machine: a whole virtual machine; the public door of the VMM.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/console/machine_listener.h"
#include "vmm/console/scanout.h"
#include "vmm/input/input.h"
#include "vmm/machine/accel.h"
#include "vmm/machine/hardware.h"
#include "vmm/spec/machine_spec.h"

namespace vmm::machine {

/// Called once on the machine's control thread with what became of a request.
using Completion = std::function<void(Result<void>)>;

/// One node of the device tree for people: registers' names and values.
struct DeviceInfo {
    std::string name;
    std::vector<std::pair<std::string, std::string>> registers;
};

/// One counter: "pio.i8042.reads", "exit.mmio".
struct Counter {
    std::string name;
    uint64_t value = 0;
};

/// A virtual machine. Requests return at once, are carried out in order by the control thread, the
/// one owner of the run state, and report through their completion; the listener hears of each
/// change. Any thread, unless said otherwise. Destroying it stops everything first.
class Machine {
public:
    /// Builds a paused machine. The listener outlives it. Errors are the person's sentence.
    static Result<std::unique_ptr<Machine>> create(const spec::MachineSpec& spec,
                                                   console::MachineListener& listener);
    /// Builds a paused machine from a file written by save(). Hostile input gives an Error.
    /// `accel` other than Auto replaces the machine's own; `adjust` (may be empty) puts right where
    /// its files are now, before they are opened.
    static Result<std::unique_ptr<Machine>>
    restore(const std::string& path, console::MachineListener& listener,
            spec::Accel accel = spec::Accel::Auto,
            const std::function<void(spec::MachineSpec&)>& adjust = {});
    virtual ~Machine() = default;

    virtual const spec::MachineSpec& spec() const = 0;
    /// What runs its CPUs, and why.
    virtual const AccelChoice& accel() const = 0;
    virtual console::RunState runState() const = 0;

    virtual void resume(Completion done) = 0;
    virtual void pause(Completion done) = 0;
    virtual void reset(Completion done) = 0;
    /// Presses the ACPI power button.
    virtual void powerButton(Completion done) = 0;
    /// Takes the power away; the machine is Stopped then.
    virtual void powerOff(Completion done) = 0;
    /// Writes device state and RAM to `path`, atomically; the machine is paused for it and goes on
    /// after. `progress` (may be empty) gets 0-100 on the control thread and returns false to
    /// cancel.
    virtual void save(const std::string& path, std::function<bool(int)> progress,
                      Completion done) = 0;
    /// Puts an ISO into the first CD-ROM drive, or opens its tray and takes the medium out.
    virtual void insertMedium(const std::string& path, Completion done) = 0;
    virtual void ejectMedium(Completion done) = 0;
    /// Path of the medium in the first CD-ROM drive; empty when there is none.
    virtual std::string medium() const = 0;

    /// Changes the hardware (hardware.h).
    virtual void change(HardwareChange change, HardwareCompletion done) = 0;

    virtual input::KeyboardSink& keyboard() = 0;
    virtual input::PointerSink& pointer() = 0;
    virtual console::ScanoutSource& scanout() = 0;

    /// Registers of every device and vCPU; pauses the machine for a moment. The callback runs on
    /// the control thread.
    virtual void devices(std::function<void(std::vector<DeviceInfo>)> done) = 0;
    virtual std::vector<Counter> counters() const = 0;
    /// Lets a debugger in at `address` (`--gdb`): "tcp::PORT" on loopback or "unix:PATH". Once,
    /// before the machine runs; waits for the answer.
    virtual Result<void> startDebugger(const std::string& address)
    {
        return Error(ErrorCode::Unsupported, "--gdb " + address + ": not this machine");
    }

    /// The pty the serial port is on; empty when there is none.
    virtual std::string serialPty() const = 0;
    /// Ports of the virtio console that are on pseudo terminals: name ("console" for the one
    /// without) and path. Constant.
    virtual std::vector<std::pair<std::string, std::string>> consolePtys() const { return {}; }
};

} // namespace vmm::machine
