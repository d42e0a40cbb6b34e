// SPDX-License-Identifier: GPL-3.0-or-later
// What a KVM vCPU was given comes back out of it, where KVM cares for the order.
#include <QtTest>
#include <algorithm>

#include "vmm/base/bits.h"
#include "vmm/bus/bus.h"
#include "vmm/kvm/kvm_hypervisor.h"

using namespace vmm;

namespace {

constexpr uint32_t kTscMsr = 0x10;
constexpr uint32_t kDeadlineMsr = 0x6e0;
constexpr uint64_t kAhead = uint64_t{1} << 40; // minutes

uint64_t& msr(cpu::CpuState& state, uint32_t index)
{
    const auto found = std::find_if(state.msrs.begin(), state.msrs.end(),
                                    [index](const cpu::Msr& m) { return m.index == index; });
    if (found != state.msrs.end())
        return found->value;
    return state.msrs.emplace_back(cpu::Msr{index, 0}).value;
}

} // namespace

class VcpuStateTest : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void deadlineIsArmed();
    void deadlineFollowsTheCounter();

private:
    /// The local APIC's timer waits for `deadline`; the state KVM tells after it was loaded.
    cpu::CpuState afterLoad(uint64_t tsc, uint64_t deadline);

    bus::PioBus m_pio;
    bus::MmioBus m_mmio;
    std::unique_ptr<kvm::KvmHypervisor> m_hypervisor;
    std::unique_ptr<cpu::Vcpu> m_vcpu;
};

void VcpuStateTest::initTestCase()
{
    auto hypervisor = kvm::KvmHypervisor::create({1, m_pio, m_mmio, nullptr});
    if (!hypervisor)
        QSKIP(hypervisor.error().sentence().c_str());
    m_hypervisor = std::move(*hypervisor);
    auto vcpu = m_hypervisor->createVcpu(0);
    QVERIFY(vcpu.has_value());
    m_vcpu = std::move(*vcpu);
}

cpu::CpuState VcpuStateTest::afterLoad(uint64_t tsc, uint64_t deadline)
{
    constexpr size_t kSpurious = 0xf0, kLvtTimer = 0x320;
    constexpr uint32_t kEnabled = 0x1ff, kDeadlineMode = 2 << 17 | 0xec;
    auto state = m_vcpu->saveState();
    if (!state)
        return {};
    storeLe<uint32_t>(&state->lapic[kSpurious], kEnabled);
    storeLe<uint32_t>(&state->lapic[kLvtTimer], kDeadlineMode);
    msr(*state, kTscMsr) = tsc;
    msr(*state, kDeadlineMsr) = deadline;
    if (!m_vcpu->loadState(*state))
        return {};
    return m_vcpu->saveState().value_or(cpu::CpuState{});
}

void VcpuStateTest::deadlineIsArmed()
{
    cpu::CpuState before = m_vcpu->saveState().value_or(cpu::CpuState{});
    const uint64_t tsc = msr(before, kTscMsr);
    cpu::CpuState after = afterLoad(tsc, tsc + kAhead);
    QCOMPARE(msr(after, kDeadlineMsr), tsc + kAhead);
}

/// A KVM without hardware behind it cannot set the counter: then it moves the deadline instead.
void VcpuStateTest::deadlineFollowsTheCounter()
{
    const uint64_t tsc = uint64_t{1} << 58;
    cpu::CpuState after = afterLoad(tsc, tsc + kAhead);
    const uint64_t left = msr(after, kDeadlineMsr) - msr(after, kTscMsr);
    QVERIFY2(left <= kAhead && left > kAhead / 2, qPrintable(QString::number(left)));
}

QTEST_APPLESS_MAIN(VcpuStateTest)
#include "vcpu_state_test.moc"
