// SPDX-License-Identifier: GPL-3.0-or-later
// The board "vitrine-q35": RAM, buses, chips and drives of one machine, wired. Room-internal.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "vmm/base/event_loop.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"
#include "vmm/console/scanout.h"
#include "vmm/cpu/vcpu.h"
#include "vmm/input/input.h"
#include "vmm/machine/machine.h"
#include "vmm/machine/virtio_set.h"
#include "vmm/memory/guest_memory.h"
#include "vmm/memory/memory_map.h"
#include "vmm/spec/machine_spec.h"
#include "vmm/state/state.h"

namespace vmm::machine {

/// Everything of a machine but its vCPU threads. Owner: Control. pause, resume, reset, wake,
/// prepareBoot and media on the control thread; the rest as each says.
class Board {
public:
    /// Builds the chips `spec` asks for, paused and at power-on. `system` and `host` outlive the
    /// board.
    static Result<std::unique_ptr<Board>> create(const spec::MachineSpec& spec,
                                                 bus::SystemControl& system, HardwareHost& host);
    virtual ~Board() = default;

    virtual cpu::Hypervisor& hypervisor() = 0;
    virtual memory::GuestMemory& memory() = 0;
    /// What vCPUs reach directly now: RAM, ROM, video memory. Any thread.
    virtual std::vector<memory::MapRange> directMap() const = 0;

    /// vCPUs stand. pause(): time stands still and no disk request is in flight when it returns.
    virtual void pause() = 0;
    virtual void resume() = 0;
    virtual void reset() = 0;
    /// Loads a directly booted kernel and points the first vCPU at it; nothing to do with firmware.
    virtual Result<void> prepareBoot(cpu::Vcpu& first) = 0;

    /// Called, on any thread, after the CD-ROM drive's medium changed; before the machine runs.
    virtual void setMediaListener(std::function<void()> listener) = 0;
    virtual void pressPowerButton() = 0;
    virtual Result<void> insertMedium(const std::string& path) = 0;
    virtual Result<void> ejectMedium() = 0;
    /// Any thread.
    virtual std::string medium() const = 0;
    /// Puts what is attached and in the drives now into `spec`, for the saved machine.
    virtual void describe(spec::MachineSpec& spec) const = 0;
    virtual void change(HardwareChange change, HardwareCompletion done) = 0;

    virtual input::KeyboardSink& keyboard() = 0;
    virtual input::PointerSink& pointer() = 0;
    virtual console::ScanoutSource& scanout() = 0;
    virtual std::string serialPty() const = 0;
    virtual std::vector<std::pair<std::string, std::string>> consolePtys() const = 0;

    /// A saved state was loaded, all of it, and nothing runs yet.
    virtual void restored() = 0;
    /// Everything with state, in loading order.
    virtual std::vector<state::Participant*> participants() = 0;
    /// Any thread.
    virtual std::vector<Counter> counters() const = 0;
};

} // namespace vmm::machine
