// SPDX-License-Identifier: GPL-3.0-or-later
// The disk's commands and those that move data. SBC-3 section 5.
#include "vmm/scsi/disk.h"

#include <algorithm>
#include <iterator>

#include "vmm/scsi/disk_commands.h"

namespace vmm::scsi {

namespace {

constexpr uint8_t kProtect = 0xe0; // RDPROTECT and its like: no protection information here
constexpr uint8_t kForceUnitAccess = 0x08;
constexpr uint8_t kByteCheck = 0x06;
constexpr uint8_t kAnchorUnmap = 0x01;
constexpr uint8_t kWriteSameUnmap = 0x08;
constexpr uint8_t kWriteSameOthers = 0xf7;
constexpr uint8_t kUnmapHeader = 8;
constexpr uint8_t kUnmapDescriptor = 16;
constexpr size_t kPatternSize = 65536; // how much of a WRITE SAME is put together at once
constexpr Sense kProtected{kDataProtect, kAscWriteProtected, 0};
constexpr Sense kListLength{kIllegalRequest, kAscParameterLength, 0};

bool allZero(std::span<const std::byte> data)
{
    return std::all_of(data.begin(), data.end(), [](std::byte b) { return b == std::byte{0}; });
}

} // namespace

std::span<const Disk::Row> Disk::rows()
{
    using enum Row::Attentions;
    // The bits of each command that are looked at (SPC-4 section 6.34.3), its opcode first.
    static const Row kRows[] = {
        {Reported, &Disk::testUnitReady, {kTestUnitReady, 0, 0, 0, 0, 0}},
        {Ignored, &Disk::requestSense, {kRequestSense, 0x01, 0, 0, 0xff, 0}},
        {Reported, &Disk::read, {kRead6, 0x1f, 0xff, 0xff, 0xff, 0}},
        {Reported, &Disk::write, {kWrite6, 0x1f, 0xff, 0xff, 0xff, 0}},
        {Ignored, &Disk::inquiry, {kInquiry, 0x01, 0xff, 0xff, 0xff, 0}},
        {Reported, &Disk::modeSelect, {kModeSelect6, 0x11, 0, 0, 0xff, 0}},
        {Reported, &Disk::modeSense, {kModeSense6, 0x08, 0xff, 0xff, 0xff, 0}},
        {Reported, &Disk::startStop, {kStartStopUnit, 0x01, 0, 0, 0x02, 0}},
        {Reported, &Disk::readCapacity10, {kReadCapacity, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
        {Reported, &Disk::read, {kRead10, 0xf8, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0}},
        {Reported, &Disk::write, {kWrite10, 0xf8, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0}},
        {Reported, &Disk::verify, {kVerify10, 0xf6, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0}},
        {Reported,
         &Disk::synchronizeCache,
         {kSynchronizeCache10, 0x02, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0}},
        {Reported,
         &Disk::writeSame,
         {kWriteSame10, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0}},
        {Reported, &Disk::unmap, {kUnmap, 0x01, 0, 0, 0, 0, 0, 0xff, 0xff, 0}},
        {Reported, &Disk::modeSelect, {kModeSelect10, 0x11, 0, 0, 0, 0, 0, 0xff, 0xff, 0}},
        {Reported, &Disk::modeSense, {kModeSense10, 0x18, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, 0}},
        {Reported,
         &Disk::read,
         {kRead16, 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,
          0}},
        {Reported,
         &Disk::write,
         {kWrite16, 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,
          0}},
        {Reported,
         &Disk::verify,
         {kVerify16, 0xf6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0, 0}},
        {Reported,
         &Disk::synchronizeCache,
         {kSynchronizeCache16, 0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0, 0}},
        {Reported,
         &Disk::writeSame,
         {kWriteSame16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0, 0}},
        {Reported,
         &Disk::readCapacity16,
         {kServiceActionIn16, kReadCapacity16, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0,
          0},
         kReadCapacity16},
        {Reported,
         &Disk::reportOpcodes,
         {kMaintenanceIn, kReportSupportedOpcodes, 0x87, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0, 0},
         kReportSupportedOpcodes},
        {Reported,
         &Disk::read,
         {kRead12, 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0}},
        {Reported,
         &Disk::write,
         {kWrite12, 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0}},
        {Reported,
         &Disk::verify,
         {kVerify12, 0xf6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0}},
    };
    return kRows;
}

const Disk::Row* Disk::findRow(uint8_t opcode, std::optional<unsigned> action)
{
    const auto all = rows();
    const auto row = std::find_if(all.begin(), all.end(), [&](const Row& r) {
        return r.usage[0] == opcode && r.action == action;
    });
    return row != all.end() ? &*row : nullptr;
}

const Disk::Row* Disk::findRow(const Cdb& cdb)
{
    const bool actions = cdb[0] == kServiceActionIn16 || cdb[0] == kMaintenanceIn;
    return actions ? findRow(cdb[0], cdb[1] & 0x1f) : findRow(cdb[0], std::nullopt);
}

Disk::Disk(std::unique_ptr<block::BlockBackend> backend, std::string serial)
    : m_backend(std::move(backend)), m_serial(std::move(serial))
{
    raise(Attention::PowerOn);
}

void Disk::reset(Attention why)
{
    m_writeCache = true;
    m_attentions = 0;
    raise(why);
}

Step Disk::begin(const Cdb& cdb)
{
    const Row* row = findRow(cdb);
    if (row == nullptr)
        return fail(kInvalidOpcode);
    if (row->attentions == Row::Attentions::Reported) {
        if (const auto attention = takeUnitAttention())
            return fail(*attention);
    }
    return (this->*row->handler)(cdb);
}

Step Disk::testUnitReady(const Cdb&)
{
    return done();
}

/// START STOP UNIT. DEVIATION: power conditions are accepted without effect; a tray there is none.
Step Disk::startStop(const Cdb& cdb)
{
    constexpr uint8_t loadEject = 0x02;
    return (cdb[4] & loadEject) != 0 ? fail(kInvalidField) : done();
}

Disk::Blocks Disk::rangeOf(const Cdb& cdb)
{
    switch (cdb[0] >> 5) { // the group code says how long a command is (SPC-4 section 4.2.5.1)
    case 0:
        return {cdb.be24(1) & 0x1f'ffff, cdb[4] != 0 ? cdb[4] : uint64_t{256}};
    case 1:
    case 2:
        return {cdb.be32(2), cdb.be16(7)};
    case 4:
        return {cdb.be64(2), cdb.be32(10)};
    default:
        return {cdb.be32(2), cdb.be32(6)};
    }
}

bool Disk::inside(const Blocks& range) const
{
    return range.first < blocks() && range.count <= blocks() - range.first;
}

Step Disk::read(const Cdb& cdb)
{
    return transfer(cdb, block::IoKind::Read);
}

Step Disk::write(const Cdb& cdb)
{
    return m_backend->readOnly() ? fail(kProtected) : transfer(cdb, block::IoKind::Write);
}

Step Disk::transfer(const Cdb& cdb, block::IoKind kind)
{
    const bool six = cdb[0] == kRead6 || cdb[0] == kWrite6; // no flags: bits of the address
    const Blocks range = rangeOf(cdb);
    if (!six && (cdb[1] & kProtect) != 0)
        return fail(kInvalidField);
    if (!inside(range))
        return fail(kOutOfRange);
    if (range.count == 0)
        return done();
    const bool stable = !cacheOn() || (!six && (cdb[1] & kForceUnitAccess) != 0);
    Step step;
    step.kind = Step::Kind::Media;
    step.io = kind;
    if (kind == block::IoKind::Write && stable)
        step.durability = block::IoDurability::Stable;
    step.offset = range.first * kBlockSize;
    step.length = range.count * kBlockSize;
    return step;
}

/// DEVIATION: verifying checks the range only; the host's storage checks its own sectors.
Step Disk::verify(const Cdb& cdb)
{
    if ((cdb[1] & (kProtect | kByteCheck)) != 0)
        return fail(kInvalidField);
    return inside(rangeOf(cdb)) ? done() : fail(kOutOfRange);
}

/// The whole cache is written, whatever range is asked for; also with IMMED the end comes after.
Step Disk::synchronizeCache(const Cdb& cdb)
{
    return inside(rangeOf(cdb)) ? flush() : fail(kOutOfRange);
}

Step Disk::flush()
{
    Step step;
    step.kind = Step::Kind::Media;
    step.io = block::IoKind::Flush;
    return step;
}

Step Disk::unmap(const Cdb& cdb)
{
    const uint16_t length = cdb.be16(7);
    if (!canUnmap())
        return m_backend->readOnly() ? fail(kProtected) : fail(kInvalidOpcode);
    if ((cdb[1] & kAnchorUnmap) != 0)
        return fail(kInvalidField);
    if (length == 0)
        return done();
    if (length < kUnmapHeader)
        return fail(kListLength);
    Step step;
    step.kind = Step::Kind::NeedData;
    step.length = length;
    return step;
}

/// All ranges are checked before any is dropped (section 5.28).
Step Disk::unmapData(std::span<const std::byte> data) const
{
    if (data.size() < kUnmapHeader)
        return fail(kListLength);
    const size_t said = loadBe<uint16_t>(data.data() + 2);
    const size_t count = std::min(said, data.size() - kUnmapHeader) / kUnmapDescriptor;
    if (count > kMaxUnmapDescriptors)
        return fail(kInvalidParameter);
    Step step;
    uint64_t total = 0;
    for (size_t i = 0; i < count; ++i) {
        const std::byte* at = data.data() + kUnmapHeader + i * kUnmapDescriptor;
        const Blocks range{loadBe<uint64_t>(at), loadBe<uint32_t>(at + 8)};
        total += range.count;
        if (range.count == 0)
            continue;
        if (!inside(range))
            return fail(kOutOfRange);
        step.extents.push_back({range.first * kBlockSize, range.count * kBlockSize});
    }
    if (total > kMaxUnmapBlocks)
        return fail(kInvalidParameter);
    if (step.extents.empty())
        return step;
    step.kind = Step::Kind::Media;
    step.io = block::IoKind::Discard;
    return step;
}

Step Disk::writeSame(const Cdb& cdb)
{
    const Blocks range = rangeOf(cdb);
    if (m_backend->readOnly())
        return fail(kProtected);
    if ((cdb[1] & kWriteSameOthers) != 0 || range.count == 0 || range.count > kMaxWriteSameBlocks)
        return fail(kInvalidField);
    if ((cdb[1] & kWriteSameUnmap) != 0 && !canUnmap())
        return fail(kInvalidField);
    if (!inside(range))
        return fail(kOutOfRange);
    Step step;
    step.kind = Step::Kind::NeedData;
    step.length = kBlockSize;
    return step;
}

Step Disk::writeSameData(const Cdb& cdb, std::span<const std::byte> data) const
{
    const Blocks range = rangeOf(cdb);
    if (data.size() != kBlockSize)
        return fail(kListLength);
    if (!inside(range)) // the disk may have another size by now
        return fail(kOutOfRange);
    Step step;
    step.kind = Step::Kind::Media;
    step.length = range.count * kBlockSize;
    step.offset = range.first * kBlockSize;
    if (!cacheOn())
        step.durability = block::IoDurability::Stable;
    if (allZero(data)) {
        step.io = block::IoKind::WriteZeroes;
        step.mayUnmap = (cdb[1] & kWriteSameUnmap) != 0;
        step.extents.push_back({step.offset, step.length});
        return step;
    }
    step.io = block::IoKind::Write;
    step.target = MediaTarget::Host;
    const auto size = static_cast<size_t>(std::min<uint64_t>(step.length, kPatternSize));
    while (step.data.size() < size)
        step.data.insert(step.data.end(), data.begin(), data.end());
    return step;
}

Step Disk::dataArrived(const Cdb& cdb, std::span<const std::byte> data)
{
    switch (cdb[0]) {
    case kUnmap:
        return unmapData(data);
    case kWriteSame10:
    case kWriteSame16:
        return writeSameData(cdb, data);
    default:
        return modeSelectData(cdb, data);
    }
}

Step Disk::mediaDone(const Cdb& cdb, const block::IoResult& result, std::span<const std::byte>)
{
    const bool reading =
        cdb[0] == kRead6 || cdb[0] == kRead10 || cdb[0] == kRead12 || cdb[0] == kRead16;
    switch (result.status) {
    case block::IoStatus::Ok:
        return done();
    case block::IoStatus::NoSpace: // SBC-3 section 4.7.3.6
        return fail({kDataProtect, kAscWriteProtected, 7});
    case block::IoStatus::Cancelled:
        return fail({kAbortedCommand, 0, 0});
    case block::IoStatus::Failed:
        break;
    }
    return fail({kMediumError, reading ? kAscUnrecoveredRead : kAscWriteError, 0});
}

UnitState Disk::save() const
{
    UnitState state;
    state.attentions = m_attentions;
    state.writeCache = m_writeCache;
    return state;
}

Result<void> Disk::load(const UnitState& state)
{
    if ((state.attentions & ~kAllAttentions) != 0)
        return Error(ErrorCode::Invalid, "disk: an attention that does not exist");
    m_attentions = state.attentions;
    m_writeCache = state.writeCache;
    return {};
}

} // namespace vmm::scsi
