// SPDX-License-Identifier: GPL-3.0-or-later
// The debugger's wishes as debug registers of KVM (api.rst 4.87 and 5, KVM_EXIT_DEBUG).
#include <bit>
#include <fmt/core.h>

#include "vmm/kvm/kvm_structs.h"
#include "vmm/kvm/kvm_vcpu.h"

namespace vmm::kvm {

namespace {

constexpr size_t kDebugRegisters = 4;
constexpr uint64_t kExactBoth = 0x700; // DR7: LE, GE and the bit that is always 1
constexpr uint64_t kResumeFlag = 1 << 16;
constexpr uint32_t kBlockInterrupts = 0x10'0000; // KVM_GUESTDBG_BLOCKIRQ, Linux 5.17

/// What DR7 says about one register (SDM volume 3 section 17.2.4).
enum class Watched : uint64_t { Execution = 0, Write = 1, ReadOrWrite = 3 };

/// Fills debug registers one after the other.
class DebugRegisters {
public:
    explicit DebugRegisters(kvm_guest_debug& to) : m_to(to) {}
    bool add(uint64_t address, uint32_t size, Watched kind)
    {
        if (m_used == kDebugRegisters || !std::has_single_bit(size) || size > 8 ||
            (address & (size - 1)) != 0)
            return false;
        const uint64_t length = size == 8 ? 2 : size - 1;
        m_to.arch.debugreg[m_used] = address;
        m_to.arch.debugreg[7] |= kExactBoth | uint64_t{2} << (2 * m_used) |
                                 (length << 2 | static_cast<uint64_t>(kind)) << (16 + 4 * m_used);
        m_to.control |= KVM_GUESTDBG_USE_HW_BP;
        ++m_used;
        return true;
    }

private:
    kvm_guest_debug& m_to;
    size_t m_used = 0;
};

} // namespace

Result<void> KvmVcpu::setDebug(const cpu::DebugRequest& request)
{
    const auto tooMuch = [](uint64_t address) {
        return Error(ErrorCode::Unsupported,
                     fmt::format("KVM watches four places of 1, 2, 4 or 8 aligned bytes: not {:#x}",
                                 address));
    };
    kvm_guest_debug debug{};
    DebugRegisters registers(debug);
    std::vector<cpu::DebugHit> hits;
    for (const uint64_t address : request.breakpoints) {
        if (!registers.add(address, 1, Watched::Execution))
            return tooMuch(address);
        hits.push_back({cpu::DebugHit::Kind::Breakpoint, address});
    }
    for (const cpu::Watchpoint& watch : request.watchpoints) {
        const Watched kind = watch.onRead ? Watched::ReadOrWrite : Watched::Write;
        if (!registers.add(watch.address, watch.size, kind))
            return tooMuch(watch.address);
        hits.push_back({cpu::DebugHit::Kind::Watchpoint, watch.address});
    }
    if (request.singleStep)
        debug.control |= KVM_GUESTDBG_SINGLESTEP;
    if (debug.control != 0)
        debug.control |= KVM_GUESTDBG_ENABLE;
    kvm_guest_debug quiet = debug; // a step shall not end in an interrupt handler
    quiet.control |= request.singleStep ? kBlockInterrupts : 0;
    if (!callKvm(m_fd.get(), KVM_SET_GUEST_DEBUG, &quiet, "KVM_SET_GUEST_DEBUG"))
        TRY(callKvm(m_fd.get(), KVM_SET_GUEST_DEBUG, &debug, "KVM_SET_GUEST_DEBUG"));
    m_debugRegisters = std::move(hits);
    if (request.passFirst && !request.breakpoints.empty()) {
        kvm_regs regs{};
        TRY(callKvm(m_fd.get(), KVM_GET_REGS, &regs, "KVM_GET_REGS"));
        regs.rflags |= kResumeFlag; // SDM volume 3 section 17.3.1.1
        TRY(callKvm(m_fd.get(), KVM_SET_REGS, &regs, "KVM_SET_REGS"));
    }
    return {};
}

/// What KVM_EXIT_DEBUG stands for.
cpu::DebugHit KvmVcpu::debugHit() const
{
    const auto& arch = m_run->debug.arch;
    for (size_t i = 0; i < m_debugRegisters.size(); ++i)
        if ((arch.dr6 >> i & 1) != 0)
            return m_debugRegisters[i];
    return {cpu::DebugHit::Kind::Step, arch.pc};
}

} // namespace vmm::kvm
