// SPDX-License-Identifier: GPL-3.0-or-later
// ICH9 SMBus host controller. Intel ICH9 datasheet (316972-004), chapter 19.
#include "vmm/chipset/ich9_smbus.h"

namespace vmm::chipset {

namespace {

/// Status bits that are cleared by writing one.
constexpr uint8_t kStatusClearable = kSmbusInterrupt | kSmbusDeviceError | kSmbusBusError |
                                     kSmbusFailed | kSmbusInUse | kSmbusByteDone;
/// Status bits that make an interrupt (section 19.2.2, INTREN).
constexpr uint8_t kStatusInterrupting =
    kSmbusInterrupt | kSmbusDeviceError | kSmbusBusError | kSmbusFailed | kSmbusByteDone;
constexpr uint8_t kControlKept = 0xbf; // START reads as zero
constexpr uint8_t kAuxControlWritable = 0x03;

} // namespace

Ich9Smbus::Ich9Smbus(const pci::PciServices& services)
    : PciDevice("ich9-smbus", services,
                {.vendor = kSmbusVendor,
                 .device = kSmbusDevice,
                 .classCode = 0x0c'0500,
                 .revision = 2,
                 .interruptPin = kInterruptPinB,
                 .headerType = 0x80})
{
    defineConfig(kSmbusHostConfig, 1, 0, kSmbusHostConfigWritable);
    addIoBar(kSmbusBar, kSmbusPortCount, *this, 1);
}

uint32_t Ich9Smbus::readPort(uint16_t offset, unsigned)
{
    MutexLock lock(m_mutex);
    switch (offset) {
    case kSmbusStatus: {
        // INUSE_STS is a semaphore: the first read gives 0 and takes it (section 19.2.1).
        const uint8_t status = m_state.status;
        m_state.status |= kSmbusInUse;
        return status;
    }
    case kSmbusControl:
        m_state.blockIndex = 0; // reading it rewinds the block buffer (section 19.2.7)
        return m_state.control;
    case kSmbusCommand:
        return m_state.command;
    case kSmbusAddress:
        return m_state.address;
    case kSmbusData0:
        return m_state.data0;
    case kSmbusData1:
        return m_state.data1;
    case kSmbusBlockData:
        return readBlockLocked();
    case kSmbusPec:
        return m_state.pec;
    case kSmbusAuxControl:
        return m_state.auxControl;
    case kSmbusPins:
        return kSmbusPinsIdle;
    default:
        return 0; // the slave side: nobody ever addresses us
    }
}

void Ich9Smbus::writePort(uint16_t offset, uint32_t value, unsigned)
{
    const auto byte = static_cast<uint8_t>(value);
    {
        MutexLock lock(m_mutex);
        switch (offset) {
        case kSmbusStatus:
            m_state.status = static_cast<uint8_t>(m_state.status & ~(byte & kStatusClearable));
            break;
        case kSmbusControl:
            writeControlLocked(byte);
            break;
        case kSmbusCommand:
            m_state.command = byte;
            break;
        case kSmbusAddress:
            m_state.address = byte;
            break;
        case kSmbusData0:
            m_state.data0 = byte;
            break;
        case kSmbusData1:
            m_state.data1 = byte;
            break;
        case kSmbusBlockData:
            writeBlockLocked(byte);
            break;
        case kSmbusPec:
            m_state.pec = byte;
            break;
        case kSmbusAuxControl:
            m_state.auxControl = byte & kAuxControlWritable;
            break;
        default:
            break;
        }
        publishLocked();
    }
    deliverIntx();
}

void Ich9Smbus::writeControlLocked(uint8_t value)
{
    m_state.control = value & kControlKept;
    if ((config(kSmbusHostConfig, 1) & kSmbusHostEnable) == 0)
        return;
    if ((value & kSmbusKill) != 0)
        m_state.status |= kSmbusFailed; // section 19.2.2: ends a transaction, there is none
    else if ((value & kSmbusStart) != 0)
        m_state.status |= kSmbusDeviceError;
}

/// The byte HOST_BLOCK_DB reaches: one register, or the 32-byte buffer with E32B set.
uint8_t& Ich9Smbus::blockByteLocked()
{
    if ((m_state.auxControl & kSmbusAuxBlockBuffer) == 0)
        return m_state.block[0];
    uint8_t& byte = m_state.block[m_state.blockIndex];
    m_state.blockIndex = static_cast<uint8_t>((m_state.blockIndex + 1) % m_state.block.size());
    return byte;
}

uint8_t Ich9Smbus::readBlockLocked()
{
    return blockByteLocked();
}

void Ich9Smbus::writeBlockLocked(uint8_t value)
{
    blockByteLocked() = value;
}

void Ich9Smbus::publishLocked()
{
    publishIntx((m_state.control & kSmbusInterruptEnable) != 0 &&
                (m_state.status & kStatusInterrupting) != 0);
}

void Ich9Smbus::reset()
{
    {
        MutexLock lock(m_mutex);
        m_state = Ich9SmbusState{};
    }
    resetConfig();
}

Ich9SmbusState Ich9Smbus::save() const
{
    const pci::PciConfigState pci = saveConfig();
    MutexLock lock(m_mutex);
    Ich9SmbusState state = m_state;
    state.pci = pci;
    return state;
}

Result<void> Ich9Smbus::load(const Ich9SmbusState& state)
{
    if (state.blockIndex >= state.block.size())
        return Error(ErrorCode::Invalid, "ich9-smbus: block-index is out of range");
    {
        MutexLock lock(m_mutex);
        m_state = state;
        m_state.control &= kControlKept;
        m_state.auxControl &= kAuxControlWritable;
        m_state.status &= kStatusClearable;
    }
    return loadConfig(state.pci);
}

} // namespace vmm::chipset
