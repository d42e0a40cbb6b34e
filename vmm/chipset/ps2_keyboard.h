// SPDX-License-Identifier: GPL-3.0-or-later
// PS/2 keyboard, scan code sets 1, 2 and 3 (IBM PS/2 Technical Reference, Keyboards 101/102).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

#include "vmm/base/result.h"
#include "vmm/chipset/keymap.h"
#include "vmm/chipset/ps2_queue.h"
#include "vmm/input/input.h"

namespace vmm::chipset {

/// What the keyboard remembers. Saved inside the state of the keyboard controller.
struct Ps2KeyboardState {
    Ps2QueueState queue;
    uint8_t command = 0; ///< command that waits for its parameter, 0 none
    uint8_t scanSet = 2;
    uint8_t leds = 0;      ///< bit 0 scroll, 1 num, 2 caps
    uint8_t typematic = 0; ///< rate and delay as written
    bool scanning = true;
    uint8_t modifiers = 0; ///< Ctrl, Shift, Alt held: what PrintScreen and Pause send depends on it
    uint8_t printScreen = 0;            ///< how the PrintScreen that is down was sent
    std::array<uint8_t, 32> makeOnly{}; ///< set 3: bit per scan code
    std::array<uint8_t, 32> noRepeat{}; ///< set 3: bit per scan code
    std::array<uint8_t, 32> down{};     ///< bit per evdev code: a press that was sent
    std::array<uint8_t, 32> owed{};     ///< bit per evdev code: a release that found no room

    template <class A>
    void visit(A& a)
    {
        a.field("queue", queue).field("command", command).field("scan-set", scanSet);
        a.field("leds", leds).field("typematic", typematic).field("scanning", scanning);
        a.field("modifiers", modifiers).field("print-screen", printScreen);
        a.field("make-only", makeOnly).field("no-repeat", noRepeat);
        a.field("down", down).field("owed", owed);
    }
};

/// The keyboard at the end of its cable. Not thread-safe: guarded by the keyboard controller's
/// lock, which is also its owner. Typematic repeat is the caller's: a repeat is another key-down.
class Ps2Keyboard {
public:
    /// As after power-on, with the self-test done and nothing to say.
    Ps2Keyboard() { reset(); }
    /// A key moved. A press that leaves no room for the releases to come is dropped whole; the
    /// release of a key that was told of is sent as soon as there is room, so that no key hangs.
    /// DEVIATION: no overrun code.
    void key(input::KeyEvent event);
    /// The host sent a byte.
    void write(uint8_t value);
    /// The next byte for the host.
    std::optional<uint8_t> pop();
    /// The byte after a 0xf0 that pop() gave.
    std::optional<uint8_t> popAfterBreak() { return m_queue.popData(); }
    uint8_t leds() const { return m_state.leds; }
    void reset();

    Ps2KeyboardState save() const;
    Result<void> load(const Ps2KeyboardState& state);

private:
    /// The bytes of one key movement; Pause, the longest, sends 8.
    struct Sequence {
        std::array<uint8_t, 8> bytes{};
        size_t size = 0;
        void add(std::initializer_list<uint8_t> more);
        std::span<const uint8_t> span() const { return std::span(bytes).first(size); }
    };

    void writeCommand(uint8_t value);
    void writeParameter(uint8_t command, uint8_t value);
    void writeKeyType(uint8_t command, uint8_t set3Code);
    void setAllKeyTypes(uint8_t command);
    void setDefaults();
    Sequence sequenceFor(input::KeyEvent event);
    bool hasRoomFor(uint16_t code, const Sequence& press) const;
    void addCode(Sequence& sequence, uint8_t set2, ScanPrefix prefix, bool down) const;
    void addPrintScreen(Sequence& sequence, bool down);
    void addPause(Sequence& sequence, bool down) const;
    void addSet3(Sequence& sequence, uint8_t set3, input::KeyEvent event) const;
    void trackModifiers(input::KeyEvent event);
    void sendOwed();

    Ps2Queue m_queue;
    Ps2KeyboardState m_state; // its queue member is filled by save() only
};

} // namespace vmm::chipset
