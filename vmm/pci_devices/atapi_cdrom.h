// SPDX-License-Identifier: GPL-3.0-or-later
// A CD/DVD-ROM drive behind the PACKET command. MMC-5, SPC-3, ATA8-ACS-2 section 7.18.
#pragma once

#include <memory>
#include <string>

#include "vmm/base/result.h"
#include "vmm/pci_devices/ata_device.h"

namespace vmm::pci_devices {

/// Ask: a tray the guest has locked stays closed and the guest is told. Force: like the pin in the
/// hole.
enum class EjectMode : uint8_t { Ask, Force };

/// Guest state of the drive. Left out: the medium itself, which the machine's description names.
struct AtapiCdromState {
    uint8_t senseKey = 0;
    uint8_t asc = 0;
    uint8_t ascq = 0;
    uint8_t mediaEvent = 0; ///< what GET EVENT STATUS NOTIFICATION tells next; 0 nothing
    uint8_t transferMode = 0x45;
    bool trayOpen = false;
    bool locked = false;
    bool removalPending = false; ///< one "no medium" between two media
    bool changePending = false;  ///< unit attention: medium may have changed
    bool standby = false;
    template <class A>
    void visit(A& a)
    {
        a.field("sense-key", senseKey).field("asc", asc).field("ascq", ascq);
        a.field("media-event", mediaEvent).field("transfer-mode", transferMode);
        a.field("tray-open", trayOpen).field("locked", locked);
        a.field("removal-pending", removalPending).field("change-pending", changePending);
        a.field("standby", standby);
    }
};

/// The drive. Sectors of 2048 bytes; every address and count is checked against the medium in 64
/// bits before use (CVE-2020-29443).
class AtapiCdrom final : public AtaDevice {
public:
    static constexpr uint32_t kBlockSize = 2048;

    /// `medium` may be null.
    AtapiCdrom(std::unique_ptr<block::BlockBackend> medium, std::string serial);

    void reset(AtaReset kind) override;
    AtaResult signature() const override;
    AtaStep begin(const AtaCommand& command) override;
    AtaStep dataArrived(std::span<const std::byte> data) override;
    AtaStep mediaDone(const block::IoResult& result, std::span<const std::byte> host) override;
    void queuedCommandFailed(uint8_t, const AtaResult&) override {}
    block::BlockBackend* backend() override { return m_medium.get(); }
    bool isQueued(uint8_t) const override { return false; }

    /// Puts a medium in and closes the tray; returns what was in there, to be destroyed without the
    /// controller's lock.
    std::unique_ptr<block::BlockBackend> insert(std::unique_ptr<block::BlockBackend> medium);
    /// Opens the tray and hands out the medium (null when there was none); Busy when the guest has
    /// locked it and `mode` is Ask.
    Result<std::unique_ptr<block::BlockBackend>> eject(EjectMode mode);
    std::unique_ptr<block::BlockBackend> releaseBackend() { return std::move(m_medium); }
    /// Path of the medium in the closed tray, else empty.
    std::string mediumPath() const;
    /// Did the guest move the tray since the last call?
    bool takeTrayMoved();

    AtapiCdromState save() const { return m_state; }
    Result<void> load(const AtapiCdromState& state);

private:
    struct Sense {
        uint8_t key = 0;
        uint8_t asc = 0;
        uint8_t ascq = 0;
    };
    struct PacketRow;
    using Handler = AtaStep (AtapiCdrom::*)();
    static const PacketRow* findPacket(uint8_t opcode);

    bool mediumPresent() const { return m_medium != nullptr && !m_state.trayOpen; }
    uint64_t blocks() const;
    bool isDvd() const;
    uint8_t packet(size_t index) const { return m_command.packet[index]; }
    uint16_t packet16(size_t index) const;
    uint32_t packet32(size_t index) const;

    AtaStep setFeatures();
    AtaStep checkPower();
    AtaStep aborted() const;
    AtaStep beginPacket();
    AtaStep done() const;
    AtaStep fail(const Sense& sense);
    AtaStep noMedium();
    AtaStep send(std::vector<std::byte> data, uint64_t allocation) const;

    AtaStep testUnitReady();
    AtaStep requestSense();
    AtaStep inquiry();
    AtaStep vitalPage(uint8_t page);
    AtaStep startStop();
    AtaStep preventRemoval();
    AtaStep readCapacity();
    AtaStep read10();
    AtaStep read12();
    AtaStep readBlocks(uint64_t first, uint64_t count);
    AtaStep readCd();
    AtaStep rawSectors(std::span<const std::byte> host) const;
    AtaStep seek();
    AtaStep readToc();
    AtaStep modeSense6();
    AtaStep modeSense10();
    AtaStep modeSelect6();
    AtaStep modeSelect10();
    AtaStep getConfiguration();
    AtaStep getEventStatus();
    AtaStep mechanismStatus();
    AtaStep readDiscInformation();
    AtaStep readTrackInformation();
    AtaStep readDvdStructure();
    AtaStep setSpeed();
    AtaStep identify() const;
    std::vector<uint8_t> modePages(uint8_t page, bool changeable) const;
    uint8_t mediumType() const;

    std::unique_ptr<block::BlockBackend> m_medium;
    const std::string m_serial;
    AtapiCdromState m_state;
    AtaCommand m_command;    // the current one
    uint32_t m_rawFirst = 0; // READ CD with more than user data: first sector
    bool m_raw = false;
    bool m_trayMoved = false;
};

} // namespace vmm::pci_devices
