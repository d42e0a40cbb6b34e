// SPDX-License-Identifier: GPL-3.0-or-later
// PS/2 keyboard, scan code sets 1, 2 and 3 (IBM PS/2 Technical Reference, Keyboards 101/102).
#include "vmm/chipset/ps2_keyboard.h"

#include <bit>
#include <numeric>
#include <utility>

#include <linux/input-event-codes.h>

namespace vmm::chipset {

namespace {

constexpr uint8_t kAck = 0xfa;
constexpr uint8_t kResend = 0xfe;
constexpr uint8_t kSelfTestPassed = 0xaa;
constexpr uint8_t kDefaultTypematic = 0x2b; // 10.9 characters a second after 500 ms

enum Command : uint8_t {
    SetLeds = 0xed,
    Echo = 0xee,
    ScanCodeSet = 0xf0,
    ReadId = 0xf2,
    SetTypematic = 0xf3,
    Enable = 0xf4,
    DefaultDisable = 0xf5,
    SetDefault = 0xf6,
    AllTypematic = 0xf7,
    AllMakeBreak = 0xf8,
    AllMake = 0xf9,
    AllTypematicMakeBreak = 0xfa,
    KeyTypematic = 0xfb,
    KeyMakeBreak = 0xfc,
    KeyMake = 0xfd,
    Resend = 0xfe,
    Reset = 0xff,
};

enum Modifier : uint8_t { Ctrl = 0x03, Shift = 0x0c, Alt = 0x30, AllModifiers = 0x3f };

enum PrintScreenForm : uint8_t { None = 0, WithShift = 1, Short = 2, SysRq = 3 };

constexpr uint16_t kKeys = 256;

bool get(const std::array<uint8_t, 32>& bits, unsigned at)
{
    return (bits[at / 8 % 32] >> at % 8 & 1) != 0;
}

void put(std::array<uint8_t, 32>& bits, unsigned at, bool value)
{
    const auto mask = static_cast<uint8_t>(1U << at % 8);
    bits[at / 8 % 32] = static_cast<uint8_t>((bits[at / 8 % 32] & ~mask) | (value ? mask : 0));
}

uint8_t modifierBit(uint16_t code)
{
    switch (code) {
    case KEY_LEFTCTRL:
        return 0x01;
    case KEY_RIGHTCTRL:
        return 0x02;
    case KEY_LEFTSHIFT:
        return 0x04;
    case KEY_RIGHTSHIFT:
        return 0x08;
    case KEY_LEFTALT:
        return 0x10;
    case KEY_RIGHTALT:
        return 0x20;
    default:
        return 0;
    }
}

} // namespace

void Ps2Keyboard::Sequence::add(std::initializer_list<uint8_t> more)
{
    for (const uint8_t byte : more)
        if (size < bytes.size())
            bytes[size++] = byte;
}

void Ps2Keyboard::key(input::KeyEvent event)
{
    if (event.code >= kKeys)
        return;
    trackModifiers(event);
    if (!m_state.scanning)
        return put(m_state.down, event.code, event.down);
    sendOwed(); // in order: what was held back comes first
    const bool told = get(m_state.down, event.code);
    if (!event.down && !told)
        return; // of a press that found no room
    const Sequence sequence = sequenceFor(event);
    const bool sent =
        (!event.down || hasRoomFor(event.code, sequence)) && m_queue.push(sequence.span());
    put(m_state.owed, event.code, !event.down && !sent);
    put(m_state.down, event.code, event.down && (sent || told));
}

/// Whether a press and all releases to come fit, beside a byte in the controller's output buffer. A
/// host that looks away for long finds 16 bytes at most: Linux gives a controller up that has more
/// (i8042_flush), and its keyboard is dead. One that reads empties the queue between presses.
bool Ps2Keyboard::hasRoomFor(uint16_t code, const Sequence& press) const
{
    constexpr size_t kRelease = 3;
    const auto held = std::accumulate(
        m_state.down.begin(), m_state.down.end(), size_t{get(m_state.down, code) ? 0U : 1U},
        [](size_t sum, uint8_t byte) { return sum + static_cast<size_t>(std::popcount(byte)); });
    return m_queue.dataEmpty() || press.size + held * kRelease < m_queue.dataSpace();
}

void Ps2Keyboard::trackModifiers(input::KeyEvent event)
{
    const uint8_t modifier = modifierBit(event.code);
    m_state.modifiers =
        static_cast<uint8_t>((m_state.modifiers & ~modifier) | (event.down ? modifier : 0));
}

Ps2Keyboard::Sequence Ps2Keyboard::sequenceFor(input::KeyEvent event)
{
    Sequence sequence;
    const KeyCodes codes = keyCodes(event.code);
    if (m_state.scanSet == 3)
        addSet3(sequence, codes.set3, event);
    else if (event.code == KEY_PAUSE)
        addPause(sequence, event.down);
    else if (event.code == KEY_SYSRQ)
        addPrintScreen(sequence, event.down);
    else if (codes.set2 != 0 && codes.breaks == ScanBreak::MakeOnly && event.down)
        sequence.add({codes.set2}); // the Korean keys: the same byte in both sets
    else if (codes.set2 != 0 && codes.breaks == ScanBreak::MakeAndBreak)
        addCode(sequence, codes.set2, codes.prefix, event.down);
    return sequence;
}

void Ps2Keyboard::addCode(Sequence& sequence, uint8_t set2, ScanPrefix prefix, bool down) const
{
    if (prefix == ScanPrefix::E0)
        sequence.add({0xe0});
    if (m_state.scanSet == 1)
        sequence.add({static_cast<uint8_t>(translateToSet1(set2) | (down ? 0 : 0x80))});
    else if (down)
        sequence.add({set2});
    else
        sequence.add({0xf0, set2});
}

/// PrintScreen sends a Shift around its code unless a modifier is held, and with Alt it is SysRq,
/// code 0x84 (IBM: keys 124 and 126). The release repeats the form of the press.
void Ps2Keyboard::addPrintScreen(Sequence& sequence, bool down)
{
    uint8_t form = m_state.printScreen;
    if (down && (form == None || !get(m_state.down, KEY_SYSRQ))) {
        form = (m_state.modifiers & Alt) != 0              ? SysRq
               : (m_state.modifiers & (Ctrl | Shift)) != 0 ? Short
                                                           : WithShift;
    }
    if (form == None)
        form = WithShift; // a release held back, or of a press the host did not want to see
    m_state.printScreen = down ? form : static_cast<uint8_t>(None);
    const bool repeat = down && get(m_state.down, KEY_SYSRQ);
    if (form == SysRq)
        return addCode(sequence, 0x84, ScanPrefix::None, down);
    if (form == WithShift && down && !repeat)
        addCode(sequence, 0x12, ScanPrefix::E0, true);
    addCode(sequence, 0x7c, ScanPrefix::E0, down);
    if (form == WithShift && !down)
        addCode(sequence, 0x12, ScanPrefix::E0, false);
}

/// Pause sends make and break together on the press, nothing on release; with Ctrl it is Break.
void Ps2Keyboard::addPause(Sequence& sequence, bool down) const
{
    if (!down || get(m_state.down, KEY_PAUSE))
        return;
    if ((m_state.modifiers & Ctrl) != 0) {
        addCode(sequence, 0x7e, ScanPrefix::E0, true);
        addCode(sequence, 0x7e, ScanPrefix::E0, false);
    } else if (m_state.scanSet == 1) {
        sequence.add({0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5});
    } else {
        sequence.add({0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77});
    }
}

void Ps2Keyboard::addSet3(Sequence& sequence, uint8_t set3, input::KeyEvent event) const
{
    if (set3 == 0)
        return;
    const bool repeat = event.down && get(m_state.down, event.code);
    if (event.down && !(repeat && get(m_state.noRepeat, set3)))
        sequence.add({set3});
    else if (!event.down && !get(m_state.makeOnly, set3))
        sequence.add({0xf0, set3});
}

/// Sends the releases that found the queue full. At most kKeys of them.
void Ps2Keyboard::sendOwed()
{
    for (uint16_t code = 0; code < kKeys; ++code) {
        if (code % 8 == 0 && m_state.owed[code / 8] == 0)
            code = static_cast<uint16_t>(code + 7); // nothing in this byte
        else if (get(m_state.owed, code)) {
            if (!m_queue.push(sequenceFor({code, false}).span()))
                return;
            put(m_state.owed, code, false);
        }
    }
}

std::optional<uint8_t> Ps2Keyboard::pop()
{
    const auto byte = m_queue.pop();
    if (m_queue.dataEmpty())
        sendOwed();
    return byte;
}

void Ps2Keyboard::write(uint8_t value)
{
    m_queue.beginReply();
    // A command where a parameter is due starts over (IBM: "Set/Reset Status Indicators").
    const uint8_t waiting = std::exchange(m_state.command, uint8_t{0});
    if (waiting != 0 && value < SetLeds)
        writeParameter(waiting, value);
    else
        writeCommand(value);
}

void Ps2Keyboard::writeCommand(uint8_t value)
{
    switch (value) {
    case SetLeds:
    case ScanCodeSet:
    case SetTypematic:
    case KeyTypematic:
    case KeyMakeBreak:
    case KeyMake:
        m_state.command = value;
        return m_queue.reply(kAck);
    case Echo:
        return m_queue.reply(Echo);
    case Resend:
        return m_queue.reply(m_queue.last());
    case ReadId:
        m_queue.reply(kAck);
        m_queue.reply(0xab);
        return m_queue.reply(0x83);
    case Enable:
    case DefaultDisable:
    case SetDefault:
        if (value != Enable)
            setDefaults();
        m_queue.clearData();
        m_state.scanning = value == Enable || (value == SetDefault && m_state.scanning);
        return m_queue.reply(kAck);
    case AllTypematic:
    case AllMakeBreak:
    case AllMake:
    case AllTypematicMakeBreak:
        setAllKeyTypes(value);
        return m_queue.reply(kAck);
    case Reset:
        reset();
        m_queue.reply(kAck);
        return m_queue.reply(kSelfTestPassed);
    default:
        return m_queue.reply(kResend);
    }
}

void Ps2Keyboard::writeParameter(uint8_t command, uint8_t value)
{
    switch (command) {
    case SetLeds:
        m_state.leds = value & 0x07;
        break;
    case SetTypematic:
        m_state.typematic = value;
        break;
    case ScanCodeSet:
        if (value > 3)
            return m_queue.reply(kResend);
        m_queue.reply(kAck);
        if (value == 0)
            return m_queue.reply(m_state.scanSet);
        m_state.scanSet = value;
        return m_queue.clearData(); // old codes would be read in the new set
    default:
        m_state.command = command; // more keys may follow, until the next command
        writeKeyType(command, value);
        break;
    }
    m_queue.reply(kAck);
}

void Ps2Keyboard::writeKeyType(uint8_t command, uint8_t set3Code)
{
    put(m_state.makeOnly, set3Code, command != KeyMakeBreak);
    put(m_state.noRepeat, set3Code, command != KeyTypematic);
}

void Ps2Keyboard::setAllKeyTypes(uint8_t command)
{
    const bool breaks = command == AllMakeBreak || command == AllTypematicMakeBreak;
    const bool repeats = command == AllTypematic || command == AllTypematicMakeBreak;
    m_state.makeOnly.fill(breaks ? 0 : 0xff);
    m_state.noRepeat.fill(repeats ? 0 : 0xff);
}

/// DEVIATION: keys of set 3 start as typematic make/break; the original had a type for each key,
/// and whoever uses set 3 sets the types first.
void Ps2Keyboard::setDefaults()
{
    m_state.command = 0;
    m_state.scanSet = 2;
    m_state.typematic = kDefaultTypematic;
    setAllKeyTypes(AllTypematicMakeBreak);
    m_state.owed.fill(0);
}

void Ps2Keyboard::reset()
{
    setDefaults();
    m_state.leds = 0;
    m_state.scanning = true;
    m_state.printScreen = None;
    m_queue.beginReply();
    m_queue.clearData();
}

Ps2KeyboardState Ps2Keyboard::save() const
{
    Ps2KeyboardState state = m_state;
    state.queue = m_queue.save();
    return state;
}

Result<void> Ps2Keyboard::load(const Ps2KeyboardState& state)
{
    const bool waits = state.command == SetLeds || state.command == ScanCodeSet ||
                       state.command == SetTypematic || state.command == KeyTypematic ||
                       state.command == KeyMakeBreak || state.command == KeyMake;
    if ((state.command != 0 && !waits) || state.scanSet < 1 || state.scanSet > 3 ||
        state.leds > 7 || (state.modifiers & ~AllModifiers) != 0 || state.printScreen > SysRq)
        return Error(ErrorCode::Invalid, "keyboard: a register is out of range");
    TRY(m_queue.load(state.queue));
    m_state = state;
    m_state.queue = {};
    return {};
}

} // namespace vmm::chipset
