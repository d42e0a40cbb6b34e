// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/library/guest_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace app::library {

using vmm::Error;
using vmm::Result;
using vmm::UniqueFd;

namespace {

constexpr size_t kTail = 4096;
constexpr size_t kMaxLine = 300;

/// On the bundle's disk where that is possible, else in memory.
Result<UniqueFd> openOutput(const std::filesystem::path& folder)
{
    UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600));
    if (!fd.valid())
        fd.reset(::memfd_create("vitrine-output", MFD_CLOEXEC));
    if (!fd.valid())
        return Error::fromErrno("a file for what the machine's process prints", errno);
    return fd;
}

/// This process's environment with the focus's token, and without what was meant for us alone.
std::vector<std::string> environmentWith(const std::string& token)
{
    std::vector<std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view variable(*entry);
        if (!variable.starts_with("XDG_ACTIVATION_TOKEN=") &&
            !variable.starts_with("DESKTOP_STARTUP_ID=") && !variable.starts_with("DBUS_STARTER_"))
            variables.emplace_back(variable);
    }
    if (!token.empty()) {
        variables.push_back("XDG_ACTIVATION_TOKEN=" + token);
        variables.push_back("DESKTOP_STARTUP_ID=" + token);
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

std::string_view trimmed(std::string_view line)
{
    const size_t begin = line.find_first_not_of(" \t\r");
    return begin == std::string_view::npos
               ? std::string_view()
               : line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

/// At most kMaxLine bytes, and no part of a character of UTF-8 at their end.
std::string_view cut(std::string_view line)
{
    size_t size = std::min(line.size(), kMaxLine);
    while (size > 0 && size < line.size() &&
           (static_cast<unsigned char>(line[size]) & 0xc0) == 0x80)
        --size;
    return line.substr(0, size);
}

/// The last line of `text`, which loses it.
std::string_view takeLastLine(std::string_view& text)
{
    const size_t newline = text.rfind('\n');
    const auto line = trimmed(newline == std::string_view::npos ? text : text.substr(newline + 1));
    text = newline == std::string_view::npos ? std::string_view() : text.substr(0, newline);
    return line;
}

/// What a run reports first, once it has a machine.
constexpr std::string_view kFirstReport = "accel: ";
/// Lines of every run, however it ends.
constexpr std::array<std::string_view, 10> kUsual = {
    "console: ", "control: ", "debug ",   "info ",   "install: ",
    "medium: ",  "resumed: ", "serial: ", "state: ", "suspended: "};

/// A '0' of the shape is any digit.
bool hasShape(std::string_view line, std::string_view shape)
{
    const auto fits = [](char wanted, char is) {
        return wanted == '0' ? is >= '0' && is <= '9' : wanted == is;
    };
    return line.size() >= shape.size() &&
           std::equal(shape.begin(), shape.end(), line.begin(), fits);
}

/// Without the time of a bundle's log, the program's name, or the time of vmm::log().
std::string_view withoutHead(std::string_view line)
{
    for (const std::string_view head : {"0000-00-00 00:00:00 ", "vitrine: ", "00:00:00.000 "})
        if (hasShape(line, head))
            line.remove_prefix(head.size());
    return line;
}

bool usual(std::string_view line)
{
    return std::any_of(kUsual.begin(), kUsual.end(),
                       [line](std::string_view start) { return line.starts_with(start); });
}

/// Without what only says of which kind the line is: "message: ", "warning vmm.gpu: ".
std::string_view sentenceOf(std::string_view line)
{
    const size_t colon = line.find(": ");
    const bool logged = line.starts_with("warning ") || line.starts_with("error ");
    if (colon != std::string_view::npos && (logged || line.starts_with("message: ")))
        line.remove_prefix(colon + 2);
    return line;
}

/// At most the last `bytes` of the file, without the part of a line at their start: a line's end
/// alone says little. A giant line's end is better than nothing.
std::string tailOf(const UniqueFd& file, size_t bytes)
{
    struct stat facts = {};
    if (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode))
        return {};
    const off_t begin = std::max<off_t>(0, facts.st_size - static_cast<off_t>(bytes));
    std::string text(static_cast<size_t>(facts.st_size - begin), '\0');
    const ssize_t got = ::pread(file.get(), text.data(), text.size(), begin);
    text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    const size_t newline = text.find('\n');
    if (begin > 0 && newline != std::string::npos && newline + 1 < text.size())
        text.erase(0, newline + 1);
    return text;
}

UniqueFd openLog(const std::filesystem::path& bundle)
{
    const auto path = bundle / "log.txt";
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
}

} // namespace

Result<StartedGuest> startGuestProcess(const GuestProcess& process)
{
    StartedGuest started;
    started.output = TRY(openOutput(process.folder));
    const SpawnPlan plan(started.output.get());
    std::vector<std::string> words = {process.program, "--machine", process.id};
    words.insert(words.end(), process.arguments.begin(), process.arguments.end());
    std::vector<std::string> variables = environmentWith(process.activationToken);
    const int problem =
        ::posix_spawn(&started.pid, process.program.c_str(), plan.actions(), plan.attributes(),
                      pointersTo(words).data(), pointersTo(variables).data());
    if (problem != 0)
        return Error::fromErrno("the machine's process cannot be started", problem);
    return started;
}

std::string lastLine(const UniqueFd& output)
{
    const std::string text = tailOf(output, kTail);
    std::string_view rest = text;
    while (!rest.empty())
        if (const auto line = takeLastLine(rest); !line.empty())
            return std::string(cut(line));
    return {};
}

std::string lastTrouble(const UniqueFd& output)
{
    const std::string text = tailOf(output, kTail);
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto line = withoutHead(takeLastLine(rest));
        if (line.starts_with(kFirstReport))
            return {}; // what is before is of another run
        if (!line.empty() && !usual(line))
            return std::string(cut(sentenceOf(line)));
    }
    return {};
}

std::string logTail(const std::filesystem::path& bundle, size_t bytes)
{
    const UniqueFd log = openLog(bundle);
    return log.valid() ? tailOf(log, bytes) : std::string();
}

std::string lastLogTrouble(const std::filesystem::path& bundle)
{
    const UniqueFd log = openLog(bundle);
    return log.valid() ? lastTrouble(log) : std::string();
}

} // namespace app::library
