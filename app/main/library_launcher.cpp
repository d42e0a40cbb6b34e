// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_launcher.h"

#include <cerrno>
#include <csignal>
#include <vector>

#include <QFile>
#include <QSocketNotifier>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace app::main {

using vmm::Error;
using vmm::Result;
using vmm::UniqueFd;

namespace {

constexpr qint64 kTail = 4096;
constexpr qsizetype kMaxLine = 300;

/// A file nobody else sees, on the bundle's disk where that is possible, else in memory.
UniqueFd openOutput(const std::string& folder)
{
    UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600));
    if (!fd.valid())
        fd.reset(::memfd_create("vitrine-output", MFD_CLOEXEC));
    return fd;
}

QString tailOf(QFile& file, qint64 bytes)
{
    const bool whole = file.size() <= bytes;
    file.seek(whole ? 0 : file.size() - bytes); // the child's writing moved it
    QString text = QString::fromUtf8(file.read(bytes));
    if (!whole)
        text.remove(0, text.indexOf(QLatin1Char('\n')) + 1); // a line's end alone says little
    return text;
}

/// This process's environment without what was meant for it alone.
std::vector<std::string> environmentForChild()
{
    std::vector<std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view variable(*entry);
        if (!variable.starts_with("XDG_ACTIVATION_TOKEN=") &&
            !variable.starts_with("DESKTOP_STARTUP_ID=") && !variable.starts_with("DBUS_STARTER_"))
            variables.emplace_back(variable);
    }
    return variables;
}

std::vector<char*> pointersTo(std::vector<std::string>& strings)
{
    std::vector<char*> pointers;
    for (std::string& string : strings)
        pointers.push_back(string.data());
    pointers.push_back(nullptr);
    return pointers;
}

/// Owns what posix_spawn(3) wants: nothing on its input, both outputs to a file, a session of its
/// own, no signal blocked or ignored.
class SpawnPlan {
public:
    explicit SpawnPlan(int output)
    {
        ::posix_spawn_file_actions_init(&m_actions);
        ::posix_spawnattr_init(&m_attributes);
        ::posix_spawn_file_actions_addopen(&m_actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&m_actions, output, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&m_actions, output, STDERR_FILENO);
        sigset_t none;
        ::sigemptyset(&none);
        sigset_t all;
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&m_attributes, &none);
        ::posix_spawnattr_setsigdefault(&m_attributes, &all);
        ::posix_spawnattr_setflags(&m_attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                      POSIX_SPAWN_SETSIGDEF);
    }
    ~SpawnPlan()
    {
        ::posix_spawnattr_destroy(&m_attributes);
        ::posix_spawn_file_actions_destroy(&m_actions);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    const posix_spawn_file_actions_t* actions() const { return &m_actions; }
    const posix_spawnattr_t* attributes() const { return &m_attributes; }

private:
    posix_spawn_file_actions_t m_actions;
    posix_spawnattr_t m_attributes;
};

} // namespace

LibraryLauncher::LibraryLauncher(std::string program, QObject* parent)
    : QObject(parent), m_program(std::move(program))
{}

LibraryLauncher::~LibraryLauncher() = default;

Result<void> LibraryLauncher::start(const QString& id, const std::string& folder)
{
    if (m_children.contains(id))
        return {};
    Child child;
    child.output = openOutput(folder);
    if (!child.output.valid())
        return Error::fromErrno("the machine's process cannot be given an output", errno);
    child.pid = TRY(spawn(id, child.output.get()));
    return follow(id, std::move(child));
}

Result<pid_t> LibraryLauncher::spawn(const QString& id, int output) const
{
    const SpawnPlan plan(output);
    std::vector<std::string> words = {m_program, "--machine", id.toStdString()};
    std::vector<std::string> variables = environmentForChild();
    pid_t pid = -1;
    const int problem = ::posix_spawn(&pid, m_program.c_str(), plan.actions(), plan.attributes(),
                                      pointersTo(words).data(), pointersTo(variables).data());
    if (problem != 0)
        return Error::fromErrno("the machine's process cannot be started", problem);
    return pid;
}

/// The child cannot vanish before it is followed: it stays a zombie until reap().
Result<void> LibraryLauncher::follow(const QString& id, Child child)
{
    child.handle.reset(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
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
    if (::waitpid(found->second.pid, &status, WNOHANG) == 0)
        return;
    found->second.notifier->setEnabled(false);
    found->second.notifier.release()->deleteLater(); // it is what called us
    QFile output;
    const QString words = output.open(found->second.output.get(), QIODevice::ReadOnly)
                              ? lastLineOf(tailOf(output, kTail))
                              : QString();
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
    return ::kill(found->second.pid, SIGTERM) ==
           0; // not reaped yet, so the number is still its own
}

QString tailOf(const std::string& file, qint64 bytes)
{
    QFile log(QString::fromStdString(file));
    return log.open(QIODevice::ReadOnly) ? tailOf(log, bytes) : QString();
}

QString lastLineOf(const QString& text)
{
    const auto lines = QStringView(text).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
        if (const QStringView words = line->trimmed(); !words.isEmpty())
            return words.left(kMaxLine).toString();
    return {};
}

} // namespace app::main
