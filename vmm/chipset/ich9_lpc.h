// SPDX-License-Identifier: GPL-3.0-or-later
// The ICH9 LPC bridge: interrupt routing, where the PM block and the root complex registers are,
// reset control, APM ports. Intel ICH9 datasheet (316972-004), chapter 13.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"
#include "vmm/chipset/ich9_lpc_regs.h"
#include "vmm/pci/pci_bus.h"
#include "vmm/pci/pci_device.h"
#include "vmm/state/state.h"

namespace vmm::chipset {

/// Guest state of the LPC bridge. Left out: levels of interrupt inputs, which the devices that
/// drive them set again when they are loaded.
struct Ich9LpcState {
    static constexpr state::Tag kTag{"ich9-lpc", 1, 1};
    pci::PciConfigState pci;
    uint8_t resetControl = 0;
    uint8_t apmControl = 0;
    uint8_t apmStatus = 0;
    std::array<uint8_t, kRcbaSize> rootComplex{};
    template <class A>
    void visit(A& a)
    {
        a.field("pci", pci).field("rst-cnt", resetControl);
        a.field("apm-cnt", apmControl).field("apm-sts", apmStatus);
        a.field("root-complex", rootComplex);
    }
};

/// 00:1f.0, 8086:2918.
///
///   PIRQA-H ----+-------------------------------> GSI 16-23
///               +-- route registers --> OR --+--> GSI 0-15
///   isaLine(n), sciLine() -------------------+
///
/// The edge/level registers (ports 0x4d0, 0x4d1) belong to the interrupt controller, which has the
/// interrupt inputs they describe: with an in-kernel one these ports never come here.
///
/// Owner: Machine. Thread: configuration, ports and MMIO from vCPU threads, interrupt inputs from
/// any thread, the rest with vCPUs stopped.
class Ich9Lpc final : public pci::PciDevice,
                      public pci::PirqSink,
                      public bus::MmioHandler,
                      public bus::Resettable,
                      public state::Stateful<Ich9Lpc, Ich9LpcState> {
public:
    static constexpr unsigned kPirqCount = 8;
    static constexpr unsigned kIsaCount = 16;

    /// Claims the APM ports; Busy when they are taken. `system` outlives the bridge.
    static Result<std::unique_ptr<Ich9Lpc>> create(const pci::PciServices& services,
                                                   bus::SystemControl& system);
    ~Ich9Lpc() override;

    /// The block PMBASE moves about; before the machine runs. It outlives the bridge's last access.
    void connectPm(bus::PioHandler& pm);

    /// The register at port 0xcf9, for PciConfigPorts.
    bus::PioHandler& resetControl() { return m_resetPort; }
    /// The system control interrupt's input: one driver, the PM block.
    bus::IrqLine& sciLine() { return m_sciInput; }
    /// ISA interrupt `irq` (below kIsaCount) for one device; OR-ed with the PIRQs routed there. A
    /// device may drive its GSI directly as well, but then shares it with no PIRQ.
    bus::IrqLine& isaLine(unsigned irq);

    void setPirq(unsigned index, bool level) override;

    /// The root complex register block.
    uint64_t readMmio(uint64_t offset, unsigned size) override;
    void writeMmio(uint64_t offset, uint64_t value, unsigned size) override;

    void reset() override;
    Ich9LpcState save() const;
    Result<void> load(const Ich9LpcState& state);

private:
    static constexpr unsigned kGsiCount = 24;
    /// An interrupt input of the bridge.
    class Input final : public bus::IrqLine {
    public:
        void connect(Ich9Lpc& lpc, unsigned number)
        {
            m_lpc = &lpc;
            m_number = number;
        }
        void set(bool level) override { m_lpc->setInput(m_number, level); }

    private:
        Ich9Lpc* m_lpc = nullptr;
        unsigned m_number = 0;
    };
    /// Port 0xcf9.
    class ResetPort final : public bus::PioHandler {
    public:
        explicit ResetPort(bus::SystemControl& system) : m_system(system) {}
        uint32_t readPort(uint16_t offset, unsigned size) override;
        void writePort(uint16_t offset, uint32_t value, unsigned size) override;
        std::atomic<uint8_t> value{0};

    private:
        bus::SystemControl& m_system;
    };
    /// Ports 0xb2 and 0xb3.
    class ApmPorts final : public bus::PioHandler {
    public:
        uint32_t readPort(uint16_t offset, unsigned size) override;
        void writePort(uint16_t offset, uint32_t value, unsigned size) override;
        std::array<std::atomic<uint8_t>, 2> values{};
    };
    /// One output into the interrupt controller.
    struct Output {
        Output(bus::InterruptController& controller, unsigned gsi)
            : line(controller, bus::Gsi(gsi)), irq(line)
        {}
        bus::GsiLine line;
        bus::LevelIrq irq;
    };

    Ich9Lpc(const pci::PciServices& services, bus::SystemControl& system);
    void defineRegisters();
    void configWritten(uint16_t offset, unsigned size) override;

    void setInput(unsigned number, bool level);
    uint32_t wantedLocked() const REQUIRES(m_mutex);
    uint32_t publishLocked() REQUIRES(m_mutex);
    void deliver(uint32_t changed);
    unsigned sciGsi() const;
    std::optional<unsigned> routeOf(unsigned pirq) const;

    void placeWindows();
    void placePmLocked() REQUIRES(m_mutex);
    void placeRcbaLocked() REQUIRES(m_mutex);

    bus::PioHandler* m_pm = nullptr;
    ResetPort m_resetPort;
    ApmPorts m_apmPorts;
    Input m_sciInput;
    std::array<Input, kIsaCount> m_isaInputs;
    std::array<std::unique_ptr<Output>, kGsiCount> m_outputs;

    mutable Mutex m_mutex;
    uint32_t m_inputs GUARDED_BY(m_mutex) = 0;    // bits 0-15 ISA, 16-23 PIRQA-H, 24 SCI
    uint32_t m_published GUARDED_BY(m_mutex) = 0; // GSI levels as last published
    std::array<uint8_t, kRcbaSize> m_rootComplex GUARDED_BY(m_mutex){};
    uint32_t m_pmPlace GUARDED_BY(m_mutex) = 0;   // port of the PM block, 0: not mapped
    uint32_t m_rcbaPlace GUARDED_BY(m_mutex) = 0; // RCBA as mapped, 0: not mapped
    std::unique_ptr<bus::Registration> m_pmMapping GUARDED_BY(m_mutex);
    std::unique_ptr<bus::Registration> m_rcbaMapping GUARDED_BY(m_mutex);
    std::unique_ptr<bus::Registration> m_apmMapping;
    GuestLog m_log{"vmm.chipset.ich9_lpc"};
};

} // namespace vmm::chipset
