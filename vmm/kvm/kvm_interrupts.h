// SPDX-License-Identifier: GPL-3.0-or-later
// Interrupt lines, MSI vectors by irqfd, and the GSI routing table (api.rst 4.25, 4.52, 4.75).
// Room-internal.
#pragma once

#include <map>
#include <memory>

#include "vmm/base/mutex.h"
#include "vmm/bus/handlers.h"
#include "vmm/kvm/kvm_nudge.h"

namespace vmm::kvm {

/// The in-kernel PICs, IOAPIC and local APICs as a bus::InterruptController. Any thread.
class KvmInterrupts final : public bus::InterruptController {
public:
    KvmInterrupts(int vmFd, InterruptNudge& nudge) : m_vmFd(vmFd), m_nudge(nudge) {}
    /// Wires pins 0-15 to PICs and IOAPIC (ISA IRQ 0 on IOAPIC pin 2, as the MADT says) and 16-23
    /// to the IOAPIC.
    Result<void> installRouting();
    void setGsi(bus::Gsi gsi, bool level) override;
    Result<std::unique_ptr<bus::MsiVector>> createMsiVector() override;

private:
    class Vector;
    static constexpr uint32_t kFirstMsiGsi = 24;
    static constexpr uint32_t kMaxRoutes = 1024; // KVM allows 4096 in all; 24 pins take up to 40
    Result<void> programLocked() REQUIRES(m_mutex);
    void setRoute(uint32_t gsi, const bus::MsiMessage& message);
    void dropRoute(uint32_t gsi);

    int m_vmFd;
    InterruptNudge& m_nudge;
    Mutex m_mutex;
    std::map<uint32_t, bus::MsiMessage> m_routes GUARDED_BY(m_mutex); // by GSI
};

} // namespace vmm::kvm
