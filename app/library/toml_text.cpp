// SPDX-License-Identifier: GPL-3.0-or-later
// Changes of a TOML text in place; each is parsed again (toml_parse.cpp).
#include "app/library/toml_text.h"

#include <algorithm>
#include <fmt/core.h>

namespace app::library {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

std::string escaped(std::string_view text, bool lines)
{
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"')
            (out += '\\') += c;
        else if (c == '\t' || (c == '\n' && lines))
            out += c;
        else if (c == '\n')
            out += "\\n";
        else if ((c >= 0 && c < ' ') || c == 0x7f)
            out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        else
            out += c;
    }
    return out;
}

std::string quoted(const std::string& text)
{
    if (text.find('\n') == std::string::npos)
        return "\"" + escaped(text, false) + "\"";
    return "\"\"\"\n" + escaped(text, true) + "\"\"\"";
}

std::string arrayWords(const std::vector<std::string>& texts)
{
    constexpr size_t kLine = 80;
    std::string flat;
    std::string tall;
    for (const std::string& text : texts) {
        const std::string word = "\"" + escaped(text, false) + "\"";
        flat += (flat.empty() ? "" : ", ") + word;
        tall += "    " + word + ",\n";
    }
    return flat.size() <= kLine ? "[" + flat + "]" : "[\n" + tall + "]";
}

std::string keyWords(const std::string& key)
{
    const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
    return bare ? key : "\"" + escaped(key, false) + "\"";
}

std::string lineFor(const std::string& key, const TomlValue& value)
{
    return keyWords(key) + " = " + tomlWords(value) + "\n";
}

} // namespace

const TomlEntry* TomlSection::find(std::string_view key) const
{
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const TomlEntry& entry) { return entry.key == key; });
    return found == entries.end() ? nullptr : &*found;
}

std::string tomlWords(const TomlValue& value)
{
    if (const auto* flag = std::get_if<bool>(&value))
        return *flag ? "true" : "false";
    if (const auto* number = std::get_if<int64_t>(&value))
        return std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&value))
        return quoted(*text);
    if (const auto* texts = std::get_if<std::vector<std::string>>(&value))
        return arrayWords(*texts);
    return "\"\"";
}

Error TomlText::wrong(size_t line, std::string_view sentence) const
{
    return {ErrorCode::Invalid, fmt::format("{} line {}: {}", m_file, line, sentence)};
}

const TomlSection* TomlText::find(std::string_view name) const
{
    const auto found = std::find_if(m_sections.begin(), m_sections.end(),
                                    [&](const TomlSection& s) { return s.name == name; });
    return found == m_sections.end() ? nullptr : &*found;
}

size_t TomlText::lineBegin(size_t offset) const
{
    const size_t newline = offset == 0 ? std::string::npos : m_text.rfind('\n', offset - 1);
    return newline == std::string::npos ? 0 : newline + 1;
}

size_t TomlText::lineEnd(size_t offset) const
{
    const size_t newline = m_text.find('\n', std::max(offset, size_t{1}) - 1);
    return newline == std::string::npos ? m_text.size() : std::max(newline + 1, offset);
}

Result<void> TomlText::replace(size_t begin, size_t end, std::string_view with)
{
    std::string text = m_text;
    const bool open = begin > 0 && begin == text.size() && text.back() != '\n' && !with.empty();
    text.replace(begin, end - begin, (open ? "\n" : "") + std::string(with));
    *this = TRY(parse(std::move(text), m_file));
    return {};
}

Result<void> TomlText::set(size_t section, std::string key, TomlValue value)
{
    const TomlSection& where = m_sections[section];
    const size_t line = where.line;
    const TomlText before = *this;
    if (const TomlEntry* entry = where.find(key))
        TRY(replace(entry->begin, entry->end, tomlWords(value)));
    else if (section != 0 && !where.header)
        return wrong(line, fmt::format("{} cannot be added here; write a table [{}] instead", key,
                                       where.name));
    else {
        size_t at = section == 0 ? 0 : lineEnd(m_text.find(']', where.begin) + 1);
        for (const TomlEntry& other : where.entries)
            if (!other.table)
                at = std::max(at, lineEnd(other.end));
        TRY(replace(at, at, lineFor(key, value)));
    }
    const TomlEntry* entry = section < m_sections.size() ? m_sections[section].find(key) : nullptr;
    if (entry != nullptr && entry->value == value)
        return {};
    *this = before;
    return wrong(line, fmt::format("{} cannot be changed; write it as a line of its own", key));
}

Result<void> TomlText::erase(size_t section, std::string key)
{
    const TomlEntry* entry = m_sections[section].find(key);
    if (entry == nullptr)
        return {};
    const size_t line = entry->line;
    const TomlText before = *this;
    auto erased = replace(lineBegin(entry->keyBegin), lineEnd(entry->end), {});
    if (erased && m_sections.size() == before.m_sections.size() &&
        m_sections[section].entries.size() + 1 == before.m_sections[section].entries.size())
        return {};
    *this = before;
    return wrong(line, fmt::format("{} cannot be taken out; write it as a line of its own", key));
}

Result<size_t> TomlText::insertSection(size_t after, const std::string& name, bool list,
                                       const std::vector<std::pair<std::string, TomlValue>>& values)
{
    std::string words = list ? fmt::format("\n[[{}]]\n", name) : fmt::format("\n[{}]\n", name);
    for (const auto& [key, value] : values)
        words += lineFor(key, value);
    const size_t at = m_sections[after].end;
    TomlText changed = *this;
    TRY(changed.replace(at, at, words));
    for (size_t i = 0; i < changed.m_sections.size(); ++i) {
        const TomlSection& section = changed.m_sections[i];
        if (section.begin < at || section.name != name)
            continue;
        *this = std::move(changed);
        return i;
    }
    return wrong(m_sections[after].line, fmt::format("[{}] cannot be added behind this", name));
}

Result<void> TomlText::eraseSection(size_t section)
{
    const TomlSection& where = m_sections[section];
    const size_t line = where.line;
    const Error refused = wrong(line, fmt::format("[{}] cannot be taken out; write it as a table "
                                                  "of its own",
                                                  where.name));
    if (!where.header)
        return refused;
    const TomlText before = *this;
    size_t begin = where.begin;
    if (begin >= 2 && m_text[begin - 1] == '\n' && m_text[begin - 2] == '\n')
        --begin; // the empty line that set it off
    auto erased = replace(begin, where.end, {});
    if (erased && m_sections.size() + 1 == before.m_sections.size())
        return {};
    *this = before;
    return refused;
}

Result<void> TomlText::swapSections(size_t first, size_t second)
{
    const TomlSection& a = m_sections[std::min(first, second)];
    const TomlSection& b = m_sections[std::max(first, second)];
    if (!a.header || !b.header || a.end > b.begin)
        return wrong(a.line,
                     fmt::format("[{}] cannot be moved; write it as a table of its own", a.name));
    std::string back = m_text.substr(b.begin, b.end - b.begin);
    std::string front = m_text.substr(a.begin, a.end - a.begin);
    if (!back.ends_with('\n'))
        back += '\n';
    const std::string words = back + m_text.substr(a.end, b.begin - a.end) + front;
    return replace(a.begin, b.end, words);
}

} // namespace app::library
