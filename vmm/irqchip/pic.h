// SPDX-License-Identifier: GPL-3.0-or-later
// The cascaded pair of 8259A interrupt controllers with the edge/level control registers (Intel
// 8259A datasheet; PIIX3/ICH datasheets for ELCR).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/cpu/irqchip_state.h"

namespace vmm::irqchip {

/// Who answers an ExtINT: the PICs as a local APIC sees them. Any thread.
class ExtIntSource {
public:
    virtual ~ExtIntSource() = default;
    /// The level of INTR. Lock-free.
    virtual bool requested() const = 0;
    /// Both INTA cycles; nothing when the request is gone.
    virtual std::optional<uint8_t> acknowledge() = 0;
};

/// Ports 0x20, 0x21, 0xa0, 0xa1, 0x4d0 and 0x4d1. Any thread. An edge stays latched when its line
/// falls before the acknowledge, as in the in-kernel PIC whose state this one shares.
/// DEVIATION: single mode, ICW1's level mode and the 8080 vectors do not exist in a PC.
class Pics final : public ExtIntSource {
public:
    /// `requested` is called without a lock each time INTR rises.
    static Result<std::unique_ptr<Pics>> create(bus::PioBus& pio, std::function<void()> requested);

    void setLine(unsigned irq, bool level);
    bool requested() const override { return m_intr.load(std::memory_order_acquire); }
    std::optional<uint8_t> acknowledge() override;

    void reset();
    std::array<cpu::PicState, 2> save() const;
    /// Error for a state no PIC can be in.
    static Result<void> check(const std::array<cpu::PicState, 2>& state);
    /// `state` was checked.
    void load(const std::array<cpu::PicState, 2>& state);

private:
    /// Ports of one chip, or (with `elcr`) of both edge/level control registers.
    class Ports final : public bus::PioHandler {
    public:
        Ports(Pics& owner, unsigned chip, bool elcr) : m_owner(owner), m_chip(chip), m_elcr(elcr) {}
        uint32_t readPort(uint16_t offset, unsigned size) override;
        void writePort(uint16_t offset, uint32_t value, unsigned size) override;

    private:
        Pics& m_owner;
        unsigned m_chip;
        bool m_elcr;
    };

    explicit Pics(std::function<void()> requested);
    uint8_t read(unsigned chip, uint16_t offset);
    void write(unsigned chip, uint16_t offset, uint8_t value);
    uint8_t readElcr(unsigned chip) const;
    void writeElcr(unsigned chip, uint8_t value);

    void commandLocked(unsigned chip, uint8_t value) REQUIRES(m_mutex);
    void dataLocked(unsigned chip, uint8_t value) REQUIRES(m_mutex);
    std::optional<unsigned> highestLocked(unsigned chip) const REQUIRES(m_mutex);
    void takeLocked(unsigned chip, unsigned irq) REQUIRES(m_mutex);
    uint8_t pollLocked(unsigned chip) REQUIRES(m_mutex);
    /// Passes the slave's request on; true when INTR rose.
    bool updateLocked() REQUIRES(m_mutex);
    void tell(bool rose) const;

    std::function<void()> m_requested;
    std::atomic<bool> m_intr{false};
    mutable Mutex m_mutex;
    std::array<cpu::PicState, 2> m_pics GUARDED_BY(m_mutex);
    Ports m_masterPorts{*this, 0, false};
    Ports m_slavePorts{*this, 1, false};
    Ports m_elcrPorts{*this, 0, true};
    std::array<std::unique_ptr<bus::Registration>, 3> m_windows;
};

} // namespace vmm::irqchip
