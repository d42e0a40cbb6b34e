// SPDX-License-Identifier: GPL-3.0-or-later
// Machine code that runs one guest instruction on the host: generated once per form of instruction
// into memory that is never writable and executable through the same address.
//
//   bytes of the guest ── normalise ──> form: registers renamed, memory operand [rdi]
//                                         |  find(): generated on first sight
//                                         v
//   thunk: load operands from Registers ── the instruction ── store results to Registers
#pragma once

#include <Zydis/Zydis.h>
#include <array>
#include <cstdint>
#include <map>
#include <memory>

#include "vmm/base/unique_fd.h"
#include "vmm/cpu/cpuid_model.h"
#include "vmm/soft/registers.h"

namespace vmm::soft {

/// Code for one form, and what its caller must know.
struct Thunk {
    /// `memory`: the memory operand, aligned as the instruction wants it. The last four are byte
    /// offsets in Registers of the operands in ModRM.rm, VEX.vvvv, ModRM.reg and the top of the
    /// immediate. Returns RFLAGS after the instruction if `flags`. For x87 forms `registers` is an
    /// FXSAVE image and `rm` the guest's arithmetic flags.
    using Run = uint64_t (*)(void* memory, void* registers, uint64_t rm, uint64_t vvvv,
                             uint64_t reg, uint64_t is4);
    Run run = nullptr;
    ZydisMnemonic mnemonic = ZYDIS_MNEMONIC_INVALID;
    uint8_t memorySize = 0; ///< bytes; 0: no memory operand
    bool reads = false;     ///< the memory operand
    bool writes = false;
    bool flags = false; ///< changes arithmetic flags
    bool mmx = false;   ///< has an MMX register
    bool xmm = false;   ///< has an XMM or YMM register
};

/// A normalised instruction: the key. Unused bytes are 0; the last one is the length.
using NativeForm = std::array<uint8_t, 16>;

/// Thunks of one vCPU. Its thread only. Bounded: registers are renamed, so there are about 125'000
/// forms, and the area has room for them.
class NativeCode {
public:
    static Result<std::unique_ptr<NativeCode>> create(const cpu::CpuidModel& model);

    /// Is it an instruction set that lives here?
    static bool knows(ZydisISASet set);
    /// Does the model promise these instructions, and has the host got them?
    bool offers(ZydisISASet set) const;
    /// The thunk for a form, or null when it has an operand nobody thought of.
    const Thunk* find(const NativeForm& form);

private:
    /// All forms there are, each immediate byte counted, take 6 MiB.
    static constexpr size_t kAreaSize = size_t{8} << 20;

    NativeCode() = default;
    bool generate(const NativeForm& form, Thunk& thunk);

    MappedRegion m_writable;
    MappedRegion m_executable; // the same memory
    size_t m_used = 0;
    std::map<NativeForm, Thunk> m_thunks;
    /// Leaf 1 ECX, EDX, leaf 7 EBX, leaf 13.1 EAX: bits both have.
    std::array<uint32_t, 4> m_features{};
    ZydisDecoder m_decoder{};
};

} // namespace vmm::soft
