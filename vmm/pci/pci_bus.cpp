// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci/pci_bus.h"

#include "vmm/base/bits.h"
#include "vmm/base/check.h"

namespace vmm::pci {

/// One device's pin as an IrqLine; the PIRQ it is wired to is the OR of all its sources.
class PciBus::Intx final : public bus::IrqLine {
public:
    Intx(PciBus& pciBus, unsigned pirq, uint64_t source)
        : m_bus(pciBus), m_pirq(pirq), m_source(source)
    {}
    ~Intx() override { m_bus.forget(m_pirq, m_source); }
    void set(bool level) override { m_bus.setLevel(m_pirq, m_source, level); }

private:
    PciBus& m_bus;
    unsigned m_pirq;
    uint64_t m_source;
};

PciBus::PciBus(PirqSink& pirqs) : m_pirqs(pirqs) {}
PciBus::~PciBus() = default;

Result<void> PciBus::attach(PciBdf bdf, PciFunction& function)
{
    CHECK(bdf.bus == 0);
    TRY(m_root.attach(bdf.devfn(), function));
    if (PciBridge* const bridge = function.bridge())
        bridge->place(*this, bdf.device);
    return {};
}

unsigned PciBus::pirqFor(unsigned slot, unsigned pin)
{
    CHECK(pin >= 1 && pin <= 4 && slot < 32);
    return slot <= 24 ? 4 + (slot + pin - 1) % 4 : pin - 1;
}

bus::IrqLine& PciBus::intxLine(PciBdf bdf, unsigned pin)
{
    auto& line = m_lines[{bdf, pin}];
    if (!line)
        line = connectPin(bdf.device, pin);
    return *line;
}

std::unique_ptr<bus::IrqLine> PciBus::connectPin(unsigned device, unsigned pin)
{
    return std::make_unique<Intx>(*this, pirqFor(device, pin), ++m_lastSource);
}

void PciBus::setLevel(unsigned pirq, uint64_t source, bool level)
{
    // The sink is called under the lock, which keeps two sources' changes in order; it only
    // forwards to the interrupt controller.
    MutexLock lock(m_mutex);
    auto& high = m_high[pirq];
    if (level)
        high.insert(source);
    else
        high.erase(source);
    m_pirqs.setPirq(pirq, !high.empty());
}

void PciBus::forget(unsigned pirq, uint64_t source)
{
    MutexLock lock(m_mutex);
    if (m_high[pirq].erase(source) != 0)
        m_pirqs.setPirq(pirq, !m_high[pirq].empty());
}

uint32_t PciBus::readConfig(PciBdf bdf, uint16_t offset, unsigned size)
{
    const auto mask = static_cast<uint32_t>(widthMask(size));
    uint32_t value = mask;
    m_root.reach(0, bdf,
                 [&](PciFunction& function) { value = function.readConfig(offset, size) & mask; });
    return value;
}

void PciBus::writeConfig(PciBdf bdf, uint16_t offset, uint32_t value, unsigned size)
{
    m_root.reach(0, bdf, [&](PciFunction& function) { function.writeConfig(offset, value, size); });
}

namespace {

struct Target {
    PciBdf bdf;
    uint16_t offset;
};

/// What CONFIG_ADDRESS selects, with the byte lane of the access.
Target decodeAddress(uint32_t address, unsigned lane)
{
    return {PciBdf{static_cast<uint8_t>(address >> 16), static_cast<uint8_t>(address >> 11 & 0x1f),
                   static_cast<uint8_t>(address >> 8 & 7)},
            static_cast<uint16_t>((address & 0xfc) + lane)};
}

Target decodeEcam(uint64_t offset)
{
    return {PciBdf{static_cast<uint8_t>(offset >> 20), static_cast<uint8_t>(offset >> 15 & 0x1f),
                   static_cast<uint8_t>(offset >> 12 & 7)},
            static_cast<uint16_t>(offset & 0xfff)};
}

constexpr uint32_t kEnable = 0x8000'0000;
constexpr uint16_t kResetControlOffset = 1;

} // namespace

uint32_t PciConfigPorts::readPort(uint16_t offset, unsigned size)
{
    const uint32_t address = m_address;
    if (offset == 0 && size == 4)
        return address;
    if (offset == kResetControlOffset && size == 1)
        return m_resetControl.readPort(0, 1);
    const unsigned lane = offset % 4U;
    if (offset < 4 || (address & kEnable) == 0 || lane + size > 4)
        return static_cast<uint32_t>(widthMask(size));
    const Target target = decodeAddress(address, lane);
    return m_bus.readConfig(target.bdf, target.offset, size);
}

void PciConfigPorts::writePort(uint16_t offset, uint32_t value, unsigned size)
{
    const uint32_t address = m_address;
    const unsigned lane = offset % 4U;
    if (offset == 0 && size == 4) {
        m_address = value & 0x80ff'fffc;
    } else if (offset == kResetControlOffset && size == 1) {
        m_resetControl.writePort(0, value, 1);
    } else if (offset >= 4 && (address & kEnable) != 0 && lane + size <= 4) {
        const Target target = decodeAddress(address, lane);
        m_bus.writeConfig(target.bdf, target.offset, value, size);
    }
}

Result<void> PciConfigPorts::load(const PciConfigPortsState& state)
{
    m_address = state.address & 0x80ff'fffc;
    return {};
}

uint64_t EcamWindow::readMmio(uint64_t offset, unsigned size)
{
    return bus::readWindow32(offset, size, [this](uint64_t at) {
        const Target target = decodeEcam(at);
        return m_bus.readConfig(target.bdf, target.offset, 4);
    });
}

void EcamWindow::writeMmio(uint64_t offset, uint64_t value, unsigned size)
{
    // Byte enables matter (write-one-to-clear status next to command), so no read-modify-write
    // here: the access goes on in pieces that do not cross a dword.
    for (unsigned done = 0; done < size;) {
        const Target target = decodeEcam(offset + done);
        unsigned part = std::min(size - done, 4U - target.offset % 4U);
        if (part == 3)
            part = 2;
        m_bus.writeConfig(target.bdf, target.offset,
                          static_cast<uint32_t>(value >> (8 * done) & widthMask(part)), part);
        done += part;
    }
}

} // namespace vmm::pci
