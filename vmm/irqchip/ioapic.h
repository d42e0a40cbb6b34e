// SPDX-License-Identifier: GPL-3.0-or-later
// I/O APIC with 24 inputs (Intel 82093AA datasheet; the EOI register of the ICH and later).
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/cpu/irqchip_state.h"
#include "vmm/irqchip/apic_bus.h"

namespace vmm::irqchip {

/// Register selectors and bits of a redirection entry.
namespace ioapic {
inline constexpr uint64_t kBase = 0xfec0'0000;
inline constexpr uint32_t kSelect = 0x00, kWindow = 0x10, kEoi = 0x40; // MMIO
inline constexpr uint32_t kId = 0, kVersion = 1, kArbitration = 2, kRedirection = 0x10;
inline constexpr uint64_t kLogical = 1 << 11, kRemoteIrr = 1 << 14, kLevel = 1 << 15,
                          kMasked = 1 << 16;
inline constexpr uint32_t kVersionValue = 0x20 | 23 << 16; ///< with EOI register, 24 entries
} // namespace ioapic

/// The IOAPIC. Inputs from any thread, registers from vCPU threads. Polarity is ignored: devices
/// drive "asserted", as with the in-kernel IOAPIC whose state this one shares.
class Ioapic final : public bus::MmioHandler, public EoiListener {
public:
    static constexpr unsigned kPins = 24;
    static Result<std::unique_ptr<Ioapic>> create(bus::MmioBus& mmio, ApicBus& apics);

    void setPin(unsigned pin, bool level);
    void endOfInterrupt(uint8_t vector) override;
    uint64_t readMmio(uint64_t offset, unsigned size) override;
    void writeMmio(uint64_t offset, uint64_t value, unsigned size) override;

    void reset();
    cpu::IoapicState save() const;
    static Result<void> check(const cpu::IoapicState& state);
    /// `state` was checked. Nothing is delivered before serviceAll(), which is due when the local
    /// APICs are loaded too.
    void load(const cpu::IoapicState& state);
    void serviceAll();

private:
    /// Messages made under the lock and delivered after it.
    struct Outgoing {
        struct Item {
            unsigned pin;
            uint64_t entry;
            InterruptMessage message;
        };
        std::array<Item, kPins> items;
        unsigned count = 0;
    };

    explicit Ioapic(ApicBus& apics) : m_apics(apics) {}
    uint32_t registerLocked() const REQUIRES(m_mutex);
    void writeRegisterLocked(uint32_t value, Outgoing& out) REQUIRES(m_mutex);
    void writeEntryLocked(unsigned pin, bool high, uint32_t value, Outgoing& out) REQUIRES(m_mutex);
    void serviceLocked(unsigned pin, Outgoing& out) REQUIRES(m_mutex);
    void endLocked(uint8_t vector, Outgoing& out) REQUIRES(m_mutex);
    void send(const Outgoing& out);

    ApicBus& m_apics;
    mutable Mutex m_mutex;
    cpu::IoapicState m_state GUARDED_BY(m_mutex); // its irr: the inputs' levels
    uint32_t m_delivered GUARDED_BY(m_mutex) = 0; // high inputs whose edge went out
    std::unique_ptr<bus::Registration> m_mapping;
};

} // namespace vmm::irqchip
