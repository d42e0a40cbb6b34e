// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/scsi/step.h"

#include <algorithm>

namespace vmm::scsi {

Cdb::Cdb(std::span<const uint8_t> bytes)
{
    std::copy_n(bytes.begin(), std::min(bytes.size(), m_bytes.size()), m_bytes.begin());
}

std::array<uint8_t, 18> fixedSense(const Sense& sense)
{
    std::array<uint8_t, 18> data{};
    data[0] = 0x70; // current error
    data[2] = sense.key;
    data[7] = 10; // bytes that follow
    data[12] = sense.asc;
    data[13] = sense.ascq;
    return data;
}

Step fail(const Sense& sense)
{
    Step step;
    step.sense = sense;
    return step;
}

Step send(std::vector<uint8_t> data, uint64_t allocation)
{
    if (data.size() > allocation)
        data.resize(allocation);
    Step step;
    if (data.empty())
        return step;
    step.kind = Step::Kind::SendData;
    const auto bytes = std::as_bytes(std::span(data));
    step.data.assign(bytes.begin(), bytes.end());
    return step;
}

} // namespace vmm::scsi
