// SPDX-License-Identifier: GPL-3.0-or-later
// Scan codes of a 105/106-key keyboard with media keys (IBM PS/2 Technical Reference, Keyboards;
// Microsoft "Keyboard Scan Code Specification" 1.3a).
#pragma once

#include <array>
#include <cstdint>

namespace vmm::chipset {

enum class ScanPrefix : uint8_t { None, E0 };
enum class ScanBreak : uint8_t { MakeAndBreak, MakeOnly };

/// What one key sends. Set 1 follows from set 2 by kSet2ToSet1, as in the keyboard controller.
/// Codes are 0 where the key does not exist in a set. Pause and PrintScreen send more than this
/// says.
struct KeyCodes {
    uint8_t set2 = 0;
    ScanPrefix prefix = ScanPrefix::None; ///< in sets 1 and 2
    uint8_t set3 = 0;
    ScanBreak breaks = ScanBreak::MakeAndBreak;
};

/// The codes of evdev key `code` (KEY_*); all zero for a key this keyboard does not have.
KeyCodes keyCodes(uint16_t code);

/// What the keyboard controller makes of a scan code byte of set 2 (IBM PS/2 Technical Reference,
/// "Keyboard controller": scan code translation). 0xf0 is not translated but makes the next a
/// break.
uint8_t translateToSet1(uint8_t set2);

} // namespace vmm::chipset
