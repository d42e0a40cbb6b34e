// SPDX-License-Identifier: GPL-3.0-or-later
// The characters of a VGA text screen, as Unicode.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "vmm/console/scanout.h"
#include "vmm/gpu/vga_picture.h"

namespace vmm::gpu {

/// The character that IBM code page 437 shows for `code`, its symbols for control codes included.
char32_t cp437ToUnicode(uint8_t code);

/// The cells of `picture` when it is text; nothing otherwise. `vram` may change meanwhile.
std::optional<console::TextScreen> vgaTextScreen(const VgaPicture& picture,
                                                 std::span<const std::byte> vram);

} // namespace vmm::gpu
