// SPDX-License-Identifier: GPL-3.0-or-later
// TCP to the gateway, as little of it as a network without losses and reordering needs: RFC 9293,
// window scaling: RFC 7323.
#include "tests/bench/guest/frames.h"
#include "tests/bench/guest/jobs.h"
#include "tests/guest/micro/micro.h"

namespace bench {

namespace {

constexpr uint8_t kTcp = 6;
constexpr uint8_t kFin = 1;
constexpr uint8_t kSyn = 2;
constexpr uint8_t kRst = 4;
constexpr uint8_t kPush = 8;
constexpr uint8_t kAck = 16;
constexpr uint32_t kTcpHeader = 20;
constexpr uint16_t kSegment = 1460;
constexpr unsigned kShift = 7; ///< our window is 65535 << 7 where the other side can
constexpr unsigned kHeaders = kEthernet + kIp + kTcpHeader;

Card card;
uint16_t nextPort = 40'000;

/// A connection, from its first segment to its last.
class Connection {
public:
    Connection(uint16_t port, const Time& time) : m_time(time), m_to(port), m_from(nextPort++) {}

    bool open()
    {
        const uint64_t start = micro::tsc();
        segment(kSyn, 0);
        card.flush();
        while (!m_established && !m_closed) {
            poll();
            if (micro::tsc() - start > m_time.cyclesPerMillisecond * 5000)
                return false;
        }
        return m_established;
    }
    /// Takes what has come. `acknowledge`: at once, instead of with what is sent next.
    void poll(bool acknowledge = true)
    {
        Frame frame;
        bool answer = false;
        while (card.receive(frame))
            answer |= take(frame);
        if (acknowledge && answer && segment(kAck, 0))
            card.flush();
    }
    /// Sends up to `size` bytes of zeros as far as the other side has room. What was sent.
    uint32_t send(uint32_t size)
    {
        const uint32_t room = m_window - (m_sendNext - m_acknowledged);
        const uint32_t most = card.segments() ? Card::kMostSent - kHeaders : kSegment;
        size = size < room ? size : room;
        size = size < most ? size : most;
        if (size == 0 || !segment(kAck | kPush, size))
            return 0;
        m_sendNext += size;
        return size;
    }
    void abort()
    {
        segment(kRst | kAck, 0);
        card.flush();
    }
    bool closed() const { return m_closed; }
    uint64_t received() const { return m_received; }
    uint32_t underWay() const { return m_sendNext - m_acknowledged; }
    uint64_t lost() const { return m_lost; }

private:
    /// A segment with `size` bytes of zeros. False: the card has no room.
    bool segment(uint8_t flags, uint32_t size)
    {
        uint8_t* frame = card.draft();
        if (frame == nullptr)
            return false;
        uint8_t* tcp = frame + kEthernet + kIp;
        const bool syn = (flags & kSyn) != 0;
        const uint32_t header = kTcpHeader + (syn ? 8 : 0);
        storeBig16(tcp, m_from);
        storeBig16(tcp + 2, m_to);
        storeBig32(tcp + 4, syn ? m_sendNext - 1 : m_sendNext);
        storeBig32(tcp + 8, (flags & kAck) != 0 ? m_receiveNext : 0);
        storeBig16(tcp + 12, static_cast<uint16_t>(header / 4 << 12 | flags));
        storeBig16(tcp + 14, 0xffff);
        storeBig32(tcp + 16, 0);
        if (syn) {
            storeBig32(tcp + 20, 0x0204'0000 | kSegment);
            storeBig32(tcp + 24, 0x0103'0300 | kShift); // one byte of nothing before it
        } else if (size != 0) {
            storeBig32(tcp + 20, 0); // the options of a draft's earlier use
            storeBig32(tcp + 24, 0);
        }
        const bool cut = size > kSegment;
        checksum(tcp, header, header + size, cut);
        card.send(kTcp, header + size, cut ? kSegment : 0);
        return true;
    }
    /// Of the whole segment, whose data are zeros, or of what the card begins with.
    static void checksum(uint8_t* tcp, uint32_t header, uint32_t size, bool unfinished)
    {
        uint32_t sum = (kAddress >> 16) + (kAddress & 0xffff) + (kGateway >> 16) +
                       (kGateway & 0xffff) + kTcp + size;
        if (!unfinished)
            sum += sumOf(tcp, header);
        const uint16_t folded = foldSum(sum);
        storeBig16(tcp + 16, unfinished ? folded : static_cast<uint16_t>(~folded));
    }
    /// True: it wants an acknowledgement.
    bool take(const Frame& frame)
    {
        const uint8_t* ip = frame.data + kEthernet;
        const unsigned ipHeader = (ip[0] & 15U) * 4;
        const uint8_t* tcp = ip + ipHeader;
        if (ip[9] != kTcp || loadBig16(tcp) != m_to || loadBig16(tcp + 2) != m_from)
            return false;
        const uint8_t flags = tcp[13];
        const unsigned header = (tcp[12] >> 4) * 4U;
        const uint32_t length = loadBig16(ip + 2) - ipHeader - header;
        if ((flags & kRst) != 0) {
            m_closed = true;
            return false;
        }
        if ((flags & kAck) != 0)
            m_acknowledged = loadBig32(tcp + 8);
        if ((flags & kSyn) != 0)
            return begin(tcp, header);
        m_window = uint32_t{loadBig16(tcp + 14)} << m_theirShift;
        return data(loadBig32(tcp + 4), length, (flags & kFin) != 0);
    }
    bool begin(const uint8_t* tcp, unsigned header)
    {
        m_receiveNext = loadBig32(tcp + 4) + 1;
        m_window = loadBig16(tcp + 14); // never scaled in this one
        for (unsigned at = kTcpHeader; at + 2 < header && tcp[at] != 0;
             at += tcp[at] == 1 || tcp[at + 1] == 0 ? 1 : tcp[at + 1]) {
            if (tcp[at] == 3)
                m_theirShift = tcp[at + 2];
        }
        m_established = true;
        return true;
    }
    bool data(uint32_t sequence, uint32_t length, bool last)
    {
        if (length == 0 && !last)
            return false;
        if (sequence != m_receiveNext) {
            ++m_lost;
            return true;
        }
        m_receiveNext += length + (last ? 1 : 0);
        m_received += length;
        m_closed |= last;
        return true;
    }

    const Time& m_time;
    uint16_t m_to;
    uint16_t m_from;
    uint32_t m_sendNext = 1;
    uint32_t m_acknowledged = 1;
    uint32_t m_receiveNext = 0;
    uint32_t m_window = 0;
    unsigned m_theirShift = 0;
    uint64_t m_received = 0;
    uint64_t m_lost = 0;
    bool m_established = false;
    bool m_closed = false;
};

void download(Connection& connection, const Time& time, Outcome& outcome)
{
    const uint64_t start = micro::tsc();
    while (!connection.closed() && micro::tsc() - start < time.cycles())
        connection.poll();
    outcome = {1, connection.received(), micro::tsc() - start, connection.lost()};
}

void upload(Connection& connection, const Time& time, Outcome& outcome)
{
    const uint64_t start = micro::tsc();
    uint64_t sent = 0;
    while (!connection.closed() && micro::tsc() - start < time.cycles()) {
        uint32_t burst = 0;
        while (const uint32_t size = connection.send(Card::kMostSent))
            burst += size;
        card.flush();
        sent += burst;
        connection.poll();
    }
    outcome = {1, sent - connection.underWay(), micro::tsc() - start, connection.lost()};
}

/// One message of `size` bytes there and back at a time.
void ping(Connection& connection, uint32_t size, const Time& time, Outcome& outcome)
{
    const uint64_t start = micro::tsc();
    while (!connection.closed() && micro::tsc() - start < time.cycles()) {
        if (connection.send(size) != size)
            break;
        card.flush();
        const uint64_t wanted = connection.received() + size;
        while (connection.received() < wanted && !connection.closed() &&
               micro::tsc() - start < time.cycles() * 2)
            connection.poll(false);
        outcome.operations += connection.received() == wanted ? 1 : 0;
        outcome.errors += connection.received() == wanted ? 0 : 1;
    }
    outcome.bytes = connection.received();
    outcome.cycles = micro::tsc() - start;
}

} // namespace

bool runNetJob(const Job& job, const Time& time, Outcome& outcome)
{
    if (!job.is("download") && !job.is("upload") && !job.is("ping"))
        return false;
    if (!card.open())
        return false;
    Connection connection(static_cast<uint16_t>(job.numbers[0]), time);
    if (!connection.open())
        return false;
    if (job.is("download"))
        download(connection, time, outcome);
    else if (job.is("upload"))
        upload(connection, time, outcome);
    else
        ping(connection, static_cast<uint32_t>(job.numbers[1]), time, outcome);
    connection.abort();
    return true;
}

} // namespace bench
