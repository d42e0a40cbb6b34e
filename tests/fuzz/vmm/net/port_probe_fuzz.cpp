// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: a hostile guest's answers to the port probe. Each frame begins with its length (16
// bits) and flags: bit 0 has the target fill in right checksums, bit 1 the ports and the number of
// the last question, so that mutated answers get past both, bit 2 asks first. What the NAT would
// not let pass does not reach the probe here either.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/base/check.h"
#include "vmm/net/nat_filter.h"
#include "vmm/net/port_probe.h"

namespace {

using namespace vmm;
using namespace vmm::net;

class Sink final : public PortProbe::Sink {
public:
    void frameToGuest(std::span<std::byte> frame) override
    {
        const auto packet = parseIp(frame);
        CHECK(packet.has_value() || frameType(frame) == ethertype::kArp);
        if (!packet)
            return;
        CHECK(packet->end == frame.size() && tcpHeaderLength(frame, *packet).has_value());
        from = loadBe<uint16_t>(&frame[packet->transport]);
        port = loadBe<uint16_t>(&frame[packet->transport + 2]);
        sequence = loadBe<uint32_t>(&frame[packet->transport + 4]);
    }
    void burstDone() override {}

    uint16_t from = 0;
    uint16_t port = 0;
    uint32_t sequence = 0;
};

void answerLast(std::vector<std::byte>& frame, const Sink& sink)
{
    const auto packet = parseIp(frame);
    if (!packet || packet->end - packet->transport < kTcpHeader)
        return;
    storeBe(&frame[packet->transport], sink.port);
    storeBe(&frame[packet->transport + 2], sink.from);
    storeBe(&frame[packet->transport + 8], sink.sequence + 1);
}

void seal(std::vector<std::byte>& frame)
{
    const auto packet = parseIp(frame);
    if (!packet || packet->v6)
        return;
    sealIp4Header(frame, *packet);
    if (packet->end - packet->transport >= kTcpHeader)
        sealTransport(frame, *packet, tcp::kChecksumOffset);
}

void take(PortProbe& probe, std::span<const std::byte> frame)
{
    if (frameType(frame) == ethertype::kArp) {
        if (natTakesArp(frame))
            probe.learn(frame);
        return;
    }
    const auto packet = parseIp(frame);
    if (!packet || packet->fragment || !natTakes(frame, *packet))
        return;
    probe.learn(frame);
    probe.takes(frame, *packet);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static const std::unique_ptr<EventLoop> loop = std::move(*EventLoop::create("fuzz"));
    Sink sink;
    auto probe = PortProbe::create(*loop, sink);
    CHECK(probe.has_value());
    int asked = 0;
    int told = 0;
    const auto done = [&told](const PortProbe::Answer& answer) {
        CHECK(!answer || answer->size() <= knownPorts().size());
        ++told;
    };
    loop->runAndWait([&] {
        for (int frames = 0; size >= 3 && frames < 64; ++frames) {
            const size_t length = std::min<size_t>(loadLe<uint16_t>(data), size - 3);
            const uint8_t flags = data[2];
            const auto* bytes = reinterpret_cast<const std::byte*>(data + 3);
            std::vector<std::byte> frame(bytes, bytes + length);
            data += 3 + length;
            size -= 3 + length;
            if ((flags & 4) != 0) {
                ++asked;
                (*probe)->ask(done);
            }
            if ((flags & 2) != 0)
                answerLast(frame, sink);
            if ((flags & 1) != 0)
                seal(frame);
            take(**probe, frame);
        }
        probe->reset();
    });
    CHECK(asked == told);
    return 0;
}
