// SPDX-License-Identifier: GPL-3.0-or-later
// ICH9 LPC bridge. Intel ICH9 datasheet (316972-004), chapter 13.
#include "vmm/chipset/ich9_lpc.h"

#include "vmm/base/bits.h"
#include "vmm/base/check.h"
#include "vmm/chipset/acpi_pm_regs.h"

namespace vmm::chipset {

namespace {

constexpr unsigned kFirstPirqInput = 16;
constexpr unsigned kSciInput = 24;
// Section 13.1.17: the interrupts a PIRQ may be routed to; others are reserved.
constexpr uint32_t kRoutable = 0xdef8;

} // namespace

Result<std::unique_ptr<Ich9Lpc>> Ich9Lpc::create(const pci::PciServices& services,
                                                 bus::SystemControl& system)
{
    std::unique_ptr<Ich9Lpc> lpc(new Ich9Lpc(services, system));
    lpc->m_apmMapping =
        TRY(services.pio.map("apm", memory::GuestPort(kApmPort), 2, lpc->m_apmPorts, 1));
    return lpc;
}

Ich9Lpc::Ich9Lpc(const pci::PciServices& services, bus::SystemControl& system)
    : PciDevice("ich9-lpc", services,
                {.vendor = kLpcVendor,
                 .device = kLpcDevice,
                 .classCode = 0x06'0100,
                 .revision = 2,
                 .headerType = 0x80}),
      m_resetPort(system)
{
    defineRegisters();
    for (unsigned gsi = 0; gsi < kGsiCount; ++gsi)
        m_outputs[gsi] = std::make_unique<Output>(services.interrupts, gsi);
    for (unsigned irq = 0; irq < kIsaCount; ++irq)
        m_isaInputs[irq].connect(*this, irq);
    m_sciInput.connect(*this, kSciInput);
    MutexLock lock(m_mutex);
    m_rootComplex[kRcbaGcs] = kGcsNoReboot;
}

Ich9Lpc::~Ich9Lpc() = default;

void Ich9Lpc::defineRegisters()
{
    defineConfig(kLpcPmBase, 4, kPmBaseIo, kPmBaseMask);
    defineConfig(kLpcAcpiControl, 1, 0, kAcpiEnable | kAcpiSciSelect);
    for (uint16_t i = 0; i < 4; ++i) {
        defineConfig(static_cast<uint16_t>(kLpcPirqA + i), 1, kPirqDisabled, kPirqWritable);
        defineConfig(static_cast<uint16_t>(kLpcPirqE + i), 1, kPirqDisabled, kPirqWritable);
    }
    defineConfig(kLpcSerialIrq, 1, 0x10, 0xc3);
    for (uint16_t at = kLpcIoDecode; at < kLpcIoDecodeEnd; at = static_cast<uint16_t>(at + 4))
        defineConfig(at, 4, 0, 0xffff'ffff);
    defineConfig(kLpcGenPmcon1, 2, kGenPmcon1PowerButtonLevel, kGenPmcon1Writable);
    defineConfig(kLpcGenPmcon3, 1, 0, 1);
    defineConfig(kLpcRcba, 4, 0, kRcbaMask | kRcbaEnable);
}

void Ich9Lpc::connectPm(bus::PioHandler& pm)
{
    m_pm = &pm;
    placeWindows();
}

bus::IrqLine& Ich9Lpc::isaLine(unsigned irq)
{
    CHECK(irq < kIsaCount);
    return m_isaInputs[irq];
}

void Ich9Lpc::setPirq(unsigned index, bool level)
{
    CHECK(index < kPirqCount);
    setInput(kFirstPirqInput + index, level);
}

void Ich9Lpc::setInput(unsigned number, bool level)
{
    uint32_t changed = 0;
    {
        MutexLock lock(m_mutex);
        m_inputs = level ? m_inputs | bit(number) : m_inputs & ~bit(number);
        changed = publishLocked();
    }
    deliver(changed);
}

/// ACPI_CNTL.SCI_IRQ_SEL, section 13.1.14; reserved values as the reset value.
unsigned Ich9Lpc::sciGsi() const
{
    const uint32_t select = config(kLpcAcpiControl, 1) & kAcpiSciSelect;
    if (select == 1 || select == 2)
        return 9 + select;
    if (select == 4 || select == 5)
        return 16 + select;
    return 9;
}

std::optional<unsigned> Ich9Lpc::routeOf(unsigned pirq) const
{
    const unsigned first = pirq < 4 ? kLpcPirqA : kLpcPirqE - 4U;
    const uint32_t route = config(static_cast<uint16_t>(first + pirq), 1);
    const unsigned irq = route & 0xf;
    if ((route & kPirqDisabled) != 0 || (kRoutable & bit(irq)) == 0)
        return std::nullopt;
    return irq;
}

/// The level each GSI should have now.
uint32_t Ich9Lpc::wantedLocked() const
{
    uint32_t wanted = m_inputs & ~bit(kSciInput); // ISA and PIRQ inputs have their own GSIs
    for (unsigned pirq = 0; pirq < kPirqCount; ++pirq) {
        if ((m_inputs & bit(kFirstPirqInput + pirq)) == 0)
            continue;
        if (const auto irq = routeOf(pirq))
            wanted |= bit(*irq);
    }
    if ((m_inputs & bit(kSciInput)) != 0)
        wanted |= bit(sciGsi());
    return wanted;
}

/// Publishes what changed and returns it, for deliver() after unlocking.
uint32_t Ich9Lpc::publishLocked()
{
    const uint32_t wanted = wantedLocked();
    const uint32_t changed = wanted ^ m_published;
    for (unsigned gsi = 0; gsi < kGsiCount; ++gsi)
        if ((changed & bit(gsi)) != 0)
            m_outputs[gsi]->irq.publish((wanted & bit(gsi)) != 0);
    m_published = wanted;
    return changed;
}

void Ich9Lpc::deliver(uint32_t changed)
{
    for (unsigned gsi = 0; gsi < kGsiCount; ++gsi)
        if ((changed & bit(gsi)) != 0)
            m_outputs[gsi]->irq.deliver();
}

void Ich9Lpc::configWritten(uint16_t offset, unsigned)
{
    if (offset < pci::kHeaderEnd)
        return;
    placeWindows();
    uint32_t changed = 0;
    {
        // The routes are read under the lock: of two writers at once the later one's value stays.
        MutexLock lock(m_mutex);
        changed = publishLocked();
    }
    deliver(changed);
}

void Ich9Lpc::placeWindows()
{
    MutexLock lock(m_mutex);
    placePmLocked();
    placeRcbaLocked();
}

void Ich9Lpc::placePmLocked()
{
    const bool enabled = (config(kLpcAcpiControl, 1) & kAcpiEnable) != 0 && m_pm != nullptr;
    const uint32_t wanted = enabled ? config(kLpcPmBase, 4) & kPmBaseMask : 0;
    if (wanted == m_pmPlace)
        return;
    m_pmPlace = wanted;
    m_pmMapping.reset();
    if (wanted == 0)
        return;
    auto mapping = m_services.pio.map("acpi-pm", memory::GuestPort(static_cast<uint16_t>(wanted)),
                                      kPmPortCount, *m_pm);
    // Over another device's ports the guest gets nothing there until it moves the block away.
    if (mapping)
        m_pmMapping = std::move(*mapping);
    else
        m_log.warn(mapping.error().sentence());
}

void Ich9Lpc::placeRcbaLocked()
{
    const uint32_t rcba = config(kLpcRcba, 4);
    const uint32_t wanted = (rcba & kRcbaEnable) != 0 ? rcba & kRcbaMask : 0;
    if (wanted == m_rcbaPlace)
        return;
    m_rcbaPlace = wanted;
    m_rcbaMapping.reset();
    if (wanted == 0)
        return;
    auto mapping = m_services.mmio.map("rcba", memory::GuestPhys(wanted), kRcbaSize, *this);
    if (mapping)
        m_rcbaMapping = std::move(*mapping);
    else
        m_log.warn(mapping.error().sentence());
}

uint64_t Ich9Lpc::readMmio(uint64_t offset, unsigned size)
{
    MutexLock lock(m_mutex);
    uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i)
        value |= uint64_t{m_rootComplex[offset + i]} << (8 * i);
    return value;
}

void Ich9Lpc::writeMmio(uint64_t offset, uint64_t value, unsigned size)
{
    MutexLock lock(m_mutex);
    for (unsigned i = 0; i < size; ++i)
        m_rootComplex[offset + i] = static_cast<uint8_t>(value >> (8 * i));
    // DEVIATION: NR stays set. The TCO timer is inert, and a driver that finds the bit stuck does
    // not offer a watchdog that would never bite (Linux iTCO_wdt).
    m_rootComplex[kRcbaGcs] |= kGcsNoReboot;
}

uint32_t Ich9Lpc::ResetPort::readPort(uint16_t, unsigned)
{
    return value;
}

/// Section 13.7.5: setting RST_CPU resets, the whole system or the processors as SYS_RST says.
/// RST_CPU itself is never kept, so each write with it set counts.
void Ich9Lpc::ResetPort::writePort(uint16_t, uint32_t written, unsigned)
{
    value = static_cast<uint8_t>(written & (kResetSystem | kResetFull));
    if ((written & kResetCpu) != 0)
        m_system.requestReset((written & kResetSystem) != 0 ? bus::ResetKind::Hard
                                                            : bus::ResetKind::Init);
}

uint32_t Ich9Lpc::ApmPorts::readPort(uint16_t offset, unsigned)
{
    return values[offset % 2];
}

/// DEVIATION: a write to APM_CNT makes no SMI, there is no system management mode (SeaBIOS and
/// drivers learn that from SMI_EN and the FADT).
void Ich9Lpc::ApmPorts::writePort(uint16_t offset, uint32_t value, unsigned)
{
    values[offset % 2] = static_cast<uint8_t>(value);
}

void Ich9Lpc::reset()
{
    resetConfig();
    m_resetPort.value = 0;
    for (auto& value : m_apmPorts.values)
        value = 0;
    {
        MutexLock lock(m_mutex);
        m_rootComplex.fill(0);
        m_rootComplex[kRcbaGcs] = kGcsNoReboot;
    }
    configWritten(pci::kHeaderEnd, 4); // routes and windows follow the registers
}

Ich9LpcState Ich9Lpc::save() const
{
    Ich9LpcState state;
    state.pci = saveConfig();
    state.resetControl = m_resetPort.value;
    state.apmControl = m_apmPorts.values[0];
    state.apmStatus = m_apmPorts.values[1];
    MutexLock lock(m_mutex);
    state.rootComplex = m_rootComplex;
    return state;
}

Result<void> Ich9Lpc::load(const Ich9LpcState& state)
{
    TRY(loadConfig(state.pci));
    m_resetPort.value = static_cast<uint8_t>(state.resetControl & (kResetSystem | kResetFull));
    m_apmPorts.values[0] = state.apmControl;
    m_apmPorts.values[1] = state.apmStatus;
    uint32_t high = 0;
    {
        MutexLock lock(m_mutex);
        m_rootComplex = state.rootComplex;
        m_rootComplex[kRcbaGcs] |= kGcsNoReboot;
    }
    configWritten(pci::kHeaderEnd, 4);
    {
        MutexLock lock(m_mutex);
        high = m_published;
    }
    // The interrupt controller was loaded too: lines that are high are set again. Low ones may
    // belong to a device that drives its GSI itself.
    for (unsigned gsi = 0; gsi < kGsiCount; ++gsi)
        if ((high & bit(gsi)) != 0)
            m_outputs[gsi]->irq.redeliver();
    return {};
}

} // namespace vmm::chipset
