// SPDX-License-Identifier: GPL-3.0-or-later
// Serial port with FIFOs (National Semiconductor PC16550D datasheet, June 1995).
#include "vmm/chipset/uart16550.h"

#include <algorithm>
#include <utility>

#include "vmm/chipset/uart16550_regs.h"

namespace vmm::chipset {

using namespace uart;

Result<std::unique_ptr<Uart16550>> Uart16550::create(bus::PioBus& pio, memory::GuestPort port,
                                                     bus::IrqLine& irq, TimerService& timers,
                                                     console::ByteSink& sink)
{
    std::unique_ptr<Uart16550> uart(new Uart16550(irq, timers, sink));
    uart->m_ports = TRY(pio.map("uart16550", port, 8, *uart, 1));
    return uart;
}

Uart16550::Uart16550(bus::IrqLine& irq, TimerService& timers, console::ByteSink& sink)
    : m_timers(timers), m_sink(sink), m_irq(irq)
{
    m_state.divisor = 12; // 9600 baud
    m_timer = timers.createTimer([this] { onTimeout(); });
}

bool Uart16550::fifosOnLocked() const
{
    return (m_state.fcr & kFcrEnable) != 0;
}

bool Uart16550::loopLocked() const
{
    return (m_state.mcr & kMcrLoop) != 0;
}

bool Uart16550::dlabLocked() const
{
    return (m_state.lcr & kLcrDlab) != 0;
}

uint8_t Uart16550::capacityLocked() const
{
    return fifosOnLocked() ? 16 : 1;
}

/// Bytes in the FIFO that raise the data interrupt (datasheet 8.5).
uint8_t Uart16550::triggerLocked() const
{
    static constexpr std::array<uint8_t, 4> kLevels{1, 4, 8, 14};
    return fifosOnLocked() ? kLevels[m_state.fcr >> 6] : 1;
}

/// The upper half of MSR: the lines, or in loopback the MCR outputs (datasheet 8.7).
uint8_t Uart16550::modemLinesLocked() const
{
    const uint8_t mcr = m_state.mcr;
    if (!loopLocked())
        return kMsrCts | kMsrDsr | kMsrDcd;
    return static_cast<uint8_t>(
        ((mcr & kMcrRts) != 0 ? kMsrCts : 0) | ((mcr & kMcrDtr) != 0 ? kMsrDsr : 0) |
        ((mcr & kMcrOut1) != 0 ? kMsrRi : 0) | ((mcr & kMcrOut2) != 0 ? kMsrDcd : 0));
}

/// Four character times at the programmed speed (datasheet 8.8: FIFO interrupt mode operation).
uint64_t Uart16550::timeoutNsLocked() const
{
    const uint64_t bits = 7U + (m_state.lcr & kLcrLength) +
                          ((m_state.lcr & kLcrParity) != 0 ? 1 : 0) +
                          ((m_state.lcr & kLcrTwoStop) != 0 ? 1 : 0);
    const uint64_t divisor = std::max<uint64_t>(m_state.divisor, 1);
    return 4 * bits * 16 * divisor * 1'000'000'000 / 1'843'200;
}

/// The IIR identification of the most urgent enabled interrupt (datasheet table 5).
uint8_t Uart16550::interruptLocked() const
{
    const uint8_t ier = m_state.ier;
    if ((ier & kIerElsi) != 0 && m_state.lsr != 0)
        return kIirLineStatus;
    if ((ier & kIerErbfi) != 0 && m_state.fifoCount >= triggerLocked())
        return kIirData;
    if ((ier & kIerErbfi) != 0 && m_state.timeoutPending)
        return kIirTimeout;
    if ((ier & kIerEtbei) != 0 && m_state.threPending)
        return kIirThre;
    if ((ier & kIerEdssi) != 0 && m_state.msr != 0)
        return kIirModemStatus;
    return kIirNone;
}

void Uart16550::publishLocked()
{
    // On a PC the interrupt passes a gate opened by OUT2; loopback takes the pin away.
    const bool gate = (m_state.mcr & kMcrOut2) != 0 && !loopLocked();
    m_irq.publish(gate && interruptLocked() != kIirNone);
}

void Uart16550::restartTimeoutLocked()
{
    const bool waiting = fifosOnLocked() && (m_state.ier & kIerErbfi) != 0 &&
                         m_state.fifoCount != 0 && m_state.fifoCount < triggerLocked() &&
                         !m_state.timeoutPending;
    if (waiting)
        m_timer->arm(m_timers.nowNs() + timeoutNsLocked());
    else
        m_timer->disarm();
}

void Uart16550::onTimeout()
{
    {
        MutexLock lock(m_mutex);
        m_state.timeoutPending = fifosOnLocked() && m_state.fifoCount != 0;
        publishLocked();
    }
    m_irq.deliver();
}

void Uart16550::clearFifoLocked()
{
    m_state.fifoCount = 0;
    m_state.timeoutPending = false;
}

void Uart16550::pushLocked(uint8_t byte)
{
    if (m_state.fifoCount < capacityLocked()) {
        m_state.fifo[m_state.fifoCount++] = byte;
        return;
    }
    m_state.lsr |= kLsrOe;
    if (!fifosOnLocked())
        m_state.fifo[0] = byte; // without FIFO the new character replaces the old one
}

size_t Uart16550::receiveSpace() const
{
    MutexLock lock(m_mutex);
    return loopLocked() ? 0 : static_cast<size_t>(capacityLocked() - m_state.fifoCount);
}

void Uart16550::receiveBytes(std::span<const std::byte> bytes)
{
    {
        MutexLock lock(m_mutex);
        if (loopLocked())
            return; // SIN is cut off in loopback
        // A FIFO and one more show the overrun; the rest is as lost.
        for (const std::byte byte : bytes.first(std::min<size_t>(bytes.size(), 17)))
            pushLocked(static_cast<uint8_t>(byte));
        restartTimeoutLocked();
        publishLocked();
    }
    m_irq.deliver();
}

uint32_t Uart16550::readPort(uint16_t offset, unsigned)
{
    uint8_t value = 0;
    bool emptied = false;
    {
        MutexLock lock(m_mutex);
        const uint8_t before = m_state.fifoCount;
        value = readLocked(offset);
        emptied = before != 0 && m_state.fifoCount == 0 && !loopLocked();
        publishLocked();
    }
    m_irq.deliver();
    if (emptied && m_spaceListener)
        m_spaceListener();
    return value;
}

uint8_t Uart16550::readLocked(uint16_t offset)
{
    switch (offset) {
    case kData:
        return dlabLocked() ? static_cast<uint8_t>(m_state.divisor) : readDataLocked();
    case kIer:
        return dlabLocked() ? static_cast<uint8_t>(m_state.divisor >> 8) : m_state.ier;
    case kIirFcr:
        return readIirLocked();
    case kLcr:
        return m_state.lcr;
    case kMcr:
        return m_state.mcr;
    case kLsr: {
        const uint8_t errors = std::exchange(m_state.lsr, uint8_t{0});
        return static_cast<uint8_t>(errors | kLsrThre | kLsrTemt |
                                    (m_state.fifoCount != 0 ? kLsrDr : 0));
    }
    case kMsr:
        return static_cast<uint8_t>(std::exchange(m_state.msr, uint8_t{0}) | modemLinesLocked());
    default:
        return m_state.scr;
    }
}

uint8_t Uart16550::readDataLocked()
{
    const uint8_t value = m_state.fifo[0]; // an empty receiver shows the last character again
    if (m_state.fifoCount != 0) {
        --m_state.fifoCount;
        if (m_state.fifoCount != 0)
            std::copy_n(m_state.fifo.begin() + 1, m_state.fifoCount, m_state.fifo.begin());
    }
    m_state.timeoutPending = false;
    restartTimeoutLocked();
    return value;
}

uint8_t Uart16550::readIirLocked()
{
    const uint8_t interrupt = interruptLocked();
    if (interrupt == kIirThre)
        m_state.threPending = false; // reading IIR acknowledges this one (datasheet table 5)
    return interrupt | (fifosOnLocked() ? kIirFifos : 0);
}

void Uart16550::writePort(uint16_t offset, uint32_t value, unsigned)
{
    const auto byte = static_cast<std::byte>(value);
    bool send = false;
    bool emptied = false;
    {
        MutexLock lock(m_mutex);
        const bool hadSpace = !loopLocked() && m_state.fifoCount == 0;
        send = offset == kData && !dlabLocked() && !loopLocked();
        writeLocked(offset, static_cast<uint8_t>(value));
        emptied = !hadSpace && !loopLocked() && m_state.fifoCount == 0;
        publishLocked();
    }
    m_irq.deliver();
    if (send)
        m_sink.writeBytes(std::span(&byte, 1));
    if (emptied && m_spaceListener)
        m_spaceListener();
}

void Uart16550::writeLocked(uint16_t offset, uint8_t value)
{
    switch (offset) {
    case kData:
        if (dlabLocked())
            m_state.divisor = static_cast<uint16_t>((m_state.divisor & 0xff00) | value);
        else
            sendLocked(value);
        break;
    case kIer:
        if (dlabLocked()) {
            m_state.divisor = static_cast<uint16_t>((m_state.divisor & 0xff) | value << 8);
            break;
        }
        // Enabling the interrupt while the transmitter is empty, which it always is, raises it.
        if ((value & ~m_state.ier & kIerEtbei) != 0)
            m_state.threPending = true;
        m_state.ier = value & kIerMask;
        restartTimeoutLocked();
        break;
    case kIirFcr:
        writeFcrLocked(value);
        break;
    case kLcr:
        writeLcrLocked(value);
        break;
    case kMcr:
        writeMcrLocked(value);
        break;
    case kScr:
        m_state.scr = value;
        break;
    default: // LSR and MSR are not written (datasheet: factory test)
        break;
    }
}

void Uart16550::sendLocked(uint8_t byte)
{
    // The holding register fills and empties at once: the interrupt falls and rises again.
    m_state.threPending = false;
    publishLocked();
    m_state.threPending = true;
    if (loopLocked()) {
        pushLocked(byte);
        restartTimeoutLocked();
    }
}

void Uart16550::writeFcrLocked(uint8_t value)
{
    const bool switched = ((value ^ m_state.fcr) & kFcrEnable) != 0;
    if (switched || ((value & kFcrEnable) != 0 && (value & kFcrClearReceive) != 0))
        clearFifoLocked();
    // The other bits count only while bit 0 is written as one (datasheet 8.5).
    m_state.fcr = (value & kFcrEnable) != 0 ? value & kFcrKept : 0;
    restartTimeoutLocked();
}

void Uart16550::writeLcrLocked(uint8_t value)
{
    const bool breakBegins = (value & ~m_state.lcr & kLcrBreak) != 0;
    m_state.lcr = value;
    if (breakBegins && loopLocked()) { // the receiver sees it as a zero character with BI
        m_state.lsr |= kLsrBi;
        pushLocked(0);
        restartTimeoutLocked();
    }
}

void Uart16550::writeMcrLocked(uint8_t value)
{
    const uint8_t before = modemLinesLocked();
    m_state.mcr = value & kMcrMask;
    const uint8_t after = modemLinesLocked();
    const uint8_t changed = before ^ after;
    m_state.msr |= changed >> 4 & kMsrDeltas & ~kMsrTeri;
    if ((before & ~after & kMsrRi) != 0) // RI counts only when it goes off
        m_state.msr |= kMsrTeri;
}

void Uart16550::reset()
{
    {
        MutexLock lock(m_mutex);
        m_state = UartState{};
        m_state.divisor = 12;
        m_timer->disarm();
        publishLocked();
    }
    m_irq.deliver();
}

UartState Uart16550::save() const
{
    MutexLock lock(m_mutex);
    return m_state;
}

Result<void> Uart16550::load(const UartState& state)
{
    const uint8_t capacity = (state.fcr & kFcrEnable) != 0 ? 16 : 1;
    if (state.fifoCount > capacity)
        return Error(ErrorCode::Invalid, "uart16550: more bytes in the FIFO than it holds");
    if ((state.ier & ~kIerMask) != 0 || (state.fcr & ~kFcrKept) != 0 ||
        (state.mcr & ~kMcrMask) != 0 || (state.lsr & ~kLsrErrors) != 0 ||
        (state.msr & ~kMsrDeltas) != 0)
        return Error(ErrorCode::Invalid, "uart16550: a register has bits it does not have");
    {
        MutexLock lock(m_mutex);
        m_state = state;
        restartTimeoutLocked();
        publishLocked();
    }
    m_irq.redeliver();
    return {};
}

} // namespace vmm::chipset
