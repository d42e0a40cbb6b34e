// SPDX-License-Identifier: GPL-3.0-or-later
// Input as the guest's devices take it. Keys are Linux evdev codes (linux/input-event-codes.h
// KEY_*): a place on the keyboard, not a letter.
#pragma once

#include <cstdint>

namespace vmm::input {

/// A key going down or up; a repeat is another `down`.
struct KeyEvent {
    uint16_t code = 0;
    bool down = false;
};

enum class PointerButton : uint8_t { Left, Right, Middle, Side, Extra };

/// A keyboard. Any thread; never blocks; drops what the guest does not fetch in time.
class KeyboardSink {
public:
    virtual ~KeyboardSink() = default;
    virtual void key(KeyEvent event) = 0;
    /// Lock lights as the guest set them: bit 0 scroll, 1 num, 2 caps.
    virtual uint8_t leds() const = 0;
};

/// A relative mouse. Any thread; never blocks; motion the guest does not fetch in time is summed
/// up.
class PointerSink {
public:
    virtual ~PointerSink() = default;
    /// Right and down are positive, in device counts.
    virtual void move(int dx, int dy) = 0;
    virtual void button(PointerButton button, bool down) = 0;
    /// Detents; away from the user is positive.
    virtual void wheel(int detents) = 0;
};

} // namespace vmm::input
