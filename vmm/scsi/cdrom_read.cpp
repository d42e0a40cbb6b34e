// SPDX-License-Identifier: GPL-3.0-or-later
// Reading from the medium: READ (10/12), READ CD, SEEK, READ CAPACITY. MMC-5 sections 6.19 to 6.24.
#include <algorithm>
#include <array>
#include <iterator>

#include "vmm/base/bits.h"
#include "vmm/scsi/cdrom.h"
#include "vmm/scsi/msf.h"
#include "vmm/scsi/scsi_regs.h"

namespace vmm::scsi {

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

uint8_t toBcd(uint8_t value)
{
    return static_cast<uint8_t>(value / 10 << 4 | value % 10);
}

} // namespace

Step Cdrom::testUnitReady(const Cdb&)
{
    return done();
}

Step Cdrom::readCapacity(const Cdb&)
{
    std::vector<uint8_t> data(8);
    storeBe(data.data(), static_cast<uint32_t>(std::max<uint64_t>(blocks(), 1) - 1));
    storeBe(data.data() + 4, kBlockSize);
    return send(std::move(data), 8);
}

Step Cdrom::read10(const Cdb& cdb)
{
    return readBlocks(cdb.be32(2), cdb.be16(7));
}

Step Cdrom::read12(const Cdb& cdb)
{
    return readBlocks(cdb.be32(2), cdb.be32(6));
}

Step Cdrom::readBlocks(uint64_t first, uint64_t count)
{
    if (first > blocks() || count > blocks() - first || (first == blocks() && count == 0))
        return fail(kOutOfRange);
    Step step = done();
    if (count == 0)
        return step;
    step.kind = Step::Kind::Media;
    step.io = block::IoKind::Read;
    step.offset = first * kBlockSize;
    step.length = count * kBlockSize;
    return step;
}

Step Cdrom::seek(const Cdb& cdb)
{
    if (cdb.be32(2) >= blocks())
        return fail(kOutOfRange);
    return done();
}

/// READ CD (MMC-5 section 6.19). Every sector of an image is mode 1.
Step Cdrom::readCd(const Cdb& cdb)
{
    const uint64_t first = cdb.be32(2);
    const uint64_t count = cdb.be24(6);
    const unsigned expected = cdb[1] >> 2 & 7;
    const uint8_t parts = cdb[9];
    if (expected != 0 && expected != 2)
        return fail({kIllegalRequest, kAscIllegalMode, 0});
    if ((parts & kPartC2) != 0 || (cdb[10] & 7) != 0)
        return fail(kInvalidField);
    if (first > blocks() || count > blocks() - first)
        return fail(kOutOfRange);
    if (count == 0 || (parts & 0xf8) == 0)
        return done();
    if ((parts & 0xf8) == kPartUserData)
        return readBlocks(first, count);
    // DEVIATION: a limit for what has to be put together here; rippers ask for 27 or 75 sectors.
    if (count > kMaxRawSectors)
        return fail(kInvalidField);
    Step step = readBlocks(first, count);
    step.target = MediaTarget::Host;
    return step;
}

/// Puts the wished parts around each sector's user data (ECMA-130 section 14).
/// DEVIATION: error detection and correction bytes are zero; nobody checks them on a virtual disc.
Step Cdrom::rawSectors(const Cdb& cdb, std::span<const std::byte> host)
{
    static constexpr std::array<uint8_t, kSyncSize> kSync = {0,    0xff, 0xff, 0xff, 0xff, 0xff,
                                                             0xff, 0xff, 0xff, 0xff, 0xff, 0};
    const uint64_t first = cdb.be32(2);
    const uint8_t parts = cdb[9];
    std::vector<uint8_t> data;
    data.reserve(host.size() / kBlockSize * 2352);
    for (size_t i = 0; i < host.size() / kBlockSize; ++i) {
        const Msf msf = msfOf(first + i);
        if ((parts & kPartSync) != 0)
            data.insert(data.end(), kSync.begin(), kSync.end());
        if ((parts & kPartHeader) != 0)
            data.insert(data.end(),
                        {toBcd(msf.minute), toBcd(msf.second), toBcd(msf.frame), uint8_t{1}});
        const auto user = host.subspan(i * kBlockSize, kBlockSize);
        if ((parts & kPartUserData) != 0)
            std::transform(user.begin(), user.end(), std::back_inserter(data),
                           [](std::byte byte) { return static_cast<uint8_t>(byte); });
        if ((parts & kPartEdc) != 0)
            data.resize(data.size() + kEdcSize);
    }
    const size_t size = data.size();
    return send(std::move(data), size);
}

} // namespace vmm::scsi
