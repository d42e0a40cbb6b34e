// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci_devices/vga_pci.h"

#include <bit>
#include <sys/mman.h>

namespace vmm::pci_devices {

namespace {

constexpr uint16_t kVendor = 0x1234;
constexpr uint16_t kDevice = 0x1111;
constexpr uint32_t kClass = 0x030000;
constexpr uint8_t kRevision = 2; // 2: BAR 2 is there

pci::PciIdentity identity()
{
    pci::PciIdentity id;
    id.vendor = kVendor;
    id.device = kDevice;
    id.classCode = kClass;
    id.revision = kRevision;
    return id;
}

} // namespace

Result<std::unique_ptr<VgaPci>> VgaPci::create(const pci::PciServices& services, const Clock& clock,
                                               std::span<const std::byte> rom, uint64_t vramSize,
                                               gpu::EdidMode preferred)
{
    if (!std::has_single_bit(vramSize) || vramSize < kMinVramSize || vramSize > kMaxVramSize)
        return Error(ErrorCode::Invalid, "video memory must be a power of two from 1 to 128 MiB");
    // Pages appear when they are touched: a text screen costs a few of them.
    MappedRegion vram = TRY(MappedRegion::map(-1, 0, vramSize, PROT_READ | PROT_WRITE,
                                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE));
    std::unique_ptr<VgaPci> device(new VgaPci(services, clock, std::move(vram), preferred));
    device->addRamBar(0, vramSize, device->m_vram.data());
    device->addMmioBar(2, vga::kBarSize, device->m_registers);
    if (!rom.empty())
        TRY(device->addRom(rom));
    TRY(device->m_legacy.attach(services.pio, services.mmio));
    return device;
}

VgaPci::VgaPci(const pci::PciServices& services, const Clock& clock, MappedRegion vram,
               gpu::EdidMode preferred)
    : PciDevice("vga", services, identity()),
      m_vram(std::move(vram)),
      m_core({m_vram.data(), m_vram.size()}, clock),
      m_legacy(m_core),
      m_registers(m_core, preferred),
      m_display(m_core, services.map, clock),
      m_vramState({m_vram.data(), m_vram.size()}, m_display)
{}

VgaPci::~VgaPci()
{
    resetConfig(); // takes BAR 0 out of the map before video memory goes
}

void VgaPci::configWritten(uint16_t offset, unsigned size)
{
    // Where BAR 0 moves, pages noted as written are forgotten with the old mapping.
    const auto covers = [&](uint16_t reg) { return offset < reg + 4 && reg < offset + size; };
    if (covers(pci::kCommand) || covers(pci::kBar0))
        m_display.invalidate();
}

void VgaPci::reset()
{
    resetConfig();
    m_core.reset();
    m_display.invalidate();
}

Result<void> VgaPci::load(const VgaPciState& state)
{
    TRY(m_core.load(state.vga));
    TRY(loadConfig(state.pci));
    m_display.invalidate();
    return {};
}

} // namespace vmm::pci_devices
