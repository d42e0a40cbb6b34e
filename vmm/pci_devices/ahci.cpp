// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci_devices/ahci.h"

#include <fmt/core.h>

#include "vmm/base/bits.h"

namespace vmm::pci_devices {

using namespace ahci;

namespace {

constexpr uint8_t kMsiOffset = 0x80;
constexpr uint8_t kSataOffset = 0xa8;
constexpr uint16_t kMapRegister = 0x90; // ICH9 section 13.1.30: bits 7:6 = 01, AHCI mode
constexpr uint16_t kPcsRegister = 0x92; // port control and status
constexpr unsigned kIdpBar = 4;
constexpr uint32_t kIdpSize = 32;
constexpr uint16_t kIdpIndex = 0x10;
constexpr uint16_t kIdpData = 0x14;
constexpr unsigned kAbar = 5;

pci::PciIdentity identity()
{
    pci::PciIdentity ids;
    ids.vendor = 0x8086;
    ids.device = 0x2922;
    ids.classCode = 0x010601;
    ids.revision = 2;
    ids.interruptPin = 1;
    return ids;
}

} // namespace

Ahci::Ahci(const pci::PciServices& services) : PciDevice("ahci", services, identity())
{
    addIoBar(kIdpBar, kIdpSize, m_indexPorts);
    addMmioBar(kAbar, kAbarSize, *this);
    defineConfig(kMapRegister, 1, 0x40, 0);
    defineConfig(kPcsRegister, 2, 0, 0x003f);
    MutexLock lock(m_mutex);
    for (unsigned i = 0; i < kPortCount; ++i)
        m_ports[i] = std::make_unique<AhciPort>(i, static_cast<AhciPortHost&>(*this));
}

Result<std::unique_ptr<Ahci>> Ahci::create(const pci::PciServices& services,
                                           std::vector<AhciDrive> drives)
{
    std::unique_ptr<Ahci> ahci(new Ahci(services));
    // The SATA capability says where the index/data pair is: BAR 4, fourth dword (ICH9 13.1.34).
    constexpr std::array<uint8_t, 8> sata = {0x12, 0, 0x10, 0, 0x48, 0, 0, 0};
    constexpr std::array<uint8_t, 8> fixed{};
    ahci->addCapability(kSataOffset, sata, fixed);
    TRY(ahci->addMsi(kMsiOffset));
    for (AhciDrive& drive : drives)
        TRY(ahci->plug(std::move(drive)));
    MutexLock lock(ahci->m_mutex);
    ahci->resetRegistersLocked(AtaReset::Power);
    return ahci;
}

Result<void> Ahci::plug(AhciDrive drive)
{
    MutexLock lock(m_mutex);
    if (drive.port >= kPortCount)
        return Error(ErrorCode::Invalid, fmt::format("SATA port {} does not exist", drive.port));
    AhciPort& port = *m_ports[drive.port];
    if (port.cdrom() != nullptr || port.disk() != nullptr)
        return Error(ErrorCode::Busy, fmt::format("SATA port {} has a drive already", drive.port));
    if (drive.serial.empty())
        drive.serial = fmt::format("VT{:05}", drive.port + 1);
    if (drive.type == DriveType::Cdrom) {
        port.attach(std::make_unique<AtapiCdrom>(std::move(drive.backend), drive.serial));
        return {};
    }
    if (drive.backend == nullptr)
        return Error(ErrorCode::Invalid,
                     fmt::format("SATA port {}: a disk has no file", drive.port));
    port.attach(std::make_unique<AtaDisk>(std::move(drive.backend), drive.serial));
    return {};
}

Ahci::~Ahci()
{
    // Backends end their work without our lock; completions that still come find the ports alive.
    std::vector<std::unique_ptr<block::BlockBackend>> backends;
    {
        MutexLock lock(m_mutex);
        for (const auto& port : m_ports) {
            port->setAccepting(false);
            port->cancelAll();
            if (auto backend = port->releaseBackend())
                backends.push_back(std::move(backend));
        }
    }
    backends.clear();
}

memory::GuestMemory* Ahci::dma()
{
    return busMaster() ? &m_services.memory : nullptr;
}

uint64_t Ahci::readMmio(uint64_t offset, unsigned size)
{
    return bus::readWindow32(offset, size, [this](uint64_t at) -> uint32_t {
        MutexLock lock(m_mutex);
        return read32Locked(static_cast<uint32_t>(at));
    });
}

void Ahci::writeMmio(uint64_t offset, uint64_t value, unsigned size)
{
    bus::writeWindow32(
        offset, value, size,
        [this](uint64_t at) -> uint32_t {
            MutexLock lock(m_mutex);
            return mergeBaseLocked(static_cast<uint32_t>(at));
        },
        [this](uint64_t at, uint32_t word) {
            After after;
            {
                MutexLock lock(m_mutex);
                write32Locked(static_cast<uint32_t>(at), word);
                after = settleLocked();
            }
            deliver(after);
        });
}

uint32_t Ahci::read32Locked(uint32_t offset) const
{
    if (offset >= kPortBase) {
        const uint32_t port = (offset - kPortBase) / kPortSize;
        return port < kPortCount ? m_ports[port]->read((offset - kPortBase) % kPortSize) : 0;
    }
    switch (offset) {
    case kCap:
        return kCapValue;
    case kGhc:
        return m_ghc;
    case kIs:
        return m_is;
    case kPi:
        return (1U << kPortCount) - 1;
    case kVs:
        return kVsValue;
    default:
        return 0;
    }
}

uint32_t Ahci::mergeBaseLocked(uint32_t offset) const
{
    if (offset >= kPortBase) {
        const uint32_t port = (offset - kPortBase) / kPortSize;
        return port < kPortCount ? m_ports[port]->mergeBase((offset - kPortBase) % kPortSize) : 0;
    }
    return offset == kIs ? 0 : read32Locked(offset);
}

void Ahci::write32Locked(uint32_t offset, uint32_t value)
{
    if ((m_ghc & kGhcReset) != 0)
        return; // a reset waits for the drives; software must wait for it (section 10.4.3)
    if (offset >= kPortBase) {
        const uint32_t port = (offset - kPortBase) / kPortSize;
        if (port < kPortCount)
            m_ports[port]->write((offset - kPortBase) % kPortSize, value);
        return;
    }
    if (offset == kGhc)
        writeGhcLocked(value);
    if (offset == kIs) {
        m_is &= ~value;
        m_messageDue = true; // section 10.7.2.2: whatever is still set is told again
    }
}

void Ahci::writeGhcLocked(uint32_t value)
{
    if ((value & kGhcReset) == 0) {
        m_messageDue |= (value & ~m_ghc & kGhcInterruptEnable) != 0;
        m_ghc = kGhcAhciEnable | (value & kGhcInterruptEnable);
        return;
    }
    m_ghc |= kGhcReset;
    for (const auto& port : m_ports) {
        port->setAccepting(false);
        port->cancelAll();
    }
    finishResetLocked();
}

/// The second half of GHC.HR, once no drive works any more.
void Ahci::finishResetLocked()
{
    if ((m_ghc & kGhcReset) != 0 && idleLocked())
        resetRegistersLocked(AtaReset::Hardware);
}

void Ahci::resetRegistersLocked(AtaReset kind)
{
    m_ghc = kGhcAhciEnable;
    m_is = 0;
    m_index = 0;
    m_messageDue = false;
    for (const auto& port : m_ports) {
        port->reset(kind);
        port->setAccepting(!m_paused);
    }
}

bool Ahci::idleLocked() const
{
    for (const auto& port : m_ports) {
        if (!port->idle())
            return false;
    }
    return true;
}

/// Brings IS and the interrupt line up to date with the ports (section 10.7.2).
Ahci::After Ahci::settleLocked()
{
    uint32_t pending = 0;
    for (unsigned i = 0; i < kPortCount; ++i)
        pending |= m_ports[i]->interruptPending() ? bit(i) : 0;
    const bool risen = (pending & ~m_is) != 0;
    m_is |= pending;
    const bool level = m_is != 0 && (m_ghc & kGhcInterruptEnable) != 0;
    publishIntx(level);
    After after;
    after.message = level && (risen || m_messageDue);
    m_messageDue = false;
    for (unsigned i = 0; i < kPortCount; ++i) {
        AtapiCdrom* cdrom = m_ports[i]->cdrom();
        if (cdrom != nullptr && cdrom->drive().takeTrayMoved())
            after.media |= bit(i);
    }
    return after;
}

void Ahci::deliver(const After& after)
{
    deliverIntx();
    if (after.message)
        sendMsi();
    tellMedia(after.media);
}

void Ahci::portIoDone(unsigned port, uint64_t sequence, const block::IoResult& result)
{
    After after;
    {
        MutexLock lock(m_mutex);
        m_ports[port]->ioDone(sequence, result);
        finishResetLocked();
        after = settleLocked();
        if (idleLocked())
            m_idle.notify_all();
    }
    deliver(after);
}

/// Bus mastering may have been turned on with commands waiting.
void Ahci::configWritten(uint16_t offset, unsigned size)
{
    if (offset > pci::kCommand + 1 || offset + size <= pci::kCommand)
        return;
    After after;
    {
        MutexLock lock(m_mutex);
        for (const auto& port : m_ports)
            port->pump();
        after = settleLocked();
    }
    deliver(after);
}

void Ahci::reset()
{
    {
        MutexLock lock(m_mutex);
        for (const auto& port : m_ports) {
            port->setAccepting(false);
            port->cancelAll();
        }
        lock.wait(m_idle, [this]() REQUIRES(m_mutex) { return idleLocked(); });
        resetRegistersLocked(AtaReset::Power);
    }
    resetConfig();
}

void Ahci::pause()
{
    MutexLock lock(m_mutex);
    m_paused = true;
    for (const auto& port : m_ports)
        port->setAccepting(false);
    lock.wait(m_idle, [this]() REQUIRES(m_mutex) { return idleLocked(); });
}

void Ahci::resume()
{
    After after;
    {
        MutexLock lock(m_mutex);
        m_paused = false;
        for (const auto& port : m_ports) {
            port->setAccepting(true);
            port->pump();
        }
        after = settleLocked();
    }
    deliver(after);
}

AhciState Ahci::save() const
{
    AhciState state;
    state.pci = saveConfig();
    MutexLock lock(m_mutex);
    state.ghc = m_ghc;
    state.is = m_is;
    state.index = m_index;
    for (unsigned i = 0; i < kPortCount; ++i)
        state.ports[i] = m_ports[i]->save();
    return state;
}

Result<void> Ahci::load(const AhciState& state)
{
    {
        MutexLock lock(m_mutex);
        for (const auto& port : m_ports)
            port->cancelAll();
        lock.wait(m_idle, [this]() REQUIRES(m_mutex) { return idleLocked(); });
        m_ghc = kGhcAhciEnable | (state.ghc & kGhcInterruptEnable);
        m_is = state.is & ((1U << kPortCount) - 1);
        m_index = state.index & (kAbarSize - 4);
        m_messageDue = false;
        for (unsigned i = 0; i < kPortCount; ++i) {
            if (auto loaded = m_ports[i]->load(state.ports[i]); !loaded)
                return std::move(loaded).error().within(fmt::format("ahci port {}", i));
        }
    }
    return loadConfig(state.pci);
}

AtapiCdrom* Ahci::cdromAtLocked(unsigned port) const
{
    return port < kPortCount ? m_ports[port]->cdrom() : nullptr;
}

Result<void> Ahci::insertMedium(unsigned port, std::unique_ptr<block::BlockBackend> medium)
{
    std::unique_ptr<block::BlockBackend> old; // closed after unlocking: its completions lock
    {
        MutexLock lock(m_mutex);
        AtapiCdrom* cdrom = cdromAtLocked(port);
        if (cdrom == nullptr)
            return Error(ErrorCode::NotFound, fmt::format("no CD-ROM drive at port {}", port));
        old = cdrom->drive().insert(std::move(medium));
    }
    old.reset();
    tellMedia(bit(port));
    return {};
}

Result<void> Ahci::ejectMedium(unsigned port, EjectMode mode)
{
    std::unique_ptr<block::BlockBackend> old;
    {
        MutexLock lock(m_mutex);
        AtapiCdrom* cdrom = cdromAtLocked(port);
        if (cdrom == nullptr)
            return Error(ErrorCode::NotFound, fmt::format("no CD-ROM drive at port {}", port));
        old = TRY(cdrom->drive().eject(mode));
    }
    old.reset();
    tellMedia(bit(port));
    return {};
}

std::string Ahci::mediumPath(unsigned port) const
{
    MutexLock lock(m_mutex);
    const AtapiCdrom* cdrom = cdromAtLocked(port);
    return cdrom != nullptr ? cdrom->drive().mediumPath() : std::string();
}

std::optional<unsigned> Ahci::cdromPort() const
{
    MutexLock lock(m_mutex);
    for (unsigned i = 0; i < kPortCount; ++i) {
        if (m_ports[i]->cdrom() != nullptr)
            return i;
    }
    return std::nullopt;
}

void Ahci::tellMedia(unsigned ports)
{
    for (unsigned i = 0; i < kPortCount && m_mediaListener; ++i) {
        if ((ports & bit(i)) != 0)
            m_mediaListener(i);
    }
}

uint32_t Ahci::IndexPorts::readPort(uint16_t offset, unsigned size)
{
    return static_cast<uint32_t>(bus::readWindow32(offset, size, [this](uint64_t at) -> uint32_t {
        MutexLock lock(m_ahci.m_mutex);
        if (at == kIdpIndex)
            return m_ahci.m_index;
        return at == kIdpData ? m_ahci.read32Locked(m_ahci.m_index) : 0;
    }));
}

void Ahci::IndexPorts::writePort(uint16_t offset, uint32_t value, unsigned size)
{
    if (offset >= kIdpData && offset + size <= kIdpData + 4) {
        uint32_t index = 0;
        {
            MutexLock lock(m_ahci.m_mutex);
            index = m_ahci.m_index;
        }
        m_ahci.writeMmio(index + (offset - kIdpData), value, size);
    } else if (offset == kIdpIndex && size == 4) {
        MutexLock lock(m_ahci.m_mutex);
        m_ahci.m_index = value & (kAbarSize - 4);
    }
}

} // namespace vmm::pci_devices
