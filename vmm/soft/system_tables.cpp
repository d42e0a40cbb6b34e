// SPDX-License-Identifier: GPL-3.0-or-later
// Descriptor-table registers, LDTR, TR, far pointers, and LAR, LSL, VERR, VERW, ARPL. Intel SDM
// volume 2; volume 3 sections 2.4, 5.10.
#include <algorithm>
#include <array>

#include "vmm/soft/descriptor.h"
#include "vmm/soft/system.h"

namespace vmm::soft {

namespace {

void setZf(Core& c, bool on)
{
    const uint64_t others = c.regs.flags.get() & ~flag::kZf;
    c.regs.flags.set(others | (on ? flag::kZf : 0));
}

/// Instructions that show where the tables are, kept from programs by UMIP (SDM volume 3 section
/// 2.5, CR4.UMIP).
bool hiddenByUmip(const Core& c)
{
    return (c.sys.cr4 & cr::k4Umip) != 0 && c.cpl() != 0;
}

// --- GDTR, IDTR ---

enum Which : uint8_t { kGdt, kIdt };

template <Which Table>
const Op* storeTable(Core& c, const Op& op)
{
    if (hiddenByUmip(c))
        return c.raise(op, Vector::Gp, 0);
    const cpu::DescriptorTable& table = Table == kGdt ? c.sys.gdt : c.sys.idt;
    const unsigned size = (op.flags & op_flag::kLong) != 0 ? 10 : 6;
    std::array<uint8_t, 10> bytes{};
    std::memcpy(bytes.data(), &table.limit, 2);
    std::memcpy(bytes.data() + 2, &table.base, 8);
    uint64_t linear = 0;
    // Limit and base are checked apart: software puts the limit in the upper half of a doubleword
    // (SDM volume 3 section 3.5.1).
    if (!c.linear(op, size, Access::Write, linear) || !c.aligned(linear, 2) ||
        !c.aligned(linear + 2, 4) || !c.storeBytes(linear, bytes.data(), size, op.segment))
        return c.fault(op);
    return c.next(op);
}

template <Which Table>
const Op* loadTable(Core& c, const Op& op)
{
    if (c.cpl() != 0)
        return c.raise(op, Vector::Gp, 0);
    const bool wide = (op.flags & op_flag::kLong) != 0;
    std::array<uint8_t, 10> bytes{};
    uint64_t linear = 0;
    const unsigned size = wide ? 10 : 6;
    if (!c.linear(op, size, Access::Read, linear) ||
        !c.loadBytes(linear, bytes.data(), size, op.segment))
        return c.fault(op);
    cpu::DescriptorTable loaded;
    std::memcpy(&loaded.limit, bytes.data(), 2);
    std::memcpy(&loaded.base, bytes.data() + 2, wide ? 8 : 4);
    if (!wide && op.operandSize == 2)
        loaded.base &= 0xff'ffff; // SDM volume 2 LGDT: 24 bits with 16-bit operands
    if (wide && !Core::canonical(loaded.base))
        return c.raise(op, Vector::Gp, 0);
    (Table == kGdt ? c.sys.gdt : c.sys.idt) = loaded;
    return c.next(op);
}

// --- a 16-bit operand in a register or memory ---

bool sourceWord(Core& c, const Op& op, uint16_t& value)
{
    if (op.aux == 0)
        return c.load(op, value);
    value = c.get<uint16_t>(op.a);
    return true;
}

/// Stores to memory 16 bits, to a register the operand's size.
const Op* storeWord(Core& c, const Op& op, uint64_t value)
{
    switch (op.aux) {
    case 0:
        if (!c.store(op, static_cast<uint16_t>(value)))
            return c.fault(op);
        break;
    case 2:
        c.set(op.a, static_cast<uint16_t>(value));
        break;
    case 4:
        c.set(op.a, static_cast<uint32_t>(value));
        break;
    default:
        c.set(op.a, value);
        break;
    }
    return c.next(op);
}

/// Operand 0: aux is its size if it is a register, 0 for memory.
template <Handler H>
bool lowerWord(const Decoded& decoded, Op& op)
{
    op.aux = 0;
    if (decoded.isRegister(0)) {
        op.a = registerOffset(decoded.operand(0).reg.value);
        op.aux = static_cast<uint8_t>(decoded.size(0));
    }
    op.run = H;
    return true;
}

template <Handler H>
bool lowerWordEnding(const Decoded& decoded, Op& op)
{
    op.flags |= op_flag::kBranchEnd;
    return lowerWord<H>(decoded, op);
}

// --- LDTR, TR, the machine status word ---

template <uint8_t Segment>
const Op* storeSelector(Core& c, const Op& op)
{
    if (c.realOrV86())
        return c.raise(op, Vector::Ud);
    if (hiddenByUmip(c))
        return c.raise(op, Vector::Gp, 0);
    return storeWord(c, op, c.regs.segment[Segment].selector);
}

template <uint8_t Segment>
const Op* loadSelector(Core& c, const Op& op)
{
    if (c.realOrV86())
        return c.raise(op, Vector::Ud);
    if (c.cpl() != 0)
        return c.raise(op, Vector::Gp, 0);
    uint16_t selector = 0;
    if (!sourceWord(c, op, selector))
        return c.fault(op);
    if (!(Segment == kLdtr ? c.loadLdt(selector) : c.loadTask(selector)))
        return c.fault(op);
    return c.next(op);
}

const Op* storeStatus(Core& c, const Op& op)
{
    if (hiddenByUmip(c))
        return c.raise(op, Vector::Gp, 0);
    return storeWord(c, op, c.sys.cr0);
}

const Op* loadStatus(Core& c, const Op& op)
{
    if (c.cpl() != 0)
        return c.raise(op, Vector::Gp, 0);
    uint16_t value = 0;
    if (!sourceWord(c, op, value))
        return c.fault(op);
    // MP, EM, TS; PE can be set but not cleared (SDM volume 2 LMSW).
    const uint64_t kept = c.sys.cr0 & ~uint64_t{0xe};
    return writeCr0(c, kept | (value & 0xfU)) ? leaveBehind(c, op) : c.fault(op);
}

// --- questions about selectors ---

constexpr uint32_t bitOf(uint8_t type)
{
    return 1U << type;
}
constexpr uint32_t kSegments =
    bitOf(system_type::kLdt) | bitOf(system_type::kTss32) | bitOf(system_type::kTss32Busy);
constexpr uint32_t kOldSegments = bitOf(system_type::kTss16) | bitOf(system_type::kTss16Busy);
constexpr uint32_t kOldGates = bitOf(system_type::kCallGate16) | bitOf(system_type::kTaskGate);

/// System descriptor types LAR (or LSL) answers for (SDM volume 2 tables 3-53 and 3-55).
uint32_t answeredTypes(const Core& c, bool limit)
{
    uint32_t types = kSegments | (limit ? 0 : bitOf(system_type::kCallGate32));
    if (!c.longActive())
        types |= kOldSegments | (limit ? 0 : kOldGates);
    return types;
}

/// May the current privilege see it? `types`: system types that count. False with `fault` when an
/// exception is noted.
bool visible(Core& c, uint16_t selector, uint32_t types, Descriptor& descriptor, bool& fault)
{
    fault = false;
    if (isNull(selector))
        return false;
    const Fetched fetched = fetchDescriptor(c, selector, descriptor);
    fault = fetched == Fetched::Fault;
    if (fetched != Fetched::Ok)
        return false;
    if (!descriptor.s() && (types >> descriptor.type() & 1) == 0)
        return false;
    if (!descriptor.s() && c.longActive()) {
        const Fetched upper = fetchUpperHalf(c, selector, descriptor);
        fault = upper == Fetched::Fault;
        if (upper != Fetched::Ok || (descriptor.high >> 40 & 0x1f) != 0)
            return false;
    }
    if (descriptor.isCode() && descriptor.isConforming())
        return true;
    return descriptor.dpl() >= c.cpl() && descriptor.dpl() >= (selector & 3U);
}

/// The selector: register c, or memory (aux2 set).
bool askedSelector(Core& c, const Op& op, uint16_t& selector)
{
    if (op.aux2 != 0)
        return c.load(op, selector);
    selector = c.get<uint16_t>(op.c);
    return true;
}

template <bool Limit>
const Op* loadRightsOrLimit(Core& c, const Op& op)
{
    if (c.realOrV86())
        return c.raise(op, Vector::Ud);
    uint16_t selector = 0;
    if (!askedSelector(c, op, selector))
        return c.fault(op);
    Descriptor descriptor;
    bool fault = false;
    const bool seen = visible(c, selector, answeredTypes(c, Limit), descriptor, fault);
    if (fault)
        return c.fault(op);
    setZf(c, seen);
    if (!seen)
        return c.next(op);
    const auto rights = static_cast<uint32_t>(descriptor.low >> 32 & 0x00ff'ff00);
    const uint32_t value = Limit ? descriptor.limit() : rights;
    if (op.operandSize == 2)
        c.set(op.a, static_cast<uint16_t>(value));
    else
        c.set(op.a, value);
    return c.next(op);
}

template <bool Write>
const Op* verify(Core& c, const Op& op)
{
    if (c.realOrV86())
        return c.raise(op, Vector::Ud);
    uint16_t selector = 0;
    if (!sourceWord(c, op, selector))
        return c.fault(op);
    Descriptor descriptor;
    bool fault = false;
    const bool seen = visible(c, selector, 0, descriptor, fault);
    if (fault)
        return c.fault(op);
    const bool usable = seen && (Write ? descriptor.isWritableData() : descriptor.isReadable());
    setZf(c, usable);
    return c.next(op);
}

bool lowerQuestion(const Decoded& decoded, Op& op, Handler handler)
{
    op.a = registerOffset(decoded.operand(0).reg.value);
    op.aux2 = decoded.isMemory(1) ? 1 : 0;
    if (decoded.isRegister(1))
        op.c = registerOffset(decoded.operand(1).reg.value);
    op.run = handler;
    return true;
}

bool lowerLar(const Decoded& decoded, Op& op)
{
    return lowerQuestion(decoded, op, &loadRightsOrLimit<false>);
}

bool lowerLsl(const Decoded& decoded, Op& op)
{
    return lowerQuestion(decoded, op, &loadRightsOrLimit<true>);
}

uint16_t adjusted(uint16_t value, uint16_t source)
{
    if ((value & 3) >= (source & 3))
        return value;
    return static_cast<uint16_t>((value & 0xfffc) | (source & 3));
}

const Op* adjustRpl(Core& c, const Op& op)
{
    if (c.realOrV86())
        return c.raise(op, Vector::Ud);
    const auto source = c.get<uint16_t>(op.b);
    bool changed = false;
    const auto change = [&](uint16_t old) {
        const uint16_t value = adjusted(old, source);
        changed = value != old;
        return value;
    };
    if (op.aux != 0)
        c.set(op.a, change(c.get<uint16_t>(op.a)));
    else if (!c.modify<uint16_t>(op, false, change))
        return c.fault(op);
    setZf(c, changed);
    return c.next(op);
}

bool lowerArpl(const Decoded& decoded, Op& op)
{
    op.b = registerOffset(decoded.operand(1).reg.value);
    return lowerWord<&adjustRpl>(decoded, op);
}

// --- LDS, LES, LFS, LGS, LSS ---

template <uint8_t Segment>
const Op* loadFarPointer(Core& c, const Op& op)
{
    std::array<uint8_t, 10> bytes{};
    const unsigned size = op.operandSize;
    uint64_t linear = 0;
    if (!c.linear(op, size + 2, Access::Read, linear) ||
        !c.loadBytes(linear, bytes.data(), size + 2, op.segment, std::min(size, 4U)))
        return c.fault(op);
    uint64_t offset = 0;
    uint16_t selector = 0;
    std::memcpy(&offset, bytes.data(), size);
    std::memcpy(&selector, bytes.data() + size, sizeof selector);
    if (!c.loadSegment(Segment, selector))
        return c.fault(op);
    if (size == 2)
        c.set(op.a, static_cast<uint16_t>(offset));
    else
        c.set(op.a, offset);
    return leaveBehind(c, op);
}

template <uint8_t Segment>
bool lowerFarPointer(const Decoded& decoded, Op& op)
{
    op.a = registerOffset(decoded.operand(0).reg.value);
    op.operandSize = static_cast<uint8_t>(decoded.size(0));
    op.run = &loadFarPointer<Segment>;
    op.flags |= op_flag::kBranchEnd;
    return true;
}

constexpr LowerRow kRows[] = {
    {ZYDIS_MNEMONIC_SGDT, &lowerTo<&storeTable<kGdt>>},
    {ZYDIS_MNEMONIC_SIDT, &lowerTo<&storeTable<kIdt>>},
    {ZYDIS_MNEMONIC_LGDT, &lowerTo<&loadTable<kGdt>>},
    {ZYDIS_MNEMONIC_LIDT, &lowerTo<&loadTable<kIdt>>},
    {ZYDIS_MNEMONIC_SLDT, &lowerWord<&storeSelector<kLdtr>>},
    {ZYDIS_MNEMONIC_STR, &lowerWord<&storeSelector<kTr>>},
    {ZYDIS_MNEMONIC_LLDT, &lowerWord<&loadSelector<kLdtr>>},
    {ZYDIS_MNEMONIC_LTR, &lowerWord<&loadSelector<kTr>>},
    {ZYDIS_MNEMONIC_SMSW, &lowerWord<&storeStatus>},
    {ZYDIS_MNEMONIC_LMSW, &lowerWordEnding<&loadStatus>},
    {ZYDIS_MNEMONIC_LAR, &lowerLar},
    {ZYDIS_MNEMONIC_LSL, &lowerLsl},
    {ZYDIS_MNEMONIC_VERR, &lowerWord<&verify<false>>},
    {ZYDIS_MNEMONIC_VERW, &lowerWord<&verify<true>>},
    {ZYDIS_MNEMONIC_ARPL, &lowerArpl},
    {ZYDIS_MNEMONIC_LDS, &lowerFarPointer<kDs>},
    {ZYDIS_MNEMONIC_LES, &lowerFarPointer<kEs>},
    {ZYDIS_MNEMONIC_LFS, &lowerFarPointer<kFs>},
    {ZYDIS_MNEMONIC_LGS, &lowerFarPointer<kGs>},
    {ZYDIS_MNEMONIC_LSS, &lowerFarPointer<kSs>},
};

} // namespace

std::span<const LowerRow> descriptorInstructions()
{
    return kRows;
}

} // namespace vmm::soft
