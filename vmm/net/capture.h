// SPDX-License-Identifier: GPL-3.0-or-later
// A backend around another that counts and can write down what passes, as the guest sees it: frames
// may be larger than the MTU and their checksums not filled in, where the card's driver agreed to
// that.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vmm/base/event_loop.h"
#include "vmm/net/net_backend.h"
#include "vmm/net/pcap_writer.h"

namespace vmm::net {

/// The backend. Everything on the loop's thread but what says otherwise.
class Capture final : public NetBackend, private FrameReceiver {
public:
    /// `loop`: the inner backend's. `counts` (null: nobody counts) outlives it.
    Capture(EventLoop& loop, std::unique_ptr<NetBackend> inner, TrafficCounts* counts = nullptr);
    ~Capture() override;

    /// Begins to write to `path`, or to another file from here on; of each frame at most
    /// `snapLength` bytes. Any thread the loop does not wait for; may wait for the disk.
    Result<void> startCapture(const std::string& path, uint32_t snapLength = kWholeFrames);
    /// Ends it, if there is one; how it went. As startCapture().
    std::optional<CaptureStatus> stopCapture();
    /// The capture under way. As startCapture().
    std::optional<CaptureStatus> captureStatus() const;
    static constexpr uint32_t kWholeFrames = 262'144; ///< the most readers take

    NetBackend& inner() const { return *m_inner; }

    unsigned pairs() const override { return m_inner->pairs(); }
    Offloads canTake() const override { return m_inner->canTake(); }
    Offloads canGive() const override { return m_inner->canGive(); }
    uint16_t mtu() const override { return m_inner->mtu(); }
    bool carrier() const override { return m_inner->carrier(); }
    std::string description() const override { return m_inner->description(); }
    Result<void> start(FrameReceiver& receiver, const Offloads& taken, unsigned pairs) override;
    void stop() override;
    SendStatus send(unsigned pair, const FrameHeader& header,
                    std::span<const iovec> pieces) override;
    void sent() override { m_inner->sent(); }
    std::optional<Received> receive(unsigned pair, std::span<const iovec> pieces) override;
    void receiverReady(unsigned pair) override { m_inner->receiverReady(pair); }

private:
    bool deliver(const FrameHeader& header, std::span<const std::byte> frame) override;
    void delivered() override { m_receiver->delivered(); }
    bool readable(unsigned pair) override { return m_receiver->readable(pair); }
    void writable(unsigned pair) override { m_receiver->writable(pair); }
    std::unique_ptr<PcapWriter> exchange(std::unique_ptr<PcapWriter> writer);

    EventLoop& m_loop;
    TrafficCounts* const m_counts;
    std::unique_ptr<NetBackend> m_inner;
    std::vector<bool> m_again; ///< by pair: the next frame was captured already
    FrameReceiver* m_receiver = nullptr;
    std::unique_ptr<PcapWriter> m_writer; ///< changed on the loop
};

} // namespace vmm::net
