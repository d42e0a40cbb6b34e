// SPDX-License-Identifier: GPL-3.0-or-later
// A tap or macvtap interface, opened and handed over by somebody who may. Frames go between the
// kernel and guest memory without a copy of ours. Linux Documentation/networking/tuntap.rst.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vmm/base/event_loop.h"
#include "vmm/base/log.h"
#include "vmm/base/unique_fd.h"
#include "vmm/net/net_backend.h"

namespace vmm::net {

/// The backend. Everything on the loop's thread but create() and the destructor.
class Tap final : public NetBackend {
public:
    /// `queues`: descriptors of one interface, one per pair of the card's queues. Each is checked.
    static Result<std::unique_ptr<Tap>> create(EventLoop& loop, std::vector<UniqueFd> queues);
    /// The descriptor of a tap interface that somebody made for this user, such as "tap0" (`ip
    /// tuntap add dev tap0 mode tap user NAME`). NotFound when there is none of that name: none is
    /// made.
    static Result<std::vector<UniqueFd>> open(const std::string& interface);
    ~Tap() override;

    unsigned pairs() const override { return static_cast<unsigned>(m_queues.size()); }
    Offloads canTake() const override { return m_canTake; }
    Offloads canGive() const override { return m_canGive; }
    uint16_t mtu() const override { return m_mtu; }
    std::string description() const override { return "tap " + m_name; }
    Result<void> start(FrameReceiver& receiver, const Offloads& taken, unsigned pairs) override;
    void stop() override;
    SendStatus send(unsigned pair, const FrameHeader& header,
                    std::span<const iovec> pieces) override;
    std::optional<Received> receive(unsigned pair, std::span<const iovec> pieces) override;
    void receiverReady(unsigned pair) override;

private:
    struct Queue {
        UniqueFd fd;
        UniqueFd writeFd;     ///< a duplicate, to wait for room to write
        bool attached = true; ///< the kernel gives it frames
        bool watched = false; ///< for frames
        bool writing = false; ///< waits for room to write
        bool wanted = false;  ///< in use and the card has room
        bool broken = false;  ///< its interface went away
    };

    explicit Tap(EventLoop& loop) : m_loop(loop) {}
    Result<void> check(size_t index);
    Result<void> prepare();
    Result<void> attach(Queue& queue, bool attached);
    void setWatched(unsigned pair, bool watched);
    void readable(unsigned pair);
    void writable(unsigned pair);

    EventLoop& m_loop;
    GuestLog m_log{"vmm.net"};
    std::vector<Queue> m_queues;
    std::string m_name;
    size_t m_headerSize = 0; ///< 0: the interface carries bare frames
    Offloads m_canTake;
    Offloads m_canGive;
    uint16_t m_mtu = 1500;
    FrameReceiver* m_receiver = nullptr; ///< while started
    std::vector<iovec> m_pieces;
};

} // namespace vmm::net
