// SPDX-License-Identifier: GPL-3.0-or-later
// PCI-to-PCI bridges: header type 1, bus numbers, windows, interrupt pins. PCI-to-PCI Bridge
// Architecture 1.2; PCI Express Base 4.0 section 7.5.1.3.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "vmm/base/result.h"
#include "vmm/bus/handlers.h"
#include "vmm/pci/pci_device.h"
#include "vmm/pci/pci_segment.h"

namespace vmm::pci {

/// Where the interrupt pins of a bus lead.
class IntxRouter {
public:
    virtual ~IntxRouter() = default;
    /// The line a device drives for `pin` (1 = INTA#). Low again when it is destroyed. Outlived by
    /// the router.
    virtual std::unique_ptr<bus::IrqLine> connectPin(unsigned device, unsigned pin) = 0;
};

/// A bridge with the bus behind it. What the guest writes into bus numbers and windows holds at
/// once: configuration accesses go where the numbers say, BARs of the functions behind are mapped
/// while a window holds all of them.
///
///   bus 0 ---- bridge ---- secondary bus ---- functions
///               | bus numbers: who gets configuration accesses
///               | windows:     which BARs are mapped (PciUpstream)
///               | pins:        (pin + device) mod 4 (section 9.1)
///
/// DEVIATION: bus mastering of the functions behind does not need the bridge's own enable bit:
/// SeaBIOS sets it for the device only and boots from disks behind bridges.
///
/// Owner: the board, which first places the bridge and then what is behind it. Thread: attach() and
/// detach() on the machine's control thread, the rest from vCPU threads.
class PciBridge : public PciDevice, private PciUpstream, private IntxRouter {
public:
    /// The bridge was placed in `device` of a bus whose pins lead to `router`.
    void place(IntxRouter& router, unsigned device);

    /// Puts `function` on the secondary bus and wires its interrupt pin. Busy when the place is
    /// taken. Not owned.
    Result<void> attach(uint8_t devfn, PciDevice& function);
    /// Takes it away: unreachable, BARs unmapped, interrupt pin low. Returns when no configuration
    /// access to it is running. Its BARs' handlers may still be in use on vCPUs (see
    /// bus::Registration): destroy the function only after these have stopped once.
    void detach(uint8_t devfn, PciDevice& function);

    PciBridge* bridge() override { return this; }
    /// Do configuration accesses to bus `number` go through here?
    bool claims(uint8_t number) const;
    /// See PciSegment::reach().
    bool reach(PciBdf bdf, const std::function<void(PciFunction&)>& use);
    void upstreamChanged() override;

protected:
    /// `identity.headerType` is of type 1.
    PciBridge(std::string name, const PciServices& services, const PciIdentity& identity);

    /// Is there a way to the secondary bus at all? Any thread, locks nothing.
    virtual bool linked() const { return true; }
    /// Called after linked() or the windows changed; without a lock.
    void forwardingChanged();
    void configWritten(uint16_t offset, unsigned size) override;

private:
    struct Window {
        uint64_t base;
        uint64_t last;
        bool holds(uint64_t at, uint64_t size) const
        {
            return base <= at && at <= last && size - 1 <= last - at;
        }
    };
    bool passes(PciSpace space, uint64_t base, uint64_t size) const override;
    bool passesIo(uint64_t base, uint64_t size) const;
    std::unique_ptr<bus::IrqLine> connectPin(unsigned device, unsigned pin) override;

    IntxRouter* m_router = nullptr; // fixed once placed
    unsigned m_device = 0;
    PciSegment m_segment;
    std::map<uint8_t, std::unique_ptr<bus::IrqLine>> m_lines; // control thread
};

} // namespace vmm::pci
