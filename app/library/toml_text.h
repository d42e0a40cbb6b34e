// SPDX-License-Identifier: GPL-3.0-or-later
// TomlText: a TOML file as a person wrote it, read and changed without losing a comment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "vmm/base/result.h"

namespace app::library {

/// A value as our files use them; monostate: none, or of a kind they do not use.
using TomlValue =
    std::variant<std::monostate, bool, int64_t, std::string, std::vector<std::string>>;

/// "key = value". Offsets are bytes of the text.
struct TomlEntry {
    std::string key;
    TomlValue value;
    size_t line = 1;
    size_t keyBegin = 0;
    size_t begin = 0; ///< of the value
    size_t end = 0;
    bool table = false; ///< the value is a table or holds tables
};

/// A table: the file's keys outside of any (the first section, without a name), [name], or one of
/// [[name]].
struct TomlSection {
    std::string name;
    bool list = false;   ///< [[name]]
    bool header = false; ///< written with a header of its own, so that keys can be added
    size_t line = 1;
    size_t begin = 0; ///< of the header's line
    size_t end = 0;   ///< behind the line of its last value; of the tables inside it, too
    std::vector<TomlEntry> entries;

    const TomlEntry* find(std::string_view key) const;
};

/// A parsed TOML 1.0 text of bounded size and depth. What is changed is changed in the text: all
/// else keeps its place and its looks. After each change the text is parsed again; one that would
/// not say what was asked for is refused, and nothing is changed. Plain value; any thread.
class TomlText {
public:
    static constexpr size_t kMaxBytes = size_t{256} << 10;

    /// The error begins with `file` and the line: "machine.toml line 3: ...".
    static vmm::Result<TomlText> parse(std::string text, std::string file);

    const std::string& text() const { return m_text; }
    const std::string& file() const { return m_file; }
    /// In the order of the text, the one without a name first.
    const std::vector<TomlSection>& sections() const { return m_sections; }
    /// The only or first section `name`; null when there is none.
    const TomlSection* find(std::string_view name) const;
    /// "FILE line LINE: sentence".
    vmm::Error wrong(size_t line, std::string_view sentence) const;

    /// Arguments by value: they may come out of this very text.
    vmm::Result<void> set(size_t section, std::string key, TomlValue value);
    /// Takes the key's lines out; nothing happens when it is not there.
    vmm::Result<void> erase(size_t section, std::string key);
    /// A new section with these values behind section `after`; its index is returned.
    vmm::Result<size_t> insertSection(size_t after, const std::string& name, bool list,
                                      const std::vector<std::pair<std::string, TomlValue>>& values);
    vmm::Result<void> eraseSection(size_t section);
    vmm::Result<void> swapSections(size_t first, size_t second);

private:
    TomlText() = default;
    vmm::Result<void> replace(size_t begin, size_t end, std::string_view with);
    size_t lineBegin(size_t offset) const;
    size_t lineEnd(size_t offset) const;

    std::string m_text;
    std::string m_file;
    std::vector<TomlSection> m_sections;
};

/// The value as TOML writes it: strings quoted, with lines of their own when they have several.
std::string tomlWords(const TomlValue& value);

} // namespace app::library
