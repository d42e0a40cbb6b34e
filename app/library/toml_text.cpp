// SPDX-License-Identifier: GPL-3.0-or-later
// TOML 1.0 by toml++ 3; positions are its source regions (lines and code points from 1).
#include "app/library/toml_text.h"

#include <algorithm>
#include <fmt/core.h>
#include <set>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_MAX_NESTED_VALUES 32
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace app::library {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

/// Byte offsets of toml++'s positions.
class Positions {
public:
    explicit Positions(std::string_view text) : m_text(text)
    {
        m_lines.push_back(0);
        for (size_t i = 0; i < text.size(); ++i)
            if (text[i] == '\n')
                m_lines.push_back(i + 1);
    }
    size_t offset(const toml::source_position& position) const
    {
        if (position.line == 0 || position.line > m_lines.size())
            return m_text.size();
        size_t at = m_lines[position.line - 1];
        for (size_t column = 1; column < position.column && at < m_text.size(); ++column) {
            ++at;
            while (at < m_text.size() && (static_cast<uint8_t>(m_text[at]) & 0xc0) == 0x80)
                ++at; // the rest of a code point
        }
        return at;
    }
    size_t lineBegin(size_t offset) const
    {
        return *std::prev(std::upper_bound(m_lines.begin(), m_lines.end(), offset));
    }
    /// Behind the newline of the line that holds the byte before `offset`.
    size_t lineEnd(size_t offset) const
    {
        const auto next =
            std::lower_bound(m_lines.begin(), m_lines.end(), std::max(offset, size_t{1}));
        return next == m_lines.end() ? m_text.size() : std::max(*next, offset);
    }
    std::string_view text() const { return m_text; }

private:
    std::string_view m_text;
    std::vector<size_t> m_lines;
};

TomlValue valueOf(const toml::node& node)
{
    if (const auto* text = node.as_string())
        return text->get();
    if (const auto* number = node.as_integer())
        return number->get();
    if (const auto* flag = node.as_boolean())
        return flag->get();
    const auto* array = node.as_array();
    if (array == nullptr)
        return {};
    std::vector<std::string> texts;
    for (const toml::node& element : *array) {
        if (!element.is_string())
            return {};
        texts.push_back(element.as_string()->get());
    }
    return texts;
}

bool holdsTables(const toml::node& node)
{
    if (node.is_table())
        return true;
    const auto* array = node.as_array();
    return array != nullptr &&
           std::any_of(array->begin(), array->end(),
                       [](const toml::node& element) { return holdsTables(element); });
}

/// Where the text has a header "[...]" for this table; not for one that dotted keys made.
bool hasBracket(const toml::table& table, const Positions& at)
{
    const size_t begin = at.offset(table.source().begin);
    return !table.is_inline() && begin < at.text().size() && at.text()[begin] == '[';
}

/// Offsets of the headers of `node` and all tables inside it.
void collectHeaders(const toml::node& node, const Positions& at, std::set<size_t>& headers)
{
    if (const auto* table = node.as_table()) {
        if (hasBracket(*table, at))
            headers.insert(at.offset(table->source().begin));
        for (const auto& [key, child] : *table)
            collectHeaders(child, at, headers);
    } else if (const auto* array = node.as_array()) {
        for (const toml::node& child : *array)
            collectHeaders(child, at, headers);
    }
}

/// Where the last value of `node` ends.
size_t lastValue(const toml::node& node, const Positions& at)
{
    const auto* table = node.as_table();
    const auto* array = node.as_array();
    const bool tables = array != nullptr && !array->empty() && holdsTables(node) &&
                        at.offset(node.source().begin) < at.text().size() &&
                        at.text()[at.offset(node.source().begin)] == '[' &&
                        array->get(0)->is_table() && !array->get(0)->as_table()->is_inline();
    if ((table == nullptr || table->is_inline()) && !tables)
        return at.offset(node.source().end);
    size_t end = at.offset(table != nullptr ? table->source().end : node.source().begin);
    if (table != nullptr)
        for (const auto& [key, child] : *table)
            end = std::max(end, lastValue(child, at));
    else
        for (const toml::node& child : *array)
            end = std::max(end, lastValue(child, at));
    return end;
}

/// Whether the header at `begin` is that of `name` itself, not of a table inside it.
bool headerOf(std::string_view text, size_t begin, const std::string& name)
{
    const size_t close = text.find(']', begin);
    if (text[begin] != '[' || close == std::string_view::npos)
        return false;
    std::string_view inner = text.substr(begin, close - begin);
    while (!inner.empty() &&
           (inner.front() == '[' || inner.front() == ' ' || inner.front() == '\t'))
        inner.remove_prefix(1);
    while (!inner.empty() && (inner.back() == ' ' || inner.back() == '\t'))
        inner.remove_suffix(1);
    if (inner.size() >= 2 && inner.front() == inner.back() &&
        (inner.front() == '"' || inner.front() == '\''))
        inner = inner.substr(1, inner.size() - 2);
    return inner == name;
}

void addEntries(const toml::table& table, const Positions& at, TomlSection& section)
{
    for (const auto& [key, node] : table) {
        TomlEntry entry;
        entry.key = key.str();
        entry.value = valueOf(node);
        entry.line = key.source().begin.line;
        entry.keyBegin = at.offset(key.source().begin);
        entry.begin = at.offset(node.source().begin);
        entry.end = at.offset(node.source().end);
        entry.table = holdsTables(node);
        section.entries.push_back(std::move(entry));
    }
    std::sort(section.entries.begin(), section.entries.end(),
              [](const TomlEntry& a, const TomlEntry& b) { return a.begin < b.begin; });
}

TomlSection sectionOf(const std::string& name, bool list, const toml::table& table,
                      const Positions& at)
{
    TomlSection section;
    section.name = name;
    section.list = list;
    section.line = table.source().begin.line;
    const size_t begin = at.offset(table.source().begin);
    section.header = hasBracket(table, at) && headerOf(at.text(), begin, name);
    section.begin = at.lineBegin(begin);
    section.end = at.lineEnd(lastValue(table, at));
    addEntries(table, at, section);
    return section;
}

/// An array written as [[name]] headers, or of inline tables.
bool isList(const toml::node& node)
{
    const auto* array = node.as_array();
    return array != nullptr && !array->empty() &&
           std::all_of(array->begin(), array->end(),
                       [](const toml::node& element) { return element.is_table(); });
}

std::vector<TomlSection> sectionsOf(const toml::table& root, const Positions& at)
{
    std::vector<TomlSection> sections(1);
    addEntries(root, at, sections[0]);
    std::set<size_t> headers;
    collectHeaders(root, at, headers);
    std::erase_if(sections[0].entries, [&](const TomlEntry& entry) {
        const toml::node* node = root.get(entry.key);
        return node->is_table() || isList(*node);
    });
    for (const TomlEntry& entry : sections[0].entries)
        sections[0].end = std::max(sections[0].end, at.lineEnd(entry.end));
    for (const auto& [key, node] : root) {
        const std::string name(key.str());
        if (const auto* table = node.as_table())
            sections.push_back(sectionOf(name, false, *table, at));
        else if (isList(node))
            for (const toml::node& element : *node.as_array())
                sections.push_back(sectionOf(name, true, *element.as_table(), at));
    }
    std::stable_sort(sections.begin() + 1, sections.end(),
                     [](const TomlSection& a, const TomlSection& b) { return a.begin < b.begin; });
    return sections;
}

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

/// The first line with more dots than a key of ours could want, or 0. Each dot of a key is a level
/// of tables, and tables are recursed into.
size_t lineOfTooManyDots(std::string_view text)
{
    constexpr size_t kMost = 128;
    size_t line = 1;
    size_t dots = 0;
    for (const char c : text) {
        dots = c == '\n' ? 0 : dots + (c == '.' ? 1 : 0);
        line += c == '\n' ? 1 : 0;
        if (dots > kMost)
            return line;
    }
    return 0;
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

Result<TomlText> TomlText::parse(std::string text, std::string file)
{
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text.starts_with(kByteOrderMark))
        text.erase(0, kByteOrderMark.size());
    TomlText parsed;
    parsed.m_text = std::move(text);
    parsed.m_file = std::move(file);
    if (parsed.m_text.size() > kMaxBytes)
        return Error(ErrorCode::Invalid,
                     fmt::format("{}: larger than {} KiB", parsed.m_file, kMaxBytes >> 10));
    if (const size_t line = lineOfTooManyDots(parsed.m_text); line != 0)
        return parsed.wrong(line, "too many dots in one line");
    const toml::parse_result result = toml::parse(std::string_view(parsed.m_text));
    if (!result)
        return parsed.wrong(std::max<size_t>(result.error().source().begin.line, 1),
                            result.error().description());
    parsed.m_sections = sectionsOf(result.table(), Positions(parsed.m_text));
    return parsed;
}

const TomlSection* TomlText::find(std::string_view name) const
{
    const auto found = std::find_if(m_sections.begin(), m_sections.end(),
                                    [&](const TomlSection& s) { return s.name == name; });
    return found == m_sections.end() ? nullptr : &*found;
}

size_t TomlText::lineBegin(size_t offset) const
{
    return Positions(m_text).lineBegin(offset);
}

size_t TomlText::lineEnd(size_t offset) const
{
    return Positions(m_text).lineEnd(offset);
}

Result<void> TomlText::replace(size_t begin, size_t end, std::string_view with)
{
    std::string text = m_text;
    const bool open = begin > 0 && begin == text.size() && text.back() != '\n' && !with.empty();
    text.replace(begin, end - begin, (open ? "\n" : "") + std::string(with));
    *this = TRY(parse(std::move(text), m_file));
    return {};
}

Result<void> TomlText::set(size_t section, const std::string& key, const TomlValue& value)
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

Result<void> TomlText::erase(size_t section, const std::string& key)
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
