// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/gdb/packet.h"

#include <fmt/format.h>

namespace vmm::gdb {

namespace {

constexpr char kInterrupt = 3;
constexpr char kEscape = '}';
constexpr char kEscapeBit = 0x20;

/// The digit's value, or -1.
int digitValue(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

uint8_t addTo(uint8_t sum, char byte)
{
    return static_cast<uint8_t>(sum + static_cast<uint8_t>(byte));
}

} // namespace

std::optional<PacketReader::Kind> PacketReader::take(char byte)
{
    switch (m_place) {
    case Place::Between:
        return between(byte);
    case Place::Payload:
        if (byte == '$') { // the peer began anew
            m_place = Place::Between;
            return between(byte);
        }
        if (byte == '#') {
            m_place = Place::FirstDigit;
            return std::nullopt;
        }
        m_sum = addTo(m_sum, byte);
        if (byte == kEscape)
            m_place = Place::Escaped;
        else
            keep(byte);
        return std::nullopt;
    case Place::Escaped:
        m_sum = addTo(m_sum, byte);
        keep(static_cast<char>(byte ^ kEscapeBit));
        m_place = Place::Payload;
        return std::nullopt;
    case Place::FirstDigit:
        m_firstDigit = byte;
        m_place = Place::SecondDigit;
        return std::nullopt;
    case Place::SecondDigit:
        break;
    }
    return finish(byte);
}

std::optional<PacketReader::Kind> PacketReader::between(char byte)
{
    if (byte == '$') {
        m_payload.clear();
        m_sum = 0;
        m_tooLong = false;
        m_place = Place::Payload;
    } else if (byte == kInterrupt) {
        return Kind::Interrupt;
    } else if (byte == '-') {
        return Kind::Resend;
    }
    return std::nullopt; // '+', or line noise
}

void PacketReader::keep(char byte)
{
    if (m_payload.size() < kMaxPayload)
        m_payload += byte;
    else
        m_tooLong = true;
}

PacketReader::Kind PacketReader::finish(char byte)
{
    m_place = Place::Between;
    const int high = digitValue(m_firstDigit);
    const int low = digitValue(byte);
    const bool right = high >= 0 && low >= 0 && high * 16 + low == m_sum;
    return right && !m_tooLong ? Kind::Packet : Kind::Broken;
}

std::string packetOf(std::string_view payload)
{
    std::string packet = "$";
    for (const char byte : payload) {
        if (byte == '$' || byte == '#' || byte == '*' || byte == kEscape) {
            packet += kEscape;
            packet += static_cast<char>(byte ^ kEscapeBit);
        } else {
            packet += byte;
        }
    }
    uint8_t sum = 0;
    for (const char byte : std::string_view(packet).substr(1))
        sum = addTo(sum, byte);
    return packet + fmt::format("#{:02x}", sum);
}

std::string toHex(std::span<const std::byte> bytes)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        text += kDigits[static_cast<uint8_t>(byte) >> 4];
        text += kDigits[static_cast<uint8_t>(byte) & 15];
    }
    return text;
}

std::string toHex(std::string_view text)
{
    return toHex(std::as_bytes(std::span(text.data(), text.size())));
}

std::optional<std::vector<std::byte>> fromHex(std::string_view text)
{
    if (text.size() % 2 != 0)
        return std::nullopt;
    std::vector<std::byte> bytes;
    bytes.reserve(text.size() / 2);
    for (size_t i = 0; i < text.size(); i += 2) {
        const int high = digitValue(text[i]);
        const int low = digitValue(text[i + 1]);
        if (high < 0 || low < 0)
            return std::nullopt;
        bytes.push_back(static_cast<std::byte>(high * 16 + low));
    }
    return bytes;
}

std::optional<uint64_t> takeNumber(std::string_view& text)
{
    constexpr size_t kMostDigits = 16;
    uint64_t value = 0;
    size_t digits = 0;
    for (; digits < text.size() && digitValue(text[digits]) >= 0; ++digits) {
        if (digits == kMostDigits)
            return std::nullopt;
        value = value << 4 | static_cast<uint64_t>(digitValue(text[digits]));
    }
    if (digits == 0)
        return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

bool takePrefix(std::string_view& text, std::string_view prefix)
{
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

} // namespace vmm::gdb
