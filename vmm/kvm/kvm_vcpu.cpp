// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/kvm_vcpu.h"

#include <csignal>
#include <fmt/format.h>
#include <sys/mman.h>

#include "vmm/kvm/kvm_cpuid.h"
#include "vmm/kvm/kvm_structs.h"

namespace vmm::kvm {

namespace {

/// The signal whose only purpose is to interrupt KVM_RUN; its handler does nothing.
int kickSignal()
{
    return SIGRTMIN;
}

void installKickHandler()
{
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigemptyset(&action.sa_mask);
    ::sigaction(kickSignal(), &action, nullptr);
}

} // namespace

Result<std::unique_ptr<KvmVcpu>> KvmVcpu::create(const VcpuEnvironment& environment, unsigned index)
{
    installKickHandler();
    std::unique_ptr<KvmVcpu> vcpu(new KvmVcpu(environment, index));
    vcpu->m_fd = UniqueFd(TRY(callKvm(environment.vmFd, KVM_CREATE_VCPU,
                                      static_cast<unsigned long>(index), "KVM_CREATE_VCPU")));
    vcpu->m_runMapping = TRY(MappedRegion::map(vcpu->m_fd.get(), 0, environment.runSize,
                                               PROT_READ | PROT_WRITE, MAP_SHARED));
    vcpu->m_run = reinterpret_cast<kvm_run*>(vcpu->m_runMapping.data());
    TRY(installCpuid(environment.kvmFd, vcpu->m_fd.get(), index, environment.config.cpus));
    vcpu->m_powerOn = TRY(vcpu->saveState());
    TRY(vcpu->reset());
    return vcpu;
}

void KvmVcpu::kick()
{
    m_kicked.store(true, std::memory_order_seq_cst);
    m_run->immediate_exit = 1; // a byte the kernel reads before it enters the guest
    MutexLock lock(m_threadMutex);
    if (m_inRun)
        ::pthread_kill(m_thread, kickSignal());
}

bool KvmVcpu::takeKick()
{
    m_run->immediate_exit = 0;
    return m_kicked.exchange(false, std::memory_order_seq_cst);
}

cpu::Exit KvmVcpu::run()
{
    {
        MutexLock lock(m_threadMutex);
        m_thread = ::pthread_self();
        m_inRun = true;
    }
    InterruptNudge* nudge = m_index == 0 ? m_environment.nudge : nullptr;
    if (nudge != nullptr)
        nudge->bindToThread(kickSignal());
    cpu::Exit exit;
    for (;;) {
        // Also completes the instruction whose access was just handled; with immediate_exit set it
        // does only that, so a kicked vCPU stands between two instructions.
        const int result = ::ioctl(m_fd.get(), KVM_RUN, 0);
        if (result < 0 && (errno == EINTR || errno == EAGAIN)) {
            m_counters.add(cpu::ExitKind::Interrupted);
            if (nudge != nullptr)
                nudge->interrupted(m_fd.get(), *m_run);
            if (!takeKick())
                continue;
            exit.reason = cpu::ExitReason::Kicked;
            break;
        }
        if (result < 0) {
            exit.reason = cpu::ExitReason::Stopped;
            exit.sentence =
                Error::fromErrno(fmt::format("CPU {}: KVM_RUN", m_index), errno).sentence();
            break;
        }
        if (handle(exit))
            break;
    }
    MutexLock lock(m_threadMutex);
    m_inRun = false;
    return exit;
}

bool KvmVcpu::handle(cpu::Exit& exit)
{
    switch (m_run->exit_reason) {
    case KVM_EXIT_IO:
        handlePio();
        return false;
    case KVM_EXIT_MMIO:
        handleMmio();
        return false;
    case KVM_EXIT_DEBUG:
        m_counters.add(cpu::ExitKind::Other);
        exit.reason = cpu::ExitReason::Debug;
        exit.debug = debugHit();
        return true;
    case KVM_EXIT_INTR:
    case KVM_EXIT_IRQ_WINDOW_OPEN:
        m_counters.add(cpu::ExitKind::Interrupted);
        return false;
    case KVM_EXIT_HLT: // the in-kernel local APIC waits itself; this comes only without one
        m_counters.add(cpu::ExitKind::Halt);
        return false;
    case KVM_EXIT_SHUTDOWN:
        return handleShutdown(exit);
    case KVM_EXIT_SYSTEM_EVENT:
        exit.reason = m_run->system_event.type == KVM_SYSTEM_EVENT_CRASH
                          ? cpu::ExitReason::Panicked
                          : cpu::ExitReason::Shutdown;
        return true;
    case KVM_EXIT_INTERNAL_ERROR:
        return handleInternalError(exit);
    default:
        m_counters.add(cpu::ExitKind::Other);
        exit.reason = cpu::ExitReason::Stopped;
        exit.sentence = fmt::format("CPU {} stopped: KVM exit {} (hardware reason {:#x})", m_index,
                                    m_run->exit_reason, m_run->hw.hardware_exit_reason);
        return true;
    }
}

bool KvmVcpu::handleShutdown(cpu::Exit& exit) const
{
    exit.reason = cpu::ExitReason::Shutdown;
    exit.sentence = fmt::format("triple fault on CPU {} at {}", m_index, whereabouts());
    return true;
}

bool KvmVcpu::handleInternalError(cpu::Exit& exit)
{
    exit.reason = cpu::ExitReason::Stopped;
    if (m_run->internal.suberror != KVM_INTERNAL_ERROR_EMULATION ||
        m_environment.config.assist == nullptr) {
        exit.sentence = internalError();
        return true;
    }
    m_counters.add(cpu::ExitKind::Assisted);
    const Result<cpu::Assisted> done = assist();
    if (!done) {
        exit.sentence = done.error().sentence();
        return true;
    }
    return *done == cpu::Assisted::TripleFault && handleShutdown(exit);
}

void KvmVcpu::handlePio()
{
    m_counters.add(cpu::ExitKind::Pio);
    const auto& io = m_run->io;
    auto* data = reinterpret_cast<std::byte*>(m_run) + io.data_offset;
    const memory::GuestPort port(io.port);
    for (uint32_t i = 0; i < io.count; ++i, data += io.size) {
        uint32_t value = 0;
        if (io.direction == KVM_EXIT_IO_OUT) {
            std::memcpy(&value, data, io.size);
            m_environment.config.pio.write(port, value, io.size);
        } else {
            value = m_environment.config.pio.read(port, io.size);
            std::memcpy(data, &value, io.size);
        }
    }
}

void KvmVcpu::handleMmio()
{
    m_counters.add(cpu::ExitKind::Mmio);
    auto& mmio = m_run->mmio;
    const memory::GuestPhys address(mmio.phys_addr);
    uint64_t value = 0;
    if (mmio.is_write != 0) {
        std::memcpy(&value, mmio.data, mmio.len);
        m_environment.config.mmio.write(address, value, mmio.len);
    } else {
        value = m_environment.config.mmio.read(address, mmio.len);
        std::memcpy(mmio.data, &value, mmio.len);
    }
}

/// "0xfff0 (code segment base 0xffff0000, real mode)": where the vCPU is.
std::string KvmVcpu::whereabouts() const
{
    constexpr uint64_t kEferLongModeActive = 0x400;
    kvm_regs regs{};
    kvm_sregs sregs{};
    ::ioctl(m_fd.get(), KVM_GET_REGS, &regs);
    ::ioctl(m_fd.get(), KVM_GET_SREGS, &sregs);
    const char* mode = (sregs.efer & kEferLongModeActive) != 0 && sregs.cs.l != 0 ? "64-bit"
                       : (sregs.cr0 & 1) == 0                                     ? "real mode"
                       : sregs.cs.db != 0 ? "32-bit protected mode"
                                          : "16-bit protected mode";
    return fmt::format("{:#x} (code segment base {:#x}, {})", regs.rip, sregs.cs.base, mode);
}

/// One sentence with place and instruction bytes (api.rst 5, KVM_EXIT_INTERNAL_ERROR).
std::string KvmVcpu::internalError() const
{
    const auto& internal = m_run->internal;
    std::string sentence = fmt::format("CPU {} stopped at {}", m_index, whereabouts());
    if (internal.suberror != KVM_INTERNAL_ERROR_EMULATION)
        return sentence + fmt::format(": KVM internal error {}", internal.suberror);
    sentence += ": this host's KVM cannot emulate the instruction";
    std::byte bytes[16];
    std::memcpy(bytes, &internal.data[1], sizeof bytes);
    const size_t count =
        internal.ndata > 1 ? std::min<size_t>(static_cast<size_t>(bytes[0]), 15) : 0;
    for (size_t i = 0; i < count; ++i)
        sentence += fmt::format(" {:02x}", static_cast<unsigned>(bytes[1 + i]));
    return sentence;
}

} // namespace vmm::kvm
