// SPDX-License-Identifier: GPL-3.0-or-later
// Registers, resets and state of an AHCI port. AHCI 1.3.1 sections 3.3, 10.4.
#include "vmm/pci_devices/ahci_port.h"

namespace vmm::pci_devices {

using namespace ahci;

void AhciPort::attach(std::unique_ptr<AtaDisk> disk)
{
    m_disk = disk.get();
    m_device = std::move(disk);
}

void AhciPort::attach(std::unique_ptr<AtapiCdrom> cdrom)
{
    m_cdrom = cdrom.get();
    m_device = std::move(cdrom);
}

std::unique_ptr<block::BlockBackend> AhciPort::releaseBackend()
{
    if (m_disk != nullptr)
        return m_disk->releaseBackend();
    return m_cdrom != nullptr ? m_cdrom->drive().releaseBackend() : nullptr;
}

bool AhciPort::linkUp() const
{
    const uint32_t detection = m_sctl & kSctlDetMask;
    return m_device != nullptr && detection != kSctlDetInit && detection != kSctlDetOffline;
}

bool AhciPort::running() const
{
    return (m_cmd & kCmdSt) != 0 && !m_halted && !m_resetPending && linkUp() &&
           !(m_current && m_current->stale);
}

uint32_t AhciPort::visibleIs() const
{
    // PCS and PRCS are not latched: they go when SERR's bits are cleared (section 3.3.5).
    return m_is | ((m_serr & kSerrExchanged) != 0 ? kIsPcs : 0) |
           ((m_serr & kSerrPhyReady) != 0 ? kIsPrcs : 0);
}

uint32_t AhciPort::visibleCmd() const
{
    uint32_t value = m_cmd | kCmdSud | kCmdPod;
    value |= static_cast<uint32_t>(m_currentSlot) << kCmdCcsShift;
    if ((m_cmd & kCmdFre) != 0)
        value |= kCmdFr;
    if ((m_cmd & kCmdSt) != 0 || (m_current && m_current->stale))
        value |= kCmdCr;
    return value;
}

uint32_t AhciPort::visibleSsts() const
{
    if ((m_sctl & kSctlDetMask) == kSctlDetOffline)
        return kSstsOffline;
    return linkUp() ? kSstsActive : 0;
}

uint32_t AhciPort::read(uint32_t offset) const
{
    switch (offset) {
    case kPxClb:
        return static_cast<uint32_t>(m_clb);
    case kPxClbu:
        return static_cast<uint32_t>(m_clb >> 32);
    case kPxFb:
        return static_cast<uint32_t>(m_fb);
    case kPxFbu:
        return static_cast<uint32_t>(m_fb >> 32);
    case kPxIs:
        return visibleIs();
    case kPxIe:
        return m_ie;
    case kPxCmd:
        return visibleCmd();
    case kPxTfd:
        return m_tfd;
    case kPxSig:
        return m_sig;
    case kPxSsts:
        return visibleSsts();
    case kPxSctl:
        return m_sctl;
    case kPxSerr:
        return m_serr;
    case kPxSact:
        return m_sact;
    case kPxCi:
        return m_ci;
    default:
        return 0;
    }
}

uint32_t AhciPort::mergeBase(uint32_t offset) const
{
    const bool writeOne =
        offset == kPxIs || offset == kPxSerr || offset == kPxSact || offset == kPxCi;
    return writeOne ? 0 : read(offset);
}

void AhciPort::write(uint32_t offset, uint32_t value)
{
    constexpr uint64_t low = 0xffff'ffff;
    switch (offset) {
    case kPxClb:
        m_clb = (m_clb & ~low) | (value & ~0x3ffU);
        break;
    case kPxClbu:
        m_clb = (m_clb & low) | uint64_t{value} << 32;
        break;
    case kPxFb:
        m_fb = (m_fb & ~low) | (value & ~0xffU);
        break;
    case kPxFbu:
        m_fb = (m_fb & low) | uint64_t{value} << 32;
        break;
    case kPxIs:
        m_is &= ~value;
        break;
    case kPxIe:
        m_ie = value & kIeMask;
        break;
    case kPxCmd:
        writeCmd(value);
        break;
    case kPxSctl:
        writeSctl(value);
        break;
    case kPxSerr:
        m_serr &= ~value;
        break;
    case kPxSact:
        // Only while the list is processed (section 3.3.13); bits are cleared by the drive.
        if ((m_cmd & kCmdSt) != 0)
            m_sact |= value;
        break;
    case kPxCi:
        if ((m_cmd & kCmdSt) != 0)
            m_ci |= value;
        break;
    default:
        break;
    }
    pump();
}

void AhciPort::writeCmd(uint32_t value)
{
    const uint32_t before = m_cmd;
    m_cmd = value & kCmdWritable;
    if ((value & kCmdClo) != 0 && (before & kCmdSt) == 0)
        m_tfd &= ~uint32_t{kAtaBusy | kAtaDrq};
    if ((before & kCmdSt) != 0 && (m_cmd & kCmdSt) == 0)
        stop();
    if ((m_cmd & kCmdFre) != 0 && m_fisPending)
        postSignature();
}

/// ST went from 1 to 0 (section 3.3.7): the slots are forgotten, an error state is left.
void AhciPort::stop()
{
    cancelAll();
    m_halted = false;
    m_currentSlot = 0;
}

void AhciPort::cancelAll()
{
    m_queue.clear();
    m_outstanding = 0;
    m_ci = 0;
    m_sact = 0;
    if (!m_current)
        return;
    m_current->stale = true;
    // Should the medium have been changed meanwhile, the old backend is being closed and ends the
    // step itself.
    if (block::BlockBackend* backend = device()->backend())
        backend->cancel();
}

void AhciPort::writeSctl(uint32_t value)
{
    const uint32_t before = m_sctl & kSctlDetMask;
    m_sctl = value & kSctlWritable;
    const uint32_t now = m_sctl & kSctlDetMask;
    if (m_device == nullptr || before == now)
        return;
    const bool wasDown = before == kSctlDetInit || before == kSctlDetOffline;
    const bool down = now == kSctlDetInit || now == kSctlDetOffline;
    if (down) {
        cancelAll();
        m_halted = false;
        m_softReset = false;
        m_tfd = kTfdNone;
        m_sig = kSigNone;
    } else if (wasDown && m_current) {
        m_resetPending = true;
        m_tfd = kAtaBusy;
    } else if (wasDown) {
        deviceReset(AtaReset::Hardware);
    }
}

void AhciPort::deviceReset(AtaReset kind)
{
    m_resetPending = false;
    m_device->reset(kind);
    const AtaResult signature = m_device->signature();
    m_sig = static_cast<uint32_t>(signature.lba << 8) | (signature.count & 0xffU);
    m_tfd = static_cast<uint32_t>(signature.error) << 8 | signature.status;
    if (kind != AtaReset::Software)
        m_serr |= kSerrExchanged | kSerrPhyReady;
    m_fisPending = true;
    if ((m_cmd & kCmdFre) != 0)
        postSignature();
}

void AhciPort::postSignature()
{
    m_fisPending = false;
    postRegisterFis(m_device->signature(), 0);
}

void AhciPort::reset(AtaReset kind)
{
    const uint64_t clb = m_clb;
    const uint64_t fb = m_fb;
    cancelAll();
    m_clb = kind == AtaReset::Hardware ? clb : 0;
    m_fb = kind == AtaReset::Hardware ? fb : 0;
    m_is = m_ie = m_cmd = m_sctl = m_serr = 0;
    m_tfd = kTfdNone;
    m_sig = kSigNone;
    m_currentSlot = 0;
    m_halted = m_softReset = m_fisPending = m_resetPending = false;
    if (m_device != nullptr)
        deviceReset(kind);
}

AhciPortState AhciPort::save() const
{
    AhciPortState state;
    state.clb = m_clb;
    state.fb = m_fb;
    state.is = m_is;
    state.ie = m_ie;
    state.cmd = m_cmd;
    state.tfd = m_tfd;
    state.sig = m_sig;
    state.sctl = m_sctl;
    state.serr = m_serr;
    state.sact = m_sact;
    state.ci = m_ci;
    state.currentSlot = m_currentSlot;
    state.halted = m_halted;
    state.softReset = m_softReset;
    state.fisPending = m_fisPending;
    if (m_disk != nullptr)
        state.disk = m_disk->save();
    if (m_cdrom != nullptr)
        state.cdrom = m_cdrom->save();
    return state;
}

Result<void> AhciPort::load(const AhciPortState& state)
{
    if (state.currentSlot >= kSlotCount)
        return Error(ErrorCode::Invalid, "the current command slot is out of range");
    cancelAll();
    m_resetPending = false;
    m_clb = state.clb & ~uint64_t{0x3ff};
    m_fb = state.fb & ~uint64_t{0xff};
    m_is = state.is & kIsMask & ~(kIsPcs | kIsPrcs);
    m_ie = state.ie & kIeMask;
    m_cmd = state.cmd & kCmdWritable;
    m_tfd = state.tfd & 0xffff;
    m_sig = state.sig;
    m_sctl = state.sctl & kSctlWritable;
    m_serr = state.serr & kSerrMask;
    const bool started = (m_cmd & kCmdSt) != 0;
    m_sact = started ? state.sact : 0;
    m_ci = started ? state.ci : 0;
    m_currentSlot = state.currentSlot;
    m_halted = state.halted;
    m_softReset = state.softReset;
    m_fisPending = state.fisPending && m_device != nullptr;
    if (m_disk != nullptr)
        TRY(m_disk->load(state.disk));
    if (m_cdrom != nullptr)
        TRY(m_cdrom->load(state.cdrom));
    return {};
}

} // namespace vmm::pci_devices
