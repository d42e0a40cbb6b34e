// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: the description of an appliance. Whatever is accepted stays within its bounds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "app/import/ovf.h"
#include "vmm/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const auto result = app::import::parseOvf({reinterpret_cast<const char*>(data), size});
    if (!result)
        return 0;
    CHECK(result->disks.size() <= 16);
    CHECK(result->nics <= 16);
    for (const app::import::Appliance::Disk& disk : result->disks)
        CHECK(disk.file.empty() || app::import::isPlainName(disk.file));
    return 0;
}
