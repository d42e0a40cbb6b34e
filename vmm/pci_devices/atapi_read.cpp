// SPDX-License-Identifier: GPL-3.0-or-later
// Reading from the medium: READ (10/12), READ CD, SEEK, READ CAPACITY. MMC-5 sections 6.19 to 6.24.
#include <algorithm>
#include <array>

#include "vmm/base/bits.h"
#include "vmm/pci_devices/atapi_cdrom.h"
#include "vmm/pci_devices/atapi_msf.h"
#include "vmm/pci_devices/atapi_regs.h"

namespace vmm::pci_devices {

using namespace atapi;

namespace {

// READ CD byte 9: which parts of a sector.
constexpr uint8_t kPartSync = 0x80;
constexpr uint8_t kPartHeader = 0x20;
constexpr uint8_t kPartUserData = 0x10;
constexpr uint8_t kPartEdc = 0x08;
constexpr uint8_t kPartC2 = 0x06;
constexpr size_t kSyncSize = 12;
constexpr size_t kEdcSize = 288;
constexpr uint64_t kMaxRawSectors = 512; // about a megabyte in host memory

void append(std::vector<std::byte>& to, std::span<const uint8_t> bytes)
{
    const auto source = std::as_bytes(bytes);
    to.insert(to.end(), source.begin(), source.end());
}

uint8_t toBcd(uint8_t value)
{
    return static_cast<uint8_t>(value / 10 << 4 | value % 10);
}

} // namespace

AtaStep AtapiCdrom::testUnitReady()
{
    return done();
}

AtaStep AtapiCdrom::readCapacity()
{
    std::vector<std::byte> data(8);
    storeBe(data.data(), static_cast<uint32_t>(std::max<uint64_t>(blocks(), 1) - 1));
    storeBe(data.data() + 4, kBlockSize);
    return send(std::move(data), 8);
}

AtaStep AtapiCdrom::read10()
{
    return readBlocks(packet32(2), packet16(7));
}

AtaStep AtapiCdrom::read12()
{
    return readBlocks(packet32(2), packet32(6));
}

AtaStep AtapiCdrom::readBlocks(uint64_t first, uint64_t count)
{
    if (first > blocks() || count > blocks() - first || (first == blocks() && count == 0))
        return fail({kIllegalRequest, kAscOutOfRange, 0});
    AtaStep step = done();
    if (count == 0)
        return step;
    m_state.standby = false;
    step.kind = AtaStep::Kind::Media;
    step.io = block::IoKind::Read;
    step.offset = first * kBlockSize;
    step.length = count * kBlockSize;
    step.mayTruncate = true;
    return step;
}

AtaStep AtapiCdrom::seek()
{
    if (packet32(2) >= blocks())
        return fail({kIllegalRequest, kAscOutOfRange, 0});
    return done();
}

/// READ CD (MMC-5 section 6.19). Every sector of an image is mode 1.
AtaStep AtapiCdrom::readCd()
{
    const uint64_t first = packet32(2);
    const uint64_t count = loadBe<uint32_t>(m_command.packet.data() + 5) & 0xff'ffff;
    const unsigned expected = packet(1) >> 2 & 7;
    const uint8_t parts = packet(9);
    if (expected != 0 && expected != 2)
        return fail({kIllegalRequest, kAscIllegalMode, 0});
    if ((parts & kPartC2) != 0 || (packet(10) & 7) != 0)
        return fail({kIllegalRequest, kAscInvalidField, 0});
    if (first > blocks() || count > blocks() - first)
        return fail({kIllegalRequest, kAscOutOfRange, 0});
    if (count == 0 || (parts & 0xf8) == 0)
        return done();
    if ((parts & 0xf8) == kPartUserData)
        return readBlocks(first, count);
    // DEVIATION: a limit for what has to be put together here; rippers ask for 27 or 75 sectors.
    if (count > kMaxRawSectors)
        return fail({kIllegalRequest, kAscInvalidField, 0});
    AtaStep step = readBlocks(first, count);
    step.target = MediaTarget::Host;
    m_raw = true;
    m_rawFirst = static_cast<uint32_t>(first);
    return step;
}

/// Puts the wished parts around each sector's user data (ECMA-130 section 14).
/// DEVIATION: error detection and correction bytes are zero; nobody checks them on a virtual disc.
AtaStep AtapiCdrom::rawSectors(std::span<const std::byte> host) const
{
    static constexpr std::array<uint8_t, kSyncSize> kSync = {0,    0xff, 0xff, 0xff, 0xff, 0xff,
                                                             0xff, 0xff, 0xff, 0xff, 0xff, 0};
    const uint8_t parts = packet(9);
    std::vector<std::byte> data;
    data.reserve(host.size() / kBlockSize * 2352);
    for (size_t i = 0; i < host.size() / kBlockSize; ++i) {
        const Msf msf = msfOf(m_rawFirst + i);
        if ((parts & kPartSync) != 0)
            append(data, kSync);
        if ((parts & kPartHeader) != 0)
            append(data,
                   std::array{toBcd(msf.minute), toBcd(msf.second), toBcd(msf.frame), uint8_t{1}});
        const auto user = host.subspan(i * kBlockSize, kBlockSize);
        if ((parts & kPartUserData) != 0)
            data.insert(data.end(), user.begin(), user.end());
        if ((parts & kPartEdc) != 0)
            data.resize(data.size() + kEdcSize);
    }
    const size_t size = data.size();
    return send(std::move(data), size);
}

} // namespace vmm::pci_devices
