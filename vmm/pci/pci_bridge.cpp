// SPDX-License-Identifier: GPL-3.0-or-later
// PCI-to-PCI Bridge Architecture 1.2.
#include "vmm/pci/pci_bridge.h"

#include "vmm/base/check.h"
#include "vmm/pci/pcie_regs.h"

namespace vmm::pci {

namespace {

constexpr uint16_t kWindowMask = 0xfff0; // memory windows: bits 31:20
constexpr uint8_t kIoWindowMask = 0xf0;  // I/O windows: bits 15:12
constexpr uint16_t kBridgeControlWritable =
    kBridgeControlParity | kBridgeControlSerr | kBridgeControlIsa | kBridgeControlReset;
constexpr unsigned kPins = 4;

} // namespace

/// Section 3.2.5. Video memory is never forwarded: the VGA sits on bus 0.
PciBridge::PciBridge(std::string name, const PciServices& services, const PciIdentity& identity)
    : PciDevice(std::move(name), services, identity)
{
    CHECK((identity.headerType & 0x7f) == kHeaderTypeBridge);
    for (const uint16_t number : {kPrimaryBus, kSecondaryBus, kSubordinateBus})
        defineConfig(number, 1, 0, 0xff);
    defineConfig(kIoBase, 1, 0, kIoWindowMask);
    defineConfig(kIoLimit, 1, 0, kIoWindowMask);
    defineConfig(kMemoryBase, 2, 0, kWindowMask);
    defineConfig(kMemoryLimit, 2, 0, kWindowMask);
    defineConfig(kPrefetchBase, 2, kPrefetch64, kWindowMask);
    defineConfig(kPrefetchLimit, 2, kPrefetch64, kWindowMask);
    defineConfig(kPrefetchBaseUpper, 4, 0, 0xffff'ffff);
    defineConfig(kPrefetchLimitUpper, 4, 0, 0xffff'ffff);
    defineConfig(kBridgeControl, 2, 0, kBridgeControlWritable);
}

void PciBridge::place(IntxRouter& router, unsigned device)
{
    m_router = &router;
    m_device = device;
}

Result<void> PciBridge::attach(uint8_t devfn, PciDevice& function)
{
    CHECK(m_router != nullptr);
    const unsigned device = devfn >> 3;
    const uint32_t pin = function.readConfig(kInterruptPin, 1);
    function.connectUpstream(*this);
    if (auto placed = m_segment.attach(devfn, function); !placed) {
        function.disconnectUpstream();
        return placed;
    }
    if (PciBridge* const below = function.bridge())
        below->place(*this, device);
    if (pin >= 1 && pin <= kPins) {
        m_lines[devfn] = connectPin(device, pin);
        function.connectIntx(*m_lines[devfn]);
    }
    return {};
}

void PciBridge::detach(uint8_t devfn, PciDevice& function)
{
    m_segment.detach(devfn);
    function.disconnectUpstream();
    function.disconnectIntx();
    m_lines.erase(devfn);
}

bool PciBridge::claims(uint8_t number) const
{
    const uint32_t numbers = config(kPrimaryBus, 4);
    const unsigned secondary = numbers >> 8 & 0xff;
    const unsigned subordinate = numbers >> 16 & 0xff;
    return secondary != 0 && secondary <= number && number <= subordinate;
}

bool PciBridge::reach(PciBdf bdf, const std::function<void(PciFunction&)>& use)
{
    return linked() && m_segment.reach(static_cast<uint8_t>(config(kSecondaryBus, 1)), bdf, use);
}

void PciBridge::forwardingChanged()
{
    m_segment.forEach([](PciFunction& function) { function.upstreamChanged(); });
}

void PciBridge::upstreamChanged()
{
    PciDevice::upstreamChanged();
    forwardingChanged();
}

void PciBridge::configWritten(uint16_t offset, unsigned size)
{
    const auto touches = [&](unsigned first, unsigned past) {
        return offset < past && first < offset + size;
    };
    if (touches(kCommand, kStatus) || touches(kIoBase, kPrefetchLimitUpper + 4) ||
        touches(kBridgeControl, kHeaderEnd))
        forwardingChanged();
}

/// Section 3.2.5.18: of the first 64 KiB only the first quarter of each KiB goes down with ISA
/// Enable, which are all the ports there are.
bool PciBridge::passesIo(uint64_t base, uint64_t size) const
{
    const uint32_t window = config(kIoBase, 2);
    const Window io{uint64_t{window & kIoWindowMask} << 8,
                    uint64_t{window >> 8 & kIoWindowMask} << 8 | 0xfff};
    const bool isa = (config(kBridgeControl, 2) & kBridgeControlIsa) != 0;
    return io.holds(base, size) && (!isa || (base & 0x3ff) + size <= 0x100);
}

/// Section 4.2 and 4.4: a window with its base above its limit is closed. Each register is read
/// once; while a driver moves a window it has decoding off.
bool PciBridge::passes(PciSpace space, uint64_t base, uint64_t size) const
{
    const uint32_t command = config(kCommand, 2);
    const bool enabled = (command & (space == PciSpace::Io ? kCommandIo : kCommandMemory)) != 0;
    if (!linked() || !enabled || !upstreamPasses(space, base, size))
        return false;
    if (space == PciSpace::Io)
        return passesIo(base, size);
    const uint32_t memory = config(kMemoryBase, 4);
    const Window plain{uint64_t{memory & kWindowMask} << 16,
                       uint64_t{memory >> 16 & kWindowMask} << 16 | 0xf'ffff};
    const uint32_t low = config(kPrefetchBase, 4);
    const Window prefetch{uint64_t{config(kPrefetchBaseUpper, 4)} << 32 |
                              uint64_t{low & kWindowMask} << 16,
                          uint64_t{config(kPrefetchLimitUpper, 4)} << 32 |
                              uint64_t{low >> 16 & kWindowMask} << 16 | 0xf'ffff};
    return plain.holds(base, size) || prefetch.holds(base, size);
}

/// Section 9.1.
std::unique_ptr<bus::IrqLine> PciBridge::connectPin(unsigned device, unsigned pin)
{
    return m_router->connectPin(m_device, (pin - 1 + device) % kPins + 1);
}

} // namespace vmm::pci
