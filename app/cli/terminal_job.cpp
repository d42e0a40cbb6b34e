// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/terminal_job.h"

#include <array>

#include <fmt/core.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app/cli/complaint.h"

namespace app::cli {

TerminalJob::TerminalJob(std::string what)
    : m_what(std::move(what)),
      m_terminal(::isatty(STDERR_FILENO) == 1),
      m_job([this](int perMille) { show(perMille); })
{
    sigset_t ending;
    ::sigemptyset(&ending);
    ::sigaddset(&ending, SIGINT);
    ::sigaddset(&ending, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &ending, &m_before);
    m_signals.reset(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
    m_over.reset(::eventfd(0, EFD_CLOEXEC));
    m_watcher = std::thread([this] { waitForSignal(); });
}

TerminalJob::~TerminalJob()
{
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(m_over.get(), &one, sizeof one);
    m_watcher.join();
    ::pthread_sigmask(SIG_SETMASK, &m_before, nullptr);
    if (m_terminal && m_percent >= 0)
        showOnTerminal("\r\033[K");
}

void TerminalJob::waitForSignal()
{
    std::array<pollfd, 2> waits = {{{m_signals.get(), POLLIN, 0}, {m_over.get(), POLLIN, 0}}};
    while (::poll(waits.data(), waits.size(), -1) < 0) {
    }
    if ((waits[0].revents & POLLIN) != 0)
        m_job.cancel();
}

void TerminalJob::show(int perMille)
{
    const int percent = perMille / 10;
    if (!m_terminal || percent == m_percent)
        return;
    m_percent = percent;
    showOnTerminal(fmt::format("\r{}: {} %", m_what, percent));
}

} // namespace app::cli
