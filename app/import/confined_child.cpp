// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/import/confined_child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <linux/landlock.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vmm/base/unique_fd.h"

namespace app::import {

namespace {

using vmm::Error;
using vmm::ErrorCode;
using vmm::UniqueFd;
using Clock = std::chrono::steady_clock;

constexpr int kFirstPassed = 3;
constexpr int kOutOfTheWay = 64; // above every number that is given to the child
constexpr size_t kComplaints = 4096;
constexpr int kTickMs = 100;

constexpr uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr uint64_t kReadTree = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr uint64_t kTruncate = uint64_t{1} << 14; // LANDLOCK_ACCESS_FS_TRUNCATE, Linux 6.2
constexpr uint64_t kWriteFile = kReadFile | LANDLOCK_ACCESS_FS_WRITE_FILE;
constexpr uint64_t kEverything = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1; // version 1 has them all

/// Where programs and their libraries lie; what is missing here is left out.
constexpr std::array kSystem = {"/usr", "/lib",       "/lib64",     "/bin",  "/app",
                                "/opt", "/nix/store", "/gnu/store", "/snap", "/etc/ld.so.cache"};

/// A Landlock ruleset under construction; without the kernel's help it does nothing.
class Fence {
public:
    Fence()
    {
        const long version =
            ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
        if (version < 1)
            return;
        m_truncate = version >= 3 ? kTruncate : 0;
        landlock_ruleset_attr handled = {};
        handled.handled_access_fs = kEverything | m_truncate;
        m_rules.reset(
            static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
    }

    void allow(int fd, uint64_t access) const
    {
        landlock_path_beneath_attr rule = {};
        rule.allowed_access = access;
        rule.parent_fd = fd;
        ::syscall(SYS_landlock_add_rule, m_rules.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    void allow(const std::filesystem::path& path, uint64_t access) const
    {
        const UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
        std::error_code ignored;
        const bool folder = std::filesystem::is_directory(path, ignored);
        if (fd.valid())
            allow(fd.get(), folder ? access : access & ~uint64_t{LANDLOCK_ACCESS_FS_READ_DIR});
    }
    void allowWriting(int fd) const { allow(fd, kWriteFile | m_truncate); }

    /// Holds for this thread and every program it starts from now on.
    void close() const
    {
        if (m_rules.valid() && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
            ::syscall(SYS_landlock_restrict_self, m_rules.get(), 0);
    }

private:
    UniqueFd m_rules;
    uint64_t m_truncate = 0;
};

void fenceThread(const ChildPlan& plan)
{
    const Fence fence;
    for (const char* path : kSystem)
        fence.allow(path, kReadTree);
    fence.allow("/dev/null", kWriteFile);
    fence.allow("/dev/urandom", kReadFile);
    for (const int fd : plan.files)
        fd == plan.writable ? fence.allowWriting(fd) : fence.allow(fd, kReadFile);
    for (const std::filesystem::path& path : plan.readable)
        fence.allow(path, kReadFile);
    fence.close();
}

/// posix_spawn's description of the child's descriptors and process attributes.
class Recipe {
public:
    Recipe()
    {
        ::posix_spawn_file_actions_init(&m_actions);
        ::posix_spawnattr_init(&m_attributes);
        sigset_t none;
        sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&m_attributes, &none);
        ::posix_spawnattr_setsigdefault(&m_attributes, &all);
        ::posix_spawnattr_setpgroup(&m_attributes, 0);
        ::posix_spawnattr_setflags(&m_attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                      POSIX_SPAWN_SETPGROUP);
    }
    Recipe(const Recipe&) = delete;
    Recipe& operator=(const Recipe&) = delete;
    ~Recipe()
    {
        ::posix_spawn_file_actions_destroy(&m_actions);
        ::posix_spawnattr_destroy(&m_attributes);
    }

    /// Standard input is empty; then output, complaints, and the files, in order.
    void give(int output, int complaints, const std::vector<UniqueFd>& files)
    {
        ::posix_spawn_file_actions_addopen(&m_actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&m_actions, output, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&m_actions, complaints, STDERR_FILENO);
        int number = kFirstPassed;
        for (const UniqueFd& file : files)
            ::posix_spawn_file_actions_adddup2(&m_actions, file.get(), number++);
        ::posix_spawn_file_actions_addclosefrom_np(&m_actions, number);
    }

    int spawn(pid_t& pid, const std::vector<std::string>& command,
              const std::vector<std::string>& environment) const
    {
        const std::vector<char*> arguments = pointers(command);
        const std::vector<char*> variables = pointers(environment);
        return ::posix_spawnp(&pid, arguments[0], &m_actions, &m_attributes, arguments.data(),
                              variables.data());
    }

private:
    static std::vector<char*> pointers(const std::vector<std::string>& strings)
    {
        std::vector<char*> result;
        for (const std::string& string : strings)
            result.push_back(const_cast<char*>(string.c_str()));
        result.push_back(nullptr);
        return result;
    }

    posix_spawn_file_actions_t m_actions = {};
    posix_spawnattr_t m_attributes = {};
};

/// English, so that what it says can be told apart; and what is needed to find it and its
/// libraries.
std::vector<std::string> plainEnvironment()
{
    std::vector<std::string> environment = {"LC_ALL=C.UTF-8"};
    for (const char* name : {"PATH", "LD_LIBRARY_PATH"})
        if (const char* value = std::getenv(name))
            environment.push_back(std::string(name) + '=' + value);
    return environment;
}

struct Pipe {
    UniqueFd read;
    UniqueFd write;
};

vmm::Result<Pipe> makePipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return Error::fromErrno("a pipe cannot be made", errno);
    Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
    if (::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK) != 0)
        return Error::fromErrno("a pipe cannot be made", errno);
    // Numbers below are given out in the child.
    pipe.write.reset(::fcntl(pipe.write.get(), F_DUPFD_CLOEXEC, kOutOfTheWay));
    if (!pipe.write.valid())
        return Error::fromErrno("a pipe cannot be made", errno);
    return pipe;
}

void limit(pid_t pid, __rlimit_resource resource, uint64_t amount)
{
    const rlimit limits{amount, amount};
    if (amount != 0)
        ::prlimit(pid, resource, &limits, nullptr);
}

/// A started program. Ends it, and everything it started, when it goes away. Move-only.
class Child {
public:
    static vmm::Result<Child> start(const ChildPlan& plan);
    Child(Child&& other) noexcept
        : m_pid(std::exchange(other.m_pid, -1)),
          m_ended(std::move(other.m_ended)),
          m_output(std::move(other.m_output)),
          m_complaints(std::move(other.m_complaints))
    {}
    Child& operator=(Child&&) = delete;
    ~Child()
    {
        if (m_pid < 0)
            return;
        ::kill(-m_pid, SIGKILL); // not reaped yet: the number is still its own
        (void)reap();
    }

    vmm::Result<ChildEnd> follow(const ChildPlan& plan);

private:
    Child(pid_t pid, UniqueFd ended, UniqueFd output, UniqueFd complaints)
        : m_pid(pid),
          m_ended(std::move(ended)),
          m_output(std::move(output)),
          m_complaints(std::move(complaints))
    {}

    /// Waits up to a tick; true when the program has ended.
    bool wait() const;
    vmm::Result<void> passOutput(const ChildPlan& plan);
    void collectComplaints(std::string& complaints);
    int reap();

    pid_t m_pid;
    UniqueFd m_ended; // a pidfd
    UniqueFd m_output;
    UniqueFd m_complaints;
};

vmm::Result<Child> Child::start(const ChildPlan& plan)
{
    Pipe output = TRY(makePipe());
    Pipe complaints = TRY(makePipe());
    std::vector<UniqueFd> files;
    for (const int fd : plan.files) {
        files.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, kOutOfTheWay));
        if (!files.back().valid())
            return Error::fromErrno("a descriptor cannot be copied", errno);
    }
    Recipe recipe;
    recipe.give(output.write.get(), complaints.write.get(), files);
    pid_t pid = -1;
    int failure = 0;
    const std::vector<std::string> environment = plainEnvironment();
    // Landlock holds for one thread and what it starts: so a thread for that alone.
    std::thread([&] {
        fenceThread(plan);
        failure = recipe.spawn(pid, plan.command, environment);
    }).join();
    if (failure == ENOENT)
        return Error(ErrorCode::Unsupported, "the program " + plan.command.front() +
                                                 " is missing: install it and try again");
    if (failure != 0)
        return Error::fromErrno(plan.command.front() + " cannot be started", failure);
    limit(pid, RLIMIT_AS, plan.addressSpace);
    limit(pid, RLIMIT_CPU, plan.cpuSeconds);
    Child child(pid, UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
                std::move(output.read), std::move(complaints.read));
    if (!child.m_ended.valid())
        return Error::fromErrno(plan.command.front() + " cannot be watched", errno);
    return child;
}

bool Child::wait() const
{
    std::array<pollfd, 3> waits{
        {{m_ended.get(), POLLIN, 0}, {m_output.get(), POLLIN, 0}, {m_complaints.get(), POLLIN, 0}}};
    ::poll(waits.data(), waits.size(), kTickMs);
    // A descriptor the program closed is ready for ever: do not spin on it.
    if (((waits[1].revents | waits[2].revents) & (POLLIN | POLLHUP)) == POLLHUP)
        ::poll(waits.data(), 1, kTickMs);
    return (waits[0].revents & POLLIN) != 0;
}

vmm::Result<void> Child::passOutput(const ChildPlan& plan)
{
    std::array<char, 4096> buffer{};
    ssize_t count = 0;
    while ((count = ::read(m_output.get(), buffer.data(), buffer.size())) > 0)
        TRY(plan.watch({buffer.data(), static_cast<size_t>(count)}));
    return plan.watch({});
}

void Child::collectComplaints(std::string& complaints)
{
    std::array<char, 4096> buffer{};
    ssize_t count = 0;
    while ((count = ::read(m_complaints.get(), buffer.data(), buffer.size())) > 0) {
        complaints.append(buffer.data(), static_cast<size_t>(count));
        if (complaints.size() > kComplaints)
            complaints.erase(0, complaints.size() - kComplaints);
    }
}

int Child::reap()
{
    int status = 0;
    const pid_t pid = std::exchange(m_pid, -1);
    while (::waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

vmm::Result<ChildEnd> Child::follow(const ChildPlan& plan)
{
    ChildEnd end;
    const Clock::time_point deadline = Clock::now() + plan.timeout;
    bool ended = false;
    while (!ended) {
        ended = wait();
        collectComplaints(end.complaints);
        TRY(passOutput(plan));
        if (plan.timeout.count() != 0 && !ended && Clock::now() > deadline)
            return Error(ErrorCode::Invalid, "looking at it takes too long");
    }
    end.exitCode = reap();
    return end;
}

} // namespace

vmm::Result<ChildEnd> runConfined(const ChildPlan& plan)
{
    Child child = TRY(Child::start(plan));
    return child.follow(plan);
}

} // namespace app::import
