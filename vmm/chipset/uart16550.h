// SPDX-License-Identifier: GPL-3.0-or-later
// Serial port with FIFOs (National Semiconductor PC16550D datasheet, June 1995).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "vmm/base/clock.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"
#include "vmm/chipset/edge_irq.h"
#include "vmm/console/byte_stream.h"
#include "vmm/state/state.h"

namespace vmm::chipset {

/// Registers and the receive FIFO. Not saved: when the character timeout began; it starts anew.
struct UartState {
    static constexpr state::Tag kTag{"uart16550", 1, 1};
    uint8_t ier = 0;
    uint8_t fcr = 0;
    uint8_t lcr = 0;
    uint8_t mcr = 0;
    uint8_t lsr = 0; ///< error bits only
    uint8_t msr = 0; ///< delta bits only
    uint8_t scr = 0;
    uint16_t divisor = 0;
    bool threPending = false;
    bool timeoutPending = false;
    std::array<uint8_t, 16> fifo{}; ///< oldest first
    uint8_t fifoCount = 0;

    template <class A>
    void visit(A& a)
    {
        a.field("ier", ier).field("fcr", fcr).field("lcr", lcr).field("mcr", mcr);
        a.field("lsr", lsr).field("msr", msr).field("scr", scr).field("divisor", divisor);
        a.field("thre-pending", threPending).field("timeout-pending", timeoutPending);
        a.field("fifo", fifo).field("fifo-count", fifoCount);
    }
};

/// 16550A. Owner: the board. Ports from vCPU threads concurrently, receiveBytes() from any thread.
/// A byte is sent the moment it is written. The modem lines CTS, DSR and DCD are always on.
class Uart16550 final : public bus::PioHandler,
                        public bus::Resettable,
                        public console::ByteReceiver,
                        public state::Stateful<Uart16550, UartState> {
public:
    /// Claims 8 ports from `port`. What the guest sends goes to `sink`. The references outlive the
    /// device. Busy when the ports are taken.
    static Result<std::unique_ptr<Uart16550>> create(bus::PioBus& pio, memory::GuestPort port,
                                                     bus::IrqLine& irq, TimerService& timers,
                                                     console::ByteSink& sink);

    /// Called (on the vCPU's thread, without locks held, must not block) when the receive FIFO has
    /// become empty: whoever found receiveSpace() too small goes on. Set before the machine runs.
    void setSpaceListener(std::function<void()> listener) { m_spaceListener = std::move(listener); }

    uint32_t readPort(uint16_t offset, unsigned size) override;
    void writePort(uint16_t offset, uint32_t value, unsigned size) override;
    void reset() override;
    size_t receiveSpace() const override;
    /// Bytes beyond receiveSpace() are lost and set the overrun bit.
    void receiveBytes(std::span<const std::byte> bytes) override;
    UartState save() const;
    Result<void> load(const UartState& state);

private:
    Uart16550(bus::IrqLine& irq, TimerService& timers, console::ByteSink& sink);

    uint8_t readLocked(uint16_t offset) REQUIRES(m_mutex);
    void writeLocked(uint16_t offset, uint8_t value) REQUIRES(m_mutex);
    uint8_t readDataLocked() REQUIRES(m_mutex);
    uint8_t readIirLocked() REQUIRES(m_mutex);
    void writeFcrLocked(uint8_t value) REQUIRES(m_mutex);
    void writeMcrLocked(uint8_t value) REQUIRES(m_mutex);
    void writeLcrLocked(uint8_t value) REQUIRES(m_mutex);
    void clearFifoLocked() REQUIRES(m_mutex);
    void pushLocked(uint8_t byte) REQUIRES(m_mutex);
    void sendLocked(uint8_t byte) REQUIRES(m_mutex);
    bool fifosOnLocked() const REQUIRES(m_mutex);
    bool loopLocked() const REQUIRES(m_mutex);
    bool dlabLocked() const REQUIRES(m_mutex);
    uint8_t capacityLocked() const REQUIRES(m_mutex);
    uint8_t triggerLocked() const REQUIRES(m_mutex);
    uint8_t modemLinesLocked() const REQUIRES(m_mutex);
    uint64_t timeoutNsLocked() const REQUIRES(m_mutex);
    uint8_t interruptLocked() const REQUIRES(m_mutex);
    void publishLocked() REQUIRES(m_mutex);
    void restartTimeoutLocked() REQUIRES(m_mutex);
    void onTimeout();

    TimerService& m_timers;
    console::ByteSink& m_sink;
    std::function<void()> m_spaceListener;
    EdgeIrq m_irq;
    mutable Mutex m_mutex;
    UartState m_state GUARDED_BY(m_mutex);
    std::unique_ptr<bus::Registration> m_ports;
    std::unique_ptr<Timer> m_timer; // last: its callback uses all of the above
};

} // namespace vmm::chipset
