// SPDX-License-Identifier: GPL-3.0-or-later
// From Qt's key names to places on the keyboard, for platforms that give no scan code.
#pragma once

#include <cstdint>

#include <Qt>

namespace display::input {

/// The evdev code (linux/input-event-codes.h) of the place where `key` is on a US keyboard, also
/// for what Shift makes of it ('!' is the place of '1'); 0 when there is none. `modifiers` tells
/// the keypad's keys from the others.
uint16_t evdevCodeOf(Qt::Key key, Qt::KeyboardModifiers modifiers);

} // namespace display::input
