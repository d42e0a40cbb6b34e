// SPDX-License-Identifier: GPL-3.0-or-later
// Bit fields, little- and big-endian access to byte buffers, overflow-checked addition, alignment.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>

namespace vmm {

/// Bits `Hi`..`Lo` of a register: Field<7, 4>::get(value), Field<7, 4>::set(value, part).
template <unsigned Hi, unsigned Lo>
struct Field {
    static_assert(Hi >= Lo && Hi < 64);
    static constexpr uint64_t kMask =
        (Hi - Lo == 63 ? ~uint64_t{0} : ((uint64_t{1} << (Hi - Lo + 1)) - 1)) << Lo;
    template <std::unsigned_integral T>
    static constexpr T get(T value)
    {
        return static_cast<T>((value & kMask) >> Lo);
    }
    template <std::unsigned_integral T>
    static constexpr T set(T value, uint64_t part)
    {
        return static_cast<T>((value & ~kMask) | ((part << Lo) & kMask));
    }
};

/// The value with bit `N` set.
template <std::unsigned_integral T = uint32_t>
constexpr T bit(unsigned n)
{
    return static_cast<T>(T{1} << n);
}

/// A T at `bytes`, which must hold sizeof(T) bytes, in little-endian order, any alignment.
template <std::unsigned_integral T>
T loadLe(const void* bytes)
{
    T value;
    std::memcpy(&value, bytes, sizeof value);
    static_assert(std::endian::native == std::endian::little);
    return value;
}

/// Writes `value` little-endian to `bytes`, which need no alignment.
template <std::unsigned_integral T>
void storeLe(void* bytes, T value)
{
    std::memcpy(bytes, &value, sizeof value);
}

/// `value` with its bytes in the opposite order.
template <std::unsigned_integral T>
constexpr T byteSwap(T value)
{
    T swapped = 0;
    for (size_t i = 0; i < sizeof(T); ++i) {
        swapped = static_cast<T>(static_cast<T>(swapped << (sizeof(T) > 1 ? 8 : 0)) |
                                 static_cast<T>(value & 0xff));
        value = static_cast<T>(static_cast<uint64_t>(value) >> 8);
    }
    return swapped;
}

/// The big-endian number at `bytes`, which need no alignment.
template <std::unsigned_integral T>
T loadBe(const void* bytes)
{
    return byteSwap(loadLe<T>(bytes));
}

/// Writes `value` big-endian to `bytes`, which need no alignment.
template <std::unsigned_integral T>
void storeBe(void* bytes, T value)
{
    storeLe(bytes, byteSwap(value));
}

/// a + b, or nothing when it does not fit.
template <std::unsigned_integral T>
constexpr std::optional<T> checkedSum(T a, T b)
{
    T sum = 0;
    if (__builtin_add_overflow(a, b, &sum))
        return std::nullopt;
    return sum;
}

/// `value` rounded up to a multiple of `alignment`, a power of two. The caller knows it fits.
constexpr uint64_t alignUp(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}
/// `value` rounded down to a multiple of `alignment`, a power of two.
constexpr uint64_t alignDown(uint64_t value, uint64_t alignment)
{
    return value & ~(alignment - 1);
}

/// The low `size` bytes set, for 1, 2, 4 and 8.
constexpr uint64_t widthMask(unsigned size)
{
    return size >= 8 ? ~uint64_t{0} : (uint64_t{1} << (size * 8)) - 1;
}

} // namespace vmm
