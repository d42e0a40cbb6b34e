// SPDX-License-Identifier: GPL-3.0-or-later
// libslirp on an event loop: frames in, frames out, its sockets and timers. The only pair of files
// that knows libslirp (4.7).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vmm/base/event_loop.h"
#include "vmm/base/log.h"
#include "vmm/base/result.h"
#include "vmm/net/poll_set.h"
#include "vmm/spec/forward.h"

struct Slirp;

namespace vmm::net {

using spec::Forward;

/// What a stack tells its guest, and whom it lets it reach.
struct SlirpStackSettings {
    std::string hostname{};               ///< told by DHCP; may be empty
    std::vector<std::string> dnsSearch{}; ///< domains told by DHCP
    bool restricted = false;              ///< forwards only: the guest reaches nobody by itself
    bool hostLoopback = true;             ///< the guest reaches the host's 127.0.0.1 as 10.0.2.2
};

/// The MTU libslirp believes in. Its TCP makes segments of that size, whatever the guest announces
/// (it forgets the options of a SYN while it connects to the host). Larger than a third of the
/// largest window of 64 KiB they would keep it from ever announcing that a closed window opened.
constexpr uint16_t kSlirpMtu = 16384 + 60;

/// One NAT's stack. Everything on the loop's thread, but for create() and the destructor.
class SlirpStack {
public:
    /// Who takes the frames.
    class Sink {
    public:
        virtual ~Sink() = default;
        /// A frame for the guest. It is libslirp's scratch and may be changed.
        virtual void frameToGuest(std::span<std::byte> frame) = 0;
        /// After each burst of them that came from sockets or timers.
        virtual void burstDone() = 0;
    };

    /// `loop` and `sink` outlive it.
    static Result<std::unique_ptr<SlirpStack>>
    create(EventLoop& loop, const SlirpStackSettings& settings, Sink& sink);
    ~SlirpStack();

    /// Sockets and timers are looked at, or not.
    void setRunning(bool running);

    /// A checked frame of the guest's.
    void input(std::span<const std::byte> frame);
    /// After a burst of input(): what is to be waited for may have changed.
    void refresh();

    /// Open sockets, and how many there should be at most.
    size_t sockets() const { return m_polls.size(); }
    size_t socketBudget() const { return m_socketBudget; }

    /// Opens or closes the host's side of a forward; the port it got.
    Result<uint16_t> open(const Forward& forward);
    void close(const Forward& forward);

    /// Leases, so that they stay those of their cards when a machine is restored.
    struct Saved {
        uint32_t version = 0;
        std::vector<std::byte> bytes;
    };
    Saved save() const;
    /// Hostile input.
    Result<void> load(const Saved& saved);

private:
    friend struct SlirpCallbacks;

    SlirpStack(EventLoop& loop, Sink& sink, PollSet polls);
    Result<void> start(const SlirpStackSettings& settings);
    void wishRound();
    void socketsReady();
    void timerFired();
    void waitUntil(std::optional<uint64_t> deadlineNs);
    void drop(int fd);

    EventLoop& m_loop;
    Sink& m_sink;
    GuestLog m_log{"vmm.net"};
    PollSet m_polls;
    UniqueFd m_timer;
    Slirp* m_slirp = nullptr;
    size_t m_socketBudget = 0;
    bool m_running = false;
    std::vector<int> m_listeners;          ///< sockets of forwards
    std::vector<int>* m_listing = nullptr; ///< where a round of wishes is only written down
    std::optional<uint64_t> m_advertiseNs; ///< when the next router advertisement is due
    std::optional<uint64_t> m_armedNs;     ///< what the timer is set to
    uint64_t m_activityNs = 0;             ///< when something last happened
};

} // namespace vmm::net
