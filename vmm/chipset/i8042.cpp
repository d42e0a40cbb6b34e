// SPDX-License-Identifier: GPL-3.0-or-later
// Keyboard controller at ports 0x60 and 0x64 with its keyboard and mouse (Intel 8042 with the PS/2
// program; IBM PS/2 Technical Reference, "Keyboard/auxiliary device controller").
#include "vmm/chipset/i8042.h"

#include <utility>

#include "vmm/chipset/i8042_regs.h"

namespace vmm::chipset {

using namespace i8042;

Result<std::unique_ptr<I8042>> I8042::create(bus::PioBus& pio, bus::IrqLine& irq1,
                                             bus::IrqLine& irq12, bus::SystemControl& system)
{
    std::unique_ptr<I8042> device(new I8042(irq1, irq12, system));
    device->m_dataRegistration =
        TRY(pio.map("i8042-data", memory::GuestPort(0x60), 1, device->m_dataPort, 1));
    device->m_commandRegistration =
        TRY(pio.map("i8042-command", memory::GuestPort(0x64), 1, device->m_commandPort, 1));
    return device;
}

I8042::I8042(bus::IrqLine& irq1, bus::IrqLine& irq12, bus::SystemControl& system)
    : m_system(system), m_irq1(irq1), m_irq12(irq12)
{
    MutexLock lock(m_mutex);
    powerOnLocked();
}

uint32_t I8042::PortHandler::readPort(uint16_t, unsigned)
{
    return m_port == Port::Data ? m_owner.readData() : m_owner.readStatus();
}

void I8042::PortHandler::writePort(uint16_t, uint32_t value, unsigned)
{
    if (m_port == Port::Data)
        m_owner.writeData(static_cast<uint8_t>(value));
    else
        m_owner.writeCommand(static_cast<uint8_t>(value));
}

template <class Action>
void I8042::withLock(Action action)
{
    {
        MutexLock lock(m_mutex);
        action();
        fillLocked();
        publishLocked();
    }
    deliver();
}

// The lambdas below run inside withLock(), which clang's analysis cannot see.
#define UNDER_LOCK VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis)

void I8042::key(input::KeyEvent event)
{
    withLock([&]() UNDER_LOCK { m_keyboard.key(event); });
}

uint8_t I8042::leds() const
{
    MutexLock lock(m_mutex);
    return m_keyboard.leds();
}

void I8042::move(int dx, int dy)
{
    withLock([&]() UNDER_LOCK { m_mouse.move(dx, dy); });
}

void I8042::button(input::PointerButton button, bool down)
{
    withLock([&]() UNDER_LOCK { m_mouse.button(button, down); });
}

void I8042::wheel(int detents)
{
    withLock([&]() UNDER_LOCK { m_mouse.wheel(detents); });
}

uint8_t I8042::readStatus()
{
    MutexLock lock(m_mutex);
    return m_state.status;
}

uint8_t I8042::readData()
{
    uint8_t value = 0;
    withLock([&]() UNDER_LOCK {
        value = m_state.outputBuffer; // an empty buffer shows its last byte again
        m_state.status &= ~(kObf | kAuxObf) & 0xff;
        publishLocked(); // the line falls before the next byte raises it again: a new edge
    });
    return value;
}

void I8042::writeData(uint8_t value)
{
    bool resets = false;
    withLock([&]() UNDER_LOCK {
        m_state.status &= ~kCommandWritten & 0xff;
        const uint8_t command = std::exchange(m_state.command, uint8_t{0});
        if (command != 0)
            return parameterLocked(command, value);
        // Talking to the keyboard lets it answer (IBM: the controller enables its clock).
        m_state.ram[0] &= ~kKeyboardOff & 0xff;
        m_keyboard.write(value);
    });
    {
        MutexLock lock(m_mutex);
        resets = (m_state.outputPort & kNoReset) == 0;
        m_state.outputPort |= kNoReset;
    }
    if (resets)
        m_system.requestReset(bus::ResetKind::Hard);
}

void I8042::writeCommand(uint8_t value)
{
    withLock([&]() UNDER_LOCK {
        m_state.status |= kCommandWritten;
        m_state.command = 0;
        commandLocked(value);
    });
    // Bit 0 of a pulse command low: the reset line of the CPU.
    if (value >= kPulse && (value & kNoReset) == 0)
        m_system.requestReset(bus::ResetKind::Hard);
}

void I8042::commandLocked(uint8_t value)
{
    if (value >= kReadRam && value < kReadRam + 0x20)
        return answerLocked(m_state.ram[value - kReadRam]);
    if (value >= kWriteRam && value < kWriteRam + 0x20) {
        m_state.command = value;
        return;
    }
    switch (value) {
    case kTestPassword:
        return answerLocked(kNoPassword);
    case kMouseDisable:
        m_state.ram[0] |= kMouseOff;
        return;
    case kMouseEnable:
        m_state.ram[0] &= ~kMouseOff & 0xff;
        return;
    case kMouseInterfaceTest:
    case kKeyboardInterfaceTest:
        return answerLocked(kInterfaceTestPassed);
    case kSelfTest:
        m_state.status |= kSystemFlag;
        m_state.ram[0] |= kSystemFlagBit;
        return answerLocked(kSelfTestPassed);
    case kKeyboardDisable:
        m_state.ram[0] |= kKeyboardOff;
        return;
    case kKeyboardEnable:
        m_state.ram[0] &= ~kKeyboardOff & 0xff;
        return;
    case kReadInputPort:
        return answerLocked(kInputPort);
    case kReadOutputPort:
        return answerLocked(m_state.outputPort);
    case kWriteOutputPort:
    case kWriteKeyboardOutput:
    case kWriteMouseOutput:
    case kWriteMouse:
        m_state.command = value;
        return;
    case kDisableA20:
        m_state.outputPort &= ~kA20 & 0xff;
        return;
    case kEnableA20:
        m_state.outputPort |= kA20;
        return;
    case kReadTestInputs:
        return answerLocked(0);
    default: // pulses, and commands this controller does not have
        return;
    }
}

void I8042::parameterLocked(uint8_t command, uint8_t value)
{
    switch (command) {
    case kWriteRam:
        return setCommandByteLocked(value);
    case kWriteOutputPort:
        // The two buffer bits follow the buffer; the low reset bit is acted on by writeData().
        m_state.outputPort =
            static_cast<uint8_t>((value & ~(kKeyboardObf | kMouseObf)) |
                                 (m_state.outputPort & (kKeyboardObf | kMouseObf)));
        return;
    case kWriteKeyboardOutput:
        return answerLocked(value, I8042Source::Keyboard);
    case kWriteMouseOutput:
        return answerLocked(value, I8042Source::Mouse);
    case kWriteMouse:
        m_state.ram[0] &= ~kMouseOff & 0xff; // as with the keyboard
        return m_mouse.write(value);
    default: // commandLocked() leaves only RAM writes here
        m_state.ram[command % m_state.ram.size()] = value;
        return;
    }
}

void I8042::setCommandByteLocked(uint8_t value)
{
    m_state.ram[0] = value;
    m_state.status =
        static_cast<uint8_t>((m_state.status & ~kSystemFlag) | (value & kSystemFlagBit));
}

/// Leaves a byte of the controller's own for the output buffer; an older one is replaced.
void I8042::answerLocked(uint8_t value, I8042Source source)
{
    m_state.waiting = source;
    m_state.waitingByte = value;
}

/// Puts the next byte into the output buffer when that is empty: first the controller's own, then
/// the keyboard's, then the mouse's.
void I8042::fillLocked()
{
    if ((m_state.status & kObf) != 0)
        return;
    const I8042Source waiting = std::exchange(m_state.waiting, I8042Source::None);
    if (waiting != I8042Source::None)
        return showLocked(m_state.waitingByte, waiting);
    if ((m_state.ram[0] & kKeyboardOff) == 0) {
        if (const auto byte = fromKeyboardLocked())
            return showLocked(*byte, I8042Source::Keyboard);
    }
    if ((m_state.ram[0] & kMouseOff) == 0) {
        if (const auto byte = m_mouse.pop())
            showLocked(*byte, I8042Source::Mouse);
    }
}

/// A byte of the keyboard as the guest sees it: with translation on, set 2 becomes set 1, and a
/// break prefix goes into bit 7 of the code after it.
std::optional<uint8_t> I8042::fromKeyboardLocked()
{
    const auto byte = m_keyboard.pop();
    if (!byte || (m_state.ram[0] & kTranslate) == 0)
        return byte;
    if (*byte != 0xf0)
        return translateToSet1(*byte);
    const auto code = m_keyboard.popAfterBreak();
    return code ? std::optional(static_cast<uint8_t>(translateToSet1(*code) | 0x80)) : std::nullopt;
}

void I8042::showLocked(uint8_t value, I8042Source source)
{
    m_state.outputBuffer = value;
    m_state.status |= source == I8042Source::Mouse ? kObf | kAuxObf : kObf;
}

void I8042::publishLocked()
{
    const bool full = (m_state.status & kObf) != 0;
    const bool mouse = (m_state.status & kAuxObf) != 0;
    m_state.outputPort =
        static_cast<uint8_t>((m_state.outputPort & ~(kKeyboardObf | kMouseObf)) |
                             (full && !mouse ? kKeyboardObf : 0) | (full && mouse ? kMouseObf : 0));
    m_irq1.publish(full && !mouse && (m_state.ram[0] & kKeyboardInterrupt) != 0);
    m_irq12.publish(full && mouse && (m_state.ram[0] & kMouseInterrupt) != 0);
}

void I8042::deliver()
{
    m_irq1.deliver();
    m_irq12.deliver();
}

void I8042::powerOnLocked()
{
    m_state = I8042State{};
    m_state.status = kNotInhibited | kCommandWritten;
    m_state.outputPort = kOutputPortAtPowerOn;
    m_state.ram[0] = kKeyboardOff | kMouseOff | kTranslate;
    m_keyboard = Ps2Keyboard{};
    m_mouse = Ps2Mouse{};
}

void I8042::reset()
{
    withLock([&]() UNDER_LOCK { powerOnLocked(); });
}

I8042State I8042::save() const
{
    MutexLock lock(m_mutex);
    I8042State state = m_state;
    state.keyboard = m_keyboard.save();
    state.mouse = m_mouse.save();
    return state;
}

Result<void> I8042::load(const I8042State& state)
{
    const bool waits = (state.command >= kWriteRam && state.command < kWriteRam + 0x20) ||
                       (state.command >= kWriteOutputPort && state.command <= kWriteMouse);
    if ((state.command != 0 && !waits) || (state.status & ~kStatusUsed) != 0 ||
        state.waiting > I8042Source::Mouse ||
        ((state.status & kAuxObf) != 0 && (state.status & kObf) == 0))
        return Error(ErrorCode::Invalid, "i8042: a register is out of range");
    Ps2Keyboard keyboard;
    Ps2Mouse mouse;
    if (auto loaded = keyboard.load(state.keyboard); !loaded)
        return std::move(loaded).error().within("i8042");
    if (auto loaded = mouse.load(state.mouse); !loaded)
        return std::move(loaded).error().within("i8042");
    {
        MutexLock lock(m_mutex);
        m_state = state;
        m_state.keyboard = {};
        m_state.mouse = {};
        m_keyboard = keyboard;
        m_mouse = mouse;
        publishLocked();
    }
    m_irq1.redeliver();
    m_irq12.redeliver();
    return {};
}

} // namespace vmm::chipset
