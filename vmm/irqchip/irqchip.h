// SPDX-License-Identifier: GPL-3.0-or-later
// The interrupt controllers and the PIT of a machine whose vCPUs run in software.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "vmm/base/clock.h"
#include "vmm/base/event_loop.h"
#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"
#include "vmm/cpu/irqchip_state.h"
#include "vmm/cpu/local_apic.h"
#include "vmm/irqchip/apic_bus.h"
#include "vmm/irqchip/ioapic.h"
#include "vmm/irqchip/local_apic_chip.h"
#include "vmm/irqchip/pic.h"
#include "vmm/irqchip/pit.h"

namespace vmm::irqchip {

/// What an Irqchip is made of; everything outlives it.
struct IrqchipConfig {
    unsigned cpus = 1; ///< 1 to 255
    bus::PioBus& pio;
    bus::MmioBus& mmio;
    TimerService& clock;
    const cpu::TscSource& tsc;
    EventLoop* loop = nullptr;         ///< hears MsiVector::eventFd(); null: only trigger() works
    unsigned physicalAddressBits = 40; ///< MAXPHYADDR of the CPU model: where IA32_APIC_BASE ends
};

/// Owns the PICs, the IOAPIC, the local APICs and the PIT. setGsi() and MSI vectors from any
/// thread; a local APIC on its vCPU's thread; the rest while no vCPU runs. Outlives every device.
///
///     GSI 0-15 ---> Pics --INTR--> LINT0 of local APIC 0
///     GSI 0-23 ---> Ioapic --.
///     MSI ------------------ ApicBus ---> local APICs ---> their ApicSinks
///     Pit -- IRQ 0 --> GSI 0
class Irqchip final : public bus::InterruptController {
public:
    static Result<std::unique_ptr<Irqchip>> create(const IrqchipConfig& config);

    cpu::LocalApic& localApic(unsigned index) { return *m_apics[index]; }
    /// GSI 0 is IRQ 0 and IOAPIC pin 2, GSI 2 nothing, as the MADT says and KVM is routed.
    void setGsi(bus::Gsi gsi, bool level) override;
    Result<std::unique_ptr<bus::MsiVector>> createMsiVector() override;

    /// All but kvmclockNs, which is the caller's. The local APICs are in CpuState.
    cpu::IrqchipState save() const;
    /// An Error leaves everything as it was. Load the local APICs after it.
    Result<void> load(const cpu::IrqchipState& state);
    /// Power-on, without the local APICs.
    void reset();
    void setHpetLegacy(bool on) { m_pit->setHpetLegacy(on); }

private:
    class Vector;
    explicit Irqchip(EventLoop* loop) : m_loop(loop) {}
    void apicLoaded();

    EventLoop* m_loop;
    ApicBus m_bus;
    std::unique_ptr<Pics> m_pics;
    std::unique_ptr<Ioapic> m_ioapic;
    std::vector<std::unique_ptr<LocalApicChip>> m_apics;
    std::unique_ptr<Pit> m_pit;
    std::atomic<size_t> m_apicsToLoad{0};
};

} // namespace vmm::irqchip
