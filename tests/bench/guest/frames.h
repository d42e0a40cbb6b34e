// SPDX-License-Identifier: GPL-3.0-or-later
// A virtio network card as frames in and out, with the guest's fixed place in a user-mode network:
// 10.0.2.15, the gateway 10.0.2.2. Virtio 1.2 section 5.1; ARP: RFC 826; IPv4: RFC 791.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tests/bench/guest/virtio.h"

namespace bench {

inline uint16_t loadBig16(const uint8_t* at)
{
    return static_cast<uint16_t>(at[0] << 8 | at[1]);
}
inline uint32_t loadBig32(const uint8_t* at)
{
    return uint32_t{loadBig16(at)} << 16 | loadBig16(at + 2);
}
inline void storeBig16(uint8_t* at, uint16_t value)
{
    at[0] = static_cast<uint8_t>(value >> 8);
    at[1] = static_cast<uint8_t>(value);
}
inline void storeBig32(uint8_t* at, uint32_t value)
{
    storeBig16(at, static_cast<uint16_t>(value >> 16));
    storeBig16(at + 2, static_cast<uint16_t>(value));
}

/// A frame as it came: its beginning, in one piece, and its size.
struct Frame {
    const uint8_t* data;
    uint32_t size;
};

inline constexpr uint32_t kAddress = 0x0a00'020f;
inline constexpr uint32_t kGateway = 0x0a00'0202;
inline constexpr unsigned kEthernet = 14;
inline constexpr unsigned kIp = 20;

/// The card. One user.
class Card {
public:
    /// Finds it and the gateway's address; false when there is none or it does not answer.
    bool open();
    /// Frames may leave their checksums and segments to the card, IPv4 only.
    bool segments() const;
    /// Where the next frame is written: kEthernet + kIp bytes, then what the caller puts there, up
    /// to kMostSent in all. Null: all are under way.
    static constexpr uint32_t kMostSent = 61'440;
    uint8_t* draft();
    /// Sends the draft as IPv4 with `size` bytes behind the IP header. `segment`: cut into TCP
    /// segments of so many bytes by the card, 0: whole.
    void send(uint8_t protocol, uint32_t size, uint16_t segment);
    /// Shows the device what was sent.
    void flush() { m_transmit.kick(); }
    /// The next frame for us; ARP is answered here. Lives until the next call.
    bool receive(Frame& frame);

private:
    struct Header;
    void offer(unsigned buffer);
    bool next(Frame& frame);
    void arp(uint16_t operation, uint32_t address, const uint8_t* mac);
    void push(const Header& header, uint32_t size);
    void answerArp(const Frame& frame);

    Device m_device;
    Ring m_receive;
    Ring m_transmit;
    uint8_t m_mac[6];
    uint8_t m_gateway[6];
    bool m_gatewayKnown;
    bool m_ready;
    unsigned m_sendFree; ///< a bit for each draft not under way
    unsigned m_draft;
    unsigned m_pending[32]; ///< buffers of the frame that was given out
    unsigned m_pendingCount;
};

/// The sum of 16-bit words, for checksums: RFC 1071.
uint32_t sumOf(const uint8_t* data, uint32_t size);
uint16_t foldSum(uint32_t sum);

} // namespace bench
