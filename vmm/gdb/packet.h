// SPDX-License-Identifier: GPL-3.0-or-later
// Packets of the GDB remote serial protocol (GDB manual, appendix "Remote Protocol", sections
// "Overview" and "Packet Acknowledgment"), and the hexadecimal texts inside them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vmm::gdb {

/// Longest payload either side sends.
inline constexpr size_t kMaxPayload = 0x4000;

/// Cuts what the peer sent into packets. Any bytes are fine; memory is bounded by kMaxPayload.
class PacketReader {
public:
    enum class Kind {
        Packet,    ///< complete, checksum right; payload() is its text, escapes undone
        Broken,    ///< wrong checksum, or too long
        Interrupt, ///< Ctrl-C between packets
        Resend,    ///< the peer did not understand our last packet
    };
    /// Takes one byte; what it completed, if anything.
    std::optional<Kind> take(char byte);
    const std::string& payload() const { return m_payload; }

private:
    enum class Place { Between, Payload, Escaped, FirstDigit, SecondDigit };
    std::optional<Kind> between(char byte);
    void keep(char byte);
    Kind finish(char byte);

    Place m_place = Place::Between;
    std::string m_payload;
    uint8_t m_sum = 0;
    char m_firstDigit = 0;
    bool m_tooLong = false;
};

/// "$payload#checksum", escaped.
std::string packetOf(std::string_view payload);

/// Two digits a byte.
std::string toHex(std::span<const std::byte> bytes);
std::string toHex(std::string_view text);
/// Null unless `text` is an even number of hexadecimal digits.
std::optional<std::vector<std::byte>> fromHex(std::string_view text);
/// Takes a hexadecimal number of at most 16 digits from the front of `text`; null when there is
/// none.
std::optional<uint64_t> takeNumber(std::string_view& text);
/// Takes `prefix` from the front; false, and nothing taken, when `text` does not begin with it.
bool takePrefix(std::string_view& text, std::string_view prefix);

} // namespace vmm::gdb
