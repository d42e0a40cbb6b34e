// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/library/config_keys.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include <fmt/core.h>

#include "app/library/config_fields.h"

namespace app::library {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

constexpr std::string_view kId = "id";

std::string keyOf(const ConfigField<MachineConfig>& field)
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
std::string nameOf(const ConfigField<MachineConfig>& field)
{
    const auto fields = machineFields();
    const auto first = std::find_if(fields.begin(), fields.end(), [&](const auto& candidate) {
        return candidate.key == field.key;
    });
    return &*first == &field ? std::string(field.key) : keyOf(field);
}

Result<const ConfigField<MachineConfig>*> fieldNamed(std::string_view key)
{
    std::string keys;
    for (const auto& field : machineFields()) {
        if (field.key == key || keyOf(field) == key)
            return &field;
        keys += (keys.empty() ? "" : ", ") + nameOf(field);
    }
    return Error(ErrorCode::Invalid,
                 fmt::format("there is no key \"{}\"; choose one of {}", key, keys));
}

template <class T>
Result<const ConfigField<T>*> fieldOf(const T& device, std::span<const ConfigField<T>> fields,
                                      std::string_view key)
{
    std::string keys;
    for (const ConfigField<T>& field : fields) {
        if (field.key == key)
            return &field;
        keys += (keys.empty() ? "" : ", ") + std::string(field.key);
    }
    return Error(ErrorCode::Invalid,
                 fmt::format("{} has no key \"{}\"; choose one of {}", device.id, key, keys));
}

/// visit(device, fields, key of it) when `key` is one of a device, such as "nic0.link". False: it
/// is not.
template <class Config, class Visit>
Result<bool> visitDevice(Config&& config, std::string_view key, Visit visit)
{
    const size_t dot = std::min(key.find('.'), key.size());
    const auto visitOne = [&](auto& devices, auto fields) -> Result<bool> {
        for (auto& device : devices) {
            if (dot == key.size() || device.id != key.substr(0, dot))
                continue;
            TRY(visit(device, *TRY(fieldOf(device, fields, key.substr(dot + 1)))));
            return true;
        }
        return false;
    };
    return TRY(visitOne(config.hardware.drives, driveFields())) ||
           TRY(visitOne(config.hardware.nics, nicFields()));
}

/// `target` changes only when all is well.
template <class T>
Result<void> readInto(T& target, const ConfigField<T>& field, const TomlValue& value)
{
    T changed = target;
    TRY(field.read(value, changed));
    target = std::move(changed);
    return {};
}

/// A word may be a flag, a number, a text or a list; the key knows which of them it takes. What the
/// reading as a text complains about says the most.
template <class T>
Result<void> readWord(T& target, const ConfigField<T>& field, const std::string& value)
{
    std::vector<TomlValue> readings = {split(value)};
    if (const auto number = numberIn(value))
        readings.emplace_back(*number);
    if (value == "true" || value == "false")
        readings.emplace_back(value == "true");
    auto outcome = readInto(target, field, value);
    for (const TomlValue& reading : readings)
        if (!outcome && readInto(target, field, reading))
            return {};
    return outcome ? std::move(outcome) : std::move(outcome).error().within(field.key);
}

/// A file need not name its devices.
MachineConfig named(MachineConfig config)
{
    config.hardware.nameDevices();
    return config;
}

Error notChanged(std::string_view key)
{
    return {ErrorCode::Invalid, fmt::format("{}: not changed as a key of the file", key)};
}

template <class T>
void addWords(std::vector<ConfigWord>& words, const std::vector<T>& devices,
              std::span<const ConfigField<T>> fields)
{
    for (const T& device : devices)
        for (const ConfigField<T>& field : fields) {
            std::string value = std::visit(Bare{}, field.write(device));
            if (!value.empty() && field.key != kId)
                words.push_back({fmt::format("{}.{}", device.id, field.key), std::move(value)});
        }
}

} // namespace

std::vector<ConfigWord> configWords(const MachineConfig& unnamed)
{
    const MachineConfig config = named(unnamed);
    std::vector<ConfigWord> words;
    for (const auto& field : machineFields()) {
        std::string value = std::visit(Bare{}, field.write(config));
        if (!value.empty())
            words.push_back({keyOf(field), std::move(value)});
    }
    addWords(words, config.hardware.drives, driveFields());
    addWords(words, config.hardware.nics, nicFields());
    return words;
}

Result<std::string> configWord(const MachineConfig& config, std::string_view key)
{
    std::string value;
    if (TRY(visitDevice(named(config), key,
                        [&](const auto& device, const auto& field) -> Result<void> {
                            value = std::visit(Bare{}, field.write(device));
                            return {};
                        })))
        return value;
    const auto* field = TRY(fieldNamed(key));
    return std::visit(Bare{}, field->write(config));
}

Result<void> setConfigWord(MachineConfig& config, std::string_view key, const std::string& value)
{
    config.hardware.nameDevices();
    if (TRY(visitDevice(config, key, [&](auto& device, const auto& field) -> Result<void> {
            return field.key == kId ? Result<void>(notChanged(key))
                                    : readWord(device, field, value);
        })))
        return {};
    const auto* field = TRY(fieldNamed(key));
    if (field->section == "machine" && (field->key == "name" || field->key == kId))
        return notChanged(field->key);
    return readWord(config, *field, value);
}

} // namespace app::library
