// SPDX-License-Identifier: GPL-3.0-or-later
// Saved state as names and values for people: `vitrine ctl NAME devices`.
#include <fmt/format.h>

#include "vmm/machine/control.h"

namespace vmm::machine {

namespace {

using state::Fields;
using state::Value;

std::string bytesText(const Value::Bytes& bytes)
{
    constexpr size_t kShown = 32;
    std::string text;
    for (size_t i = 0; i < std::min(bytes.size(), kShown); ++i)
        text += fmt::format("{}{:02x}", i == 0 ? "" : " ", static_cast<unsigned>(bytes[i]));
    return bytes.size() > kShown ? fmt::format("{} ... ({} bytes)", text, bytes.size()) : text;
}

class Describer {
public:
    explicit Describer(DeviceInfo& info) : m_info(info) {}

    void fields(const std::string& prefix, const Fields& fields)
    {
        for (const auto& [name, value] : fields)
            add(prefix + name, value);
    }

private:
    void add(const std::string& name, const Value& value)
    {
        std::visit([&](const auto& item) { put(name, item); }, value.get());
    }
    void put(const std::string& name, uint64_t value) { text(name, fmt::format("{:#x}", value)); }
    void put(const std::string& name, int64_t value) { text(name, fmt::format("{}", value)); }
    void put(const std::string& name, const std::string& value) { text(name, value); }
    void put(const std::string& name, const Value::Bytes& bytes) { text(name, bytesText(bytes)); }
    void put(const std::string& name, const std::shared_ptr<Fields>& nested)
    {
        fields(name + ".", *nested);
    }
    void put(const std::string& name, const Value::List& list)
    {
        constexpr size_t kShown = 64;
        for (size_t i = 0; i < std::min(list.size(), kShown); ++i)
            add(fmt::format("{}[{}]", name, i), list[i]);
        if (list.size() > kShown)
            text(name, fmt::format("... ({} items)", list.size()));
    }
    void text(const std::string& name, std::string value)
    {
        m_info.registers.emplace_back(name, std::move(value));
    }

    DeviceInfo& m_info;
};

} // namespace

DeviceInfo describe(const std::string& name, const state::Record& record)
{
    DeviceInfo info;
    info.name = name;
    Describer(info).fields({}, record.fields);
    return info;
}

} // namespace vmm::machine
