// SPDX-License-Identifier: GPL-3.0-or-later
// What differential_test leaves out because single instructions with free operands cannot show it,
// on the host CPU and under soft::Core: selectors, far transfers between 64-bit and 32-bit code,
// IRET, alignment checks, single steps, state images, bases, addresses that are not canonical.
// Short sequences, each with many inputs.
//
//   differential_system_test [rounds [seed]]
//
// The selectors are Linux' (arch/x86/include/asm/segment.h); SoftMachine numbers its own the same.
// Not here: SGDT, SIDT, SLDT, STR and SMSW (UMIP: the kernel answers), FS in 32-bit code (the C
// library's thread pointer).
#include <cinttypes>
#include <cstdio>
#include <map>
#include <string>

#include <fmt/format.h>

#include "tests/support/arguments.h"
#include "tests/support/native_run.h"
#include "tests/support/soft_machine.h"
#include "tests/unit/vmm/soft/differential_sequences.h"

using namespace tests;

namespace {

constexpr uint64_t kPage = NativeRun::kPage;
constexpr unsigned kOffset = Sequence::kOffset;
constexpr uint64_t kStart = Sequence::kStart;
constexpr uint64_t kWindow = NativeRun::kWindow;
constexpr uint64_t kCodeAt = SoftMachine::kFree, kDataAt = SoftMachine::kFree + 4 * kPage;
constexpr uint64_t kArithmetic = 0x8d5, kTrap = 0x100, kAlign = 0x4'0000;
enum Gpr : uint8_t { Ax, Cx, Dx, Bx, Sp, Bp, Si, Di };

/// Runs cases on both sides and counts what differs.
class Bench {
public:
    explicit Bench(NativeRun& native) : m_native(native)
    {
        const uint64_t noExecute = SoftMachine::kNoExecute, user = SoftMachine::kUser;
        for (uint64_t n = 0; n < 2; ++n)
            m_machine.mapPage(NativeRun::kCode + n * kPage, kCodeAt + n * kPage, user);
        m_machine.mapPage(NativeRun::kReadOnly, kDataAt, user | noExecute);
        for (uint64_t n = 1; n < 3; ++n)
            m_machine.mapPage(NativeRun::kData + n * kPage, kDataAt + n * kPage,
                              user | noExecute | SoftMachine::kWritable);
        std::memset(m_machine.at(kCodeAt), 0xcc, 2 * kPage);
    }

    void run(const Case& one, Random random, uint64_t round)
    {
        Sequence s;
        randomize(s, random);
        one.make(s, random);
        if (one.code32)
            for (auto& value : s.registers.general)
                value &= 0xffff'ffff;
        NativeRegisters host = s.registers;
        std::memcpy(NativeRun::window().data(), s.window.data(), s.window.size());
        m_native.place(s.code, kOffset, one.code32);
        const NativeOutcome hostEnd = m_native.run(host);
        m_native.clear();
        NativeRegisters soft = s.registers;
        const NativeOutcome softEnd = runSoft(one, s, soft);
        std::string text = compare(one, s, host, hostEnd, soft, softEnd);
        const auto mine = m_machine.ram().subspan(kDataAt + kPage, s.window.size());
        const auto [at, other] =
            std::mismatch(mine.begin(), mine.end(), NativeRun::window().begin());
        if (at != mine.end())
            text += fmt::format("  memory at {:#x}: host {:#x} soft {:#x}\n",
                                kWindow + static_cast<uint64_t>(at - mine.begin()),
                                static_cast<unsigned>(*other), static_cast<unsigned>(*at));
        ++compared;
        if (text.empty())
            return;
        if (++failing[one.name] == 1) {
            std::printf("%s (%d-bit, round %" PRIu64 "):", one.name.c_str(), one.code32 ? 32 : 64,
                        round);
            for (const uint8_t byte : s.code)
                std::printf(" %02x", byte);
            std::printf("\n  before:");
            for (const uint64_t value : s.registers.general)
                std::printf(" %" PRIx64, value);
            std::printf(" flags %" PRIx64 "\n%s", s.registers.rflags, text.c_str());
        }
    }
    uint64_t compared = 0;
    std::map<std::string, uint64_t> failing;

private:
    static void randomize(Sequence& s, Random& random)
    {
        for (auto& value : s.registers.general)
            value = random.chance(50) ? random.next() : random.below(256);
        s.registers.general[Di] = kWindow + 0x400 + random.below(16) * 64;
        s.registers.general[Si] = kWindow + 0x900;
        s.registers.general[Bp] = kWindow + kPage + 0x300;
        s.registers.general[Sp] = kWindow + kPage + 0x100 + random.below(8) * 16;
        s.registers.rflags = 0x202 | (random.next() & kArithmetic);
        for (auto& byte : s.window)
            byte = static_cast<uint8_t>(random.next());
        auto& fx = s.registers.fx;
        const uint16_t control = static_cast<uint16_t>(0x037f | random.below(4) << 10);
        std::memcpy(fx.data(), &control, sizeof control);
        fx[3] = static_cast<uint8_t>(random.below(8) << 3);
        fx[4] = random.chance(50) ? 0xff : static_cast<uint8_t>(random.next());
        fx[24] = 0x80;
        fx[25] = 0x1f;
        for (size_t n = 0; n < 8; ++n)
            for (size_t at = 0; at < 10; ++at)
                fx[32 + 16 * n + at] = static_cast<uint8_t>(random.next());
        for (size_t at = 160; at < 416; ++at)
            fx[at] = static_cast<uint8_t>(random.next());
        for (auto& half : s.registers.ymmHigh)
            for (auto& byte : half)
                byte = static_cast<uint8_t>(random.next());
    }

    NativeOutcome runSoft(const Case& one, const Sequence& s, NativeRegisters& registers)
    {
        using namespace vmm::soft;
        constexpr unsigned kMost = 40;
        Core& core = m_machine.core;
        const auto mode = one.code32 ? SoftMachine::Mode::Compatibility : SoftMachine::Mode::Long;
        m_machine.enter(mode);
        m_machine.put(kCodeAt + kOffset, s.code);
        std::memcpy(m_machine.at(kDataAt + kPage), s.window.data(), s.window.size());
        std::copy(registers.general.begin(), registers.general.end(), core.regs.general.begin());
        core.regs.rip = kStart;
        core.regs.flags.set(registers.rflags);
        core.regs.systemFlags = (registers.rflags & ~kArithmetic) | flag::kOne;
        core.modeChanged(); // EFLAGS.AC
        core.regs.vector.fx = registers.fx;
        core.regs.vector.ymmHigh = registers.ymmHigh;
        const uint64_t end = kStart + s.code.size();
        NativeOutcome outcome;
        for (unsigned n = 0; n < kMost; ++n) {
            if (core.regs.rip == end && core.cpl() == 3)
                break;
            const Outcome step = core.runOne();
            if (const auto event = m_machine.takenEvent()) {
                outcome = {NativeOutcome::Kind::Fault, event->rip, event->vector, event->error,
                           core.sys.cr2};
                constexpr uint64_t kFetch = 1 << 4; // NativeRun cannot tell it from a jump
                if (event->vector == 14 && (event->error & kFetch) != 0)
                    outcome = {NativeOutcome::Kind::Jumped, event->rip, 0, 0, 0};
                core.regs.general[kRsp] = event->rsp;
                core.regs.rip = event->rip;
                registers.rflags = event->rflags;
                break;
            }
            if (step != Outcome::Kicked)
                return {NativeOutcome::Kind::Fault, kStart, 1000U + static_cast<unsigned>(step), 0,
                        0};
        }
        std::vector<uint8_t> nothing(s.code.size(), 0xcc);
        m_machine.put(kCodeAt + kOffset, nothing);
        std::copy_n(core.regs.general.begin(), 16, registers.general.begin());
        if (outcome.kind == NativeOutcome::Kind::Done) {
            registers.rflags = core.regs.rflags();
            if (core.regs.rip != end)
                outcome = {NativeOutcome::Kind::Jumped, core.regs.rip, 0, 0, 0};
        }
        registers.fx = core.regs.vector.fx;
        registers.ymmHigh = core.regs.vector.ymmHigh;
        return outcome;
    }

    static std::string outcomeText(const NativeOutcome& end)
    {
        return end.kind == NativeOutcome::Kind::Done ? "done"
               : end.kind == NativeOutcome::Kind::Jumped
                   ? fmt::format("jumped to {:#x}", end.rip)
                   : fmt::format("vector {} code {:#x} address {:#x} at {:#x}", end.vector,
                                 end.error, end.address, end.rip);
    }

    static bool same(const NativeOutcome& host, const NativeOutcome& soft)
    {
        if (host.kind != soft.kind || host.rip != soft.rip || host.vector != soft.vector)
            return false;
        // Linux sets the present bit for all kernel addresses (set_signal_archinfo).
        constexpr uint64_t kTaskSize = 0x7fff'ffff'f000;
        const uint64_t ignored = host.vector == 14 && host.address >= kTaskSize ? 1 : 0;
        return (host.error | ignored) == (soft.error | ignored) &&
               (host.vector != 14 || host.address == soft.address);
    }

    static std::string compare(const Case& one, const Sequence& s, const NativeRegisters& host,
                               const NativeOutcome& hostEnd, const NativeRegisters& soft,
                               const NativeOutcome& softEnd)
    {
        std::string text;
        if (!same(hostEnd, softEnd))
            text += fmt::format("  outcome: host {} | soft {}\n", outcomeText(hostEnd),
                                outcomeText(softEnd));
        const uint64_t mask = one.code32 ? 0xffff'ffff : ~uint64_t{0};
        for (unsigned n = 0; n < (one.code32 ? 8U : 16U); ++n)
            if (n != s.ignored && ((host.general[n] ^ soft.general[n]) & mask) != 0)
                text += fmt::format("  register {}: host {:#x} | soft {:#x}\n", n,
                                    host.general[n] & mask, soft.general[n] & mask);
        constexpr uint64_t kCompared = kArithmetic | kTrap | 0x400 | 0x4000 | kAlign | 0x20'0000;
        if (((host.rflags ^ soft.rflags) & kCompared) != 0)
            text += fmt::format("  flags: host {:#x} | soft {:#x}\n", host.rflags, soft.rflags);
        const auto part = [&](const char* name, size_t at, size_t size) {
            if (std::memcmp(host.fx.data() + at, soft.fx.data() + at, size) != 0)
                text += fmt::format("  {} differs\n", name);
        };
        part("x87 control and status", 0, 5);
        part("mxcsr", 24, 4);
        for (size_t n = 0; n < 8; ++n)
            part("x87 register", 32 + 16 * n, 10);
        part("xmm registers", 160, 256);
        if (host.ymmHigh != soft.ymmHigh)
            text += "  ymm halves differ\n";
        return text;
    }

    NativeRun& m_native;
    SoftMachine m_machine;
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
    const uint64_t rounds = argument(argc, argv, 1, 60);
    const uint64_t seed = argument(argc, argv, 2, 1);
    const std::vector<Case> cases = differentialSequences();
    Bench bench(*native);
    for (size_t n = 0; n < cases.size(); ++n)
        for (uint64_t round = 0; round < rounds && (!cases[n].code32 || native->has32()); ++round)
            bench.run(cases[n], Random((seed * 1'000'003 + n) * 1'000'003 + round), round);
    for (const auto& [name, count] : bench.failing)
        std::printf("%s: %" PRIu64 " differ\n", name.c_str(), count);
    std::printf("%zu cases, %" PRIu64 " compared\n", cases.size(), bench.compared);
    return bench.failing.empty() ? 0 : 1;
}
