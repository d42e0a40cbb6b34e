// SPDX-License-Identifier: GPL-3.0-or-later
// The interrupt output of an ISA chip: a level whose short drops are edges the controller must see.
#pragma once

#include <atomic>
#include <cstdint>

#include "vmm/base/mutex.h"
#include "vmm/bus/handlers.h"

namespace vmm::chipset {

/// As bus::LevelIrq, for inputs that are edge-triggered: a level that fell and rose again between
/// two deliveries reaches the line as low and high, so no interrupt is lost. publish() under the
/// device's lock, deliver() after unlocking. Any thread.
class EdgeIrq {
public:
    /// `line` outlives this object.
    explicit EdgeIrq(bus::IrqLine& line) : m_line(line) {}

    void publish(bool level)
    {
        uint8_t old = m_state.load(std::memory_order_relaxed);
        uint8_t fresh = 0;
        do {
            const bool falls = (old & kLevel) != 0 && !level;
            fresh = static_cast<uint8_t>((level ? kLevel : 0) | (falls ? kFell : old & kFell));
        } while (!m_state.compare_exchange_weak(old, fresh, std::memory_order_release,
                                                std::memory_order_relaxed));
    }

    void deliver()
    {
        MutexLock lock(m_mutex);
        const uint8_t state = m_state.fetch_and(kLevel, std::memory_order_acq_rel);
        const bool level = (state & kLevel) != 0;
        if (m_sent && (!level || (state & kFell) != 0))
            send(false);
        if (level && !m_sent)
            send(true);
    }

    /// After loading a saved state: the level is set again, whatever the line was. A pending
    /// interrupt that the controller had already latched is not lost by it.
    void redeliver()
    {
        MutexLock lock(m_mutex);
        send((m_state.fetch_and(kLevel, std::memory_order_acq_rel) & kLevel) != 0);
    }

private:
    static constexpr uint8_t kLevel = 1;
    static constexpr uint8_t kFell = 2;
    void send(bool level) REQUIRES(m_mutex)
    {
        m_sent = level;
        m_line.set(level);
    }

    bus::IrqLine& m_line;
    std::atomic<uint8_t> m_state{0};
    Mutex m_mutex;
    bool m_sent GUARDED_BY(m_mutex) = false;
};

} // namespace vmm::chipset
