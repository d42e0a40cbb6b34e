// SPDX-License-Identifier: GPL-3.0-or-later
// Who hears that the HPET takes over the interrupts of the PIT and the RTC (HPET 1.0a 2.3.5).
#pragma once

namespace vmm::chipset {

/// Told when the guest switches HPET legacy replacement. While it is on, the PIT must not drive
/// IRQ 0 and the RTC must not drive IRQ 8: the HPET's timers 0 and 1 do. Called on vCPU threads and
/// on load and reset, without locks held; calls for one HPET come one after the other.
class LegacyReplacementListener {
public:
    virtual ~LegacyReplacementListener() = default;
    virtual void legacyReplacement(bool on) = 0;
};

} // namespace vmm::chipset
