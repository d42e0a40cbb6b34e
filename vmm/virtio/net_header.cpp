// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/virtio/net_header.h"

#include <algorithm>

#include "vmm/virtio/net_regs.h"

namespace vmm::virtio {

namespace {

/// What a GSO type needs of its frame.
struct Segmentation {
    bool granted = false;
    uint16_t checksumOffset = 0; ///< where the transport header has its checksum
    size_t transportHeader = 0;  ///< its smallest size
    size_t networkHeader = 0;    ///< the smallest size of what stands before it
};

Segmentation segmentationOf(uint8_t type, const net::Offloads& granted)
{
    switch (type) {
    case VIRTIO_NET_HDR_GSO_TCPV4:
        return {granted.tso4, 16, 20, 20};
    case VIRTIO_NET_HDR_GSO_TCPV6:
        return {granted.tso6, 16, 20, 40};
    case VIRTIO_NET_HDR_GSO_UDP:
        return {granted.udp, 6, 8, 20};
    default:
        return {}; // among them ECN, which is not offered
    }
}

bool checksumInside(const net::FrameHeader& header, size_t size)
{
    return header.checksumStart >= kSmallestFrame &&
           size_t{header.checksumStart} + header.checksumOffset + 2 <= size;
}

/// Bits and fields the specification gives no meaning in this frame.
void clean(net::FrameHeader& header, size_t size)
{
    header.buffers = 0;
    if ((header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) == 0)
        header.checksumStart = header.checksumOffset = 0;
    if (header.gsoType == VIRTIO_NET_HDR_GSO_NONE)
        header.headerLength = header.gsoSize = 0;
    // A hint, no more (section 5.1.6.2.1).
    header.headerLength = static_cast<uint16_t>(std::min<size_t>(header.headerLength, size));
}

bool checkSize(size_t size)
{
    return size >= kSmallestFrame && size <= kLargestFrame;
}

} // namespace

bool checkSent(net::FrameHeader& header, size_t size, const net::Offloads& granted)
{
    if (!checkSize(size))
        return false;
    header.flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM; // section 5.1.6.2.2: other bits are ignored
    const bool partial = header.flags != 0;
    if (partial && (!granted.checksum || !checksumInside(header, size)))
        return false;
    if (header.gsoType != VIRTIO_NET_HDR_GSO_NONE) {
        const Segmentation needs = segmentationOf(header.gsoType, granted);
        if (!needs.granted || !partial || header.gsoSize == 0 ||
            header.checksumOffset != needs.checksumOffset ||
            header.checksumStart < kSmallestFrame + needs.networkHeader ||
            header.checksumStart + needs.transportHeader > size)
            return false;
    }
    clean(header, size);
    return true;
}

bool checkGiven(net::FrameHeader& header, size_t size, const net::Offloads& taken)
{
    if (!checkSize(size))
        return false;
    const bool partial = (header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;
    if (partial && (!taken.checksum || !checksumInside(header, size)))
        return false;
    if (header.gsoType != VIRTIO_NET_HDR_GSO_NONE &&
        (!segmentationOf(header.gsoType, taken).granted || header.gsoSize == 0))
        return false;
    header.flags &= taken.checksum ? VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID : 0;
    clean(header, size);
    return true;
}

} // namespace vmm::virtio
