// SPDX-License-Identifier: GPL-3.0-or-later
// Every register of the VGA, as the guest can observe them. FreeVGA; Bochs VBE.
#pragma once

#include <array>
#include <cstdint>

#include "vmm/pci_devices/vga_regs.h"

namespace vmm::pci_devices {

/// The register file. Part of the state of whatever contains a VGA; video memory is saved apart.
/// Left out: the phase of blinking and of the retrace, which follow from the clock.
struct VgaState {
    uint8_t miscOutput = 0;
    uint8_t featureControl = 0;
    uint8_t vgaEnable = 1;
    uint8_t sequencerIndex = 0;
    std::array<uint8_t, 5> sr{};
    uint8_t crtcIndex = 0;
    std::array<uint8_t, 0x19> cr{};
    uint8_t graphicsIndex = 0;
    std::array<uint8_t, 9> gr{};
    uint8_t attributeIndex = 0;     ///< with the palette address source bit
    bool attributeDataNext = false; ///< the flip-flop
    std::array<uint8_t, 0x15> ar{};
    uint8_t dacMask = 0xff;
    uint8_t dacReadIndex = 0;
    uint8_t dacWriteIndex = 0;
    uint8_t dacComponent = 0; ///< 0 red, 1 green, 2 blue
    bool dacReading = false;
    std::array<uint8_t, 3> dacCache{};
    std::array<uint8_t, 768> palette{};
    std::array<uint8_t, 4> latch{};
    uint16_t dispiIndex = 0;
    std::array<uint16_t, vga::kDispiCount> dispi{}; ///< by index; VIDEO_MEMORY_64K not used

    template <class A>
    void visit(A& a)
    {
        a.field("miscOutput", miscOutput).field("featureControl", featureControl);
        a.field("vgaEnable", vgaEnable);
        a.field("sequencerIndex", sequencerIndex).field("sr", sr);
        a.field("crtcIndex", crtcIndex).field("cr", cr);
        a.field("graphicsIndex", graphicsIndex).field("gr", gr);
        a.field("attributeIndex", attributeIndex).field("attributeDataNext", attributeDataNext);
        a.field("ar", ar).field("dacMask", dacMask).field("dacReadIndex", dacReadIndex);
        a.field("dacWriteIndex", dacWriteIndex).field("dacComponent", dacComponent);
        a.field("dacReading", dacReading).field("dacCache", dacCache).field("palette", palette);
        a.field("latch", latch).field("dispiIndex", dispiIndex);
        a.field("dispiId", dispi[vga::kDispiId]).field("dispiXres", dispi[vga::kDispiXres]);
        a.field("dispiYres", dispi[vga::kDispiYres]).field("dispiBpp", dispi[vga::kDispiBpp]);
        a.field("dispiEnable", dispi[vga::kDispiEnable]);
        a.field("dispiBank", dispi[vga::kDispiBank]);
        a.field("dispiVirtWidth", dispi[vga::kDispiVirtWidth]);
        a.field("dispiVirtHeight", dispi[vga::kDispiVirtHeight]);
        a.field("dispiXOffset", dispi[vga::kDispiXOffset]);
        a.field("dispiYOffset", dispi[vga::kDispiYOffset]);
    }
};

} // namespace vmm::pci_devices
