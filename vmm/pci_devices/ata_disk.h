// SPDX-License-Identifier: GPL-3.0-or-later
// A SATA disk with 48-bit addresses, NCQ and TRIM. ATA8-ACS-2 (T13/2015-D), SATA 3.0 section 13.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "vmm/base/result.h"
#include "vmm/pci_devices/ata_device.h"

namespace vmm::pci_devices {

/// Guest state of a disk. Left out: identity and size, which the machine's description and the file
/// say.
struct AtaDiskState {
    uint8_t multipleCount = 16; ///< sectors a block of READ/WRITE MULTIPLE; 0 off
    uint8_t transferMode = 0x45;
    uint8_t heads = 16; ///< current translation
    uint8_t sectorsPerTrack = 63;
    uint8_t errorTag = 0xff; ///< queued command in the error log; 0xff none
    uint8_t errorStatus = 0;
    uint8_t errorCode = 0;
    uint16_t errorCount = 0;
    uint64_t errorLba = 0;
    bool writeCache = true;
    bool readAhead = true;
    bool smart = true;
    bool standby = false;
    template <class A>
    void visit(A& a)
    {
        a.field("multiple-count", multipleCount).field("transfer-mode", transferMode);
        a.field("heads", heads).field("sectors-per-track", sectorsPerTrack);
        a.field("error-tag", errorTag).field("error-status", errorStatus);
        a.field("error-code", errorCode).field("error-count", errorCount);
        a.field("error-lba", errorLba).field("write-cache", writeCache);
        a.field("read-ahead", readAhead).field("smart", smart).field("standby", standby);
    }
};

/// The disk. Translates commands to block requests; every address and count is checked against the
/// capacity before one is made, and a request carries its own address: a reset cannot turn it into
/// one for sector 0 (CVE-2023-5088).
class AtaDisk final : public AtaDevice {
public:
    AtaDisk(std::unique_ptr<block::BlockBackend> backend, std::string serial);

    void reset(AtaReset kind) override;
    AtaResult signature() const override;
    AtaStep begin(const AtaCommand& command) override;
    AtaStep dataArrived(std::span<const std::byte> data) override;
    AtaStep mediaDone(const block::IoResult& result, std::span<const std::byte> host) override;
    void queuedCommandFailed(uint8_t tag, const AtaResult& result) override;
    block::BlockBackend* backend() override { return m_backend.get(); }
    bool isQueued(uint8_t command) const override;

    std::unique_ptr<block::BlockBackend> releaseBackend() { return std::move(m_backend); }
    AtaDiskState save() const { return m_state; }
    Result<void> load(const AtaDiskState& state);

private:
    struct Access;
    std::optional<Access> decodeAccess() const;
    AtaStep access(const Access& access);
    std::optional<uint64_t> address(bool extended) const;
    AtaStep identify() const;
    AtaStep setFeatures();
    AtaStep setTransferMode(uint8_t mode);
    AtaStep power();
    AtaStep smart() const;
    AtaStep smartData(uint8_t page) const;
    AtaStep readLog() const;
    AtaStep dataSetManagement();
    AtaStep trim(std::span<const std::byte> ranges);
    AtaStep nativeMax(bool extended) const;
    AtaStep diagnostic() const;
    AtaStep initParameters();
    AtaStep setMultiple();
    AtaStep flush() const;
    AtaStep failure(uint8_t error) const;
    AtaStep success() const { return ataSuccess(m_command); }
    AtaStep sendBlock(std::vector<std::byte> data) const;

    std::unique_ptr<block::BlockBackend> m_backend;
    const std::string m_serial;
    const uint64_t m_sectors;
    const bool m_readOnly;
    const bool m_canTrim;
    AtaDiskState m_state;
    AtaCommand m_command; // the current one
};

} // namespace vmm::pci_devices
