// SPDX-License-Identifier: GPL-3.0-or-later
// The board's fw_cfg items and files. QEMU docs/specs/fw_cfg.rst; SeaBIOS 1.16
// docs/Runtime_config.md for the meaning of the files.
#include "vmm/firmware/board_files.h"

#include "vmm/base/bits.h"
#include "vmm/firmware/acpi_tables.h"
#include "vmm/firmware/boot_order.h"
#include "vmm/firmware/e820.h"
#include "vmm/firmware/smbios.h"
#include "vmm/firmware/vmgenid.h"

namespace vmm::firmware {

namespace {

constexpr uint32_t kMaxCpus = 254; // APIC ids of one byte, without the broadcast id

/// How long firmware shows "Press ESC for boot menu" when the person asked for the menu.
constexpr uint16_t kBootMenuWaitMs = 30000;
/// "No bootable device" stays on the screen instead of rebooting in a loop.
constexpr uint32_t kBootFailStay = 0xffffffff;

void addItems(FwCfg& fwCfg, const BoardFacts& facts)
{
    const bool menu = facts.boot == spec::BootOrder::Menu;
    const char first = facts.boot == spec::BootOrder::Disk ? 'c' : 'd';
    fwCfg.setItem(FwCfgKey::NoGraphic, ByteWriter().u16(0).take());
    fwCfg.setItem(FwCfgKey::CpuCount, ByteWriter().u16(facts.cpus).take());
    fwCfg.setItem(FwCfgKey::MaxCpus, ByteWriter().u16(facts.cpus).take());
    fwCfg.setItem(FwCfgKey::BootDevice, ByteWriter().text({&first, 1}, 2).take());
    fwCfg.setItem(FwCfgKey::BootMenu, ByteWriter().u16(menu ? 1 : 0).take());
    // No NUMA nodes, and neither tables nor reservations in the form before files.
    fwCfg.setItem(FwCfgKey::Numa, ByteWriter().u64(0).zeros(facts.cpus * sizeof(uint64_t)).take());
    fwCfg.setItem(FwCfgKey::AcpiTables, ByteWriter().u16(0).take());
    fwCfg.setItem(FwCfgKey::SmbiosEntries, ByteWriter().u16(0).take());
    fwCfg.setItem(FwCfgKey::Irq0Override, ByteWriter().u32(1).take());
    fwCfg.setItem(FwCfgKey::E820Table, ByteWriter().u32(0).take());
}

/// One byte a sleep state: bit 7 says it exists, the rest is its SLP_TYP.
Bytes systemStatesFile(const BoardFacts& facts)
{
    const uint8_t s3 = facts.suspend == SuspendToRam::Present ? 0x81 : 0x01;
    return ByteWriter().u8(0x80).u8(0).u8(0).u8(s3).u8(0x02).u8(0x80).take();
}

/// Firmware places 64-bit BARs above this.
uint64_t reservedMemoryEnd(const memory::RamLayout& ram)
{
    return alignUp(memory::RamLayout::kHighBase + ram.highSize, uint64_t{1} << 30);
}

} // namespace

Result<void> populate(FwCfg& fwCfg, const BoardFacts& facts)
{
    if (facts.cpus < 1 || facts.cpus > kMaxCpus || facts.sockets < 1 ||
        facts.cpus % facts.sockets != 0)
        return Error(ErrorCode::Invalid, "the CPUs cannot be spread evenly over the sockets");
    addItems(fwCfg, facts);
    TRY(fwCfg.addFile("etc/e820", e820File(firmwareMemoryMap(facts.ram))));
    TRY(fwCfg.addFile("bootorder", bootOrderFile(facts.drives, facts.boot)));
    // Two bytes: OVMF reads this file only in that size.
    TRY(fwCfg.addFile("etc/boot-menu-wait", ByteWriter().u16(kBootMenuWaitMs).take()));
    TRY(fwCfg.addFile("etc/boot-fail-wait", ByteWriter().u32(kBootFailStay).take()));
    TRY(fwCfg.addFile("etc/system-states", systemStatesFile(facts)));
    TRY(fwCfg.addFile("etc/reserved-memory-end",
                      ByteWriter().u64(reservedMemoryEnd(facts.ram)).take()));
    const SmbiosFiles smbios = smbiosFiles(facts);
    TRY(fwCfg.addFile("etc/smbios/smbios-anchor", smbios.anchor));
    TRY(fwCfg.addFile("etc/smbios/smbios-tables", smbios.tables));
    TRY(fwCfg.addGeneratedFiles({"etc/acpi/tables", "etc/acpi/rsdp", "etc/table-loader"}, [facts] {
        AcpiFiles acpi = acpiFiles(facts);
        return std::vector<Bytes>{std::move(acpi.tables), std::move(acpi.rsdp),
                                  std::move(acpi.loader)};
    }));
    if (facts.generationId) {
        TRY(fwCfg.addFile(std::string(kGenerationIdFile), generationIdFile(*facts.generationId)));
        TRY(fwCfg.addWritableFile(std::string(kGenerationIdAddressFile), Bytes(sizeof(uint64_t)),
                                  {}));
    }
    return {};
}

} // namespace vmm::firmware
