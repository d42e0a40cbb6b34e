// SPDX-License-Identifier: GPL-3.0-or-later
// OsFacts, as libosinfo tells them of one operating system.
#include <algorithm>
#include <array>
#include <string_view>

#include <gio/gio.h>
extern "C" { // libosinfo's headers do not say it themselves; GLib's have templates for C++
#include <osinfo/osinfo.h>
}

#include "app/os/database_internals.h"

namespace app::os {

namespace {

constexpr std::string_view kArchitecture = "x86_64";

/// Devices of the PCI-SIG's list in osinfo-db: virtio of before and after version 1.0.
constexpr std::array<std::string_view, 2> kVirtioBlock{"http://pcisig.com/pci/1af4/1001",
                                                       "http://pcisig.com/pci/1af4/1042"};
constexpr std::array<std::string_view, 2> kVirtioNet{"http://pcisig.com/pci/1af4/1000",
                                                     "http://pcisig.com/pci/1af4/1041"};
constexpr std::array<std::string_view, 2> kVirtioScsi{"http://pcisig.com/pci/1af4/1004",
                                                      "http://pcisig.com/pci/1af4/1048"};

bool isOurs(const char* architecture)
{
    return architecture != nullptr &&
           (architecture == kArchitecture || architecture == std::string_view("all"));
}

OsinfoEntity* at(gpointer list, int index)
{
    return osinfo_list_get_nth(OSINFO_LIST(list), index);
}

/// Takes over the list. What is said for x86-64 goes before what is said for all.
OsResources resourcesOf(OsinfoResourcesList* taken)
{
    const Ref<OsinfoResourcesList> list(taken);
    OsResources result;
    if (list == nullptr)
        return result;
    for (const std::string_view wanted : {std::string_view("all"), kArchitecture})
        for (int i = 0; i < osinfo_list_get_length(OSINFO_LIST(list.get())); ++i) {
            OsinfoResources* const entry = OSINFO_RESOURCES(at(list.get(), i));
            if (textOf(osinfo_resources_get_architecture(entry)) != wanted)
                continue;
            if (osinfo_resources_get_n_cpus(entry) > 0)
                result.cpus = static_cast<uint32_t>(osinfo_resources_get_n_cpus(entry));
            if (osinfo_resources_get_ram(entry) > 0)
                result.memoryBytes = static_cast<uint64_t>(osinfo_resources_get_ram(entry));
            if (osinfo_resources_get_storage(entry) > 0)
                result.diskBytes = static_cast<uint64_t>(osinfo_resources_get_storage(entry));
        }
    return result;
}

/// A system that says nothing of firmware boots from a BIOS; the few that speak are believed.
void addFirmware(OsinfoOs* os, OsFacts& facts)
{
    const Ref<OsinfoFirmwareList> list(osinfo_os_get_complete_firmware_list(os, nullptr));
    for (int i = 0; list != nullptr && i < osinfo_list_get_length(OSINFO_LIST(list.get())); ++i) {
        OsinfoFirmware* const entry = OSINFO_FIRMWARE(at(list.get(), i));
        if (!isOurs(osinfo_firmware_get_architecture(entry)))
            continue;
        const bool supported = osinfo_firmware_is_supported(entry) != FALSE;
        const std::string type = textOf(osinfo_firmware_get_firmware_type(entry));
        if (type == "bios")
            facts.firmwareBios = supported;
        if (type == "efi")
            facts.firmwareUefi = supported;
    }
}

void addDevices(OsinfoOs* os, OsFacts& facts)
{
    const Ref<OsinfoDeviceList> list(osinfo_os_get_all_devices(os, nullptr));
    for (int i = 0; list != nullptr && i < osinfo_list_get_length(OSINFO_LIST(list.get())); ++i) {
        const std::string id = textOf(osinfo_entity_get_id(at(list.get(), i)));
        const auto isOneOf = [&id](const auto& ids) {
            return std::find(ids.begin(), ids.end(), id) != ids.end();
        };
        facts.virtioBlock = facts.virtioBlock || isOneOf(kVirtioBlock);
        facts.virtioNet = facts.virtioNet || isOneOf(kVirtioNet);
        facts.virtioScsi = facts.virtioScsi || isOneOf(kVirtioScsi);
    }
}

void addDates(OsinfoProduct* product, OsFacts& facts)
{
    facts.releaseDate = textOf(osinfo_product_get_release_date_string(product));
    GDate* const end = osinfo_product_get_eol_date(product);
    if (end == nullptr)
        return;
    GDate today;
    g_date_clear(&today, 1);
    g_date_set_time_t(&today, time(nullptr));
    facts.endOfLife = g_date_compare(end, &today) < 0;
    g_date_free(end);
}

/// What the recommendation leaves open is the minimum's.
void completeResources(OsFacts& facts)
{
    OsResources& wanted = facts.recommended;
    wanted.cpus = std::max(wanted.cpus, facts.minimum.cpus);
    wanted.memoryBytes = std::max(wanted.memoryBytes, facts.minimum.memoryBytes);
    wanted.diskBytes = std::max(wanted.diskBytes, facts.minimum.diskBytes);
}

} // namespace

void Unref::operator()(void* object) const
{
    if (object != nullptr)
        g_object_unref(object);
}

std::string textOf(const char* text)
{
    return text != nullptr ? text : std::string();
}

bool hasUsableScript(OsinfoOs* os)
{
    constexpr unsigned kUsable = OSINFO_INSTALL_SCRIPT_INJECTION_METHOD_CDROM |
                                 OSINFO_INSTALL_SCRIPT_INJECTION_METHOD_INITRD;
    const Ref<OsinfoInstallScriptList> list(osinfo_os_get_install_script_list(os));
    for (int i = 0; list != nullptr && i < osinfo_list_get_length(OSINFO_LIST(list.get())); ++i)
        if (osinfo_install_script_get_injection_methods(OSINFO_INSTALL_SCRIPT(at(list.get(), i))) &
            kUsable)
            return true;
    return false;
}

OsFacts factsOf(OsinfoOs* os)
{
    OsinfoProduct* const product = OSINFO_PRODUCT(os);
    OsFacts facts;
    facts.id = textOf(osinfo_entity_get_id(OSINFO_ENTITY(os)));
    facts.shortId = textOf(osinfo_product_get_short_id(product));
    facts.name = textOf(osinfo_product_get_name(product));
    facts.version = textOf(osinfo_product_get_version(product));
    facts.codename = textOf(osinfo_product_get_codename(product));
    facts.vendor = textOf(osinfo_product_get_vendor(product));
    facts.family = textOf(osinfo_os_get_family(os));
    facts.distro = textOf(osinfo_os_get_distro(os));
    facts.minimum = resourcesOf(osinfo_os_get_minimum_resources(os));
    facts.recommended = resourcesOf(osinfo_os_get_recommended_resources(os));
    completeResources(facts);
    addFirmware(os, facts);
    addDevices(os, facts);
    addDates(product, facts);
    // The unattended Windows setup of osinfo-db lays out a disk for a BIOS; one that boots from
    // UEFI alone refuses it.
    facts.canExpress = hasUsableScript(os) && facts.firmwareBios;
    return facts;
}

} // namespace app::os
