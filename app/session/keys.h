// SPDX-License-Identifier: GPL-3.0-or-later
// Keys by name and text as key strokes, for people who have no keyboard at hand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/input/input.h"

namespace app::session {

/// Most characters of one `type` request.
constexpr size_t kMaxTypedCharacters = 4096;
/// Most keys held at once in a chord.
constexpr size_t kMaxChordKeys = 8;

/// The evdev code (KEY_*) of a key's name: "a", "f10", "ctrl", "page-up"; capital letters do not
/// matter. Nothing when there is no such key.
std::optional<uint16_t> keyNamed(std::string_view name);

/// Every name keyNamed() knows, sorted; for help texts.
std::vector<std::string_view> keyNames();

/// "ctrl-alt-delete" as key events: down in order, up in reverse. `+` separates as well; a key
/// whose own name has a hyphen is written whole ("ctrl-page-up"). The error names the unknown key.
vmm::Result<std::vector<vmm::input::KeyEvent>> chordEvents(std::string_view chord);

/// UTF-8 `text` as key events of a US keyboard; newline is Enter, tab is Tab. The error names the
/// character that keyboard does not have.
vmm::Result<std::vector<vmm::input::KeyEvent>> textEvents(std::string_view text);

/// Whether a US keyboard has all characters of `text`, of whatever length; the error is a sentence
/// with those it does not have.
vmm::Result<void> typable(std::string_view text);

} // namespace app::session
