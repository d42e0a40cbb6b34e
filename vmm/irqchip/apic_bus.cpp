// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/irqchip/apic_bus.h"

#include "vmm/base/bits.h"
#include "vmm/irqchip/local_apic_chip.h"

namespace vmm::irqchip {

bool InterruptMessage::fromMsi(const bus::MsiMessage& msi, InterruptMessage& message)
{
    constexpr uint64_t kWindow = 0xfee0'0000;
    if (alignDown(msi.address, uint64_t{1} << 20) != kWindow)
        return false;
    message.destination = wide(static_cast<uint32_t>(Field<19, 12>::get(msi.address)));
    message.anyOne = Field<3, 3>::get(msi.address) != 0;
    message.logical = Field<2, 2>::get(msi.address) != 0;
    message.vector = static_cast<uint8_t>(Field<7, 0>::get(msi.data));
    message.mode = static_cast<Delivery>(Field<10, 8>::get(msi.data));
    message.level = Field<15, 15>::get(msi.data) != 0;
    return true;
}

bool ApicBus::deliver(const InterruptMessage& message)
{
    if (message.mode == Delivery::LowestPriority || message.anyOne) {
        LocalApicChip* apic = lowestPriority(message);
        return apic != nullptr && apic->accept(message);
    }
    bool accepted = false;
    for (LocalApicChip* apic : m_apics)
        if (apic->isAddressed(message.destination, message.logical))
            accepted = apic->accept(message) || accepted;
    return accepted;
}

void ApicBus::broadcast(const InterruptMessage& message, Whom whom, const LocalApicChip& self)
{
    for (LocalApicChip* apic : m_apics)
        if (whom == Whom::All || apic != &self)
            apic->accept(message);
}

/// Section 11.6.2.4; the focus processor check is not done, as on all processors since the
/// Pentium 4.
LocalApicChip* ApicBus::lowestPriority(const InterruptMessage& message)
{
    LocalApicChip* best = nullptr;
    unsigned bestPriority = ~0U;
    const auto count = static_cast<unsigned>(m_apics.size());
    const unsigned first = m_turn.fetch_add(1, std::memory_order_relaxed);
    for (unsigned i = 0; i < count; ++i) {
        LocalApicChip* apic = m_apics[(first + i) % count];
        if (!apic->isAddressed(message.destination, message.logical))
            continue;
        const std::optional<uint8_t> priority = apic->arbitrationPriority();
        if (priority && *priority < bestPriority) {
            best = apic;
            bestPriority = *priority;
        }
    }
    return best;
}

} // namespace vmm::irqchip
