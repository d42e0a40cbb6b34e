// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/scsi/logical_unit.h"

#include <array>

#include "vmm/scsi/pages.h"

namespace vmm::scsi {

namespace {

struct AttentionSense {
    Attention attention;
    Sense sense;
};

constexpr std::array kAttentionSenses = {
    AttentionSense{Attention::PowerOn, {kUnitAttention, kAscReset, 1}},
    AttentionSense{Attention::Reset, {kUnitAttention, kAscReset, 3}},
    AttentionSense{Attention::CapacityChanged, {kUnitAttention, kAscParametersChanged, 9}},
};

constexpr Sense kNoUnit{kIllegalRequest, kAscNoLogicalUnit, 0};

} // namespace

std::optional<Sense> LogicalUnit::takeUnitAttention()
{
    for (const AttentionSense& row : kAttentionSenses) {
        const auto bit = static_cast<uint8_t>(row.attention);
        if ((m_attentions & bit) == 0)
            continue;
        m_attentions = static_cast<uint8_t>(m_attentions & ~bit);
        return row.sense;
    }
    return std::nullopt;
}

Step reportLuns(const Cdb& cdb)
{
    constexpr uint32_t minimum = 16; // section 6.33: less is an error
    const uint32_t allocation = cdb.be32(6);
    const uint8_t select = cdb[2];
    if (select > 2 || allocation < minimum)
        return fail(kInvalidField);
    std::vector<uint8_t> data;
    const bool units = select != 1; // 1: only well-known logical units
    putBe32(data, units ? 8 : 0);
    data.resize(units ? 16 : 8);
    return send(std::move(data), allocation);
}

Step beginAbsent(const Cdb& cdb)
{
    switch (cdb[0]) {
    case kInquiry: {
        if ((cdb[1] & 1) != 0 || cdb[2] != 0)
            return fail(kInvalidField);
        std::vector<uint8_t> data(36);
        data[0] = kTypeAbsent;
        data[2] = 0x06;
        data[3] = 0x02;
        data[4] = 31;
        return send(std::move(data), cdb.be16(3));
    }
    case kRequestSense: {
        const auto data = fixedSense(kNoUnit);
        return send({data.begin(), data.end()}, cdb[4]);
    }
    case kReportLuns:
        return reportLuns(cdb);
    default:
        return fail(kNoUnit);
    }
}

} // namespace vmm::scsi
