// SPDX-License-Identifier: GPL-3.0-or-later
// Screenshots as PNG files (PNG 1.2), without Qt, so that headless machines can take them too.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/console/scanout.h"

namespace display::core {

/// Writes `frame` to `path` as an opaque 8-bit RGB PNG: into a file beside it first, synced, then
/// renamed, so that `path` is either the whole picture or what was there before. Blocks on the
/// disk; any thread but the GUI thread. The error is the person's sentence.
vmm::Result<void> writePng(const vmm::console::Frame& frame, const std::string& path);

/// The same picture as bytes. Any thread; takes milliseconds.
vmm::Result<std::vector<std::byte>> encodePng(const vmm::console::Frame& frame);

} // namespace display::core
