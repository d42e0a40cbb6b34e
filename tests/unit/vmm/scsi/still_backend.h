// SPDX-License-Identifier: GPL-3.0-or-later
// A disk that only says what it is: logical units carry out nothing themselves.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/base/check.h"
#include "vmm/block/block_backend.h"
#include "vmm/scsi/logical_unit.h"

namespace tests {

class StillBackend final : public vmm::block::BlockBackend {
public:
    explicit StillBackend(uint64_t sectors) : m_sectors(sectors) {}
    uint64_t capacity() const override { return m_sectors; }
    bool readOnly() const override { return isReadOnly; }
    bool canDiscard() const override { return discards; }
    bool volatileCache() const override { return cached; }
    uint32_t physicalBlockSize() const override { return 4096; }
    const std::string& path() const override { return m_path; }
    void setListener(vmm::block::BlockListener*) override {}
    vmm::Result<void> resize(std::optional<uint64_t> bytes) override
    {
        m_sectors = *bytes / vmm::block::kSectorSize;
        return {};
    }
    std::optional<vmm::block::IoResult> readNow(const vmm::block::IoRequest&) override
    {
        return std::nullopt;
    }
    void submit(std::span<vmm::block::IoRequest* const>) override { CHECK(false); }
    void cancel() override {}
    void pause() override {}
    void resume() override {}

    bool isReadOnly = false;
    bool discards = true;
    bool cached = true;

private:
    uint64_t m_sectors;
    std::string m_path = "still";
};

using Bytes = std::vector<uint8_t>;

inline vmm::scsi::Cdb cdbOf(const Bytes& bytes)
{
    return vmm::scsi::Cdb(bytes);
}
/// key, asc, ascq in one number; 0 for GOOD.
inline uint32_t senseOf(const vmm::scsi::Step& step)
{
    return step.sense
               ? uint32_t{step.sense->key} << 16 | uint32_t{step.sense->asc} << 8 | step.sense->ascq
               : 0;
}
inline Bytes bytesOf(const vmm::scsi::Step& step)
{
    Bytes bytes;
    for (const std::byte byte : step.data)
        bytes.push_back(static_cast<uint8_t>(byte));
    return bytes;
}
template <class T>
T be(const Bytes& bytes, size_t at)
{
    CHECK(at + sizeof(T) <= bytes.size());
    return vmm::loadBe<T>(bytes.data() + at);
}
inline void put16(Bytes& to, unsigned value)
{
    to.insert(to.end(), {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)});
}
inline void put32(Bytes& to, uint32_t value)
{
    put16(to, value >> 16);
    put16(to, value & 0xffff);
}
inline void put64(Bytes& to, uint64_t value)
{
    put32(to, static_cast<uint32_t>(value >> 32));
    put32(to, static_cast<uint32_t>(value));
}
/// READ, WRITE, VERIFY, SYNCHRONIZE CACHE, WRITE SAME of 10 and 16 bytes.
inline Bytes cdb10(uint8_t opcode, uint32_t block, unsigned count, uint8_t flags = 0)
{
    Bytes cdb = {opcode, flags};
    put32(cdb, block);
    cdb.push_back(0);
    put16(cdb, count);
    cdb.push_back(0);
    return cdb;
}
inline Bytes cdb12(uint8_t opcode, uint32_t block, uint32_t count, uint8_t flags = 0)
{
    Bytes cdb = {opcode, flags};
    put32(cdb, block);
    put32(cdb, count);
    cdb.resize(12);
    return cdb;
}
inline Bytes cdb16(uint8_t opcode, uint64_t block, uint32_t count, uint8_t flags = 0)
{
    Bytes cdb = {opcode, flags};
    put64(cdb, block);
    put32(cdb, count);
    cdb.resize(16);
    return cdb;
}

} // namespace tests
