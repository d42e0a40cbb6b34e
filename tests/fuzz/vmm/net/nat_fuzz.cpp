// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: frames of a hostile guest into user-mode NAT, libslirp behind the filter included.
// Each frame begins with its length (16 bits) and flags: bit 0 leaves the checksum to the backend,
// bit 1 has the target fill in right checksums, so that mutated packets get past them, bit 2 says
// that the card has no room, bit 3 that it has again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/base/check.h"
#include "vmm/net/nat.h"

namespace {

using namespace vmm;
using namespace vmm::net;

class Card final : public FrameReceiver {
public:
    bool deliver(const FrameHeader& header, std::span<const std::byte> frame) override
    {
        CHECK(frame.size() >= kEthernetHeader && frame.size() <= kEthernetHeader + 65535);
        CHECK(header.gsoType == 0 || header.gsoSize != 0);
        return !full;
    }
    void delivered() override {}
    bool readable(unsigned) override { return true; }
    void writable(unsigned) override {}
    bool full = false;
};

void seal(std::vector<std::byte>& frame)
{
    const auto packet = parseIp(frame);
    if (!packet)
        return;
    if (!packet->v6)
        sealIp4Header(frame, *packet);
    const size_t room = packet->end - packet->transport;
    if (packet->protocol == protocol::kTcp && room >= kTcpHeader)
        sealTransport(frame, *packet, tcp::kChecksumOffset);
    if (packet->protocol == protocol::kUdp && room >= kUdpHeader)
        sealTransport(frame, *packet, 6);
    if (packet->protocol == protocol::kIcmp6 && room >= 4)
        sealTransport(frame, *packet, 2);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    // Restricted: nothing an input says reaches the network this runs on. The parsers before that
    // decision are the same.
    static const std::unique_ptr<EventLoop> loop = std::move(*EventLoop::create("fuzz"));
    NatSettings settings;
    settings.stack.restricted = true;
    settings.stack.hostLoopback = false;
    auto nat = Nat::create(*loop, settings);
    CHECK(nat.has_value());
    Card card;
    loop->runAndWait([&] {
        CHECK((*nat)->start(card, {.checksum = true, .tso4 = true, .tso6 = true}, 1).has_value());
        for (int frames = 0; size >= 3 && frames < 64; ++frames) {
            const size_t length = std::min<size_t>(loadLe<uint16_t>(data), size - 3);
            const uint8_t flags = data[2];
            const auto* bytes = reinterpret_cast<const std::byte*>(data + 3);
            std::vector<std::byte> frame(bytes, bytes + length);
            data += 3 + length;
            size -= 3 + length;
            if ((flags & 2) != 0)
                seal(frame);
            if ((flags & 12) != 0)
                card.full = (flags & 4) != 0;
            if ((flags & 8) != 0)
                (*nat)->receiverReady(0);
            FrameHeader header;
            header.flags = flags & 1;
            header.checksumStart = flags >> 4;
            header.checksumOffset = flags;
            const iovec piece{frame.data(), frame.size()};
            (*nat)->send(0, header, std::span(&piece, 1));
            (*nat)->sent();
        }
    });
    nat->reset();
    return 0;
}
