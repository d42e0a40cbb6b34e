// SPDX-License-Identifier: GPL-3.0-or-later
// The guest's text screen for screen readers (AT-SPI Text interface by way of QAccessible).
#pragma once

namespace display::item {

/// Makes DisplayItems readable to screen readers: a Terminal with the lines of the guest's text
/// screen. Call once after the QGuiApplication is made; further calls do nothing. GUI thread.
void installAccessibility();

} // namespace display::item
