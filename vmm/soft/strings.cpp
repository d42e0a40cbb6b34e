// SPDX-License-Identifier: GPL-3.0-or-later
// MOVS, STOS, LODS, CMPS, SCAS (SDM volume 1 section 7.3.9) and the table of string and port
// instructions.
#include "vmm/soft/strings.h"

#include <array>
#include <limits>

namespace vmm::soft {

namespace {

constexpr uint64_t kPage = 4096;

/// A stretch of elements that lies in one page of the host's memory.
struct Stretch {
    std::byte* host = nullptr;
    uint64_t linear = 0;
    uint64_t count = 0;
};

/// How many of `wanted` elements from SI or DI upwards lie in one page and inside the segment. When
/// not even the first is, false with its fault noted; 0 of them when it crosses a page's end.
template <class A, class T>
bool measure(Core& c, uint8_t segment, uint16_t reg, Access access, Stretch& stretch)
{
    const A offset = c.get<A>(reg);
    if (!c.linearAt(segment, offset, sizeof(T), access, stretch.linear))
        return false;
    const uint64_t untilWrap = (std::numeric_limits<A>::max() - offset) / sizeof(T);
    const uint64_t untilPage = (kPage - stretch.linear % kPage) / sizeof(T);
    stretch.count = std::min({stretch.count, untilWrap, untilPage});
    if (c.inLong64() || stretch.count < 2)
        return true;
    uint64_t same = 0;
    const auto size = static_cast<unsigned>(stretch.count * sizeof(T));
    if (!c.linearAt(segment, offset, size, access, same)) {
        c.takePending(); // the limit is somewhere in between: go there step by step
        stretch.count = 0;
    }
    return true;
}

/// Finds the memory of the first `count` elements. False: go step by step, or a fault is noted.
template <class T>
bool findHost(Core& c, Stretch& stretch, uint64_t count, Access access)
{
    stretch.count = count;
    const auto size = static_cast<unsigned>(count * sizeof(T));
    stretch.host = c.hostPointer(stretch.linear, size, access);
    return stretch.host != nullptr;
}

/// Copies upwards element by element, so that a destination inside the source repeats its
/// beginning.
template <class T>
void copyUpwards(std::byte* to, const std::byte* from, uint64_t size)
{
    const uint64_t distance = reinterpret_cast<uintptr_t>(to) - reinterpret_cast<uintptr_t>(from);
    if (distance >= size) { // apart, or the destination is below
        std::memmove(to, from, size);
        return;
    }
    if (distance < sizeof(T)) {
        for (uint64_t at = 0; at < size; at += sizeof(T)) {
            T value;
            std::memcpy(&value, from + at, sizeof value);
            std::memcpy(to + at, &value, sizeof value);
        }
        return;
    }
    // What is copied has the period `distance`: each round can take all that is there already.
    for (uint64_t done = 0; done < size;) {
        const uint64_t part = std::min(size - done, distance + done);
        std::memcpy(to + done, from, part);
        done += part;
    }
}

template <class T>
void fill(std::byte* to, T value, uint64_t count)
{
    if constexpr (sizeof(T) == 1) {
        std::memset(to, value, count);
    } else {
        for (uint64_t n = 0; n < count; ++n)
            std::memcpy(to + n * sizeof(T), &value, sizeof value);
    }
}

bool downwards(const Core& c)
{
    return (c.regs.systemFlags & flag::kDf) != 0;
}

template <class A, class T>
struct Movs : StringDefaults {
    static bool step(Core& c, const Op& op)
    {
        uint64_t from = 0;
        uint64_t to = 0;
        T value{};
        if (!elementAt<A, T>(c, op.segment, kSourceAt, Access::Read, from) ||
            !c.loadLinear(from, value, op.segment) ||
            !elementAt<A, T>(c, kEs, kDestinationAt, Access::Write, to) ||
            !c.storeLinear(to, value, kEs))
            return false;
        movePointer<A>(c, kSourceAt, sizeof(T));
        movePointer<A>(c, kDestinationAt, sizeof(T));
        return true;
    }

    static uint64_t bulk(Core& c, const Op& op, uint64_t left)
    {
        if (downwards(c))
            return 0;
        Stretch from{.count = left};
        if (!measure<A, T>(c, op.segment, kSourceAt, Access::Read, from) || from.count == 0)
            return 0;
        Stretch to{.count = from.count};
        // The source's own fault comes first.
        if (!findHost<T>(c, from, from.count, Access::Read) ||
            !measure<A, T>(c, kEs, kDestinationAt, Access::Write, to) || to.count == 0 ||
            !findHost<T>(c, to, to.count, Access::Write))
            return 0;
        const uint64_t size = to.count * sizeof(T);
        copyUpwards<T>(to.host, from.host, size);
        c.wrote(to.linear, static_cast<unsigned>(size));
        movePointer<A>(c, kSourceAt, size);
        movePointer<A>(c, kDestinationAt, size);
        return to.count;
    }
};

template <class A, class T>
struct Stos : StringDefaults {
    static bool step(Core& c, const Op&)
    {
        uint64_t to = 0;
        if (!elementAt<A, T>(c, kEs, kDestinationAt, Access::Write, to) ||
            !c.storeLinear(to, c.get<T>(kRax * 8), kEs))
            return false;
        movePointer<A>(c, kDestinationAt, sizeof(T));
        return true;
    }

    static uint64_t bulk(Core& c, const Op&, uint64_t left)
    {
        if (downwards(c))
            return 0;
        Stretch to{.count = left};
        if (!measure<A, T>(c, kEs, kDestinationAt, Access::Write, to) || to.count == 0 ||
            !findHost<T>(c, to, to.count, Access::Write))
            return 0;
        const uint64_t size = to.count * sizeof(T);
        fill<T>(to.host, c.get<T>(kRax * 8), to.count);
        c.wrote(to.linear, static_cast<unsigned>(size));
        movePointer<A>(c, kDestinationAt, size);
        return to.count;
    }
};

template <class A, class T>
struct Lods : StringDefaults {
    static bool step(Core& c, const Op& op)
    {
        uint64_t from = 0;
        T value{};
        if (!elementAt<A, T>(c, op.segment, kSourceAt, Access::Read, from) ||
            !c.loadLinear(from, value, op.segment))
            return false;
        c.set<T>(kRax * 8, value);
        movePointer<A>(c, kSourceAt, sizeof(T));
        return true;
    }
};

/// REPE goes on while equal, REPNE while not.
struct Comparing : StringDefaults {
    static constexpr bool kChangesFlags = true;
    static bool goesOn(Core& c, const Op& op)
    {
        return c.regs.flags.zf() == ((op.flags & op_flag::kRepne) == 0);
    }
};

template <class T>
void compare(Core& c, T first, T second)
{
    c.regs.flags.setSub<T>(first, second, static_cast<T>(first - second));
}

template <class A, class T>
struct Cmps : Comparing {
    static bool step(Core& c, const Op& op)
    {
        uint64_t from = 0;
        uint64_t to = 0;
        T first{};
        T second{};
        if (!elementAt<A, T>(c, op.segment, kSourceAt, Access::Read, from) ||
            !c.loadLinear(from, first, op.segment) ||
            !elementAt<A, T>(c, kEs, kDestinationAt, Access::Read, to) ||
            !c.loadLinear(to, second, kEs))
            return false;
        compare(c, first, second);
        movePointer<A>(c, kSourceAt, sizeof(T));
        movePointer<A>(c, kDestinationAt, sizeof(T));
        return true;
    }
};

template <class A, class T>
struct Scas : Comparing {
    static bool step(Core& c, const Op&)
    {
        uint64_t to = 0;
        T second{};
        if (!elementAt<A, T>(c, kEs, kDestinationAt, Access::Read, to) ||
            !c.loadLinear(to, second, kEs))
            return false;
        compare(c, c.get<T>(kRax * 8), second);
        movePointer<A>(c, kDestinationAt, sizeof(T));
        return true;
    }
};

constexpr auto kRows = std::to_array<LowerRow>({
    {ZYDIS_MNEMONIC_MOVSB, &lowerString<Movs, uint8_t>},
    {ZYDIS_MNEMONIC_MOVSW, &lowerString<Movs, uint16_t>},
    {ZYDIS_MNEMONIC_MOVSD, &lowerString<Movs, uint32_t>},
    {ZYDIS_MNEMONIC_MOVSQ, &lowerString<Movs, uint64_t>},
    {ZYDIS_MNEMONIC_STOSB, &lowerString<Stos, uint8_t>},
    {ZYDIS_MNEMONIC_STOSW, &lowerString<Stos, uint16_t>},
    {ZYDIS_MNEMONIC_STOSD, &lowerString<Stos, uint32_t>},
    {ZYDIS_MNEMONIC_STOSQ, &lowerString<Stos, uint64_t>},
    {ZYDIS_MNEMONIC_LODSB, &lowerString<Lods, uint8_t>},
    {ZYDIS_MNEMONIC_LODSW, &lowerString<Lods, uint16_t>},
    {ZYDIS_MNEMONIC_LODSD, &lowerString<Lods, uint32_t>},
    {ZYDIS_MNEMONIC_LODSQ, &lowerString<Lods, uint64_t>},
    {ZYDIS_MNEMONIC_CMPSB, &lowerString<Cmps, uint8_t>},
    {ZYDIS_MNEMONIC_CMPSW, &lowerString<Cmps, uint16_t>},
    {ZYDIS_MNEMONIC_CMPSD, &lowerString<Cmps, uint32_t>},
    {ZYDIS_MNEMONIC_CMPSQ, &lowerString<Cmps, uint64_t>},
    {ZYDIS_MNEMONIC_SCASB, &lowerString<Scas, uint8_t>},
    {ZYDIS_MNEMONIC_SCASW, &lowerString<Scas, uint16_t>},
    {ZYDIS_MNEMONIC_SCASD, &lowerString<Scas, uint32_t>},
    {ZYDIS_MNEMONIC_SCASQ, &lowerString<Scas, uint64_t>},
    {ZYDIS_MNEMONIC_INSB, &lowerIns<uint8_t>},
    {ZYDIS_MNEMONIC_INSW, &lowerIns<uint16_t>},
    {ZYDIS_MNEMONIC_INSD, &lowerIns<uint32_t>},
    {ZYDIS_MNEMONIC_OUTSB, &lowerOuts<uint8_t>},
    {ZYDIS_MNEMONIC_OUTSW, &lowerOuts<uint16_t>},
    {ZYDIS_MNEMONIC_OUTSD, &lowerOuts<uint32_t>},
    {ZYDIS_MNEMONIC_IN, &lowerIn},
    {ZYDIS_MNEMONIC_OUT, &lowerOut},
});

} // namespace

void prepareString(const Decoded& decoded, Op& op)
{
    const ZydisInstructionAttributes prefixes = decoded.instruction.attributes;
    if ((prefixes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE)) != 0)
        op.flags |= op_flag::kRep;
    if ((prefixes & ZYDIS_ATTRIB_HAS_REPNE) != 0)
        op.flags |= op_flag::kRepne;
    for (unsigned n = 0; n < decoded.instruction.operand_count; ++n) {
        const ZydisDecodedOperand& operand = decoded.operand(n);
        const bool memory = operand.type == ZYDIS_OPERAND_TYPE_MEMORY;
        if (memory && registerOffset(operand.mem.base) == kSourceAt)
            op.segment = segmentIndex(operand.mem.segment);
    }
}

std::span<const LowerRow> stringInstructions()
{
    return kRows;
}

} // namespace vmm::soft
