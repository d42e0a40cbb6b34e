// SPDX-License-Identifier: GPL-3.0-or-later
// What gates and far transfers do with stacks: frames that are checked before anything is written,
// stacks of inner privilege from the TSS. SDM volume 3 sections 5.8.5, 6.12.1, 6.14, 8.7.
#pragma once

#include <array>
#include <cstdint>

#include "vmm/soft/core.h"
#include "vmm/soft/descriptor.h"

namespace vmm::soft {

/// A stack a frame goes onto.
struct StackPlace {
    cpu::Segment segment;
    uint64_t pointer = 0;
    unsigned width = 4;    ///< bytes of its pointer; 8: flat
    bool switched = false; ///< not the current one: `segment` must be loaded
    Descriptor descriptor; ///< of `segment`, if switched and not flat
};

/// Values to be pushed, written only when all of them can be. At most kMost.
class StackFrame {
public:
    static constexpr unsigned kMost = 40; ///< 31 parameters and what gates push

    /// `size` bytes each; `cpl` is the privilege the pushes have. `place` outlives the frame.
    StackFrame(const StackPlace& place, unsigned size, unsigned cpl)
        : m_place(place), m_size(size), m_system(cpl != 3)
    {}
    StackFrame(StackPlace&& place, unsigned size, unsigned cpl) = delete;
    void push(uint64_t value)
    {
        if (m_count < kMost)
            m_values[m_count++] = value;
    }
    /// Writes all or notes #SS(code) or #PF. The pointer afterwards is pointer().
    bool write(Core& c, uint32_t code) const;
    uint64_t pointer() const { return at(m_count); }

private:
    /// RSP after n pushes.
    uint64_t at(unsigned n) const;
    uint64_t linear(uint64_t pointer) const;
    bool store(Core& c, uint64_t linear, uint64_t value) const;
    bool check(Core& c, uint32_t code) const;

    const StackPlace& m_place;
    unsigned m_size;
    bool m_system;
    unsigned m_count = 0;
    std::array<uint64_t, kMost> m_values; ///< m_count of them
};

/// Values popped from the current stack; nothing is committed.
class StackReader {
public:
    StackReader(Core& core, unsigned size)
        : m_core(core), m_size(size), m_pointer(core.regs.general[kRsp])
    {}
    bool next(uint64_t& value);
    bool nextSelector(uint16_t& selector);
    void skip(unsigned bytes) { m_pointer += bytes; }
    /// RSP after what was popped; bits above the stack's width as they were.
    uint64_t pointer() const;

private:
    Core& m_core;
    unsigned m_size;
    uint64_t m_pointer;
};

/// The current stack.
StackPlace currentStack(const Core& c);
/// The stack for privilege `cpl` that the TSS names, checked (#TS, #SS).
bool innerStack(Core& c, unsigned cpl, unsigned ext, StackPlace& place);
/// Stack pointer `slot` (0-2: privilege, 3-9: IST 1-7) of the 64-bit TSS.
bool longTssPointer(Core& c, unsigned slot, unsigned ext, uint64_t& pointer);
/// Loads SS, if it was switched, and RSP.
void enterStack(Core& c, const StackPlace& place, uint64_t pointer);

} // namespace vmm::soft
