// SPDX-License-Identifier: GPL-3.0-or-later
// Farewell of GuestConsole.
#include "display/item/guest_console.h"

namespace display::item {

GuestConsole::~GuestConsole()
{
    emit closing();
}

} // namespace display::item
