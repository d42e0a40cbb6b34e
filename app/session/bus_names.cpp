// SPDX-License-Identifier: GPL-3.0-or-later
// Escaping of machine names for the bus; strings fit for the bus (RFC 3629 section 4).
#include "app/session/bus_names.h"

#include <cstdint>

namespace app::session {

namespace {

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isLetter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int hexValue(char c)
{
    if (isDigit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Length of the well-formed UTF-8 sequence at the start of `text`, 0 when there is none.
size_t sequenceLength(std::string_view text)
{
    const auto byte = [&](size_t i) {
        return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
    };
    const uint8_t lead = byte(0);
    if (lead < 0x80)
        return 1;
    const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
    const uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) < low || byte(1) > high)
        return 0;
    for (size_t i = 2; i < length; ++i)
        if (byte(i) < 0x80 || byte(i) > 0xbf)
            return 0;
    return length;
}

} // namespace

std::string busNameFor(std::string_view name)
{
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string bus(kBusPrefix);
    for (size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (isLetter(c) || (isDigit(c) && i > 0)) {
            bus += c;
            continue;
        }
        bus += '_';
        bus += kHex[static_cast<uint8_t>(c) >> 4];
        bus += kHex[static_cast<uint8_t>(c) & 15];
    }
    return bus;
}

std::optional<std::string> machineNameOf(std::string_view busName)
{
    const std::string_view prefix(kBusPrefix);
    if (!busName.starts_with(prefix))
        return std::nullopt;
    const std::string_view escaped = busName.substr(prefix.size());
    std::string name;
    for (size_t i = 0; i < escaped.size(); ++i) {
        if (escaped[i] != '_') {
            name += escaped[i];
            continue;
        }
        if (i + 2 >= escaped.size() || hexValue(escaped[i + 1]) < 0 || hexValue(escaped[i + 2]) < 0)
            return std::nullopt;
        name += static_cast<char>(hexValue(escaped[i + 1]) * 16 + hexValue(escaped[i + 2]));
        i += 2;
    }
    // One name, one escaped form: anything else on the bus is not ours.
    if (name.empty() || busNameFor(name) != busName)
        return std::nullopt;
    return name;
}

std::string errorName(vmm::ErrorCode code)
{
    const std::string prefix(kErrorPrefix);
    switch (code) {
    case vmm::ErrorCode::Invalid:
        return prefix + "Invalid";
    case vmm::ErrorCode::NotFound:
        return prefix + "NotFound";
    case vmm::ErrorCode::Permission:
        return prefix + "Permission";
    case vmm::ErrorCode::Unsupported:
        return prefix + "Unsupported";
    case vmm::ErrorCode::Exhausted:
        return prefix + "Exhausted";
    case vmm::ErrorCode::Busy:
        return prefix + "Busy";
    case vmm::ErrorCode::Io:
        return prefix + "Io";
    case vmm::ErrorCode::OutOfBounds:
        return prefix + "OutOfBounds";
    case vmm::ErrorCode::Cancelled:
        return prefix + "Cancelled";
    }
    return prefix + "Io";
}

std::string validUtf8(std::string_view text)
{
    std::string valid;
    text = text.substr(0, text.find('\0'));
    while (!text.empty()) {
        const size_t length = sequenceLength(text);
        if (length == 0)
            valid += "\xef\xbf\xbd";
        else
            valid += text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return valid;
}

} // namespace app::session
