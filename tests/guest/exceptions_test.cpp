// SPDX-License-Identifier: GPL-3.0-or-later
// System instructions and faults of micro-guests a few bytes long, under KVM and under the software
// vCPU: the same memory, registers and bytes must reach the same handler with the same frame, error
// code, CR2 and registers. Ring 3 runs natively under any KVM; ring 0 is what this KVM makes of it.
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "tests/support/soft_machine.h"
#include "vmm/kvm/kvm_hypervisor.h"
#include "vmm/kvm/kvm_speed.h"

using namespace tests;
using vmm::cpu::CpuState;

namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kCode = SoftMachine::kFree, kData = kCode + kPage, kReadOnly = kData + kPage,
                   kHole = kReadOnly + kPage;
constexpr uint64_t kShutdown = 256; ///< as a vector: triple fault
constexpr uint8_t kDonePort = 0x81;
enum class Ring { User64, User32, Kernel64 };

/// A micro-guest: `bytes`, then UD2.
struct Guest {
    std::string name;
    Ring ring = Ring::User64;
    std::vector<uint8_t> bytes;
    uint64_t rax = 0;
    /// What KVM without VT-x or AMD-V does instead (such a KVM emulates what leaves ring 3); null:
    /// it is right.
    const char* quirk = nullptr;
};

/// Stops the vCPU at its handler.
class Done final : public vmm::bus::PioHandler {
public:
    uint32_t readPort(uint16_t, unsigned) override { return 0; }
    void writePort(uint16_t, uint32_t, unsigned) override
    {
        if (vcpu != nullptr)
            vcpu->kick();
    }
    vmm::cpu::Vcpu* vcpu = nullptr;
};

/// All of them. The selectors and tables are SoftMachine's.
std::vector<Guest> guests()
{
    constexpr auto* kPorts = "ports are open to ring 3 whatever IOPL and the TSS say";
    constexpr auto* kSoftware = "only INT3 reaches a handler, all else raises #UD";
    std::vector<Guest> all;
    const auto add = [&all](std::string name, std::vector<uint8_t> bytes, uint64_t rax = 0) {
        all.push_back({name + ", ring 3", Ring::User64, bytes, rax});
        all.push_back({name + ", ring 0", Ring::Kernel64, bytes, rax});
    };
    const auto user = [&all](std::string name, std::vector<uint8_t> bytes, uint64_t rax = 0,
                             const char* quirk = nullptr) {
        all.push_back({std::move(name), Ring::User64, std::move(bytes), rax, quirk});
    };
    const auto narrow = [&all](std::string name, std::vector<uint8_t> bytes, uint64_t rax = 0,
                               const char* quirk = nullptr) {
        all.push_back({std::move(name) + ", 32-bit", Ring::User32, std::move(bytes), rax, quirk});
    };
    add("nothing", {0x90});
    add("divide by zero", {0x31, 0xc9, 0xf7, 0xf1});
    add("divide overflow",
        {0xb9, 0x01, 0x00, 0x00, 0x00, 0xba, 0x02, 0x00, 0x00, 0x00, 0xf7, 0xf1});
    add("read nothing", {0x8b, 0x00}, kHole + 4);
    add("write nothing", {0x89, 0x00}, kHole + 8);
    add("write a read-only page", {0x89, 0x00}, kReadOnly + 16);
    add("read across into nothing", {0x48, 0x8b, 0x00}, kHole - 3);
    user("write across into read-only", {0x48, 0x89, 0x00}, kReadOnly - 5);
    add("add to a read-only page", {0x83, 0x00, 0x01}, kReadOnly);
    add("compare and exchange, read-only", {0xf0, 0x0f, 0xb1, 0x08}, kReadOnly + 0x20);
    add("not canonical", {0x8b, 0x00}, 0x8000'0000'0000);
    add("jump into nothing", {0xff, 0xe0}, kHole + 1);
    add("jump to data", {0xff, 0xe0}, kData);
    add("push into nothing", {0x48, 0x89, 0xc4, 0x50}, kHole + 0x100);
    add("pop from nothing", {0x48, 0x89, 0xc4, 0x58}, kHole + 0x100);
    add("segment beyond the table", {0x8e, 0xd8}, 0x1230);
    add("code as stack", {0x8e, 0xd0}, SoftMachine::kUserCode64);
    add("null stack", {0x8e, 0xd0}, 3);
    add("local table missing", {0x8e, 0xd8}, 0x0c);
    add("system descriptor as data", {0x8e, 0xc0}, SoftMachine::kTssSelector);
    user("read a kernel page", {0x8b, 0x00}, SoftMachine::kSystem);
    user("write a kernel page", {0x89, 0x00}, SoftMachine::kSystem + 0x10);
    user("hlt", {0xf4});
    user("cli", {0xfa});
    user("sti", {0xfb});
    user("in", {0xe4, 0x60}, 0, kPorts);
    user("out", {0xee}, 0, kPorts);
    user("insb", {0x6c}, 0, kPorts);
    user("mov from cr0", {0x0f, 0x20, 0xc0});
    user("mov to cr3", {0x0f, 0x22, 0xd8});
    user("mov to dr7", {0x0f, 0x23, 0xf8});
    user("rdmsr", {0x0f, 0x32});
    user("wrmsr", {0x0f, 0x30});
    user("lgdt", {0x0f, 0x01, 0x10}, kData);
    user("lidt", {0x0f, 0x01, 0x18}, kData);
    user("lldt", {0x0f, 0x00, 0xd0});
    user("ltr", {0x0f, 0x00, 0xd8}, SoftMachine::kTssSelector);
    user("lmsw", {0x0f, 0x01, 0xf0});
    user("clts", {0x0f, 0x06});
    user("invlpg", {0x0f, 0x01, 0x38}, kData);
    user("wbinvd", {0x0f, 0x09});
    user("xsetbv", {0x31, 0xc9, 0x0f, 0x01, 0xd1});
    user("sysret", {0x48, 0x0f, 0x07});
    user("int 20h without right", {0xcd, 0x20}, 0, kSoftware);
    user("int 3 by number", {0xcd, 0x03});
    user("int3", {0xcc});
    user("int 13 without right", {0xcd, 0x0d}, 0, kSoftware);
    user("kernel data segment", {0x8e, 0xd8}, SoftMachine::kKernelData);
    user("retf to kernel code", {0x6a, SoftMachine::kKernelCode, 0x50, 0x48, 0xcb}, kCode);
    user("retf to null", {0x6a, 0x00, 0x50, 0x48, 0xcb}, kCode);
    user("retf to data", {0x6a, SoftMachine::kUserData, 0x50, 0x48, 0xcb}, kCode);
    user("lock nop", {0xf0, 0x90});
    user("lock mov", {0xf0, 0x89, 0xc8});
    user("64-bit code has no aaa", {0x37});
    user("misaligned movaps", {0x0f, 0x28, 0x00}, kData + 4);
    user("string faults halfway",
         {0x48, 0x89, 0xc7, 0xb9, 0x20, 0x00, 0x00, 0x00, 0xfc, 0xf3, 0xab}, kReadOnly - 20);
    user("enter into nothing", {0x48, 0x89, 0xc4, 0xc8, 0x20, 0x00, 0x00}, kReadOnly + 0x18);
    const auto kernel = [&all](std::string name, std::vector<uint8_t> bytes, uint64_t rax = 0,
                               const char* quirk = nullptr) {
        all.push_back({std::move(name), Ring::Kernel64, std::move(bytes), rax, quirk});
    };
    kernel("cr0: paging without protection", {0x0f, 0x22, 0xc0}, 0x8000'0000);
    kernel("cr0: bits beyond 31", {0x0f, 0x22, 0xc0}, 0x1'8005'0033, "they are ignored");
    kernel("cr4: reserved bit", {0x0f, 0x22, 0xe0}, 0x8000'0620);
    kernel("cr4: PAE off in long mode", {0x0f, 0x22, 0xe0}, 0x600);
    kernel("cr8: reserved bits", {0x44, 0x0f, 0x22, 0xc0}, 0x10);
    kernel("efer: reserved bit", {0xb9, 0x80, 0x00, 0x00, 0xc0, 0x31, 0xd2, 0x0f, 0x30}, 0x80'0d01);
    kernel("lstar: not canonical",
           {0xb9, 0x82, 0x00, 0x00, 0xc0, 0xba, 0x00, 0x80, 0x00, 0x00, 0x0f, 0x30});
    kernel("ltr: busy", {0x0f, 0x00, 0xd8}, SoftMachine::kTssSelector);
    kernel("ltr: null", {0x0f, 0x00, 0xd8}, 0);
    kernel("lldt: not one", {0x0f, 0x00, 0xd0}, SoftMachine::kUserData);
    kernel("lldt: beyond the table", {0x0f, 0x00, 0xd0}, 0x1238);
    kernel("user stack segment", {0x8e, 0xd0}, SoftMachine::kUserData);
    kernel("user data segment", {0x8e, 0xd8}, SoftMachine::kUserData);
    kernel("retf to data", {0x6a, SoftMachine::kKernelData, 0x50, 0x48, 0xcb}, kCode);
    kernel("retf to null", {0x6a, 0x00, 0x50, 0x48, 0xcb}, kCode);
    kernel("lgdt: not canonical", {0x0f, 0x01, 0x10}, 0x8000'0000'0000'0000);
    kernel("lgdt: from nothing", {0x0f, 0x01, 0x10}, kHole);
    kernel("iretq to ring 3",
           {0x6a, SoftMachine::kUserData, 0x50, 0x68, 0x02, 0x02, 0x00, 0x00, 0x6a,
            SoftMachine::kUserCode64, 0x68, 0x00, 0x08, 0x10, 0x00, 0x48, 0xcf},
           kData + 0x700);
    kernel("iretq with a null stack",
           {0x6a, 0x03, 0x50, 0x6a, 0x02, 0x6a, SoftMachine::kUserCode64, 0x68, 0x00, 0x08, 0x10,
            0x00, 0x48, 0xcf},
           kData + 0x700);
    kernel("iretq to nowhere canonical",
           {0x6a,
            SoftMachine::kKernelData,
            0x50,
            0x6a,
            0x02,
            0x6a,
            SoftMachine::kKernelCode,
            0x48,
            0xb8,
            0x00,
            0x00,
            0x00,
            0x00,
            0x00,
            0x80,
            0x00,
            0x00,
            0x50,
            0x48,
            0xcf},
           SoftMachine::kSystem + 0x5000, "the fault is raised at the target");
    kernel("clts and swapgs", {0x0f, 0x06, 0x0f, 0x01, 0xf8});
    kernel("string faults halfway",
           {0x48, 0x89, 0xc7, 0xb9, 0x20, 0x00, 0x00, 0x00, 0xfc, 0xf3, 0xab}, kReadOnly - 20);
    kernel("write across into read-only, ring 0", {0x48, 0x89, 0x00}, kReadOnly - 5,
           "the part before the page's end is written all the same");
    narrow("into", {0xb0, 0x7f, 0x04, 0x01, 0xce}, 0, kSoftware);
    narrow("bound", {0x62, 0x00}, kData, kSoftware);
    narrow("read nothing", {0x8b, 0x00}, kHole + 4);
    narrow("null data segment", {0x31, 0xc9, 0x8e, 0xd9, 0x8b, 0x00}, kData);
    narrow("write through code segment", {0x2e, 0x89, 0x00}, kData);
    narrow("pop kernel es", {0x6a, 0x18, 0x07});
    narrow("jump far to data", {0xea, 0x00, 0x00, 0x10, 0x00, 0x2b, 0x00});
    narrow("aam by zero", {0xd4, 0x00});
    return all;
}

/// What a handler finds.
struct Seen {
    std::array<uint64_t, 16> general{};
    uint64_t vector = ~uint64_t{0};
    std::array<uint64_t, 6> frame{}; ///< code (or 0), RIP, CS, RFLAGS, RSP, SS
    uint64_t cr2 = 0;
    std::array<uint64_t, 3> selectors{}; ///< ES, SS, DS
    std::vector<std::byte> data;
};

/// Puts a guest into a machine that has just entered its mode.
void prepare(SoftMachine& machine, const Guest& guest)
{
    using namespace vmm::soft;
    Core& core = machine.core;
    machine.enter(guest.ring == Ring::User32 ? SoftMachine::Mode::Compatibility
                                             : SoftMachine::Mode::Long);
    constexpr std::array<uint8_t, 3> kHandler = {0xe6, kDonePort, 0xf4}; // OUT; HLT
    for (uint64_t vector = 0; vector < 256; ++vector)
        machine.put(SoftMachine::kHandlers + vector * 16, kHandler);
    auto& segments = core.regs.segment;
    if (guest.ring == Ring::Kernel64) {
        segments[kCs].dpl = segments[kSs].dpl = 0;
        segments[kCs].selector = SoftMachine::kKernelCode;
        segments[kSs].selector = SoftMachine::kKernelData;
    }
    core.modeChanged();
    std::vector<uint8_t> code(kPage, 0xf4);
    std::copy(guest.bytes.begin(), guest.bytes.end(), code.begin());
    code[guest.bytes.size()] = 0x0f;
    code[guest.bytes.size() + 1] = 0x0b;
    machine.put(kCode, code);
    std::vector<uint8_t> data(2 * kPage);
    for (size_t n = 0; n < data.size(); ++n)
        data[n] = static_cast<uint8_t>(n * 7);
    machine.put(kData, data);
    for (size_t n = 0; n < 16; ++n)
        core.regs.general[n] = 0x1111'1111 * n;
    core.regs.general[kRax] = guest.rax;
    core.regs.general[kRsp] =
        guest.ring == Ring::Kernel64 ? SoftMachine::kSystem + 0x6000 : kData + 0x800;
    core.regs.rip = kCode;
    core.regs.flags.set(0);
    core.regs.systemFlags = flag::kOne;
}

/// A page of code, one of data, a read-only one, nothing.
void build(SoftMachine& machine)
{
    machine.mapPage(kCode, kCode, SoftMachine::kUser | SoftMachine::kWritable);
    machine.mapPage(kData, kData,
                    SoftMachine::kUser | SoftMachine::kWritable | SoftMachine::kNoExecute);
    machine.mapPage(kReadOnly, kReadOnly, SoftMachine::kUser | SoftMachine::kNoExecute);
    machine.enter(SoftMachine::Mode::Long);
}

/// Frame and memory, when the registers are known.
void readFrame(SoftMachine& machine, uint64_t rip, Seen& seen)
{
    const uint64_t first = SoftMachine::kSystem + SoftMachine::kHandlers;
    if (rip < first || rip >= first + 256 * 16)
        return;
    seen.vector = (rip - first) / 16;
    uint64_t at = seen.general[4] - SoftMachine::kSystem;
    const bool code = SoftMachine::hasCode(static_cast<unsigned>(seen.vector));
    for (size_t n = code ? 0 : 1; n < seen.frame.size(); ++n, at += 8)
        seen.frame[n] = machine.read(at);
    const auto data = machine.ram().subspan(kCode, 3 * kPage);
    seen.data.assign(data.begin(), data.end());
}

Seen runSoft(SoftMachine& machine, const Guest& guest)
{
    constexpr unsigned kMost = 60;
    prepare(machine, guest);
    Seen seen;
    for (unsigned n = 0; n < kMost && !machine.takenEvent(); ++n) {
        const auto outcome = machine.core.runOne();
        if (outcome == vmm::soft::Outcome::TripleFault)
            seen.vector = kShutdown;
        if (outcome != vmm::soft::Outcome::Kicked)
            return seen;
    }
    std::copy_n(machine.core.regs.general.begin(), 16, seen.general.begin());
    seen.cr2 = machine.core.sys.cr2;
    for (const size_t n : {size_t{0}, size_t{2}, size_t{3}})
        seen.selectors[n == 0 ? 0 : n - 1] = machine.core.regs.segment[n].selector;
    readFrame(machine, machine.core.regs.rip, seen);
    return seen;
}

/// Empty with `why` set where KVM gave up.
Seen runKvm(SoftMachine& machine, vmm::cpu::Vcpu& vcpu, const Guest& guest, std::string& why)
{
    prepare(machine, guest);
    auto state = vcpu.saveState();
    CpuState wanted;
    machine.core.save(wanted);
    Seen seen;
    if (!state) {
        why = state.error().sentence();
        return seen;
    }
    wanted.msrs = state->msrs;
    wanted.xsave = state->xsave;
    wanted.lapic = state->lapic;
    wanted.apicBase = state->apicBase;
    wanted.xcr0 = state->xcr0;
    wanted.events = {};
    wanted.activity = vmm::cpu::Activity::Running;
    if (const auto loaded = vcpu.loadState(wanted); !loaded) {
        why = loaded.error().sentence();
        return seen;
    }
    const vmm::cpu::Exit exit = vcpu.run();
    const auto after = vcpu.saveState();
    if (exit.reason == vmm::cpu::ExitReason::Shutdown) {
        seen.vector = kShutdown;
        return seen;
    }
    if (exit.reason != vmm::cpu::ExitReason::Kicked || !after) {
        why = exit.sentence.empty() ? "its state cannot be read" : exit.sentence;
        return seen;
    }
    std::copy_n(after->general.begin(), 16, seen.general.begin());
    seen.cr2 = after->cr2;
    // It stands behind the handler's OUT.
    seen.selectors = {after->segments[0].selector, after->segments[2].selector,
                      after->segments[3].selector};
    readFrame(machine, after->rip, seen);
    return seen;
}

std::string difference(const Seen& kvm, const Seen& soft)
{
    std::string text;
    const auto check = [&text](const std::string& what, uint64_t x, uint64_t y) {
        if (x != y)
            text += fmt::format("  {}: KVM {:#x}, soft {:#x}\n", what, x, y);
    };
    check("vector", kvm.vector, soft.vector);
    if (kvm.vector == 14)
        check("cr2", kvm.cr2, soft.cr2);
    for (size_t n = 0; n < kvm.general.size(); ++n)
        check(fmt::format("register {}", n), kvm.general[n], soft.general[n]);
    constexpr std::array<const char*, 6> kFrame = {"code", "rip", "cs", "rflags", "rsp", "ss"};
    for (size_t n = 0; n < kFrame.size(); ++n)
        check(fmt::format("pushed {}", kFrame[n]), kvm.frame[n], soft.frame[n]);
    constexpr std::array<const char*, 3> kSelectors = {"es", "ss", "ds"};
    for (size_t n = 0; n < kSelectors.size(); ++n)
        check(kSelectors[n], kvm.selectors[n], soft.selectors[n]);
    if (kvm.data != soft.data)
        text += "  memory\n";
    return text;
}

} // namespace

int main()
{
    vmm::bus::PioBus pio;
    vmm::bus::MmioBus mmio;
    Done done;
    const auto registration = pio.map("done", vmm::memory::GuestPort(kDonePort), 1, done);
    auto hypervisor = vmm::kvm::KvmHypervisor::create({1, pio, mmio, nullptr});
    if (!hypervisor || !registration) {
        std::printf("skipped: %s\n",
                    hypervisor ? "no port" : hypervisor.error().sentence().c_str());
        return 77;
    }
    SoftMachine kvmSide; // its memory and tables; the executor in it does not run
    SoftMachine softSide;
    build(kvmSide);
    build(softSide);
    vmm::memory::MapRange range;
    range.size = kvmSide.ram().size();
    range.host = kvmSide.ram().data();
    auto vcpu = (*hypervisor)->createVcpu(0);
    if (!(*hypervisor)->mapSink().addRange(range) || !vcpu) {
        std::printf("no vCPU or memory\n");
        return 1;
    }
    done.vcpu = vcpu->get();
    unsigned compared = 0;
    unsigned failures = 0;
    for (const Guest& guest : guests()) {
        if (guest.quirk != nullptr && !vmm::kvm::hasHardwareVirtualization()) {
            std::printf("%s: not compared, %s\n", guest.name.c_str(), guest.quirk);
            continue;
        }
        std::string why;
        const Seen kvm = runKvm(kvmSide, **vcpu, guest, why);
        const Seen soft = runSoft(softSide, guest);
        if (!why.empty()) {
            std::printf("%s: KVM stopped: %s\n", guest.name.c_str(), why.c_str());
            ++failures;
            continue;
        }
        ++compared;
        const std::string text = difference(kvm, soft);
        failures += text.empty() ? 0 : 1;
        if (!text.empty())
            std::printf("%s:\n%s", guest.name.c_str(), text.c_str());
    }
    std::printf("%u micro-guests compared, %u differ\n", compared, failures);
    return failures == 0 && compared > 0 ? 0 : 1;
}
