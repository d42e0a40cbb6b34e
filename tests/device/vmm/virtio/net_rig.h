// SPDX-License-Identifier: GPL-3.0-or-later
// A network card with its driver on one side and a network made up by the test on the other.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "tests/device/vmm/virtio/virtio_rig.h"
#include "vmm/virtio/net.h"
#include "vmm/virtio/net_regs.h"

namespace tests {

using Bytes = std::vector<uint8_t>;

/// What it carries is up to the test. On the card's loop, like every backend.
class FakeNetwork final : public vmm::net::NetBackend {
public:
    struct Sent {
        unsigned pair = 0;
        vmm::net::FrameHeader header;
        Bytes frame;
    };

    unsigned pairs() const override { return pairCount; }
    vmm::net::Offloads canTake() const override { return offloads; }
    vmm::net::Offloads canGive() const override { return offloads; }
    uint16_t mtu() const override { return largest; }
    std::string description() const override { return "fake"; }
    vmm::Result<void> start(vmm::net::FrameReceiver& to, const vmm::net::Offloads& given,
                            unsigned used) override
    {
        if (refuses)
            return vmm::Error(vmm::ErrorCode::Io, "no network today");
        receiver = &to;
        taken = given;
        pairsUsed = used;
        ++starts;
        return {};
    }
    void stop() override { receiver = nullptr; }
    vmm::net::SendStatus send(unsigned pair, const vmm::net::FrameHeader& header,
                              std::span<const iovec> pieces) override
    {
        if (full)
            return vmm::net::SendStatus::Full;
        CHECK(!pieces.empty() && pieces.size() <= 1024);
        Sent item{pair, header, {}};
        for (const iovec& piece : pieces) {
            CHECK(piece.iov_len != 0);
            const auto* bytes = static_cast<const uint8_t*>(piece.iov_base);
            item.frame.insert(item.frame.end(), bytes, bytes + piece.iov_len);
        }
        if (echo && receiver != nullptr) {
            receiver->deliver({}, std::as_bytes(std::span(item.frame)));
            receiver->delivered();
        }
        if (keeps)
            frames.push_back(std::move(item));
        return vmm::net::SendStatus::Sent;
    }
    std::optional<Received> receive(unsigned pair, std::span<const iovec> pieces) override
    {
        if (kernel.empty() || kernel.front().pair != pair)
            return std::nullopt;
        const Sent item = std::move(kernel.front());
        kernel.pop_front();
        size_t at = 0;
        for (const iovec& piece : pieces) {
            const size_t length = std::min(piece.iov_len, item.frame.size() - at);
            std::copy_n(item.frame.data() + at, length, static_cast<uint8_t*>(piece.iov_base));
            at += length;
        }
        return Received{item.header, item.frame.size()};
    }
    void receiverReady(unsigned) override { ++readies; }
    void sent() override { ++bursts; }

    // What it can do: set before the card is made.
    unsigned pairCount = 1;
    vmm::net::Offloads offloads{true, true, true, false};
    uint16_t largest = 1500;
    // On the loop.
    bool full = false;
    bool refuses = false;
    bool echo = false;
    bool keeps = true;
    vmm::net::FrameReceiver* receiver = nullptr;
    vmm::net::Offloads taken;
    unsigned pairsUsed = 0;
    std::vector<Sent> frames; ///< that were sent
    std::deque<Sent> kernel;  ///< waiting for receive()
    std::atomic<unsigned> starts{0};
    std::atomic<unsigned> readies{0};
    std::atomic<unsigned> bursts{0};
};

/// The card "net0" at 00:02.0 with a driver that has set up its first pair and the control queue.
struct NetRig {
    static constexpr uint16_t kSize = 16;
    static constexpr uint64_t kReceiveRing = 0x1000;
    static constexpr uint64_t kTransmitRing = 0x2000;
    static constexpr uint64_t kControlRing = 0x3000;
    static constexpr uint64_t kReceiveData = 0x20'0000;
    static constexpr uint64_t kTransmitData = 0x40'0000;
    static constexpr uint64_t kControlData = 0x60'0000;
    static constexpr uint32_t kReceiveVector = 0x40;
    static constexpr uint32_t kTransmitVector = 0x41;
    static constexpr uint32_t kConfigVector = 0x42;
    static constexpr vmm::net::MacAddress kMac{0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

    using Prepare = std::function<void(FakeNetwork&)>;
    explicit NetRig(const Prepare& prepare = [](FakeNetwork&) {})
    {
        prepare(*network);
        rig = std::make_unique<VirtioRig>([this](vmm::EventLoop& loop) {
            return std::make_unique<vmm::virtio::Net>(
                loop, vmm::virtio::Net::Options{"net0", kMac, true}, *network);
        });
        receive.emplace(memory(), kReceiveRing, kSize);
        transmit.emplace(memory(), kTransmitRing, kSize);
        control.emplace(memory(), kControlRing, kSize);
    }

    vmm::memory::GuestMemory& memory() const { return *rig->board.memory; }
    VirtioPciDriver& driver() const { return *rig->driver; }
    vmm::virtio::Net& card() const
    {
        return static_cast<vmm::virtio::Net&>(rig->function->device());
    }
    /// On the card's loop, and waits for it.
    void onLoop(const std::function<void()>& function) const { rig->loop->runAndWait(function); }

    /// All features but those in `without`.
    void start(uint64_t without = 0)
    {
        CHECK(driver().negotiate(driver().features() & ~without));
        driver().programVector(0, kReceiveVector);
        driver().programVector(1, kTransmitVector);
        driver().programVector(2, kConfigVector);
        driver().setCommon(vmm::virtio::common::kConfigVector, 2, 2);
        driver().setQueue(0, receive->layout(), 0);
        driver().setQueue(1, transmit->layout(), 1);
        const bool many = network->pairCount > 1 && (without & vmm::virtio::VIRTIO_NET_F_MQ) == 0;
        controlIndex = static_cast<uint16_t>(many ? 2 * network->pairCount : 2);
        driver().setQueue(controlIndex, control->layout());
        driver().go();
        rig->settle();
    }

    void put(uint64_t address, const Bytes& bytes) const
    {
        CHECK(memory()
                  .copyIn(vmm::memory::GuestPhys(address), std::as_bytes(std::span(bytes)))
                  .has_value());
    }
    Bytes get(uint64_t address, size_t size) const
    {
        Bytes bytes(size);
        CHECK(
            memory()
                .copyOut(vmm::memory::GuestPhys(address), std::as_writable_bytes(std::span(bytes)))
                .has_value());
        return bytes;
    }

    /// Offers `count` receive buffers of `size` bytes, 8 KiB apart.
    void offerBuffers(unsigned count, uint32_t size)
    {
        for (unsigned i = 0; i < count; ++i) {
            const auto slot = static_cast<uint16_t>(offered++ % kSize);
            receive->offer({{kReceiveData + 0x2000U * slot, size, true}}, slot);
        }
        driver().notify(0);
        rig->settle();
    }
    /// Sends a frame with a header, in one descriptor each.
    void send(const vmm::net::FrameHeader& header, const Bytes& frame, bool notify = true)
    {
        const auto slot = static_cast<uint16_t>(2 * (sends++ % (kSize / 2)));
        const uint64_t at = kTransmitData + 0x2'0000U * (slot / 2U);
        CHECK(memory().write(vmm::memory::GuestPhys(at), header).has_value());
        put(at + 64, frame);
        transmit->offer(
            {{at, sizeof header, false}, {at + 64, static_cast<uint32_t>(frame.size()), false}},
            slot);
        if (!notify)
            return;
        driver().notify(1);
        rig->settle();
    }
    /// A control command; what the card answered.
    uint8_t command(uint8_t commandClass, uint8_t number, const Bytes& data)
    {
        Bytes request{commandClass, number};
        request.insert(request.end(), data.begin(), data.end());
        put(kControlData, request);
        put(kControlData + 0x8000, {0xee});
        control->offer({{kControlData, static_cast<uint32_t>(request.size()), false},
                        {kControlData + 0x8000, 1, true}});
        driver().notify(controlIndex);
        CHECK(VirtioRig::eventually([this] { return control->collect().has_value(); }));
        return get(kControlData + 0x8000, 1)[0];
    }
    /// The network has a frame for the driver. False: the card had no room.
    bool deliver(const Bytes& frame, const vmm::net::FrameHeader& header = {}) const
    {
        bool taken = false;
        onLoop([&] {
            taken = network->receiver->deliver(header, std::as_bytes(std::span(frame)));
            network->receiver->delivered();
        });
        return taken;
    }
    /// The kernel has frames for the driver. What readable() said.
    bool readable(const std::vector<Bytes>& frames, const vmm::net::FrameHeader& header = {}) const
    {
        bool more = false;
        onLoop([&] {
            for (const Bytes& frame : frames)
                network->kernel.push_back({0, header, frame});
            more = network->receiver->readable(0);
        });
        return more;
    }
    struct Arrived {
        vmm::net::FrameHeader header;
        Bytes frame;
    };
    /// The next frame the driver finds.
    std::optional<Arrived> collect()
    {
        Bytes all;
        Arrived arrived;
        for (unsigned left = 1; left != 0; --left) {
            const auto used = receive->collect();
            if (!used)
                return std::nullopt;
            const Bytes part = get(kReceiveData + 0x2000U * used->id, used->length);
            if (all.empty()) {
                std::memcpy(&arrived.header, part.data(), sizeof arrived.header);
                left = arrived.header.buffers;
            }
            all.insert(all.end(), part.begin(), part.end());
        }
        arrived.frame.assign(all.begin() + sizeof arrived.header, all.end());
        return arrived;
    }
    size_t interrupts(uint32_t vector) const
    {
        const auto sent = rig->board.interrupts.sent();
        return static_cast<size_t>(std::count_if(
            sent.begin(), sent.end(), [vector](const auto& each) { return each.data == vector; }));
    }
    bool needsReset() const { return (driver().status() & vmm::virtio::DEVICE_NEEDS_RESET) != 0; }

    std::unique_ptr<FakeNetwork> network = std::make_unique<FakeNetwork>();
    std::unique_ptr<VirtioRig> rig;
    std::optional<VirtqueueDriver> receive;
    std::optional<VirtqueueDriver> transmit;
    std::optional<VirtqueueDriver> control;
    uint16_t controlIndex = 2;
    unsigned offered = 0;
    unsigned sends = 0;
};

/// A frame of `size` bytes to `to`, its payload counting up from `seed`.
inline Bytes frameTo(const vmm::net::MacAddress& to, size_t size, uint8_t seed = 0)
{
    Bytes frame(size);
    for (size_t i = 0; i < size; ++i)
        frame[i] = static_cast<uint8_t>(seed + i * 7 + i / 256);
    if (size < 14)
        return frame;
    std::copy(to.begin(), to.end(), frame.begin());
    frame[12] = 0x08; // IPv4
    frame[13] = 0x00;
    return frame;
}

} // namespace tests
