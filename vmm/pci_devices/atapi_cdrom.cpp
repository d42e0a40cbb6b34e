// SPDX-License-Identifier: GPL-3.0-or-later
// The drive's ATA side, tray and packet dispatch. MMC-5 section 6, ATA8-ACS-2 section 7.
#include "vmm/pci_devices/atapi_cdrom.h"

#include <algorithm>

#include "vmm/base/bits.h"
#include "vmm/pci_devices/ata_regs.h"
#include "vmm/pci_devices/atapi_regs.h"

namespace vmm::pci_devices {

using namespace atapi;

namespace {

enum class Medium : uint8_t { Needed, NotNeeded };
enum class Attention : uint8_t { Reported, Ignored };

} // namespace

/// How a packet command is treated before its handler runs.
struct AtapiCdrom::PacketRow {
    uint8_t opcode;
    Medium medium;
    Attention
        attention; // Ignored: works also while a unit attention is pending (SPC-3 section 5.8)
    Handler handler;
};

const AtapiCdrom::PacketRow* AtapiCdrom::findPacket(uint8_t opcode)
{
    constexpr auto needed = Medium::Needed;
    constexpr auto any = Medium::NotNeeded;
    constexpr auto report = Attention::Reported;
    constexpr auto ignore = Attention::Ignored;
    static constexpr PacketRow kRows[] = {
        {kTestUnitReady, needed, report, &AtapiCdrom::testUnitReady},
        {kRequestSense, any, ignore, &AtapiCdrom::requestSense},
        {kInquiry, any, ignore, &AtapiCdrom::inquiry},
        {kModeSelect6, any, report, &AtapiCdrom::modeSelect6},
        {kModeSense6, any, report, &AtapiCdrom::modeSense6},
        {kStartStopUnit, any, report, &AtapiCdrom::startStop},
        {kPreventAllowRemoval, any, report, &AtapiCdrom::preventRemoval},
        {kReadCapacity, needed, report, &AtapiCdrom::readCapacity},
        {kRead10, needed, report, &AtapiCdrom::read10},
        {kSeek10, needed, report, &AtapiCdrom::seek},
        {kReadToc, needed, report, &AtapiCdrom::readToc},
        {kGetConfiguration, any, ignore, &AtapiCdrom::getConfiguration},
        {kGetEventStatus, any, ignore, &AtapiCdrom::getEventStatus},
        {kReadDiscInformation, needed, report, &AtapiCdrom::readDiscInformation},
        {kReadTrackInformation, needed, report, &AtapiCdrom::readTrackInformation},
        {kModeSelect10, any, report, &AtapiCdrom::modeSelect10},
        {kModeSense10, any, report, &AtapiCdrom::modeSense10},
        {kRead12, needed, report, &AtapiCdrom::read12},
        {kReadDvdStructure, needed, report, &AtapiCdrom::readDvdStructure},
        {kSetCdSpeed, any, report, &AtapiCdrom::setSpeed},
        {kMechanismStatus, any, report, &AtapiCdrom::mechanismStatus},
        {kReadCd, needed, report, &AtapiCdrom::readCd},
    };
    const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                   [opcode](const PacketRow& r) { return r.opcode == opcode; });
    return row != std::end(kRows) ? row : nullptr;
}

AtapiCdrom::AtapiCdrom(std::unique_ptr<block::BlockBackend> medium, std::string serial)
    : m_medium(std::move(medium)), m_serial(std::move(serial))
{}

void AtapiCdrom::reset(AtaReset kind)
{
    m_command = {};
    m_raw = false;
    m_state.senseKey = m_state.asc = m_state.ascq = 0;
    m_state.standby = false;
    if (kind == AtaReset::Software)
        return;
    // Hard resets release the tray (MMC-5 section 6.18.1.3); where it stands is mechanics and
    // stays. DEVIATION: no "power on or reset" unit attention (29h): firmware and guests gain
    // nothing.
    m_state.locked = false;
    m_state.transferMode = ata::kUdma5;
    if (kind == AtaReset::Power)
        m_state.mediaEvent = kEventNone;
    if (kind == AtaReset::Power)
        m_state.removalPending = m_state.changePending = false;
}

AtaResult AtapiCdrom::signature() const
{
    return {0, 0x01, 0, 1, kSignatureLba | 1};
}

uint64_t AtapiCdrom::blocks() const
{
    const uint64_t sectors = m_medium != nullptr ? m_medium->capacity() : 0;
    // What does not fit the 32-bit addresses of packets cannot be reached.
    return std::min<uint64_t>(sectors / (kBlockSize / block::kSectorSize), 0xffff'ffff);
}

bool AtapiCdrom::isDvd() const
{
    constexpr uint64_t cdMax = 80 * 60 * 75; // an 80 minute CD
    return blocks() > cdMax;
}

uint16_t AtapiCdrom::packet16(size_t index) const
{
    return loadBe<uint16_t>(m_command.packet.data() + index);
}

uint32_t AtapiCdrom::packet32(size_t index) const
{
    return loadBe<uint32_t>(m_command.packet.data() + index);
}

AtaStep AtapiCdrom::begin(const AtaCommand& command)
{
    m_command = command;
    m_raw = false;
    switch (command.command) {
    case ata::kPacket:
        return beginPacket();
    case ata::kIdentifyPacket:
        return identify();
    case ata::kSetFeatures:
        return setFeatures();
    case ata::kDeviceReset:
    case ata::kExecuteDiagnostic: {
        reset(AtaReset::Software);
        AtaStep step;
        step.result = signature();
        return step;
    }
    case ata::kCheckPowerMode:
        return checkPower();
    case ata::kStandbyImmediate:
    case ata::kStandby:
    case ata::kSleep:
        m_state.standby = true;
        return ataSuccess(command);
    case ata::kIdleImmediate:
    case ata::kIdle:
    case ata::kFlushCache:
        m_state.standby = false;
        return ataSuccess(command);
    default:
        return aborted();
    }
}

/// Commands of disks end with the signature, so that a driver sees what it talks to (ACS-2 section
/// 7.12.3).
AtaStep AtapiCdrom::aborted() const
{
    AtaStep step = ataFailure(m_command, kAtaAborted);
    step.result.count = 1;
    step.result.lba = kSignatureLba | 1;
    return step;
}

AtaStep AtapiCdrom::setFeatures()
{
    const uint8_t mode = static_cast<uint8_t>(m_command.count);
    const auto feature = static_cast<uint8_t>(m_command.feature);
    if (feature == ata::kFeatureKeepOnReset || feature == ata::kFeatureDefaultsOnReset)
        return ataSuccess(m_command);
    const unsigned family = mode >> 3;
    const unsigned number = mode & 7;
    const bool known = (family == 0 && number <= 1) || (family == 1 && number <= 4) ||
                       (family == 4 && number <= 2) || (family == 8 && number <= 6);
    if (feature != ata::kFeatureTransferMode || !known)
        return ataFailure(m_command, kAtaAborted);
    m_state.transferMode = mode;
    return ataSuccess(m_command);
}

AtaStep AtapiCdrom::checkPower()
{
    AtaStep step = ataSuccess(m_command);
    step.result.count = m_state.standby ? 0x00 : 0xff;
    return step;
}

AtaStep AtapiCdrom::beginPacket()
{
    const PacketRow* row = findPacket(packet(0));
    if (packet(0) != kRequestSense)
        m_state.senseKey = m_state.asc = m_state.ascq = 0;
    if (row == nullptr)
        return fail({kIllegalRequest, kAscInvalidOpcode, 0});
    if (row->attention == Attention::Reported) {
        if (m_state.removalPending) {
            m_state.removalPending = false;
            return fail({kNotReady, kAscNoMedium, 2});
        }
        if (m_state.changePending) {
            m_state.changePending = false;
            return fail({kUnitAttention, kAscMediumChanged, 0});
        }
    }
    if (row->medium == Medium::Needed && !mediumPresent())
        return noMedium();
    return (this->*row->handler)();
}

AtaStep AtapiCdrom::noMedium()
{
    return fail({kNotReady, kAscNoMedium, static_cast<uint8_t>(m_state.trayOpen ? 2 : 1)});
}

AtaStep AtapiCdrom::done() const
{
    AtaStep step = ataSuccess(m_command);
    step.result.count = kReasonDone;
    return step;
}

/// CHECK CONDITION: the sense key is in the error register, the rest waits for REQUEST SENSE.
AtaStep AtapiCdrom::fail(const Sense& sense)
{
    m_state.senseKey = sense.key;
    m_state.asc = sense.asc;
    m_state.ascq = sense.ascq;
    AtaStep step = done();
    step.result.status = kAtaGood | kAtaError;
    step.result.error = static_cast<uint8_t>(sense.key << 4);
    return step;
}

AtaStep AtapiCdrom::send(std::vector<std::byte> data, uint64_t allocation) const
{
    if (data.size() > allocation)
        data.resize(allocation);
    AtaStep step = done();
    step.kind = data.empty() ? AtaStep::Kind::Done : AtaStep::Kind::SendData;
    step.mayTruncate = true;
    step.data = std::move(data);
    return step;
}

AtaStep AtapiCdrom::dataArrived(std::span<const std::byte>)
{
    // MODE SELECT. DEVIATION: parameters are accepted without effect; nothing here can be set.
    return done();
}

AtaStep AtapiCdrom::mediaDone(const block::IoResult& result, std::span<const std::byte> host)
{
    switch (result.status) {
    case block::IoStatus::Ok:
        return m_raw ? rawSectors(host) : done();
    case block::IoStatus::Cancelled:
        if (!mediumPresent())
            return noMedium(); // taken out by force while it was read
        return fail({kAbortedCommand, 0, 0});
    case block::IoStatus::Failed:
    case block::IoStatus::NoSpace:
        break;
    }
    return fail({kMediumError, kAscUnrecoveredRead, 0});
}

std::unique_ptr<block::BlockBackend> AtapiCdrom::insert(std::unique_ptr<block::BlockBackend> medium)
{
    auto old = std::move(m_medium);
    m_state.removalPending = old != nullptr && !m_state.trayOpen;
    m_medium = std::move(medium);
    m_state.trayOpen = false;
    m_state.changePending = m_medium != nullptr;
    m_state.mediaEvent = m_medium != nullptr ? kEventNewMedia : kEventMediaRemoval;
    return old;
}

Result<std::unique_ptr<block::BlockBackend>> AtapiCdrom::eject(EjectMode mode)
{
    if (m_state.locked && m_medium != nullptr && mode == EjectMode::Ask) {
        m_state.mediaEvent = kEventEjectRequest;
        return Error(ErrorCode::Busy,
                     "the guest has locked the CD tray; it was asked to release it");
    }
    m_state.locked = false;
    m_state.trayOpen = true;
    m_state.removalPending = m_state.changePending = false;
    m_state.mediaEvent = kEventMediaRemoval;
    return std::move(m_medium);
}

std::string AtapiCdrom::mediumPath() const
{
    return mediumPresent() ? m_medium->path() : std::string();
}

bool AtapiCdrom::takeTrayMoved()
{
    return std::exchange(m_trayMoved, false);
}

/// START STOP UNIT (MMC-5 section 6.42): only LoEj does something.
AtaStep AtapiCdrom::startStop()
{
    const bool start = (packet(4) & 1) != 0;
    const bool load = (packet(4) & 2) != 0;
    if (packet(4) >> 4 != 0 || !load)
        return done();
    if (start == !m_state.trayOpen)
        return done();
    if (!start && m_state.locked)
        return fail({kIllegalRequest, kAscRemovalPrevented, 2});
    m_state.trayOpen = !start;
    m_trayMoved = true;
    m_state.changePending = start && m_medium != nullptr;
    m_state.mediaEvent = mediumPresent() ? kEventNewMedia : kEventMediaRemoval;
    return done();
}

AtaStep AtapiCdrom::preventRemoval()
{
    m_state.locked = (packet(4) & 1) != 0;
    return done();
}

Result<void> AtapiCdrom::load(const AtapiCdromState& state)
{
    if (state.senseKey > 0xf || state.mediaEvent > kEventMediaRemoval)
        return Error(ErrorCode::Invalid, "cdrom: a value is out of range");
    m_command = {};
    m_raw = false;
    m_trayMoved = false;
    m_state = state;
    return {};
}

} // namespace vmm::pci_devices
