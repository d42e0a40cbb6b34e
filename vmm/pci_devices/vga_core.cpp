// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci_devices/vga_core.h"

#include <algorithm>

#include "vmm/pci_devices/vga_dispi.h"
#include "vmm/pci_devices/vga_mode.h"

namespace vmm::pci_devices {

using namespace vga;

namespace {

// Bits that exist in each register.
constexpr std::array<uint8_t, 5> kSrMask = {0x03, 0x3d, 0x0f, 0x3f, 0x0e};
constexpr std::array<uint8_t, 9> kGrMask = {0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff};
constexpr uint8_t kArPaletteMask = 0x3f;
constexpr std::array<uint8_t, 5> kArMask = {0xef, 0xff, 0x3f, 0x0f, 0x0f}; // from 0x10
constexpr uint8_t kMiscMask = 0xef;
constexpr size_t kFirstUnprotected = 8; // CR11 bit 7 protects CR0-CR7

template <size_t N>
void applyMasks(std::array<uint8_t, N>& registers, const std::array<uint8_t, N>& masks)
{
    for (size_t i = 0; i < N; ++i)
        registers[i] &= masks[i];
}

uint8_t attributeMask(size_t index)
{
    return index < 0x10 ? kArPaletteMask : kArMask[index - 0x10];
}

} // namespace

VgaCore::VgaCore(std::span<std::byte> vram, const Clock& clock)
    : m_vram(vram), m_clock(clock), m_state(powerOn()), m_memory(vram)
{}

VgaState VgaCore::powerOn()
{
    VgaState state;
    state.miscOutput = kMiscColour; // firmware looks for the CRTC at 3d4 first
    state.gr[kGrBitMask] = 0xff;
    resetDispi(state);
    return state;
}

void VgaCore::reset()
{
    MutexLock lock(m_mutex);
    m_state = powerOn();
}

/// The CRTC and input status 1 answer at 3bx or at 3dx, as miscellaneous output bit 0 says.
bool VgaCore::decodesLocked(uint16_t port) const
{
    const bool mono = port < kColourBase;
    const bool colour = port >= 0x3d0;
    if (!mono && !colour)
        return true;
    return colour == ((m_state.miscOutput & kMiscColour) != 0);
}

uint8_t VgaCore::readRegister(uint16_t port)
{
    MutexLock lock(m_mutex);
    return decodesLocked(port) ? readLocked(port) : 0xff;
}

void VgaCore::writeRegister(uint16_t port, uint8_t value)
{
    MutexLock lock(m_mutex);
    if (decodesLocked(port))
        writeLocked(port, value);
}

uint8_t VgaCore::readLocked(uint16_t port)
{
    const auto at = [](const auto& registers, uint8_t index) -> uint8_t {
        return index < registers.size() ? registers[index] : uint8_t{0};
    };
    switch (port) {
    case kAttribute:
        return m_state.attributeIndex;
    case kAttributeRead:
        return at(m_state.ar, m_state.attributeIndex & kAttributeIndexMask);
    case kMiscWrite:
        return kStatus0Sense; // a colour monitor; no vertical interrupt
    case kVgaEnable:
        return m_state.vgaEnable;
    case kSequencerIndex:
        return m_state.sequencerIndex;
    case kSequencerData:
        return at(m_state.sr, m_state.sequencerIndex);
    case kDacMask:
    case kDacReadIndex:
    case kDacWriteIndex:
    case kDacData:
        return readDacLocked(port);
    case kFeatureRead:
        return m_state.featureControl;
    case kMiscRead:
        return m_state.miscOutput;
    case kGraphicsIndex:
        return m_state.graphicsIndex;
    case kGraphicsData:
        return at(m_state.gr, m_state.graphicsIndex);
    case kCrtcIndex:
    case kCrtcIndexMono:
        return m_state.crtcIndex;
    case kCrtcData:
    case kCrtcDataMono:
        return at(m_state.cr, m_state.crtcIndex);
    case kStatus1:
    case kStatus1Mono:
        return readStatus1Locked();
    default:
        return 0xff;
    }
}

void VgaCore::writeLocked(uint16_t port, uint8_t value)
{
    switch (port) {
    case kAttribute:
        return writeAttributeLocked(value);
    case kMiscWrite:
        m_state.miscOutput = value & kMiscMask;
        break;
    case kVgaEnable:
        m_state.vgaEnable = value & 1;
        break;
    case kSequencerIndex:
        m_state.sequencerIndex = value & 7;
        break;
    case kSequencerData:
        if (m_state.sequencerIndex < kSrMask.size())
            m_state.sr[m_state.sequencerIndex] = value & kSrMask[m_state.sequencerIndex];
        break;
    case kDacMask:
    case kDacReadIndex:
    case kDacWriteIndex:
    case kDacData:
        return writeDacLocked(port, value);
    case kGraphicsIndex:
        m_state.graphicsIndex = value & 0x0f;
        break;
    case kGraphicsData:
        if (m_state.graphicsIndex < kGrMask.size())
            m_state.gr[m_state.graphicsIndex] = value & kGrMask[m_state.graphicsIndex];
        break;
    case kCrtcIndex:
    case kCrtcIndexMono:
        m_state.crtcIndex = value & 0x3f;
        break;
    case kCrtcData:
    case kCrtcDataMono:
        return writeCrtcLocked(value);
    case kStatus1:
    case kStatus1Mono:
        m_state.featureControl = value & 3;
        break;
    default:
        break;
    }
}

uint8_t VgaCore::readStatus1Locked()
{
    m_state.attributeDataNext = false;
    const VgaTiming timing = describeTiming(m_state);
    const uint64_t inFrame = m_clock.nowNs() % timing.frameNs;
    const uint64_t lineNs = std::max<uint64_t>(timing.frameNs / timing.total, 1);
    const uint64_t line = inFrame / lineNs;
    // A fifth of each line is horizontal blanking.
    const bool blank = line >= timing.shown || inFrame % lineNs >= lineNs * 4 / 5;
    const bool retrace =
        line >= timing.retraceStart && line < timing.retraceStart + timing.retraceLines;
    return static_cast<uint8_t>((blank || retrace ? kStatus1Blank : 0) |
                                (retrace ? kStatus1Retrace : 0));
}

uint8_t VgaCore::readDacLocked(uint16_t port)
{
    if (port == kDacMask)
        return m_state.dacMask;
    if (port == kDacReadIndex)
        return m_state.dacReading ? 3 : 0;
    if (port == kDacWriteIndex)
        return m_state.dacWriteIndex;
    const size_t at = size_t{m_state.dacReadIndex} * 3 + m_state.dacComponent;
    const bool wide = (m_state.dispi[kDispiEnable] & kDispi8BitDac) != 0;
    const uint8_t value = m_state.palette[at] & (wide ? 0xff : 0x3f);
    if (++m_state.dacComponent == 3) {
        m_state.dacComponent = 0;
        ++m_state.dacReadIndex;
    }
    return value;
}

void VgaCore::writeDacLocked(uint16_t port, uint8_t value)
{
    if (port == kDacMask) {
        m_state.dacMask = value;
        return;
    }
    if (port != kDacData) {
        m_state.dacReading = port == kDacReadIndex;
        (m_state.dacReading ? m_state.dacReadIndex : m_state.dacWriteIndex) = value;
        m_state.dacComponent = 0;
        return;
    }
    m_state.dacCache[m_state.dacComponent] = value;
    if (++m_state.dacComponent < 3)
        return;
    // An entry changes as a whole, with its blue part.
    std::copy(m_state.dacCache.begin(), m_state.dacCache.end(),
              m_state.palette.begin() + ptrdiff_t{m_state.dacWriteIndex} * 3);
    m_state.dacComponent = 0;
    ++m_state.dacWriteIndex;
}

void VgaCore::writeAttributeLocked(uint8_t value)
{
    if (!m_state.attributeDataNext) {
        m_state.attributeIndex = value & (kAttributeIndexMask | kPaletteSource);
    } else {
        const size_t index = m_state.attributeIndex & kAttributeIndexMask;
        if (index < m_state.ar.size())
            m_state.ar[index] = value & attributeMask(index);
    }
    m_state.attributeDataNext = !m_state.attributeDataNext;
}

void VgaCore::writeCrtcLocked(uint8_t value)
{
    const size_t index = m_state.crtcIndex;
    if (index >= m_state.cr.size())
        return;
    const bool isProtected = (m_state.cr[kCrVerticalRetraceEnd] & kCrProtect) != 0;
    if (index < kFirstUnprotected && isProtected) {
        if (index == kCrOverflow)
            m_state.cr[index] = static_cast<uint8_t>((m_state.cr[index] & ~kCrOverflowCompare) |
                                                     (value & kCrOverflowCompare));
        return;
    }
    m_state.cr[index] = value;
}

uint16_t VgaCore::dispiIndex() const
{
    MutexLock lock(m_mutex);
    return m_state.dispiIndex;
}

void VgaCore::setDispiIndex(uint16_t index)
{
    MutexLock lock(m_mutex);
    m_state.dispiIndex = index;
}

uint16_t VgaCore::readDispiData() const
{
    MutexLock lock(m_mutex);
    return readDispi(m_state, m_state.dispiIndex, m_vram.size());
}

void VgaCore::writeDispiData(uint16_t value)
{
    MutexLock lock(m_mutex);
    writeDispiLocked(m_state.dispiIndex, value);
}

uint16_t VgaCore::readDispiRegister(uint16_t index) const
{
    MutexLock lock(m_mutex);
    return readDispi(m_state, index, m_vram.size());
}

void VgaCore::writeDispiRegister(uint16_t index, uint16_t value)
{
    MutexLock lock(m_mutex);
    writeDispiLocked(index, value);
}

void VgaCore::writeDispiLocked(uint16_t index, uint16_t value)
{
    const DispiEffect effect = writeDispi(m_state, index, value, m_vram.size());
    m_memory.clear(effect.clearBytes);
}

uint64_t VgaCore::readWindow(uint32_t offset, unsigned size)
{
    MutexLock lock(m_mutex);
    uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i)
        value |= uint64_t{m_memory.read(m_state, offset + i)} << (8 * i);
    return value;
}

void VgaCore::writeWindow(uint32_t offset, uint64_t value, unsigned size)
{
    MutexLock lock(m_mutex);
    for (unsigned i = 0; i < size; ++i)
        m_memory.write(m_state, offset + i, static_cast<uint8_t>(value >> (8 * i)));
}

gpu::VgaPicture VgaCore::picture() const
{
    MutexLock lock(m_mutex);
    return describePicture(m_state, m_vram.size());
}

gpu::VgaPicture VgaCore::takePicture(gpu::DirtyPages& pages)
{
    MutexLock lock(m_mutex);
    m_memory.takeDirty(pages);
    return describePicture(m_state, m_vram.size());
}

VgaState VgaCore::save() const
{
    MutexLock lock(m_mutex);
    return m_state;
}

Result<void> VgaCore::load(const VgaState& saved)
{
    if (saved.dacComponent > 2)
        return Error(ErrorCode::Invalid, "vga: dacComponent is out of range");
    const uint16_t id = saved.dispi[kDispiId];
    if (id < kDispiIdFirst || id > kDispiIdLast)
        return Error(ErrorCode::Invalid, "vga: dispiId is not a known interface");
    VgaState state = saved;
    state.miscOutput &= kMiscMask;
    state.featureControl &= 3;
    state.vgaEnable &= 1;
    state.sequencerIndex &= 7;
    state.crtcIndex &= 0x3f;
    state.graphicsIndex &= 0x0f;
    state.attributeIndex &= kAttributeIndexMask | kPaletteSource;
    applyMasks(state.sr, kSrMask);
    applyMasks(state.gr, kGrMask);
    for (size_t i = 0; i < state.ar.size(); ++i)
        state.ar[i] &= attributeMask(i);
    state.dispi[kDispiEnable] &= kDispiEnableBits;
    state.dispi[kDispiVideoMemory64K] = 0; // follows from video memory
    if (dispiEnabled(state))
        fitDispi(state, m_vram.size());
    MutexLock lock(m_mutex);
    m_state = state;
    return {};
}

} // namespace vmm::pci_devices
