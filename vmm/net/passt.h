// SPDX-License-Identifier: GPL-3.0-or-later
// passt, or anything else that takes frames on a stream socket: each with its length before it, 32
// bits, big-endian (passt(1), "Handling of traffic in passt").
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "vmm/base/event_loop.h"
#include "vmm/base/unique_fd.h"
#include "vmm/net/net_backend.h"

namespace vmm::net {

/// The backend. Everything on the loop's thread but the makers and the destructor.
class Passt final : public NetBackend {
public:
    /// Told once when the peer goes away or breaks the protocol, on the loop. The card stays; its
    /// frames are dropped. Must not destroy the backend.
    using Gone = std::function<void(const Error& reason)>;

    /// Connects to the socket at `path`, which somebody listens on already.
    static Result<std::unique_ptr<Passt>> connect(EventLoop& loop, const std::string& path,
                                                  Gone gone);
    /// Takes a connected stream socket.
    static Result<std::unique_ptr<Passt>> adopt(EventLoop& loop, UniqueFd socket, Gone gone);
    ~Passt() override;

    Offloads canTake() const override
    {
        return {.checksum = true}; // filled in here, cheaper than by a guest
    }
    Offloads canGive() const override { return {}; }
    uint16_t mtu() const override { return 65520; } ///< what passt announces itself
    std::string description() const override { return m_description; }
    Result<void> start(FrameReceiver& receiver, const Offloads& taken, unsigned pairs) override;
    void stop() override;
    SendStatus send(unsigned pair, const FrameHeader& header,
                    std::span<const iovec> pieces) override;
    std::optional<Received> receive(unsigned, std::span<const iovec>) override { return {}; }
    void receiverReady(unsigned pair) override;

private:
    Passt(EventLoop& loop, UniqueFd socket, std::string description, Gone gone);
    Result<void> prepare();
    void setReading(bool reading);
    void setWriting(bool writing);
    void readable();
    void writable();
    bool deliverWhole();
    void lost(const Error& reason);
    void giveUp(const Error& reason);

    EventLoop& m_loop;
    UniqueFd m_socket;
    UniqueFd m_writeFd; ///< a duplicate, to wait for room to write
    const std::string m_description;
    Gone m_gone;
    FrameReceiver* m_receiver = nullptr; ///< while started
    bool m_reading = false;
    bool m_writing = false;
    bool m_broken = false;
    std::vector<std::byte> m_input; ///< what came and is not delivered: m_begin to m_end
    size_t m_begin = 0;
    size_t m_end = 0;
    std::vector<std::byte> m_output; ///< the rest of a frame that was begun
    std::vector<std::byte> m_frame;
    std::vector<iovec> m_pieces;
};

} // namespace vmm::net
