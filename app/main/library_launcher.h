// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryLauncher: starts the processes of guests and notices how they end.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <QObject>
#include <QString>

#include "app/library/guest_process.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"

class QSocketNotifier;

namespace app::main {

/// Guests' processes, each in a session of its own, so that they go on without the library. GUI
/// thread.
class LibraryLauncher : public QObject {
    Q_OBJECT
public:
    /// `program`: what is started as `program --machine ID`.
    explicit LibraryLauncher(std::string program, QObject* parent = nullptr);
    ~LibraryLauncher() override;

    /// Starts machine `id`, whose bundle is `folder`. What it prints is kept in a file without a
    /// name while it runs; its log it writes itself. ended() follows, unless the library ends
    /// first.
    vmm::Result<void> start(const QString& id, const std::string& folder);
    bool running(const QString& id) const { return m_children.contains(id); }
    /// Asks a child to end (SIGTERM); false when there is none. One that knows no better than to
    /// die of it has done as it was told: its status is 0.
    bool terminate(const QString& id);

signals:
    /// `status`: the exit status, or minus the number of the signal that ended it; `words`: the
    /// last line it printed, or empty.
    void ended(const QString& id, int status, const QString& words);

private:
    struct Child {
        library::StartedGuest started;
        vmm::UniqueFd handle; ///< pidfd_open(2)
        bool told = false;    ///< to end
        std::unique_ptr<QSocketNotifier> notifier;
    };
    vmm::Result<void> follow(const QString& id, Child child);
    void reap(const QString& id);

    const std::string m_program;
    std::map<QString, Child> m_children;
};

} // namespace app::main
