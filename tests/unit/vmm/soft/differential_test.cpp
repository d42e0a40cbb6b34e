// SPDX-License-Identifier: GPL-3.0-or-later
// Every user-mode instruction the executor has, on the host CPU and under soft::Core with the same
// registers and memory: registers, flags, x87 and vector state, memory and faults must agree.
//
//   differential_test [cases [seed [first group]]]
//
// Deterministic by seed. One group is one instruction with several inputs; a failing one says how
// to repeat it. See tests/support/native_run.h for the host's side.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <string>

#include <fmt/format.h>

#include "tests/support/arguments.h"
#include "tests/support/native_run.h"
#include "tests/support/soft_machine.h"
#include "tests/unit/vmm/soft/differential_forms.h"
#include "tests/unit/vmm/soft/differential_inputs.h"

using namespace tests;
using vmm::soft::Outcome;

namespace {

constexpr unsigned kInputsPerGroup = 8;
constexpr uint64_t kPage = NativeRun::kPage;
// Guest-physical homes of what the native side has at fixed addresses.
constexpr uint64_t kCodeAt = SoftMachine::kFree, kDataAt = SoftMachine::kFree + 4 * kPage;
constexpr uint64_t kArithmetic = 0x8d5;                                  // CF PF AF ZF SF OF
constexpr uint64_t kCompared = kArithmetic | 0x400 | 0x4000 | 0x20'0000; // and DF NT ID

/// What an instruction left, either side.
struct Result {
    NativeOutcome outcome;
    NativeRegisters registers;
};

/// Flags that the manuals leave undefined after this instruction with these inputs.
uint64_t undefinedFlags(const Instruction& instruction, const NativeRegisters& before)
{
    constexpr uint64_t kCf = 1, kAf = 0x10, kOf = 0x800;
    const uint64_t width = instruction.facts.operand_width;
    const auto count = [&](unsigned operand) -> uint64_t {
        const auto& from = instruction.operands[operand];
        const uint64_t raw =
            from.type == ZYDIS_OPERAND_TYPE_IMMEDIATE ? from.imm.value.u : before.general[1];
        return raw & (width == 64 ? 63 : 31);
    };
    switch (instruction.facts.mnemonic) {
    case ZYDIS_MNEMONIC_SHL:
    case ZYDIS_MNEMONIC_SHR:
    case ZYDIS_MNEMONIC_SAR: {
        const uint64_t n = count(1);
        return n == 0 ? 0 : kAf | (n == 1 ? 0 : kOf) | (n >= width ? kCf : 0);
    }
    case ZYDIS_MNEMONIC_SHLD:
    case ZYDIS_MNEMONIC_SHRD: {
        const uint64_t n = count(2);
        return n == 0 ? 0 : n > width ? kArithmetic : kAf | (n == 1 ? 0 : kOf);
    }
    case ZYDIS_MNEMONIC_ROL:
    case ZYDIS_MNEMONIC_ROR:
    case ZYDIS_MNEMONIC_RCL:
    case ZYDIS_MNEMONIC_RCR:
        return count(1) <= 1 ? 0 : kOf;
    case ZYDIS_MNEMONIC_DIV:
    case ZYDIS_MNEMONIC_IDIV:
        return kArithmetic;
    default:
        return instruction.facts.cpu_flags == nullptr ? 0 : instruction.facts.cpu_flags->undefined;
    }
}

/// The destination is undefined too.
bool undefinedResult(const Instruction& instruction, const NativeRegisters& before)
{
    const auto mnemonic = instruction.facts.mnemonic;
    if (mnemonic == ZYDIS_MNEMONIC_BSWAP)
        return instruction.facts.operand_width == 16;
    if ((mnemonic == ZYDIS_MNEMONIC_SHLD || mnemonic == ZYDIS_MNEMONIC_SHRD) &&
        instruction.facts.operand_width == 16) {
        const auto& from = instruction.operands[2];
        const uint64_t n =
            from.type == ZYDIS_OPERAND_TYPE_IMMEDIATE ? from.imm.value.u : before.general[1];
        return (n & 31) > 16;
    }
    return false;
}

std::string outcomeText(const NativeOutcome& outcome)
{
    switch (outcome.kind) {
    case NativeOutcome::Kind::Done:
        return "done";
    case NativeOutcome::Kind::Jumped:
        return fmt::format("jumped to {:#x}", outcome.rip);
    case NativeOutcome::Kind::Fault:
        break;
    }
    return fmt::format("vector {} code {:#x} address {:#x} at {:#x}", outcome.vector, outcome.error,
                       outcome.address, outcome.rip);
}

/// Which of several accesses is tried first is the CPU's business: the address may differ.
bool manyAccesses(const Instruction& instruction)
{
    switch (instruction.facts.mnemonic) {
    case ZYDIS_MNEMONIC_FRSTOR:
    case ZYDIS_MNEMONIC_FLDENV:
    case ZYDIS_MNEMONIC_MASKMOVQ:
    case ZYDIS_MNEMONIC_MASKMOVDQU:
    case ZYDIS_MNEMONIC_VMASKMOVDQU:
    case ZYDIS_MNEMONIC_VMASKMOVPS:
    case ZYDIS_MNEMONIC_VMASKMOVPD:
    case ZYDIS_MNEMONIC_VPMASKMOVD:
    case ZYDIS_MNEMONIC_VPMASKMOVQ:
        return true;
    default:
        return instruction.facts.meta.category == ZYDIS_CATEGORY_AVX2GATHER;
    }
}

bool isCompareString(const Instruction& instruction)
{
    const auto mnemonic = instruction.facts.mnemonic;
    return mnemonic == ZYDIS_MNEMONIC_CMPSB || mnemonic == ZYDIS_MNEMONIC_CMPSW ||
           mnemonic == ZYDIS_MNEMONIC_CMPSQ ||
           (mnemonic == ZYDIS_MNEMONIC_CMPSD &&
            instruction.facts.meta.category == ZYDIS_CATEGORY_STRINGOP);
}

/// An operand over the end of a flat 4 GiB segment: whether that faults is left to the CPU (SDM
/// volume 3 section 5.3).
bool wraps(const Instruction& instruction, const NativeRegisters& before)
{
    for (unsigned n = 0; n < instruction.facts.operand_count; ++n) {
        const auto& operand = instruction.operands[n];
        constexpr uint64_t kMost = 512; // hidden operands have odd sizes
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY &&
            effectiveAddress(instruction, operand, before) + kMost > uint64_t{1} << 32)
            return true;
    }
    return false;
}

/// SHA extensions with a misaligned operand: the SDM says #GP (exception class 4), AMD's CPUs run
/// them.
bool misalignedSha(const Instruction& instruction, const NativeRegisters& before)
{
    const auto* memory = instruction.memory();
    if (instruction.facts.meta.isa_set != ZYDIS_ISA_SET_SHA || memory == nullptr)
        return false;
    // Absolute and RIP-relative operands: effectiveAddress() does not know where they lie.
    const auto& raw = instruction.facts.raw;
    const bool fixed = raw.modrm.mod == 0 && (raw.modrm.rm == 5 || raw.sib.base == 5);
    return fixed || effectiveAddress(instruction, *memory, before) % 16 != 0;
}

/// Not to be compared with this host, and why.
bool incomparable(const Instruction& instruction, const NativeRegisters& before,
                  const NativeOutcome& host)
{
    constexpr unsigned kSimdException = 19;
    constexpr uint32_t kOverflowMasks = 3 << 10;
    uint32_t mxcsr = 0;
    std::memcpy(&mxcsr, before.fx.data() + 24, sizeof mxcsr);
    const bool faulted = host.kind == NativeOutcome::Kind::Fault;
    // Thunks run with all exceptions masked: unmasked overflow and underflow are seen, but tiny
    // exact results are not, and PE may be set besides (DEVIATION in native.cpp).
    if (faulted && host.vector == kSimdException && (mxcsr & kOverflowMasks) != kOverflowMasks)
        return true;
    // A dot product multiplies, then adds: the CPU stops after the first step that faults, and a
    // thunk sees the flags of both.
    const auto mnemonic = instruction.facts.mnemonic;
    const bool dotProduct = mnemonic == ZYDIS_MNEMONIC_DPPS || mnemonic == ZYDIS_MNEMONIC_DPPD ||
                            mnemonic == ZYDIS_MNEMONIC_VDPPS || mnemonic == ZYDIS_MNEMONIC_VDPPD;
    if (faulted && host.vector == kSimdException && dotProduct)
        return true;
    // AMD keeps what was popped before the fault.
    return faulted && (mnemonic == ZYDIS_MNEMONIC_POPA || mnemonic == ZYDIS_MNEMONIC_POPAD);
}

bool sameOutcome(const Instruction& instruction, const NativeOutcome& a, const NativeOutcome& b)
{
    constexpr unsigned kPageFault = 14;
    const bool faults = a.kind == NativeOutcome::Kind::Fault;
    if (a.kind != b.kind || a.rip != b.rip)
        return false;
    // Either operand may be read first; target or stack may be checked first.
    if (faults && (isCompareString(instruction) || instruction.branches()))
        return true;
    if (a.vector != b.vector)
        return false;
    if (!faults || a.vector != kPageFault)
        return a.error == b.error;
    // Linux sets the present bit for all kernel addresses (set_signal_archinfo).
    const uint64_t ignored = a.address >> 47 != 0 ? 1 : 0;
    return (a.address == b.address || manyAccesses(instruction)) &&
           (a.error | ignored) == (b.error | ignored);
}

/// One machine word size: forms, guest, counters.
class Side {
public:
    Side(NativeRun& native, bool code64) : m_native(native), m_code64(code64), m_forms(code64)
    {
        Random random(1);
        m_pool.resize(Inputs::kPool);
        std::generate(m_pool.begin(), m_pool.end(),
                      [&] { return static_cast<std::byte>(random.next()); });
        const uint64_t noExecute = SoftMachine::kNoExecute, user = SoftMachine::kUser;
        for (uint64_t n = 0; n < 2; ++n)
            m_machine.mapPage(NativeRun::kCode + n * kPage, kCodeAt + n * kPage, user);
        m_machine.mapPage(NativeRun::kReadOnly, kDataAt, user | noExecute);
        for (uint64_t n = 1; n < 3; ++n)
            m_machine.mapPage(NativeRun::kData + n * kPage, kDataAt + n * kPage,
                              user | noExecute | SoftMachine::kWritable);
        m_machine.enter(mode());
        std::memset(m_machine.at(kCodeAt), 0xcc, 2 * kPage);
        std::memcpy(m_machine.at(kDataAt), m_pool.data(), kPage);
        std::memcpy(native.readOnlyPage().data(), m_pool.data(), kPage);
    }

    /// One instruction, several inputs. Returns the number compared.
    unsigned group(uint64_t seed, uint64_t number, bool verbose)
    {
        Random random(seed * 0x1000'0000'01b3 + number);
        const Form& form = m_forms.all()[number / 2 % m_forms.all().size()];
        Instruction instruction;
        if (!m_forms.make(form, random, instruction)) {
            ++unmade;
            return 0;
        }
        const Inputs inputs(m_code64, random);
        const unsigned length = instruction.length();
        const unsigned offset =
            !random.chance(8) ? 0x800 : 0x1000 - 1 - static_cast<unsigned>(random.below(length));
        inputs.aim(instruction, offset);
        if (!m_forms.decode(instruction) || instruction.length() != length)
            return 0;
        const std::span<const uint8_t> bytes(instruction.bytes.data(), length);
        m_native.place(bytes, offset, !m_code64);
        m_machine.put(kCodeAt + offset, bytes);
        unsigned done = 0;
        for (unsigned n = 0; n < kInputsPerGroup; ++n)
            done += one(instruction, offset, inputs.make(instruction),
                        fmt::format("{} {} {}", kInputsPerGroup, seed, number), verbose)
                        ? 1
                        : 0;
        m_native.clear();
        std::array<uint8_t, 16> nothing{};
        nothing.fill(0xcc);
        m_machine.put(kCodeAt + offset, std::span(nothing).first(length));
        return done;
    }

    bool code64() const { return m_code64; }
    size_t formCount() const { return m_forms.all().size(); }
    uint64_t unmade = 0;
    uint64_t failures = 0;
    std::map<std::string, uint64_t> failing; ///< by mnemonic

private:
    using Machine = SoftMachine;
    Machine::Mode mode() const
    {
        return m_code64 ? Machine::Mode::Long : Machine::Mode::Compatibility;
    }

    void fill(std::span<std::byte> window, const Input& input)
    {
        std::memcpy(window.data(), m_pool.data() + input.filling, window.size());
        for (const Poke& poke : input.pokes)
            std::memcpy(window.data() + (poke.address - NativeRun::kWindow), poke.bytes.data(),
                        poke.bytes.size());
    }

    bool one(const Instruction& instruction, unsigned offset, const Input& input,
             const std::string& repeat, bool verbose)
    {
        if (undefinedResult(instruction, input.registers) ||
            misalignedSha(instruction, input.registers) ||
            (!m_code64 && wraps(instruction, input.registers)))
            return false;
        const auto nativeWindow = NativeRun::window();
        const auto softWindow = m_machine.ram().subspan(kDataAt + kPage, 2 * kPage);
        fill(nativeWindow, input);
        fill(softWindow, input);
        if (verbose)
            std::printf("%s\n", describe(instruction, input).c_str());
        Result native{{}, input.registers};
        native.outcome = m_native.run(native.registers);
        if (incomparable(instruction, input.registers, native.outcome))
            return false;
        const Result soft = runSoft(instruction, offset, input);
        std::string difference = compare(instruction, input.registers, native, soft);
        if (std::memcmp(nativeWindow.data(), softWindow.data(), softWindow.size()) != 0)
            difference += memoryDifference(nativeWindow, softWindow);
        if (!difference.empty())
            report(instruction, input, native, soft, difference, repeat);
        return true;
    }

    Result runSoft(const Instruction& instruction, unsigned offset, const Input& input)
    {
        using namespace vmm::soft;
        Core& core = m_machine.core;
        const uint64_t start = NativeRun::kCode + offset;
        m_machine.enterCode(mode());
        std::copy(input.registers.general.begin(), input.registers.general.end(),
                  core.regs.general.begin());
        core.regs.rip = start;
        core.regs.flags.set(input.registers.rflags);
        core.regs.systemFlags = (input.registers.rflags & ~kArithmetic) | flag::kOne;
        core.regs.vector.fx = input.registers.fx;
        core.regs.vector.ymmHigh = input.registers.ymmHigh;
        Outcome end = Outcome::Kicked;
        // A repeated string instruction may take several steps.
        for (unsigned n = 0; n < 100; ++n) {
            end = core.runOne();
            if (end != Outcome::Kicked || core.regs.rip != start || !instruction.hasRep())
                break;
        }
        Result result;
        std::copy_n(core.regs.general.begin(), 16, result.registers.general.begin());
        result.registers.rflags = core.regs.rflags();
        result.registers.fx = core.regs.vector.fx;
        result.registers.ymmHigh = core.regs.vector.ymmHigh;
        if (end != Outcome::Kicked) {
            result.outcome = {NativeOutcome::Kind::Fault, start, 1000U + static_cast<unsigned>(end),
                              0, 0};
        } else if (const auto event = m_machine.takenEvent()) {
            result.outcome = {NativeOutcome::Kind::Fault, event->rip, event->vector, event->error,
                              core.sys.cr2};
            result.registers.general[kRsp] = event->rsp;
            result.registers.rflags = event->rflags;
        } else if (core.regs.rip != start + instruction.length()) {
            result.outcome = {NativeOutcome::Kind::Jumped, core.regs.rip, 0, 0, 0};
        }
        return result;
    }

    /// What differs, a line each; empty if nothing.
    std::string compare(const Instruction& instruction, const NativeRegisters& before,
                        const Result& native, const Result& soft) const
    {
        std::string text;
        if (!sameOutcome(instruction, native.outcome, soft.outcome))
            text += fmt::format("  outcome: host {} | soft {}\n", outcomeText(native.outcome),
                                outcomeText(soft.outcome));
        const unsigned count = m_code64 ? 16 : 8;
        const uint64_t mask = m_code64 ? ~uint64_t{0} : 0xffff'ffff;
        for (unsigned n = 0; n < count; ++n)
            if (((native.registers.general[n] ^ soft.registers.general[n]) & mask) != 0)
                text += fmt::format("  {}: before {:#x} host {:#x} | soft {:#x}\n",
                                    ZydisRegisterGetString(static_cast<ZydisRegister>(
                                        ZYDIS_REGISTER_RAX + static_cast<int>(n))),
                                    before.general[n], native.registers.general[n] & mask,
                                    soft.registers.general[n] & mask);
        uint64_t flags = kCompared & ~undefinedFlags(instruction, before);
        // Repeated CMPS and SCAS that fault: Intel takes the flags back, AMD does not.
        if (instruction.hasRep() && native.outcome.kind == NativeOutcome::Kind::Fault)
            flags &= ~kArithmetic;
        if (((native.registers.rflags ^ soft.registers.rflags) & flags) != 0)
            text +=
                fmt::format("  flags: before {:#x} host {:#x} | soft {:#x}, compared {:#x}\n",
                            before.rflags, native.registers.rflags, soft.registers.rflags, flags);
        return text + compareVectors(before, native.registers, soft.registers);
    }

    static std::string compareVectors(const NativeRegisters& before, const NativeRegisters& native,
                                      const NativeRegisters& soft)
    {
        std::string text;
        const auto part = [&](const std::string& name, size_t at, size_t size) {
            if (std::memcmp(native.fx.data() + at, soft.fx.data() + at, size) != 0)
                text += fmt::format(
                    "  {}: before {} host {} | soft {}\n", name, hex(before.fx.data() + at, size),
                    hex(native.fx.data() + at, size), hex(soft.fx.data() + at, size));
        };
        // Not FOP, FIP, FDP: CPUs differ in when they keep them.
        part("x87 control", 0, 2);
        part("x87 status", 2, 2);
        part("x87 tags", 4, 1);
        part("mxcsr", 24, 4);
        for (size_t n = 0; n < 8; ++n)
            part(fmt::format("st{}", n), 32 + 16 * n, 10);
        for (size_t n = 0; n < 16; ++n) {
            part(fmt::format("xmm{}", n), 160 + 16 * n, 16);
            if (native.ymmHigh[n] != soft.ymmHigh[n])
                text +=
                    fmt::format("  ymm{} high: before {} host {} | soft {}\n", n,
                                hex(before.ymmHigh[n].data(), 16),
                                hex(native.ymmHigh[n].data(), 16), hex(soft.ymmHigh[n].data(), 16));
        }
        return text;
    }

    static std::string hex(const uint8_t* bytes, size_t size)
    {
        std::string text;
        for (size_t n = 0; n < size; ++n)
            text += fmt::format("{:02x}", bytes[n]);
        return text;
    }

    static std::string memoryDifference(std::span<std::byte> native, std::span<std::byte> soft)
    {
        const auto [at, other] = std::mismatch(native.begin(), native.end(), soft.begin());
        const auto where = static_cast<size_t>(at - native.begin());
        const size_t size = std::min<size_t>(32, native.size() - where);
        const auto bytes = [&](std::span<std::byte> from) {
            return hex(reinterpret_cast<const uint8_t*>(from.data()) + where, size);
        };
        return fmt::format("  memory at {:#x}: host {} | soft {}\n", NativeRun::kWindow + where,
                           bytes(native), bytes(soft));
    }

    static std::string describe(const Instruction& instruction, const Input& input)
    {
        std::string text = fmt::format(
            "{}  {}\n ", hex(instruction.bytes.data(), instruction.length()), instruction.text());
        for (unsigned n = 0; n < 16; ++n)
            text += fmt::format(" {}={:#x}",
                                ZydisRegisterGetString(static_cast<ZydisRegister>(
                                    ZYDIS_REGISTER_RAX + static_cast<int>(n))),
                                input.registers.general[n]);
        return text + fmt::format(" flags={:#x}", input.registers.rflags);
    }

    void report(const Instruction& instruction, const Input& input, const Result& native,
                const Result& soft, const std::string& difference, const std::string& repeat)
    {
        constexpr uint64_t kShown = 1; // of one mnemonic
        constexpr uint64_t kShownInAll = 200;
        ++failures;
        uint64_t& count = failing[ZydisMnemonicGetString(instruction.facts.mnemonic)];
        if (++count > kShown || failures > kShownInAll)
            return;
        std::printf("%s-bit %s\n  host: %s, soft: %s\n%s  repeat with: differential_test %s\n",
                    m_code64 ? "64" : "32", describe(instruction, input).c_str(),
                    outcomeText(native.outcome).c_str(), outcomeText(soft.outcome).c_str(),
                    difference.c_str(), repeat.c_str());
    }

    NativeRun& m_native;
    bool m_code64;
    Forms m_forms;
    std::vector<std::byte> m_pool;
    Machine m_machine;
};

} // namespace

int main(int argc, char** argv)
{
    std::string why = reasonNotToCompare();
    const auto native = why.empty() ? NativeRun::create(why) : nullptr;
    if (!native) {
        std::printf("skipped: %s\n", why.c_str());
        return 77;
    }
    const uint64_t cases = argument(argc, argv, 1, 20'000);
    const uint64_t seed = argument(argc, argv, 2, 1);
    const uint64_t first = argument(argc, argv, 3, 0);
    const bool verbose = argc > 4;
    std::vector<std::unique_ptr<Side>> sides;
    sides.push_back(std::make_unique<Side>(*native, true));
    if (native->has32())
        sides.push_back(std::make_unique<Side>(*native, false));
    else
        std::printf("no 32-bit code: the host kernel has no compatibility mode\n");
    uint64_t compared = 0;
    // Groups are numbered so that a stride over the forms reaches all parts early.
    for (uint64_t n = 0; n * kInputsPerGroup < cases; ++n) {
        const uint64_t group = argc > 3 ? first + n : n * 7919;
        Side& side = *sides[group % sides.size()];
        compared += side.group(seed, group, verbose);
    }
    uint64_t failures = 0;
    for (const auto& side : sides) {
        failures += side->failures;
        std::printf("%d-bit: %zu forms, %" PRIu64 " groups not made, %" PRIu64 " failures\n",
                    side->code64() ? 64 : 32, side->formCount(), side->unmade, side->failures);
        for (const auto& [mnemonic, count] : side->failing)
            std::printf("  %s: %" PRIu64 "\n", mnemonic.c_str(), count);
    }
    std::printf("%" PRIu64 " cases compared, seed %" PRIu64 "\n", compared, seed);
    return failures == 0 ? 0 : 1;
}
