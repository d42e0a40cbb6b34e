// SPDX-License-Identifier: GPL-3.0-or-later
// Interrupt messages between IOAPIC, MSI and local APICs, and who takes them (SDM volume 3 sections
// 11.6.2 and 11.12.10).
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "vmm/bus/handlers.h"

namespace vmm::irqchip {

class LocalApicChip;

/// Delivery mode, the same three bits in ICR, LVT, redirection entry and MSI data.
enum class Delivery : uint8_t {
    Fixed,
    LowestPriority,
    Smi,
    RemoteRead,
    Nmi,
    Init,
    Startup,
    ExtInt
};

/// One message. `destination` is 32 bits wide; broadcast is all ones.
struct InterruptMessage {
    static constexpr uint32_t kBroadcast = 0xffff'ffff;
    uint32_t destination = 0;
    bool logical = false;
    Delivery mode = Delivery::Fixed;
    uint8_t vector = 0;
    bool level = false;  ///< level-triggered: its EOI goes to the IOAPIC
    bool anyOne = false; ///< redirection hint: one of the addressed takes it

    /// An 8-bit destination, where 0xff is broadcast.
    static constexpr uint32_t wide(uint32_t destination)
    {
        return destination == 0xff ? kBroadcast : destination;
    }
    /// What a device wrote to 0xfeexxxxx (SDM volume 3 section 11.11). Without effect elsewhere.
    static bool fromMsi(const bus::MsiMessage& msi, InterruptMessage& message);
};

/// Hears of the end of level-triggered interrupts. vCPU threads, no lock held.
class EoiListener {
public:
    virtual ~EoiListener() = default;
    virtual void endOfInterrupt(uint8_t vector) = 0;
};

/// Delivers messages. Any thread, without locks of a chip held. The APICs are added before the
/// machine runs.
class ApicBus {
public:
    enum class Whom { All, AllButSelf };
    void add(LocalApicChip& apic) { m_apics.push_back(&apic); }
    /// False when nobody accepted it.
    bool deliver(const InterruptMessage& message);
    void broadcast(const InterruptMessage& message, Whom whom, const LocalApicChip& self);

private:
    LocalApicChip* lowestPriority(const InterruptMessage& message);

    std::vector<LocalApicChip*> m_apics;
    std::atomic<unsigned> m_turn{0}; // equals take turns
};

} // namespace vmm::irqchip
