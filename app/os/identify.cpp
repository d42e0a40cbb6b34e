// SPDX-License-Identifier: GPL-3.0-or-later
// OsDatabase::identify(): descriptors, then the nearest older label, then the tree on the medium,
// then words.
#include <gio/gio.h>
extern "C" { // libosinfo's headers do not say it themselves; GLib's have templates for C++
#include <osinfo/osinfo.h>
}

#include "app/os/database_internals.h"
#include "app/os/iso_reader.h"

namespace app::os {

namespace {

constexpr uint64_t kMostTreeInfo = uint64_t{256} << 10;
constexpr uint64_t kMostDiskInfo = uint64_t{4} << 10;

void setUnlessEmpty(OsinfoMedia* medium, const char* property, const std::string& value)
{
    if (!value.empty())
        osinfo_entity_set_param(OSINFO_ENTITY(medium), property, value.c_str());
}

std::vector<std::string> languagesOf(OsinfoMedia* medium)
{
    std::vector<std::string> languages;
    GList* const list = osinfo_media_get_languages(medium);
    for (const GList* entry = list; entry != nullptr; entry = entry->next)
        languages.push_back(textOf(static_cast<const char*>(entry->data)));
    g_list_free(list);
    return languages;
}

/// Whether libosinfo finds a language in a label where it looks for one. It takes that for granted:
/// 1.10 looks up a null pointer when a label such as "CENA_X64FREV_" stops before its language.
bool languageIsThere(OsinfoMedia* reference, const std::string& label)
{
    const char* pattern =
        osinfo_entity_get_param_value(OSINFO_ENTITY(reference), OSINFO_MEDIA_PROP_LANG_REGEX);
    if (pattern == nullptr)
        return true;
    GRegex* const regex = g_regex_new(pattern, static_cast<GRegexCompileFlags>(0),
                                      static_cast<GRegexMatchFlags>(0), nullptr);
    if (regex == nullptr)
        return false;
    GMatchInfo* match = nullptr;
    g_regex_match(regex, label.c_str(), static_cast<GRegexMatchFlags>(0), &match);
    const bool there = g_match_info_get_match_count(match) == 2;
    g_match_info_free(match);
    g_regex_unref(regex);
    return there;
}

bool languagesAreThere(OsinfoOs* os, OsinfoMedia* medium, const std::string& label)
{
    const Ref<OsinfoMediaList> list(osinfo_os_get_media_list(os));
    const int count = list != nullptr ? osinfo_list_get_length(OSINFO_LIST(list.get())) : 0;
    for (int i = 0; i < count; ++i) {
        auto* const reference = OSINFO_MEDIA(osinfo_list_get_nth(OSINFO_LIST(list.get()), i));
        if (osinfo_media_matches(medium, reference) && !languageIsThere(reference, label))
            return false;
    }
    return true;
}

/// Everything but the operating system.
void addMedium(OsinfoMedia* medium, MediumFacts& facts)
{
    facts.architecture = textOf(osinfo_media_get_architecture(medium));
    facts.installer = osinfo_media_get_installer(medium) != FALSE;
    facts.live = osinfo_media_get_live(medium) != FALSE;
    facts.canExpress = osinfo_media_supports_installer_script(medium) != FALSE;
    facts.kernelPath = textOf(osinfo_media_get_kernel_path(medium));
    facts.initrdPath = textOf(osinfo_media_get_initrd_path(medium));
    facts.languages = languagesOf(medium);
}

/// "http://fedoraproject.org/fedora/unknown": the database's entry for a release it does not know.
bool isPlaceholder(const OsFacts& os)
{
    return os.version == "unknown" || os.id.ends_with("unknown");
}

/// "Debian 11" and "12" are "Debian 12"; a name without its version stays, with the new one behind.
std::string nameOfNewer(const OsFacts& os, const std::string& version)
{
    const size_t at = os.name.find(os.version);
    if (at == std::string::npos)
        return os.name + ' ' + version;
    return os.name.substr(0, at) + version + os.name.substr(at + os.version.size());
}

/// Whether the unattended installation of an older release fits a newer one. Ubuntu's desktop media
/// changed their installer in 23.04 and take no preseed any more.
bool scriptsStillFit(const OsFacts& os)
{
    return os.distro != "ubuntu";
}

void addNearest(const Nearest& nearest, MediumFacts& facts)
{
    const MediumFacts placeholder = facts;
    addMedium(nearest.medium.get(), facts);
    facts.osId = nearest.os->id;
    facts.osName = nameOfNewer(*nearest.os, nearest.version);
    facts.newerThanKnown = true;
    facts.canExpress = facts.canExpress && nearest.os->canExpress && scriptsStillFit(*nearest.os);
    // A placeholder was written for newer media, so it knows better where their kernel is.
    if (!placeholder.kernelPath.empty()) {
        facts.kernelPath = placeholder.kernelPath;
        facts.initrdPath = placeholder.initrdPath;
    }
}

/// By .treeinfo, which media of the Fedora family carry.
void addTree(const OsDatabase& database, const std::filesystem::path& file, MediumFacts& facts)
{
    const auto text = readSmallIsoFile(file, ".treeinfo", kMostTreeInfo);
    if (!text || !g_utf8_validate(text->data(), static_cast<gssize>(text->size()), nullptr))
        return;
    GError* problem = nullptr;
    const Ref<OsinfoTree> tree(osinfo_tree_create_from_treeinfo(text->c_str(), "cdrom:", &problem));
    g_clear_error(&problem);
    if (tree == nullptr || !osinfo_db_identify_tree(database.internals().db.get(), tree.get()))
        return;
    const Ref<OsinfoOs> os(osinfo_tree_get_os(tree.get()));
    const auto found = database.find(textOf(osinfo_entity_get_id(OSINFO_ENTITY(os.get()))));
    if (!found)
        return;
    facts.osId = found->id;
    facts.osName = found->name;
    facts.architecture = textOf(osinfo_tree_get_architecture(tree.get()));
    facts.installer = true;
    facts.canExpress = found->canExpress;
    facts.kernelPath = textOf(osinfo_tree_get_kernel_path(tree.get()));
    facts.initrdPath = textOf(osinfo_tree_get_initrd_path(tree.get()));
}

/// By what label, publisher and application say in words, and .disk/info, which media of the Debian
/// family carry. Enough for resources and devices, not for an express install.
void addByWords(const OsDatabase::Private& database, const std::filesystem::path& file,
                const VolumeDescriptors& volume, MediumFacts& facts)
{
    const auto info = readSmallIsoFile(file, ".disk/info", kMostDiskInfo);
    const std::string text = volume.volume + '\n' + (info ? *info : std::string()) + '\n' +
                             volume.publisher + '\n' + volume.application;
    const Nearest nearest = findByWords(database, text);
    if (nearest.os == nullptr)
        return;
    const bool known = nearest.version.empty() || nearest.version == nearest.os->version;
    facts.osId = nearest.os->id;
    facts.osName = known ? nearest.os->name : nameOfNewer(*nearest.os, nearest.version);
    facts.newerThanKnown = !known;
    facts.live = text.find("live") != std::string::npos || text.find("Live") != std::string::npos;
    facts.installer = !facts.live;
}

} // namespace

Ref<_OsinfoMedia> newMedium(const VolumeDescriptors& volume)
{
    Ref<OsinfoMedia> medium(osinfo_media_new("medium", nullptr));
    setUnlessEmpty(medium.get(), OSINFO_MEDIA_PROP_VOLUME_ID, volume.volume);
    setUnlessEmpty(medium.get(), OSINFO_MEDIA_PROP_SYSTEM_ID, volume.system);
    setUnlessEmpty(medium.get(), OSINFO_MEDIA_PROP_PUBLISHER_ID, volume.publisher);
    setUnlessEmpty(medium.get(), OSINFO_MEDIA_PROP_APPLICATION_ID, volume.application);
    osinfo_entity_set_param_boolean(OSINFO_ENTITY(medium.get()), OSINFO_MEDIA_PROP_BOOTABLE,
                                    volume.bootable);
    osinfo_entity_set_param(OSINFO_ENTITY(medium.get()), OSINFO_MEDIA_PROP_VOLUME_SIZE,
                            std::to_string(volume.volumeBytes).c_str());
    return medium;
}

Ref<_OsinfoMedia> identifyMedium(const OsDatabase::Private& database,
                                 const VolumeDescriptors& volume)
{
    Ref<OsinfoMedia> medium = newMedium(volume);
    for (const OsFacts& facts : database.all)
        if (volume.volume.empty() ||
            !languagesAreThere(database.os(facts.id), medium.get(), volume.volume))
            return {};
    if (!osinfo_db_identify_media(database.db.get(), medium.get()))
        medium.reset();
    return medium;
}

vmm::Result<MediumFacts> OsDatabase::identify(const std::filesystem::path& file) const
{
    const VolumeDescriptors volume = TRY(readVolumeDescriptors(file));
    MediumFacts facts;
    facts.name = volume.volume.empty() ? file.filename().string() : volume.volume;
    std::optional<OsFacts> os;
    if (const Ref<OsinfoMedia> medium = identifyMedium(*m_private, volume)) {
        addMedium(medium.get(), facts);
        const Ref<OsinfoOs> owner(osinfo_media_get_os(medium.get()));
        os = find(textOf(osinfo_entity_get_id(OSINFO_ENTITY(owner.get()))));
    }
    if (os) {
        facts.osId = os->id;
        facts.osName = os->name;
        facts.canExpress = facts.canExpress && os->canExpress;
    }
    if (os && !isPlaceholder(*os))
        return facts;
    if (const Nearest nearest = findNearest(*m_private, volume); nearest.os != nullptr)
        addNearest(nearest, facts);
    else if (!os)
        addTree(*this, file, facts);
    if (facts.osId.empty())
        addByWords(*m_private, file, volume, facts);
    return facts;
}

} // namespace app::os
