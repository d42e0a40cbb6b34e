// SPDX-License-Identifier: GPL-3.0-or-later
// Guest addresses are types: no arithmetic operators, only checked steps.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "vmm/base/bits.h"

namespace vmm::memory {

/// A guest-physical address in bytes. Explicit construction; add with checkedAdd or offsetBy.
class GuestPhys {
public:
    constexpr GuestPhys() = default;
    constexpr explicit GuestPhys(uint64_t value) : m_value(value) {}
    constexpr uint64_t value() const { return m_value; }
    /// This address plus `bytes`, or nothing past the end of the address space.
    constexpr std::optional<GuestPhys> checkedAdd(uint64_t bytes) const
    {
        const auto sum = checkedSum(m_value, bytes);
        return sum ? std::optional(GuestPhys(*sum)) : std::nullopt;
    }
    /// This address plus `bytes`, wrapping at 2^64: for addresses a device has bounds for, or whose
    /// access is bounds-checked afterwards (a wrapped address is just another address to check).
    constexpr GuestPhys offsetBy(uint64_t bytes) const { return GuestPhys(m_value + bytes); }
    constexpr auto operator<=>(const GuestPhys&) const = default;

private:
    uint64_t m_value = 0;
};

/// A port of the x86 I/O space.
class GuestPort {
public:
    constexpr GuestPort() = default;
    constexpr explicit GuestPort(uint16_t value) : m_value(value) {}
    constexpr uint16_t value() const { return m_value; }
    constexpr auto operator<=>(const GuestPort&) const = default;

private:
    uint16_t m_value = 0;
};

} // namespace vmm::memory
