// SPDX-License-Identifier: GPL-3.0-or-later
// OsDatabase: what libosinfo knows about operating systems and their media.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/result.h"

namespace app::os {

/// What an operating system wants; 0: not known. Bytes and processors.
struct OsResources {
    uint32_t cpus = 0;
    uint64_t memoryBytes = 0;
    uint64_t diskBytes = 0;
};

/// One operating system of the database.
struct OsFacts {
    std::string id;      ///< "http://debian.org/debian/12"
    std::string shortId; ///< "debian12"
    std::string name;    ///< "Debian 12"
    std::string vendor;
    std::string family; ///< "linux", "winnt", "freebsd", ...
    std::string distro; ///< "debian", "win", ...; logos go by it
    OsResources minimum;
    OsResources recommended;
    bool firmwareBios = true;
    bool firmwareUefi = false;
    bool virtioBlock = false; ///< its own drivers know these
    bool virtioScsi = false;
    bool virtioNet = false;
    bool canExpress = false;
    bool endOfLife = false;
    std::string releaseDate; ///< "2023-06-10" or empty
};

/// What a medium was recognised as.
struct MediumFacts {
    std::string osId; ///< empty: not recognised
    std::string name; ///< volume label, or the file's name
    bool installer = false;
    bool live = false;
    std::string kernelPath; ///< inside the medium; empty: not known
    std::string initrdPath;
    std::vector<std::string> languages;
};

/// A medium that can be downloaded.
struct OsDownload {
    std::string osId;
    std::string osName;
    std::string variant; ///< "Netinst", "Workstation Live" or empty
    std::string url;     ///< http(s)
    bool live = false;
    bool installer = true;
};

/// The database, read once (a second or so; not on the GUI thread). Any thread after that, one call
/// at a time.
class OsDatabase {
public:
    /// From osinfo-db's usual places. The error says that none was found.
    static vmm::Result<std::unique_ptr<OsDatabase>> load();
    ~OsDatabase();
    OsDatabase(const OsDatabase&) = delete;
    OsDatabase& operator=(const OsDatabase&) = delete;

    /// By id or short id.
    std::optional<OsFacts> find(const std::string& id) const;
    /// All of them, newest first within a family; what `text` is found in when it is not empty.
    std::vector<OsFacts> search(const std::string& text) const;
    /// What the disc image `file` is: by its volume descriptors, else by what is on it. A file that
    /// is no disc image is Invalid; an unknown one has no osId.
    vmm::Result<MediumFacts> identify(const std::filesystem::path& file) const;
    /// Media for x86-64 with an address.
    std::vector<OsDownload> downloads() const;

    struct Private;
    /// For app/install, which asks the same database for its scripts.
    Private& internals() const { return *m_private; }

private:
    explicit OsDatabase(std::unique_ptr<Private> internals);
    std::unique_ptr<Private> m_private;
};

} // namespace app::os
