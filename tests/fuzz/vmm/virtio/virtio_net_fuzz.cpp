// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: the network card. The input is a script: descriptors, rings and commands of the
// driver, frames and refusals of the network, pauses with save and load, resets. Everything runs on
// the card's loop, where it would.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "tests/support/fakes.h"
#include "vmm/virtio/net.h"
#include "vmm/virtio/net_header.h"
#include "vmm/virtio/net_regs.h"
#include "vmm/virtio/queue_regs.h"

namespace {

using namespace vmm;
using namespace vmm::virtio;

constexpr size_t kMaxActions = 400;
constexpr unsigned kTurn = 16; ///< actions between two looks at what was posted
constexpr uint64_t kRam = uint64_t{1} << 20;
constexpr uint16_t kRingSize = 8;
constexpr unsigned kPairs = 2;
constexpr unsigned kQueues = 2 * kPairs + 1;

/// Takes the input apart; zeros when it has ended.
class Script {
public:
    explicit Script(std::span<const uint8_t> bytes) : m_bytes(bytes) {}
    bool ended() const { return m_bytes.empty(); }
    template <class T>
    T take()
    {
        T value{};
        const size_t part = std::min(sizeof value, m_bytes.size());
        if (part != 0)
            std::memcpy(&value, m_bytes.data(), part);
        m_bytes = m_bytes.subspan(part);
        return value;
    }

private:
    std::span<const uint8_t> m_bytes;
};

net::FrameHeader headerFrom(Script& script)
{
    net::FrameHeader header;
    header.flags = script.take<uint8_t>();
    header.gsoType = script.take<uint8_t>() % 6;
    header.gsoSize = script.take<uint8_t>();
    header.checksumStart = script.take<uint8_t>();
    header.checksumOffset = script.take<uint8_t>() % 32;
    return header;
}

/// Believes what the card promises, and checks it.
class Network final : public net::NetBackend {
public:
    unsigned pairs() const override { return kPairs; }
    net::Offloads canTake() const override { return {true, true, true, true}; }
    net::Offloads canGive() const override { return {true, true, true, true}; }
    std::string description() const override { return "fuzz"; }
    Result<void> start(net::FrameReceiver& to, const net::Offloads&, unsigned used) override
    {
        CHECK(used >= 1 && used <= kPairs);
        receiver = &to;
        return {};
    }
    void stop() override
    {
        CHECK(receiver != nullptr);
        receiver = nullptr;
    }
    net::SendStatus send(unsigned pair, const net::FrameHeader& header,
                         std::span<const iovec> pieces) override
    {
        CHECK(receiver != nullptr && pair < kPairs && pieces.size() <= 1024);
        size_t size = 0;
        for (const iovec& piece : pieces) {
            CHECK(piece.iov_len != 0);
            size += piece.iov_len;
        }
        CHECK(size >= kSmallestFrame && size <= kLargestFrame);
        CHECK((header.flags & 1) == 0 ||
              size_t{header.checksumStart} + header.checksumOffset + 2 <= size);
        CHECK(header.gsoType == 0 || (header.gsoSize != 0 && header.flags == 1));
        return full ? net::SendStatus::Full : net::SendStatus::Sent;
    }
    std::optional<Received> receive(unsigned pair, std::span<const iovec> pieces) override
    {
        CHECK(pair < kPairs && pieces.size() <= 1024);
        if (kernel.empty())
            return std::nullopt;
        const Received got = kernel.front();
        kernel.pop_front();
        size_t left = got.bytes;
        for (const iovec& piece : pieces) {
            const size_t length = std::min(piece.iov_len, left);
            std::memset(piece.iov_base, 0x5a, length);
            left -= length;
        }
        return got;
    }
    void receiverReady(unsigned) override {}

    net::FrameReceiver* receiver = nullptr;
    bool full = false;
    std::deque<Received> kernel;
};

class Guest final : private DeviceHost {
public:
    explicit Guest(Script& script)
        : m_loop(std::move(*EventLoop::create("net-fuzz"))),
          m_card(std::make_unique<Net>(
              *m_loop, Net::Options{"net0", {0x52, 0x54, 0, 1, 2, 3}, true}, m_network))
    {
        m_features = m_card->facts().features & ~script.take<uint64_t>();
        m_loop->runAndWait([this] { start(); });
    }
    ~Guest() override
    {
        m_loop->runAndWait([this] { stop(StopReason::Reset); });
    }

    void turn(Script& script)
    {
        m_loop->runAndWait([&] {
            for (unsigned i = 0; i < kTurn && !script.ended(); ++i)
                act(script);
        });
    }

private:
    void interruptQueue(unsigned index) override { CHECK(index < kQueues); }
    void configChanged() override {}
    void needsReset(const Error&) override { m_broken = true; }

    static uint64_t ringAt(unsigned queue) { return 0x1000 * (queue + 1); }
    static QueueState layout(unsigned queue)
    {
        QueueState state;
        state.size = kRingSize;
        state.ready = true;
        state.descriptors = ringAt(queue);
        state.available = ringAt(queue) + 0x400;
        state.used = ringAt(queue) + 0x800;
        return state;
    }
    void start()
    {
        std::array<Queue*, kQueues> queues{};
        for (unsigned i = 0; i < kQueues; ++i) {
            m_queues[i] = std::make_unique<Queue>(*Queue::create(
                *m_board.memory, m_states[i], {.indirect = true, .eventIndex = i % 2 == 0}));
            queues[i] = m_queues[i].get();
        }
        m_card->start({*this, m_features, queues});
        m_running = true;
    }
    void stop(StopReason reason)
    {
        if (!m_running)
            return;
        bool stopped = false;
        m_card->stop(reason, [&stopped] { stopped = true; });
        CHECK(stopped);
        for (unsigned i = 0; i < kQueues; ++i)
            m_states[i] = m_queues[i]->state();
        m_running = false;
    }

    void act(Script& script)
    {
        const auto kind = script.take<uint8_t>();
        const unsigned queue = kind / 16 % kQueues;
        switch (kind % 16) {
        case 0:
        case 1:
        case 2:
            return describe(script, queue);
        case 3:
        case 4:
            return makeAvailable(script, queue);
        case 5:
        case 6:
            if (!m_broken)
                m_card->handleQueue(queue);
            return;
        case 7:
        case 8:
            return deliver(script);
        case 9:
            return fromKernel(script);
        case 10:
            m_network.full = (kind & 0x10) != 0;
            return m_network.receiver->writable(kind >> 5);
        case 11:
            return m_card->setLink((kind & 0x10) != 0);
        case 12:
        case 13:
            return command(script);
        case 14:
            static_cast<void>(
                m_board.memory
                    ->write(memory::GuestPhys(script.take<uint16_t>()), script.take<uint32_t>())
                    .has_value());
            return;
        default:
            return kind < 0x80 ? pauseAndLoad() : resetCard(script);
        }
    }
    void describe(Script& script, unsigned queue)
    {
        Descriptor descriptor;
        const auto where = script.take<uint16_t>();
        descriptor.address = uint64_t{where} * 16;
        if (where >= 0xff00)
            descriptor.address = ~uint64_t{where};
        descriptor.length = script.take<uint16_t>();
        const auto flags = script.take<uint8_t>();
        descriptor.flags = flags % 8;
        descriptor.next = flags / 8 % kRingSize;
        put(ringAt(queue) + sizeof descriptor * (flags / 16 % kRingSize), descriptor);
    }
    void makeAvailable(Script& script, unsigned queue)
    {
        const uint16_t index = m_available[queue]++;
        const auto head = script.take<uint8_t>();
        put(layout(queue).available + ring::availEntry(index % kRingSize), uint16_t{head});
        put(layout(queue).available + ring::kIndex, m_available[queue]);
    }
    void deliver(Script& script)
    {
        const net::FrameHeader header = headerFrom(script);
        const size_t size = std::min<size_t>(script.take<uint16_t>(), kLargestFrame);
        m_frame.assign(size, std::byte{script.take<uint8_t>()});
        m_network.receiver->deliver(header, m_frame);
        m_network.receiver->delivered();
    }
    void fromKernel(Script& script)
    {
        const net::FrameHeader header = headerFrom(script);
        if (m_network.kernel.size() < 16)
            m_network.kernel.push_back({header, script.take<uint16_t>()});
        m_network.receiver->readable(script.take<uint8_t>() % kPairs);
    }
    /// Well-formed but for what it says.
    void command(Script& script)
    {
        constexpr uint64_t kRequest = 0x8'0000;
        constexpr uint16_t kBytes = 64;
        std::array<uint8_t, kBytes> bytes{};
        bytes[0] = script.take<uint8_t>() % 7;
        bytes[1] = script.take<uint8_t>() % 7;
        for (size_t i = 2; i < 24; ++i)
            bytes[i] = script.take<uint8_t>();
        const unsigned queue = (m_features & VIRTIO_NET_F_MQ) != 0 ? kQueues - 1 : 2;
        put(kRequest, bytes);
        put(ringAt(queue), Descriptor{kRequest, kBytes, VIRTQ_DESC_F_NEXT, 1});
        put(ringAt(queue) + 16, Descriptor{kRequest + kBytes, 1, VIRTQ_DESC_F_WRITE, 0});
        const uint16_t index = m_available[queue]++;
        put(layout(queue).available + ring::availEntry(index % kRingSize), uint16_t{0});
        put(layout(queue).available + ring::kIndex, m_available[queue]);
        if (!m_broken)
            m_card->handleQueue(queue);
    }
    void pauseAndLoad()
    {
        if (m_broken)
            return;
        stop(StopReason::Pause);
        const auto saved = m_card->saveState();
        CHECK(m_card->loadState(saved).has_value());
        CHECK(state::encode(m_card->saveState()) == state::encode(saved));
        start();
    }
    void resetCard(Script& script)
    {
        stop(StopReason::Reset);
        m_card->reset();
        for (unsigned i = 0; i < kQueues; ++i) {
            m_states[i] = layout(i);
            m_available[i] = 0;
            put(layout(i).available + ring::kIndex, uint16_t{0});
        }
        m_broken = false;
        m_features = m_card->facts().features & ~script.take<uint64_t>();
        start();
    }
    template <class T>
    void put(uint64_t at, const T& value)
    {
        static_cast<void>(m_board.memory->write(memory::GuestPhys(at), value).has_value());
    }

    tests::FakeBoard m_board{kRam};
    Network m_network;
    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<Net> m_card;
    uint64_t m_features = 0;
    bool m_running = false;
    bool m_broken = false;
    std::array<QueueState, kQueues> m_states{layout(0), layout(1), layout(2), layout(3), layout(4)};
    std::array<std::unique_ptr<Queue>, kQueues> m_queues;
    std::array<uint16_t, kQueues> m_available{};
    std::vector<std::byte> m_frame;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    Script script(std::span(data, size));
    Guest guest(script);
    for (size_t i = 0; i < kMaxActions / kTurn && !script.ended(); ++i)
        guest.turn(script);
    return 0;
}
