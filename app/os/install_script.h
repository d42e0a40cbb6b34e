// SPDX-License-Identifier: GPL-3.0-or-later
// InstallScripts: the scripts of libosinfo that answer an installer's questions.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/os/os_database.h"
#include "vmm/base/result.h"

namespace app::os {

/// What the scripts are written in; each quotes differently.
enum class ScriptKind : uint8_t { Preseed, Kickstart, Autoyast, Unattend };

/// How they reach the installer.
enum class ScriptMethod : uint8_t {
    Initrd, ///< as files in the root of the first ramdisk; needs kernel and ramdisk of the medium
    Disc,   ///< in the root of a second disc
};

/// What goes into the scripts, as it stands: who calls has checked and quoted it (app/install).
struct ScriptAnswers {
    std::string user;
    std::string fullName;
    std::string password; ///< of the user and of the administrator
    std::string hostName;
    std::string language;
    std::string keyboard;
    std::string timeZone;
    std::string productKey;
    std::string targetDisk; ///< "/dev/vda"; empty: the script's own idea
};

/// One file for the installer.
struct ScriptFile {
    std::string name; ///< "preseed.cfg"
    std::string content;
};

/// What generate() made.
struct GeneratedScripts {
    std::vector<ScriptFile> files;
    std::string commandLine; ///< for the kernel; empty with ScriptMethod::Disc
};

/// The scripts of one system: a full desktop where there is a choice, else a small system. Keeps
/// the database's objects, which must outlive it. Any thread, like the database.
class InstallScripts {
public:
    /// Those of the medium in `file` when it has some of its own, else those of `osId`. An empty
    /// `file` is no medium. NotFound when there is none that our machines can carry out.
    static vmm::Result<InstallScripts> choose(const OsDatabase& database, const std::string& osId,
                                              const std::filesystem::path& file);
    InstallScripts(InstallScripts&&) noexcept;
    ~InstallScripts();

    ScriptKind kind() const;
    ScriptMethod method() const;
    bool needsProductKey() const;
    /// "$$$$$-$$$$$-...": a '$' stands for a letter or a digit; empty: any.
    std::string productKeyFormat() const;

    /// Invalid, with libosinfo's reason, when a script cannot be made.
    vmm::Result<GeneratedScripts> generate(const ScriptAnswers& answers) const;

private:
    struct Private;
    explicit InstallScripts(std::unique_ptr<Private> internals);
    std::unique_ptr<Private> m_private;
};

} // namespace app::os
