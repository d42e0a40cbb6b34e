// SPDX-License-Identifier: GPL-3.0-or-later
// Checks of what a frame's header leaves to others: it goes to the host's kernel and to our own
// code, and from there to the guest. Virtio 1.2 sections 5.1.6.2 and 5.1.6.4.
#pragma once

#include <cstddef>

#include "vmm/net/net_backend.h"

namespace vmm::virtio {

/// Sizes of frames: an Ethernet header at least; at most that with a VLAN tag and an IP packet that
/// is still to be cut (GSO).
inline constexpr size_t kSmallestFrame = 14;
inline constexpr size_t kLinkHeader = kSmallestFrame + 4; ///< what an MTU does not count
inline constexpr size_t kLargestFrame = kLinkHeader + 65535;

/// May a guest that was granted `granted` send a frame of `size` bytes with this header? Takes
/// out of the header what says nothing. False: the frame is to be dropped.
bool checkSent(net::FrameHeader& header, size_t size, const net::Offloads& granted);

/// The same for a frame on its way to a guest that takes `taken`.
bool checkGiven(net::FrameHeader& header, size_t size, const net::Offloads& taken);

} // namespace vmm::virtio
