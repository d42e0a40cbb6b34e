// SPDX-License-Identifier: GPL-3.0-or-later
// Devices are sections of their own, [[disk]] and so on, known by the id in them. In the text they
// stand in the order the machine has them in; sections of other families may stand between.
#include "app/library/config_edit.h"

#include <algorithm>
#include <fmt/core.h>

#include "app/library/config_fields.h"

namespace app::library {

using vmm::Result;
using namespace vmm::spec;

namespace {

using Settings = std::vector<std::pair<std::string, TomlValue>>;

/// Devices that stand in one order with each other: drives, cards, console ports.
template <class T>
struct Family {
    std::span<const ConfigField<T>> fields;
    std::string_view (*section)(const T& device);
    const std::string& (*id)(const T& device);
    std::vector<std::string_view> sections;
};

std::string_view driveSection(const DriveSpec& drive)
{
    return drive.kind == DriveKind::Disk ? kDiskSection : kCdromSection;
}

DriveSpec usualDevice(const DriveSpec& like)
{
    DriveSpec drive;
    drive.kind = like.kind;
    drive.bus = like.kind == DriveKind::Disk ? DriveBus::VirtioBlk : DriveBus::Ahci;
    return drive;
}

template <class T>
T usualDevice(const T&)
{
    return {};
}

const Family<DriveSpec>& drives()
{
    static const Family<DriveSpec> kFamily{
        driveFields(),
        driveSection,
        [](const DriveSpec& d) -> const std::string& { return d.id; },
        {kDiskSection, kCdromSection}};
    return kFamily;
}

const Family<NicSpec>& nics()
{
    static const Family<NicSpec> kFamily{
        nicFields(),
        [](const NicSpec&) { return kNicSection; },
        [](const NicSpec& n) -> const std::string& { return n.id; },
        {kNicSection}};
    return kFamily;
}

const Family<ConsolePortSpec>& consoles()
{
    static const Family<ConsolePortSpec> kFamily{
        consoleFields(),
        [](const ConsolePortSpec&) { return kConsoleSection; },
        [](const ConsolePortSpec& c) -> const std::string& { return c.name; },
        {kConsoleSection}};
    return kFamily;
}

/// Sections of the family in the text: as many as the machine has devices, in the same order.
template <class T>
std::vector<size_t> placesOf(const TomlText& text, const Family<T>& family)
{
    std::vector<size_t> places;
    for (size_t i = 1; i < text.sections().size(); ++i)
        if (std::find(family.sections.begin(), family.sections.end(), text.sections()[i].name) !=
            family.sections.end())
            places.push_back(i);
    return places;
}

/// Brings one key from what it was to what it should be.
Result<void> editKey(TomlText& text, size_t section, std::string_view key, const TomlValue& value,
                     const TomlValue& usual)
{
    const std::string name(key);
    const bool there = text.sections()[section].find(name) != nullptr;
    if (value.index() == 0)
        return text.erase(section, name);
    if (value == usual && !there)
        return {};
    return text.set(section, name, value);
}

template <class T>
Settings settingsOf(std::span<const ConfigField<T>> fields, const T& source, const T& usual,
                    std::string_view section = {})
{
    Settings settings;
    for (const ConfigField<T>& field : fields) {
        const TomlValue value = field.write(source);
        if (field.section == section && value.index() != 0 &&
            (field.always || value != field.write(usual)))
            settings.emplace_back(field.key, value);
    }
    return settings;
}

template <class T>
Result<void> editDevice(TomlText& text, size_t section, const Family<T>& family, const T& from,
                        const T& to)
{
    for (const ConfigField<T>& field : family.fields)
        if (field.write(from) != field.write(to))
            TRY(editKey(text, section, field.key, field.write(to), field.write(usualDevice(to))));
    return {};
}

/// Ids are told apart by position as long as nobody wrote them down; before sections come and go
/// each gets its own.
template <class T>
Result<void> writeIds(TomlText& text, const Family<T>& family, const std::vector<T>& devices)
{
    const std::string key(family.fields.front().key);
    for (size_t i = 0; i < devices.size(); ++i) {
        const size_t place = placesOf(text, family).at(i);
        if (text.sections()[place].find(key) == nullptr && !family.id(devices[i]).empty())
            TRY(text.set(place, key, family.id(devices[i])));
    }
    return {};
}

/// Takes out what `to` does not have; `devices` follows.
template <class T>
Result<void> eraseDevices(TomlText& text, const Family<T>& family, std::vector<T>& devices,
                          const std::vector<T>& to)
{
    for (size_t i = devices.size(); i-- > 0;) {
        const bool stays = std::any_of(to.begin(), to.end(), [&](const T& device) {
            return family.id(device) == family.id(devices[i]) &&
                   family.section(device) == family.section(devices[i]);
        });
        if (stays)
            continue;
        TRY(text.eraseSection(placesOf(text, family).at(i)));
        devices.erase(devices.begin() + static_cast<ptrdiff_t>(i));
    }
    return {};
}

/// Brings device `i` of `to` to place `i`: moved there, or new.
template <class T>
Result<void> placeDevice(TomlText& text, const Family<T>& family, std::vector<T>& devices,
                         const T& device, size_t i)
{
    const auto same = [&](const T& other) {
        return family.id(other) == family.id(device) &&
               family.section(other) == family.section(device);
    };
    const auto found =
        std::find_if(devices.begin() + static_cast<ptrdiff_t>(i), devices.end(), same);
    const std::vector<size_t> places = placesOf(text, family);
    if (found != devices.end()) {
        const auto at = static_cast<size_t>(found - devices.begin());
        if (at == i)
            return {};
        TRY(text.swapSections(places.at(i), places.at(at)));
        std::swap(devices[i], devices[at]);
        return {};
    }
    const size_t after = i > 0             ? places.at(i - 1)
                         : !places.empty() ? places.front() - 1
                                           : text.sections().size() - 1;
    TRY(text.insertSection(after, std::string(family.section(device)), true,
                           settingsOf(family.fields, device, usualDevice(device))));
    devices.insert(devices.begin() + static_cast<ptrdiff_t>(i), device);
    return {};
}

template <class T>
Result<void> editFamily(TomlText& text, const Family<T>& family, std::vector<T> from,
                        const std::vector<T>& to)
{
    const auto same = [&](const T& a, const T& b) {
        return std::all_of(family.fields.begin(), family.fields.end(),
                           [&](const auto& field) { return field.write(a) == field.write(b); }) &&
               family.section(a) == family.section(b);
    };
    if (std::equal(from.begin(), from.end(), to.begin(), to.end(), same))
        return {};
    TRY(writeIds(text, family, from));
    TRY(eraseDevices(text, family, from, to));
    for (size_t i = 0; i < to.size(); ++i)
        TRY(placeDevice(text, family, from, to[i], i));
    for (size_t i = 0; i < to.size(); ++i)
        TRY(editDevice(text, placesOf(text, family).at(i), family, from[i], to[i]));
    return {};
}

Result<size_t> sectionFor(TomlText& text, std::string_view name)
{
    for (size_t i = 1; i < text.sections().size(); ++i)
        if (text.sections()[i].name == name)
            return i;
    return text.insertSection(text.sections().size() - 1, std::string(name), false, {});
}

/// The keys of [`section`]; in a `fresh` text all that a new file says.
Result<void> editSection(TomlText& text, std::string_view section, const MachineConfig& from,
                         const MachineConfig& to, bool fresh)
{
    const MachineConfig usual;
    for (const ConfigField<MachineConfig>& field : machineFields()) {
        if (field.section != section)
            continue;
        const TomlValue value = field.write(to);
        const bool missing = fresh && (field.always || value != field.write(usual));
        if ((value == field.write(from) && !missing))
            continue;
        if (value.index() == 0 && text.find(section) == nullptr)
            continue; // nothing to take out
        TRY(editKey(text, TRY(sectionFor(text, section)), field.key, value,
                    missing ? TomlValue() : field.write(usual)));
    }
    return {};
}

template <class T>
bool alike(const Family<T>& family, const std::vector<T>& one, const std::vector<T>& other)
{
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [&](const T& a, const T& b) {
                          return family.section(a) == family.section(b) &&
                                 settingsOf(family.fields, a, usualDevice(a)) ==
                                     settingsOf(family.fields, b, usualDevice(b));
                      });
}

} // namespace

Result<void> editConfig(TomlText& text, const MachineConfig& from, const MachineConfig& to)
{
    const bool fresh = text.find("machine") == nullptr;
    for (const std::string_view section : {"machine", "resources", "boot"})
        TRY(editSection(text, section, from, to, fresh));
    TRY(editFamily(text, drives(), from.hardware.drives, to.hardware.drives));
    TRY(editFamily(text, nics(), from.hardware.nics, to.hardware.nics));
    TRY(editFamily(text, consoles(), from.hardware.consolePorts, to.hardware.consolePorts));
    for (const std::string_view section : {"devices", "install", "window"})
        TRY(editSection(text, section, from, to, fresh));
    return {};
}

bool sameConfig(const MachineConfig& one, const MachineConfig& other)
{
    const auto fields = machineFields();
    return std::all_of(fields.begin(), fields.end(),
                       [&](const auto& field) { return field.write(one) == field.write(other); }) &&
           alike(drives(), one.hardware.drives, other.hardware.drives) &&
           alike(nics(), one.hardware.nics, other.hardware.nics) &&
           alike(consoles(), one.hardware.consolePorts, other.hardware.consolePorts);
}

} // namespace app::library
