// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci_devices/vga_memory.h"

#include <algorithm>

#include "vmm/gpu/shared_bytes.h"
#include "vmm/pci_devices/vga_dispi.h"

namespace vmm::pci_devices {

using namespace vga;

namespace {

constexpr uint32_t kPlaneSize = 0x10000; // of the VGA's 256 KiB

uint8_t rotated(uint8_t value, unsigned count)
{
    count &= 7;
    return static_cast<uint8_t>(value >> count | value << (8 - count));
}

/// The plane address of a chain-4 access: bits 1-0 choose the plane and are replaced by bits 15-14,
/// as the CRTC does in doubleword mode (FreeVGA, "VGA Display Generation").
uint32_t chained4(uint32_t address)
{
    return (address & ~3U) | (address >> 14 & 3);
}

uint8_t spread(unsigned bit)
{
    return (bit & 1) != 0 ? 0xff : 0;
}

} // namespace

uint8_t VgaMemory::load(size_t at) const
{
    return at < m_vram.size() ? static_cast<uint8_t>(gpu::loadShared8(&m_vram[at])) : 0xff;
}

void VgaMemory::store(size_t at, uint8_t value)
{
    if (at >= m_vram.size())
        return;
    gpu::storeShared8(&m_vram[at], value);
    m_dirty.markByte(at);
}

void VgaMemory::clear(size_t bytes)
{
    bytes = std::min(bytes, m_vram.size());
    gpu::clearShared(m_vram.data(), bytes);
    m_dirty.mark(0, bytes);
}

void VgaMemory::takeDirty(gpu::DirtyPages& pages)
{
    pages.merge(m_dirty.bits());
    m_dirty.clear();
}

/// Graphics register 6 bits 3-2: which part of the 128 KiB the VGA answers.
std::optional<uint32_t> VgaMemory::windowAddress(const VgaState& state, uint32_t offset)
{
    if (dispiEnabled(state) && !dispiPlanar(state))
        return offset < kDispiBankSize ? std::optional(offset) : std::nullopt;
    if ((state.miscOutput & kMiscRamEnable) == 0)
        return std::nullopt;
    struct Map {
        uint32_t base;
        uint32_t size;
    };
    constexpr std::array<Map, 4> kMaps = {
        {{0, 0x20000}, {0, 0x10000}, {0x10000, 0x8000}, {0x18000, 0x8000}}};
    const Map map = kMaps[state.gr[kGrMisc] >> 2 & 3];
    if (offset < map.base || offset - map.base >= map.size)
        return std::nullopt;
    return offset - map.base;
}

size_t VgaMemory::planeByte(const VgaState& state, uint32_t address)
{
    const size_t bank =
        dispiEnabled(state) ? size_t{state.dispi[kDispiBank]} * kDispiBankSize : size_t{0};
    return (bank + address % kPlaneSize) * 4;
}

VgaMemory::Target VgaMemory::readTarget(const VgaState& state, uint32_t address)
{
    uint8_t plane = state.gr[kGrReadMap] & 3;
    if ((state.sr[kSrMemoryMode] & kMemoryChain4) != 0) {
        plane = address & 3;
        address = chained4(address);
    } else if ((state.gr[kGrMode] & kGrModeOddEven) != 0) {
        plane = static_cast<uint8_t>((plane & 2) | (address & 1));
        if ((state.gr[kGrMisc] & kGrMiscChain) != 0)
            address &= ~1U;
    }
    return {planeByte(state, address), plane, 0x0f};
}

VgaMemory::Target VgaMemory::writeTarget(const VgaState& state, uint32_t address)
{
    // DEVIATION: with odd/even chaining, address bit 0 becomes 0 and not the page bit of
    // miscellaneous output: BIOS modes keep that bit so, and nothing else uses it.
    uint8_t planes = 0x0f;
    if ((state.sr[kSrMemoryMode] & kMemoryChain4) != 0) {
        planes = static_cast<uint8_t>(1U << (address & 3));
        address = chained4(address);
    } else if ((state.sr[kSrMemoryMode] & kMemoryOddEvenOff) == 0) {
        planes = (address & 1) != 0 ? 0x0a : 0x05;
        if ((state.gr[kGrMisc] & kGrMiscChain) != 0)
            address &= ~1U;
    }
    return {planeByte(state, address), 0, planes};
}

uint8_t VgaMemory::read(VgaState& state, uint32_t offset)
{
    const auto address = windowAddress(state, offset);
    if (!address)
        return 0xff;
    if (dispiEnabled(state) && !dispiPlanar(state))
        return load(size_t{state.dispi[kDispiBank]} * kDispiBankSize + *address);
    const Target target = readTarget(state, *address);
    for (unsigned plane = 0; plane < 4; ++plane)
        state.latch[plane] = load(target.base + plane);
    if ((state.gr[kGrMode] & kGrModeReadCompare) == 0)
        return state.latch[target.readPlane];
    unsigned equal = 0xff; // read mode 1: a bit for each dot of the compared colour
    for (unsigned plane = 0; plane < 4; ++plane)
        if ((state.gr[kGrColourDontCare] >> plane & 1) != 0)
            equal &= ~(state.latch[plane] ^ unsigned{spread(state.gr[kGrColourCompare] >> plane)});
    return static_cast<uint8_t>(equal);
}

/// What a plane gets for `value`: graphics register 5 bits 1-0 choose the write mode.
uint8_t VgaMemory::composed(const VgaState& state, unsigned plane, uint8_t value)
{
    const uint8_t latch = state.latch[plane];
    const unsigned mode = state.gr[kGrMode] & 3;
    const uint8_t turned = rotated(value, state.gr[kGrDataRotate]);
    const uint8_t setReset = spread(static_cast<unsigned>(state.gr[kGrSetReset] >> plane));
    unsigned mask = state.gr[kGrBitMask];
    unsigned data = 0;
    if (mode == 1)
        return latch;
    if (mode == 0) {
        data = (state.gr[kGrEnableSetReset] >> plane & 1) != 0 ? setReset : turned;
    } else if (mode == 2) {
        data = spread(static_cast<unsigned>(value >> plane));
    } else {
        data = setReset;
        mask &= turned;
    }
    switch (state.gr[kGrDataRotate] >> 3 & 3) {
    case 1:
        data &= latch;
        break;
    case 2:
        data |= latch;
        break;
    case 3:
        data ^= latch;
        break;
    default:
        break;
    }
    return static_cast<uint8_t>((data & mask) | (latch & ~mask));
}

void VgaMemory::write(const VgaState& state, uint32_t offset, uint8_t value)
{
    const auto address = windowAddress(state, offset);
    if (!address)
        return;
    if (dispiEnabled(state) && !dispiPlanar(state))
        return store(size_t{state.dispi[kDispiBank]} * kDispiBankSize + *address, value);
    const Target target = writeTarget(state, *address);
    const unsigned planes = target.planes & state.sr[kSrMapMask];
    for (unsigned plane = 0; plane < 4; ++plane)
        if ((planes >> plane & 1) != 0)
            store(target.base + plane, composed(state, plane, value));
}

} // namespace vmm::pci_devices
