// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/net/frame_copy.h"

#include <cstring>
#include <numeric>

#include "vmm/base/bits.h"
#include "vmm/net/checksum.h"

namespace vmm::net {

size_t sizeOf(std::span<const iovec> pieces)
{
    return std::accumulate(pieces.begin(), pieces.end(), size_t{0},
                           [](size_t sum, const iovec& piece) { return sum + piece.iov_len; });
}

std::span<std::byte> copyFrame(std::span<const iovec> pieces, std::span<std::byte> buffer)
{
    size_t size = 0;
    for (const iovec& piece : pieces) {
        if (piece.iov_len > buffer.size() - size)
            return {};
        if (piece.iov_len != 0) // an empty one may have no address
            std::memcpy(buffer.data() + size, piece.iov_base, piece.iov_len);
        size += piece.iov_len;
    }
    return buffer.first(size);
}

void completeChecksum(std::span<std::byte> frame, const FrameHeader& header)
{
    const size_t start = header.checksumStart;
    const size_t at = start + header.checksumOffset;
    if ((header.flags & FrameHeader::kNeedsChecksum) == 0 || at + 2 > frame.size())
        return;
    const auto sum = static_cast<uint16_t>(~foldChecksum(checksumPart(frame.subspan(start))));
    storeLe<uint16_t>(&frame[at], sum == 0 ? uint16_t{0xffff} : sum);
}

} // namespace vmm::net
