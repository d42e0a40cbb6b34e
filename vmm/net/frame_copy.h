// SPDX-License-Identifier: GPL-3.0-or-later
// Frames of the guest's, copied out of its memory once and made complete.
#pragma once

#include <cstddef>
#include <span>
#include <sys/uio.h>
#include <vector>

#include "vmm/net/net_backend.h"

namespace vmm::net {

/// Bytes in all pieces.
size_t sizeOf(std::span<const iovec> pieces);

/// The pieces one after the other in `buffer`, which keeps its size; empty where they do not fit.
std::span<std::byte> copyFrame(std::span<const iovec> pieces, std::span<std::byte> buffer);

/// Completes the checksum where `header` says that it is not (Virtio 1.2 section 5.1.6.2); the
/// pseudo header's part is in its place already.
void completeChecksum(std::span<std::byte> frame, const FrameHeader& header);

} // namespace vmm::net
