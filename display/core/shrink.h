// SPDX-License-Identifier: GPL-3.0-or-later
// Small pictures of a screen: thumbnails.
#pragma once

#include "vmm/console/scanout.h"

namespace display::core {

/// `frame` at most `width` pixels wide, in its own proportions; each pixel is the mean of those it
/// stands for. A frame that is not wider, or not whole, is returned as it is. Any thread.
vmm::console::Frame shrunk(const vmm::console::Frame& frame, int width);

} // namespace display::core
