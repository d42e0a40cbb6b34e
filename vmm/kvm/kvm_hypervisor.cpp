// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/kvm_hypervisor.h"

#include <atomic>
#include <fcntl.h>
#include <fmt/core.h>
#include <optional>

#include "vmm/base/log.h"
#include "vmm/kvm/kvm_interrupts.h"
#include "vmm/kvm/kvm_irqchip.h"
#include "vmm/kvm/kvm_memory.h"
#include "vmm/kvm/kvm_structs.h"
#include "vmm/kvm/kvm_vcpu.h"

namespace vmm::kvm {

namespace {

// Four pages below the IOAPIC's megabyte that KVM needs on Intel hosts; the e820 map reserves them.
constexpr uint64_t kIdentityMap = 0xfeff'c000;
constexpr unsigned long kTssAddress = 0xfeff'd000;

Error openError(int number)
{
    if (number == ENOENT || number == ENODEV || number == ENXIO)
        return {ErrorCode::NotFound, "/dev/kvm is missing: turn on virtualization in the firmware "
                                     "setup, or load the module kvm_intel "
                                     "or kvm_amd"};
    if (number == EACCES || number == EPERM)
        return {ErrorCode::Permission,
                "no permission to use /dev/kvm: add yourself to the group kvm and log in again"};
    return Error::fromErrno("/dev/kvm", number);
}

Result<std::vector<uint32_t>> msrIndices(int kvmFd)
{
    struct {
        uint32_t count;
        uint32_t indices[1024];
    } list{1024, {}};
    TRY(callKvm(kvmFd, kGetMsrIndexList, &list, "KVM_GET_MSR_INDEX_LIST"));
    return std::vector<uint32_t>(list.indices, list.indices + list.count);
}

/// An ioeventfd; deassigns on destruction.
class KvmDoorbell final : public bus::Doorbell {
public:
    KvmDoorbell(int vmFd, const kvm_ioeventfd& request) : m_vmFd(vmFd), m_request(request) {}
    ~KvmDoorbell() override
    {
        m_request.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
        ::ioctl(m_vmFd, KVM_IOEVENTFD, &m_request);
    }

private:
    int m_vmFd;
    kvm_ioeventfd m_request;
};

class KernelHypervisor final : public KvmHypervisor, private bus::Doorbells {
public:
    KernelHypervisor(UniqueFd kvm, UniqueFd vm, const KvmConfig& config)
        : m_kvm(std::move(kvm)),
          m_vm(std::move(vm)),
          m_nudge(m_vm.get()),
          m_memory(m_vm.get()),
          m_interrupts(m_vm.get(), m_nudge),
          m_environment{m_kvm.get(), m_vm.get(), 0, {}, kXsaveSize, config, &m_nudge}
    {}

    Result<void> setUp()
    {
        const int vm = m_vm.get();
        TRY(callKvm(vm, KVM_SET_IDENTITY_MAP_ADDR, &kIdentityMap, "KVM_SET_IDENTITY_MAP_ADDR"));
        TRY(callKvm(vm, KVM_SET_TSS_ADDR, kTssAddress, "KVM_SET_TSS_ADDR"));
        TRY(callKvm(vm, KVM_CREATE_IRQCHIP, 0UL, "KVM_CREATE_IRQCHIP"));
        kvm_pit_config pit{};
        pit.flags = KVM_PIT_SPEAKER_DUMMY; // port 0x61 answers without a speaker
        TRY(callKvm(vm, KVM_CREATE_PIT2, &pit, "KVM_CREATE_PIT2"));
        if (m_nudge.needed()) {
            // Ticks that came while the guest had interrupts off would be given one after the
            // other, and no other interrupt would get through between them.
            kvm_reinject_control drop{};
            TRY(callKvm(vm, KVM_REINJECT_CONTROL, &drop, "KVM_REINJECT_CONTROL"));
        }
        TRY(m_interrupts.installRouting());
        const int runSize =
            TRY(callKvm(m_kvm.get(), KVM_GET_VCPU_MMAP_SIZE, 0UL, "KVM_GET_VCPU_MMAP_SIZE"));
        m_environment.runSize = static_cast<size_t>(runSize);
        m_environment.msrIndices = TRY(msrIndices(m_kvm.get()));
        if (const auto size =
                callKvm(vm, KVM_CHECK_EXTENSION, static_cast<unsigned long>(KVM_CAP_XSAVE2), "");
            size && static_cast<size_t>(*size) > kXsaveSize)
            m_environment.xsaveSize = static_cast<size_t>(*size);
        m_powerOn = TRY(kvm::saveIrqchip(vm));
        return {};
    }

    memory::MapSink& mapSink() override { return m_memory; }
    bus::InterruptController& interrupts() override { return m_interrupts; }
    Result<std::unique_ptr<cpu::Vcpu>> createVcpu(unsigned index) override
    {
        return std::unique_ptr<cpu::Vcpu>(TRY(KvmVcpu::create(m_environment, index)));
    }
    Result<cpu::IrqchipState> saveIrqchip() override
    {
        cpu::IrqchipState state = TRY(kvm::saveIrqchip(m_vm.get()));
        if (m_pausedClock)
            state.kvmclockNs = *m_pausedClock;
        return state;
    }
    Result<void> loadIrqchip(const cpu::IrqchipState& state) override
    {
        m_pausedClock = state.kvmclockNs;
        return kvm::loadIrqchip(m_vm.get(), state);
    }
    Result<void> resetIrqchip() override
    {
        cpu::IrqchipState state = m_powerOn;
        state.kvmclockNs = TRY(saveIrqchip()).kvmclockNs;
        return loadIrqchip(state);
    }
    void clockPaused() override
    {
        if (const auto now = readClock(m_vm.get()))
            m_pausedClock = *now;
    }
    void clockResumed() override
    {
        if (m_pausedClock)
            report(writeClock(m_vm.get(), *m_pausedClock));
        m_pausedClock.reset();
    }
    void setHpetLegacy(bool on) override { report(setPitHpetLegacy(m_vm.get(), on)); }
    bus::Doorbells* doorbells() override { return this; }
    /// Length 0: writes of any width, which KVM finds without decoding the instruction where the
    /// hardware allows it (KVM_CAP_IOEVENTFD_ANY_LENGTH).
    Result<std::unique_ptr<bus::Doorbell>> create(memory::GuestPhys address,
                                                  const EventFd& event) override
    {
        kvm_ioeventfd request{};
        request.addr = address.value();
        request.fd = event.fd();
        TRY(callKvm(m_vm.get(), KVM_IOEVENTFD, &request, "KVM_IOEVENTFD"));
        return std::unique_ptr<bus::Doorbell>(std::make_unique<KvmDoorbell>(m_vm.get(), request));
    }

private:
    static void report(const Result<void>& result)
    {
        if (!result)
            log(LogLevel::Error, "vmm.kvm", result.error().sentence());
    }

    UniqueFd m_kvm;
    UniqueFd m_vm;
    InterruptNudge m_nudge;
    KvmMemory m_memory;
    KvmInterrupts m_interrupts;
    VcpuEnvironment m_environment;
    cpu::IrqchipState m_powerOn;
    std::optional<uint64_t> m_pausedClock; // machine's control thread, vCPUs stopped
};

} // namespace

Result<std::unique_ptr<KvmHypervisor>> KvmHypervisor::create(const KvmConfig& config)
{
    UniqueFd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (!kvm.valid())
        return openError(errno);
    const int version = TRY(callKvm(kvm.get(), KVM_GET_API_VERSION, 0UL, "KVM_GET_API_VERSION"));
    if (version != KVM_API_VERSION)
        return Error(ErrorCode::Unsupported,
                     fmt::format("/dev/kvm speaks version {} of its interface, {} is needed",
                                 version, KVM_API_VERSION));
    UniqueFd vm(
        TRY(callKvm(kvm.get(), KVM_CREATE_VM, 0UL, "/dev/kvm: cannot make a virtual machine")));
    auto hypervisor = std::make_unique<KernelHypervisor>(std::move(kvm), std::move(vm), config);
    if (auto result = hypervisor->setUp(); !result)
        return std::move(result).error().within("/dev/kvm");
    return std::unique_ptr<KvmHypervisor>(std::move(hypervisor));
}

} // namespace vmm::kvm
