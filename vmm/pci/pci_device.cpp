// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci/pci_device.h"

#include <algorithm>
#include <bit>
#include <fmt/core.h>
#include <sys/mman.h>

#include "vmm/base/bits.h"
#include "vmm/base/check.h"

namespace vmm::pci {

namespace {

// Direct maps of BARs lie under RAM: a BAR programmed over RAM does not take it away.
constexpr int kBarPriority = 1;
constexpr uint32_t kBarIo = 1;
constexpr uint32_t kBar64 = 4;
constexpr uint32_t kBarPrefetch = 8;
constexpr unsigned kBarCount = 6;
constexpr uint64_t kAddressEnd = uint64_t{1} << 52; // no processor has more
constexpr uint32_t kRomEnable = 1;

} // namespace

PciDevice::PciDevice(std::string name, const PciServices& services, const PciIdentity& identity)
    : m_services(services), m_name(std::move(name))
{
    defineConfig(kVendorId, 2, identity.vendor, 0);
    defineConfig(kDeviceId, 2, identity.device, 0);
    defineConfig(kCommand, 2, 0,
                 kCommandIo | kCommandMemory | kCommandMaster | kCommandParity | kCommandSerr |
                     kCommandIntxDisable);
    defineConfig(kRevisionId, 4, identity.classCode << 8 | identity.revision, 0);
    defineConfig(kHeaderType, 1, identity.headerType, 0);
    if (layout() != kHeaderTypeBridge) {
        defineConfig(kSubsystemVendorId, 2, identity.subsystemVendor, 0);
        defineConfig(kSubsystemId, 2, identity.subsystem, 0);
    }
    defineConfig(kInterruptPin, 1, identity.interruptPin, 0);
    defineConfig(kInterruptLine, 1, 0, identity.interruptPin != 0 ? 0xff : 0);
    defineConfig(0x0c, 1, 0, 0xff); // cache line size: writable, without effect (section 6.2.4)
}

PciDevice::~PciDevice()
{
    MutexLock lock(m_mutex);
    for (unsigned index = 0; index < m_bars.size(); ++index)
        unmapBarLocked(index);
}

void PciDevice::defineConfig(uint16_t offset, unsigned size, uint32_t reset, uint32_t writable)
{
    CHECK(offset + size <= kConfigSize);
    MutexLock lock(m_mutex);
    for (unsigned i = 0; i < size; ++i) {
        m_reset[offset + i] = static_cast<uint8_t>(reset >> (8 * i));
        m_config[offset + i] = m_reset[offset + i];
        m_writable[offset + i] = static_cast<uint8_t>(writable >> (8 * i));
    }
}

void PciDevice::addCapability(uint8_t offset, std::span<const uint8_t> bytes,
                              std::span<const uint8_t> writable)
{
    CHECK(offset >= kHeaderEnd && bytes.size() == writable.size() &&
          offset + bytes.size() <= kConfigSize);
    for (size_t i = 0; i < bytes.size(); ++i)
        defineConfig(static_cast<uint16_t>(offset + i), 1, bytes[i], writable[i]);
    defineConfig(static_cast<uint16_t>(offset + 1), 1, 0, 0);
    const uint16_t link =
        m_lastCapability == 0 ? kCapabilities : static_cast<uint16_t>(m_lastCapability + 1);
    defineConfig(link, 1, offset, 0);
    defineConfig(kStatus, 2, kStatusCapabilities, 0);
    m_lastCapability = offset;
}

void PciDevice::addExpress(uint8_t offset)
{
    m_followsPlace = true;
    addExpress(offset, endpointCapability(ExpressType::RootComplexEndpoint));
}

void PciDevice::addExpress(uint8_t offset, const ExpressCapability& capability)
{
    addCapability(offset, capability.bytes, capability.writable);
    m_expressOffset = offset;
}

/// Before the guest has seen the function.
void PciDevice::setExpressTypeLocked(ExpressType type)
{
    if (!m_followsPlace)
        return;
    const ExpressCapability capability = endpointCapability(type);
    for (unsigned i = kExpressFlags; i < kExpressSize; ++i) {
        const unsigned at = m_expressOffset + i;
        m_reset[at] = capability.bytes[i];
        m_writable[at] = capability.writable[i];
        m_config[at] = capability.bytes[i];
    }
}

bool PciDevice::upstreamPasses(PciSpace space, uint64_t base, uint64_t size) const
{
    const PciUpstream* upstream = nullptr;
    {
        MutexLock lock(m_mutex);
        if (m_takenOut)
            return false;
        upstream = m_upstream;
    }
    return upstream == nullptr || upstream->passes(space, base, size);
}

void PciDevice::connectUpstream(const PciUpstream& upstream)
{
    {
        MutexLock lock(m_mutex);
        m_upstream = &upstream;
        m_takenOut = false;
        setExpressTypeLocked(ExpressType::Endpoint);
    }
    refreshAndTell();
}

void PciDevice::disconnectUpstream()
{
    {
        MutexLock lock(m_mutex);
        m_upstream = nullptr;
        m_takenOut = true;
    }
    refreshAndTell();
}

std::vector<PciDevice::Place> PciDevice::mmioPlaces() const
{
    MutexLock lock(m_mutex);
    std::vector<Place> places;
    for (const Bar& bar : m_bars)
        if (bar.kind == BarKind::Mmio && bar.mapped)
            places.push_back({*bar.mapped, bar.size});
    return places;
}

void PciDevice::upstreamChanged()
{
    refreshAndTell();
}

void PciDevice::refreshAndTell()
{
    bool moved = false;
    {
        MutexLock lock(m_mutex);
        moved = refreshLocked();
    }
    if (moved)
        tellBarMoves();
}

Result<void> PciDevice::addMsi(uint8_t offset)
{
    // Section 6.8.1, 64-bit form without per-vector masking: id, next, control, address, upper,
    // data.
    constexpr std::array<uint8_t, 14> bytes = {kCapabilityMsi, 0, kMsi64Bit, 0};
    constexpr std::array<uint8_t, 14> writable = {0,    0,    kMsiEnable, 0,    0xfc, 0xff, 0xff,
                                                  0xff, 0xff, 0xff,       0xff, 0xff, 0xff, 0xff};
    m_msi = TRY(m_services.interrupts.createMsiVector());
    addCapability(offset, bytes, writable);
    m_msiOffset = offset;
    return {};
}

uint16_t PciDevice::barOffset(unsigned index)
{
    return index == kRomIndex ? kRomBar : static_cast<uint16_t>(kBar0 + 4 * index);
}

std::string PciDevice::barName(unsigned index) const
{
    return index == kRomIndex ? m_name + " rom" : fmt::format("{} bar{}", m_name, index);
}

void PciDevice::declareBar(unsigned index, Bar bar, uint32_t typeBits)
{
    const bool wide = bar.place == BarPlace::Anywhere;
    CHECK(layout() == 0 && std::has_single_bit(bar.size) && index <= kRomIndex);
    CHECK(wide ? index + 1 < kBarCount && bar.size < kAddressEnd : bar.size <= 0x8000'0000);
    const uint64_t mask = ~(bar.size - 1);
    auto writable = static_cast<uint32_t>(mask);
    if (bar.kind == BarKind::Rom)
        writable |= kRomEnable;
    if (wide) {
        typeBits |= kBar64 | kBarPrefetch;
        defineConfig(barOffset(index + 1), 4, 0, static_cast<uint32_t>(mask >> 32));
    }
    defineConfig(barOffset(index), 4, typeBits, writable);
    MutexLock lock(m_mutex);
    CHECK(m_bars[index].kind == BarKind::None);
    m_bars[index] = std::move(bar);
}

void PciDevice::addMmioBar(unsigned index, uint64_t size, bus::MmioHandler& handler,
                           unsigned maxWidth, BarPlace place)
{
    Bar bar;
    bar.kind = BarKind::Mmio;
    bar.place = place;
    bar.size = size;
    bar.mmio = &handler;
    bar.maxWidth = maxWidth;
    declareBar(index, std::move(bar), 0);
}

void PciDevice::addIoBar(unsigned index, uint32_t size, bus::PioHandler& handler, unsigned maxWidth)
{
    Bar bar;
    bar.kind = BarKind::Io;
    bar.size = size;
    bar.pio = &handler;
    bar.maxWidth = maxWidth;
    declareBar(index, std::move(bar), kBarIo);
}

void PciDevice::addRamBar(unsigned index, uint64_t size, std::byte* host, BarPlace place)
{
    CHECK(size >= memory::GuestMemory::kPageSize);
    Bar bar;
    bar.place = place;
    bar.kind = BarKind::Ram;
    bar.size = size;
    bar.host = host;
    declareBar(index, std::move(bar), kBarPrefetch);
}

Result<void> PciDevice::addRom(std::span<const std::byte> image)
{
    const uint64_t size =
        std::bit_ceil(std::max<uint64_t>(image.size(), memory::GuestMemory::kPageSize));
    m_rom =
        TRY(MappedRegion::map(-1, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS));
    std::copy(image.begin(), image.end(), m_rom.data());
    Bar bar;
    bar.kind = BarKind::Rom;
    bar.size = size;
    bar.host = m_rom.data();
    declareBar(kRomIndex, std::move(bar), 0);
    return {};
}

uint32_t PciDevice::loadLocked(uint16_t offset, unsigned size) const
{
    uint32_t value = 0;
    for (unsigned i = 0; i < size; ++i)
        value |= static_cast<uint32_t>(m_config[offset + i]) << (8 * i);
    return value;
}

void PciDevice::storeLocked(uint16_t offset, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < size; ++i)
        m_config[offset + i] = static_cast<uint8_t>(value >> (8 * i));
}

uint32_t PciDevice::readConfig(uint16_t offset, unsigned size)
{
    if (offset + size > kConfigSize) // zeros: an extended space without capabilities
        return m_expressOffset != 0 ? 0 : static_cast<uint32_t>(widthMask(size));
    MutexLock lock(m_mutex);
    uint32_t value = loadLocked(offset, size);
    if (offset <= kStatus && kStatus < offset + size && intxWanted())
        value |= static_cast<uint32_t>(kStatusInterrupt) << (8 * (kStatus - offset));
    return value;
}

void PciDevice::writeConfig(uint16_t offset, uint32_t value, unsigned size)
{
    if (offset + size > kConfigSize)
        return;
    bool moved = false;
    {
        MutexLock lock(m_mutex);
        for (unsigned i = 0; i < size; ++i) {
            const unsigned at = offset + i;
            const auto fresh = static_cast<uint8_t>(value >> (8 * i));
            m_config[at] =
                static_cast<uint8_t>((m_config[at] & ~m_writable[at]) | (fresh & m_writable[at]));
        }
        moved = refreshLocked();
    }
    if (moved)
        tellBarMoves();
    deliverIntx();
    configWritten(offset, size);
}

void PciDevice::configWritten(uint16_t, unsigned) {}
void PciDevice::barMoved(unsigned, std::optional<uint64_t>) {}

/// Of two threads that move a BAR at once the later teller sees both moves, so the hook's last call
/// is never out of date.
void PciDevice::tellBarMoves()
{
    MutexLock order(m_toldMutex);
    for (unsigned index = 0; index < m_told.size(); ++index) {
        std::optional<uint64_t> base;
        {
            MutexLock lock(m_mutex);
            base = m_bars[index].mapped;
        }
        if (base == m_told[index])
            continue;
        m_told[index] = base;
        barMoved(index, base);
    }
}

uint32_t PciDevice::config(uint16_t offset, unsigned size) const
{
    MutexLock lock(m_mutex);
    return loadLocked(offset, size);
}

void PciDevice::setConfig(uint16_t offset, uint32_t value, unsigned size)
{
    bool moved = false;
    {
        MutexLock lock(m_mutex);
        storeLocked(offset, value, size);
        moved = refreshLocked();
    }
    if (moved)
        tellBarMoves();
}

/// Brings everything that follows from the configuration bytes up to date. True when a BAR moved:
/// tellBarMoves() after unlocking.
bool PciDevice::refreshLocked()
{
    const uint32_t command = loadLocked(kCommand, 2);
    m_busMaster.store((command & kCommandMaster) != 0, std::memory_order_release);
    m_intxDisabled.store((command & kCommandIntxDisable) != 0, std::memory_order_release);
    if (m_msi) {
        const auto at = [this](unsigned offset) {
            return static_cast<uint16_t>(m_msiOffset + offset);
        };
        const uint64_t address = loadLocked(at(4), 4) | uint64_t{loadLocked(at(8), 4)} << 32;
        m_msi->setMessage({address, loadLocked(at(12), 2)});
        m_msiEnabled.store((loadLocked(at(2), 2) & kMsiEnable) != 0, std::memory_order_release);
    }
    bool moved = false;
    for (unsigned index = 0; index < m_bars.size(); ++index)
        moved = placeBarLocked(index) || moved;
    return moved;
}

uint64_t PciDevice::barBaseLocked(unsigned index) const
{
    const Bar& bar = m_bars[index];
    uint64_t raw = loadLocked(barOffset(index), 4);
    if (bar.place == BarPlace::Anywhere)
        raw |= uint64_t{loadLocked(barOffset(index + 1), 4)} << 32;
    return raw & ~(bar.size - 1);
}

/// Where BAR `index` should be mapped now, if anywhere.
std::optional<uint64_t> PciDevice::wantedBaseLocked(unsigned index) const
{
    const Bar& bar = m_bars[index];
    if (bar.kind == BarKind::None || m_takenOut)
        return std::nullopt;
    const bool io = bar.kind == BarKind::Io;
    const uint32_t command = loadLocked(kCommand, 2);
    const bool enabled = (command & (io ? kCommandIo : kCommandMemory)) != 0;
    if (!enabled ||
        (bar.kind == BarKind::Rom && (loadLocked(barOffset(index), 4) & kRomEnable) == 0))
        return std::nullopt;
    const uint64_t base = barBaseLocked(index);
    const uint64_t last = base + bar.size - 1;
    // Address 0 and the top, which a driver writes to learn the size, mean "not placed".
    const uint64_t end = io                                ? 0x1'0000
                         : bar.place == BarPlace::Anywhere ? kAddressEnd
                                                           : 0xffff'ffff;
    if (base == 0 || last < base || last >= end || (!io && last == 0xffff'ffff))
        return std::nullopt;
    if (m_upstream != nullptr &&
        !m_upstream->passes(io ? PciSpace::Io : PciSpace::Memory, base, bar.size))
        return std::nullopt;
    return base;
}

bool PciDevice::placeBarLocked(unsigned index)
{
    const auto wanted = wantedBaseLocked(index);
    const auto before = m_bars[index].mapped;
    if (wanted == before)
        return false;
    unmapBarLocked(index);
    if (wanted)
        mapBarLocked(index, *wanted);
    return m_bars[index].mapped != before;
}

void PciDevice::mapBarLocked(unsigned index, uint64_t base)
{
    Bar& bar = m_bars[index];
    bool ok = false;
    if (bar.kind == BarKind::Mmio || bar.kind == BarKind::Io) {
        auto registration =
            bar.kind == BarKind::Mmio
                ? m_services.mmio.map(barName(index), memory::GuestPhys(base), bar.size, *bar.mmio,
                                      bar.maxWidth)
                : m_services.pio.map(barName(index), memory::GuestPort(static_cast<uint16_t>(base)),
                                     static_cast<uint32_t>(bar.size), *bar.pio, bar.maxWidth);
        ok = registration.has_value();
        if (ok)
            bar.registration = std::move(*registration);
    } else {
        memory::MapRange range;
        range.base = memory::GuestPhys(base);
        range.size = bar.size;
        range.host = bar.host;
        const bool rom = bar.kind == BarKind::Rom;
        range.access = rom ? memory::MapAccess::ReadOnly : memory::MapAccess::ReadWrite;
        range.dirtyLog = rom ? memory::MapDirtyLog::Off : memory::MapDirtyLog::On;
        ok = m_services.map.setLayer(barName(index), kBarPriority, {range}).has_value();
    }
    // Over another device's range the guest gets nothing there until it moves one of them.
    if (ok)
        bar.mapped = base;
}

void PciDevice::unmapBarLocked(unsigned index)
{
    Bar& bar = m_bars[index];
    if (!bar.mapped)
        return;
    bar.registration.reset();
    if (bar.kind == BarKind::Ram || bar.kind == BarKind::Rom)
        static_cast<void>(m_services.map.removeLayer(barName(index)).has_value());
    bar.mapped.reset();
}

bool PciDevice::intxWanted() const
{
    return m_intxLevel.load(std::memory_order_acquire) && !msiEnabled();
}

void PciDevice::connectIntx(bus::IrqLine& line)
{
    {
        MutexLock lock(m_intxMutex);
        m_intxLine = &line;
        m_intxSent = false;
    }
    deliverIntx();
}

void PciDevice::disconnectIntx()
{
    MutexLock lock(m_intxMutex);
    if (m_intxLine != nullptr && m_intxSent)
        m_intxLine->set(false);
    m_intxLine = nullptr;
    m_intxSent = false;
}

void PciDevice::deliverIntx()
{
    MutexLock lock(m_intxMutex);
    const bool level = intxWanted() && !m_intxDisabled.load(std::memory_order_acquire);
    if (level == m_intxSent || m_intxLine == nullptr)
        return;
    m_intxLine->set(level);
    m_intxSent = level;
}

bool PciDevice::sendMsi()
{
    if (!m_msi || !msiEnabled() || !busMaster())
        return false;
    m_msi->trigger();
    return true;
}

void PciDevice::resetConfig()
{
    bool moved = false;
    {
        MutexLock lock(m_mutex);
        m_config = m_reset;
        moved = refreshLocked();
    }
    if (moved)
        tellBarMoves();
    publishIntx(false);
    deliverIntx();
}

PciConfigState PciDevice::saveConfig() const
{
    MutexLock lock(m_mutex);
    return {m_config, m_intxLevel.load(std::memory_order_acquire)};
}

Result<void> PciDevice::loadConfig(const PciConfigState& state)
{
    bool moved = false;
    {
        MutexLock lock(m_mutex);
        for (size_t i = 0; i < m_config.size(); ++i)
            m_config[i] = static_cast<uint8_t>((m_reset[i] & ~m_writable[i]) |
                                               (state.config[i] & m_writable[i]));
        moved = refreshLocked();
    }
    if (moved)
        tellBarMoves();
    publishIntx(state.intx);
    {
        MutexLock lock(m_intxMutex);
        // Makes deliverIntx() set the line whatever it was.
        m_intxSent = !(intxWanted() && !m_intxDisabled.load(std::memory_order_acquire));
    }
    deliverIntx();
    return {};
}

} // namespace vmm::pci
