// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/accel.h"

#include <fmt/core.h>

#include "vmm/cpu/cpuid_model.h"
#include "vmm/kvm/kvm_speed.h"

namespace vmm::machine {

namespace {

/// Between what emulation reaches, some millions, and any CPU of the last twenty years.
constexpr double kFastEnough = 50e6;

AccelChoice chooseForHost(const KvmFacts& facts)
{
    using spec::Accel;
    if (!facts.problem.empty())
        return {Accel::Soft,
                fmt::format("KVM cannot be used here ({}): using the software CPU", facts.problem)};
    if (facts.hardware)
        return {Accel::Kvm, "the CPU has VT-x or AMD-V: using KVM"};
    const double speed = facts.instructionsPerSecond.value_or(0);
    if (speed >= kFastEnough)
        return {Accel::Kvm,
                fmt::format("KVM runs {} instructions a second: using KVM", speedText(speed))};
    return {Accel::Soft, fmt::format("KVM here emulates the CPU instruction by instruction ({} a "
                                     "second): using the software CPU",
                                     speedText(speed))};
}

} // namespace

KvmFacts probeKvm()
{
    KvmFacts facts;
    facts.hardware = kvm::hasHardwareVirtualization();
    if (const auto speed = kvm::ring0InstructionsPerSecond())
        facts.instructionsPerSecond = *speed;
    else
        facts.problem = speed.error().sentence();
    return facts;
}

AccelChoice chooseAccel(spec::Accel wish, const KvmFacts& facts)
{
    switch (wish) {
    case spec::Accel::Kvm:
        return {wish, "KVM was asked for"};
    case spec::Accel::Soft:
        return {wish, "the software CPU was asked for"};
    case spec::Accel::Auto:
        break;
    }
    return chooseForHost(facts);
}

AccelChoice chooseAccel(spec::Accel wish)
{
    return chooseAccel(wish, wish == spec::Accel::Auto ? probeKvm() : KvmFacts{});
}

std::string softCpuModel()
{
    return std::string(cpu::CpuidModel::best().name);
}

std::string speedText(double instructionsPerSecond)
{
    const double millions = instructionsPerSecond / 1e6;
    return millions < 10 ? fmt::format("{:.1f} million", millions)
                         : fmt::format("{:.0f} million", millions);
}

} // namespace vmm::machine
