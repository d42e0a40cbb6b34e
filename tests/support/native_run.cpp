// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/native_run.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <cpuid.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/support/sanitizers.h"

namespace tests {

namespace {

// Far from what wild operands reach from the window, BTS with a 32-bit offset for one.
constexpr uint64_t kContext = 0x6a5c'3000;
constexpr size_t kSignalStackSize = 128 * 1024;
constexpr std::array<int, 5> kSignals = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
constexpr uint16_t kUserCs64 = 0x33; // Linux' selectors (arch/x86/include/asm/segment.h)
constexpr uint16_t kUserCs32 = 0x23;

/// At kContext; the assembly below knows the offsets.
struct Context {
    std::array<uint64_t, 16> general; // 0
    uint64_t rflags;                  // 128: the stack of POPFQ and PUSHFQ
    uint64_t target;                  // 136
    uint64_t hostStack;               // 144
    uint64_t exitAddress;             // 152
    uint64_t active;                  // 160: run() is under way
    uint64_t vector;                  // 168
    uint64_t error;                   // 176
    uint64_t address;                 // 184
    uint64_t faultRip;                // 192
    uint32_t mxcsr;                   // 200: the default, for the way out
    uint32_t farOffset;               // 204: m16:32 of the way into 32-bit code
    uint16_t farSelector;             // 208
    uint16_t dataSelector;            // 210
    uint32_t faulted;                 // 212
    std::array<uint8_t, 40> unused;
    std::array<uint8_t, 832> xsave; // 256: standard format, x87, SSE and AVX
};
static_assert(offsetof(Context, mxcsr) == 200 && offsetof(Context, xsave) == 256);

constexpr size_t kXsaveHeader = 512; // SDM volume 1 section 13.4.2
constexpr size_t kXsaveAvx = 576;    // section 13.5.4 and CPUID leaf 0DH

Context& context()
{
    return *reinterpret_cast<Context*>(kContext); // NOLINT: mapped by create()
}

// Saves what the ABI asks for, loads everything from the context and jumps. The way out is
// vitrine_native_exit from the instruction (saves all) or vitrine_native_return from the handler.
asm(R"(
    .text
    .globl vitrine_native_enter64
    .hidden vitrine_native_enter64
    .globl vitrine_native_enter32
    .hidden vitrine_native_enter32
    .globl vitrine_native_exit
    .hidden vitrine_native_exit
    .globl vitrine_native_return
    .hidden vitrine_native_return
    .set ctx, 0x6a5c3000
    .macro vitrine_native_load
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, ctx+144
    movl $7, %eax
    xorl %edx, %edx
    xrstor64 ctx+256
    movq $(ctx+128), %rsp
    popfq
    movq ctx+0, %rax
    movq ctx+8, %rcx
    movq ctx+16, %rdx
    movq ctx+24, %rbx
    movq ctx+32, %rsp
    movq ctx+40, %rbp
    movq ctx+48, %rsi
    movq ctx+56, %rdi
    movq ctx+64, %r8
    movq ctx+72, %r9
    movq ctx+80, %r10
    movq ctx+88, %r11
    movq ctx+96, %r12
    movq ctx+104, %r13
    movq ctx+112, %r14
    movq ctx+120, %r15
    .endm
vitrine_native_enter64:
    vitrine_native_load
    jmp *ctx+136
vitrine_native_enter32:
    movw ctx+210, %ds
    movw ctx+210, %es
    vitrine_native_load
    ljmp *ctx+204
vitrine_native_exit:
    movq %rax, ctx+0
    movq %rcx, ctx+8
    movq %rdx, ctx+16
    movq %rbx, ctx+24
    movq %rsp, ctx+32
    movq %rbp, ctx+40
    movq %rsi, ctx+48
    movq %rdi, ctx+56
    movq %r8, ctx+64
    movq %r9, ctx+72
    movq %r10, ctx+80
    movq %r11, ctx+88
    movq %r12, ctx+96
    movq %r13, ctx+104
    movq %r14, ctx+112
    movq %r15, ctx+120
    movq $(ctx+136), %rsp
    pushfq
    movl $7, %eax
    xorl %edx, %edx
    xsave64 ctx+256
vitrine_native_return:
    movq ctx+144, %rsp
    pushq $2
    popfq
    fninit
    vzeroupper
    ldmxcsr ctx+200
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
)");

extern "C" {
void vitrine_native_enter64();
void vitrine_native_enter32();
void vitrine_native_exit();
void vitrine_native_return();
}

uint64_t addressOf(void (*function)())
{
    return reinterpret_cast<uint64_t>(function);
}

/// REG_* of ucontext in the order of the encoding.
constexpr std::array<int, 16> kGregs = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                        REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                        REG_R12, REG_R13, REG_R14, REG_R15};

/// A tested instruction's EFLAGS.AC stays set in the handler, and compiled code is not aligned.
inline void clearAlignmentCheck()
{
    asm volatile("leaq -128(%%rsp), %%rsp\n\t" // the red zone
                 "pushfq\n\t"
                 "andl $~0x40000, (%%rsp)\n\t"
                 "popfq\n\t"
                 "leaq 128(%%rsp), %%rsp" ::
                     : "memory", "cc");
}

void onSignal(int number, siginfo_t* /*info*/, void* data)
{
    clearAlignmentCheck();
    Context& at = context();
    if (at.active == 0) { // not ours: let it come again with the default action
        std::signal(number, SIG_DFL);
        return;
    }
    auto& machine = static_cast<ucontext_t*>(data)->uc_mcontext;
    auto* registers = machine.gregs;
    for (size_t n = 0; n < kGregs.size(); ++n)
        at.general[n] = static_cast<uint64_t>(registers[kGregs[n]]);
    at.rflags = static_cast<uint64_t>(registers[REG_EFL]);
    at.vector = static_cast<uint64_t>(registers[REG_TRAPNO]);
    at.error = static_cast<uint64_t>(registers[REG_ERR]);
    at.address = static_cast<uint64_t>(registers[REG_CR2]);
    at.faultRip = static_cast<uint64_t>(registers[REG_RIP]);
    at.faulted = 1;
    std::memcpy(at.xsave.data(), machine.fpregs, at.xsave.size());
    registers[REG_RIP] = static_cast<greg_t>(addressOf(vitrine_native_return));
    registers[REG_EFL] = 0x202;
    registers[REG_CSGSFS] = (registers[REG_CSGSFS] & ~greg_t{0xffff}) | kUserCs64;
}

bool installHandlers(void* stack)
{
    stack_t alternate{};
    alternate.ss_sp = stack;
    alternate.ss_size = kSignalStackSize;
    if (sigaltstack(&alternate, nullptr) != 0)
        return false;
    struct sigaction action = {};
    action.sa_sigaction = onSignal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    return std::all_of(kSignals.begin(), kSignals.end(),
                       [&action](int number) { return sigaction(number, &action, nullptr) == 0; });
}

void* mapFixed(uint64_t address, size_t size, int protection, int flags, int fd = -1)
{
    void* got = mmap(reinterpret_cast<void*>(address), size, protection, // NOLINT
                     flags | MAP_FIXED_NOREPLACE | MAP_POPULATE, fd, 0);
    return got == MAP_FAILED ? nullptr : got;
}

bool hasXsave()
{
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_OSXSAVE) != 0 && (c & bit_AVX) != 0;
}

/// Pages at `address` that instructions cannot write; the result is where the test can.
std::byte* mapReadOnly(uint64_t address, size_t size, int protection)
{
    const int fd = memfd_create("native-run", MFD_CLOEXEC);
    if (fd < 0)
        return nullptr;
    void* alias = MAP_FAILED;
    if (ftruncate(fd, static_cast<off_t>(size)) == 0 &&
        mapFixed(address, size, protection, MAP_SHARED, fd) != nullptr)
        alias = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return alias == MAP_FAILED ? nullptr : static_cast<std::byte*>(alias);
}

} // namespace

std::unique_ptr<NativeRun> NativeRun::create(std::string& why)
{
    if (!hasXsave()) {
        why = "the host CPU has no AVX or the kernel does not save it";
        return nullptr;
    }
    std::unique_ptr<NativeRun> self(new NativeRun);
    constexpr int kPrivate = MAP_PRIVATE | MAP_ANONYMOUS;
    constexpr int kWritable = PROT_READ | PROT_WRITE;
    void* stack = mmap(nullptr, kSignalStackSize, kWritable, kPrivate, -1, 0);
    self->m_signalStack = stack == MAP_FAILED ? nullptr : stack;
    self->m_readOnlyAlias = mapReadOnly(kReadOnly, kPage, PROT_READ);
    self->m_codeAlias = mapReadOnly(kCode, 2 * kPage, PROT_READ | PROT_EXEC);
    if (self->m_signalStack == nullptr || self->m_readOnlyAlias == nullptr ||
        self->m_codeAlias == nullptr || mapFixed(kContext, kPage, kWritable, kPrivate) == nullptr ||
        mapFixed(kWindow, 2 * kPage, kWritable, kPrivate) == nullptr) {
        why = "no memory at fixed addresses";
        return nullptr;
    }
    std::memset(self->m_codeAlias, 0xcc, 2 * kPage);
    context() = {};
    context().mxcsr = 0x1f80;
    context().exitAddress = addressOf(vitrine_native_exit);
    if (!installHandlers(self->m_signalStack)) {
        why = "no signal handlers";
        return nullptr;
    }
    self->m_has32 = self->tryCompatibility();
    return self;
}

NativeRun::~NativeRun()
{
    std::for_each(kSignals.begin(), kSignals.end(),
                  [](int number) { std::signal(number, SIG_DFL); });
    munmap(reinterpret_cast<void*>(kContext), kPage);  // NOLINT
    munmap(reinterpret_cast<void*>(kData), 3 * kPage); // NOLINT
    munmap(reinterpret_cast<void*>(kCode), 2 * kPage); // NOLINT
    if (m_readOnlyAlias != nullptr)
        munmap(m_readOnlyAlias, kPage);
    if (m_codeAlias != nullptr)
        munmap(m_codeAlias, 2 * kPage);
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
    if (m_signalStack != nullptr)
        munmap(m_signalStack, kSignalStackSize);
}

std::span<std::byte> NativeRun::window()
{
    return {reinterpret_cast<std::byte*>(kWindow), 2 * kPage}; // NOLINT
}

void NativeRun::place(std::span<const uint8_t> bytes, unsigned offset, bool code32)
{
    clear();
    auto* at = reinterpret_cast<uint8_t*>(m_codeAlias) + offset;
    std::copy(bytes.begin(), bytes.end(), at);
    at += bytes.size();
    if (code32) { // jmp 0x33:kCode, where a 64-bit jump to the exit is
        const std::array<uint8_t, 7> far = {0xea, 0x00, 0x00, 0x00, 0x10, kUserCs64, 0};
        std::copy(far.begin(), far.end(), at);
        at = reinterpret_cast<uint8_t*>(m_codeAlias);
    }
    // jmp *[kContext + 152]
    const std::array<uint8_t, 7> jump = {0xff, 0x24, 0x25, 0x98, 0x30, 0x5c, 0x6a};
    std::copy(jump.begin(), jump.end(), at);
    m_offset = offset;
    m_length = static_cast<unsigned>(bytes.size());
    m_code32 = code32;
}

void NativeRun::clear()
{
    if (m_length == 0)
        return;
    std::memset(m_codeAlias + m_offset, 0xcc, m_length + kReturnLength);
    if (m_code32)
        std::memset(m_codeAlias, 0xcc, kReturnLength);
    m_length = 0;
}

NativeOutcome NativeRun::run(NativeRegisters& registers)
{
    Context& at = context();
    at.general = registers.general;
    at.rflags = registers.rflags;
    std::memset(at.xsave.data() + kXsaveHeader, 0, 64);
    at.xsave[kXsaveHeader] = 7; // XSTATE_BV: x87, SSE, AVX
    std::memcpy(at.xsave.data(), registers.fx.data(), registers.fx.size());
    std::memcpy(at.xsave.data() + kXsaveAvx, registers.ymmHigh.data(), sizeof registers.ymmHigh);
    at.target = kCode + m_offset;
    at.farOffset = static_cast<uint32_t>(at.target);
    at.farSelector = kUserCs32;
    at.dataSelector = 0x2b;
    at.faulted = 0;
    at.active = 1;
    asm volatile("" ::: "memory");
    if (m_code32)
        vitrine_native_enter32();
    else
        vitrine_native_enter64();
    asm volatile("" ::: "memory");
    at.active = 0;
    registers.general = at.general;
    registers.rflags = at.rflags;
    std::memcpy(registers.fx.data(), at.xsave.data(), registers.fx.size());
    std::memcpy(registers.ymmHigh.data(), at.xsave.data() + kXsaveAvx, sizeof registers.ymmHigh);
    if ((at.xsave[kXsaveHeader] & 4) == 0)
        registers.ymmHigh = {};
    if (at.faulted == 0)
        return {};
    if (at.vector == 3) // the int3 a jump landed on
        return {NativeOutcome::Kind::Jumped, at.faultRip - 1, 0, 0, 0};
    constexpr uint64_t kFetch = 1 << 4;
    if (at.vector == 14 && (at.error & kFetch) != 0)
        return {NativeOutcome::Kind::Jumped, at.faultRip, 0, 0, 0};
    return {NativeOutcome::Kind::Fault, at.faultRip, static_cast<unsigned>(at.vector), at.error,
            at.address};
}

bool NativeRun::tryCompatibility()
{
    const std::array<uint8_t, 1> decrementEax = {0x48}; // a REX prefix in 64-bit mode
    NativeRegisters registers;
    registers.fx[0] = 0x7f;
    registers.fx[1] = 0x03;
    registers.fx[24] = 0x80;
    registers.fx[25] = 0x1f;
    registers.general[0] = 5;
    registers.general[4] = kWindow + kPage;
    place(decrementEax, 0x800, true);
    const NativeOutcome outcome = run(registers);
    clear();
    return outcome.kind == NativeOutcome::Kind::Done &&
           static_cast<uint32_t>(registers.general[0]) == 4;
}

std::string reasonNotToCompare()
{
    if (kHasShadowMemory)
        return "a sanitizer's shadow memory lies where tested instructions must find nothing";
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    constexpr unsigned kAuth = 0x6874'7541; // "AuthenticAMD"
    const bool amd = __get_cpuid(0, &eax, &ebx, &ecx, &edx) != 0 && ebx == kAuth;
    if (!amd && std::getenv("VITRINE_DIFFERENTIAL") == nullptr)
        return "what differs between vendors was only established on AMD's CPUs; "
               "VITRINE_DIFFERENTIAL=1 runs it all the same";
    return {};
}

} // namespace tests
