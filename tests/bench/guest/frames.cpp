// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/guest/frames.h"

#include "tests/guest/micro/micro.h"

namespace bench {

namespace {

constexpr uint16_t kPciDevice = 0x1041;
constexpr uint64_t kCsum = 1 << 0;
constexpr uint64_t kGuestCsum = 1 << 1;
constexpr uint64_t kMac = 1 << 5;
constexpr uint64_t kGuestTso4 = 1 << 7;
constexpr uint64_t kHostTso4 = 1 << 11;
constexpr uint64_t kMergeable = 1 << 15;
constexpr unsigned kMostBuffers = kMostEntries;
constexpr uint32_t kBufferSize = 4096;
constexpr unsigned kDrafts = 16;
constexpr uint64_t kArpWait = 2000; ///< milliseconds at a billion cycles a second, or so

RingMemory receiveMemory;
RingMemory transmitMemory;
alignas(4096) uint8_t buffers[kMostBuffers][kBufferSize];

} // namespace

/// struct virtio_net_hdr_v1.
struct Card::Header {
    uint8_t flags;
    uint8_t gsoType;
    uint16_t headerLength;
    uint16_t gsoSize;
    uint16_t checksumStart;
    uint16_t checksumOffset;
    uint16_t bufferCount;
};

namespace {

constexpr uint32_t kHeader = 12;

/// What is sent: header and frame.
struct Draft {
    uint8_t bytes[kHeader + Card::kMostSent];
};
alignas(4096) Draft drafts[kDrafts];

} // namespace

uint32_t sumOf(const uint8_t* data, uint32_t size)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i + 1 < size; i += 2)
        sum += loadBig16(data + i);
    return size % 2 != 0 ? sum + (uint32_t{data[size - 1]} << 8) : sum;
}

uint16_t foldSum(uint32_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(sum);
}

bool Card::segments() const
{
    return m_device.has(kCsum) && m_device.has(kHostTso4);
}

bool Card::open()
{
    if (m_ready)
        return m_gatewayKnown;
    if (!m_device.find(kPciDevice) ||
        !m_device.negotiate(kCsum | kGuestCsum | kMac | kGuestTso4 | kHostTso4 | kMergeable) ||
        !m_device.has(kMergeable) || !m_device.setUp(m_receive, 0, receiveMemory) ||
        !m_device.setUp(m_transmit, 1, transmitMemory))
        return false;
    for (unsigned i = 0; i < 6; ++i)
        m_mac[i] = static_cast<uint8_t>(m_device.readConfig(i, 1));
    m_device.go();
    m_ready = true;
    m_sendFree = (1U << kDrafts) - 1;
    for (unsigned i = 0; i < m_receive.size(); ++i)
        offer(i);
    m_receive.kick();
    constexpr uint8_t kEverybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    arp(1, kGateway, kEverybody);
    const uint64_t start = micro::tsc();
    Frame frame;
    while (!m_gatewayKnown && micro::tsc() - start < kArpWait * 1'000'000)
        receive(frame);
    return m_gatewayKnown;
}

void Card::offer(unsigned buffer)
{
    m_receive.describe(buffer, buffers[buffer], kBufferSize, 2, 0);
    m_receive.add(buffer);
}

uint8_t* Card::draft()
{
    Used used;
    while (m_transmit.take(used))
        m_sendFree |= 1U << used.head;
    if (m_sendFree == 0)
        return nullptr;
    m_draft = static_cast<unsigned>(__builtin_ctz(m_sendFree));
    return drafts[m_draft].bytes + kHeader;
}

/// Gives the draft, of which `size` bytes are frame, to the card.
void Card::push(const Header& header, uint32_t size)
{
    __builtin_memcpy(drafts[m_draft].bytes, &header, kHeader);
    m_transmit.describe(m_draft, drafts[m_draft].bytes, kHeader + size, 0, 0);
    m_transmit.add(m_draft);
    m_sendFree &= ~(1U << m_draft);
}

void Card::send(uint8_t protocol, uint32_t size, uint16_t segment)
{
    uint8_t* frame = drafts[m_draft].bytes + kHeader;
    __builtin_memcpy(frame, m_gateway, 6);
    __builtin_memcpy(frame + 6, m_mac, 6);
    storeBig16(frame + 12, 0x0800);
    uint8_t* ip = frame + kEthernet;
    storeBig32(ip, 0x4500'0000 | (kIp + size));
    storeBig32(ip + 4, 0x4000); // do not fragment
    storeBig32(ip + 8, 0x4000'0000U | uint32_t{protocol} << 16);
    storeBig32(ip + 12, kAddress);
    storeBig32(ip + 16, kGateway);
    storeBig16(ip + 10, static_cast<uint16_t>(~foldSum(sumOf(ip, kIp))));
    Header header{};
    if (segment != 0)
        header = {1, 1, kEthernet + kIp + 20, segment, kEthernet + kIp, 16, 0};
    push(header, kEthernet + kIp + size);
}

void Card::arp(uint16_t operation, uint32_t address, const uint8_t* mac)
{
    uint8_t* frame = draft();
    if (frame == nullptr)
        return;
    __builtin_memcpy(frame, mac, 6);
    __builtin_memcpy(frame + 6, m_mac, 6);
    storeBig16(frame + 12, 0x0806);
    storeBig32(frame + 14, 0x0001'0800);
    storeBig16(frame + 18, 0x0604);
    storeBig16(frame + 20, operation);
    __builtin_memcpy(frame + 22, m_mac, 6);
    storeBig32(frame + 28, kAddress);
    __builtin_memcpy(frame + 32, mac, 6);
    storeBig32(frame + 38, address);
    push({}, 60);
    flush();
}

void Card::answerArp(const Frame& frame)
{
    const uint8_t* body = frame.data + kEthernet;
    if (frame.size < kEthernet + 28 || loadBig32(body + 24) != kAddress)
        return;
    if (loadBig16(body + 6) == 1)
        arp(2, loadBig32(body + 14), body + 8);
    if (loadBig32(body + 14) == kGateway) {
        __builtin_memcpy(m_gateway, body + 8, 6);
        m_gatewayKnown = true;
    }
}

/// The next frame of any kind; the buffers of the last one go back.
bool Card::next(Frame& frame)
{
    for (unsigned i = 0; i < m_pendingCount; ++i)
        offer(m_pending[i]);
    m_pendingCount = 0;
    Used used;
    if (!m_receive.take(used)) {
        m_receive.kick();
        return false;
    }
    const uint8_t* start = buffers[used.head];
    const unsigned count = start[10] | start[11] << 8;
    frame = {start + kHeader, used.length - kHeader};
    m_pending[m_pendingCount++] = used.head;
    while (m_pendingCount < count && m_pendingCount < 32) {
        if (!m_receive.take(used))
            continue; // all of one frame come together (section 5.1.6.4.1)
        frame.size += used.length;
        m_pending[m_pendingCount++] = used.head;
    }
    return true;
}

bool Card::receive(Frame& frame)
{
    while (next(frame)) {
        if (frame.size < kEthernet + kIp)
            continue;
        const uint16_t type = loadBig16(frame.data + 12);
        if (type == 0x0806)
            answerArp(frame);
        if (type == 0x0800)
            return true;
    }
    return false;
}

} // namespace bench
