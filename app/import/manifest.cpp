// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/import/manifest.h"

#include <algorithm>
#include <array>
#include <optional>

#include <nettle/nettle-meta.h>

namespace app::import {

namespace {

using vmm::Error;
using vmm::ErrorCode;

struct Named {
    std::string_view name;
    const nettle_hash* kind;
};
constexpr std::array kKinds = {
    Named{"SHA1", &nettle_sha1},
    Named{"SHA256", &nettle_sha256},
    Named{"SHA384", &nettle_sha384},
    Named{"SHA512", &nettle_sha512},
};

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlank = " \t\r";
    const size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::optional<unsigned> digit(char character)
{
    if (character >= '0' && character <= '9')
        return static_cast<unsigned>(character - '0');
    if (character >= 'a' && character <= 'f')
        return static_cast<unsigned>(character - 'a') + 10;
    if (character >= 'A' && character <= 'F')
        return static_cast<unsigned>(character - 'A') + 10;
    return std::nullopt;
}

std::optional<std::string> fromHex(std::string_view text)
{
    std::string bytes;
    for (size_t i = 0; i + 1 < text.size(); i += 2) {
        const std::optional<unsigned> high = digit(text[i]);
        const std::optional<unsigned> low = digit(text[i + 1]);
        if (!high || !low)
            return std::nullopt;
        bytes += static_cast<char>(*high * 16 + *low);
    }
    return text.size() % 2 == 0 ? std::optional(bytes) : std::nullopt;
}

Error unreadable(size_t line)
{
    return {ErrorCode::Invalid,
            "line " + std::to_string(line) + " of its manifest cannot be understood"};
}

vmm::Result<void> readLine(std::string_view line, size_t count, Manifest& manifest)
{
    const size_t open = line.find('(');
    const size_t close = line.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open)
        return unreadable(count);
    const std::string_view name = trimmed(line.substr(0, open));
    const auto* const kind = std::find_if(kKinds.begin(), kKinds.end(),
                                          [&](const Named& each) { return each.name == name; });
    if (kind == kKinds.end())
        return Error(ErrorCode::Unsupported, "line " + std::to_string(count) +
                                                 " of its manifest has an unknown kind of sum");
    std::string_view rest = trimmed(line.substr(close + 1));
    if (!rest.starts_with('='))
        return unreadable(count);
    rest.remove_prefix(1);
    const std::optional<std::string> digest = fromHex(trimmed(rest));
    if (!digest || digest->size() != kind->kind->digest_size)
        return unreadable(count);
    const std::string_view file = line.substr(open + 1, close - open - 1);
    if (!manifest.emplace(file, Checksum{kind->kind, *digest}).second)
        return unreadable(count); // two sums for one file: which one?
    return {};
}

} // namespace

vmm::Result<Manifest> parseManifest(std::string_view text)
{
    Manifest manifest;
    for (size_t count = 1; !text.empty(); ++count) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.empty())
            TRY(readLine(line, count, manifest));
    }
    return manifest;
}

Summing::Summing(const Checksum* wanted) : m_wanted(wanted)
{
    if (m_wanted == nullptr)
        return;
    constexpr size_t kUnit = sizeof(std::max_align_t);
    m_context =
        std::make_unique<std::max_align_t[]>((m_wanted->kind->context_size + kUnit - 1) / kUnit);
    m_wanted->kind->init(m_context.get());
}

void Summing::add(std::span<const std::byte> bytes)
{
    if (m_wanted != nullptr)
        m_wanted->kind->update(m_context.get(), bytes.size(),
                               reinterpret_cast<const uint8_t*>(bytes.data()));
}

bool Summing::matches()
{
    if (m_wanted == nullptr)
        return true;
    std::string digest(m_wanted->kind->digest_size, '\0');
    m_wanted->kind->digest(m_context.get(), digest.size(),
                           reinterpret_cast<uint8_t*>(digest.data()));
    return digest == m_wanted->digest;
}

} // namespace app::import
