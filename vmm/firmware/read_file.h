// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a whole regular file with a size limit, for firmware images and kernels.
#pragma once

#include <cstdint>
#include <string>

#include "vmm/base/result.h"
#include "vmm/firmware/byte_writer.h"

namespace vmm::firmware {

/// The bytes of `path`. Errors name the path: not there, not readable, not a regular file, or
/// larger than `limit` bytes. Any thread; may block.
Result<Bytes> readFile(const std::string& path, uint64_t limit);

} // namespace vmm::firmware
