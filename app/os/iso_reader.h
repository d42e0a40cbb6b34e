// SPDX-License-Identifier: GPL-3.0-or-later
// Files inside a disc image, read without trusting it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "vmm/base/result.h"

namespace app::os {

/// Gets the parts of a file in order; an error ends the reading and is what the reader returns.
using PartSink = std::function<vmm::Result<void>(std::span<const char> part)>;

/// Gives the regular file `inside` ("install.amd/vmlinuz", without a first slash) of the disc image
/// `image` to `sink`. NotFound when it is not there, Invalid when it is larger than `limit` bytes
/// or the image is damaged. Reads a bounded number of names and of bytes, so a hostile image costs
/// seconds at most. Any thread; blocks on the disk.
vmm::Result<void> readIsoFile(const std::filesystem::path& image, std::string_view inside,
                              uint64_t limit, const PartSink& sink);

/// The same into memory, for small files.
vmm::Result<std::string> readSmallIsoFile(const std::filesystem::path& image,
                                          std::string_view inside, uint64_t limit);

} // namespace app::os
