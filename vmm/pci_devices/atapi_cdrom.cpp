// SPDX-License-Identifier: GPL-3.0-or-later
// ATA8-ACS-2 section 7.
#include "vmm/pci_devices/atapi_cdrom.h"

#include <array>

#include "vmm/pci_devices/ata_regs.h"

namespace vmm::pci_devices {

namespace {

constexpr uint8_t kReasonDone = 3; // interrupt reason: I/O and C/D
constexpr uint64_t kSignatureLba = 0xeb1400;

} // namespace

AtapiCdrom::AtapiCdrom(std::unique_ptr<block::BlockBackend> medium, std::string serial)
    : m_drive(std::move(medium), std::move(serial), scsi::PhysicalInterface::SerialAtapi)
{}

void AtapiCdrom::reset(AtaReset kind)
{
    m_command = {};
    m_cdb = {};
    m_sense = {};
    m_standby = false;
    if (kind == AtaReset::Software)
        return;
    // Hard resets release the tray. DEVIATION: no "power on or reset" unit attention (29h):
    // firmware and guests gain nothing.
    m_transferMode = ata::kUdma5;
    m_drive.release(kind == AtaReset::Power);
}

AtaResult AtapiCdrom::signature() const
{
    return {0, 0x01, 0, 1, kSignatureLba | 1};
}

AtaStep AtapiCdrom::begin(const AtaCommand& command)
{
    m_command = command;
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
        m_standby = true;
        return ataSuccess(command);
    case ata::kIdleImmediate:
    case ata::kIdle:
    case ata::kFlushCache:
        m_standby = false;
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
    m_transferMode = mode;
    return ataSuccess(m_command);
}

AtaStep AtapiCdrom::checkPower()
{
    AtaStep step = ataSuccess(m_command);
    step.result.count = m_standby ? 0x00 : 0xff;
    return step;
}

AtaStep AtapiCdrom::beginPacket()
{
    m_cdb = scsi::Cdb(m_command.packet);
    if (m_cdb[0] == scsi::kRequestSense)
        return requestSense();
    m_sense = {};
    return packetStep(m_drive.begin(m_cdb));
}

/// What the last command left behind comes first; then it is the drive's to say what is pending.
AtaStep AtapiCdrom::requestSense()
{
    const scsi::Sense last = std::exchange(m_sense, {});
    if (last.key == scsi::kNoSense)
        return packetStep(m_drive.begin(m_cdb));
    const auto data = scsi::fixedSense(last);
    return packetStep(scsi::send({data.begin(), data.end()}, m_cdb[4]));
}

/// After CHECK CONDITION the sense key is in the error register, the rest waits for REQUEST SENSE.
AtaStep AtapiCdrom::packetStep(scsi::Step step)
{
    AtaStep out = ataSuccess(m_command);
    out.result.count = kReasonDone;
    if (step.sense) {
        m_sense = *step.sense;
        out.result.status = kAtaGood | kAtaError;
        out.result.error = static_cast<uint8_t>(step.sense->key << 4);
        return out;
    }
    switch (step.kind) {
    case scsi::Step::Kind::Done:
        return out;
    case scsi::Step::Kind::SendData:
        out.kind = AtaStep::Kind::SendData;
        out.data = std::move(step.data);
        break;
    case scsi::Step::Kind::NeedData:
        out.kind = AtaStep::Kind::NeedData;
        break;
    case scsi::Step::Kind::Media:
        m_standby = false;
        out.kind = AtaStep::Kind::Media;
        out.target =
            step.target == scsi::MediaTarget::Host ? MediaTarget::Host : MediaTarget::Guest;
        out.io = step.io;
        out.offset = step.offset;
        break;
    }
    out.length = step.length;
    out.mayTruncate = true;
    return out;
}

AtaStep AtapiCdrom::dataArrived(std::span<const std::byte> data)
{
    return packetStep(m_drive.dataArrived(m_cdb, data));
}

AtaStep AtapiCdrom::mediaDone(const block::IoResult& result, std::span<const std::byte> host)
{
    return packetStep(m_drive.mediaDone(m_cdb, result, host));
}

AtaStep AtapiCdrom::identify() const
{
    std::array<uint16_t, 256> words{};
    words[0] = 0x85c0; // packet device, CD-ROM, removable, 12-byte packets
    putAtaString(std::span(words).subspan(10, 10), m_drive.serial());
    putAtaString(std::span(words).subspan(23, 4), "1.0");
    putAtaString(std::span(words).subspan(27, 20), "VITRINE CD-ROM");
    words[49] = 0x0f00; // IORDY, LBA, DMA
    words[53] = 0x0006;
    words[63] = 0x0007;
    words[64] = 0x0003;
    words[65] = words[66] = words[67] = words[68] = 120;
    words[76] = 0x0006; // generation 1 and 2 speed
    words[77] = 0x0004;
    words[80] = 0x01f0;
    words[82] = 0x4218; // NOP, DEVICE RESET, PACKET, power management
    words[83] = 0x4000;
    words[84] = 0x4000;
    words[85] = 0x4218;
    words[87] = 0x4000;
    words[88] = 0x007f;
    if (m_transferMode >> 3 == 8)
        words[88] = static_cast<uint16_t>(words[88] | 0x100U << (m_transferMode & 7));
    else if (m_transferMode >> 3 == 4)
        words[63] = static_cast<uint16_t>(words[63] | 0x100U << (m_transferMode & 7));
    AtaStep step = ataSuccess(m_command, AtaProtocol::PioIn);
    step.kind = AtaStep::Kind::SendData;
    step.data = finishIdentify(words);
    return step;
}

AtapiCdromState AtapiCdrom::save() const
{
    return {m_sense.key, m_sense.asc, m_sense.ascq, m_transferMode, m_standby, m_drive.state()};
}

Result<void> AtapiCdrom::load(const AtapiCdromState& state)
{
    if (state.senseKey > 0xf)
        return Error(ErrorCode::Invalid, "cdrom: a value is out of range");
    TRY(m_drive.loadState(state.drive));
    m_command = {};
    m_cdb = {};
    m_sense = {state.senseKey, state.asc, state.ascq};
    m_transferMode = state.transferMode;
    m_standby = state.standby;
    return {};
}

} // namespace vmm::pci_devices
