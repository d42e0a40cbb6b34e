// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/os/drivers.h"

#include <algorithm>
#include <string_view>

extern "C" { // libosinfo's headers do not say it themselves; GLib's have templates for C++
#include <osinfo/osinfo.h>
}

#include "app/os/database_internals.h"

namespace app::os {

namespace {

constexpr std::string_view kVirtio = "http://pcisig.com/pci/1af4/"; // devices by their PCI ids
constexpr size_t kMostFiles = 256;
constexpr size_t kLongestName = 64;

bool isForVirtio(OsinfoDeviceDriver* driver)
{
    OsinfoDeviceList* const devices = osinfo_device_driver_get_devices(driver); // the driver's
    const int count = devices != nullptr ? osinfo_list_get_length(OSINFO_LIST(devices)) : 0;
    for (int i = 0; i < count; ++i)
        if (textOf(osinfo_entity_get_id(osinfo_list_get_nth(OSINFO_LIST(devices), i)))
                .starts_with(kVirtio))
            return true;
    return false;
}

bool isHarmless(std::string_view name)
{
    const auto plain = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '.' || letter == '-' || letter == '_';
    };
    return !name.empty() && name.size() <= kLongestName && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), plain);
}

DriverSet setOf(OsinfoDeviceDriver* driver)
{
    DriverSet set;
    set.location = textOf(osinfo_device_driver_get_location(driver));
    while (set.location.ends_with('/'))
        set.location.pop_back();
    GList* const files = osinfo_device_driver_get_files(driver); // the list is ours, the names not
    for (const GList* file = files; file != nullptr && set.files.size() < kMostFiles;
         file = file->next)
        if (const std::string name = textOf(static_cast<const char*>(file->data)); isHarmless(name))
            set.files.push_back(name);
    g_list_free(files);
    return set;
}

} // namespace

std::vector<DriverSet> driversFor(const OsDatabase& database, const std::string& osId)
{
    OsinfoOs* const os = database.internals().os(osId);
    if (os == nullptr)
        return {};
    std::vector<DriverSet> sets;
    OsinfoDeviceDriverList* const drivers = osinfo_os_get_device_drivers(os); // the system's
    const int count = drivers != nullptr ? osinfo_list_get_length(OSINFO_LIST(drivers)) : 0;
    for (int i = 0; i < count; ++i) {
        auto* const driver = OSINFO_DEVICE_DRIVER(osinfo_list_get_nth(OSINFO_LIST(drivers), i));
        if (osinfo_device_driver_get_pre_installable(driver) == FALSE ||
            textOf(osinfo_device_driver_get_architecture(driver)) != "x86_64" ||
            !isForVirtio(driver))
            continue;
        DriverSet set = setOf(driver);
        if (set.location.starts_with("https://") && !set.files.empty())
            sets.push_back(std::move(set));
    }
    return sets;
}

} // namespace app::os
