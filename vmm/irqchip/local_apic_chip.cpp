// SPDX-License-Identifier: GPL-3.0-or-later
// Delivery: what comes in, what the vCPU takes, and interrupt commands.
#include "vmm/irqchip/local_apic_chip.h"

#include <utility>

#include "vmm/base/bits.h"

namespace vmm::irqchip {

using namespace apic;

namespace {

constexpr uint8_t kFirstVector = 16;

Delivery lvtMode(uint32_t entry)
{
    return static_cast<Delivery>(Field<10, 8>::get(entry));
}

} // namespace

LocalApicChip::LocalApicChip(Environment environment)
    : m_environment(std::move(environment)),
      m_base(kDefaultBase | kEnabled | (m_environment.index == 0 ? kBootProcessor : 0)),
      m_timer(m_environment.clock, m_environment.tsc, [this] { onTimer(); })
{
    reset(false);
}

void LocalApicChip::attach(cpu::ApicSink& sink)
{
    m_sink.store(&sink, std::memory_order_release);
}

void LocalApicChip::wake()
{
    cpu::ApicSink* sink = m_sink.load(std::memory_order_acquire);
    if (sink != nullptr && pending())
        sink->interrupt();
}

bool LocalApicChip::extIntPending() const
{
    return m_environment.extInt != nullptr && m_lint0ExtInt.load(std::memory_order_acquire) &&
           m_environment.extInt->requested();
}

bool LocalApicChip::pending()
{
    return m_pending.load(std::memory_order_acquire) || extIntPending();
}

std::optional<uint8_t> LocalApicChip::acknowledge()
{
    if (extIntPending())
        if (const auto vector = m_environment.extInt->acknowledge())
            return vector;
    MutexLock lock(m_mutex);
    if (!m_pending.load(std::memory_order_relaxed))
        return std::nullopt;
    const std::optional<uint8_t> vector = highestLocked(kIrr);
    if (!vector)
        return std::nullopt;
    at(kIrr + (*vector >> 5) * 16U) &= ~bit(*vector & 31U);
    at(kIsr + (*vector >> 5) * 16U) |= bit(*vector & 31U);
    updateLocked();
    return vector;
}

std::optional<uint8_t> LocalApicChip::highestLocked(uint32_t bank) const
{
    for (unsigned word = 8; word-- > 0;) {
        const uint32_t bits = at(bank + word * 16);
        if (bits != 0)
            return static_cast<uint8_t>(word * 32 + 31 -
                                        static_cast<unsigned>(std::countl_zero(bits)));
    }
    return std::nullopt;
}

/// Section 11.8.3.1.
uint8_t LocalApicChip::processorPriorityLocked() const
{
    const auto task = static_cast<uint8_t>(at(kTaskPriority));
    const uint8_t served = highestLocked(kIsr).value_or(0) & 0xf0;
    return (task & 0xf0) >= served ? task : served;
}

void LocalApicChip::updateLocked()
{
    const uint8_t priority = processorPriorityLocked();
    at(kProcessorPriority) = priority;
    const std::optional<uint8_t> vector = highestLocked(kIrr);
    m_pending.store(enabled() && vector && (*vector & 0xf0) > (priority & 0xf0),
                    std::memory_order_release);
}

void LocalApicChip::raiseLocked(uint8_t vector, bool level)
{
    const uint32_t word = (vector >> 5) * 16U;
    const uint32_t mask = bit(vector & 31U);
    at(kIrr + word) |= mask;
    if (level)
        at(kTmr + word) |= mask;
    else
        at(kTmr + word) &= ~mask;
    updateLocked();
}

bool LocalApicChip::softwareEnabledLocked() const
{
    return enabled() && (at(kSpurious) & kSoftwareEnable) != 0;
}

bool LocalApicChip::accept(const InterruptMessage& message)
{
    cpu::ApicSink* sink = m_sink.load(std::memory_order_acquire);
    if (!enabled())
        return false;
    switch (message.mode) {
    case Delivery::Fixed:
    case Delivery::LowestPriority: {
        MutexLock lock(m_mutex);
        if (!softwareEnabledLocked())
            return false;
        if (message.vector < kFirstVector)
            errorLocked(kReceiveIllegalVector);
        else
            raiseLocked(message.vector, message.level);
        lock.unlock();
        wake();
        return message.vector >= kFirstVector;
    }
    case Delivery::Nmi:
        if (sink != nullptr)
            sink->nmi();
        return true;
    case Delivery::Init:
        if (sink != nullptr)
            sink->init();
        return true;
    case Delivery::Startup:
        if (sink != nullptr)
            sink->startup(message.vector);
        return true;
    case Delivery::RemoteRead:
        if (sink != nullptr)
            sink->unhalt();
        return true;
    default: // SMI: no system management mode here; ExtINT comes by LINT0 alone
        return false;
    }
}

uint32_t LocalApicChip::logicalIdLocked() const
{
    // Section 11.12.10.2: fixed in x2APIC mode.
    const uint32_t id = m_environment.index;
    return x2() ? (id >> 4) << 16 | bit(id & 15) : at(kLogicalDestination);
}

bool LocalApicChip::isAddressed(uint32_t destination, bool logical) const
{
    if (!enabled())
        return false;
    if (destination == InterruptMessage::kBroadcast)
        return true;
    MutexLock lock(m_mutex);
    if (!logical)
        return destination == (x2() ? m_environment.index : at(kId) >> 24);
    const uint32_t id = logicalIdLocked();
    if (x2())
        return id >> 16 == destination >> 16 && (id & destination & 0xffff) != 0;
    // Section 11.6.2.2: flat or cluster model.
    const uint32_t own = id >> 24;
    if (at(kDestinationFormat) >> 28 == 0xf)
        return (own & destination) != 0 && destination <= 0xff;
    return own >> 4 == destination >> 4 && (own & destination & 0xf) != 0;
}

std::optional<uint8_t> LocalApicChip::arbitrationPriority() const
{
    MutexLock lock(m_mutex);
    if (!softwareEnabledLocked())
        return std::nullopt;
    return static_cast<uint8_t>(at(kProcessorPriority) & 0xf0);
}

void LocalApicChip::extIntRequested()
{
    Delivery mode = Delivery::ExtInt;
    {
        MutexLock lock(m_mutex);
        const uint32_t entry = at(kLvtLint0);
        mode = lvtMode(entry);
        // Section 11.5.1: with another delivery mode INTR is an ordinary local interrupt.
        if (!enabled() || (entry & kLvtMasked) != 0)
            mode = Delivery::ExtInt;
        else if (mode == Delivery::Fixed && static_cast<uint8_t>(entry) >= kFirstVector)
            raiseLocked(static_cast<uint8_t>(entry), false);
    }
    cpu::ApicSink* sink = m_sink.load(std::memory_order_acquire);
    if (mode == Delivery::Nmi && sink != nullptr)
        sink->nmi();
    wake();
}

/// Without the APIC the pin goes straight to the processor (section 11.4.3).
void LocalApicChip::noteLint0Locked()
{
    const uint32_t entry = at(kLvtLint0);
    const bool through = (entry & kLvtMasked) == 0 && lvtMode(entry) == Delivery::ExtInt;
    m_lint0ExtInt.store(through || !enabled(), std::memory_order_release);
}

std::optional<uint8_t> LocalApicChip::endLocked()
{
    const std::optional<uint8_t> vector = highestLocked(kIsr);
    if (!vector)
        return std::nullopt;
    const uint32_t word = (*vector >> 5) * 16U;
    const uint32_t mask = bit(*vector & 31U);
    at(kIsr + word) &= ~mask;
    updateLocked();
    return (at(kTmr + word) & mask) != 0 ? vector : std::nullopt;
}

/// Section 11.5.3; the LVT's error entry interrupts for each.
void LocalApicChip::errorLocked(uint32_t error)
{
    m_errors |= error;
    const uint32_t entry = at(kLvtError);
    if ((entry & kLvtMasked) == 0 && static_cast<uint8_t>(entry) >= kFirstVector)
        raiseLocked(static_cast<uint8_t>(entry), false);
}

void LocalApicChip::timerLocked()
{
    if (!m_timer.catchUp())
        return;
    const uint32_t entry = at(kLvtTimer);
    if ((entry & kLvtMasked) != 0)
        return;
    if (static_cast<uint8_t>(entry) >= kFirstVector)
        raiseLocked(static_cast<uint8_t>(entry), false);
    else
        errorLocked(kReceiveIllegalVector);
}

void LocalApicChip::scheduleLocked()
{
    m_timer.schedule((at(kLvtTimer) & kLvtMasked) != 0);
}

void LocalApicChip::onTimer()
{
    {
        MutexLock lock(m_mutex);
        timerLocked();
        scheduleLocked();
    }
    wake();
}

void LocalApicChip::carryOut(const Effect& effect)
{
    if (effect.ended)
        m_environment.eoi.endOfInterrupt(*effect.ended);
    if (effect.command)
        send(*effect.command);
    wake();
}

/// Section 11.6.1. The trigger mode counts for INIT only, whose de-assertion does nothing since the
/// Pentium 4.
void LocalApicChip::send(uint64_t command)
{
    send(x2() ? static_cast<uint32_t>(command >> 32)
              : InterruptMessage::wide(static_cast<uint32_t>(command >> 56)),
         static_cast<uint32_t>(command));
}

void LocalApicChip::sendTo(uint32_t destination, uint32_t command)
{
    send(destination, command & kIcrWritable);
}

void LocalApicChip::send(uint32_t destination, uint32_t command)
{
    InterruptMessage message;
    message.vector = static_cast<uint8_t>(command);
    message.mode = static_cast<Delivery>(Field<10, 8>::get(command));
    message.logical = (command & kIcrLogical) != 0;
    message.destination = destination;
    if (message.mode == Delivery::Init && (command & kIcrLevel) != 0 && (command & kIcrAssert) == 0)
        return;
    if ((message.mode == Delivery::Fixed || message.mode == Delivery::LowestPriority) &&
        message.vector < kFirstVector) {
        MutexLock lock(m_mutex);
        errorLocked(kSendIllegalVector);
        return;
    }
    switch (Field<19, 18>::get(command)) {
    case 0:
        m_environment.bus.deliver(message);
        break;
    case 1:
        accept(message);
        break;
    case 2:
        m_environment.bus.broadcast(message, ApicBus::Whom::All, *this);
        break;
    default:
        m_environment.bus.broadcast(message, ApicBus::Whom::AllButSelf, *this);
        break;
    }
}

} // namespace vmm::irqchip
