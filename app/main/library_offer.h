// SPDX-License-Identifier: GPL-3.0-or-later
// From a file to a draft of a machine.
#pragma once

#include <filesystem>

#include <QString>

#include "app/os/os_database.h"
#include "ui/models/library_controller.h"

namespace app::main {

/// What the computer can give a machine.
struct HostMeans {
    quint64 memoryBytes = 0;
    int cpus = 1;
    quint64 freeDiskBytes = 0; ///< where the machines are
};
/// Asks the kernel; some microseconds. `home`: where the machines are, or will be.
HostMeans hostMeans(const std::filesystem::path& home);

/// What a file turned out to be.
struct Offered {
    enum class Kind { Draft, Bundle, Unusable };
    Kind kind = Kind::Unusable;
    ui::models::MachineDraft draft; ///< with Kind::Draft
    QString problem;                ///< with Kind::Unusable: one sentence
};

/// Looks at the file or folder `path`, which is hostile. In a draft of a disk image or an
/// appliance, the first disk names that file; in one of a medium, the first drive. `database` may
/// be null: then nothing is known of systems. A thread on which the database may be asked; takes
/// seconds.
Offered lookAt(const QString& path, const os::OsDatabase* database, const HostMeans& means);

/// A draft without a medium, for a system nobody has named.
ui::models::MachineDraft plainDraft(const HostMeans& means);

/// Fills in what `facts` recommend, within `means`: at most half of the memory.
void recommend(ui::models::MachineDraft& draft, const os::OsFacts& facts, const HostMeans& means);

} // namespace app::main
