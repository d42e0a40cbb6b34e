// SPDX-License-Identifier: GPL-3.0-or-later
// Drafts of machines between app/making, which has no Qt, and the sheet, which has.
#pragma once

#include <QString>

#include "app/making/draft.h"
#include "app/os/os_database.h"
#include "ui/models/library_controller.h"

namespace app::main {

/// What a file turned out to be.
struct Offered {
    enum class Kind { Draft, Bundle, Unusable };
    Kind kind = Kind::Unusable;
    ui::models::MachineDraft draft; ///< with Kind::Draft
    QString problem;                ///< with Kind::Unusable: one sentence
};

/// Looks at the file or folder `path`, which is hostile. `database` may be null: then nothing is
/// known of systems. A thread on which the database may be asked; takes seconds.
Offered lookAt(const QString& path, const os::OsDatabase* database, const making::HostMeans& means);

/// A sheet without a medium, for a system nobody has named.
ui::models::MachineDraft emptySheet(const making::HostMeans& means);

/// What the sheet shows of `draft`. Its drives are the media, and the one disk with the file it is
/// made of, if any.
ui::models::MachineDraft sheetOf(const making::Draft& draft);

/// `sheet` when its system is `osId`: with its name, its logo and what it needs of the hardware.
/// What an appliance says of its own hardware stays, and so do the answers of the person. A thread
/// on which the database may be asked.
ui::models::MachineDraft sheetWithSystem(const ui::models::MachineDraft& sheet,
                                         const os::OsDatabase& database, const QString& osId,
                                         const making::HostMeans& means);

/// What a machine is made of once the person has changed the sheet; sheetOf() backwards.
making::Draft draftOf(const ui::models::MachineDraft& sheet);

} // namespace app::main
