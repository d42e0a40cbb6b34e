// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/host_report.h"

#include "app/host/host_checks.h"
#include "vmm/machine/accel.h"

namespace app::main {

cli::HostReport hostReport()
{
    using vmm::spec::Accel;
    const vmm::machine::KvmFacts facts = vmm::machine::probeKvm();
    const auto choice = vmm::machine::chooseAccel(Accel::Auto, facts);
    const auto usable = host::checkKvm();
    cli::HostReport report;
    if (facts.problem.empty())
        report.kvm = "can be used";
    else // the check knows what to do about it
        report.kvm = usable ? facts.problem : usable.error().sentence();
    if (facts.instructionsPerSecond)
        report.speed = vmm::machine::speedText(*facts.instructionsPerSecond) +
                       " instructions a second in ring 0";
    report.hardware = facts.hardware ? "VT-x or AMD-V" : "none visible";
    report.cpuModel = vmm::machine::softCpuModel();
    report.choice = choice.accel == Accel::Kvm ? "kvm" : "soft";
    report.reason = choice.reason;
    return report;
}

} // namespace app::main
