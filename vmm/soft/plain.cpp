// SPDX-License-Identifier: GPL-3.0-or-later
// Instructions on the accumulator or the flags alone, and those that do nothing. SDM volume 1
// sections 7.3.1.5, 7.3.14 and 7.3.17.
#include <array>

#include "vmm/soft/operands.h"

namespace vmm::soft {
namespace {

template <Handler Run>
bool lowerPlain(const Decoded&, Op& op)
{
    return use(op, Run);
}

// --- sign extension of the accumulator ---

/// CBW, CWDE, CDQE: the lower half of rAX into all of it.
template <class Half, class Whole>
const Op* widen(Core& c, const Op& op)
{
    const auto value = static_cast<std::make_signed_t<Half>>(c.get<Half>(generalOffset(kRax)));
    c.set<Whole>(generalOffset(kRax),
                 static_cast<Whole>(static_cast<std::make_signed_t<Whole>>(value)));
    return c.next(op);
}
/// CWD, CDQ, CQO: rDX filled with the sign of rAX.
template <class T>
const Op* widenIntoRdx(Core& c, const Op& op)
{
    const T sign = static_cast<T>(c.get<T>(generalOffset(kRax)) >> (sizeof(T) * 8 - 1));
    c.set<T>(generalOffset(kRdx), static_cast<T>(T{0} - sign));
    return c.next(op);
}

// --- flags ---

constexpr uint64_t kAhFlags = flag::kSf | flag::kZf | flag::kAf | flag::kPf | flag::kCf;

const Op* loadAhFromFlags(Core& c, const Op& op)
{
    c.set<uint8_t>(kOffsetAh, static_cast<uint8_t>((c.regs.flags.get() & kAhFlags) | flag::kOne));
    return c.next(op);
}
const Op* storeAhIntoFlags(Core& c, const Op& op)
{
    const uint64_t kept = c.regs.flags.of() ? flag::kOf : 0;
    c.regs.flags.set((c.get<uint8_t>(kOffsetAh) & kAhFlags) | kept);
    return c.next(op);
}
const Op* clearCarry(Core& c, const Op& op)
{
    c.regs.flags.setCf(false);
    return c.next(op);
}
const Op* setCarry(Core& c, const Op& op)
{
    c.regs.flags.setCf(true);
    return c.next(op);
}
const Op* complementCarry(Core& c, const Op& op)
{
    c.regs.flags.setCf(!c.regs.flags.cf());
    return c.next(op);
}
const Op* clearDirection(Core& c, const Op& op)
{
    c.regs.systemFlags &= ~flag::kDf;
    return c.next(op);
}
const Op* setDirection(Core& c, const Op& op)
{
    c.regs.systemFlags |= flag::kDf;
    return c.next(op);
}
/// SALC: AL filled with CF, flags as they were.
const Op* setAlFromCarry(Core& c, const Op& op)
{
    c.set<uint8_t>(generalOffset(kRax), c.regs.flags.cf() ? 0xff : 0);
    return c.next(op);
}

// --- nothing ---

const Op* doNothing(Core& c, const Op& op)
{
    return c.next(op);
}

const Op* raiseUndefined(Core& c, const Op& op)
{
    return c.raise(op, Vector::Ud);
}

/// NOP; but 0F 0D, the prefetches for writing, has no register form.
bool lowerNop(const Decoded& d, Op& op)
{
    const bool prefetch = d.instruction.opcode_map == ZYDIS_OPCODE_MAP_0F &&
                          d.instruction.opcode == 0x0d && d.visible() != 0 && d.isRegister(0);
    op.flags |= prefetch ? op_flag::kBranchEnd : uint8_t{0};
    return use(op, prefetch ? &raiseUndefined : &doNothing);
}

constexpr std::array kRows{
    LowerRow{ZYDIS_MNEMONIC_CBW, lowerPlain<&widen<uint8_t, uint16_t>>},
    LowerRow{ZYDIS_MNEMONIC_CWDE, lowerPlain<&widen<uint16_t, uint32_t>>},
    LowerRow{ZYDIS_MNEMONIC_CDQE, lowerPlain<&widen<uint32_t, uint64_t>>},
    LowerRow{ZYDIS_MNEMONIC_CWD, lowerPlain<&widenIntoRdx<uint16_t>>},
    LowerRow{ZYDIS_MNEMONIC_CDQ, lowerPlain<&widenIntoRdx<uint32_t>>},
    LowerRow{ZYDIS_MNEMONIC_CQO, lowerPlain<&widenIntoRdx<uint64_t>>},
    LowerRow{ZYDIS_MNEMONIC_LAHF, lowerPlain<&loadAhFromFlags>},
    LowerRow{ZYDIS_MNEMONIC_SAHF, lowerPlain<&storeAhIntoFlags>},
    LowerRow{ZYDIS_MNEMONIC_CLC, lowerPlain<&clearCarry>},
    LowerRow{ZYDIS_MNEMONIC_STC, lowerPlain<&setCarry>},
    LowerRow{ZYDIS_MNEMONIC_CMC, lowerPlain<&complementCarry>},
    LowerRow{ZYDIS_MNEMONIC_CLD, lowerPlain<&clearDirection>},
    LowerRow{ZYDIS_MNEMONIC_STD, lowerPlain<&setDirection>},
    LowerRow{ZYDIS_MNEMONIC_SALC, lowerPlain<&setAlFromCarry>},
    LowerRow{ZYDIS_MNEMONIC_NOP, lowerNop},
    LowerRow{ZYDIS_MNEMONIC_PREFETCH, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_PREFETCHW, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_PREFETCHWT1, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_PREFETCHNTA, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_PREFETCHT0, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_PREFETCHT1, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_PREFETCHT2, lowerPlain<&doNothing>},
    // Hint encodings (0F 0D, 0F 18 to 0F 1F) whose later meaning this processor does not offer:
    // control-flow enforcement off, no MPX.
    LowerRow{ZYDIS_MNEMONIC_ENDBR32, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_ENDBR64, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_RDSSPD, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_RDSSPQ, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_CLDEMOTE, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_BNDMK, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_BNDCL, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_BNDCU, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_BNDCN, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_BNDMOV, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_BNDLDX, lowerPlain<&doNothing>},
    LowerRow{ZYDIS_MNEMONIC_BNDSTX, lowerPlain<&doNothing>},
};

} // namespace

std::span<const LowerRow> plainRows()
{
    return kRows;
}

} // namespace vmm::soft
