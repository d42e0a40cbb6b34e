// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/scsi/pages.h"

namespace vmm::scsi {

void putBe16(std::vector<uint8_t>& to, unsigned value)
{
    to.push_back(static_cast<uint8_t>(value >> 8));
    to.push_back(static_cast<uint8_t>(value));
}

void putBe32(std::vector<uint8_t>& to, uint32_t value)
{
    putBe16(to, value >> 16);
    putBe16(to, value & 0xffff);
}

void putText(std::vector<uint8_t>& to, std::string_view text, size_t width)
{
    for (size_t i = 0; i < width; ++i)
        to.push_back(static_cast<uint8_t>(i < text.size() ? text[i] : ' '));
}

std::vector<uint8_t> vitalProductData(uint8_t type, uint8_t page, const std::vector<uint8_t>& body)
{
    std::vector<uint8_t> data = {type, page};
    putBe16(data, static_cast<unsigned>(body.size()));
    data.insert(data.end(), body.begin(), body.end());
    return data;
}

} // namespace vmm::scsi
