// SPDX-License-Identifier: GPL-3.0-or-later
// Bit scans and counts, BMI1 and BMI2, CRC32 and random numbers. SDM volume 1 sections 5.1.5,
// 5.1.16, 7.3.7 and 7.3.18. In portable C++: the host may lack any of them.
#include <array>
#include <bit>
#include <sys/random.h>

#include "vmm/soft/operands.h"

namespace vmm::soft {
namespace {

template <class T>
constexpr unsigned kBits = sizeof(T) * 8;

// The operations: what to do with `source`, a register (op.b) or memory. op.a is the destination,
// op.c the other source.

/// Without a bit set the destination stays, all 64 bits of it.
struct Bsf {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        c.regs.flags.setLogic<T>(source); // ZF; the others are undefined
        if (source != 0)
            c.set<T>(op.a, static_cast<T>(std::countr_zero(source)));
    }
};
struct Bsr {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        c.regs.flags.setLogic<T>(source);
        if (source != 0)
            c.set<T>(op.a, static_cast<T>(std::bit_width(source) - 1));
    }
};
struct Tzcnt {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        const auto count = static_cast<T>(std::countr_zero(source));
        c.regs.flags.setShift<T>(count, source == 0, false);
        c.set<T>(op.a, count);
    }
};
struct Lzcnt {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        const auto count = static_cast<T>(std::countl_zero(source));
        c.regs.flags.setShift<T>(count, source == 0, false);
        c.set<T>(op.a, count);
    }
};
struct Popcnt {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        c.regs.flags.set(source == 0 ? flag::kZf : 0);
        c.set<T>(op.a, static_cast<T>(std::popcount(source)));
    }
};

// --- BMI1 ---

struct Blsi {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        const auto r = static_cast<T>(source & (T{0} - source));
        c.regs.flags.setShift<T>(r, source != 0, false);
        c.set<T>(op.a, r);
    }
};
struct Blsmsk {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        const auto r = static_cast<T>(source ^ (source - 1));
        c.regs.flags.setShift<T>(r, source == 0, false);
        c.set<T>(op.a, r);
    }
};
struct Blsr {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        const auto r = static_cast<T>(source & (source - 1));
        c.regs.flags.setShift<T>(r, source == 0, false);
        c.set<T>(op.a, r);
    }
};
struct Andn {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        const auto r = static_cast<T>(~c.get<T>(op.c) & source);
        c.regs.flags.setLogic<T>(r);
        c.set<T>(op.a, r);
    }
};
/// The lowest `count` bits.
template <class T>
T lowest(T value, unsigned count)
{
    return count >= kBits<T> ? value : static_cast<T>(value & ((T{1} << count) - 1));
}
struct Bextr {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        const T control = c.get<T>(op.c);
        const auto start = static_cast<uint8_t>(control);
        const auto length = static_cast<uint8_t>(control >> 8);
        const T shifted = start >= kBits<T> ? T{0} : static_cast<T>(source >> start);
        const T r = lowest(shifted, length);
        c.regs.flags.setLogic<T>(r);
        c.set<T>(op.a, r);
    }
};

// --- BMI2 ---

struct Bzhi {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        const auto index = static_cast<uint8_t>(c.get<T>(op.c));
        const T r = lowest(source, index);
        c.regs.flags.setShift<T>(r, index >= kBits<T>, false);
        c.set<T>(op.a, r);
    }
};
struct Pdep {
    template <class T>
    static void apply(Core& c, const Op& op, T mask)
    {
        T rest = c.get<T>(op.c);
        T r = 0;
        for (; mask != 0; mask &= mask - 1, rest >>= 1)
            r |= (rest & 1) != 0 ? mask & (T{0} - mask) : T{0};
        c.set<T>(op.a, r);
    }
};
struct Pext {
    template <class T>
    static void apply(Core& c, const Op& op, T mask)
    {
        const T value = c.get<T>(op.c);
        T r = 0;
        for (T bit = 1; mask != 0; mask &= mask - 1, bit <<= 1)
            r |= (value & mask & (T{0} - mask)) != 0 ? bit : T{0};
        c.set<T>(op.a, r);
    }
};
struct Rorx {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        c.set<T>(op.a, std::rotr(source, static_cast<int>(op.imm & (kBits<T> - 1))));
    }
};
struct Shlx {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        c.set<T>(op.a, static_cast<T>(source << (c.get<T>(op.c) & (kBits<T> - 1))));
    }
};
struct Shrx {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        c.set<T>(op.a, static_cast<T>(source >> (c.get<T>(op.c) & (kBits<T> - 1))));
    }
};
struct Sarx {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        const auto value = static_cast<std::make_signed_t<T>>(source);
        c.set<T>(op.a, static_cast<T>(value >> (c.get<T>(op.c) & (kBits<T> - 1))));
    }
};

// --- CRC32: the Castagnoli polynomial, reflected ---

constexpr std::array<uint32_t, 256> crcTable()
{
    std::array<uint32_t, 256> table{};
    for (uint32_t byte = 0; byte < table.size(); ++byte) {
        uint32_t rest = byte;
        for (int bit = 0; bit < 8; ++bit)
            rest = rest >> 1 ^ ((rest & 1) != 0 ? 0x82f6'3b78 : 0);
        table[byte] = rest;
    }
    return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = crcTable();

struct Crc32 {
    template <class T>
    static void apply(Core& c, const Op& op, T source)
    {
        auto crc = c.get<uint32_t>(op.a);
        uint64_t rest = source;
        for (unsigned n = 0; n < sizeof(T); ++n, rest >>= 8)
            crc = crc >> 8 ^ kCrcTable[(crc ^ rest) & 0xff];
        c.set<uint32_t>(op.a, crc);
    }
};

// --- forms ---

template <class O, class T>
const Op* fromRegister(Core& c, const Op& op)
{
    O::template apply<T>(c, op, c.get<T>(op.b));
    return c.next(op);
}
template <class O, class T>
const Op* fromMemory(Core& c, const Op& op)
{
    T value{};
    if (!loadOperand<T, AnyAddress>(c, op, value))
        return c.fault(op);
    O::template apply<T>(c, op, value);
    return c.next(op);
}

/// Operand `Source` is the one that may be memory, `Other` the second source, if there is one.
template <class O, unsigned Source, unsigned Other>
void takeOperands(const Decoded& d, Op& op)
{
    op.a = registerOperand(d, 0);
    if (d.isRegister(Source))
        op.b = registerOperand(d, Source);
    if (Other >= d.visible())
        return;
    if (d.isRegister(Other))
        op.c = registerOperand(d, Other);
    else if (d.isImmediate(Other))
        op.imm = d.operand(Other).imm.value.u;
}

template <class O, unsigned Source = 1, unsigned Other = 2>
bool lowerBits(const Decoded& d, Op& op)
{
    takeOperands<O, Source, Other>(d, op);
    return use(op, byWideSize(d.size(Source), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   return d.isMemory(Source) ? &fromMemory<O, T> : &fromRegister<O, T>;
               }));
}
/// The VEX-encoded ones have no 16-bit form.
template <class O, unsigned Source = 1, unsigned Other = 2>
bool lowerVexBits(const Decoded& d, Op& op)
{
    takeOperands<O, Source, Other>(d, op);
    return use(op, byLargeSize(d.size(Source), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   return d.isMemory(Source) ? &fromMemory<O, T> : &fromRegister<O, T>;
               }));
}

bool lowerCrc32(const Decoded& d, Op& op)
{
    takeOperands<Crc32, 1, 2>(d, op);
    return use(op, bySize(d.size(1), [&](auto zero) -> Handler {
                   using T = decltype(zero);
                   return d.isMemory(1) ? &fromMemory<Crc32, T> : &fromRegister<Crc32, T>;
               }));
}

/// RDRAND and RDSEED, from the host's generator. CF tells success; 0 is delivered without.
template <class T>
const Op* random(Core& c, const Op& op)
{
    T value{};
    const bool got =
        ::getrandom(&value, sizeof value, GRND_NONBLOCK) == static_cast<ssize_t>(sizeof value);
    c.regs.flags.set(got ? flag::kCf : 0);
    c.set<T>(op.a, got ? value : T{0});
    return c.next(op);
}
bool lowerRandom(const Decoded& d, Op& op)
{
    op.a = registerOperand(d, 0);
    return use(op,
               byWideSize(d.size(0), [](auto zero) -> Handler { return &random<decltype(zero)>; }));
}

constexpr std::array kRows{
    LowerRow{ZYDIS_MNEMONIC_BSF, lowerBits<Bsf>},
    LowerRow{ZYDIS_MNEMONIC_BSR, lowerBits<Bsr>},
    LowerRow{ZYDIS_MNEMONIC_TZCNT, lowerBits<Tzcnt>},
    LowerRow{ZYDIS_MNEMONIC_LZCNT, lowerBits<Lzcnt>},
    LowerRow{ZYDIS_MNEMONIC_POPCNT, lowerBits<Popcnt>},
    LowerRow{ZYDIS_MNEMONIC_BLSI, lowerVexBits<Blsi>},
    LowerRow{ZYDIS_MNEMONIC_BLSMSK, lowerVexBits<Blsmsk>},
    LowerRow{ZYDIS_MNEMONIC_BLSR, lowerVexBits<Blsr>},
    LowerRow{ZYDIS_MNEMONIC_ANDN, lowerVexBits<Andn, 2, 1>},
    LowerRow{ZYDIS_MNEMONIC_BEXTR, lowerVexBits<Bextr>},
    LowerRow{ZYDIS_MNEMONIC_BZHI, lowerVexBits<Bzhi>},
    LowerRow{ZYDIS_MNEMONIC_PDEP, lowerVexBits<Pdep, 2, 1>},
    LowerRow{ZYDIS_MNEMONIC_PEXT, lowerVexBits<Pext, 2, 1>},
    LowerRow{ZYDIS_MNEMONIC_RORX, lowerVexBits<Rorx>},
    LowerRow{ZYDIS_MNEMONIC_SHLX, lowerVexBits<Shlx>},
    LowerRow{ZYDIS_MNEMONIC_SHRX, lowerVexBits<Shrx>},
    LowerRow{ZYDIS_MNEMONIC_SARX, lowerVexBits<Sarx>},
    LowerRow{ZYDIS_MNEMONIC_CRC32, lowerCrc32},
    LowerRow{ZYDIS_MNEMONIC_RDRAND, lowerRandom},
    LowerRow{ZYDIS_MNEMONIC_RDSEED, lowerRandom},
};

} // namespace

std::span<const LowerRow> bitFieldRows()
{
    return kRows;
}

} // namespace vmm::soft
