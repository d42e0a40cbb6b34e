// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/net/nat.h"

#include <algorithm>
#include <utility>

#include "vmm/base/bits.h"
#include "vmm/net/checksum.h"
#include "vmm/net/frame_copy.h"
#include "vmm/net/nat_filter.h"

namespace vmm::net {

namespace {

constexpr size_t kMtu = 1500;
constexpr size_t kMaxFrame = kEthernetHeader + 65535;
constexpr size_t kSmallestSegment = 536; ///< RFC 9293 section 3.7.1
constexpr size_t kWaitingBytes = size_t{1} << 20;
/// UDP gets some sockets more than TCP, so that names resolve when connections are exhausted.
constexpr size_t kSocketsForUdp = 64;

size_t defaultSegment(bool v6)
{
    return kMtu - kTcpHeader - (v6 ? kIp6Header : kIp4Header);
}

} // namespace

Result<std::unique_ptr<Nat>> Nat::create(EventLoop& loop, const NatSettings& settings)
{
    std::unique_ptr<Nat> nat(new Nat(loop, settings.name));
    nat->m_stack = TRY(SlirpStack::create(loop, settings.stack, *nat));
    nat->m_probe = TRY(PortProbe::create(loop, *nat, settings.probeTickNs));
    nat->m_frame.resize(kMaxFrame);
    for (const Forward& forward : settings.forwards)
        TRY(nat->addForward(forward));
    return nat;
}

Nat::~Nat()
{
    m_loop.runAndWait([this] {
        if (m_probe != nullptr) // else create() failed
            stop();
        m_probe.reset();
        m_stack.reset();
    });
}

Result<void> Nat::start(FrameReceiver& receiver, const Offloads& taken, unsigned)
{
    m_receiver = &receiver;
    m_taken = taken;
    m_stack->setRunning(m_waiting.empty());
    return {};
}

void Nat::stop()
{
    m_receiver = nullptr;
    m_waiting.clear();
    m_waitingBytes = 0;
    m_undelivered = false;
    m_stack->setRunning(false);
    m_probe->stop();
}

SendStatus Nat::send(unsigned, const FrameHeader& header, std::span<const iovec> pieces)
{
    const std::span<std::byte> frame = copyFrame(pieces, m_frame);
    completeChecksum(frame, header);
    if (frameType(frame) == ethertype::kArp && natTakesArp(frame)) {
        m_probe->learn(frame);
        m_stack->input(frame);
    } else {
        takeIp(frame);
    }
    m_unseen = true;
    return SendStatus::Sent;
}

void Nat::takeIp(std::span<std::byte> frame)
{
    auto packet = parseIp(frame);
    if (packet && packet->fragment) {
        const auto whole = m_reassembly.add(frame, *packet);
        if (!whole)
            return;
        frame = *whole;
        packet = parseIp(frame);
    }
    if (!packet || !natTakes(frame, *packet))
        return;
    m_probe->learn(frame);
    if (m_probe->takes(frame, *packet))
        return;
    const size_t sockets = m_stack->sockets();
    const size_t budget = m_stack->socketBudget();
    if ((sockets >= budget && natOpensConnection(frame, *packet)) ||
        (sockets >= budget + kSocketsForUdp && natMayOpenSocket(frame, *packet)))
        return;
    clearUrgent(frame, *packet);
    learnSegmentSize(frame, *packet);
    const auto used = frame.first(packet->end);
    const auto headerLength = tcpHeaderLength(used, *packet);
    if (packet->v6 && packet->size() > kSlirpMtu && headerLength)
        return cutSegment(used, *packet, kSlirpMtu - kIp6Header - *headerLength,
                          [this](auto part) { m_stack->input(part); });
    m_stack->input(used);
}

/// What goes to the guest is cut, or marked, by the smallest of what it announced.
void Nat::learnSegmentSize(std::span<std::byte> frame, const IpPacket& packet)
{
    const auto announced = segmentSizeOf(frame, packet);
    if (!announced)
        return;
    size_t& segment = m_segment[packet.v6 ? 1 : 0];
    const size_t size = std::max<size_t>(*announced, kSmallestSegment);
    segment = segment == 0 ? size : std::min(segment, size);
    if (packet.v6 ? m_taken.tso6 : m_taken.tso4)
        announceSegmentSize(frame, packet, kSlirpMtu - kTcpHeader - kIp6Header);
}

void Nat::sent()
{
    if (std::exchange(m_unseen, false))
        m_stack->refresh();
    burstDone();
}

void Nat::burstDone()
{
    if (std::exchange(m_undelivered, false) && m_receiver != nullptr)
        m_receiver->delivered();
}

void Nat::frameToGuest(std::span<std::byte> frame)
{
    const auto packet = parseIp(frame);
    if (!packet)
        return give({}, frame);
    const auto used = frame.first(packet->end);
    if (const auto headerLength = tcpHeaderLength(used, *packet))
        return giveTcp(used, *packet, *headerLength);
    if (!packet->v6 && packet->size() > kMtu)
        return cutFragments(used, *packet, kMtu, [this](auto part) { give({}, part); });
    FrameHeader header;
    if (m_taken.checksum)
        header.flags = FrameHeader::kChecksumValid;
    give(header, used);
}

void Nat::giveTcp(std::span<std::byte> frame, const IpPacket& packet, size_t headerLength)
{
    const size_t data = packet.end - packet.transport - headerLength;
    const size_t announced = m_segment[packet.v6 ? 1 : 0];
    const size_t segment = announced == 0 ? defaultSegment(packet.v6) : announced;
    FrameHeader header;
    if (data <= segment) {
        if (m_taken.checksum)
            header.flags = FrameHeader::kChecksumValid;
        return give(header, frame);
    }
    if (packet.v6 ? !m_taken.tso6 : !m_taken.tso4)
        return cutSegment(frame, packet, segment, [this](auto part) { give({}, part); });
    header.flags = FrameHeader::kNeedsChecksum;
    header.gsoType = packet.v6 ? FrameHeader::kTcp6Segments : FrameHeader::kTcp4Segments;
    header.gsoSize = static_cast<uint16_t>(segment);
    header.headerLength = static_cast<uint16_t>(packet.transport + headerLength);
    header.checksumStart = static_cast<uint16_t>(packet.transport);
    header.checksumOffset = tcp::kChecksumOffset;
    const uint64_t partial = pseudoHeaderSum(frame, packet, packet.end - packet.transport);
    storeLe(&frame[packet.transport + tcp::kChecksumOffset], foldChecksum(partial));
    give(header, frame);
}

/// To the card, or into the queue for it. When that is not empty sockets are left alone, so that
/// TCP's windows and the kernel's buffers hold what comes.
void Nat::give(const FrameHeader& header, std::span<const std::byte> frame)
{
    if (m_receiver == nullptr)
        return;
    if (m_waiting.empty() && m_receiver->deliver(header, frame)) {
        m_undelivered = true;
        return;
    }
    if (m_waitingBytes + frame.size() > kWaitingBytes)
        return;
    m_waiting.push_back({header, {frame.begin(), frame.end()}});
    m_waitingBytes += frame.size();
    m_stack->setRunning(false);
}

void Nat::receiverReady(unsigned)
{
    while (!m_waiting.empty() && m_receiver != nullptr &&
           m_receiver->deliver(m_waiting.front().header, m_waiting.front().frame)) {
        m_undelivered = true;
        m_waitingBytes -= m_waiting.front().frame.size();
        m_waiting.pop_front();
    }
    if (m_waiting.empty() && m_receiver != nullptr)
        m_stack->setRunning(true);
    burstDone();
}

std::vector<Forward>::iterator Nat::findForward(const Forward& forward)
{
    return std::find_if(m_forwards.begin(), m_forwards.end(), [&](const Forward& known) {
        return known.protocol == forward.protocol && known.hostAddress == forward.hostAddress &&
               known.hostPort == forward.hostPort;
    });
}

Result<Forward> Nat::addForward(const Forward& forward)
{
    TRY(checkForward(forward));
    Result<Forward> added = forward;
    m_loop.runAndWait([&] {
        const Result<uint16_t> port = m_stack->open(forward);
        if (!port) {
            added = port.error();
            return;
        }
        added->hostPort = *port;
        m_forwards.push_back(*added);
    });
    return added;
}

Result<void> Nat::removeForward(const Forward& forward)
{
    Result<void> removed;
    m_loop.runAndWait([&] {
        const auto known = findForward(forward);
        if (known == m_forwards.end()) {
            removed = Error(ErrorCode::NotFound, forward.hostText() + " is not forwarded");
            return;
        }
        m_stack->close(*known);
        m_forwards.erase(known);
    });
    return removed;
}

std::vector<Forward> Nat::forwards() const
{
    std::vector<Forward> copy;
    m_loop.runAndWait([&] { copy = m_forwards; });
    return copy;
}

void Nat::askPorts(PortProbe::Completion done)
{
    m_loop.post([this, done = std::move(done)]() mutable {
        if (m_receiver == nullptr)
            return done(Error(ErrorCode::Unsupported, "the guest does not use its network card"));
        m_probe->ask(std::move(done));
    });
}

NatState Nat::save() const
{
    NatState state;
    m_loop.runAndWait([&] {
        SlirpStack::Saved saved = m_stack->save();
        state.leaseVersion = saved.version;
        state.leases = std::move(saved.bytes);
    });
    return state;
}

Result<void> Nat::load(const NatState& state)
{
    Result<void> loaded;
    m_loop.runAndWait([&] { loaded = m_stack->load({state.leaseVersion, state.leases}); });
    return loaded;
}

} // namespace vmm::net
