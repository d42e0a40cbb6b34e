// SPDX-License-Identifier: GPL-3.0-or-later
// A CD/DVD-ROM drive as a SCSI logical unit, behind ATAPI or a SCSI controller. MMC-5, SPC-3.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/scsi/logical_unit.h"

namespace vmm::scsi {

/// Ask: a tray the guest has locked stays closed and the guest is told. Force: like the pin in the
/// hole.
enum class EjectMode : uint8_t { Ask, Force };

/// How the drive is connected (MMC-5 table 93).
enum class PhysicalInterface : uint8_t { Scsi = 1, SerialAtapi = 8 };

/// The drive. Sectors of 2048 bytes; every address and count is checked against the medium in 64
/// bits before use (CVE-2020-29443).
class Cdrom final : public LogicalUnit {
public:
    static constexpr uint32_t kBlockSize = 2048;

    /// `medium` may be null.
    Cdrom(std::unique_ptr<block::BlockBackend> medium, std::string serial,
          PhysicalInterface interface);

    Step begin(const Cdb& cdb) override;
    Step dataArrived(const Cdb& cdb, std::span<const std::byte> data) override;
    Step mediaDone(const Cdb& cdb, const block::IoResult& result,
                   std::span<const std::byte> host) override;
    block::BlockBackend* backend() override { return m_medium.get(); }
    std::unique_ptr<block::BlockBackend> releaseBackend() override { return std::move(m_medium); }
    /// Where the tray stands is mechanics and stays; its lock is released, and after power came
    /// nothing is told of media.
    void reset(Attention why) override;
    UnitState save() const override;
    Result<void> load(const UnitState& state) override;

    /// Puts a medium in and closes the tray; returns what was in there, to be destroyed without the
    /// controller's lock.
    std::unique_ptr<block::BlockBackend> insert(std::unique_ptr<block::BlockBackend> medium);
    /// Opens the tray and hands out the medium (null when there was none); Busy when the guest has
    /// locked it and `mode` is Ask.
    Result<std::unique_ptr<block::BlockBackend>> eject(EjectMode mode);
    /// Path of the medium in the closed tray, else empty.
    std::string mediumPath() const;
    /// Did the guest move the tray since the last call?
    bool takeTrayMoved();

    const std::string& serial() const { return m_serial; }
    const CdromState& state() const { return m_state; }
    Result<void> loadState(const CdromState& state);
    /// Releases the tray's lock and, when power came, forgets what is to be told of media; the
    /// part of reset() that ATAPI knows too.
    void release(bool power);

private:
    struct Row;
    using Handler = Step (Cdrom::*)(const Cdb& cdb);
    static const Row* findRow(uint8_t opcode);

    bool mediumPresent() const { return m_medium != nullptr && !m_state.trayOpen; }
    uint64_t blocks() const;
    bool isDvd() const;
    Step noMedium() const;
    std::optional<Sense> takeAttention();

    Step testUnitReady(const Cdb& cdb);
    Step requestSense(const Cdb& cdb);
    Step inquiry(const Cdb& cdb);
    Step vitalPage(const Cdb& cdb);
    Step startStop(const Cdb& cdb);
    Step preventRemoval(const Cdb& cdb);
    Step readCapacity(const Cdb& cdb);
    Step read10(const Cdb& cdb);
    Step read12(const Cdb& cdb);
    Step readBlocks(uint64_t first, uint64_t count);
    Step readCd(const Cdb& cdb);
    static Step rawSectors(const Cdb& cdb, std::span<const std::byte> host);
    Step seek(const Cdb& cdb);
    Step readToc(const Cdb& cdb);
    Step modeSense6(const Cdb& cdb);
    Step modeSense10(const Cdb& cdb);
    Step modeSelect6(const Cdb& cdb);
    Step modeSelect10(const Cdb& cdb);
    Step getConfiguration(const Cdb& cdb);
    Step getEventStatus(const Cdb& cdb);
    Step mechanismStatus(const Cdb& cdb);
    Step readDiscInformation(const Cdb& cdb);
    Step readTrackInformation(const Cdb& cdb);
    Step readDvdStructure(const Cdb& cdb);
    Step setSpeed(const Cdb& cdb);
    std::vector<uint8_t> modePages(uint8_t page, bool changeable) const;
    uint8_t mediumType() const;

    std::unique_ptr<block::BlockBackend> m_medium;
    const std::string m_serial;
    const PhysicalInterface m_interface;
    CdromState m_state;
    bool m_trayMoved = false;
};

} // namespace vmm::scsi
