// SPDX-License-Identifier: GPL-3.0-or-later
// The bare KVM loop that vmm/kvm is compared with. Linux Documentation/virt/kvm/api.rst (6.1).
#include <fcntl.h>
#include <sys/mman.h>

#include "tests/bench/exit_loop.h"
#include "tests/guest/micro/exits.h"
#include "vmm/base/unique_fd.h"
#include "vmm/firmware/pvh_loader.h"
#include "vmm/kvm/kvm_structs.h"

namespace bench {

namespace {

using vmm::Error;
using vmm::Result;
using vmm::UniqueFd;
using vmm::kvm::callKvm;

class BareLoop final : public ExitLoop {
public:
    Result<void> setUp(const std::string& guest)
    {
        m_memory = TRY(vmm::memory::GuestMemory::create({kGuestRam, 0}));
        const auto entry = TRY(vmm::firmware::loadPvhKernel(*m_memory, guest, {}));
        m_kvm.reset(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
        m_vm.reset(TRY(callKvm(m_kvm.get(), KVM_CREATE_VM, 0UL, "KVM_CREATE_VM")));
        TRY(callKvm(m_vm.get(), KVM_SET_TSS_ADDR, 0xfeff'd000UL, "KVM_SET_TSS_ADDR"));
        TRY(callKvm(m_vm.get(), KVM_CREATE_IRQCHIP, 0UL, "KVM_CREATE_IRQCHIP"));
        kvm_userspace_memory_region ram{};
        ram.memory_size = kGuestRam;
        ram.userspace_addr = reinterpret_cast<uint64_t>(m_memory->hostBase());
        TRY(callKvm(m_vm.get(), KVM_SET_USER_MEMORY_REGION, &ram, "KVM_SET_USER_MEMORY_REGION"));
        kvm_ioeventfd doorbell{};
        doorbell.addr = micro::exits::kDoorbell;
        doorbell.len = 4;
        doorbell.fd = m_doorbell.fd();
        TRY(callKvm(m_vm.get(), KVM_IOEVENTFD, &doorbell, "KVM_IOEVENTFD"));
        m_vcpu.reset(TRY(callKvm(m_vm.get(), KVM_CREATE_VCPU, 0UL, "KVM_CREATE_VCPU")));
        TRY(setCpuid());
        TRY(setRegisters(entry));
        const int runSize = TRY(callKvm(m_kvm.get(), KVM_GET_VCPU_MMAP_SIZE, 0UL, "KVM run size"));
        m_runMapping = TRY(vmm::MappedRegion::map(m_vcpu.get(), 0, static_cast<size_t>(runSize),
                                                  PROT_READ | PROT_WRITE, MAP_SHARED));
        m_run = reinterpret_cast<kvm_run*>(m_runMapping.data());
        return {};
    }

    explicit BareLoop(vmm::EventFd doorbell) : m_doorbell(std::move(doorbell)) {}

    Result<Batch> runBatch() override
    {
        constexpr uint32_t kAnswer = 1;
        for (;;) {
            TRY(callKvm(m_vcpu.get(), KVM_RUN, 0, "KVM_RUN"));
            if (m_run->exit_reason == KVM_EXIT_MMIO) {
                std::memcpy(m_run->mmio.data, &kAnswer, sizeof kAnswer);
                continue;
            }
            if (m_run->exit_reason != KVM_EXIT_IO)
                return Error(vmm::ErrorCode::Unsupported, "the bare loop's guest stopped");
            auto* data = reinterpret_cast<std::byte*>(m_run) + m_run->io.data_offset;
            if (m_run->io.direction == KVM_EXIT_IO_IN) {
                std::memcpy(data, &kAnswer, sizeof kAnswer);
                continue;
            }
            Batch batch{(m_run->io.port - uint32_t{micro::exits::kReport}) / 4, 0};
            std::memcpy(&batch.cycles, data, sizeof batch.cycles);
            return batch;
        }
    }

private:
    Result<void> setCpuid()
    {
        vmm::kvm::CpuidArray cpuid(256);
        TRY(callKvm(m_kvm.get(), vmm::kvm::kGetSupportedCpuid, cpuid.header(), "supported CPUID"));
        TRY(callKvm(m_vcpu.get(), vmm::kvm::kSetCpuid2, cpuid.header(), "KVM_SET_CPUID2"));
        return {};
    }

    /// 32-bit protected mode with flat segments and paging off (Xen docs/misc/pvh.pandoc).
    Result<void> setRegisters(const vmm::firmware::PvhEntry& entry)
    {
        kvm_sregs system{};
        TRY(callKvm(m_vcpu.get(), KVM_GET_SREGS, &system, "KVM_GET_SREGS"));
        for (kvm_segment* segment :
             {&system.cs, &system.ds, &system.es, &system.fs, &system.gs, &system.ss}) {
            const bool code = segment == &system.cs;
            *segment = {};
            segment->limit = 0xffff'ffff;
            segment->selector = code ? 0x08 : 0x10;
            segment->type = code ? 0xb : 0x3;
            segment->present = segment->s = segment->db = segment->g = 1;
        }
        system.cr0 = 0x11; // PE, ET
        TRY(callKvm(m_vcpu.get(), KVM_SET_SREGS, &system, "KVM_SET_SREGS"));
        kvm_regs general{};
        general.rip = entry.entry.value();
        general.rbx = entry.startInfo.value();
        general.rflags = 2;
        TRY(callKvm(m_vcpu.get(), KVM_SET_REGS, &general, "KVM_SET_REGS"));
        return {};
    }

    vmm::EventFd m_doorbell;
    std::unique_ptr<vmm::memory::GuestMemory> m_memory;
    UniqueFd m_kvm;
    UniqueFd m_vm;
    UniqueFd m_vcpu;
    vmm::MappedRegion m_runMapping;
    kvm_run* m_run = nullptr;
};

} // namespace

Result<std::unique_ptr<ExitLoop>> createBareLoop(const std::string& guest)
{
    auto loop = std::make_unique<BareLoop>(TRY(vmm::EventFd::create()));
    TRY(loop->setUp(guest));
    return std::unique_ptr<ExitLoop>(std::move(loop));
}

} // namespace bench
