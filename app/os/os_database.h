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
    std::string id;       ///< "http://debian.org/debian/11"
    std::string shortId;  ///< "debian11"
    std::string name;     ///< "Debian 11"
    std::string version;  ///< "11"
    std::string codename; ///< "Bullseye" or empty
    std::string vendor;
    std::string family; ///< "linux", "winnt", "freebsd", ...
    std::string distro; ///< "debian", "win", ...; logos go by it (logo.h)
    OsResources minimum;
    OsResources recommended;
    bool firmwareBios = true;
    bool firmwareUefi = false;
    bool virtioBlock = false; ///< its own drivers know these
    bool virtioScsi = false;
    bool virtioNet = false;
    bool canExpress = false;
    bool endOfLife = false;
    std::string releaseDate; ///< "2021-08-14" or empty
};

/// What a medium was recognised as.
struct MediumFacts {
    std::string osId;            ///< of the database; empty: not recognised
    std::string osName;          ///< "Debian 12"; empty when osId is
    bool newerThanKnown = false; ///< osId is the closest older release, osName is the medium's own
    std::string name;            ///< volume label, or the file's name
    std::string architecture;    ///< "x86_64", "aarch64", ...; empty: not known
    bool installer = false;
    bool live = false;
    bool canExpress = false; ///< an installation from it can be unattended
    std::string kernelPath;  ///< inside the medium; empty: not known
    std::string initrdPath;
    std::vector<std::string> languages;
};

/// A medium that can be downloaded.
struct OsDownload {
    std::string osId;
    std::string osName;
    std::string variant; ///< "Fedora Workstation" or empty
    std::string url;     ///< http(s)
    bool live = false;
    bool installer = true;
};

/// The database, read once (a tenth of a second or more; not on the GUI thread). Any thread after
/// that, one call at a time; answers are copies.
class OsDatabase {
public:
    /// From osinfo-db's usual places. The error says that none was found.
    static vmm::Result<std::unique_ptr<OsDatabase>> load();
    ~OsDatabase();
    OsDatabase(const OsDatabase&) = delete;
    OsDatabase& operator=(const OsDatabase&) = delete;

    /// By id or short id.
    std::optional<OsFacts> find(const std::string& id) const;
    /// All of them, families by name and newest first within one; those that hold every word of
    /// `text` when it is not empty.
    std::vector<OsFacts> search(const std::string& text) const;
    /// What the disc image `file` is: by its volume descriptors, else by what is on it. A file that
    /// is no disc image is Invalid; an unknown one has no osId.
    vmm::Result<MediumFacts> identify(const std::filesystem::path& file) const;
    /// Media for x86-64 with an address, newest first; nothing of systems past their end of life.
    std::vector<OsDownload> downloads() const;

    struct Private;
    /// For the other files of this room.
    const Private& internals() const { return *m_private; }

private:
    explicit OsDatabase(std::unique_ptr<Private> internals);
    std::unique_ptr<Private> m_private;
};

} // namespace app::os
