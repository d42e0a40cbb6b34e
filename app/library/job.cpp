// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/library/job.h"

#include <algorithm>

namespace app::library {

vmm::Result<void> Job::step(uint64_t done, uint64_t total)
{
    constexpr double kWhole = 1000;
    if (cancelled())
        return vmm::Error(vmm::ErrorCode::Cancelled, "given up");
    const double part = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
    const int perMille = static_cast<int>(std::clamp(part, 0.0, 1.0) * kWhole);
    if (perMille != m_last && m_progress)
        m_progress(perMille);
    m_last = perMille;
    return {};
}

} // namespace app::library
