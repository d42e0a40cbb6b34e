// SPDX-License-Identifier: GPL-3.0-or-later
// Runs single instructions on the host CPU with chosen registers and memory, and says what they
// did: the reference for the differential tests. Linux on x86-64 only.
//
// Three fixed places in the low 2 GiB of this process: code, a context the entry code saves to, and
// the data window instructions work on. A fault arrives as a signal on an alternate stack; the
// handler notes the registers and sends the thread to the way out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace tests {

/// What an instruction starts from and leaves.
struct NativeRegisters {
    std::array<uint64_t, 16> general{}; ///< in the order of the encoding
    uint64_t rflags = 2;
    alignas(64) std::array<uint8_t, 512> fx{}; ///< FXSAVE image
    std::array<std::array<uint8_t, 16>, 16> ymmHigh{};
};

/// How an instruction ended.
struct NativeOutcome {
    enum class Kind { Done, Jumped, Fault };
    Kind kind = Kind::Done;
    uint64_t rip = 0; ///< Jumped: where to
    unsigned vector = 0;
    uint64_t error = 0;
    uint64_t address = 0; ///< CR2 with a page fault
};

/// Why comparing with this host's CPU would say nothing; empty: it can be done.
std::string reasonNotToCompare();

/// The host CPU as a machine for single instructions. One at a time in a process, one thread.
class NativeRun {
public:
    static constexpr uint64_t kPage = 4096;
    static constexpr uint64_t kCode = 0x1000'0000; ///< two pages, int3 where no instruction is
    static constexpr uint64_t kData = 0x3000'0000;
    static constexpr uint64_t kReadOnly = kData;       ///< one page
    static constexpr uint64_t kWindow = kData + kPage; ///< then these two pages, then nothing
    static constexpr uint64_t kWindowEnd = kWindow + 2 * kPage;
    static constexpr unsigned kReturnLength = 8; ///< bytes behind an instruction that are taken

    /// Null with `why` set where this host cannot.
    static std::unique_ptr<NativeRun> create(std::string& why);
    ~NativeRun();
    NativeRun(const NativeRun&) = delete;
    NativeRun& operator=(const NativeRun&) = delete;

    /// Can 32-bit code run (compatibility mode)?
    bool has32() const { return m_has32; }
    /// The bytes at kData: the read-only page (written only through here) and the window.
    std::span<std::byte> readOnlyPage() { return {m_readOnlyAlias, kPage}; }
    static std::span<std::byte> window();

    /// Puts `bytes` at kCode + offset for run().
    void place(std::span<const uint8_t> bytes, unsigned offset, bool code32);
    /// Runs what was placed. Registers in and out.
    NativeOutcome run(NativeRegisters& registers);
    /// Turns int3 back on where the instruction was.
    void clear();

private:
    NativeRun() = default;
    bool tryCompatibility();

    std::byte* m_readOnlyAlias = nullptr;
    std::byte* m_codeAlias = nullptr; ///< the pages at kCode, writable
    void* m_signalStack = nullptr;
    unsigned m_offset = 0;
    unsigned m_length = 0;
    bool m_code32 = false;
    bool m_has32 = false;
};

} // namespace tests
