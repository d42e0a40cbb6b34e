// SPDX-License-Identifier: GPL-3.0-or-later
// The decoded-block cache of one executor: straight runs of instructions by physical address.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "vmm/soft/op.h"
#include "vmm/soft/physical_map.h"

namespace vmm::soft {

class Core;

/// Bits of Block::mode: what decoding depends on besides the bytes.
namespace block_mode {
inline constexpr uint32_t kCode16 = 0;
inline constexpr uint32_t kCode32 = 1;
inline constexpr uint32_t kCode64 = 2;
inline constexpr uint32_t kCodeMask = 3;
inline constexpr uint32_t kStack32 = 1 << 2;
inline constexpr uint32_t kProtected = 1 << 3; ///< protected or long mode, not virtual-8086
inline constexpr uint32_t kV8086 = 1 << 4;
/// CPL 3. Decoding does not ask, but whether a page may be executed depends on it.
inline constexpr uint32_t kUser = 1 << 5;
inline constexpr uint32_t kSingle = 1 << 6; ///< blocks of one instruction
} // namespace block_mode

/// A run of instructions that ends with a transfer of control, at a page's end, or after kMaxOps.
/// An instruction that crosses into the next page is a block of its own.
struct Block {
    static constexpr unsigned kMaxOps = 64;
    uint64_t rip = 0; ///< of the first instruction
    uint64_t physical = 0;
    uint64_t physical2 = 0; ///< page of the crossing instruction's second part, or 0
    uint64_t codeBase = 0;
    uint32_t codeLimit = 0;
    uint32_t mode = 0;
    PageInfo* page = nullptr;
    PageInfo* page2 = nullptr;
    uint32_t generation = 0;
    uint32_t generation2 = 0;
    uint32_t epoch = 0; ///< translation epoch in which rip led here
    uint32_t count = 0;
    /// Blocks that run after this one in the same mode and code segment; none with a second page.
    std::array<Block*, 2> link{};
    Op* ops = nullptr; ///< count + 1 of them: the last one leaves the block or goes on to the next

    /// Are the bytes still those that were decoded?
    bool current() const
    {
        return page->generation.load(std::memory_order_acquire) == generation &&
               (page2 == nullptr ||
                page2->generation.load(std::memory_order_acquire) == generation2);
    }
};

/// The blocks of one executor. Its thread only. Memory is bounded: when full, all is forgotten.
class Blocks {
public:
    explicit Blocks(Core& core);
    ~Blocks();

    /// The block at the core's rip, decoded if need be. Null with the fault noted.
    Block* find();
    /// As find(), reached from `from` through its link number `link`.
    Block* follow(Block& from, unsigned link);
    /// The bytes under the running block changed: it ends after the current instruction.
    void stopRunning();
    /// The instruction at linear address `linear` got or lost a breakpoint: what holds it is
    /// decoded anew. The running block may go on to its end.
    void forgetAt(uint64_t linear);
    void clear();

private:
    struct Internal;
    struct Source;
    bool matches(const Block& block) const;
    bool secondPageIs(const Block& block, uint64_t linear);
    uint32_t take(const PhysicalPage& page, uint64_t offset, size_t size, uint8_t* to);
    Block* newBlock(uint64_t physical, PageInfo& info);
    Block* decode(uint64_t linear, uint64_t physical, const PhysicalPage& page);
    Block* decodeUncached(uint64_t linear, uint64_t physical);
    unsigned placeBreakpoint(const Block& block);
    bool fillBlock(Block& block, const Source& source, unsigned most);

    Core& m_core;
    std::unique_ptr<Internal> m_internal;
};

} // namespace vmm::soft
