// SPDX-License-Identifier: GPL-3.0-or-later
// What all string instructions have in common: pointers that move by DF, the repeat prefix (SDM
// volume 1 section 7.3.9).
//
// An instruction is a class with
//   bool step(Core&, const Op&)              one element; registers but CX change only on success
//   uint64_t bulk(Core&, const Op&, n)       up to n elements at once, 0: take steps; may fault
//   bool goesOn(Core&, const Op&)            after a step: does the condition let it repeat?
//   kChangesFlags, kPort                     facts
#pragma once

#include <algorithm>

#include "vmm/soft/core.h"
#include "vmm/soft/lower.h"

namespace vmm::soft {

constexpr uint16_t kCountAt = kRcx * 8;
constexpr uint16_t kSourceAt = kRsi * 8;
constexpr uint16_t kDestinationAt = kRdi * 8;

/// Most instructions repeat as long as CX says, element by element.
struct StringDefaults {
    static constexpr bool kChangesFlags = false;
    static constexpr bool kPort = false;
    static uint64_t bulk(Core&, const Op&, uint64_t) { return 0; }
    static bool goesOn(Core&, const Op&) { return true; }
};

/// Moves SI or DI on by `bytes`; A is the type of an address.
template <class A>
inline void movePointer(Core& c, uint16_t reg, uint64_t bytes)
{
    const bool down = (c.regs.systemFlags & flag::kDf) != 0;
    const uint64_t at = c.get<A>(reg);
    c.set<A>(reg, static_cast<A>(down ? at - bytes : at + bytes));
}

/// The linear address of the element at SI or DI.
template <class A, class T>
inline bool elementAt(Core& c, uint8_t segment, uint16_t reg, Access access, uint64_t& linear)
{
    return c.linearAt(segment, c.get<A>(reg), sizeof(T), access, linear);
}

/// Elements between two looks at attention.
constexpr uint64_t kStringSlice = 64;

/// Up to `most` steps. Returns how many succeeded; `ended` when the condition says so.
template <class S>
uint64_t takeSteps(Core& c, const Op& op, uint64_t most, bool& ended)
{
    uint64_t done = 0;
    while (done < most && !ended) {
        if (!S::step(c, op))
            break;
        ++done;
        ended = !S::goesOn(c, op);
    }
    return done;
}

/// With a repeat prefix. Restartable: rip stays at the instruction while CX, SI and DI tell how far
/// it came.
template <class S, class A>
const Op* repeatString(Core& c, const Op& op)
{
    const LazyFlags before = c.regs.flags;
    const bool single = (c.regs.systemFlags & flag::kTf) != 0; // traps after each iteration
    const uint64_t slice = single || c.watching() ? 1 : kStringSlice;
    uint64_t left = c.get<A>(kCountAt);
    bool ended = false;
    while (left != 0 && !ended) {
        uint64_t done = single ? 0 : S::bulk(c, op, left);
        if (done == 0 && !c.hasPending())
            done = takeSteps<S>(c, op, std::min(left, slice), ended);
        if (done != 0) {
            left -= done;
            c.set<A>(kCountAt, static_cast<A>(left));
        }
        if (c.hasPending()) {
            if constexpr (S::kChangesFlags)
                c.regs.flags = before; // SDM volume 2, REP: restored on a fault
            return c.fault(op);
        }
        if (left != 0 && !ended && (single || c.attention() != 0)) {
            c.regs.systemFlags |= flag::kRf; // it has begun (SDM volume 3 section 17.3.1.1)
            return c.leave(op.rip);
        }
    }
    return S::kPort ? c.leave(c.nextRip(op)) : c.next(op);
}

/// Handler of a string instruction without a repeat prefix.
template <class S>
const Op* stringOnce(Core& c, const Op& op)
{
    if (!S::step(c, op))
        return c.fault(op);
    return S::kPort ? c.leave(c.nextRip(op)) : c.next(op);
}

/// The handler for an instruction with or without a repeat prefix.
template <template <class, class> class S, class A, class T>
Handler stringHandler(const Op& op)
{
    const bool repeated = (op.flags & (op_flag::kRep | op_flag::kRepne)) != 0;
    return repeated ? &repeatString<S<A, T>, A> : &stringOnce<S<A, T>>;
}

/// Segment of the source, repeat prefixes.
void prepareString(const Decoded& decoded, Op& op);

/// Lowers S with elements of type T for any size of addresses.
template <template <class, class> class S, class T>
bool lowerString(const Decoded& decoded, Op& op)
{
    // MOVSD and CMPSD are SSE2 instructions too: those have operands one can see.
    if (decoded.visible() != 0)
        return lowerNative(decoded, op);
    prepareString(decoded, op);
    if (S<uint64_t, T>::kPort)
        op.flags |= op_flag::kBranchEnd;
    if (op.addressSize == 8)
        op.run = stringHandler<S, uint64_t, T>(op);
    else if (op.addressSize == 4)
        op.run = stringHandler<S, uint32_t, T>(op);
    else
        op.run = stringHandler<S, uint16_t, T>(op);
    return true;
}

// io.cpp
bool lowerIn(const Decoded& decoded, Op& op);
bool lowerOut(const Decoded& decoded, Op& op);
/// INS and OUTS of 1, 2 and 4 bytes.
template <class T>
bool lowerIns(const Decoded& decoded, Op& op);
template <class T>
bool lowerOuts(const Decoded& decoded, Op& op);

} // namespace vmm::soft
