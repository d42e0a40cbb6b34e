// SPDX-License-Identifier: GPL-3.0-or-later
// Which TCP ports a guest on NAT listens on: asked of the guest itself, by the first half of a
// handshake from the NAT's host (RFC 9293 section 3.5). A service never sees it: its SYN-ACK gets
// a reset, as the guest's kernel still waits for the third segment.
//
//   ask() ─► SYN to each known port ─► guest        SYN-ACK: listens, RST: closed,
//   completion ◄─ answers, or 2 s ◄─ takes() ◄─┘    silence: cannot be told
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/event_loop.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/net/net_backend.h"
#include "vmm/net/packet.h"

namespace vmm::net {

/// A port that may be asked about.
struct KnownPort {
    uint16_t port = 0;
    std::string_view service; ///< IANA's name where that is what runs there; else empty
};

/// All of them, ascending; constant.
std::span<const KnownPort> knownPorts();

/// A port the guest listens on.
struct ListeningPort {
    uint32_t address = 0; ///< the guest's, in host order
    KnownPort known;

    /// "10.0.2.15:22 ssh", or without a name.
    std::string text() const;
};

/// Asks one NAT's guest. Everything on the loop's thread, but for create() and the destructor.
class PortProbe {
public:
    /// Who takes the frames.
    class Sink {
    public:
        virtual ~Sink() = default;
        /// A frame for the guest, with its checksums. It is scratch and may be changed.
        virtual void frameToGuest(std::span<std::byte> frame) = 0;
        /// After each burst of them that takes() did not cause.
        virtual void burstDone() = 0;
    };
    /// Ascending; an error where no port could be told.
    using Answer = Result<std::vector<ListeningPort>>;
    using Completion = std::function<void(const Answer&)>;

    /// Eight of them are a guest's time to answer, and four that of an answer to be fresh.
    static constexpr uint64_t kTickNs = 250'000'000;

    /// `loop` and `sink` outlive it.
    static Result<std::unique_ptr<PortProbe>> create(EventLoop& loop, Sink& sink,
                                                     uint64_t tickNs = kTickNs);
    ~PortProbe();

    /// Calls `done` once, within two seconds. Who asks while the guest is being asked gets the same
    /// answer, and who asks within a second after that, the last one.
    void ask(Completion done);
    /// The guest is away: whoever waits hears so.
    void stop();

    /// A frame of the guest's that the NAT lets pass: where it is.
    void learn(std::span<const std::byte> frame);
    /// Whether this packet, which the NAT lets pass, is the guest's answer to a question of ours,
    /// and nobody else's business. Hostile input.
    bool takes(std::span<const std::byte> frame, const IpPacket& packet);

private:
    enum class State : uint8_t { Silent, Closed, Listening };
    /// Where the guest was seen last; address 0: nowhere yet.
    struct Place {
        uint32_t address = 0;
        MacAddress mac{};
    };

    PortProbe(EventLoop& loop, Sink& sink, uint64_t tickNs)
        : m_loop(loop), m_sink(sink), m_tickNs(tickNs)
    {}
    bool running() const { return !m_waiting.empty(); }
    void begin();
    void askSilent();
    void tick();
    void setTimer(bool running);
    void finish();
    void answerAll(const Answer& answer);
    void sendSegment(size_t index, uint32_t sequence, uint8_t flags);
    uint32_t sequenceOf(size_t index) const;
    void sendArp();

    EventLoop& m_loop;
    Sink& m_sink;
    const uint64_t m_tickNs;
    UniqueFd m_timer;
    Place m_seen;
    Place m_asked;                     ///< whom this round asks
    std::vector<Completion> m_waiting; ///< empty: nobody is asked
    std::vector<State> m_states;       ///< by knownPorts()
    uint32_t m_sequence = 0;           ///< of this round
    unsigned m_ticks = 0;              ///< of this round
    Answer m_last;
    uint64_t m_lastNs = 0; ///< when that was; 0: never
};

} // namespace vmm::net
