// SPDX-License-Identifier: GPL-3.0-or-later
// Part: a share of a job's progress, for work that has several steps.
#pragma once

#include "app/library/job.h"

namespace app::import {

/// Steps from 0 to `total` of one piece of work become a slice of the whole job's. Worker's thread;
/// the job outlives it.
class Part {
public:
    explicit Part(library::Job& job) : Part(job, 0.0, 1.0) {}

    /// The slice of this part from `from` to `to`, both 0 to 1.
    Part slice(double from, double to) const
    {
        const double length = m_to - m_from;
        return {*m_job, m_from + length * from, m_from + length * to};
    }

    bool cancelled() const { return m_job->cancelled(); }

    /// Cancelled when somebody gave up.
    vmm::Result<void> step(uint64_t done, uint64_t total)
    {
        const double ratio =
            total == 0 ? 0.0 : static_cast<double>(done) / static_cast<double>(total);
        const double at = m_from + (m_to - m_from) * (ratio < 1.0 ? ratio : 1.0);
        return m_job->step(static_cast<uint64_t>(at * kUnits), kUnits);
    }

private:
    static constexpr uint64_t kUnits = 1'000'000;

    Part(library::Job& job, double from, double to) : m_job(&job), m_from(from), m_to(to) {}

    library::Job* m_job;
    double m_from;
    double m_to;
};

} // namespace app::import
