// SPDX-License-Identifier: GPL-3.0-or-later
// CPUID models by name: what the software vCPU says it is. Only what is implemented is offered.
#pragma once

#include <cstdint>
#include <string_view>

namespace vmm::cpu {

/// The four registers CPUID answers with.
struct CpuidResult {
    uint32_t eax = 0;
    uint32_t ebx = 0;
    uint32_t ecx = 0;
    uint32_t edx = 0;
};

/// What one answer depends on besides leaf and subleaf.
struct CpuidContext {
    unsigned index = 0; ///< APIC ID
    unsigned cpus = 1;
    uint64_t cr4 = 0;  ///< OSXSAVE
    uint64_t xcr0 = 1; ///< size of the XSAVE area
    bool apicEnabled = true;
    uint64_t ticksPerSecond = 0; ///< of the time stamp counter
};

/// A CPU model: "vitrine-v2" (x86-64-v2) or "vitrine-v3".
struct CpuidModel {
    std::string_view name;
    bool v3 = false; ///< AVX, AVX2, BMI1/2, FMA, F16C, MOVBE
    CpuidResult query(uint32_t leaf, uint32_t subleaf, const CpuidContext& context) const;
    /// The model with this name, or null.
    static const CpuidModel* find(std::string_view name);
    /// The best model whose native instructions this host's CPU has.
    static const CpuidModel& best();
};

} // namespace vmm::cpu
