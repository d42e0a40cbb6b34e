// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/host_report.h"

#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "app/host/host_checks.h"
#include "vmm/firmware/uefi.h"
#include "vmm/machine/accel.h"

namespace app::main {

namespace {

using host::HostCheck;
using Verdict = HostCheck::Verdict;

/// Where machines are kept unless the person says otherwise.
std::filesystem::path machinesFolder()
{
    const char* data = std::getenv("XDG_DATA_HOME");
    if (data != nullptr && *data == '/')
        return std::filesystem::path(data) / "vitrine/machines";
    const char* home = std::getenv("HOME");
    return std::filesystem::path(home != nullptr ? home : "/") / ".local/share/vitrine/machines";
}

/// What stands behind /dev/kvm: the processor, or a program that pretends.
HostCheck speedCheck(const cli::HostReport& report, const vmm::machine::KvmFacts& facts)
{
    HostCheck check{"speed", "Speed", {}, {}, Verdict::Good};
    if (!facts.problem.empty()) {
        check.finding = "Machines run on the software CPU, which is many times slower";
        check.advice = "Do what is said about KVM above";
        check.verdict = Verdict::Limited;
    } else if (facts.hardware) {
        check.finding = "Machines run on the processor itself (VT-x or AMD-V)";
    } else {
        check.finding = "KVM has no processor's virtualization behind it: " +
                        (report.speed.empty() ? "not measured" : report.speed);
        check.advice = "If this computer is itself a virtual machine, turn on nested "
                       "virtualization for it";
        check.verdict = Verdict::Limited;
    }
    return check;
}

/// Whether firmware is installed; without any, only kernels can be started.
HostCheck firmwareCheck(const char* id, const char* title, const char* path, Verdict whenMissing)
{
    HostCheck check{id, title, "It is installed", {}, Verdict::Good};
    const auto firmware = vmm::firmware::loadFirmware(
        path, *path == '\0' ? vmm::firmware::firmwareFolders() : vmm::firmware::uefiFolders());
    if (firmware)
        return check;
    check.finding = firmware.error().sentence();
    check.advice = *path == '\0' ? "Install the package seabios" : "Install the package ovmf";
    check.verdict = whenMissing;
    return check;
}

std::vector<HostCheck> checksOf(const cli::HostReport& report, const vmm::machine::KvmFacts& facts)
{
    std::vector<HostCheck> checks = host::surveyHost(machinesFolder());
    checks.insert(checks.begin() + 1, speedCheck(report, facts));
    checks.push_back(firmwareCheck("bios", "BIOS firmware", "", Verdict::Bad));
    checks.push_back(firmwareCheck("uefi", "UEFI firmware", "uefi", Verdict::Limited));
    return checks;
}

} // namespace

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
    report.checks = checksOf(report, facts);
    return report;
}

} // namespace app::main
