// SPDX-License-Identifier: GPL-3.0-or-later
// A CD/DVD-ROM drive behind the PACKET command. ATA8-ACS-2 section 7.18.
#pragma once

#include <memory>
#include <string>

#include "vmm/base/result.h"
#include "vmm/pci_devices/ata_device.h"
#include "vmm/scsi/cdrom.h"

namespace vmm::pci_devices {

using scsi::EjectMode;

/// Guest state of the drive. Left out: the medium itself, which the machine's description names.
struct AtapiCdromState {
    uint8_t senseKey = 0; ///< of the last command, for REQUEST SENSE
    uint8_t asc = 0;
    uint8_t ascq = 0;
    uint8_t transferMode = 0x45;
    bool standby = false;
    scsi::CdromState drive;
    template <class A>
    void visit(A& a)
    {
        a.field("sense-key", senseKey).field("asc", asc).field("ascq", ascq);
        a.field("transfer-mode", transferMode).field("standby", standby);
        drive.visit(a); // its fields stand beside these, as they always did
    }
};

/// The ATA side of the drive; what packets ask for is scsi::Cdrom's.
class AtapiCdrom final : public AtaDevice {
public:
    /// `medium` may be null.
    AtapiCdrom(std::unique_ptr<block::BlockBackend> medium, std::string serial);

    void reset(AtaReset kind) override;
    AtaResult signature() const override;
    AtaStep begin(const AtaCommand& command) override;
    AtaStep dataArrived(std::span<const std::byte> data) override;
    AtaStep mediaDone(const block::IoResult& result, std::span<const std::byte> host) override;
    void queuedCommandFailed(uint8_t, const AtaResult&) override {}
    block::BlockBackend* backend() override { return m_drive.backend(); }
    bool isQueued(uint8_t) const override { return false; }

    /// The board's side of the tray: as scsi::Cdrom says.
    scsi::Cdrom& drive() { return m_drive; }
    const scsi::Cdrom& drive() const { return m_drive; }

    AtapiCdromState save() const;
    Result<void> load(const AtapiCdromState& state);

private:
    AtaStep setFeatures();
    AtaStep checkPower();
    AtaStep aborted() const;
    AtaStep beginPacket();
    AtaStep requestSense();
    AtaStep packetStep(scsi::Step step);
    AtaStep identify() const;

    scsi::Cdrom m_drive;
    scsi::Sense m_sense; // of the last command
    uint8_t m_transferMode = 0x45;
    bool m_standby = false;
    AtaCommand m_command; // the current one
    scsi::Cdb m_cdb;      // its packet
};

} // namespace vmm::pci_devices
