// SPDX-License-Identifier: GPL-3.0-or-later
// What this computer can do for a machine, as sentences a person can act on.
#pragma once

#include "vmm/base/result.h"

namespace app::host {

/// Whether machines can run here: `device` exists, may be opened and speaks KVM API 12. The error
/// says what to do about it. Any thread; takes some microseconds.
vmm::Result<void> checkKvm(const char* device = "/dev/kvm");

/// Whether a window can be opened: a Wayland or X11 display, or a Qt platform chosen by hand.
/// Reads the environment only; a display that does not answer shows when the window opens.
vmm::Result<void> checkDisplay();

} // namespace app::host
