// SPDX-License-Identifier: GPL-3.0-or-later
// One stream between a socket of the guest and a Unix socket of the host. Virtio 1.2 section
// 5.10.6.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "vmm/base/fd_watch.h"
#include "vmm/base/unique_fd.h"
#include "vmm/console/byte_queue.h"
#include "vmm/virtio/queue.h"
#include "vmm/virtio/vsock_regs.h"

namespace vmm::virtio {

/// What tells streams of one guest apart.
struct VsockKey {
    uint32_t hostPort = 0;
    uint32_t guestPort = 0;
    auto operator<=>(const VsockKey&) const = default;
};

/// The host's side of a stream: its socket, and both sides' credit. What the guest sends goes into
/// the socket, and what that does not take into a bounded buffer; what the host sends stays in the
/// socket until the guest has room. Thread: the device's loop.
class VsockConnection {
public:
    /// How much of the guest's bytes is kept for a slow host.
    static constexpr uint32_t kBuffer = 128U << 10;

    enum class Phase : uint8_t {
        Offered, ///< the host wants it, the guest has not answered
        Open
    };

    /// Calls `ready` when the socket may take or give more, and in phase Offered when it was
    /// closed.
    static Result<std::unique_ptr<VsockConnection>> create(EventLoop& loop, VsockKey key,
                                                           UniqueFd socket, Phase phase,
                                                           std::function<void()> ready);

    const VsockKey& key() const { return m_key; }
    Phase phase() const { return m_phase; }
    /// The guest has not heard of it.
    bool unknown() const { return m_phase == Phase::Offered && m_owesOpening; }

    // What the guest says; false: it broke the rules or the host is gone, and the stream is to be
    // reset.
    void noteCredit(const VsockHeader& header);
    bool answered();
    bool receive(ChainCursor& body, uint32_t bytes);
    bool shutDown(uint32_t flags);
    void askCredit() { m_owesCredit = true; }

    /// Passes kept bytes on. False: the host is gone.
    bool flush();
    /// The guest neither sends nor takes any more.
    bool guestIsDone() const { return m_guestSendsNoMore && m_guestTakesNoMore; }
    /// Everything the guest sent has reached the host's socket.
    bool flushed() const { return m_toHost.empty(); }

    /// The next packet for the guest: its bytes go into `chain` behind the header, which is the
    /// caller's to write. None: nothing to say now. Its cid fields are left open.
    std::optional<VsockHeader> nextPacket(const DescriptorChain& chain);

    bool queued = false;    ///< in the device's list of those with something to say
    bool lingering = false; ///< done for the guest, but its last bytes have not reached the host

private:
    VsockConnection(VsockKey key, UniqueFd socket, Phase phase);
    VsockHeader packet(uint16_t operation, uint32_t length = 0, uint32_t flags = 0);
    std::optional<VsockHeader> data(const DescriptorChain& chain);
    std::optional<VsockHeader> hostEnded(bool gone);
    ssize_t readInto(const DescriptorChain& chain, uint32_t bytes);
    ssize_t writeFrom(ChainCursor& body, uint32_t bytes);
    uint32_t credit() const;

    VsockKey m_key;
    UniqueFd m_socket;
    Phase m_phase;
    FdWatch m_watch;
    vmm::console::ByteQueue m_toHost{kBuffer};
    bool m_owesOpening = true; ///< the request or the response
    bool m_owesCredit = false;
    bool m_askedCredit = false;
    bool m_hostEnded = false;
    bool m_guestSendsNoMore = false;
    bool m_guestTakesNoMore = false;
    // Counted modulo 2^32 (section 5.10.6.3).
    uint32_t m_sent = 0;        ///< bytes to the guest
    uint32_t m_guestBuffer = 0; ///< its buf_alloc
    uint32_t m_guestForwarded = 0;
    uint32_t m_forwarded = 0;     ///< bytes of the guest that reached the host's socket
    uint32_t m_toldForwarded = 0; ///< as the guest knows
    std::vector<memory::GuestSlice> m_pieces;
};

} // namespace vmm::virtio
