// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/kvm_irqchip.h"

#include "vmm/base/host_time.h"
#include "vmm/kvm/kvm_structs.h"

namespace vmm::kvm {

namespace {

static_assert(sizeof(cpu::PicState) == sizeof(kvm_pic_state));

cpu::PicState fromKvm(const kvm_pic_state& pic)
{
    cpu::PicState state;
    std::memcpy(static_cast<void*>(&state), &pic,
                sizeof state); // same fields in the same order, bytes all
    return state;
}

kvm_pic_state toKvm(const cpu::PicState& state)
{
    kvm_pic_state pic{};
    std::memcpy(static_cast<void*>(&pic), &state, sizeof pic);
    return pic;
}

cpu::PitChannelState fromKvm(const kvm_pit_channel_state& channel, int64_t now)
{
    cpu::PitChannelState state;
    state.count = channel.count;
    state.latchedCount = channel.latched_count;
    state.countLatched = channel.count_latched;
    state.statusLatched = channel.status_latched;
    state.status = channel.status;
    state.readState = channel.read_state;
    state.writeState = channel.write_state;
    state.writeLatch = channel.write_latch;
    state.readWriteMode = channel.rw_mode;
    state.mode = channel.mode;
    state.bcd = channel.bcd;
    state.gate = channel.gate;
    state.elapsedNs = now - channel.count_load_time;
    return state;
}

kvm_pit_channel_state toKvm(const cpu::PitChannelState& state, int64_t now)
{
    kvm_pit_channel_state channel{};
    channel.count = state.count;
    channel.latched_count = state.latchedCount;
    channel.count_latched = state.countLatched;
    channel.status_latched = state.statusLatched;
    channel.status = state.status;
    channel.read_state = state.readState;
    channel.write_state = state.writeState;
    channel.write_latch = state.writeLatch;
    channel.rw_mode = state.readWriteMode;
    channel.mode = state.mode;
    channel.bcd = state.bcd;
    channel.gate = state.gate;
    channel.count_load_time = now - state.elapsedNs;
    return channel;
}

Result<kvm_irqchip> getChip(int vmFd, uint32_t id)
{
    kvm_irqchip chip{};
    chip.chip_id = id;
    TRY(callKvm(vmFd, KVM_GET_IRQCHIP, &chip, "KVM_GET_IRQCHIP"));
    return chip;
}

Result<void> checkState(const cpu::IrqchipState& state)
{
    constexpr uint8_t kNeverProgrammed = 0xff; // the mode of a counter after power-on
    for (const cpu::PitChannelState& channel : state.pit) {
        // 8254: counts up to 65536, six modes, access modes 0-3, byte states 0-4.
        if (channel.count > 0x10000 || (channel.mode > 7 && channel.mode != kNeverProgrammed) ||
            channel.readWriteMode > 3 || channel.readState > 4 || channel.writeState > 4 ||
            channel.elapsedNs < 0)
            return Error(ErrorCode::Invalid, "irqchip: the PIT's state is impossible");
    }
    return {};
}

} // namespace

Result<cpu::IrqchipState> saveIrqchip(int vmFd)
{
    cpu::IrqchipState state;
    state.pics[0] = fromKvm(TRY(getChip(vmFd, KVM_IRQCHIP_PIC_MASTER)).chip.pic);
    state.pics[1] = fromKvm(TRY(getChip(vmFd, KVM_IRQCHIP_PIC_SLAVE)).chip.pic);
    const kvm_irqchip io = TRY(getChip(vmFd, KVM_IRQCHIP_IOAPIC));
    state.ioapic.base = io.chip.ioapic.base_address;
    state.ioapic.ioregsel = io.chip.ioapic.ioregsel;
    state.ioapic.id = io.chip.ioapic.id;
    state.ioapic.irr = io.chip.ioapic.irr;
    for (size_t i = 0; i < state.ioapic.redirection.size(); ++i)
        state.ioapic.redirection[i] = io.chip.ioapic.redirtbl[i].bits;
    kvm_pit_state2 pit{};
    TRY(callKvm(vmFd, KVM_GET_PIT2, &pit, "KVM_GET_PIT2"));
    const auto now = static_cast<int64_t>(hostNs());
    for (size_t i = 0; i < state.pit.size(); ++i)
        state.pit[i] = fromKvm(pit.channels[i], now);
    state.pitHpetLegacy = (pit.flags & KVM_PIT_FLAGS_HPET_LEGACY) != 0;
    state.speakerData = (pit.flags & KVM_PIT_FLAGS_SPEAKER_DATA_ON) != 0;
    state.kvmclockNs = TRY(readClock(vmFd));
    return state;
}

Result<void> loadIrqchip(int vmFd, const cpu::IrqchipState& state)
{
    TRY(checkState(state));
    for (uint32_t id = KVM_IRQCHIP_PIC_MASTER; id <= KVM_IRQCHIP_IOAPIC; ++id) {
        kvm_irqchip chip = TRY(getChip(vmFd, id));
        if (id == KVM_IRQCHIP_IOAPIC) {
            chip.chip.ioapic.base_address = state.ioapic.base;
            chip.chip.ioapic.ioregsel = state.ioapic.ioregsel;
            chip.chip.ioapic.id = state.ioapic.id;
            chip.chip.ioapic.irr = state.ioapic.irr;
            for (size_t i = 0; i < state.ioapic.redirection.size(); ++i)
                chip.chip.ioapic.redirtbl[i].bits = state.ioapic.redirection[i];
        } else {
            chip.chip.pic = toKvm(state.pics[id]);
        }
        TRY(callKvm(vmFd, KVM_SET_IRQCHIP, &chip, "KVM_SET_IRQCHIP"));
    }
    kvm_pit_state2 pit{};
    const auto now = static_cast<int64_t>(hostNs());
    for (size_t i = 0; i < state.pit.size(); ++i)
        pit.channels[i] = toKvm(state.pit[i], now);
    pit.flags = (state.pitHpetLegacy ? static_cast<uint32_t>(KVM_PIT_FLAGS_HPET_LEGACY) : 0U) |
                (state.speakerData ? static_cast<uint32_t>(KVM_PIT_FLAGS_SPEAKER_DATA_ON) : 0U);
    TRY(callKvm(vmFd, KVM_SET_PIT2, &pit, "KVM_SET_PIT2"));
    return writeClock(vmFd, state.kvmclockNs);
}

Result<void> setPitHpetLegacy(int vmFd, bool on)
{
    kvm_pit_state2 pit{};
    TRY(callKvm(vmFd, KVM_GET_PIT2, &pit, "KVM_GET_PIT2"));
    pit.flags &= ~static_cast<uint32_t>(KVM_PIT_FLAGS_HPET_LEGACY);
    if (on)
        pit.flags |= KVM_PIT_FLAGS_HPET_LEGACY;
    TRY(callKvm(vmFd, KVM_SET_PIT2, &pit, "KVM_SET_PIT2"));
    return {};
}

Result<uint64_t> readClock(int vmFd)
{
    kvm_clock_data clock{};
    TRY(callKvm(vmFd, KVM_GET_CLOCK, &clock, "KVM_GET_CLOCK"));
    return clock.clock;
}

Result<void> writeClock(int vmFd, uint64_t ns)
{
    kvm_clock_data clock{};
    clock.clock = ns;
    TRY(callKvm(vmFd, KVM_SET_CLOCK, &clock, "KVM_SET_CLOCK"));
    return {};
}

} // namespace vmm::kvm
