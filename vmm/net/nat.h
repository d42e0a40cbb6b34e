// SPDX-License-Identifier: GPL-3.0-or-later
// User-mode NAT: a network made up for one card, whose connections this process opens. Needs no
// right of the host's. The addresses are in nat_filter.h.
//
//   guest ─ send() ─► checksum filled in, fragments joined, filter ─► SlirpStack ─► host sockets
//   guest ◄─ deliver() ─ GSO header, or cut to the MTU ◄─────────────────┘
//
// TCP of the guest's comes in pieces of up to 64 KiB as it is (TSO). libslirp makes segments of 16
// KiB whatever the guest's MTU is: a guest that takes such gets them with the size they stand for
// in their header, others get them cut.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "vmm/net/net_backend.h"
#include "vmm/net/port_probe.h"
#include "vmm/net/segments.h"
#include "vmm/net/slirp_stack.h"
#include "vmm/spec/forward.h"
#include "vmm/state/state.h"

namespace vmm::net {

/// What a NAT is made of.
struct NatSettings {
    std::string name = "nat"; ///< among the machine's participants
    SlirpStackSettings stack{};
    std::vector<Forward> forwards{};
    uint64_t probeTickNs = PortProbe::kTickNs; ///< tests have other ones
};

/// What a restored guest finds again: its lease. Connections are gone, as after a power cut of the
/// router; the first packet of each gets a reset.
struct NatState {
    static constexpr state::Tag kTag{"nat", 1, 1};
    uint32_t leaseVersion = 0;
    std::vector<std::byte> leases;
    template <class A>
    void visit(A& a)
    {
        a.field("leaseVersion", leaseVersion).field("leases", leases);
    }
};

/// The backend. Everything on the loop's thread, but for forwards and state.
class Nat final : public NetBackend,
                  public state::Stateful<Nat, NatState>,
                  private SlirpStack::Sink,
                  private PortProbe::Sink {
public:
    /// Opens the forwards. `loop` is the card's and outlives it.
    static Result<std::unique_ptr<Nat>> create(EventLoop& loop, const NatSettings& settings);
    ~Nat() override;

    Offloads canTake() const override { return {.checksum = true, .tso4 = true, .tso6 = true}; }
    Offloads canGive() const override { return {.checksum = true, .tso4 = true, .tso6 = true}; }
    std::string description() const override { return "nat"; }
    Result<void> start(FrameReceiver& receiver, const Offloads& taken, unsigned pairs) override;
    void stop() override;
    SendStatus send(unsigned pair, const FrameHeader& header,
                    std::span<const iovec> pieces) override;
    void sent() override;
    std::optional<Received> receive(unsigned, std::span<const iovec>) override { return {}; }
    void receiverReady(unsigned pair) override;

    /// Adds a forward while the machine runs, or not; the forward with the port it got. Forwards
    /// are known by protocol, address and port of the host. Any thread the loop does not wait for.
    Result<Forward> addForward(const Forward& forward);
    Result<void> removeForward(const Forward& forward);
    std::vector<Forward> forwards() const;

    /// Asks the guest which of knownPorts() it listens on; `done` is called once, on the loop, with
    /// what PortProbe::ask() says, or that the guest does not use its card. Any thread.
    void askPorts(PortProbe::Completion done);

    std::string stateName() const override { return m_name; }
    NatState save() const;
    Result<void> load(const NatState& state);

private:
    struct Waiting {
        FrameHeader header;
        std::vector<std::byte> frame;
    };

    Nat(EventLoop& loop, std::string name) : m_loop(loop), m_name(std::move(name)) {}
    void frameToGuest(std::span<std::byte> frame) override;
    void burstDone() override;
    void give(const FrameHeader& header, std::span<const std::byte> frame);
    void giveTcp(std::span<std::byte> frame, const IpPacket& packet, size_t headerLength);
    void takeIp(std::span<std::byte> frame);
    void learnSegmentSize(std::span<std::byte> frame, const IpPacket& packet);
    std::vector<Forward>::iterator findForward(const Forward& forward);

    EventLoop& m_loop;
    const std::string m_name;
    std::unique_ptr<SlirpStack> m_stack;
    std::unique_ptr<PortProbe> m_probe;
    std::vector<Forward> m_forwards;

    FrameReceiver* m_receiver = nullptr; ///< while started
    Offloads m_taken;
    std::vector<std::byte> m_frame; ///< our copy of what the guest sends
    Reassembly m_reassembly;
    std::array<size_t, 2> m_segment{}; ///< the guest's smallest MSS, IPv4 and IPv6; 0: none seen
    std::deque<Waiting> m_waiting;     ///< for room in the card
    size_t m_waitingBytes = 0;
    bool m_undelivered = false; ///< deliver() since the last delivered()
    bool m_unseen = false;      ///< input() since the stack was last refreshed
};

} // namespace vmm::net
