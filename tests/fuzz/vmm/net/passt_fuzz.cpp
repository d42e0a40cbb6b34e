// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: the byte stream of a hostile passt. The first byte says in what pieces it comes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sys/socket.h>

#include "vmm/base/check.h"
#include "vmm/net/passt.h"

namespace {

using namespace vmm;
using namespace vmm::net;

class Card final : public FrameReceiver {
public:
    bool deliver(const FrameHeader&, std::span<const std::byte> frame) override
    {
        CHECK(frame.size() >= 14 && frame.size() <= 65549);
        return ++m_count % 7 != 0; // no room now and then
    }
    void delivered() override {}
    bool readable(unsigned) override { return true; }
    void writable(unsigned) override {}

private:
    unsigned m_count = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size < 1)
        return 0;
    static const std::unique_ptr<EventLoop> loop = std::move(*EventLoop::create("fuzz"));
    int fds[2];
    CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    const UniqueFd peer(fds[0]);
    Card card; // outlives the backend, which may have frames for it until it goes
    auto passt = Passt::adopt(*loop, UniqueFd(fds[1]), {});
    CHECK(passt.has_value());
    loop->runAndWait([&] { CHECK((*passt)->start(card, {}, 1).has_value()); });
    const size_t step = size_t{1} + data[0] * size_t{16};
    for (size_t at = 1; at < size; at += step) {
        const size_t part = std::min(step, size - at);
        // A connection given up takes no more; one whose card has no room fills up.
        if (::send(peer.get(), data + at, part, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break;
        loop->runAndWait([&] { (*passt)->receiverReady(0); });
    }
    return 0;
}
