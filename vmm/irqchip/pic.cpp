// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/irqchip/pic.h"

#include <utility>

#include "vmm/base/bits.h"

namespace vmm::irqchip {

namespace {

using cpu::PicState;

constexpr unsigned kMaster = 0;
constexpr unsigned kSlave = 1;
constexpr unsigned kCascade = 2;
constexpr unsigned kNone = 8;                               // priority of no input at all
constexpr std::array<uint8_t, 2> kElcrMasks = {0xf8, 0xde}; // IRQ 0, 1, 2, 8 and 13 are edges

constexpr uint8_t kIcw1 = 1 << 4;
constexpr uint8_t kIcw1NeedIcw4 = 1 << 0;
constexpr uint8_t kIcw4AutoEoi = 1 << 1;
constexpr uint8_t kIcw4SpecialFullyNested = 1 << 4;
constexpr uint8_t kOcw3 = 1 << 3;
constexpr uint8_t kOcw3Poll = 1 << 2;
constexpr uint8_t kOcw3ReadCommand = 1 << 1;
constexpr uint8_t kOcw3MaskCommand = 1 << 6;
constexpr uint8_t kPollPending = 1 << 7;
constexpr uint8_t kSpuriousIrq = 7;

/// PicState::initState: the initialisation word the data port takes next.
enum Init : uint8_t { Ready, Icw2, Icw3, Icw4 };

uint8_t one(unsigned irq)
{
    return bit<uint8_t>(irq);
}

/// 0 is the highest priority, kNone that of an empty `lines`.
unsigned priorityOf(const PicState& pic, uint8_t lines)
{
    if (lines == 0)
        return kNone;
    unsigned priority = 0;
    while ((lines & one((priority + pic.priorityAdd) & 7)) == 0)
        ++priority;
    return priority;
}

unsigned irqAt(const PicState& pic, unsigned priority)
{
    return (priority + pic.priorityAdd) & 7;
}

/// In-service bits that hold lower inputs back; special mask mode lifts the masked ones.
uint8_t blocking(const PicState& pic)
{
    return pic.specialMask != 0 ? pic.isr & static_cast<uint8_t>(~pic.imr) : pic.isr;
}

void setInput(PicState& pic, unsigned irq, bool level)
{
    const uint8_t mask = one(irq);
    const bool levelTriggered = (pic.elcr & mask) != 0;
    if (level) {
        if (levelTriggered || (pic.lastIrr & mask) == 0)
            pic.irr |= mask;
        pic.lastIrr |= mask;
        return;
    }
    pic.lastIrr &= static_cast<uint8_t>(~mask);
    if (levelTriggered)
        pic.irr &= static_cast<uint8_t>(~mask);
}

/// ICW1 (datasheet, "Initialization Command Words"): edges are forgotten, levels are not.
void beginInitialisation(PicState& pic, uint8_t value)
{
    pic.init4 = value & kIcw1NeedIcw4;
    pic.irr &= pic.elcr;
    pic.lastIrr = 0;
    pic.imr = 0;
    pic.isr = 0;
    pic.priorityAdd = 0;
    pic.specialMask = 0;
    pic.readRegisterSelect = 0;
    pic.poll = 0;
    pic.autoEoi = 0;
    pic.rotateOnAutoEoi = 0;
    pic.specialFullyNested = 0;
    pic.initState = Icw2;
}

/// OCW2: ends of interrupt and rotation.
void endOrRotate(PicState& pic, uint8_t value)
{
    const unsigned command = value >> 5;
    const bool rotate = (command & 4) != 0;
    const bool specific = (command & 2) != 0;
    const bool end = (command & 1) != 0;
    if (!end) {
        if (specific && rotate)
            pic.priorityAdd = (value + 1) & 7;
        else if (!specific)
            pic.rotateOnAutoEoi = rotate ? 1 : 0;
        return;
    }
    unsigned irq = value & 7U;
    if (!specific) {
        const unsigned priority = priorityOf(pic, blocking(pic));
        if (priority == kNone)
            return;
        irq = irqAt(pic, priority);
    }
    pic.isr &= static_cast<uint8_t>(~one(irq));
    if (rotate)
        pic.priorityAdd = (irq + 1) & 7;
}

} // namespace

Result<std::unique_ptr<Pics>> Pics::create(bus::PioBus& pio, std::function<void()> requested)
{
    std::unique_ptr<Pics> pics(new Pics(std::move(requested)));
    using memory::GuestPort;
    pics->m_windows[0] = TRY(pio.map("pic master", GuestPort(0x20), 2, pics->m_masterPorts, 1));
    pics->m_windows[1] = TRY(pio.map("pic slave", GuestPort(0xa0), 2, pics->m_slavePorts, 1));
    pics->m_windows[2] = TRY(pio.map("pic elcr", GuestPort(0x4d0), 2, pics->m_elcrPorts, 1));
    return pics;
}

Pics::Pics(std::function<void()> requested) : m_requested(std::move(requested))
{
    reset();
}

uint32_t Pics::Ports::readPort(uint16_t offset, unsigned)
{
    return m_elcr ? m_owner.readElcr(offset & 1) : m_owner.read(m_chip, offset);
}

void Pics::Ports::writePort(uint16_t offset, uint32_t value, unsigned)
{
    if (m_elcr)
        m_owner.writeElcr(offset & 1, static_cast<uint8_t>(value));
    else
        m_owner.write(m_chip, offset, static_cast<uint8_t>(value));
}

void Pics::setLine(unsigned irq, bool level)
{
    if (irq >= 16 || irq == kCascade)
        return;
    MutexLock lock(m_mutex);
    setInput(m_pics[irq / 8], irq % 8, level);
    const bool rose = updateLocked();
    lock.unlock();
    tell(rose);
}

std::optional<uint8_t> Pics::acknowledge()
{
    MutexLock lock(m_mutex);
    const std::optional<unsigned> irq = highestLocked(kMaster);
    if (!irq)
        return std::nullopt;
    unsigned vector = m_pics[kMaster].irqBase + *irq;
    const std::optional<unsigned> second = highestLocked(kSlave);
    takeLocked(kMaster, *irq);
    if (*irq == kCascade) {
        if (second)
            takeLocked(kSlave, *second);
        vector = m_pics[kSlave].irqBase + second.value_or(kSpuriousIrq);
    }
    updateLocked();
    return static_cast<uint8_t>(vector);
}

std::optional<unsigned> Pics::highestLocked(unsigned chip) const
{
    const PicState& pic = m_pics[chip];
    const unsigned priority = priorityOf(pic, pic.irr & static_cast<uint8_t>(~pic.imr));
    uint8_t inService = blocking(pic);
    // Special fully nested: the slave may interrupt again while one of its inputs is served.
    if (chip == kMaster && pic.specialFullyNested != 0)
        inService &= static_cast<uint8_t>(~one(kCascade));
    if (priority == kNone || priority >= priorityOf(pic, inService))
        return std::nullopt;
    return irqAt(pic, priority);
}

void Pics::takeLocked(unsigned chip, unsigned irq)
{
    PicState& pic = m_pics[chip];
    if ((pic.elcr & one(irq)) == 0)
        pic.irr &= static_cast<uint8_t>(~one(irq));
    if (pic.autoEoi == 0)
        pic.isr |= one(irq);
    else if (pic.rotateOnAutoEoi != 0)
        pic.priorityAdd = (irq + 1) & 7;
}

bool Pics::updateLocked()
{
    PicState& master = m_pics[kMaster];
    // The slave's INT pin is a level; `lastIrr` of the cascade stays 0, as in the in-kernel PIC.
    if (highestLocked(kSlave))
        master.irr |= one(kCascade);
    else
        master.irr &= static_cast<uint8_t>(~one(kCascade));
    const bool intr = highestLocked(kMaster).has_value();
    const bool was = m_intr.exchange(intr, std::memory_order_acq_rel);
    return intr && !was;
}

void Pics::tell(bool rose) const
{
    if (rose)
        m_requested();
}

uint8_t Pics::pollLocked(unsigned chip)
{
    PicState& pic = m_pics[chip];
    pic.poll = 0;
    const std::optional<unsigned> irq = highestLocked(chip);
    if (!irq)
        return kSpuriousIrq;
    takeLocked(chip, *irq);
    return static_cast<uint8_t>(kPollPending | *irq);
}

uint8_t Pics::read(unsigned chip, uint16_t offset)
{
    MutexLock lock(m_mutex);
    PicState& pic = m_pics[chip];
    if (pic.poll == 0) {
        if (offset != 0)
            return pic.imr;
        return pic.readRegisterSelect != 0 ? pic.isr : pic.irr;
    }
    const uint8_t value = pollLocked(chip);
    const bool rose = updateLocked();
    lock.unlock();
    tell(rose);
    return value;
}

void Pics::write(unsigned chip, uint16_t offset, uint8_t value)
{
    MutexLock lock(m_mutex);
    if (offset == 0)
        commandLocked(chip, value);
    else
        dataLocked(chip, value);
    const bool rose = updateLocked();
    lock.unlock();
    tell(rose);
}

void Pics::commandLocked(unsigned chip, uint8_t value)
{
    PicState& pic = m_pics[chip];
    if ((value & kIcw1) != 0) {
        beginInitialisation(pic, value);
        return;
    }
    if ((value & kOcw3) == 0) {
        endOrRotate(pic, value);
        return;
    }
    if ((value & kOcw3Poll) != 0)
        pic.poll = 1;
    if ((value & kOcw3ReadCommand) != 0)
        pic.readRegisterSelect = value & 1;
    if ((value & kOcw3MaskCommand) != 0)
        pic.specialMask = (value >> 5) & 1;
}

void Pics::dataLocked(unsigned chip, uint8_t value)
{
    PicState& pic = m_pics[chip];
    switch (pic.initState) {
    case Icw2:
        pic.irqBase = value & 0xf8;
        pic.initState = Icw3;
        break;
    case Icw3: // the wiring of the cascade is fixed
        pic.initState = pic.init4 != 0 ? Icw4 : Ready;
        break;
    case Icw4:
        pic.specialFullyNested = (value & kIcw4SpecialFullyNested) != 0 ? 1 : 0;
        pic.autoEoi = (value & kIcw4AutoEoi) != 0 ? 1 : 0;
        pic.initState = Ready;
        break;
    default:
        pic.imr = value;
        break;
    }
}

uint8_t Pics::readElcr(unsigned chip) const
{
    MutexLock lock(m_mutex);
    return m_pics[chip].elcr;
}

void Pics::writeElcr(unsigned chip, uint8_t value)
{
    MutexLock lock(m_mutex);
    m_pics[chip].elcr = value & m_pics[chip].elcrMask;
}

void Pics::reset()
{
    MutexLock lock(m_mutex);
    for (unsigned chip = 0; chip < 2; ++chip) {
        m_pics[chip] = PicState{};
        m_pics[chip].elcrMask = kElcrMasks[chip];
    }
    m_intr.store(false, std::memory_order_release);
}

std::array<cpu::PicState, 2> Pics::save() const
{
    MutexLock lock(m_mutex);
    return m_pics;
}

Result<void> Pics::check(const std::array<cpu::PicState, 2>& state)
{
    for (unsigned chip = 0; chip < 2; ++chip) {
        const PicState& pic = state[chip];
        if (pic.priorityAdd > 7 || pic.initState > Icw4 || (pic.irqBase & 7) != 0 ||
            pic.elcrMask != kElcrMasks[chip] || (pic.elcr & ~pic.elcrMask) != 0 ||
            pic.readRegisterSelect > 1 || pic.poll > 1 || pic.specialMask > 1 || pic.autoEoi > 1 ||
            pic.rotateOnAutoEoi > 1 || pic.specialFullyNested > 1 || pic.init4 > 1)
            return Error(ErrorCode::Invalid, "irqchip: a PIC's state is impossible");
    }
    return {};
}

void Pics::load(const std::array<cpu::PicState, 2>& state)
{
    MutexLock lock(m_mutex);
    m_pics = state;
    const bool rose = updateLocked();
    lock.unlock();
    tell(rose);
}

} // namespace vmm::irqchip
