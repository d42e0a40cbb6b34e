// SPDX-License-Identifier: GPL-3.0-or-later
// The registers an instruction works on, laid out so that an operand is a byte offset.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vmm/cpu/cpu_state.h"
#include "vmm/soft/flags.h"

namespace vmm::soft {

/// Names of `general` in the order of the encoding, and the register that is always 0 (an absent
/// base or index).
enum Gpr : uint8_t {
    kRax,
    kRcx,
    kRdx,
    kRbx,
    kRsp,
    kRbp,
    kRsi,
    kRdi,
    kR8,
    kR9,
    kR10,
    kR11,
    kR12,
    kR13,
    kR14,
    kR15,
    kZero,
    kGprCount
};

/// Index in `segment`.
enum Seg : uint8_t { kEs, kCs, kSs, kDs, kFs, kGs, kLdtr, kTr, kSegCount };

/// FXSAVE image in memory (SDM volume 1 table 10-2) and the upper halves of the YMM registers as in
/// the XSAVE image (section 13.4.2): native code loads and stores them directly.
struct alignas(64) VectorState {
    std::array<uint8_t, 512> fx{}; ///< x87 state at 0, MXCSR at 24, XMM0-15 at 160
    std::array<std::array<uint8_t, 16>, 16> ymmHigh{};

    static constexpr size_t kMxcsr = 24;
    static constexpr size_t kXmm = 160;
    uint8_t* xmm(unsigned n) { return fx.data() + kXmm + size_t{16} * n; }
};

/// XSAVE components that the executor does not compute with (opmask, ZMM, PKRU...). Only a state
/// that came from KVM has some: the assist's, or that of a machine that began there.
struct ExtraState {
    uint64_t present = 0;      ///< those not in their initial state, which is all zero
    std::vector<uint8_t> area; ///< as XSAVE lays it out on this host; empty while none is present
};

/// Everything an instruction reads and writes, except memory. Owner: Core; its vCPU thread.
struct Registers {
    std::array<uint64_t, kGprCount> general{};
    uint64_t rip = 0xfff0;
    LazyFlags flags;
    uint64_t systemFlags = flag::kOne; ///< RFLAGS without the six of `flags`
    std::array<cpu::Segment, kSegCount> segment{};
    VectorState vector;
    ExtraState extra;

    /// All of RFLAGS.
    uint64_t rflags() const { return systemFlags | flags.get(); }
};

} // namespace vmm::soft
