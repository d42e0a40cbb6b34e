// SPDX-License-Identifier: GPL-3.0-or-later
// Generated namespace: PCI windows and interrupt routing, CPUs. ACPI 6.4 sections 6.2.2, 6.2.13,
// 8.4.
#include "vmm/firmware/ssdt.h"

#include <algorithm>

#include <fmt/core.h>

#include "vmm/base/bits.h"
#include "vmm/firmware/acpi_table.h"
#include "vmm/firmware/aml.h"
#include "vmm/pci/pci_bus.h"

namespace vmm::firmware {

namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kLowWindowBase = 2 * kGiB;  // firmware places no BAR below
constexpr uint64_t kLowWindowEnd = 0xfec00000; // IOAPIC
constexpr uint64_t kHighWindowSize = 32 * kGiB;
constexpr unsigned kPciSlots = 32;
constexpr unsigned kPciPins = 4;
constexpr uint32_t kPirqGsiBase = 16;

/// Adds [begin, end) without `ecam`.
void addLowWindows(aml::ResourceTemplate& resources, uint64_t begin, uint64_t end,
                   const EcamRange& ecam)
{
    const auto add = [&resources](uint64_t first, uint64_t past) {
        if (first < past)
            resources.memoryWindow32(static_cast<uint32_t>(first), static_cast<uint32_t>(past - 1),
                                     aml::MemoryCaching::Uncached);
    };
    if (!ecam.enabled) {
        add(begin, end);
        return;
    }
    add(begin, std::min(end, ecam.base));
    add(std::max(begin, ecam.base + std::min(ecam.size, UINT64_MAX - ecam.base)), end);
}

/// The window for 64-bit BARs: from the first GiB above RAM, at least 32 GiB and up to a multiple
/// of that, where OVMF places its own; as far as the CPU's addresses reach.
void addHighWindow(aml::ResourceTemplate& resources, const BoardFacts& facts)
{
    if (facts.physicalAddressBits == 0)
        return;
    const uint64_t limit = uint64_t{1} << std::min(facts.physicalAddressBits, 52U);
    const uint64_t first = alignUp(memory::RamLayout::kHighBase + facts.ram.highSize, kGiB);
    const uint64_t past = std::min(limit, alignUp(first + kHighWindowSize, kHighWindowSize));
    if (first < past)
        resources.memory64(first, past - 1, aml::ResourceUse::Producer);
}

Bytes currentResources(const BoardFacts& facts, const EcamRange& ecam)
{
    aml::ResourceTemplate resources;
    resources.busNumbers(0, 0xff).ioPorts(0xcf8, 8);
    resources.ioWindow(0x0000, 0x0cf7).ioWindow(0x0d00, 0xffff);
    resources.memoryWindow32(0xa0000, 0xbffff, aml::MemoryCaching::Cached);
    addLowWindows(resources, std::max(facts.ram.lowSize, kLowWindowBase), kLowWindowEnd, ecam);
    addHighWindow(resources, facts);
    return resources.take();
}

enum class InterruptModel { Pic, Apic };

/// One entry a slot and pin: {slot and any function, pin, source, index} (section 6.2.13).
Bytes routingTable(InterruptModel model)
{
    std::vector<Bytes> entries;
    for (unsigned slot = 0; slot < kPciSlots; ++slot) {
        for (unsigned pin = 0; pin < kPciPins; ++pin) {
            const unsigned pirq = pci::PciBus::pirqFor(slot, pin + 1);
            const bool link = model == InterruptModel::Pic;
            entries.push_back(
                aml::package({aml::integer(slot << 16 | 0xffff), aml::integer(pin),
                              link ? aml::path(fmt::format("LNK{}", static_cast<char>('A' + pirq)))
                                   : aml::integer(0),
                              aml::integer(link ? 0 : kPirqGsiBase + pirq)}));
        }
    }
    return aml::package(entries);
}

Bytes pciRoot(const BoardFacts& facts, const EcamRange& ecam)
{
    const Bytes route =
        aml::join({aml::ifThen(aml::path("\\PICF"), aml::returns(aml::path("PRTA"))),
                   aml::returns(aml::path("PRTP"))});
    return aml::scope("\\_SB_.PCI0", aml::join({
                                         aml::name("_CRS", currentResources(facts, ecam)),
                                         aml::name("PRTP", routingTable(InterruptModel::Pic)),
                                         aml::name("PRTA", routingTable(InterruptModel::Apic)),
                                         aml::method("_PRT", route),
                                     }));
}

/// Operating systems trust MCFG only where the range is reserved (PCI Firmware 3.0 section 4.1.2).
Bytes ecamReservation(const EcamRange& ecam)
{
    constexpr uint32_t kPnp0c02 = 0x020cd041; // EISAID("PNP0C02")
    if (!ecam.enabled)
        return {};
    aml::ResourceTemplate resources;
    resources.memory64(ecam.base, ecam.base + ecam.size - 1, aml::ResourceUse::Consumer);
    return aml::device("ECAM", aml::join({
                                   aml::name("_HID", aml::integer(kPnp0c02)),
                                   aml::name("_UID", aml::integer(2)),
                                   aml::name("_CRS", resources.take()),
                               }));
}

Bytes processors(uint32_t cpus)
{
    ByteWriter devices;
    for (uint32_t cpu = 0; cpu < cpus; ++cpu)
        devices.bytes(
            aml::device(fmt::format("C{:03X}", cpu), aml::join({
                                                         aml::name("_HID", aml::text("ACPI0007")),
                                                         aml::name("_UID", aml::integer(cpu)),
                                                     })));
    return devices.take();
}

} // namespace

Bytes ssdtTable(const BoardFacts& facts, const EcamRange& ecam)
{
    AcpiTable table("SSDT", 2);
    table.bytes(pciRoot(facts, ecam));
    table.bytes(aml::scope("\\_SB_", aml::join({ecamReservation(ecam), processors(facts.cpus)})));
    if (facts.suspend == SuspendToRam::Present)
        table.bytes(aml::name("\\_S3_", aml::package({aml::integer(1), aml::integer(1),
                                                      aml::integer(0), aml::integer(0)})));
    return table.finish();
}

} // namespace vmm::firmware
