// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/irqchip/ioapic.h"

#include "vmm/base/bits.h"

namespace vmm::irqchip {

using namespace ioapic;

namespace {

constexpr uint64_t kWindowSize = 0x100;
constexpr uint32_t kPinMask = (uint32_t{1} << Ioapic::kPins) - 1;
constexpr uint64_t kReadOnly = kRemoteIrr | 1 << 12; // and delivery status

InterruptMessage messageOf(uint64_t entry)
{
    InterruptMessage message;
    message.destination = InterruptMessage::wide(static_cast<uint32_t>(Field<63, 56>::get(entry)));
    message.logical = (entry & kLogical) != 0;
    message.mode = static_cast<Delivery>(Field<10, 8>::get(entry));
    message.vector = static_cast<uint8_t>(entry);
    message.level = (entry & kLevel) != 0;
    return message;
}

} // namespace

Result<std::unique_ptr<Ioapic>> Ioapic::create(bus::MmioBus& mmio, ApicBus& apics)
{
    std::unique_ptr<Ioapic> chip(new Ioapic(apics));
    chip->reset();
    chip->m_mapping = TRY(mmio.map("ioapic", memory::GuestPhys(kBase), kWindowSize, *chip, 4));
    return chip;
}

void Ioapic::setPin(unsigned pin, bool level)
{
    if (pin >= kPins)
        return;
    Outgoing out;
    {
        MutexLock lock(m_mutex);
        const uint32_t mask = bit(pin);
        if (!level) {
            m_state.irr &= ~mask;
            m_delivered &= ~mask;
            return;
        }
        const bool rose = (m_state.irr & mask) == 0;
        m_state.irr |= mask;
        // A level that was accepted already waits for its EOI; an edge counts when it rises only.
        if (rose || (m_state.redirection[pin] & kLevel) != 0)
            serviceLocked(pin, out);
    }
    send(out);
}

void Ioapic::serviceLocked(unsigned pin, Outgoing& out)
{
    uint64_t& entry = m_state.redirection[pin];
    const bool level = (entry & kLevel) != 0;
    if ((entry & kMasked) != 0 || (level && (entry & kRemoteIrr) != 0) || out.count == kPins)
        return;
    if (level)
        entry |= kRemoteIrr;
    else
        m_delivered |= bit(pin);
    out.items[out.count++] = {pin, entry, messageOf(entry)};
}

/// A level nobody accepted leaves no remote IRR behind: the EOI that clears it would never come.
void Ioapic::send(const Outgoing& out)
{
    for (unsigned i = 0; i < out.count; ++i) {
        const Outgoing::Item& item = out.items[i];
        if (m_apics.deliver(item.message) || !item.message.level)
            continue;
        MutexLock lock(m_mutex);
        if (m_state.redirection[item.pin] == item.entry)
            m_state.redirection[item.pin] &= ~kRemoteIrr;
    }
}

void Ioapic::endOfInterrupt(uint8_t vector)
{
    Outgoing out;
    {
        MutexLock lock(m_mutex);
        endLocked(vector, out);
    }
    send(out);
}

void Ioapic::endLocked(uint8_t vector, Outgoing& out)
{
    for (unsigned pin = 0; pin < kPins; ++pin) {
        uint64_t& entry = m_state.redirection[pin];
        if (static_cast<uint8_t>(entry) != vector || (entry & kLevel) == 0)
            continue;
        entry &= ~kRemoteIrr;
        if ((m_state.irr & bit(pin)) != 0)
            serviceLocked(pin, out);
    }
}

uint64_t Ioapic::readMmio(uint64_t offset, unsigned size)
{
    MutexLock lock(m_mutex);
    const uint32_t select = m_state.ioregsel;
    const uint32_t window = registerLocked();
    return bus::readWindow32(offset, size, [&](uint64_t at) -> uint32_t {
        return at == kSelect ? select : at == kWindow ? window : 0;
    });
}

uint32_t Ioapic::registerLocked() const
{
    const uint32_t index = m_state.ioregsel;
    if (index == kId || index == kArbitration)
        return m_state.id << 24;
    if (index == kVersion)
        return kVersionValue;
    if (index < kRedirection || index >= kRedirection + 2 * kPins)
        return 0;
    const uint64_t entry = m_state.redirection[(index - kRedirection) / 2];
    return static_cast<uint32_t>((index & 1) != 0 ? entry >> 32 : entry);
}

void Ioapic::writeMmio(uint64_t offset, uint64_t value, unsigned)
{
    Outgoing out;
    {
        MutexLock lock(m_mutex);
        // Narrow writes act as writes of the zero-extended value, as chipsets of the time did.
        if (offset == kSelect)
            m_state.ioregsel = value & 0xff;
        else if (offset == kWindow)
            writeRegisterLocked(static_cast<uint32_t>(value), out);
        else if (offset == kEoi)
            endLocked(static_cast<uint8_t>(value), out);
    }
    send(out);
}

void Ioapic::writeRegisterLocked(uint32_t value, Outgoing& out)
{
    const uint32_t index = m_state.ioregsel;
    if (index == kId)
        m_state.id = value >> 24 & 0xf;
    else if (index >= kRedirection && index < kRedirection + 2 * kPins)
        writeEntryLocked((index - kRedirection) / 2, (index & 1) != 0, value, out);
}

void Ioapic::writeEntryLocked(unsigned pin, bool high, uint32_t value, Outgoing& out)
{
    uint64_t& entry = m_state.redirection[pin];
    if (high) {
        entry = (entry & 0xffff'ffff) | uint64_t{value} << 32;
    } else {
        const uint64_t kept = entry & (~uint64_t{0xffff'ffff} | kReadOnly);
        entry = kept | (value & ~kReadOnly);
    }
    // Systems rely on this: an entry turned into an edge and back has forgotten its remote IRR.
    if ((entry & kLevel) == 0) {
        entry &= ~kRemoteIrr;
        return;
    }
    m_delivered &= ~bit(pin);
    if ((m_state.irr & bit(pin)) != 0)
        serviceLocked(pin, out);
}

void Ioapic::reset()
{
    MutexLock lock(m_mutex);
    m_state = {};
    m_state.base = kBase;
    m_state.redirection.fill(kMasked);
    m_delivered = 0;
}

cpu::IoapicState Ioapic::save() const
{
    MutexLock lock(m_mutex);
    cpu::IoapicState state = m_state;
    state.irr &= ~m_delivered;
    return state;
}

Result<void> Ioapic::check(const cpu::IoapicState& state)
{
    if (state.base != kBase || state.ioregsel > 0xff || state.id > 0xf ||
        (state.irr & ~kPinMask) != 0)
        return Error(ErrorCode::Invalid, "irqchip: the IOAPIC's state is impossible");
    return {};
}

void Ioapic::load(const cpu::IoapicState& state)
{
    MutexLock lock(m_mutex);
    m_state = state;
    m_delivered = 0;
}

void Ioapic::serviceAll()
{
    Outgoing out;
    {
        MutexLock lock(m_mutex);
        for (unsigned pin = 0; pin < kPins; ++pin)
            if ((m_state.irr & ~m_delivered & bit(pin)) != 0)
                serviceLocked(pin, out);
    }
    send(out);
}

} // namespace vmm::irqchip
