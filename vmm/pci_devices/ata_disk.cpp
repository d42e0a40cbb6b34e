// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci_devices/ata_disk.h"

#include <algorithm>

#include "vmm/base/bits.h"
#include "vmm/pci_devices/ata_regs.h"

namespace vmm::pci_devices {

using namespace ata;

namespace {

constexpr uint64_t kSector = block::kSectorSize;
constexpr uint16_t kMaxTrimBlocks = 8; // IDENTIFY word 105: blocks of 64 ranges a command

} // namespace

/// What a read, write or verify command asks for.
struct AtaDisk::Access {
    enum class Kind : uint8_t { Read, Write, Verify };
    Kind kind = Kind::Read;
    AtaProtocol protocol = AtaProtocol::Register;
    bool extended = false;
    bool multiple = false;
    bool stable = false;
};

AtaDisk::AtaDisk(std::unique_ptr<block::BlockBackend> backend, std::string serial)
    : m_backend(std::move(backend)),
      m_serial(std::move(serial)),
      m_sectors(std::min<uint64_t>(m_backend->capacity(), uint64_t{1} << 48)),
      m_readOnly(m_backend->readOnly()),
      m_canTrim(m_backend->canDiscard())
{}

void AtaDisk::reset(AtaReset kind)
{
    m_command = {};
    // DEVIATION: COMRESET and SRST keep what SET FEATURES and SET MULTIPLE MODE set, as if software
    // settings preservation were always on (ACS-2 section 7.45.17): drivers expect it.
    if (kind == AtaReset::Power)
        m_state = {};
    m_state.standby = false;
}

AtaResult AtaDisk::signature() const
{
    return {kAtaGood, 0x01, 0, 1, 1};
}

bool AtaDisk::isQueued(uint8_t command) const
{
    return command == kReadFpdma || command == kWriteFpdma;
}

AtaStep AtaDisk::failure(uint8_t error) const
{
    return ataFailure(m_command, error);
}

std::optional<AtaDisk::Access> AtaDisk::decodeAccess() const
{
    using Kind = Access::Kind;
    constexpr auto in = AtaProtocol::PioIn;
    constexpr auto reg = AtaProtocol::Register;
    switch (m_command.command) {
    case kReadSectors:
    case kReadSectorsNoRetry:
        return Access{Kind::Read, in, false, false, false};
    case kReadSectorsExt:
        return Access{Kind::Read, in, true, false, false};
    case kReadMultiple:
        return Access{Kind::Read, in, false, true, false};
    case kReadMultipleExt:
        return Access{Kind::Read, in, true, true, false};
    case kReadDma:
    case kReadDmaNoRetry:
        return Access{Kind::Read, reg, false, false, false};
    case kReadDmaExt:
        return Access{Kind::Read, reg, true, false, false};
    case kWriteSectors:
    case kWriteSectorsNoRetry:
        return Access{Kind::Write, reg, false, false, false};
    case kWriteSectorsExt:
        return Access{Kind::Write, reg, true, false, false};
    case kWriteMultiple:
        return Access{Kind::Write, reg, false, true, false};
    case kWriteMultipleExt:
        return Access{Kind::Write, reg, true, true, false};
    case kWriteMultipleFuaExt:
        return Access{Kind::Write, reg, true, true, true};
    case kWriteDma:
    case kWriteDmaNoRetry:
        return Access{Kind::Write, reg, false, false, false};
    case kWriteDmaExt:
        return Access{Kind::Write, reg, true, false, false};
    case kWriteDmaFuaExt:
        return Access{Kind::Write, reg, true, false, true};
    case kReadVerify:
    case kReadVerifyNoRetry:
        return Access{Kind::Verify, reg, false, false, false};
    case kReadVerifyExt:
        return Access{Kind::Verify, reg, true, false, false};
    case kReadFpdma:
        return Access{Kind::Read, AtaProtocol::Queued, true, false, false};
    case kWriteFpdma:
        return Access{Kind::Write, AtaProtocol::Queued, true, false,
                      (m_command.device & kDeviceFua) != 0};
    default:
        return std::nullopt;
    }
}

/// The first sector; nothing for a cylinder/head/sector address that does not exist.
std::optional<uint64_t> AtaDisk::address(bool extended) const
{
    if (extended)
        return m_command.lba;
    const uint64_t low = m_command.lba & 0xff'ffff;
    const uint64_t top = m_command.device & 0x0f;
    if ((m_command.device & kDeviceLba) != 0)
        return low | top << 24;
    const uint64_t sector = low & 0xff;
    const uint64_t cylinder = low >> 8;
    if (sector == 0 || sector > m_state.sectorsPerTrack || top >= m_state.heads)
        return std::nullopt;
    return (cylinder * m_state.heads + top) * m_state.sectorsPerTrack + sector - 1;
}

AtaStep AtaDisk::access(const Access& access)
{
    const bool queued = access.protocol == AtaProtocol::Queued;
    if (access.multiple && m_state.multipleCount == 0)
        return failure(kAtaAborted);
    uint64_t sectors = queued ? m_command.feature : m_command.count;
    if (!access.extended)
        sectors &= 0xff;
    if (sectors == 0)
        sectors = access.extended ? 65536 : 256;
    const auto first = address(access.extended);
    if (!first || *first >= m_sectors || sectors > m_sectors - *first)
        return ataFailure(m_command, kAtaIdNotFound, access.protocol);
    if (access.kind == Access::Kind::Write && m_readOnly)
        return ataFailure(m_command, kAtaAborted, access.protocol);
    m_state.standby = false;
    AtaStep step = ataSuccess(m_command, access.protocol);
    // DEVIATION: verifying checks the range only; the host's storage checks its own sectors.
    if (access.kind == Access::Kind::Verify)
        return step;
    step.kind = AtaStep::Kind::Media;
    step.io = access.kind == Access::Kind::Read ? block::IoKind::Read : block::IoKind::Write;
    const bool stable = access.stable || !m_state.writeCache;
    step.durability = stable ? block::IoDurability::Stable : block::IoDurability::Cached;
    step.offset = *first * kSector;
    step.length = sectors * kSector;
    return step;
}

AtaStep AtaDisk::begin(const AtaCommand& command)
{
    m_command = command;
    if (const auto what = decodeAccess())
        return access(*what);
    switch (command.command) {
    case kIdentifyDevice:
        return identify();
    case kSetFeatures:
        return setFeatures();
    case kFlushCache:
    case kFlushCacheExt:
        return flush();
    case kSetMultipleMode:
        return setMultiple();
    case kInitDeviceParameters:
        return initParameters();
    case kExecuteDiagnostic:
        return diagnostic();
    case kReadNativeMax:
        return nativeMax(false);
    case kReadNativeMaxExt:
        return nativeMax(true);
    case kSmart:
        return smart();
    case kReadLogExt:
        return readLog();
    case kDataSetManagement:
        return dataSetManagement();
    case kRecalibrate:
    case kSeek:
        return success();
    case kCheckPowerMode:
    case kCheckPowerModeOld:
    case kIdle:
    case kIdleOld:
    case kIdleImmediate:
    case kIdleImmediateOld:
    case kStandby:
    case kStandbyOld:
    case kStandbyImmediate:
    case kStandbyImmediateOld:
    case kSleep:
    case kSleepOld:
        return power();
    default:
        return failure(kAtaAborted); // includes NOP, which always aborts (section 7.24)
    }
}

AtaStep AtaDisk::mediaDone(const block::IoResult& result, std::span<const std::byte>)
{
    const auto what = decodeAccess();
    const AtaProtocol protocol = what ? what->protocol : AtaProtocol::Register;
    switch (result.status) {
    case block::IoStatus::Ok:
        return ataSuccess(m_command, protocol);
    case block::IoStatus::Cancelled:
        return ataFailure(m_command, kAtaAborted, protocol);
    case block::IoStatus::Failed:
    case block::IoStatus::NoSpace:
        break;
    }
    return ataFailure(m_command, what ? kAtaUncorrectable : kAtaAborted, protocol);
}

AtaStep AtaDisk::dataArrived(std::span<const std::byte> data)
{
    return trim(data); // the only command that fetches data for itself
}

AtaStep AtaDisk::flush() const
{
    AtaStep step = success();
    step.kind = AtaStep::Kind::Media;
    step.io = block::IoKind::Flush;
    return step;
}

AtaStep AtaDisk::sendBlock(std::vector<std::byte> data) const
{
    AtaStep step = ataSuccess(m_command, AtaProtocol::PioIn);
    step.kind = AtaStep::Kind::SendData;
    step.data = std::move(data);
    return step;
}

AtaStep AtaDisk::setMultiple()
{
    const uint8_t count = static_cast<uint8_t>(m_command.count);
    if (count > kMaxMultiple || (count & (count - 1)) != 0)
        return failure(kAtaAborted);
    m_state.multipleCount = count;
    return success();
}

/// INITIALIZE DEVICE PARAMETERS (ATA-5 section 8.16): old BIOSes choose a translation.
AtaStep AtaDisk::initParameters()
{
    const uint8_t sectors = static_cast<uint8_t>(m_command.count);
    if (sectors == 0 || sectors > 63)
        return failure(kAtaAborted);
    m_state.sectorsPerTrack = sectors;
    m_state.heads = static_cast<uint8_t>((m_command.device & 0x0f) + 1);
    return success();
}

AtaStep AtaDisk::diagnostic() const
{
    AtaStep step;
    step.result = signature();
    return step;
}

AtaStep AtaDisk::nativeMax(bool extended) const
{
    const uint64_t last = m_sectors - 1;
    AtaStep step = success();
    if (extended) {
        step.result.lba = last;
        return step;
    }
    const uint64_t shown = std::min<uint64_t>(last, 0x0fff'ffff);
    step.result.lba = shown & 0xff'ffff;
    step.result.device = static_cast<uint8_t>((m_command.device & 0xf0) | shown >> 24);
    return step;
}

AtaStep AtaDisk::power()
{
    switch (m_command.command) {
    case kCheckPowerMode:
    case kCheckPowerModeOld: {
        AtaStep step = success();
        step.result.count = m_state.standby ? 0x00 : 0xff;
        return step;
    }
    case kStandby:
    case kStandbyOld:
    case kStandbyImmediate:
    case kStandbyImmediateOld:
    case kSleep:
    case kSleepOld:
        m_state.standby = true;
        return flush(); // going to sleep writes the cache
    default:
        m_state.standby = false;
        return success();
    }
}

AtaStep AtaDisk::setFeatures()
{
    switch (static_cast<uint8_t>(m_command.feature)) {
    case kFeatureTransferMode:
        return setTransferMode(static_cast<uint8_t>(m_command.count));
    case kFeatureEnableWriteCache:
        m_state.writeCache = true;
        return success();
    case kFeatureDisableWriteCache:
        m_state.writeCache = false;
        return flush();
    case kFeatureEnableReadAhead:
        m_state.readAhead = true;
        return success();
    case kFeatureDisableReadAhead:
        m_state.readAhead = false;
        return success();
    case kFeatureKeepOnReset:
    case kFeatureDefaultsOnReset:
        return success();
    default:
        return failure(kAtaAborted);
    }
}

/// ACS-2 table 102: the mode is remembered for IDENTIFY; a SATA link has no other use for it.
AtaStep AtaDisk::setTransferMode(uint8_t mode)
{
    const unsigned number = mode & 7;
    const unsigned family = mode >> 3;
    const bool known = family == 0 ? number <= 1
                                   : (family == 1 && number <= 4) || (family == 4 && number <= 2) ||
                                         (family == 8 && number <= 6);
    if (!known)
        return failure(kAtaAborted);
    m_state.transferMode = mode;
    return success();
}

AtaStep AtaDisk::dataSetManagement()
{
    const bool trimBit = (m_command.feature & 1) != 0;
    if (!m_canTrim || !trimBit || m_command.count == 0 || m_command.count > kMaxTrimBlocks)
        return failure(kAtaAborted);
    AtaStep step = success();
    step.kind = AtaStep::Kind::NeedData;
    step.length = m_command.count * kSector;
    return step;
}

/// Ranges are 48 bits of address and 16 of count (ACS-2 table 36). All are checked before any is
/// dropped.
AtaStep AtaDisk::trim(std::span<const std::byte> ranges)
{
    AtaStep step = success();
    for (size_t at = 0; at + 8 <= ranges.size(); at += 8) {
        const uint64_t entry = loadLe<uint64_t>(ranges.data() + at);
        const uint64_t first = Field<47, 0>::get(entry);
        const uint64_t count = Field<63, 48>::get(entry);
        if (count == 0)
            continue;
        if (first >= m_sectors || count > m_sectors - first)
            return failure(kAtaIdNotFound);
        step.extents.push_back({first * kSector, count * kSector});
    }
    if (step.extents.empty())
        return step;
    step.kind = AtaStep::Kind::Media;
    step.io = block::IoKind::Discard;
    return step;
}

void AtaDisk::queuedCommandFailed(uint8_t tag, const AtaResult& result)
{
    m_state.errorTag = tag;
    m_state.errorStatus = result.status;
    m_state.errorCode = result.error;
    m_state.errorCount = result.count;
    m_state.errorLba = result.lba;
}

Result<void> AtaDisk::load(const AtaDiskState& state)
{
    const bool multipleOk = state.multipleCount <= kMaxMultiple &&
                            (state.multipleCount & (state.multipleCount - 1)) == 0;
    const bool geometryOk = state.heads >= 1 && state.heads <= 16 && state.sectorsPerTrack >= 1 &&
                            state.sectorsPerTrack <= 63;
    if (!multipleOk || !geometryOk || (state.errorTag > 31 && state.errorTag != 0xff))
        return Error(ErrorCode::Invalid, "disk: a value is out of range");
    m_command = {};
    m_state = state;
    return {};
}

} // namespace vmm::pci_devices
