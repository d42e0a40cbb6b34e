// SPDX-License-Identifier: GPL-3.0-or-later
// What the disk tells about itself: inquiry, vital product data, capacity, commands. SPC-4 sections
// 6.6, 6.34 and 7.8, SBC-3 sections 5.15, 5.16 and 6.5.
#include <algorithm>
#include <bit>

#include "vmm/scsi/disk.h"
#include "vmm/scsi/disk_commands.h"
#include "vmm/scsi/pages.h"

namespace vmm::scsi {

namespace {

constexpr uint8_t kSupportedPages = 0x00;
constexpr uint8_t kSerialNumber = 0x80;
constexpr uint8_t kIdentification = 0x83;
constexpr uint8_t kBlockLimits = 0xb0;
constexpr uint8_t kCharacteristics = 0xb1;
constexpr uint8_t kProvisioning = 0xb2;
constexpr size_t kLongPage = 60; // B0 and B1 without their headers
constexpr uint8_t kDescriptorFormat = 0x01;

template <class T>
void put(std::vector<uint8_t>& page, size_t at, T value)
{
    storeBe<T>(page.data() + at, value);
}

} // namespace

Step Disk::requestSense(const Cdb& cdb)
{
    if ((cdb[1] & kDescriptorFormat) != 0)
        return fail(kInvalidField);
    const auto data = fixedSense(takeUnitAttention().value_or(Sense{}));
    return send({data.begin(), data.end()}, cdb[4]);
}

Step Disk::inquiry(const Cdb& cdb)
{
    const uint16_t allocation = cdb.be16(3);
    if ((cdb[1] & 1) != 0) {
        const auto page = vitalPage(cdb[2]);
        return page ? send(vitalProductData(kTypeDisk, cdb[2], *page), allocation)
                    : fail(kInvalidField);
    }
    if (cdb[2] != 0)
        return fail(kInvalidField);
    // SPC-4, response format 2, command queuing.
    std::vector<uint8_t> data = {kTypeDisk, 0, 0x06, 0x02, 0, 0, 0, 0x02};
    putText(data, "VITRINE", 8);
    putText(data, "DISK", 16);
    putText(data, "1.0", 4);
    data.resize(58);
    for (const unsigned standard : {0x00a0U, 0x0460U, 0x04c0U}) // SAM-5, SPC-4, SBC-3
        putBe16(data, standard);
    data[4] = static_cast<uint8_t>(data.size() - 5);
    return send(std::move(data), allocation);
}

std::optional<std::vector<uint8_t>> Disk::vitalPage(uint8_t page) const
{
    std::vector<uint8_t> body;
    switch (page) {
    case kSupportedPages:
        return std::vector<uint8_t>{kSupportedPages, kSerialNumber,    kIdentification,
                                    kBlockLimits,    kCharacteristics, kProvisioning};
    case kSerialNumber:
        putText(body, m_serial, std::min(m_serial.size(), kSerialWidth));
        return body;
    case kIdentification: // ASCII, vendor-specific, this logical unit
        body = {0x02, 0x00, 0x00, static_cast<uint8_t>(std::min(m_serial.size(), kSerialWidth))};
        putText(body, m_serial, std::min(m_serial.size(), kSerialWidth));
        return body;
    case kBlockLimits:
        return blockLimits();
    case kCharacteristics:
        body.resize(kLongPage);
        body[1] = 1; // nothing rotates
        return body;
    case kProvisioning:
        // UNMAP, WRITE SAME (16) and (10) with UNMAP; thin. What discarded blocks read as is
        // nobody's promise.
        body.resize(4);
        if (canUnmap()) {
            body[1] = 0xe0;
            body[2] = 2;
        }
        return body;
    default:
        return std::nullopt;
    }
}

/// SBC-3 table 165; offsets are those of the page less its header of four bytes.
std::vector<uint8_t> Disk::blockLimits() const
{
    const uint32_t physical = m_backend->physicalBlockSize() / kBlockSize;
    std::vector<uint8_t> body(kLongPage);
    body[0] = 0x01; // WRITE SAME of no blocks means nothing
    put<uint16_t>(body, 2, static_cast<uint16_t>(std::min<uint32_t>(physical, 0xffff)));
    put<uint64_t>(body, 32, kMaxWriteSameBlocks);
    if (!canUnmap())
        return body;
    put<uint32_t>(body, 16, kMaxUnmapBlocks);
    put<uint32_t>(body, 20, kMaxUnmapDescriptors);
    put<uint32_t>(body, 24, physical);
    put<uint32_t>(body, 28, 0x8000'0000); // aligned to block 0
    return body;
}

Step Disk::readCapacity10(const Cdb&)
{
    std::vector<uint8_t> data;
    putBe32(data, static_cast<uint32_t>(std::min<uint64_t>(blocks() - 1, 0xffff'ffff)));
    putBe32(data, kBlockSize);
    return send(std::move(data), 8);
}

Step Disk::readCapacity16(const Cdb& cdb)
{
    std::vector<uint8_t> data(32);
    put<uint64_t>(data, 0, blocks() - 1);
    put<uint32_t>(data, 8, kBlockSize);
    data[13] = static_cast<uint8_t>(std::countr_zero(m_backend->physicalBlockSize() / kBlockSize));
    data[14] = canUnmap() ? 0x80 : 0; // logical block provisioning management
    return send(std::move(data), cdb.be32(10));
}

Step Disk::reportOpcodes(const Cdb& cdb)
{
    const bool timeouts = (cdb[2] & 0x80) != 0;
    const unsigned option = cdb[2] & 7;
    const uint16_t action = cdb.be16(4);
    if (option == 0)
        return reportAllOpcodes(timeouts, cdb.be32(6));
    if (option > 3)
        return fail(kInvalidField);
    const auto all = rows();
    const bool actions = std::any_of(all.begin(), all.end(), [&](const Row& row) {
        return row.usage[0] == cdb[3] && row.action.has_value();
    });
    // 1 is for commands without service actions, 2 for those with, 3 for either.
    if ((option == 1 && actions) || (option == 2 && !actions))
        return fail(kInvalidField);
    const Row* row = findRow(cdb[3], actions ? std::optional<unsigned>(action) : std::nullopt);
    std::vector<uint8_t> data = {0, 0x01}; // not supported
    if (row != nullptr) {
        data[1] = static_cast<uint8_t>(0x03 | (timeouts ? 0x80 : 0));
        putBe16(data, static_cast<unsigned>(row->usage.size()));
        data.insert(data.end(), row->usage.begin(), row->usage.end());
        if (timeouts)
            data.insert(data.end(), {0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}); // none is known
    }
    return send(std::move(data), cdb.be32(6));
}

Step Disk::reportAllOpcodes(bool timeouts, uint32_t allocation)
{
    std::vector<uint8_t> data(4);
    for (const Row& row : rows()) {
        data.insert(data.end(), {row.usage[0], 0});
        putBe16(data, row.action.value_or(0));
        data.insert(data.end(),
                    {0, static_cast<uint8_t>((row.action ? 1 : 0) | (timeouts ? 2 : 0))});
        putBe16(data, static_cast<unsigned>(row.usage.size()));
        if (timeouts)
            data.insert(data.end(), {0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    }
    put<uint32_t>(data, 0, static_cast<uint32_t>(data.size() - 4));
    return send(std::move(data), allocation);
}

} // namespace vmm::scsi
