// SPDX-License-Identifier: GPL-3.0-or-later
// The root of the PCI tree: bus 0, configuration mechanisms (ports 0xcf8/0xcfc and ECAM), INTx
// wiring.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>

#include "vmm/bus/handlers.h"
#include "vmm/pci/pci_bridge.h"
#include "vmm/pci/pci_device.h"
#include "vmm/pci/pci_segment.h"

namespace vmm::pci {

/// The eight PIRQ inputs of the south bridge (index 0 = PIRQA#). Level, already OR-ed. Any thread.
class PirqSink {
public:
    virtual ~PirqSink() = default;
    virtual void setPirq(unsigned index, bool level) = 0;
};

/// Bus 0 and, through its bridges, all others. The functions of bus 0 are attached while the
/// machine is built and stay; accesses from vCPU threads.
class PciBus : private IntxRouter {
public:
    explicit PciBus(PirqSink& pirqs);
    ~PciBus() override;

    /// Places `function` at `bdf` of bus 0; Busy when taken. A bridge gets its place for what is
    /// attached behind it. Not owned; outlives the bus' last access.
    Result<void> attach(PciBdf bdf, PciFunction& function);
    /// The line a device at `bdf` drives for `pin` (1 = INTA#): slots 0-24 rotate over PIRQE-H by
    /// slot and pin, 25-31 take PIRQA-D by pin (as the DSDT's _PRT says). Lives as long as the bus.
    bus::IrqLine& intxLine(PciBdf bdf, unsigned pin);
    /// The PIRQ index (0 = A) that `pin` of device `slot` is wired to.
    static unsigned pirqFor(unsigned slot, unsigned pin);

    /// All ones where nobody sits. `offset` below 4096.
    uint32_t readConfig(PciBdf bdf, uint16_t offset, unsigned size);
    void writeConfig(PciBdf bdf, uint16_t offset, uint32_t value, unsigned size);

private:
    class Intx;
    std::unique_ptr<bus::IrqLine> connectPin(unsigned device, unsigned pin) override;
    void setLevel(unsigned pirq, uint64_t source, bool level);
    void forget(unsigned pirq, uint64_t source);

    PirqSink& m_pirqs;
    Mutex m_mutex;
    std::array<std::set<uint64_t>, 8> m_high GUARDED_BY(m_mutex); // sources that drive each PIRQ
    uint64_t m_lastSource = 0;                                    // control thread
    std::map<std::pair<PciBdf, unsigned>, std::unique_ptr<bus::IrqLine>> m_lines;
    PciSegment m_root;
};

/// Guest state of the configuration ports.
struct PciConfigPortsState {
    static constexpr state::Tag kTag{"pci-config-ports", 1, 1};
    uint32_t address = 0;
    template <class A>
    void visit(A& a)
    {
        a.field("address", address);
    }
};

/// Configuration mechanism #1: CONFIG_ADDRESS at 0xcf8, CONFIG_DATA at 0xcfc (PCI 3.0
/// section 3.2.2.3.2). Only a dword at 0xcf8 is CONFIG_ADDRESS; the byte at 0xcf9 is the south
/// bridge's reset control.
class PciConfigPorts final : public bus::PioHandler,
                             public bus::Resettable,
                             public state::Stateful<PciConfigPorts, PciConfigPortsState> {
public:
    static constexpr uint16_t kPort = 0xcf8;
    static constexpr uint16_t kPortCount = 8;
    /// `resetControl` gets the byte accesses at 0xcf9 as offset 0.
    PciConfigPorts(PciBus& pciBus, bus::PioHandler& resetControl)
        : m_bus(pciBus), m_resetControl(resetControl)
    {}
    uint32_t readPort(uint16_t offset, unsigned size) override;
    void writePort(uint16_t offset, uint32_t value, unsigned size) override;
    void reset() override { m_address = 0; }
    PciConfigPortsState save() const { return {m_address}; }
    Result<void> load(const PciConfigPortsState& state);

private:
    PciBus& m_bus;
    bus::PioHandler& m_resetControl;
    std::atomic<uint32_t> m_address{0};
};

/// ECAM: configuration space as memory, 1 MiB a bus (PCI Express 3.0 section 7.2.2). Mapped by the
/// host bridge.
class EcamWindow final : public bus::MmioHandler {
public:
    explicit EcamWindow(PciBus& pciBus) : m_bus(pciBus) {}
    uint64_t readMmio(uint64_t offset, unsigned size) override;
    void writeMmio(uint64_t offset, uint64_t value, unsigned size) override;

private:
    PciBus& m_bus;
};

} // namespace vmm::pci
