// SPDX-License-Identifier: GPL-3.0-or-later
// Model-specific registers. Intel SDM volume 4 chapter 2; volume 3 sections 11.11 (MTRRs), 11.12
// (PAT), 17.17 (time stamp counter).
#include <algorithm>
#include <optional>

#include "vmm/soft/kvm_clock.h"
#include "vmm/soft/system.h"

namespace vmm::soft {

namespace {

namespace msr {
constexpr uint32_t kTsc = 0x10, kPlatformId = 0x17, kApicBase = 0x1b, kFeatureControl = 0x3a,
                   kTscAdjust = 0x3b, kSpecControl = 0x48, kPredictorCommand = 0x49,
                   kMicrocode = 0x79, kMicrocodeLevel = 0x8b, kPlatformInfo = 0xce, kMtrrCap = 0xfe,
                   kArchCapabilities = 0x10a, kSysenterCs = 0x174, kSysenterEsp = 0x175,
                   kSysenterEip = 0x176, kMcgCap = 0x179, kMcgStatus = 0x17a, kPerfStatus = 0x198,
                   kMiscEnable = 0x1a0, kDebugControl = 0x1d9, kMtrrVariable = 0x200,
                   kMtrrVariableEnd = 0x210, kMtrrFixed64k = 0x250, kMtrrFixed16k = 0x258,
                   kMtrrFixed4k = 0x268, kPat = 0x277, kMtrrDefault = 0x2ff, kTscDeadline = 0x6e0,
                   kX2apic = 0x800, kX2apicEnd = 0x900, kEfer = 0xc000'0080, kStar = 0xc000'0081,
                   kLstar = 0xc000'0082, kCstar = 0xc000'0083, kFmask = 0xc000'0084,
                   kFsBase = 0xc000'0100, kGsBase = 0xc000'0101, kKernelGsBase = 0xc000'0102,
                   kTscAux = 0xc000'0103, kKvmWallClockOld = 0x11, kKvmSystemTimeOld = 0x12,
                   kKvmWallClock = 0x4b56'4d00, kKvmSystemTime = 0x4b56'4d01;
} // namespace msr

/// RDCL_NO and the other promises that an interpreter keeps: nothing is executed speculatively with
/// the guest's data (SDM volume 4 table 2-2, IA32_ARCH_CAPABILITIES). Spares guests their
/// mitigations.
constexpr uint64_t kArchCapabilities = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 |
                                       1 << 8 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 20 | 1 << 24 |
                                       1 << 26 | 1 << 27 | uint64_t{1} << 62;
constexpr uint64_t kSpecControlBits = 7;      // IBRS, STIBP, SSBD
constexpr uint64_t kMtrrCapabilities = 0x508; // 8 variable ranges, fixed ranges, write combining

/// Place in SystemRegisters::mtrrFixed, or -1.
int fixedIndex(uint32_t index)
{
    if (index == msr::kMtrrFixed64k)
        return 0;
    if (index == msr::kMtrrFixed16k || index == msr::kMtrrFixed16k + 1)
        return static_cast<int>(1 + index - msr::kMtrrFixed16k);
    if (index >= msr::kMtrrFixed4k && index < msr::kMtrrFixed4k + 8)
        return static_cast<int>(3 + index - msr::kMtrrFixed4k);
    return -1;
}

/// Memory types: UC, WC, WT, WP, WB; in the PAT also UC- (SDM volume 3 tables 11-2 and 11-10).
bool memoryType(uint64_t type, bool pat)
{
    return type == 0 || type == 1 || (type >= 4 && type <= 6) || (pat && type == 7);
}

bool eightTypes(uint64_t value, bool pat)
{
    for (unsigned i = 0; i < 64; i += 8) {
        if (!memoryType(value >> i & 0xff, pat))
            return false;
    }
    return true;
}

/// A register that is kept and has one rule: the bits it must not have.
struct Plain {
    uint32_t index;
    uint64_t SystemRegisters::*field;
    uint64_t reserved;
    bool canonical;
};
constexpr uint64_t kHigh = 0xffff'ffff'0000'0000;
constexpr Plain kPlain[] = {
    {msr::kSysenterCs, &SystemRegisters::sysenterCs, 0, false},
    {msr::kSysenterEsp, &SystemRegisters::sysenterEsp, 0, true},
    {msr::kSysenterEip, &SystemRegisters::sysenterEip, 0, true},
    {msr::kStar, &SystemRegisters::star, 0, false},
    {msr::kLstar, &SystemRegisters::lstar, 0, true},
    {msr::kCstar, &SystemRegisters::cstar, 0, true},
    {msr::kFmask, &SystemRegisters::fmask, kHigh, false},
    {msr::kKernelGsBase, &SystemRegisters::kernelGsBase, 0, true},
    {msr::kTscAux, &SystemRegisters::tscAux, kHigh, false},
    {msr::kMiscEnable, &SystemRegisters::miscEnable, 0, false},
};

const Plain* findPlain(uint32_t index)
{
    const auto* found = std::find_if(std::begin(kPlain), std::end(kPlain),
                                     [index](const Plain& p) { return p.index == index; });
    return found == std::end(kPlain) ? nullptr : found;
}

/// Registers without effect: what they read as, whether writes are taken and dropped.
struct Fixed {
    uint32_t index;
    uint64_t value;
    bool writable;
};
constexpr Fixed kFixed[] = {
    {msr::kPlatformId, 0, false},
    {msr::kFeatureControl, 1, false}, // locked, nothing on
    {msr::kPredictorCommand, 0, true},
    {msr::kMicrocode, 0, true},
    {msr::kMicrocodeLevel, uint64_t{1} << 32, true},
    {msr::kPlatformInfo, 0, false}, // no CPUID faulting
    {msr::kMtrrCap, kMtrrCapabilities, false},
    {msr::kArchCapabilities, kArchCapabilities, false},
    {msr::kMcgCap, 0, false}, // no banks
    {msr::kMcgStatus, 0, true},
    {msr::kPerfStatus, 0, false},
    {msr::kDebugControl, 0, true},
};

const Fixed* findFixed(uint32_t index)
{
    const auto* found = std::find_if(std::begin(kFixed), std::end(kFixed),
                                     [index](const Fixed& f) { return f.index == index; });
    return found == std::end(kFixed) ? nullptr : found;
}

bool isX2apic(uint32_t index)
{
    return index >= msr::kX2apic && index < msr::kX2apicEnd;
}

bool readApic(const Core& c, uint32_t index, uint64_t& value)
{
    cpu::LocalApic* apic = c.environment().apic;
    if (apic == nullptr) {
        value = 0;
        return index == msr::kTscDeadline;
    }
    const auto answer = apic->readMsr(index);
    value = answer.value_or(0);
    return answer.has_value();
}

bool readApicBase(const Core& c, uint64_t& value)
{
    constexpr uint64_t kDefault = 0xfee0'0800;
    value = c.environment().apic != nullptr ? c.environment().apic->base() : kDefault;
    return true;
}

/// Those that are computed or live elsewhere.
bool readSpecial(Core& c, uint32_t index, uint64_t& value)
{
    switch (index) {
    case msr::kTsc:
        value = c.timestamp();
        return true;
    case msr::kTscAdjust:
        value = c.sys.tscAdjust;
        return true;
    case msr::kApicBase:
        return readApicBase(c, value);
    case msr::kPat:
        value = c.sys.pat;
        return true;
    case msr::kMtrrDefault:
        value = c.sys.mtrrDefType;
        return true;
    case msr::kEfer:
        value = c.sys.efer;
        return true;
    case msr::kFsBase:
        value = c.regs.segment[kFs].base;
        return true;
    case msr::kGsBase:
        value = c.regs.segment[kGs].base;
        return true;
    case msr::kKvmSystemTime:
    case msr::kKvmSystemTimeOld:
        value = c.sys.kvmSystemTime;
        return true;
    case msr::kKvmWallClock:
    case msr::kKvmWallClockOld:
        value = c.sys.kvmWallClock;
        return true;
    default:
        return false;
    }
}

bool writeEfer(Core& c, uint64_t value)
{
    constexpr uint64_t kKnown = cr::kEferSce | cr::kEferLme | cr::kEferLma | cr::kEferNxe;
    const uint64_t before = c.sys.efer;
    const bool switches = ((value ^ before) & cr::kEferLme) != 0;
    if ((value & ~(kKnown | before)) != 0 || (switches && (c.sys.cr0 & cr::k0Pg) != 0))
        return false;
    // LMA follows paging, a written one is ignored (SDM volume 3 section 2.2.1).
    c.sys.efer = (value & ~cr::kEferLma) | (before & cr::kEferLma);
    if (((value ^ before) & cr::kEferNxe) != 0)
        c.flushTlb(true);
    c.modeChanged();
    return true;
}

bool writeBase(Core& c, uint8_t segment, uint64_t value)
{
    if (!Core::canonical(value))
        return false;
    c.regs.segment[segment].base = value;
    c.modeChanged();
    return true;
}

/// Tells those who compute with the counter.
void tscMoved(Core& c)
{
    if (c.environment().apic != nullptr)
        c.environment().apic->setTscOffset(c.sys.tscOffset);
    publishKvmClock(c);
}

/// WRMSR to the counter moves IA32_TSC_ADJUST along (section 17.17.3).
bool writeTsc(Core& c, uint64_t value)
{
    const uint64_t delta = value - c.timestamp();
    c.sys.tscOffset += delta;
    c.sys.tscAdjust += delta;
    tscMoved(c);
    return true;
}

bool writeTscAdjust(Core& c, uint64_t value)
{
    c.sys.tscOffset += value - c.sys.tscAdjust;
    c.sys.tscAdjust = value;
    tscMoved(c);
    return true;
}

bool writeApicBase(const Core& c, uint64_t value)
{
    return c.environment().apic == nullptr || c.environment().apic->setBase(value);
}

bool writePat(Core& c, uint64_t value)
{
    if (!eightTypes(value, true))
        return false;
    c.sys.pat = value;
    return true;
}

bool writeMtrrDefault(Core& c, uint64_t value)
{
    if ((value & ~uint64_t{0xcff}) != 0 || !memoryType(value & 0xff, false))
        return false;
    c.sys.mtrrDefType = value;
    return true;
}

bool writeMtrr(Core& c, uint32_t index, uint64_t value)
{
    if (const int fixed = fixedIndex(index); fixed >= 0) {
        if (!eightTypes(value, false))
            return false;
        c.sys.mtrrFixed[static_cast<size_t>(fixed)] = value;
        return true;
    }
    constexpr uint64_t kAbove = ~((uint64_t{1} << 40) - 1);
    const bool mask = (index & 1) != 0;
    const uint64_t reserved = kAbove | (mask ? 0x7ff : 0xf00);
    if ((value & reserved) != 0 || (!mask && !memoryType(value & 0xff, false)))
        return false;
    c.sys.mtrrVariable[index - msr::kMtrrVariable] = value;
    return true;
}

bool isMtrr(uint32_t index)
{
    return (index >= msr::kMtrrVariable && index < msr::kMtrrVariableEnd) || fixedIndex(index) >= 0;
}

/// Nothing: not one of these.
std::optional<bool> writeSpecial(Core& c, uint32_t index, uint64_t value)
{
    switch (index) {
    case msr::kTsc:
        return writeTsc(c, value);
    case msr::kTscAdjust:
        return writeTscAdjust(c, value);
    case msr::kApicBase:
        return writeApicBase(c, value);
    case msr::kPat:
        return writePat(c, value);
    case msr::kMtrrDefault:
        return writeMtrrDefault(c, value);
    case msr::kEfer:
        return writeEfer(c, value);
    case msr::kFsBase:
        return writeBase(c, kFs, value);
    case msr::kGsBase:
        return writeBase(c, kGs, value);
    case msr::kKvmSystemTime:
    case msr::kKvmSystemTimeOld:
        c.sys.kvmSystemTime = value;
        publishKvmClock(c);
        return true;
    case msr::kKvmWallClock:
    case msr::kKvmWallClockOld:
        c.sys.kvmWallClock = value;
        publishWallClock(c);
        return true;
    default:
        return std::nullopt;
    }
}

/// A register that came with a loaded state, or null.
template <class Others>
auto findOther(Others& others, uint32_t index) -> decltype(others.data())
{
    for (auto& other : others) {
        if (other.index == index)
            return &other;
    }
    return nullptr;
}

} // namespace

bool Core::readMsr(uint32_t index, uint64_t& value)
{
    settleMxcsr();
    if (readSpecial(*this, index, value))
        return true;
    if (isX2apic(index) || index == msr::kTscDeadline)
        return readApic(*this, index, value);
    if (const Plain* plain = findPlain(index); plain != nullptr) {
        value = sys.*plain->field;
        return true;
    }
    if (isMtrr(index)) {
        const int fixed = fixedIndex(index);
        value = fixed >= 0 ? sys.mtrrFixed[static_cast<size_t>(fixed)]
                           : sys.mtrrVariable[index - msr::kMtrrVariable];
        return true;
    }
    if (const Fixed* fixed = findFixed(index); fixed != nullptr) {
        value = fixed->value;
        return index != msr::kPredictorCommand; // write-only
    }
    const cpu::Msr* other = findOther(sys.others, index);
    value = other != nullptr ? other->value : 0;
    return other != nullptr || index == msr::kSpecControl;
}

bool Core::writeMsr(uint32_t index, uint64_t value)
{
    settleMxcsr();
    if (const auto done = writeSpecial(*this, index, value))
        return *done;
    if (isX2apic(index) || index == msr::kTscDeadline)
        return m_environment.apic != nullptr && m_environment.apic->writeMsr(index, value);
    if (const Plain* plain = findPlain(index); plain != nullptr) {
        if ((value & plain->reserved) != 0 || (plain->canonical && !canonical(value)))
            return false;
        sys.*plain->field = value;
        return true;
    }
    if (isMtrr(index))
        return writeMtrr(*this, index, value);
    if (const Fixed* fixed = findFixed(index); fixed != nullptr)
        return fixed->writable;
    cpu::Msr* other = findOther(sys.others, index);
    if (index == msr::kSpecControl) { // kept for whoever reads it back
        if ((value & ~kSpecControlBits) != 0)
            return false;
        if (other == nullptr)
            sys.others.push_back({index, value});
    }
    if (other != nullptr)
        other->value = value;
    return other != nullptr || index == msr::kSpecControl;
}

} // namespace vmm::soft
