// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/kvm_speed.h"

#include <chrono>
#include <cpuid.h>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/base/unique_fd.h"
#include "vmm/kvm/kvm_structs.h"

namespace vmm::kvm {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kDuration = std::chrono::milliseconds(2);
constexpr size_t kPageSize = 4096;
constexpr unsigned long kTssAddress = 0xfeff'd000; // Intel hosts need three pages for real mode

// inc eax; jmp back.
constexpr uint8_t kLoop[] = {0x66, 0x40, 0xeb, 0xfc};
constexpr double kInstructionsPerRound = 2;

/// Signals the calling thread once kDuration is over, and again in case the first signal came
/// before the guest was entered.
class Alarm {
public:
    Alarm()
    {
        struct sigaction action {};
        action.sa_handler = [](int) {};
        ::sigemptyset(&action.sa_mask);
        ::sigaction(SIGRTMIN, &action, nullptr);
        sigevent event{};
        event.sigev_notify = SIGEV_THREAD_ID;
        event.sigev_signo = SIGRTMIN;
        event._sigev_un._tid = ::gettid();
        m_set = ::timer_create(CLOCK_MONOTONIC, &event, &m_timer) == 0;
    }
    ~Alarm()
    {
        if (m_set)
            ::timer_delete(m_timer);
    }
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

    bool start()
    {
        itimerspec times{};
        times.it_value.tv_nsec = std::chrono::nanoseconds(kDuration).count();
        times.it_interval.tv_nsec = times.it_value.tv_nsec;
        return m_set && ::timer_settime(m_timer, 0, &times, nullptr) == 0;
    }

private:
    timer_t m_timer{};
    bool m_set = false;
};

/// A machine of one page, with the loop at address 0 and its vCPU in front of it.
struct TestMachine {
    UniqueFd kvm, vm, cpu;
    MappedRegion page, run;
};

Result<void> enterLoop(int cpu)
{
    kvm_sregs sregs{};
    TRY(callKvm(cpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS"));
    sregs.cs.base = 0;
    sregs.cs.selector = 0;
    TRY(callKvm(cpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS"));
    kvm_regs regs{};
    regs.rflags = 2;
    TRY(callKvm(cpu, KVM_SET_REGS, &regs, "KVM_SET_REGS"));
    return {};
}

Result<TestMachine> makeMachine()
{
    TestMachine machine;
    machine.kvm = UniqueFd(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (!machine.kvm.valid())
        return Error::fromErrno("/dev/kvm", errno);
    const int kvm = machine.kvm.get();
    machine.vm = UniqueFd(TRY(callKvm(kvm, KVM_CREATE_VM, 0UL, "KVM_CREATE_VM")));
    TRY(callKvm(machine.vm.get(), KVM_SET_TSS_ADDR, kTssAddress, "KVM_SET_TSS_ADDR"));
    machine.page = TRY(
        MappedRegion::map(-1, 0, kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS));
    std::memcpy(machine.page.data(), kLoop, sizeof kLoop);
    kvm_userspace_memory_region slot{};
    slot.memory_size = kPageSize;
    slot.userspace_addr = reinterpret_cast<uintptr_t>(machine.page.data());
    TRY(callKvm(machine.vm.get(), KVM_SET_USER_MEMORY_REGION, &slot, "KVM_SET_USER_MEMORY_REGION"));
    machine.cpu = UniqueFd(TRY(callKvm(machine.vm.get(), KVM_CREATE_VCPU, 0UL, "KVM_CREATE_VCPU")));
    const int size = TRY(callKvm(kvm, KVM_GET_VCPU_MMAP_SIZE, 0UL, "KVM_GET_VCPU_MMAP_SIZE"));
    machine.run = TRY(MappedRegion::map(machine.cpu.get(), 0, static_cast<size_t>(size),
                                        PROT_READ | PROT_WRITE, MAP_SHARED));
    TRY(enterLoop(machine.cpu.get()));
    return machine;
}

} // namespace

bool hasHardwareVirtualization()
{
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & 1U << 5) != 0)
        return true;
    return __get_cpuid(0x8000'0001, &eax, &ebx, &ecx, &edx) != 0 && (ecx & 1U << 2) != 0;
}

Result<double> ring0InstructionsPerSecond()
{
    TestMachine machine = TRY(makeMachine());
    Alarm alarm;
    const auto begin = Clock::now();
    if (!alarm.start())
        return Error::fromErrno("timer for the speed test of KVM", errno);
    while (Clock::now() - begin < kDuration)
        if (::ioctl(machine.cpu.get(), KVM_RUN, 0) >= 0 || (errno != EINTR && errno != EAGAIN))
            return Error(ErrorCode::Unsupported, "KVM does not run a loop of two instructions");
    const std::chrono::duration<double> took = Clock::now() - begin;
    kvm_regs regs{};
    TRY(callKvm(machine.cpu.get(), KVM_GET_REGS, &regs, "KVM_GET_REGS"));
    return kInstructionsPerRound * static_cast<double>(regs.rax) / took.count();
}

} // namespace vmm::kvm
