// SPDX-License-Identifier: GPL-3.0-or-later
// Programmatic units: DSP0004 2.8 annex C, as DSP0243 uses them; and the words older tools write.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "app/import/ovf.h"

namespace app::import {

namespace {

std::string lowerWithoutBlanks(std::string_view text)
{
    std::string result;
    for (const char character : text)
        if (character != ' ' && character != '\t')
            result += character >= 'A' && character <= 'Z' ? static_cast<char>(character + 32)
                                                           : character;
    return result;
}

std::optional<uint64_t> number(std::string_view digits)
{
    uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stopped, failure] = std::from_chars(digits.data(), end, value);
    return failure == std::errc{} && stopped == end ? std::optional(value) : std::nullopt;
}

/// "1024", "2^20", "10^9"; 0 when it is no number or too large.
uint64_t factor(std::string_view text)
{
    const size_t hat = text.find('^');
    const uint64_t base = number(text.substr(0, hat)).value_or(0);
    if (hat == std::string_view::npos)
        return base;
    const uint64_t exponent = number(text.substr(hat + 1)).value_or(64);
    uint64_t result = exponent < 64 ? 1 : 0;
    for (uint64_t i = 0; i < exponent && result != 0; ++i)
        result = base != 0 && result <= UINT64_MAX / base ? result * base : 0;
    return result;
}

struct Word {
    std::string_view word;
    uint64_t bytes;
};
constexpr std::array kWords = {
    Word{"byte", 1},
    Word{"bytes", 1},
    Word{"kilobytes", uint64_t{1} << 10},
    Word{"kb", uint64_t{1} << 10},
    Word{"megabytes", uint64_t{1} << 20},
    Word{"mb", uint64_t{1} << 20},
    Word{"gigabytes", uint64_t{1} << 30},
    Word{"gb", uint64_t{1} << 30},
    Word{"terabytes", uint64_t{1} << 40},
    Word{"tb", uint64_t{1} << 40},
};

} // namespace

uint64_t bytesPerUnit(std::string_view units)
{
    const std::string text = lowerWithoutBlanks(units.substr(0, 100));
    size_t end = std::min(text.find('*'), text.size());
    const auto* const word = std::find_if(kWords.begin(), kWords.end(), [&](const Word& each) {
        return each.word == text.substr(0, end);
    });
    if (word == kWords.end())
        return 0;
    uint64_t bytes = word->bytes;
    while (end < text.size()) {
        const size_t begin = end + 1;
        end = std::min(text.find('*', begin), text.size());
        const uint64_t times = factor(std::string_view(text).substr(begin, end - begin));
        bytes = times != 0 && bytes <= UINT64_MAX / times ? bytes * times : 0;
    }
    return bytes;
}

} // namespace app::import
