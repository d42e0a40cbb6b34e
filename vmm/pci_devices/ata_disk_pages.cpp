// SPDX-License-Identifier: GPL-3.0-or-later
// What an ATA disk tells about itself: IDENTIFY, SMART and logs. ATA8-ACS-2 section 7.12, 7.53,
// annex A.
#include <algorithm>
#include <cstring>
#include <fmt/core.h>

#include "vmm/base/bits.h"
#include "vmm/pci_devices/ata_disk.h"
#include "vmm/pci_devices/ata_regs.h"

namespace vmm::pci_devices {

using namespace ata;

namespace {

constexpr uint64_t kLba28Limit = 0x0fff'ffff;
constexpr uint64_t kSmartSignature = 0xc24f; // LBA mid and high
constexpr size_t kPage = 512;
constexpr uint8_t kLogDirectory = 0x00;
constexpr uint8_t kLogQueuedError = 0x10;

void finishPage(std::vector<std::byte>& page)
{
    uint8_t sum = 0;
    for (size_t i = 0; i + 1 < page.size(); ++i)
        sum = static_cast<uint8_t>(sum + static_cast<uint8_t>(page[i]));
    page.back() = static_cast<std::byte>(0x100 - sum);
}

/// FNV-1a.
uint32_t nameHash(std::string_view text)
{
    uint32_t hash = 0x811c9dc5;
    for (const char character : text)
        hash = (hash ^ static_cast<uint8_t>(character)) * 0x01000193;
    return hash;
}

using Words = std::array<uint16_t, 256>;

void putCapacity(Words& words, uint64_t sectors, const AtaDiskState& state)
{
    constexpr uint64_t track = 16 * 63;
    const auto cylinders = static_cast<uint16_t>(std::min<uint64_t>(sectors / track, 16383));
    words[1] = cylinders;
    words[3] = 16;
    words[6] = 63;
    const unsigned currentTrack = unsigned{state.heads} * state.sectorsPerTrack;
    words[54] = static_cast<uint16_t>(std::min<uint64_t>(sectors / currentTrack, 65535));
    words[55] = state.heads;
    words[56] = state.sectorsPerTrack;
    const uint64_t chs =
        std::min<uint64_t>(uint64_t{words[54]} * currentTrack, uint64_t{16383} * track);
    words[57] = static_cast<uint16_t>(chs);
    words[58] = static_cast<uint16_t>(chs >> 16);
    const uint64_t lba28 = std::min(sectors, kLba28Limit);
    words[60] = static_cast<uint16_t>(lba28);
    words[61] = static_cast<uint16_t>(lba28 >> 16);
    for (unsigned i = 0; i < 4; ++i)
        words[100 + i] = static_cast<uint16_t>(sectors >> (16 * i));
}

void putTransfer(Words& words, uint8_t mode)
{
    words[53] = 0x0007; // words 54-58, 64-70 and 88 are valid
    words[63] = 0x0007;
    words[64] = 0x0003;
    words[65] = words[66] = words[67] = words[68] = 120; // ns a word
    words[88] = 0x007f;
    if (mode >> 3 == 8)
        words[88] = static_cast<uint16_t>(words[88] | 0x100U << (mode & 7));
    else if (mode >> 3 == 4)
        words[63] = static_cast<uint16_t>(words[63] | 0x100U << (mode & 7));
    words[75] = 31;     // queue depth 32
    words[76] = 0x0106; // NCQ, generation 1 and 2 speed
    words[77] = 0x0004; // runs at generation 2
}

void putFeatures(Words& words, const AtaDiskState& state)
{
    words[80] = 0x03f0; // ATA/ATAPI-4 to ACS-2
    words[81] = 0x0110; // ACS-2 T13/2015-D revision 3
    words[82] = 0x4069; // NOP, look-ahead, write cache, power management, SMART
    words[83] = 0x7400; // FLUSH CACHE (EXT), 48-bit addresses
    words[84] = 0x4160; // WWN, FUA, general purpose logs
    words[85] = static_cast<uint16_t>(0x4008 | (state.readAhead ? 0x40 : 0) |
                                      (state.writeCache ? 0x20 : 0) | (state.smart ? 1 : 0));
    words[86] = 0xb400; // as word 83, and words 119-120 are valid
    words[87] = 0x4160;
    words[119] = words[120] = 0x4000;
}

} // namespace

AtaStep AtaDisk::identify() const
{
    Words words{};
    words[0] = 0x0040; // fixed, not removable
    words[2] = 0xc837; // complete, no SET FEATURES needed to spin up
    putAtaString(std::span(words).subspan(10, 10), m_serial);
    putAtaString(std::span(words).subspan(23, 4), "1.0");
    putAtaString(std::span(words).subspan(27, 20), "VITRINE HARDDISK");
    words[47] = 0x8000 | kMaxMultiple;
    words[48] = 0x4000;
    words[49] = 0x2f00; // standard standby timer, IORDY, LBA, DMA
    words[50] = 0x4000;
    words[59] =
        static_cast<uint16_t>(m_state.multipleCount != 0 ? 0x100 | m_state.multipleCount : 0);
    putCapacity(words, m_sectors, m_state);
    putTransfer(words, m_state.transferMode);
    putFeatures(words, m_state);
    if (m_canTrim) {
        words[105] = 8;
        words[169] = 1;
    }
    words[106] = 0x6003; // 8 logical sectors of 512 bytes a physical one
    // A locally assigned world wide name (NAA 3); a registered one needs a company id.
    const uint32_t hash = nameHash(m_serial);
    words[108] = 0x3000;
    words[110] = static_cast<uint16_t>(hash >> 16);
    words[111] = static_cast<uint16_t>(hash);
    words[209] = 0x4000; // logical sector 0 is aligned
    words[217] = 1;      // not rotating
    words[222] = 0x103f; // SATA, up to 3.0
    return sendBlock(finishIdentify(words));
}

AtaStep AtaDisk::smart() const
{
    if (Field<23, 8>::get(m_command.lba) != kSmartSignature)
        return failure(kAtaAborted);
    const auto what = static_cast<uint8_t>(m_command.feature);
    if (!m_state.smart && what != kSmartEnable)
        return failure(kAtaAborted);
    switch (what) {
    // DEVIATION: SMART cannot be turned off; nothing it reports changes.
    case kSmartEnable:
    case kSmartDisable:
    case kSmartAutosave:
    case kSmartOffline:
        return success();
    case kSmartReadData:
    case kSmartReadThresholds:
        return smartData(what);
    case kSmartReadLog: {
        const auto log = static_cast<uint8_t>(m_command.lba);
        if (log != 0 || (m_command.count & 0xff) != 1)
            return failure(kAtaAborted);
        std::vector<std::byte> page(kPage);
        page[0] = std::byte{1};
        return sendBlock(std::move(page));
    }
    case kSmartStatus:
        return success(); // C24Fh unchanged: no threshold exceeded
    default:
        return failure(kAtaAborted);
    }
}

/// One attribute, power-on hours, and a clean offline state (annex of ATA/ATAPI-5).
AtaStep AtaDisk::smartData(uint8_t what) const
{
    std::vector<std::byte> page(kPage);
    const auto put = [&page](size_t at, unsigned value) {
        page[at] = static_cast<std::byte>(value);
    };
    put(0, 0x10);
    put(2, 9); // power-on hours
    if (what == kSmartReadData) {
        put(3, 0x03);
        put(5, 100);
        put(6, 100);
        put(362, 0x82); // offline collection completed without error
        put(367, 0x03);
        put(368, 0x03);
        put(370, 0x01);
        put(372, 1);
        put(373, 2);
    }
    finishPage(page);
    return sendBlock(std::move(page));
}

AtaStep AtaDisk::readLog() const
{
    const auto log = static_cast<uint8_t>(m_command.lba);
    const uint64_t first = Field<15, 8>::get(m_command.lba) | Field<39, 32>::get(m_command.lba)
                                                                  << 8;
    if (first != 0 || m_command.count != 1)
        return failure(kAtaAborted);
    std::vector<std::byte> page(kPage);
    const auto put = [&page](size_t at, uint64_t value) {
        page[at] = static_cast<std::byte>(value);
    };
    if (log == kLogDirectory) {
        put(0, 1);
        put(2 * kLogQueuedError, 1);
        return sendBlock(std::move(page));
    }
    if (log != kLogQueuedError)
        return failure(kAtaAborted);
    // Annex A.7: the registers of the queued command that failed; bit 7 of byte 0: none.
    if (m_state.errorTag == 0xff) {
        put(0, 0x80);
    } else {
        put(0, m_state.errorTag);
        put(2, m_state.errorStatus);
        put(3, m_state.errorCode);
        for (unsigned i = 0; i < 3; ++i) {
            put(4 + i, m_state.errorLba >> (8 * i));
            put(8 + i, m_state.errorLba >> (24 + 8 * i));
        }
        put(12, m_state.errorCount);
        put(13, m_state.errorCount >> 8);
    }
    finishPage(page);
    return sendBlock(std::move(page));
}

} // namespace vmm::pci_devices
