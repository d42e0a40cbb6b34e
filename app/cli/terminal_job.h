// SPDX-License-Identifier: GPL-3.0-or-later
// TerminalJob: a job whose progress a terminal shows and SIGINT ends.
#pragma once

#include <csignal>
#include <string>
#include <thread>

#include "app/library/job.h"
#include "vmm/base/unique_fd.h"

namespace app::cli {

/// For the time of one piece of work: SIGINT and SIGTERM cancel the job instead of ending the
/// process, and standard error, where it is a terminal, says how far the work is. Main thread,
/// before any other.
class TerminalJob {
public:
    explicit TerminalJob(std::string what);
    ~TerminalJob();
    TerminalJob(const TerminalJob&) = delete;
    TerminalJob& operator=(const TerminalJob&) = delete;

    library::Job& job() { return m_job; }

private:
    void show(int perMille);
    void waitForSignal();

    const std::string m_what;
    const bool m_terminal;
    int m_percent = -1;
    library::Job m_job;
    sigset_t m_before = {};
    vmm::UniqueFd m_signals;
    vmm::UniqueFd m_over;
    std::thread m_watcher;
};

} // namespace app::cli
