// SPDX-License-Identifier: GPL-3.0-or-later
// The machine's keyboard and mouse under display's name, for rooms above that never include vmm.
#pragma once

#include "vmm/input/input.h"

namespace display::core {

using KeyboardSink = vmm::input::KeyboardSink;
using PointerSink = vmm::input::PointerSink;
using KeyEvent = vmm::input::KeyEvent;
using PointerButton = vmm::input::PointerButton;

} // namespace display::core
