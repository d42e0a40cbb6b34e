// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_launcher.h"

#include <cerrno>
#include <csignal>

#include <QSocketNotifier>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace app::main {

using vmm::Error;
using vmm::Result;

LibraryLauncher::LibraryLauncher(std::string program, QObject* parent)
    : QObject(parent), m_program(std::move(program))
{}

LibraryLauncher::~LibraryLauncher() = default;

Result<void> LibraryLauncher::start(const QString& id, const std::string& folder)
{
    if (m_children.contains(id))
        return {};
    library::GuestProcess process;
    process.program = m_program;
    process.id = id.toStdString();
    process.folder = folder;
    Child child;
    child.started = TRY(library::startGuestProcess(process));
    return follow(id, std::move(child));
}

/// The child cannot vanish before it is followed: it stays a zombie until reap().
Result<void> LibraryLauncher::follow(const QString& id, Child child)
{
    child.handle.reset(static_cast<int>(::syscall(SYS_pidfd_open, child.started.pid, 0)));
    if (!child.handle.valid())
        return Error::fromErrno("the machine's process cannot be watched", errno);
    child.notifier =
        std::make_unique<QSocketNotifier>(child.handle.get(), QSocketNotifier::Read, nullptr);
    connect(child.notifier.get(), &QSocketNotifier::activated, this, [this, id] { reap(id); });
    m_children.emplace(id, std::move(child));
    return {};
}

void LibraryLauncher::reap(const QString& id)
{
    const auto found = m_children.find(id);
    if (found == m_children.end())
        return;
    int status = 0;
    if (::waitpid(found->second.started.pid, &status, WNOHANG) == 0)
        return;
    found->second.notifier->setEnabled(false);
    found->second.notifier.release()->deleteLater(); // it is what called us
    const QString words =
        QString::fromStdString(library::lastTrouble(found->second.started.output));
    const bool obeyed = found->second.told && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
    m_children.erase(found);
    const int how = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    emit ended(id, obeyed ? 0 : how, words);
}

bool LibraryLauncher::terminate(const QString& id)
{
    const auto found = m_children.find(id);
    if (found == m_children.end())
        return false;
    found->second.told = true;
    return ::kill(found->second.started.pid, SIGTERM) ==
           0; // not reaped yet, so the number is still its own
}

} // namespace app::main
