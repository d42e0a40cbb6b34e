// SPDX-License-Identifier: GPL-3.0-or-later
// Intel SDM volume 2 CPUID; Linux Documentation/virt/kvm/x86/cpuid.rst for 0x40000000.
#include "vmm/cpu/cpuid_model.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace vmm::cpu {

namespace {

constexpr uint32_t bit(unsigned n)
{
    return uint32_t{1} << n;
}

constexpr uint32_t kMaxBasic = 0x16, kMaxExtended = 0x8000'0008;
constexpr uint32_t kKvmLeaf = 0x4000'0000, kMaxKvm = 0x4000'0001, kHypervisorEnd = 0x4000'0100;
constexpr unsigned kPhysicalBits = 40, kLinearBits = 48;
constexpr uint64_t kCr4Osxsave = 1 << 18;
constexpr uint64_t kXcrAvx = 4;

/// Family 6 model 42 stepping 7: a plain processor that nobody keeps errata for.
constexpr uint32_t kSignature = 0x0002'06a7;

// Leaf 1.
constexpr uint32_t kFeatures1Edx =
    bit(0) | bit(1) | bit(2) | bit(3) | bit(4) | bit(5) | bit(6) | bit(7) | bit(8) | bit(9) |
    bit(11) | bit(12) | bit(13) | bit(14) | bit(15) | bit(16) | bit(17) | bit(19) | bit(23) |
    bit(24) | bit(25) | bit(26); // fpu, vme ... pse36, clflush, mmx ... sse2
constexpr uint32_t kHyperThreading = bit(28), kApic = bit(9);
constexpr uint32_t kFeatures1Ecx = bit(0) | bit(13) | bit(17) | bit(21) | bit(22) | bit(23) |
                                   bit(24) | bit(26) | bit(30) | bit(31); // sse3, cx16, pcid,
// x2apic, movbe, popcnt, deadline, xsave, rdrand
constexpr uint32_t kHostEcx = bit(9) | bit(19) | bit(20); // ssse3, sse4.1, sse4.2
constexpr uint32_t kPclmul = bit(1), kAes = bit(25), kOsxsave = bit(27);
constexpr uint32_t kV3Ecx = bit(12) | bit(28) | bit(29); // fma, avx, f16c

// Leaf 7.
constexpr uint32_t kFeatures7Ebx = bit(0) | bit(1) | bit(3) | bit(7) | bit(8) | bit(9) | bit(10) |
                                   bit(18) | bit(19) | bit(20) | bit(23); // fsgsbase, tsc_adjust,
// bmi1, smep, bmi2, erms, invpcid, rdseed, adx, smap, clflushopt
constexpr uint32_t kAvx2 = bit(5), kSha = bit(29);
constexpr uint32_t kFeatures7Ecx = bit(2) | bit(22); // umip, rdpid
// SPEC_CTRL and ARCH_CAPABILITIES: how a guest learns that it needs no mitigations.
constexpr uint32_t kFeatures7Edx = bit(26) | bit(29);

// 0x80000001.
constexpr uint32_t kExtendedEdx = bit(11) | bit(20) | bit(26) | bit(27) | bit(29);
constexpr uint32_t kExtendedEcx = bit(0) | bit(8); // lahf, prefetchw
constexpr uint32_t kLzcnt = bit(5);

/// What this host's CPU can do of what runs natively. Only the bits asked about.
struct Host {
    uint32_t ecx1 = 0;
    uint32_t ebx7 = 0;
    uint32_t extendedEcx = 0;
};

Host askHost()
{
    Host host;
#if defined(__x86_64__)
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) != 0)
        host.ecx1 = c;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0)
        host.ebx7 = b;
    if (__get_cpuid(0x8000'0001, &a, &b, &c, &d) != 0)
        host.extendedEcx = c;
#endif
    return host;
}

/// Asked once: CPUID is slow inside a virtual machine.
const Host& host()
{
    static const Host kHost = askHost();
    return kHost;
}

CpuidResult vendorLeaf(uint32_t highest)
{
    return {highest, 0x756e'6547, 0x6c65'746e, 0x4965'6e69}; // "GenuineIntel"
}

CpuidResult featureLeaf(const CpuidModel& model, const CpuidContext& context)
{
    CpuidResult result;
    result.eax = kSignature;
    result.ebx = context.index << 24 | (context.cpus & 0xff) << 16 | 8 << 8;
    result.ecx = kFeatures1Ecx | (host().ecx1 & (kHostEcx | kPclmul | kAes));
    if (model.v3)
        result.ecx |= kV3Ecx;
    if ((context.cr4 & kCr4Osxsave) != 0)
        result.ecx |= kOsxsave;
    result.edx = kFeatures1Edx;
    if (context.cpus > 1)
        result.edx |= kHyperThreading;
    if (!context.apicEnabled)
        result.edx &= ~kApic;
    return result;
}

/// Deterministic cache parameters: `ways` of `sets` lines of 64 bytes.
CpuidResult cache(unsigned type, unsigned level, unsigned ways, unsigned sets, unsigned sharing,
                  unsigned cpus)
{
    CpuidResult result;
    result.eax = type | level << 5 | bit(8) | (sharing - 1) << 14 | ((cpus - 1) & 0x3f) << 26;
    result.ebx = 63 | (ways - 1) << 22;
    result.ecx = sets - 1;
    return result;
}

CpuidResult cacheLeaf(uint32_t subleaf, const CpuidContext& context)
{
    const unsigned cpus = context.cpus == 0 ? 1 : context.cpus;
    constexpr unsigned kData = 1, kCode = 2, kUnified = 3;
    switch (subleaf) {
    case 0:
        return cache(kData, 1, 8, 64, 1, cpus); // 32 KiB
    case 1:
        return cache(kCode, 1, 8, 64, 1, cpus);
    case 2:
        return cache(kUnified, 2, 16, 1024, 1, cpus); // 1 MiB
    case 3:
        return cache(kUnified, 3, 16, 8192, cpus, cpus); // 8 MiB, shared
    default:
        return {};
    }
}

CpuidResult structuredLeaf(const CpuidModel& model, uint32_t subleaf)
{
    if (subleaf != 0)
        return {};
    CpuidResult result;
    result.ebx = kFeatures7Ebx | (host().ebx7 & kSha) | (model.v3 ? kAvx2 : 0);
    result.ecx = kFeatures7Ecx;
    result.edx = kFeatures7Edx;
    return result;
}

/// One package, one thread a core.
CpuidResult topologyLeaf(uint32_t subleaf, const CpuidContext& context)
{
    constexpr uint32_t kThread = 1, kCore = 2;
    CpuidResult result;
    result.ecx = subleaf & 0xff;
    result.edx = context.index;
    if (subleaf == 0) {
        result.ebx = 1;
        result.ecx |= kThread << 8;
    } else if (subleaf == 1) {
        result.eax = context.cpus > 1 ? static_cast<uint32_t>(std::bit_width(context.cpus - 1)) : 0;
        result.ebx = context.cpus;
        result.ecx |= kCore << 8;
    }
    return result;
}

/// SDM volume 1 section 13.2: legacy region and header, then AVX at 576.
CpuidResult xsaveLeaf(const CpuidModel& model, uint32_t subleaf, const CpuidContext& context)
{
    constexpr uint32_t kBase = 576, kAvxSize = 256;
    CpuidResult result;
    if (subleaf == 0) {
        result.eax = model.v3 ? 7 : 3;
        result.ebx = (context.xcr0 & kXcrAvx) != 0 ? kBase + kAvxSize : kBase;
        result.ecx = model.v3 ? kBase + kAvxSize : kBase;
    } else if (subleaf == 2 && model.v3) {
        result.eax = kAvxSize;
        result.ebx = kBase;
    }
    return result;
}

CpuidResult frequencyLeaf(const CpuidContext& context)
{
    const auto mhz = static_cast<uint32_t>(context.ticksPerSecond / 1'000'000 & 0xffff);
    return {mhz, mhz, 100, 0};
}

CpuidResult kvmLeaf(uint32_t leaf, const CpuidContext& context)
{
    if (leaf == kKvmLeaf)
        return {kMaxKvm, 0x4b4d'564b, 0x564b'4d56, 0x4d}; // "KVMKVMKVM"
    // Both clocks and that their counter is stable; nothing if there is no counter to build on.
    constexpr uint32_t kClocks = bit(0) | bit(3) | bit(24);
    if (leaf == kMaxKvm && context.ticksPerSecond != 0)
        return {kClocks, 0, 0, 0};
    return {};
}

CpuidResult brandLeaf(uint32_t part)
{
    static constexpr std::string_view kBrand = "Vitrine software CPU";
    std::array<char, 48> text{};
    kBrand.copy(text.data(), kBrand.size());
    std::array<uint32_t, 4> words{};
    std::memcpy(words.data(), text.data() + size_t{16} * part, sizeof words);
    return {words[0], words[1], words[2], words[3]};
}

CpuidResult extendedLeaf(const CpuidModel& model, uint32_t leaf)
{
    switch (leaf) {
    case 0x8000'0000:
        return {kMaxExtended, 0, 0, 0};
    case 0x8000'0001:
        return {0, 0, kExtendedEcx | (model.v3 ? kLzcnt : 0), kExtendedEdx};
    case 0x8000'0002:
    case 0x8000'0003:
    case 0x8000'0004:
        return brandLeaf(leaf - 0x8000'0002);
    case 0x8000'0006: // 1 MiB, 16 ways, lines of 64 bytes
        return {0, 0, 1024 << 16 | 8 << 12 | 64, 0};
    case 0x8000'0007: // the counter runs at one rate
        return {0, 0, 0, bit(8)};
    case 0x8000'0008:
        return {kPhysicalBits | kLinearBits << 8, 0, 0, 0};
    default:
        return {};
    }
}

CpuidResult basicLeaf(const CpuidModel& model, uint32_t leaf, uint32_t subleaf,
                      const CpuidContext& context)
{
    switch (leaf) {
    case 0:
        return vendorLeaf(kMaxBasic);
    case 1:
        return featureLeaf(model, context);
    case 2: // "see leaf 4"
        return {0x00fe'ff01, 0, 0, 0};
    case 4:
        return cacheLeaf(subleaf, context);
    case 6: // the APIC timer runs in every power state
        return {bit(2), 0, 0, 0};
    case 7:
        return structuredLeaf(model, subleaf);
    case 0xb:
        return topologyLeaf(subleaf, context);
    case 0xd:
        return xsaveLeaf(model, subleaf, context);
    case 0x16:
        return frequencyLeaf(context);
    default:
        return {};
    }
}

constexpr CpuidModel kModels[] = {{"vitrine-v2", false}, {"vitrine-v3", true}};

} // namespace

CpuidResult CpuidModel::query(uint32_t leaf, uint32_t subleaf, const CpuidContext& context) const
{
    if (leaf >= kKvmLeaf && leaf < kHypervisorEnd)
        return kvmLeaf(leaf, context);
    if (leaf >= 0x8000'0000 && leaf <= kMaxExtended)
        return extendedLeaf(*this, leaf);
    // Beyond the last one Intel's processors answer with the highest basic leaf.
    return basicLeaf(*this, leaf <= kMaxBasic ? leaf : kMaxBasic, subleaf, context);
}

const CpuidModel* CpuidModel::find(std::string_view name)
{
    for (const CpuidModel& model : kModels) {
        if (model.name == name)
            return &model;
    }
    return nullptr;
}

const CpuidModel& CpuidModel::best()
{
    const bool v3 = (host().ecx1 & kV3Ecx) == kV3Ecx && (host().ecx1 & kOsxsave) != 0 &&
                    (host().ebx7 & kAvx2) != 0 && (host().extendedEcx & kLzcnt) != 0;
    return kModels[v3 ? 1 : 0];
}

} // namespace vmm::cpu
