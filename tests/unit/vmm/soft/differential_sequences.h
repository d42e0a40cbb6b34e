// SPDX-License-Identifier: GPL-3.0-or-later
// Short instruction sequences for differential_system_test, with registers and memory to start
// from.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "tests/support/native_run.h"
#include "tests/unit/vmm/soft/differential_forms.h"

namespace tests {

/// What a case starts from: code, registers, memory.
struct Sequence {
    static constexpr unsigned kOffset = 0x800; ///< of the code in NativeRun::kCode
    static constexpr uint64_t kStart = NativeRun::kCode + kOffset;
    std::vector<uint8_t> code;
    NativeRegisters registers;
    std::array<uint8_t, 2 * NativeRun::kPage> window{};
    unsigned ignored = ~0U; ///< a register that is not compared

    Sequence& add(std::initializer_list<uint64_t> bytes)
    {
        for (const uint64_t byte : bytes)
            code.push_back(static_cast<uint8_t>(byte));
        return *this;
    }
    Sequence& number(uint64_t value, unsigned bytes)
    {
        for (unsigned n = 0; n < bytes; ++n)
            code.push_back(static_cast<uint8_t>(value >> (8 * n)));
        return *this;
    }
    uint64_t here() const { return kStart + code.size(); }
    template <class T>
    void put(uint64_t address, T value)
    {
        std::memcpy(window.data() + (address - NativeRun::kWindow), &value, sizeof value);
    }
};

/// Fills in code and what it works on; registers and memory are random before.
using Maker = std::function<void(Sequence&, Random&)>;
/// A sequence with a name.
struct Case {
    std::string name;
    bool code32 = false;
    Maker make;
};

/// differential_alignment.cpp
void addAlignmentCases(std::vector<Case>& all);

/// All of them: selectors, far transfers, alignment checks, single steps, state images, bases,
/// addresses that are not canonical.
std::vector<Case> differentialSequences();

} // namespace tests
