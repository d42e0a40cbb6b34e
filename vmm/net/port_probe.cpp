// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/net/port_probe.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "vmm/base/bits.h"
#include "vmm/base/host_time.h"
#include "vmm/net/checksum.h"
#include "vmm/net/nat_filter.h"

namespace vmm::net {

namespace {

constexpr auto kPorts = std::to_array<KnownPort>({
    {21, "ftp"},
    {22, "ssh"},
    {23, "telnet"},
    {25, "smtp"},
    {53, "domain"},
    {80, "http"},
    {139, "netbios-ssn"},
    {143, "imap"},
    {389, "ldap"},
    {443, "https"},
    {445, "microsoft-ds"},
    {548, "afpovertcp"},
    {631, "ipp"},
    {873, "rsync"},
    {1883, "mqtt"},
    {2049, "nfs"},
    {3000, ""},
    {3306, "mysql"},
    {3389, "ms-wbt-server"},
    {5000, ""},
    {5432, "postgresql"},
    {5900, "rfb"},
    {5985, "wsman"},
    {6379, "redis"},
    {8000, ""},
    {8080, "http-alt"},
    {8443, ""},
    {8888, ""},
    {9000, ""},
    {9090, ""},
    {9418, "git"},
    {27017, "mongodb"},
});

/// Below what Linux gives its clients (32768 and up), whose connections come through forwards from
/// the same address. Ours are told from them by the sequence number as well.
constexpr uint16_t kFirstSource = 30720;
constexpr unsigned kLastTick = 8;
constexpr unsigned kFreshTicks = 4;
constexpr size_t kMaxWaiting = 16;
constexpr uint8_t kMostHops = 64;
constexpr uint16_t kDoNotFragment = 0x4000;
/// The address libslirp gives its host: 52:55 and the IPv4 address.
constexpr MacAddress kHostMac = {0x52, 0x55, 0x0a, 0x00, 0x02, 0x02};
constexpr MacAddress kEverybody = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

void writeEthernet(std::span<std::byte> frame, const MacAddress& to, uint16_t type)
{
    std::memcpy(frame.data(), to.data(), to.size());
    std::memcpy(frame.data() + 6, kHostMac.data(), kHostMac.size());
    storeBe(frame.data() + 12, type);
}

void writeIp4(std::span<std::byte> frame, uint32_t to)
{
    std::byte* ip = frame.data() + kEthernetHeader;
    ip[0] = std::byte{0x45};
    storeBe(ip + 2, static_cast<uint16_t>(frame.size() - kEthernetHeader));
    storeBe(ip + 6, kDoNotFragment);
    ip[8] = std::byte{kMostHops};
    ip[9] = std::byte{protocol::kTcp};
    storeBe(ip + 12, nat::kHost);
    storeBe(ip + 16, to);
}

/// Both checksums are in place and right.
bool checksumsHold(std::span<const std::byte> frame, const IpPacket& packet)
{
    const auto header = frame.subspan(kEthernetHeader, packet.transport - kEthernetHeader);
    const auto segment = frame.subspan(packet.transport, packet.end - packet.transport);
    const uint64_t sum = pseudoHeaderSum(frame, packet, segment.size()) + checksumPart(segment);
    return foldChecksum(checksumPart(header)) == 0xffff && foldChecksum(sum) == 0xffff;
}

} // namespace

std::span<const KnownPort> knownPorts()
{
    return kPorts;
}

std::string ListeningPort::text() const
{
    return fmt::format("{}.{}.{}.{}:{}{}{}", address >> 24, address >> 16 & 0xff,
                       address >> 8 & 0xff, address & 0xff, known.port,
                       known.service.empty() ? "" : " ", known.service);
}

Result<std::unique_ptr<PortProbe>> PortProbe::create(EventLoop& loop, Sink& sink, uint64_t tickNs)
{
    std::unique_ptr<PortProbe> probe(new PortProbe(loop, sink, tickNs));
    probe->m_timer = UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!probe->m_timer.valid())
        return Error::fromErrno("timerfd_create", errno);
    TRY(loop.watch(probe->m_timer.get(), [self = probe.get()] { self->tick(); }));
    return probe;
}

PortProbe::~PortProbe()
{
    if (m_timer.valid())
        m_loop.remove(m_timer.get());
    stop();
}

void PortProbe::ask(Completion done)
{
    if (m_lastNs != 0 && hostNs() - m_lastNs < kFreshTicks * m_tickNs)
        return done(m_last);
    if (m_waiting.size() >= kMaxWaiting)
        return done(Error(ErrorCode::Busy, "too many ask for the guest's ports at once"));
    m_waiting.push_back(std::move(done));
    if (m_waiting.size() == 1)
        begin();
}

void PortProbe::begin()
{
    constexpr uint64_t kIsnNs = 4000; // RFC 9293 section 3.4.1
    m_sequence = static_cast<uint32_t>(hostNs() / kIsnNs);
    m_states.assign(kPorts.size(), State::Silent);
    m_ticks = 0;
    m_asked = m_seen;
    setTimer(true);
    askSilent();
    m_sink.burstDone();
}

void PortProbe::askSilent()
{
    if (m_asked.address == 0)
        return sendArp(); // a restored guest may have said nothing yet: the answer is learnt
    for (size_t i = 0; i < kPorts.size(); ++i)
        if (m_states[i] == State::Silent)
            sendSegment(i, sequenceOf(i), tcp::kSyn);
}

/// SYNs go out again after a quarter of a second, and after a whole one.
void PortProbe::tick()
{
    uint64_t expirations = 0;
    if (::read(m_timer.get(), &expirations, sizeof expirations) < 0 || !running())
        return;
    ++m_ticks;
    if (m_ticks >= kLastTick)
        return finish();
    if (m_ticks == 1 || m_ticks == 4) {
        askSilent();
        m_sink.burstDone();
    }
}

void PortProbe::setTimer(bool running)
{
    itimerspec spec{};
    if (running) {
        constexpr uint64_t kSecondNs = 1'000'000'000;
        spec.it_interval.tv_sec = static_cast<time_t>(m_tickNs / kSecondNs);
        spec.it_interval.tv_nsec = static_cast<long>(m_tickNs % kSecondNs);
        spec.it_value = spec.it_interval;
    }
    ::timerfd_settime(m_timer.get(), 0, &spec, nullptr);
}

void PortProbe::finish()
{
    std::vector<ListeningPort> listening;
    for (size_t i = 0; i < kPorts.size(); ++i)
        if (m_states[i] == State::Listening)
            listening.push_back({m_asked.address, kPorts.at(i)});
    const bool silent = std::all_of(m_states.begin(), m_states.end(),
                                    [](State state) { return state == State::Silent; });
    m_last = std::move(listening);
    if (silent)
        m_last = Error(ErrorCode::Unsupported, "the guest does not answer; it may still be "
                                               "starting, or its firewall keeps silent");
    m_lastNs = hostNs();
    answerAll(m_last);
}

void PortProbe::answerAll(const Answer& answer)
{
    setTimer(false);
    for (const Completion& done : std::exchange(m_waiting, {}))
        done(answer);
}

void PortProbe::stop()
{
    m_seen = {};
    m_lastNs = 0;
    if (running())
        answerAll(Error(ErrorCode::Unsupported, "the guest stopped using its network card"));
}

void PortProbe::learn(std::span<const std::byte> frame)
{
    const bool arp = frameType(frame) == ethertype::kArp;
    if ((!arp && frameType(frame) != ethertype::kIp4) ||
        frame.size() < kEthernetHeader + kIp4Header)
        return;
    // In ARP the sender's addresses are side by side, at 8 and 14 (RFC 826).
    const auto address = loadBe<uint32_t>(&frame[kEthernetHeader + (arp ? 14 : 12)]);
    Place place{address, {}};
    std::memcpy(place.mac.data(), &frame[arp ? kEthernetHeader + 8 : 6], place.mac.size());
    constexpr uint8_t kGroup = 1;
    if (address == 0 || (place.mac[0] & kGroup) != 0)
        return;
    m_seen = place;
    if (!running() || m_asked.address != 0)
        return;
    m_asked = place;
    askSilent();
}

uint32_t PortProbe::sequenceOf(size_t index) const
{
    constexpr uint32_t kStep = 0x10000;
    return m_sequence + static_cast<uint32_t>(index) * kStep;
}

bool PortProbe::takes(std::span<const std::byte> frame, const IpPacket& packet)
{
    if (!running() || m_asked.address == 0 || packet.v6 || !tcpHeaderLength(frame, packet) ||
        loadBe<uint32_t>(&frame[kEthernetHeader + 12]) != m_asked.address ||
        loadBe<uint32_t>(&frame[kEthernetHeader + 16]) != nat::kHost)
        return false;
    const std::byte* segment = &frame[packet.transport];
    const auto index = static_cast<size_t>(loadBe<uint16_t>(segment + 2)) - kFirstSource;
    if (index >= kPorts.size() || loadBe<uint16_t>(segment) != kPorts.at(index).port ||
        loadBe<uint32_t>(segment + 8) != sequenceOf(index) + 1 || !checksumsHold(frame, packet))
        return false;
    const auto flags = static_cast<uint8_t>(segment[13]);
    const uint8_t said = flags & (tcp::kSyn | tcp::kAck | tcp::kRst | tcp::kFin);
    const bool listens = said == (tcp::kSyn | tcp::kAck);
    if (!listens && said != (tcp::kRst | tcp::kAck))
        return false;
    if (m_states[index] == State::Silent)
        m_states[index] = listens ? State::Listening : State::Closed;
    if (listens)
        sendSegment(index, sequenceOf(index) + 1, tcp::kRst);
    if (std::none_of(m_states.begin(), m_states.end(),
                     [](State state) { return state == State::Silent; }))
        finish();
    return true;
}

void PortProbe::sendSegment(size_t index, uint32_t sequence, uint8_t flags)
{
    constexpr uint32_t kSegmentSize = 0x0204'05b4; // an option: 1460 bytes
    const bool syn = flags == tcp::kSyn;
    std::array<std::byte, kEthernetHeader + kIp4Header + kTcpHeader + 4> buffer{};
    const auto frame = std::span(buffer).first(buffer.size() - (syn ? 0 : 4));
    writeEthernet(frame, m_asked.mac, ethertype::kIp4);
    writeIp4(frame, m_asked.address);
    const auto packet = parseIp(frame);
    std::byte* segment = &frame[packet->transport];
    storeBe(segment, static_cast<uint16_t>(kFirstSource + index));
    storeBe(segment + 2, kPorts.at(index).port);
    storeBe(segment + 4, sequence);
    segment[12] = static_cast<std::byte>((packet->end - packet->transport) / 4 << 4);
    segment[13] = std::byte{flags};
    if (syn) {
        storeBe<uint16_t>(segment + 14, 65535);
        storeBe(segment + kTcpHeader, kSegmentSize);
    }
    sealIp4Header(frame, *packet);
    sealTransport(frame, *packet, tcp::kChecksumOffset);
    m_sink.frameToGuest(frame);
}

/// Who has the first lease? That is where forwards lead.
void PortProbe::sendArp()
{
    constexpr uint64_t kRequest = 0x0001'0800'0604'0001; // Ethernet, IPv4, a question
    std::array<std::byte, kEthernetHeader + 28> frame{};
    writeEthernet(frame, kEverybody, ethertype::kArp);
    std::byte* arp = frame.data() + kEthernetHeader;
    storeBe(arp, kRequest);
    std::memcpy(arp + 8, kHostMac.data(), kHostMac.size());
    storeBe(arp + 14, nat::kHost);
    storeBe(arp + 24, nat::kFirstLease);
    m_sink.frameToGuest(frame);
}

} // namespace vmm::net
