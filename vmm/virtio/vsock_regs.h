// SPDX-License-Identifier: GPL-3.0-or-later
// Packets and configuration of socket devices. Virtio 1.2 section 5.10. Little-endian, as we are.
#pragma once

#include <cstdint>

namespace vmm::virtio {

constexpr uint64_t VIRTIO_VSOCK_F_STREAM = uint64_t{1} << 0; // section 5.10.3

// Section 5.10.2.
constexpr unsigned kVsockInput = 0;
constexpr unsigned kVsockOutput = 1;
constexpr unsigned kVsockEvents = 2;

/// Context identifiers (section 5.10.4): 0, 1 and 0xffff'ffff are reserved, 2 is the host.
constexpr uint64_t VMADDR_CID_HOST = 2;
constexpr uint64_t kVsockFirstGuest = 3;
constexpr uint64_t kVsockLastGuest = 0xffff'fffe;

/// struct virtio_vsock_hdr (section 5.10.6); the bytes of a packet follow it.
struct __attribute__((packed)) VsockHeader {
    uint64_t sourceCid = 0;
    uint64_t destinationCid = 0;
    uint32_t sourcePort = 0;
    uint32_t destinationPort = 0;
    uint32_t length = 0;
    uint16_t type = 0;
    uint16_t operation = 0;
    uint32_t flags = 0;
    uint32_t bufferSize = 0; ///< buf_alloc: what the sender's side can hold
    uint32_t forwarded = 0;  ///< fwd_cnt: of what it got, what it has passed on
};
static_assert(sizeof(VsockHeader) == 44);

constexpr uint16_t VIRTIO_VSOCK_TYPE_STREAM = 1;

enum VsockOperation : uint16_t {
    VIRTIO_VSOCK_OP_REQUEST = 1,
    VIRTIO_VSOCK_OP_RESPONSE = 2,
    VIRTIO_VSOCK_OP_RST = 3,
    VIRTIO_VSOCK_OP_SHUTDOWN = 4,
    VIRTIO_VSOCK_OP_RW = 5,
    VIRTIO_VSOCK_OP_CREDIT_UPDATE = 6,
    VIRTIO_VSOCK_OP_CREDIT_REQUEST = 7
};

// Flags of VIRTIO_VSOCK_OP_SHUTDOWN.
constexpr uint32_t VIRTIO_VSOCK_SHUTDOWN_RCV = 1;
constexpr uint32_t VIRTIO_VSOCK_SHUTDOWN_SEND = 2;

/// struct virtio_vsock_event (section 5.10.6.7).
struct VsockEvent {
    uint32_t id = 0;
};
constexpr uint32_t VIRTIO_VSOCK_EVENT_TRANSPORT_RESET = 0;

} // namespace vmm::virtio
