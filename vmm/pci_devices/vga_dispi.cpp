// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci_devices/vga_dispi.h"

#include <algorithm>

#include "vmm/console/scanout.h"

namespace vmm::pci_devices {

using namespace vga;

namespace {

constexpr uint16_t kMaxSide = console::Frame::kMaxSide;
constexpr uint16_t kMaxBpp = 32;

bool knownBpp(uint16_t bpp)
{
    return bpp == 4 || bpp == 8 || bpp == 15 || bpp == 16 || bpp == 24 || bpp == 32;
}

uint16_t bankMask(const VgaState& state, size_t vramSize)
{
    // A bank is 64 KiB of each plane in planar modes.
    const size_t unit = dispiPlanar(state) ? size_t{kDispiBankSize} * 4 : kDispiBankSize;
    return static_cast<uint16_t>(std::max<size_t>(vramSize / unit, 1) - 1);
}

DispiEffect enable(VgaState& state, uint16_t value, size_t vramSize)
{
    const bool was = dispiEnabled(state);
    state.dispi[kDispiEnable] = value & kDispiEnableBits;
    if (!dispiEnabled(state)) {
        state.dispi[kDispiBank] = 0;
        return {};
    }
    if (was)
        return {};
    state.dispi[kDispiVirtWidth] = 0; // fitDispi() makes it XRES
    state.dispi[kDispiXOffset] = 0;
    state.dispi[kDispiYOffset] = 0;
    fitDispi(state, vramSize);
    if ((value & kDispiNoClear) != 0)
        return {};
    return {size_t{dispiRowBytes(state)} * state.dispi[kDispiYres]};
}

} // namespace

void resetDispi(VgaState& state)
{
    state.dispiIndex = 0;
    state.dispi = {};
    state.dispi[kDispiId] = kDispiIdLast;
    state.dispi[kDispiBpp] = 8;
}

uint32_t dispiRowBytes(const VgaState& state)
{
    const uint32_t width = state.dispi[kDispiVirtWidth];
    const uint32_t bpp = state.dispi[kDispiBpp];
    return bpp == 4 ? width / 2 : width * ((bpp + 7) / 8);
}

void fitDispi(VgaState& state, size_t vramSize)
{
    auto& dispi = state.dispi;
    if (!knownBpp(dispi[kDispiBpp]))
        dispi[kDispiBpp] = 8;
    const bool planar = dispiPlanar(state);
    const uint16_t step = planar ? 8 : 1; // planar rows are whole bytes of each plane
    const auto whole = [step](uint16_t width) {
        return static_cast<uint16_t>(width - width % step);
    };
    dispi[kDispiXres] = whole(std::clamp(dispi[kDispiXres], step, kMaxSide));
    dispi[kDispiVirtWidth] = whole(std::max(dispi[kDispiVirtWidth], dispi[kDispiXres]));
    const size_t rows = std::clamp<size_t>(vramSize / dispiRowBytes(state), 1, 0xffff);
    const auto yres = std::clamp<size_t>(dispi[kDispiYres], 1, std::min<size_t>(rows, kMaxSide));
    dispi[kDispiYres] = static_cast<uint16_t>(yres);
    dispi[kDispiVirtHeight] = static_cast<uint16_t>(rows);
    dispi[kDispiXOffset] = std::min(
        dispi[kDispiXOffset], static_cast<uint16_t>(dispi[kDispiVirtWidth] - dispi[kDispiXres]));
    dispi[kDispiYOffset] =
        std::min(dispi[kDispiYOffset], static_cast<uint16_t>(rows - dispi[kDispiYres]));
    dispi[kDispiBank] &= bankMask(state, vramSize);
}

uint16_t readDispi(const VgaState& state, uint16_t index, size_t vramSize)
{
    if (index == kDispiVideoMemory64K)
        return static_cast<uint16_t>(std::min<size_t>(vramSize / kDispiBankSize, 0xffff));
    if (index >= kDispiCount)
        return 0;
    if ((state.dispi[kDispiEnable] & kDispiGetCaps) != 0) {
        if (index == kDispiXres || index == kDispiYres)
            return kMaxSide;
        if (index == kDispiBpp)
            return kMaxBpp;
    }
    return state.dispi[index];
}

DispiEffect writeDispi(VgaState& state, uint16_t index, uint16_t value, size_t vramSize)
{
    switch (index) {
    case kDispiId:
        // The guest asks for an older interface; it reads back what it got.
        if (value >= kDispiIdFirst && value <= kDispiIdLast)
            state.dispi[kDispiId] = value;
        break;
    case kDispiEnable:
        return enable(state, value, vramSize);
    case kDispiBpp:
        value = value == 0 ? 8 : value;
        if (!knownBpp(value))
            break;
        [[fallthrough]];
    case kDispiXres:
    case kDispiYres:
    case kDispiBank:
    case kDispiVirtWidth:
    case kDispiXOffset:
    case kDispiYOffset:
        state.dispi[index] = value;
        state.dispi[kDispiBank] &= bankMask(state, vramSize);
        if (dispiEnabled(state))
            fitDispi(state, vramSize);
        break;
    default: // VIRT_HEIGHT follows from the width, VIDEO_MEMORY_64K is fixed
        break;
    }
    return {};
}

} // namespace vmm::pci_devices
