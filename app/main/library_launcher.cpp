// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_launcher.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <vector>

#include <QFile>
#include <QSocketNotifier>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace app::main {

using vmm::Error;
using vmm::Result;
using vmm::UniqueFd;

namespace {

constexpr off_t kLogLimit = off_t{1} << 20; // a log this long begins anew
constexpr qint64 kTail = 4096;
constexpr qsizetype kMaxLine = 300;

Result<UniqueFd> openLog(const std::string& file)
{
    UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid())
        return Error::fromErrno(file, errno);
    struct stat facts = {};
    if (::fstat(fd.get(), &facts) == 0 && facts.st_size > kLogLimit &&
        ::ftruncate(fd.get(), 0) != 0)
        return Error::fromErrno(file, errno);
    return fd;
}

/// This process's environment with the focus's token, and without what was meant for the library.
std::vector<std::string> environmentWith(const QString& token)
{
    std::vector<std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view variable(*entry);
        if (!variable.starts_with("XDG_ACTIVATION_TOKEN=") &&
            !variable.starts_with("DESKTOP_STARTUP_ID=") && !variable.starts_with("DBUS_STARTER_"))
            variables.emplace_back(variable);
    }
    if (!token.isEmpty()) {
        variables.push_back("XDG_ACTIVATION_TOKEN=" + token.toStdString());
        variables.push_back("DESKTOP_STARTUP_ID=" + token.toStdString());
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

/// Owns what posix_spawn(3) wants: nothing on its input, both outputs to the log, a session of its
/// own, no signal blocked or ignored.
class SpawnPlan {
public:
    explicit SpawnPlan(int log)
    {
        ::posix_spawn_file_actions_init(&m_actions);
        ::posix_spawnattr_init(&m_attributes);
        ::posix_spawn_file_actions_addopen(&m_actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&m_actions, log, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&m_actions, log, STDERR_FILENO);
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

Result<void> LibraryLauncher::start(const QString& id, const std::string& log, const QString& token)
{
    if (m_children.contains(id))
        return {};
    const UniqueFd output = TRY(openLog(log));
    return follow(id, TRY(spawn(id, output.get(), token)));
}

Result<pid_t> LibraryLauncher::spawn(const QString& id, int log, const QString& token) const
{
    const SpawnPlan plan(log);
    std::vector<std::string> words = {m_program, "--machine", id.toStdString()};
    std::vector<std::string> variables = environmentWith(token);
    pid_t pid = -1;
    const int problem = ::posix_spawn(&pid, m_program.c_str(), plan.actions(), plan.attributes(),
                                      pointersTo(words).data(), pointersTo(variables).data());
    if (problem != 0)
        return Error::fromErrno("the machine's process cannot be started", problem);
    return pid;
}

/// The child cannot vanish before it is followed: it stays a zombie until reap().
Result<void> LibraryLauncher::follow(const QString& id, pid_t pid)
{
    Child child;
    child.pid = pid;
    child.handle.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
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
    m_children.erase(found);
    emit ended(id, WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
}

bool LibraryLauncher::terminate(const QString& id)
{
    const auto found = m_children.find(id);
    return found != m_children.end() && ::kill(found->second.pid, SIGTERM) == 0;
}

QString tailOf(const std::string& file, qint64 bytes)
{
    QFile log(QString::fromStdString(file));
    if (!log.open(QIODevice::ReadOnly))
        return {};
    const bool whole = log.size() <= bytes;
    if (!whole)
        log.seek(log.size() - bytes);
    QString text = QString::fromUtf8(log.read(bytes));
    if (!whole)
        text.remove(0, text.indexOf(QLatin1Char('\n')) + 1); // a line's end alone says little
    return text;
}

QString lastLineOf(const std::string& file)
{
    const QString tail = tailOf(file, kTail);
    const auto lines = QStringView(tail).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
        if (const QStringView text = line->trimmed(); !text.isEmpty())
            return text.left(kMaxLine).toString();
    return {};
}

} // namespace app::main
