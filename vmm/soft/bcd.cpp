// SPDX-License-Identifier: GPL-3.0-or-later
// Decimal adjustment. SDM volume 1 section 7.3.4; the steps are those of volume 2. Outside 64-bit
// mode only (the decoder sees to that).
#include <array>

#include "vmm/soft/operands.h"

namespace vmm::soft {
namespace {

constexpr uint16_t kOffsetAl = generalOffset(kRax);
constexpr uint16_t kOffsetAx = generalOffset(kRax);

/// SF, ZF and PF of AL, CF and AF as given, OF clear.
void setFlags(Core& c, uint8_t al, bool carry, bool half)
{
    c.regs.flags.setLogic<uint8_t>(al);
    c.regs.flags.set(c.regs.flags.get() | (carry ? flag::kCf : 0) | (half ? flag::kAf : 0));
}

/// Does the lower digit need correction?
bool lowDigitWrong(const Core& c)
{
    return (c.get<uint8_t>(kOffsetAl) & 0xf) > 9 || c.regs.flags.af();
}

const Op* decimalAfterAdd(Core& c, const Op& op)
{
    const auto old = c.get<uint8_t>(kOffsetAl);
    const bool low = lowDigitWrong(c);
    const bool high = old > 0x99 || c.regs.flags.cf();
    const auto al = static_cast<uint8_t>(old + (low ? 6 : 0) + (high ? 0x60 : 0));
    c.set<uint8_t>(kOffsetAl, al);
    setFlags(c, al, high, low);
    return c.next(op);
}

const Op* decimalAfterSubtract(Core& c, const Op& op)
{
    const auto old = c.get<uint8_t>(kOffsetAl);
    const bool low = lowDigitWrong(c);
    const bool high = old > 0x99 || c.regs.flags.cf();
    const auto al = static_cast<uint8_t>(old - (low ? 6 : 0) - (high ? 0x60 : 0));
    c.set<uint8_t>(kOffsetAl, al);
    setFlags(c, al, high || (low && old < 6), low);
    return c.next(op);
}

/// AAA adds 0x106 to AX, AAS takes it away, when the digit in AL went over.
template <bool Add>
const Op* unpackedAdjust(Core& c, const Op& op)
{
    const bool wrong = lowDigitWrong(c);
    auto ax = c.get<uint16_t>(kOffsetAx);
    if (wrong)
        ax = static_cast<uint16_t>(Add ? ax + 0x106 : ax - 0x106);
    c.set<uint16_t>(kOffsetAx, ax & 0xff0f);
    setFlags(c, ax & 0xf, wrong, wrong);
    return c.next(op);
}

const Op* unpackedAfterMultiply(Core& c, const Op& op)
{
    const auto base = static_cast<uint8_t>(op.imm);
    if (base == 0)
        return c.raise(op, Vector::De);
    const auto al = c.get<uint8_t>(kOffsetAl);
    const auto rest = static_cast<uint8_t>(al % base);
    c.set<uint8_t>(kOffsetAh, static_cast<uint8_t>(al / base));
    c.set<uint8_t>(kOffsetAl, rest);
    setFlags(c, rest, false, false);
    return c.next(op);
}

const Op* unpackedBeforeDivide(Core& c, const Op& op)
{
    const auto base = static_cast<uint8_t>(op.imm);
    const auto al =
        static_cast<uint8_t>(c.get<uint8_t>(kOffsetAl) + c.get<uint8_t>(kOffsetAh) * base);
    c.set<uint16_t>(kOffsetAx, al);
    setFlags(c, al, false, false);
    return c.next(op);
}

template <Handler Run>
bool lowerBcd(const Decoded& d, Op& op)
{
    if (d.visible() != 0 && d.isImmediate(0))
        op.imm = d.operand(0).imm.value.u;
    return use(op, Run);
}

constexpr std::array kRows{
    LowerRow{ZYDIS_MNEMONIC_DAA, lowerBcd<&decimalAfterAdd>},
    LowerRow{ZYDIS_MNEMONIC_DAS, lowerBcd<&decimalAfterSubtract>},
    LowerRow{ZYDIS_MNEMONIC_AAA, lowerBcd<&unpackedAdjust<true>>},
    LowerRow{ZYDIS_MNEMONIC_AAS, lowerBcd<&unpackedAdjust<false>>},
    LowerRow{ZYDIS_MNEMONIC_AAM, lowerBcd<&unpackedAfterMultiply>},
    LowerRow{ZYDIS_MNEMONIC_AAD, lowerBcd<&unpackedBeforeDivide>},
};

} // namespace

std::span<const LowerRow> bcdRows()
{
    return kRows;
}

} // namespace vmm::soft
