// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/host_memory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <span>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

namespace vmm::machine {

namespace {

/// 200 ms of any two seconds; unprivileged triggers may only use multiples of two seconds. Written
/// with its NUL: the kernel puts one over the last byte.
constexpr char kTrigger[] = "some 200000 2000000";

/// The file from its beginning; these files are made anew for each reading.
std::string_view readAgain(const UniqueFd& file, std::span<char> buffer)
{
    const ssize_t got =
        file.valid() ? ::pread(file.get(), buffer.data(), buffer.size(), 0) : ssize_t{0};
    return {buffer.data(), got > 0 ? static_cast<size_t>(got) : 0};
}

/// The number of KiB behind `name` at the start of a line.
std::optional<uint64_t> kibibytes(std::string_view text, std::string_view name)
{
    for (size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
        if (at != 0 && text[at - 1] != '\n')
            continue;
        std::string_view rest = text.substr(at + name.size());
        rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
        uint64_t value = 0;
        const auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
        if (status == std::errc{} && value < uint64_t{1} << 50)
            return value;
    }
    return std::nullopt;
}

} // namespace

std::optional<HostMemory> parseMemInfo(std::string_view text)
{
    const auto total = kibibytes(text, "MemTotal:");
    const auto available = kibibytes(text, "MemAvailable:");
    if (!total || !available)
        return std::nullopt;
    HostMemory memory;
    memory.total = *total << 10;
    memory.available = *available << 10;
    return memory;
}

double parseStall(std::string_view text)
{
    constexpr std::string_view kStart = "some avg10=";
    if (!text.starts_with(kStart))
        return 0;
    // "0.00" whatever the locale: both sides of the point are whole numbers.
    unsigned whole = 0;
    unsigned hundredths = 0;
    const char* end = text.data() + text.size();
    const auto first = std::from_chars(text.data() + kStart.size(), end, whole);
    if (first.ec != std::errc{} || end - first.ptr < 3 || *first.ptr != '.')
        return 0;
    const auto second = std::from_chars(first.ptr + 1, first.ptr + 3, hundredths);
    return second.ec == std::errc{} ? whole + hundredths / 100.0 : 0;
}

Result<std::unique_ptr<ProcMemory>> ProcMemory::create(EventLoop& loop, std::function<void()> alarm,
                                                       const std::string& folder)
{
    std::unique_ptr<ProcMemory> made(new ProcMemory(loop, std::move(alarm)));
    const auto open = [&folder](const char* name) {
        return UniqueFd(::open((folder + name).c_str(), O_RDONLY | O_CLOEXEC));
    };
    made->m_memInfo = open("/meminfo");
    if (!made->m_memInfo.valid())
        return Error::fromErrno(folder + "/meminfo", errno);
    made->m_pressure = open("/pressure/memory");
    if (made->m_pressure.valid())
        made->openTrigger(folder + "/pressure/memory");
    return made;
}

ProcMemory::~ProcMemory()
{
    if (m_trigger.valid())
        m_loop.remove(m_poll.get());
}

/// Stays without where it is not permitted.
void ProcMemory::openTrigger(const std::string& path)
{
    UniqueFd trigger(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!trigger.valid() || ::write(trigger.get(), kTrigger, sizeof kTrigger) < 0)
        return;
    UniqueFd poll(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{};
    event.events = EPOLLPRI;
    if (!poll.valid() || ::epoll_ctl(poll.get(), EPOLL_CTL_ADD, trigger.get(), &event) != 0)
        return;
    m_poll = std::move(poll);
    m_trigger = std::move(trigger);
    if (!m_loop.watch(m_poll.get(), [this] { triggered(); }))
        m_trigger.reset();
}

void ProcMemory::triggered()
{
    // Looking at a trigger ends its event, and the loop has looked already: that it calls is the
    // news. Looked at here as well for errors only, which would never end.
    epoll_event event{};
    if (::epoll_wait(m_poll.get(), &event, 1, 0) > 0 && (event.events & EPOLLERR) != 0) {
        ::epoll_ctl(m_poll.get(), EPOLL_CTL_DEL, m_trigger.get(), nullptr);
        return;
    }
    m_alarmed = true;
    m_alarm();
}

HostMemory ProcMemory::read()
{
    std::array<char, 4096> text{};
    // The two lines are among the first three.
    HostMemory memory =
        parseMemInfo(readAgain(m_memInfo, std::span(text).first(256))).value_or(HostMemory{1, 1});
    memory.stall = parseStall(readAgain(m_pressure, text));
    memory.alarmed = std::exchange(m_alarmed, false);
    return memory;
}

} // namespace vmm::machine
