// SPDX-License-Identifier: GPL-3.0-or-later
// The virtio devices of a machine: made from its description, wired, changed while they run.
// Room-internal.
//
//   00:02 .. 00:09  network cards        00:17  balloon       00:1a  console
//   00:0a .. 00:16  virtio-blk disks     00:18  entropy       00:1b  SCSI
//   00:1c.x         PCIe slots           00:19  vsock
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vmm/base/event_loop.h"
#include "vmm/machine/hardware.h"
#include "vmm/machine/machine.h"
#include "vmm/pci/pci_bus.h"
#include "vmm/spec/machine_spec.h"
#include "vmm/state/state.h"
#include "vmm/virtio/virtio_pci.h"

namespace vmm::machine {

/// What the devices ask of the machine they are in. Any thread; the functions run on the control
/// thread.
class HardwareHost {
public:
    virtual ~HardwareHost() = default;
    virtual void runOnControl(std::function<void()> function) = 0;
    /// Pauses the machine and tells the person why.
    virtual void requestPause(const std::string& sentence) = 0;
};

/// Where the devices sit and what they use. All of it outlives them.
struct VirtioPlace {
    pci::PciServices services;
    pci::PciBus& bus;
    EventLoop& loop; ///< of those without a thread of their own
    HardwareHost& host;
};

/// Owner: the board. Control thread, but for counters().
class VirtioSet {
public:
    explicit VirtioSet(const VirtioPlace& place);
    ~VirtioSet();
    VirtioSet(const VirtioSet&) = delete;
    VirtioSet& operator=(const VirtioSet&) = delete;

    /// Makes what `spec` (checked, with ids) asks for. Once. Errors are the person's sentence.
    Result<void> build(const spec::MachineSpec& spec);

    void pause();
    void resume();
    void reset();
    /// Everything with state, in loading order.
    std::vector<state::Participant*> participants() const;

private:
    struct Function;

    Result<void> addEntropy();
    /// Puts `device` on PCI; `loop`: its own thread, or null.
    Result<Function*> add(pci::PciBdf bdf, std::unique_ptr<virtio::Device> device,
                          std::unique_ptr<EventLoop> loop = nullptr);

    const VirtioPlace m_place;
    std::vector<std::unique_ptr<Function>> m_functions;
};

} // namespace vmm::machine
