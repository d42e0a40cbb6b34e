// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryLauncher: starts the processes of guests and notices how they end.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <QObject>
#include <QString>
#include <sys/types.h>

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

    /// Starts machine `id`, its output added to the file `log`; `token` lets its window take the
    /// focus (xdg-activation) and may be empty. ended() follows, unless the library ends first.
    vmm::Result<void> start(const QString& id, const std::string& log, const QString& token = {});
    bool running(const QString& id) const { return m_children.contains(id); }
    /// Asks a child to take its machine's power away (SIGTERM); false when there is none.
    bool terminate(const QString& id);

signals:
    /// `status`: the exit status, or minus the number of the signal that ended it.
    void ended(const QString& id, int status);

private:
    struct Child {
        pid_t pid = -1;
        vmm::UniqueFd handle; ///< pidfd_open(2)
        std::unique_ptr<QSocketNotifier> notifier;
    };
    vmm::Result<pid_t> spawn(const QString& id, int log, const QString& token) const;
    vmm::Result<void> follow(const QString& id, pid_t pid);
    void reap(const QString& id);

    const std::string m_program;
    std::map<QString, Child> m_children;
};

/// The last line of the log `file` that says something, at most a few hundred characters; empty
/// when there is none. Reads the file's end only.
QString lastLineOf(const std::string& file);

/// At most the last `bytes` of `file` as text.
QString tailOf(const std::string& file, qint64 bytes);

} // namespace app::main
