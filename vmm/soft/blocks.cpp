// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/soft/blocks.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "vmm/soft/core_internal.h"
#include "vmm/soft/lower.h"

namespace vmm::soft {

namespace {

constexpr size_t kOpsPerChunk = 2048; // 128 KiB
constexpr size_t kMaxChunks = 512;    // then all is forgotten
constexpr size_t kMaxBlocks = 262'144;
constexpr size_t kBlocksPerChunk = 512;
constexpr size_t kRecent = 8192; // rows of the table by rip
constexpr unsigned kLongestInstruction = 15;

long membarrier(int command)
{
    return ::syscall(SYS_membarrier, command, 0, 0);
}

/// Makes all other threads of the process pass a memory barrier. The process is registered for it
/// when it first needs one: with several threads that waits for a grace period of RCU, some 15 ms,
/// which a machine under KVM that never asks for the assist does not pay at its start.
void barrierEverywhere()
{
    if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0)
        return;
    membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
    if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0)
        membarrier(MEMBARRIER_CMD_GLOBAL);
}

const Op* raiseLimit(Core& c, const Op& op)
{
    return c.raise(op, Vector::Gp, 0);
}

/// The last op of a block that does not end with a transfer.
const Op* goOn(Core& c, const Op& op)
{
    return c.jumpStraight(op, op.rip, 0);
}

const Op* stop(Core& c, const Op& op)
{
    return c.leave(op.rip);
}

/// What a block is known by.
struct Key {
    uint64_t physical;
    uint64_t rip;
    uint64_t base; ///< of the code segment, as the limit: 0 in 64-bit mode
    uint32_t limit;
    uint32_t mode;
    bool operator==(const Key&) const = default;

    static Key of(const Block& block)
    {
        const bool wide = (block.mode & block_mode::kCodeMask) == block_mode::kCode64;
        return {block.physical, block.rip, wide ? 0 : block.codeBase, wide ? 0 : block.codeLimit,
                block.mode};
    }
};

/// Hashes keys with random numbers: a guest that can tell which keys share a row would put all of
/// its blocks there, one page mapped at many places for example.
class KeyHash {
public:
    size_t operator()(const Key& key) const
    {
        return fold(key.physical ^ m_one, key.rip ^ m_two) ^
               fold(key.base ^ m_two, (uint64_t{key.limit} << 32 | key.mode) ^ m_one);
    }

private:
    static uint64_t fold(uint64_t a, uint64_t b)
    {
        const Wide product = Wide{a} * b;
        return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
    }
    static uint64_t random()
    {
        std::random_device source;
        return uint64_t{source()} << 32 | source();
    }

    uint64_t m_one = random();
    uint64_t m_two = random();
};

/// Items that stay where they are put.
template <class T, size_t kPerChunk>
class Store {
public:
    /// `count` new ones in a row, at most kPerChunk.
    T* take(size_t count)
    {
        if (!fits(count)) {
            m_chunks.push_back(std::make_unique<T[]>(kPerChunk));
            m_used = 0;
        }
        T* items = m_chunks.back().get() + m_used;
        m_used += count;
        return items;
    }
    /// Does the last chunk have room for `count` more?
    bool fits(size_t count) const { return m_used + count <= kPerChunk; }
    size_t chunks() const { return m_chunks.size(); }
    template <class Function>
    void forEach(Function function)
    {
        for (const auto& chunk : m_chunks) {
            const size_t count = chunk == m_chunks.back() ? m_used : kPerChunk;
            std::for_each_n(chunk.get(), count, function);
        }
    }

private:
    std::vector<std::unique_ptr<T[]>> m_chunks;
    size_t m_used = kPerChunk;
};

/// Blocks by key: open addressing, nothing is ever taken out.
class BlockTable {
public:
    /// Where the block is, or would be put: null then.
    Block*& at(const Key& key)
    {
        for (size_t at = m_hash(key);; ++at) {
            Block*& slot = m_slots[at & (m_slots.size() - 1)];
            if (slot == nullptr || Key::of(*slot) == key)
                return slot;
        }
    }
    void put(const Key& key, Block& block)
    {
        Block*& slot = at(key);
        const bool fresh = slot == nullptr;
        slot = &block;
        if (fresh && ++m_used * 2 > m_slots.size())
            grow();
    }

private:
    void grow()
    {
        std::vector<Block*> old(m_slots.size() * 2);
        old.swap(m_slots);
        for (Block* block : old)
            if (block != nullptr)
                at(Key::of(*block)) = block;
    }

    std::vector<Block*> m_slots = std::vector<Block*>(4096); // a power of two, as all its sizes
    size_t m_used = 0;
    KeyHash m_hash;
};

} // namespace

/// Arena and tables.
struct Blocks::Internal {
    Store<Op, kOpsPerChunk> ops;
    Store<Block, kBlocksPerChunk> blocks;
    size_t blockCount = 0;
    BlockTable byKey;
    std::array<Block*, kRecent> recent{};
    uint64_t clears = 0;
    std::array<Op, Block::kMaxOps + 2> scratch; ///< a block is decoded here, then packed
    PageInfo uncached; ///< of code that lies in device memory: its generation moves on at once

    /// Is there room for one more block of any length?
    bool full() const
    {
        return blockCount >= kMaxBlocks ||
               (!ops.fits(scratch.size()) && ops.chunks() == kMaxChunks);
    }
    /// Moves `count` ops out of the scratch. Not when full.
    Op* keep(size_t count)
    {
        Op* kept = ops.take(count);
        std::copy_n(scratch.begin(), count, kept);
        return kept;
    }
};

/// Bytes at the place to decode, and where they came from.
struct Blocks::Source {
    std::array<uint8_t, 4096 + kLongestInstruction> bytes;
    size_t size = 0;      ///< valid bytes
    size_t firstPage = 0; ///< of them in the first page
};

Blocks::Blocks(Core& core) : m_core(core), m_internal(std::make_unique<Internal>()) {}

Blocks::~Blocks() = default;

void Blocks::clear()
{
    const uint64_t clears = m_internal->clears;
    m_internal = std::make_unique<Internal>();
    m_internal->clears = clears + 1;
    m_core.setRunning(nullptr);
}

void Blocks::stopRunning()
{
    for (uint32_t i = 0; i <= m_core.running()->count; ++i)
        m_core.running()->ops[i].run = stop;
    m_core.running()->generation =
        m_core.running()->page->generation.load(std::memory_order_relaxed) - 1;
}

void Blocks::forgetAt(uint64_t linear)
{
    m_internal->blocks.forEach([linear](Block& block) {
        if (block.ops == nullptr) // its bytes could not be fetched
            return;
        const bool wide = (block.mode & block_mode::kCodeMask) == block_mode::kCode64;
        const uint64_t first = wide ? block.rip : (block.codeBase + block.rip) & 0xffff'ffff;
        const uint64_t size = (block.ops[block.count].rip - block.rip) & 0xffff'ffff;
        if (linear - first < size)
            block.generation = block.page->generation.load(std::memory_order_relaxed) - 1;
    });
}

bool Blocks::matches(const Block& block) const
{
    const cpu::Segment& cs = m_core.regs.segment[kCs];
    return block.rip == m_core.regs.rip && block.mode == m_core.mode() && block.current() &&
           (m_core.inLong64() || (block.codeBase == cs.base && block.codeLimit == cs.limit));
}

Block* Blocks::find()
{
    Block*& recent = m_internal->recent[(m_core.regs.rip ^ (m_core.regs.rip >> 13)) % kRecent];
    if (recent != nullptr && recent->epoch == m_core.translationEpoch() && matches(*recent))
        return recent;
    const uint64_t linear = m_core.codeLinear(m_core.regs.rip);
    uint64_t physical = 0;
    PhysicalPage page;
    if (!m_core.translateCode(linear, physical, page))
        return nullptr;
    if (recent != nullptr && recent->physical == physical && recent->page == page.info &&
        matches(*recent) && recent->page2 == nullptr) {
        recent->epoch = m_core.translationEpoch();
        return recent;
    }
    const cpu::Segment& cs = m_core.regs.segment[kCs];
    const bool wide = m_core.inLong64();
    const Key key{physical, m_core.regs.rip, wide ? 0 : cs.base, wide ? 0 : cs.limit,
                  m_core.mode()};
    Block* block = m_internal->byKey.at(key);
    // The page is compared too: the map may have other memory at the address now.
    if (block != nullptr &&
        (block->page != page.info || !block->current() || !secondPageIs(*block, linear)))
        block = nullptr;
    if (m_core.hasPending())
        return nullptr;
    if (block == nullptr) {
        block = decode(linear, physical, page);
        if (block == nullptr)
            return nullptr;
        if (page.host != nullptr)
            m_internal->byKey.put(key, *block);
    }
    block->epoch = m_core.translationEpoch();
    if (page.host != nullptr)
        m_internal->recent[(m_core.regs.rip ^ (m_core.regs.rip >> 13)) % kRecent] = block;
    return block;
}

/// Does a crossing instruction still go on in the page it was decoded from?
bool Blocks::secondPageIs(const Block& block, uint64_t linear)
{
    if (block.page2 == nullptr)
        return true;
    uint64_t physical = 0;
    PhysicalPage page;
    const uint64_t mask = m_core.inLong64() ? ~uint64_t{0} : 0xffff'ffff;
    return m_core.translateCode(((linear | 4095) + 1) & mask, physical, page) &&
           physical == block.physical2 && page.info == block.page2;
}

Block* Blocks::follow(Block& from, unsigned link)
{
    Block* to = from.link[link];
    if (to != nullptr && matches(*to) &&
        (to->epoch == m_core.translationEpoch() ||
         ((to->rip ^ from.rip) | (to->physical ^ from.physical)) < 4096)) {
        to->epoch = m_core.translationEpoch(); // the page runs, so it is still mapped
        return to;
    }
    const uint64_t clears = m_internal->clears;
    to = find();
    if (to != nullptr && to->page != &m_internal->uncached && to->page2 == nullptr &&
        clears == m_internal->clears)
        from.link[link] = to;
    return to;
}

/// Marks the bytes as decoded, so that writers notice, and takes them. See PageInfo.
uint32_t Blocks::take(const PhysicalPage& page, uint64_t offset, size_t size, uint8_t* to)
{
    PageInfo& info = *page.info;
    const uint32_t generation = info.generation.load(std::memory_order_acquire);
    const uint64_t bits =
        (~uint64_t{0} << (offset / 64)) & (~uint64_t{0} >> (63 - (offset + size - 1) / 64));
    info.decoders.fetch_add(1, std::memory_order_seq_cst);
    const uint64_t before = info.codeMask.fetch_or(bits, std::memory_order_seq_cst);
    const bool alone = info.decoders.load(std::memory_order_seq_cst) == 1;
    if (((before & bits) != bits || !alone) && m_core.environment().cpus > 1)
        barrierEverywhere();
    info.decoders.fetch_sub(1, std::memory_order_seq_cst);
    std::memcpy(to, page.host + offset, size);
    return generation;
}

/// Code in device memory: fetched over the bus, one instruction, never kept.
Block* Blocks::decodeUncached(uint64_t linear, uint64_t physical)
{
    Source source;
    const auto fetch = [&](uint64_t from, size_t count) {
        for (size_t i = 0; i < count; ++i)
            source.bytes[source.size++] = static_cast<uint8_t>(
                m_core.environment().mmio.read(memory::GuestPhys(from + i), 1));
    };
    source.firstPage = std::min<size_t>(kLongestInstruction, 4096 - (linear & 4095));
    fetch(physical, source.firstPage);
    Block* block = newBlock(physical, m_internal->uncached);
    if (!fillBlock(*block, source, 1)) {
        uint64_t next = 0;
        PhysicalPage second;
        const uint64_t mask = m_core.inLong64() ? ~uint64_t{0} : 0xffff'ffff;
        if (!m_core.translateCode(((linear | 4095) + 1) & mask, next, second))
            return nullptr;
        fetch(next, kLongestInstruction); // RAM there reads as all ones: no system crosses so
        fillBlock(*block, source, 1);
    }
    block->generation = m_internal->uncached.generation.fetch_add(1) + 1;
    return block;
}

Block* Blocks::newBlock(uint64_t physical, PageInfo& info)
{
    if (m_internal->full())
        clear();
    ++m_internal->blockCount;
    Block& block = *m_internal->blocks.take(1);
    const cpu::Segment& cs = m_core.regs.segment[kCs];
    block.rip = m_core.regs.rip;
    block.physical = physical;
    block.codeBase = cs.base;
    block.codeLimit = cs.limit;
    block.mode = m_core.mode();
    block.page = &info;
    return &block;
}

Block* Blocks::decode(uint64_t linear, uint64_t physical, const PhysicalPage& page)
{
    m_core.settleMxcsr();
    if (page.host == nullptr)
        return decodeUncached(linear, physical);
    Block* block = newBlock(physical, *page.info);
    Source source;
    const uint64_t offset = physical & 4095;
    // Half a kilobyte holds nearly every block, and marks no more of the page than needed.
    source.size = source.firstPage = std::min<size_t>(512, 4096 - offset);
    block->generation = take(page, offset, source.size, source.bytes.data());
    const bool atEnd = offset + source.size == 4096;
    const bool single = (block->mode & block_mode::kSingle) != 0;
    if (fillBlock(*block, source, single ? 1 : Block::kMaxOps) || !atEnd)
        return block;
    // The first instruction crosses into the next page.
    const uint64_t mask = m_core.inLong64() ? ~uint64_t{0} : 0xffff'ffff;
    PhysicalPage second;
    if (!m_core.translateCode(((linear | 4095) + 1) & mask, block->physical2, second))
        return nullptr;
    if (second.host == nullptr)
        return decodeUncached(linear, physical);
    block->page2 = second.info;
    block->generation2 = take(second, 0, kLongestInstruction, source.bytes.data() + source.size);
    source.size += kLongestInstruction;
    fillBlock(*block, source, 1);
    return block;
}

/// Puts an op before a first instruction that has a breakpoint: how many, 0 or 1.
unsigned Blocks::placeBreakpoint(const Block& block)
{
    if (!m_core.stopsAt(block.rip))
        return 0;
    Op& op = m_internal->scratch[0];
    op = Op{};
    op.rip = block.rip;
    op.run = Core::breakpoint;
    return 1;
}

/// Decodes up to `most` instructions. False when the bytes end inside the very first one.
bool Blocks::fillBlock(Block& block, const Source& source, unsigned most)
{
    Decoder decoder(m_core);
    const bool wide = (block.mode & block_mode::kCodeMask) == block_mode::kCode64;
    size_t at = 0;
    const unsigned stops = placeBreakpoint(block);
    block.count = stops;
    for (bool ended = false; block.count < most + stops && !ended;) {
        Op& op = m_internal->scratch[block.count];
        op = Op{};
        op.rip = (block.rip + at) & m_core.ripMask();
        if (block.count > stops && m_core.stopsAt(op.rip))
            break;
        const auto decoded = decoder.decode(source.bytes.data() + at, source.size - at, op);
        if (decoded == Decoder::Answer::NeedsMore) {
            if (block.count == stops && source.size - at < kLongestInstruction)
                return false;
            break;
        }
        at += op.length;
        if (!wide && op.rip + op.length - 1 > block.codeLimit) {
            op.run = raiseLimit;
            op.flags |= op_flag::kBranchEnd;
        }
        ended = (op.flags & op_flag::kBranchEnd) != 0 || at >= source.firstPage;
        ++block.count;
    }
    Op& last = m_internal->scratch[block.count];
    last = Op{};
    last.rip = (block.rip + at) & m_core.ripMask();
    last.run = (block.mode & block_mode::kSingle) != 0 ? stop : goOn;
    block.ops = m_internal->keep(block.count + 1);
    return true;
}

} // namespace vmm::soft
