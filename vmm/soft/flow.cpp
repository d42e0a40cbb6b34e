// SPDX-License-Identifier: GPL-3.0-or-later
// Near transfers of control (SDM volume 1 section 7.3.8) and the table of all instructions around
// flow, stack and RFLAGS.
#include <array>

#include "vmm/soft/operands.h"
#include "vmm/soft/stack.h"
#include "vmm/soft/system.h"

namespace vmm::soft {

namespace {

// Numbers of a block's links. Conditional branches use both.
constexpr unsigned kFallThrough = 0;
constexpr unsigned kTaken = 1;

template <unsigned Code>
const Op* jumpIf(Core& c, const Op& op)
{
    // Host branches would only guess what the jump to the next block's first op guesses again.
    const bool taken = condition<Code>(c.regs.flags);
    return c.jumpStraight(op, taken ? op.imm : c.nextRip(op), taken ? kTaken : kFallThrough);
}

const Op* jumpTo(Core& c, const Op& op)
{
    return c.jumpStraight(op, op.imm, kTaken);
}

template <class T>
const Op* jumpRegister(Core& c, const Op& op)
{
    return c.jump(op, c.get<T>(op.a), kTaken);
}

template <class T>
const Op* jumpMemory(Core& c, const Op& op)
{
    T target{};
    return c.load(op, target) ? c.jump(op, target, kTaken) : c.fault(op);
}

/// Would a jump to `target` be allowed? Asked before registers and stack change.
template <unsigned Stack>
bool reachable(const Core& c, uint64_t target)
{
    return Stack == 8 ? Core::canonical(target) : target <= c.regs.segment[kCs].limit;
}

template <class T, unsigned Stack>
[[gnu::always_inline]] inline const Op* call(Core& c, const Op& op, T target)
{
    if (!reachable<Stack>(c, target)) [[unlikely]]
        return c.raise(op, Vector::Gp, 0);
    return pushThen<T, Stack>(
        c, op, static_cast<T>(c.nextRip(op)),
        [target](Core& core, const Op& from) { return core.jump(from, target, kTaken); });
}

struct CallTo {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        if (!reachable<Stack>(c, op.imm)) [[unlikely]]
            return c.raise(op, Vector::Gp, 0);
        return pushThen<T, Stack>(
            c, op, static_cast<T>(c.nextRip(op)),
            [](Core& core, const Op& from) { return core.jumpStraight(from, from.imm, kTaken); });
    }
};

struct CallRegister {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        return call<T, Stack>(c, op, c.get<T>(op.a));
    }
};

struct CallMemory {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        T target{};
        return c.load(op, target) ? call<T, Stack>(c, op, target) : c.fault(op);
    }
};

/// op.imm bytes of arguments are released too.
struct Return {
    template <class T, unsigned Stack>
    static const Op* run(Core& c, const Op& op)
    {
        return withTop<T, Stack>(c, op, [](Core& core, const Op& from, T target) {
            if (!reachable<Stack>(core, target)) [[unlikely]]
                return core.raise(from, Vector::Gp, 0);
            release<Stack>(core, sizeof(T) + from.imm);
            return core.jump(from, target, kTaken);
        });
    }
};

bool targetAllowed(const Core& c, uint64_t target)
{
    return c.inLong64() ? reachable<8>(c, target) : reachable<4>(c, target);
}

enum class LoopWhile : uint8_t { Always, Zero, NotZero };

/// LOOP, LOOPE, LOOPNE; T is the address size's register. CX keeps its value when the branch
/// faults.
template <class T, LoopWhile While>
const Op* loop(Core& c, const Op& op)
{
    constexpr uint16_t kCount = kRcx * 8;
    const auto left = static_cast<T>(c.get<T>(kCount) - 1);
    bool taken = left != 0;
    if constexpr (While == LoopWhile::Zero)
        taken = taken && c.regs.flags.zf();
    if constexpr (While == LoopWhile::NotZero)
        taken = taken && !c.regs.flags.zf();
    if (taken && !targetAllowed(c, op.imm))
        return c.raise(op, Vector::Gp, 0);
    c.set<T>(kCount, left);
    return c.jumpStraight(op, taken ? op.imm : c.nextRip(op), taken ? kTaken : kFallThrough);
}

template <class T>
const Op* jumpIfCountZero(Core& c, const Op& op)
{
    const bool taken = c.get<T>(kRcx * 8) == 0;
    return c.jumpStraight(op, taken ? op.imm : c.nextRip(op), taken ? kTaken : kFallThrough);
}

// --- lowering ---

bool isFar(const Decoded& decoded)
{
    return decoded.instruction.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
}

/// Handler for T of `bytes`: 2, 4 or 8.
Handler bySize(unsigned bytes, Handler two, Handler four, Handler eight)
{
    return bytes == 2 ? two : bytes == 4 ? four : eight;
}

/// The block ends at a branch to the relative operand 0.
bool lowerRelative(const Decoded& decoded, Op& op, Handler run)
{
    const uint64_t target = op.rip + op.length + decoded.operand(0).imm.value.u;
    op.imm = target & Core::addressMask(op.operandSize);
    op.flags |= op_flag::kBranchEnd;
    op.run = run;
    return true;
}

template <unsigned Code>
bool lowerJcc(const Decoded& decoded, Op& op)
{
    return lowerRelative(decoded, op, &jumpIf<Code>);
}

bool lowerJmp(const Decoded& decoded, Op& op)
{
    if (isFar(decoded))
        return lowerFar(decoded, op);
    if (decoded.isImmediate(0))
        return lowerRelative(decoded, op, &jumpTo);
    op.flags |= op_flag::kBranchEnd;
    if (decoded.isRegister(0)) {
        op.a = registerOffset(decoded.operand(0).reg.value);
        op.run = bySize(op.operandSize, &jumpRegister<uint16_t>, &jumpRegister<uint32_t>,
                        &jumpRegister<uint64_t>);
    } else {
        op.run = bySize(op.operandSize, &jumpMemory<uint16_t>, &jumpMemory<uint32_t>,
                        &jumpMemory<uint64_t>);
    }
    return true;
}

bool lowerCall(const Decoded& decoded, Op& op)
{
    if (isFar(decoded))
        return lowerFar(decoded, op);
    if (decoded.isImmediate(0))
        return lowerRelative(decoded, op, stackHandler<CallTo>(decoded, op));
    op.flags |= op_flag::kBranchEnd;
    if (decoded.isRegister(0)) {
        op.a = registerOffset(decoded.operand(0).reg.value);
        op.run = stackHandler<CallRegister>(decoded, op);
    } else {
        op.run = stackHandler<CallMemory>(decoded, op);
    }
    return true;
}

bool lowerRet(const Decoded& decoded, Op& op)
{
    if (isFar(decoded))
        return lowerFar(decoded, op);
    op.imm = decoded.visible() > 0 ? decoded.operand(0).imm.value.u & 0xffff : 0;
    op.flags |= op_flag::kBranchEnd;
    op.run = stackHandler<Return>(decoded, op);
    return true;
}

template <LoopWhile While>
bool lowerLoop(const Decoded& decoded, Op& op)
{
    return lowerRelative(decoded, op,
                         bySize(op.addressSize, &loop<uint16_t, While>, &loop<uint32_t, While>,
                                &loop<uint64_t, While>));
}

template <class T>
bool lowerCountZero(const Decoded& decoded, Op& op)
{
    return lowerRelative(decoded, op, &jumpIfCountZero<T>);
}

constexpr auto kRows = std::to_array<LowerRow>({
    {ZYDIS_MNEMONIC_JO, &lowerJcc<0>},
    {ZYDIS_MNEMONIC_JNO, &lowerJcc<1>},
    {ZYDIS_MNEMONIC_JB, &lowerJcc<2>},
    {ZYDIS_MNEMONIC_JNB, &lowerJcc<3>},
    {ZYDIS_MNEMONIC_JZ, &lowerJcc<4>},
    {ZYDIS_MNEMONIC_JNZ, &lowerJcc<5>},
    {ZYDIS_MNEMONIC_JBE, &lowerJcc<6>},
    {ZYDIS_MNEMONIC_JNBE, &lowerJcc<7>},
    {ZYDIS_MNEMONIC_JS, &lowerJcc<8>},
    {ZYDIS_MNEMONIC_JNS, &lowerJcc<9>},
    {ZYDIS_MNEMONIC_JP, &lowerJcc<10>},
    {ZYDIS_MNEMONIC_JNP, &lowerJcc<11>},
    {ZYDIS_MNEMONIC_JL, &lowerJcc<12>},
    {ZYDIS_MNEMONIC_JNL, &lowerJcc<13>},
    {ZYDIS_MNEMONIC_JLE, &lowerJcc<14>},
    {ZYDIS_MNEMONIC_JNLE, &lowerJcc<15>},
    {ZYDIS_MNEMONIC_JMP, &lowerJmp},
    {ZYDIS_MNEMONIC_CALL, &lowerCall},
    {ZYDIS_MNEMONIC_RET, &lowerRet},
    {ZYDIS_MNEMONIC_LOOP, &lowerLoop<LoopWhile::Always>},
    {ZYDIS_MNEMONIC_LOOPE, &lowerLoop<LoopWhile::Zero>},
    {ZYDIS_MNEMONIC_LOOPNE, &lowerLoop<LoopWhile::NotZero>},
    {ZYDIS_MNEMONIC_JCXZ, &lowerCountZero<uint16_t>},
    {ZYDIS_MNEMONIC_JECXZ, &lowerCountZero<uint32_t>},
    {ZYDIS_MNEMONIC_JRCXZ, &lowerCountZero<uint64_t>},
    {ZYDIS_MNEMONIC_PUSH, &lowerPush},
    {ZYDIS_MNEMONIC_POP, &lowerPop},
    {ZYDIS_MNEMONIC_PUSHA, &lowerPushAll},
    {ZYDIS_MNEMONIC_PUSHAD, &lowerPushAll},
    {ZYDIS_MNEMONIC_POPA, &lowerPopAll},
    {ZYDIS_MNEMONIC_POPAD, &lowerPopAll},
    {ZYDIS_MNEMONIC_ENTER, &lowerEnter},
    {ZYDIS_MNEMONIC_LEAVE, &lowerLeave},
    {ZYDIS_MNEMONIC_PUSHF, &lowerPushFlags},
    {ZYDIS_MNEMONIC_PUSHFD, &lowerPushFlags},
    {ZYDIS_MNEMONIC_PUSHFQ, &lowerPushFlags},
    {ZYDIS_MNEMONIC_POPF, &lowerPopFlags},
    {ZYDIS_MNEMONIC_POPFD, &lowerPopFlags},
    {ZYDIS_MNEMONIC_POPFQ, &lowerPopFlags},
    {ZYDIS_MNEMONIC_CLI, &lowerCli},
    {ZYDIS_MNEMONIC_STI, &lowerSti},
    {ZYDIS_MNEMONIC_INT, &lowerInt},
    {ZYDIS_MNEMONIC_INT1, &lowerInt1},
    {ZYDIS_MNEMONIC_INT3, &lowerInt3},
    {ZYDIS_MNEMONIC_INTO, &lowerInto},
    {ZYDIS_MNEMONIC_BOUND, &lowerBound},
    {ZYDIS_MNEMONIC_UD0, &lowerUndefined},
    {ZYDIS_MNEMONIC_UD1, &lowerUndefined},
    {ZYDIS_MNEMONIC_UD2, &lowerUndefined},
});

} // namespace

std::span<const LowerRow> flowInstructions()
{
    return kRows;
}

} // namespace vmm::soft
