// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/os/os_database.h"

#include <algorithm>
#include <map>
#include <sstream>

#include <gio/gio.h>
extern "C" { // libosinfo's headers do not say it themselves; GLib's have templates for C++
#include <osinfo/osinfo.h>
}

#include "app/os/database_internals.h"

namespace app::os {

namespace {

std::string lowered(std::string text)
{
    for (char& letter : text)
        if (letter >= 'A' && letter <= 'Z')
            letter = static_cast<char>(letter - 'A' + 'a');
    return text;
}

/// What search() looks in. The id's host and path are words people may type too.
std::string haystackOf(const OsFacts& facts)
{
    return lowered(facts.id + '\n' + facts.shortId + '\n' + facts.name + '\n' + facts.vendor +
                   '\n' + facts.codename + '\n' + facts.distro);
}

/// Families by name; within one the newest first, what has no date last.
bool goesBefore(const OsFacts& left, const OsFacts& right)
{
    if (left.distro != right.distro)
        return left.distro < right.distro;
    if (left.releaseDate != right.releaseDate)
        return left.releaseDate > right.releaseDate;
    return left.name < right.name;
}

void fill(OsDatabase::Private& database)
{
    const Ref<OsinfoOsList> list(osinfo_db_get_os_list(database.db.get()));
    const int count = list != nullptr ? osinfo_list_get_length(OSINFO_LIST(list.get())) : 0;
    for (int i = 0; i < count; ++i)
        database.all.push_back(factsOf(OSINFO_OS(osinfo_list_get_nth(OSINFO_LIST(list.get()), i))));
    std::sort(database.all.begin(), database.all.end(), goesBefore);
    for (const OsFacts& facts : database.all)
        database.haystacks.push_back(haystackOf(facts));
}

std::string variantName(OsinfoMedia* medium)
{
    const Ref<OsinfoOsVariantList> list(osinfo_media_get_os_variants(medium));
    if (list == nullptr || osinfo_list_get_length(OSINFO_LIST(list.get())) == 0)
        return {};
    return textOf(osinfo_os_variant_get_name(
        OSINFO_OS_VARIANT(osinfo_list_get_nth(OSINFO_LIST(list.get()), 0))));
}

bool isAddress(const std::string& url)
{
    return url.rfind("http://", 0) == 0 || url.rfind("https://", 0) == 0;
}

void addDownloads(const OsFacts& facts, OsinfoOs* os, std::vector<OsDownload>& downloads)
{
    const Ref<OsinfoMediaList> list(osinfo_os_get_media_list(os));
    const int count = list != nullptr ? osinfo_list_get_length(OSINFO_LIST(list.get())) : 0;
    for (int i = 0; i < count; ++i) {
        OsinfoMedia* const medium = OSINFO_MEDIA(osinfo_list_get_nth(OSINFO_LIST(list.get()), i));
        const std::string architecture = textOf(osinfo_media_get_architecture(medium));
        OsDownload download{facts.id,
                            facts.name,
                            variantName(medium),
                            textOf(osinfo_media_get_url(medium)),
                            osinfo_media_get_live(medium) != FALSE,
                            osinfo_media_get_installer(medium) != FALSE};
        if ((architecture == "x86_64" || architecture == "all") && isAddress(download.url))
            downloads.push_back(std::move(download));
    }
}

} // namespace

_OsinfoOs* OsDatabase::Private::os(const std::string& id) const
{
    return osinfo_db_get_os(db.get(), id.c_str());
}

vmm::Result<std::unique_ptr<OsDatabase>> OsDatabase::load()
{
    const Ref<OsinfoLoader> loader(osinfo_loader_new());
    GError* problem = nullptr;
    osinfo_loader_process_default_path(loader.get(), &problem);
    if (problem != nullptr) {
        const std::string reason = textOf(problem->message);
        g_error_free(problem);
        return vmm::Error(vmm::ErrorCode::Invalid,
                          "the database of operating systems cannot be read: " + reason);
    }
    auto internals = std::make_unique<Private>();
    internals->db.reset(osinfo_loader_get_db(loader.get()));
    g_object_ref(internals->db.get()); // the loader's own goes with the loader
    fill(*internals);
    if (internals->all.empty())
        return vmm::Error(vmm::ErrorCode::NotFound,
                          "the database of operating systems was not found; install osinfo-db");
    return std::unique_ptr<OsDatabase>(new OsDatabase(std::move(internals)));
}

OsDatabase::OsDatabase(std::unique_ptr<Private> internals) : m_private(std::move(internals)) {}
OsDatabase::~OsDatabase() = default;

std::optional<OsFacts> OsDatabase::find(const std::string& id) const
{
    const auto& all = m_private->all;
    const auto found = std::find_if(all.begin(), all.end(), [&id](const OsFacts& facts) {
        return facts.id == id || facts.shortId == id;
    });
    return found != all.end() && !id.empty() ? std::optional(*found) : std::nullopt;
}

std::vector<OsFacts> OsDatabase::search(const std::string& text) const
{
    std::vector<std::string> words;
    std::istringstream stream(lowered(text));
    for (std::string word; stream >> word;)
        words.push_back(word);
    std::vector<OsFacts> found;
    for (size_t i = 0; i < m_private->all.size(); ++i)
        if (std::all_of(words.begin(), words.end(), [&](const std::string& word) {
                return m_private->haystacks[i].find(word) != std::string::npos;
            }))
            found.push_back(m_private->all[i]);
    return found;
}

std::vector<OsDownload> OsDatabase::downloads() const
{
    std::vector<OsDownload> downloads;
    for (const OsFacts& facts : m_private->all)
        if (OsinfoOs* const os = m_private->os(facts.id); os != nullptr && !facts.endOfLife)
            addDownloads(facts, os, downloads);
    return downloads;
}

} // namespace app::os
