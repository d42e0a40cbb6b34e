// SPDX-License-Identifier: GPL-3.0-or-later
// Saved form of the interrupt controllers, the PIT and the paravirtual clock, wherever they are
// emulated. Intel 8259A, 82093AA (IOAPIC) and 8254 datasheets.
#pragma once

#include <array>
#include <cstdint>

#include "vmm/state/state.h"

namespace vmm::cpu {

/// One 8259A.
struct PicState {
    uint8_t lastIrr = 0;
    uint8_t irr = 0;
    uint8_t imr = 0;
    uint8_t isr = 0;
    uint8_t priorityAdd = 0;
    uint8_t irqBase = 0;
    uint8_t readRegisterSelect = 0;
    uint8_t poll = 0;
    uint8_t specialMask = 0;
    uint8_t initState = 0;
    uint8_t autoEoi = 0;
    uint8_t rotateOnAutoEoi = 0;
    uint8_t specialFullyNested = 0;
    uint8_t init4 = 0;
    uint8_t elcr = 0;
    uint8_t elcrMask = 0;

    template <class A>
    void visit(A& a)
    {
        a.field("last-irr", lastIrr).field("irr", irr).field("imr", imr).field("isr", isr);
        a.field("priority-add", priorityAdd).field("irq-base", irqBase);
        a.field("read-register-select", readRegisterSelect).field("poll", poll);
        a.field("special-mask", specialMask)
            .field("init-state", initState)
            .field("auto-eoi", autoEoi);
        a.field("rotate-on-auto-eoi", rotateOnAutoEoi);
        a.field("special-fully-nested", specialFullyNested)
            .field("init4", init4)
            .field("elcr", elcr);
        a.field("elcr-mask", elcrMask);
    }
};

/// The IOAPIC with its 24 redirection entries.
struct IoapicState {
    uint64_t base = 0xfec0'0000;
    uint32_t ioregsel = 0;
    uint32_t id = 0;
    uint32_t irr = 0;
    std::array<uint64_t, 24> redirection{};

    template <class A>
    void visit(A& a)
    {
        a.field("base", base).field("ioregsel", ioregsel).field("id", id).field("irr", irr);
        a.field("redirection", redirection);
    }
};

/// One counter of the 8254.
struct PitChannelState {
    uint32_t count = 0;
    uint16_t latchedCount = 0;
    uint8_t countLatched = 0;
    uint8_t statusLatched = 0;
    uint8_t status = 0;
    uint8_t readState = 0;
    uint8_t writeState = 0;
    uint8_t writeLatch = 0;
    uint8_t readWriteMode = 0;
    uint8_t mode = 0;
    uint8_t bcd = 0;
    uint8_t gate = 0;
    int64_t elapsedNs = 0; ///< since the count was loaded

    template <class A>
    void visit(A& a)
    {
        a.field("count", count)
            .field("latched-count", latchedCount)
            .field("count-latched", countLatched);
        a.field("status-latched", statusLatched)
            .field("status", status)
            .field("read-state", readState);
        a.field("write-state", writeState).field("write-latch", writeLatch);
        a.field("read-write-mode", readWriteMode)
            .field("mode", mode)
            .field("bcd", bcd)
            .field("gate", gate);
        a.field("elapsed-ns", elapsedNs);
    }
};

/// Both PICs, IOAPIC, PIT and the guest's paravirtual clock.
struct IrqchipState {
    static constexpr state::Tag kTag{"irqchip", 1, 1};
    std::array<PicState, 2> pics;
    IoapicState ioapic;
    std::array<PitChannelState, 3> pit;
    bool pitHpetLegacy = false;
    bool speakerData = false;
    uint64_t kvmclockNs = 0;

    template <class A>
    void visit(A& a)
    {
        a.field("pics", pics).field("ioapic", ioapic).field("pit", pit);
        a.field("pit-hpet-legacy", pitHpetLegacy).field("speaker-data", speakerData);
        a.field("kvmclock-ns", kvmclockNs);
    }
};

} // namespace vmm::cpu
