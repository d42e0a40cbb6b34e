// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of the system instructions share.
#pragma once

#include <cstdint>
#include <span>

#include "vmm/soft/core.h"
#include "vmm/soft/lower.h"

namespace vmm::soft {

/// A lowering that needs nothing but the handler.
template <Handler H>
bool lowerTo(const Decoded& /*decoded*/, Op& op)
{
    op.run = H;
    return true;
}
/// As lowerTo(), for what may change modes, translations or the flow of control.
template <Handler H>
bool lowerEnding(const Decoded& /*decoded*/, Op& op)
{
    op.run = H;
    op.flags |= op_flag::kBranchEnd;
    return true;
}

/// `next`, but out of the block.
inline const Op* leaveBehind(Core& c, const Op& op)
{
    return c.leave(c.nextRip(op));
}

/// CR0 (MOV, LMSW). False with #GP noted.
bool writeCr0(Core& c, uint64_t value);
bool writeCr4(Core& c, uint64_t value);

/// system_tables.cpp: descriptor tables, LDTR, TR, far pointers, questions about selectors.
std::span<const LowerRow> descriptorInstructions();
/// system_calls.cpp: IRET, SYSCALL, SYSENTER and their returns.
std::span<const LowerRow> systemCallInstructions();
/// Far JMP, CALL, RET.
bool lowerFar(const Decoded& decoded, Op& op);
/// MOV to and from segment, control and debug registers.
bool lowerSystemMove(const Decoded& decoded, Op& op);

} // namespace vmm::soft
