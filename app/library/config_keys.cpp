// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/library/config_keys.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/core.h>

#include "app/library/config_fields.h"

namespace app::library {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

using Field = ConfigField<MachineConfig>;

std::string keyOf(const Field& field)
{
    return fmt::format("{}.{}", field.section, field.key);
}

struct Bare {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(int64_t value) const { return std::to_string(value); }
    std::string operator()(const std::string& value) const { return value; }
    std::string operator()(const std::vector<std::string>& values) const
    {
        std::string text;
        for (const std::string& value : values)
            text += (text.empty() ? "" : ",") + value;
        return text;
    }
};

std::vector<std::string> split(const std::string& text)
{
    std::vector<std::string> parts;
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find(',', begin), text.size());
        if (end > begin)
            parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

std::optional<int64_t> numberIn(const std::string& text)
{
    int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, status] = std::from_chars(text.data(), end, number);
    return status == std::errc{} && rest == end ? std::optional(number) : std::nullopt;
}

/// As short as says which it is.
std::string nameOf(const Field& field)
{
    const auto fields = machineFields();
    const auto first = std::find_if(fields.begin(), fields.end(), [&](const Field& candidate) {
        return candidate.key == field.key;
    });
    return &*first == &field ? std::string(field.key) : keyOf(field);
}

Result<const Field*> fieldNamed(std::string_view key)
{
    std::string keys;
    for (const Field& field : machineFields()) {
        if (field.key == key || keyOf(field) == key)
            return &field;
        keys += (keys.empty() ? "" : ", ") + nameOf(field);
    }
    return Error(ErrorCode::Invalid,
                 fmt::format("there is no key \"{}\"; choose one of {}", key, keys));
}

/// `config` changes only when all is well.
Result<void> readInto(MachineConfig& config, const Field& field, const TomlValue& value)
{
    MachineConfig changed = config;
    TRY(field.read(value, changed));
    config = std::move(changed);
    return {};
}

} // namespace

std::vector<ConfigWord> configWords(const MachineConfig& config)
{
    std::vector<ConfigWord> words;
    for (const Field& field : machineFields()) {
        std::string value = std::visit(Bare{}, field.write(config));
        if (!value.empty())
            words.push_back({keyOf(field), std::move(value)});
    }
    return words;
}

Result<std::string> configWord(const MachineConfig& config, std::string_view key)
{
    const Field* field = TRY(fieldNamed(key));
    return std::visit(Bare{}, field->write(config));
}

Result<void> setConfigWord(MachineConfig& config, std::string_view key, const std::string& value)
{
    const Field* field = TRY(fieldNamed(key));
    if (field->section == "machine" && (field->key == "name" || field->key == "id"))
        return Error(ErrorCode::Invalid,
                     fmt::format("{}: not changed as a key of the file", field->key));
    // A word may be a flag, a number, a text or a list; the key knows which of them it takes. What
    // the reading as a text complains about says the most.
    std::vector<TomlValue> readings = {split(value)};
    if (const auto number = numberIn(value))
        readings.emplace_back(*number);
    if (value == "true" || value == "false")
        readings.emplace_back(value == "true");
    auto outcome = readInto(config, *field, value);
    for (const TomlValue& reading : readings)
        if (!outcome && readInto(config, *field, reading))
            return {};
    return outcome ? std::move(outcome) : std::move(outcome).error().within(field->key);
}

} // namespace app::library
