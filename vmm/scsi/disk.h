// SPDX-License-Identifier: GPL-3.0-or-later
// A disk as a SCSI logical unit. SBC-3 (INCITS 514), SPC-4 (T10/1731-D).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vmm/scsi/logical_unit.h"

namespace vmm::scsi {

/// The disk. Blocks of 512 bytes, whatever a guest would like (CVE-2023-42467); every address and
/// count is checked against the capacity in 64 bits before a request is made.
class Disk final : public LogicalUnit {
public:
    static constexpr uint32_t kBlockSize = block::kSectorSize;
    static constexpr size_t kSerialWidth = 36;
    static constexpr uint32_t kMaxUnmapDescriptors = 256;
    static constexpr uint32_t kMaxUnmapBlocks = 1U << 22;
    /// Bounds the host memory of one WRITE SAME.
    static constexpr uint32_t kMaxWriteSameBlocks = 1U << 16;

    Disk(std::unique_ptr<block::BlockBackend> backend, std::string serial);

    Step begin(const Cdb& cdb) override;
    Step dataArrived(const Cdb& cdb, std::span<const std::byte> data) override;
    Step mediaDone(const Cdb& cdb, const block::IoResult& result,
                   std::span<const std::byte> host) override;
    block::BlockBackend* backend() override { return m_backend.get(); }
    std::unique_ptr<block::BlockBackend> releaseBackend() override { return std::move(m_backend); }
    void reset(Attention why) override;
    UnitState save() const override;
    Result<void> load(const UnitState& state) override;

private:
    struct Row;
    struct Blocks {
        uint64_t first = 0;
        uint64_t count = 0;
    };
    using Handler = Step (Disk::*)(const Cdb& cdb);
    static std::span<const Row> rows();
    static const Row* findRow(const Cdb& cdb);
    static const Row* findRow(uint8_t opcode, std::optional<unsigned> action);

    uint64_t blocks() const { return m_backend->capacity(); }
    bool cacheOn() const { return m_writeCache && m_backend->volatileCache(); }
    bool canUnmap() const { return m_backend->canDiscard() && !m_backend->readOnly(); }
    bool inside(const Blocks& range) const;
    static Blocks rangeOf(const Cdb& cdb);

    Step testUnitReady(const Cdb& cdb);
    Step requestSense(const Cdb& cdb);
    Step startStop(const Cdb& cdb);
    Step read(const Cdb& cdb);
    Step write(const Cdb& cdb);
    Step transfer(const Cdb& cdb, block::IoKind kind);
    Step verify(const Cdb& cdb);
    Step synchronizeCache(const Cdb& cdb);
    static Step flush();
    Step unmap(const Cdb& cdb);
    Step unmapData(std::span<const std::byte> data) const;
    Step writeSame(const Cdb& cdb);
    Step writeSameData(const Cdb& cdb, std::span<const std::byte> data) const;

    Step inquiry(const Cdb& cdb);
    std::optional<std::vector<uint8_t>> vitalPage(uint8_t page) const;
    std::vector<uint8_t> blockLimits() const;
    Step readCapacity10(const Cdb& cdb);
    Step readCapacity16(const Cdb& cdb);
    Step reportOpcodes(const Cdb& cdb);
    static Step reportAllOpcodes(bool timeouts, uint32_t allocation);

    Step modeSense(const Cdb& cdb);
    Step modeSelect(const Cdb& cdb);
    Step modeSelectData(const Cdb& cdb, std::span<const std::byte> data);
    std::vector<uint8_t> modePages(uint8_t page, unsigned control) const;
    std::vector<uint8_t> blockDescriptor(bool longForm) const;
    bool acceptable(std::span<const uint8_t> descriptor, bool longForm) const;

    std::unique_ptr<block::BlockBackend> m_backend;
    const std::string m_serial;
    bool m_writeCache = true; ///< WCE
};

} // namespace vmm::scsi
