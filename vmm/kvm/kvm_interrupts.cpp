// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/kvm_interrupts.h"

#include "vmm/base/log.h"
#include "vmm/kvm/kvm_structs.h"

namespace vmm::kvm {

namespace {

kvm_irq_routing_entry pinRoute(uint32_t gsi, uint32_t chip, uint32_t pin)
{
    kvm_irq_routing_entry entry{};
    entry.gsi = gsi;
    entry.type = KVM_IRQ_ROUTING_IRQCHIP;
    entry.u.irqchip.irqchip = chip;
    entry.u.irqchip.pin = pin;
    return entry;
}

std::vector<kvm_irq_routing_entry> pinRoutes()
{
    std::vector<kvm_irq_routing_entry> entries;
    for (uint32_t gsi = 0; gsi < 16; ++gsi) {
        // IRQ 2 is the PICs' cascade and no input.
        if (gsi != 2)
            entries.push_back(gsi < 8 ? pinRoute(gsi, KVM_IRQCHIP_PIC_MASTER, gsi)
                                      : pinRoute(gsi, KVM_IRQCHIP_PIC_SLAVE, gsi - 8));
    }
    for (uint32_t gsi = 0; gsi < 24; ++gsi) {
        if (gsi != 2)
            entries.push_back(pinRoute(gsi, KVM_IRQCHIP_IOAPIC, gsi == 0 ? 2 : gsi));
    }
    return entries;
}

} // namespace

/// An eventfd bound to a routed GSI; its message is the route.
class KvmInterrupts::Vector final : public bus::MsiVector {
public:
    Vector(KvmInterrupts& owner, uint32_t gsi, EventFd event)
        : m_owner(owner), m_gsi(gsi), m_event(std::move(event))
    {}
    ~Vector() override
    {
        static_cast<void>(bind(KVM_IRQFD_FLAG_DEASSIGN).has_value());
        m_owner.dropRoute(m_gsi);
    }
    Result<void> bind(uint32_t flags)
    {
        kvm_irqfd irqfd{};
        irqfd.fd = static_cast<uint32_t>(m_event.fd());
        irqfd.gsi = m_gsi;
        irqfd.flags = flags;
        TRY(callKvm(m_owner.m_vmFd, KVM_IRQFD, &irqfd, "KVM_IRQFD"));
        return {};
    }
    void setMessage(const bus::MsiMessage& message) override { m_owner.setRoute(m_gsi, message); }
    void trigger() override { m_event.signal(); }
    const EventFd& eventFd() const override { return m_event; }

private:
    KvmInterrupts& m_owner;
    uint32_t m_gsi;
    EventFd m_event;
};

Result<void> KvmInterrupts::installRouting()
{
    MutexLock lock(m_mutex);
    return programLocked();
}

Result<void> KvmInterrupts::programLocked()
{
    std::vector<kvm_irq_routing_entry> entries = pinRoutes();
    for (const auto& [gsi, message] : m_routes) {
        kvm_irq_routing_entry entry{};
        entry.gsi = gsi;
        entry.type = KVM_IRQ_ROUTING_MSI;
        entry.u.msi.address_lo = static_cast<uint32_t>(message.address);
        entry.u.msi.address_hi = static_cast<uint32_t>(message.address >> 32);
        entry.u.msi.data = message.data;
        entries.push_back(entry);
    }
    RoutingArray routing(entries.size());
    for (size_t i = 0; i < entries.size(); ++i)
        routing.set(i, entries[i]);
    TRY(callKvm(m_vmFd, kSetGsiRouting, routing.header(), "KVM_SET_GSI_ROUTING"));
    return {};
}

void KvmInterrupts::setGsi(bus::Gsi gsi, bool level)
{
    kvm_irq_level line{};
    line.irq = gsi.value();
    line.level = level ? 1 : 0;
    if (const auto result = callKvm(m_vmFd, KVM_IRQ_LINE, &line, "KVM_IRQ_LINE"); !result)
        log(LogLevel::Error, "vmm.kvm", result.error().sentence());
    if (level)
        m_nudge.raised();
}

Result<std::unique_ptr<bus::MsiVector>> KvmInterrupts::createMsiVector()
{
    EventFd event = TRY(EventFd::create());
    uint32_t gsi = kFirstMsiGsi;
    {
        MutexLock lock(m_mutex);
        while (m_routes.contains(gsi))
            ++gsi;
        if (gsi - kFirstMsiGsi >= kMaxRoutes)
            return Error(ErrorCode::Exhausted, "no interrupt routes left");
        m_routes.emplace(gsi, bus::MsiMessage{});
        TRY(programLocked());
    }
    auto vector = std::make_unique<Vector>(*this, gsi, std::move(event));
    TRY(vector->bind(0));
    return std::unique_ptr<bus::MsiVector>(std::move(vector));
}

void KvmInterrupts::setRoute(uint32_t gsi, const bus::MsiMessage& message)
{
    MutexLock lock(m_mutex);
    bus::MsiMessage& route = m_routes[gsi];
    if (route == message)
        return;
    route = message;
    // Fails only for messages KVM cannot route; such an interrupt goes nowhere, as on hardware.
    if (const auto result = programLocked(); !result)
        log(LogLevel::Debug, "vmm.kvm", result.error().sentence());
}

void KvmInterrupts::dropRoute(uint32_t gsi)
{
    MutexLock lock(m_mutex);
    m_routes.erase(gsi);
    static_cast<void>(programLocked().has_value());
}

} // namespace vmm::kvm
