// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: what the first bytes and the last 512 of a file say it is.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "app/import/image_header.h"
#include "vmm/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace app::import;
    const auto bytes = std::as_bytes(std::span(data, std::min(size, kHeaderBytes)));
    const ImageHeader header =
        readImageHeader(bytes, bytes.last(std::min(bytes.size(), kTrailerBytes)));
    CHECK(!header.format.empty());
    CHECK(header.extents.size() <= 1024);
    // Only a description has pieces; only it is opened by name.
    CHECK(header.extents.empty() || header.format == "vmdk");
    (void)packingOf(bytes);
    return 0;
}
