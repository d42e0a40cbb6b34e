// SPDX-License-Identifier: GPL-3.0-or-later
// Q35 host bridge. Intel 3 Series Express Chipset Family datasheet (316966-002), section 5.1.
#include "vmm/chipset/q35_host.h"

#include <algorithm>
#include <fmt/core.h>
#include <sys/mman.h>

#include "vmm/base/bits.h"

namespace vmm::chipset {

namespace {

constexpr int kRamPriority = 10;
constexpr int kOverlayPriority = 20;
constexpr uint64_t kFourGiB = uint64_t{1} << 32;
constexpr uint64_t kVgaBase = 0xa'0000;
constexpr uint64_t kRomShadowBase = 0xe'0000;
constexpr uint64_t kRomShadowSize = kPamEnd - kRomShadowBase;

/// What a PAM segment does: bit 0 reads RAM, bit 1 writes RAM.
constexpr unsigned kReadRam = 1;
constexpr unsigned kWriteRam = 2;

struct Stretch {
    uint64_t base;
    uint64_t size;
};

constexpr Stretch segmentStretch(unsigned segment)
{
    if (segment == kPamSegments - 1)
        return {kPamLastBase, kPamEnd - kPamLastBase};
    return {kPamBase + segment * kPamSegmentSize, kPamSegmentSize};
}

constexpr unsigned segmentAt(uint64_t address)
{
    return address >= kPamLastBase ? kPamSegments - 1
                                   : static_cast<unsigned>((address - kPamBase) / kPamSegmentSize);
}

constexpr unsigned modeOf(uint32_t modes, unsigned segment)
{
    return modes >> (2 * segment) & 3;
}

struct EcamPlace {
    uint64_t base;
    uint64_t size;
};

/// PCIEXBAR as a window; length 3 is reserved and taken as 256 MiB (section 5.1.15).
constexpr EcamPlace ecamPlace(uint64_t bar)
{
    constexpr uint64_t kMiB = uint64_t{1} << 20;
    constexpr std::array<uint64_t, 4> kSizes = {256 * kMiB, 128 * kMiB, 64 * kMiB, 256 * kMiB};
    const uint64_t size = kSizes[Field<2, 1>::get(bar)];
    return {alignDown(bar, size), size};
}

/// Do `a` and `b` make one range?
bool joins(const memory::MapRange& a, const memory::MapRange& b)
{
    return a.host != nullptr && b.host != nullptr && a.base.value() + a.size == b.base.value() &&
           a.host + a.size == b.host && a.access == b.access && a.dirtyLog == b.dirtyLog;
}

} // namespace

Result<std::unique_ptr<Q35Host>> Q35Host::create(const pci::PciServices& services,
                                                 pci::PciBus& pciBus,
                                                 std::span<const std::byte> rom)
{
    std::unique_ptr<Q35Host> host(new Q35Host(services, pciBus));
    TRY(host->copyRom(rom));
    TRY(host->mapFixed());
    host->apply();
    return host;
}

Q35Host::Q35Host(const pci::PciServices& services, pci::PciBus& pciBus)
    : PciDevice(
          "q35-host", services,
          {.vendor = kMchVendor, .device = kMchDevice, .classCode = 0x06'0000, .revision = 2}),
      m_ecam(pciBus)
{
    defineRegisters();
}

Q35Host::~Q35Host()
{
    for (const char* layer : {"ram", "rom", "pam"})
        static_cast<void>(m_services.map.removeLayer(layer).has_value());
}

void Q35Host::defineRegisters()
{
    defineConfig(kMchPciexbar, 4, 0, kPciexbarWritable);
    defineConfig(kMchPciexbar + 4, 4, 0, kPciexbarWritableHigh);
    defineConfig(kMchPam0, 1, 0, 0x30);
    for (uint16_t i = 1; i < kPamCount; ++i)
        defineConfig(static_cast<uint16_t>(kMchPam0 + i), 1, 0, 0x33);
    // Written by writeSmramControl(), which knows the lock.
    defineConfig(kMchSmram, 1, kSmramReset, 0);
    defineConfig(kMchEsmramc, 1, kEsmramcReset, 0);
    defineConfig(kMchDeven, 4, 1, 0);

    const memory::RamLayout& layout = m_services.memory.layout();
    const uint64_t top =
        layout.highSize != 0 ? memory::RamLayout::kHighBase + layout.highSize : layout.lowSize;
    const auto capped = [](uint64_t value, uint32_t most) {
        return static_cast<uint32_t>(std::min<uint64_t>(value, most));
    };
    defineConfig(kMchTom, 2, capped(m_services.memory.ramSize() >> 26, 0x3ff), 0);
    defineConfig(kMchTouud, 2, capped(top >> 20, 0xffff), 0);
    defineConfig(kMchTolud, 2, capped(layout.lowSize >> 20, 0xfff) << 4, 0);
}

Result<void> Q35Host::copyRom(std::span<const std::byte> rom)
{
    if (rom.empty())
        return {};
    if (rom.size() > kMaxRomSize)
        return Error(ErrorCode::Invalid, fmt::format("firmware of {} bytes is larger than {} MiB",
                                                     rom.size(), kMaxRomSize >> 20));
    const uint64_t size = alignUp(rom.size(), memory::GuestMemory::kPageSize);
    m_rom =
        TRY(MappedRegion::map(-1, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS));
    std::copy(rom.begin(), rom.end(), m_rom.data() + (size - rom.size()));
    return {};
}

/// Everything that no register moves. Ranges stay apart, so that a change of PAM never takes the
/// RAM a vCPU runs in away for a moment.
Result<void> Q35Host::mapFixed()
{
    const memory::RamLayout& layout = m_services.memory.layout();
    std::byte* const host = m_services.memory.hostBase();
    std::vector<memory::MapRange> ram;
    const auto add = [&](uint64_t base, uint64_t end, std::byte* at) {
        if (end > base)
            ram.push_back({memory::GuestPhys(base), end - base, at});
    };
    add(0, std::min(layout.lowSize, kVgaBase), host);
    add(kPamEnd, layout.lowSize, host + kPamEnd);
    add(memory::RamLayout::kHighBase, memory::RamLayout::kHighBase + layout.highSize,
        host + layout.lowSize);
    TRY(m_services.map.setLayer("ram", kRamPriority, std::move(ram)));
    if (m_rom.size() != 0)
        TRY(m_services.map.setLayer("rom", kOverlayPriority,
                                    {{memory::GuestPhys(kFourGiB - m_rom.size()), m_rom.size(),
                                      m_rom.data(), memory::MapAccess::ReadOnly}}));
    m_pamMapping = TRY(m_services.mmio.map("q35-host pam", memory::GuestPhys(kPamBase),
                                           kPamEnd - kPamBase, *this));
    return {};
}

void Q35Host::writeConfig(uint16_t offset, uint32_t value, unsigned size)
{
    PciDevice::writeConfig(offset, value, size);
    for (unsigned i = 0; i < size; ++i)
        writeSmramControl(static_cast<uint16_t>(offset + i),
                          static_cast<uint8_t>(value >> (8 * i)));
}

/// Section 5.1.25: D_LCK closes D_OPEN and makes both registers read-only until reset.
void Q35Host::writeSmramControl(uint16_t offset, uint8_t value)
{
    if (offset != kMchSmram && offset != kMchEsmramc)
        return;
    MutexLock lock(m_mutex);
    if ((config(kMchSmram, 1) & kSmramLock) != 0)
        return;
    if (offset == kMchEsmramc) {
        setConfig(kMchEsmramc, (value & kEsmramcWritable) | kEsmramcReset, 1);
        return;
    }
    unsigned fresh = (value & kSmramWritable) | kSmramReset;
    if ((fresh & kSmramLock) != 0)
        fresh &= ~unsigned{kSmramOpen};
    setConfig(kMchSmram, fresh, 1);
}

void Q35Host::configWritten(uint16_t offset, unsigned size)
{
    const auto touches = [&](unsigned first, unsigned count) {
        return offset < first + count && first < offset + size;
    };
    if (touches(kMchPciexbar, 8) || touches(kMchPam0, kPamCount))
        apply();
}

void Q35Host::apply()
{
    // The registers are read under the lock: of two writers at once the later one's value stays.
    MutexLock lock(m_mutex);
    applyPamLocked();
    applyEcamLocked();
}

/// The thirteen modes in address order: C0000 from PAM1 bits 1:0, ..., F0000 from PAM0 bits 5:4.
uint32_t Q35Host::segmentModes() const
{
    uint32_t modes = 0;
    for (unsigned segment = 0; segment + 1 < kPamSegments; ++segment) {
        const auto pam = static_cast<uint16_t>(kMchPam0 + 1 + segment / 2);
        modes |= (config(pam, 1) >> (segment % 2 * 4) & 3) << (2 * segment);
    }
    return modes | Field<5, 4>::get(config(kMchPam0, 1)) << (2 * (kPamSegments - 1));
}

/// How `segment` is mapped in `mode`; `host` null where every access comes to the MMIO bus.
memory::MapRange Q35Host::segmentRange(unsigned segment, unsigned mode) const
{
    const Stretch stretch = segmentStretch(segment);
    memory::MapRange range{memory::GuestPhys(stretch.base), stretch.size};
    if ((mode & kReadRam) != 0) {
        if (stretch.base + stretch.size <= m_services.memory.layout().lowSize)
            range.host = m_services.memory.hostBase() + stretch.base;
        range.access =
            (mode & kWriteRam) != 0 ? memory::MapAccess::ReadWrite : memory::MapAccess::ReadOnly;
        return range;
    }
    range.access = memory::MapAccess::ReadOnly;
    const uint64_t shadow = kPamEnd - std::min<uint64_t>(m_rom.size(), kRomShadowSize);
    const uint64_t end = stretch.base + stretch.size;
    if (shadow >= end)
        return range;
    const uint64_t base = std::max(stretch.base, shadow); // a small ROM begins inside a segment
    range.base = memory::GuestPhys(base);
    range.size = end - base;
    range.host = m_rom.data() + m_rom.size() - (kPamEnd - base);
    return range;
}

std::vector<memory::MapRange> Q35Host::pamRanges(uint32_t modes) const
{
    std::vector<memory::MapRange> ranges;
    for (unsigned segment = 0; segment < kPamSegments; ++segment) {
        const memory::MapRange range = segmentRange(segment, modeOf(modes, segment));
        if (!ranges.empty() && joins(ranges.back(), range))
            ranges.back().size += range.size;
        else
            ranges.push_back(range);
    }
    return ranges;
}

void Q35Host::applyPamLocked()
{
    const uint32_t modes = segmentModes();
    if (m_pamMapped && modes == m_modes.load(std::memory_order_relaxed))
        return;
    m_modes.store(modes, std::memory_order_release);
    m_pamMapped = true;
    if (const auto set = m_services.map.setLayer("pam", kOverlayPriority, pamRanges(modes)); !set)
        m_log.warn(set.error().sentence());
}

void Q35Host::applyEcamLocked()
{
    const uint64_t bar = config(kMchPciexbar, 4) | uint64_t{config(kMchPciexbar + 4, 4)} << 32;
    if (bar == m_ecamBar)
        return;
    m_ecamBar = bar;
    m_ecamMapping.reset();
    if ((bar & kPciexbarEnable) == 0)
        return;
    const EcamPlace place = ecamPlace(bar);
    auto mapping =
        m_services.mmio.map("ecam", memory::GuestPhys(place.base), place.size, m_ecam, 4);
    // Over another device's range the guest gets nothing there until it moves one of them.
    if (mapping)
        m_ecamMapping = std::move(*mapping);
    else
        m_log.warn(mapping.error().sentence());
}

uint64_t Q35Host::readMmio(uint64_t offset, unsigned size)
{
    // A ROM that ends in the middle of a segment, and C0000-DFFFF while nothing is behind it.
    static_cast<void>(offset);
    return widthMask(size);
}

void Q35Host::writeMmio(uint64_t offset, uint64_t value, unsigned size)
{
    const uint32_t modes = m_modes.load(std::memory_order_acquire);
    for (unsigned i = 0; i < size; ++i) {
        const uint64_t address = kPamBase + offset + i;
        if (modeOf(modes, segmentAt(address)) != kWriteRam)
            continue;
        const auto byte = static_cast<uint8_t>(value >> (8 * i));
        static_cast<void>(m_services.memory.write(memory::GuestPhys(address), byte).has_value());
    }
}

void Q35Host::reset()
{
    resetConfig();
    apply();
}

Q35HostState Q35Host::save() const
{
    return {saveConfig(), static_cast<uint8_t>(config(kMchSmram, 1)),
            static_cast<uint8_t>(config(kMchEsmramc, 1))};
}

Result<void> Q35Host::load(const Q35HostState& state)
{
    TRY(loadConfig(state.pci));
    setConfig(kMchSmram, (state.smram & kSmramWritable) | kSmramReset, 1);
    setConfig(kMchEsmramc, (state.esmramc & kEsmramcWritable) | kEsmramcReset, 1);
    apply();
    return {};
}

} // namespace vmm::chipset
