// SPDX-License-Identifier: GPL-3.0-or-later
// The ACPI tables and the script that links them. ACPI 6.4 section 5.2; IA-PC HPET 1.0a section
// 3.2.4; PCI Firmware 3.0 section 4.1.2 (MCFG); Windows ACPI Emulated Devices Table 1.0 (WAET).
#include "vmm/firmware/acpi_tables.h"

#include <array>
#include <vector>

#include "vmm/firmware/acpi_table.h"
#include "vmm/firmware/loader_script.h"
#include "vmm/firmware/ssdt.h"
#include "vmm/firmware/vmgenid.h"

namespace vmm::firmware {

namespace {

constexpr uint8_t kDsdtAml[] = {
#include "dsdt_aml.inc"
};

// Sizes of the files: the same for every machine, with room to grow.
constexpr size_t kTablesSize = 32 << 10;
constexpr size_t kLoaderSize = 8 << 10;

constexpr uint16_t kPmBase = 0x600; // where SeaBIOS and OVMF program PMBASE
constexpr uint16_t kPm1Event = kPmBase;
constexpr uint16_t kPm1Control = kPmBase + 4;
constexpr uint16_t kPmTimer = kPmBase + 8;
constexpr uint16_t kGpe0 = kPmBase + 0x20;
constexpr uint8_t kPm1EventSize = 4;
constexpr uint8_t kPm1ControlSize = 2;
constexpr uint8_t kPmTimerSize = 4;
constexpr uint8_t kGpe0Size = 16;
constexpr uint16_t kSciIrq = 9;
constexpr uint16_t kResetPort = 0xcf9;
constexpr uint8_t kResetValue = 0x0e; // full, hard
constexpr uint8_t kRtcCentury = 0x32;
constexpr uint16_t kBootArchLegacyDevices = 1 << 0;
constexpr uint16_t kBootArch8042 = 1 << 1;
constexpr uint16_t kNoCState = 0xfff; // above the limit of the latency: not supported

// Section 5.2.9, table 5.35. The power button is fixed hardware: its flag stays 0.
constexpr uint32_t kFadtWbinvd = 1 << 0;
constexpr uint32_t kFadtC1 = 1 << 2;
constexpr uint32_t kFadtNoFixedSleepButton = 1 << 5;
constexpr uint32_t kFadtResetRegister = 1 << 10;
constexpr uint32_t kFadtPlatformClock = 1 << 15;
constexpr uint32_t kFadtForceClusterModel = 1 << 18;
constexpr uint32_t kFlatModelCpus = 8; // flat logical destinations have a bit for each of 8 CPUs

constexpr uint32_t kFirmwareControlOffset = 36;
constexpr uint32_t kDsdtOffset = 40;
constexpr uint32_t kXDsdtOffset = 140;

constexpr uint32_t kLocalApic = 0xfee00000;
constexpr uint32_t kIoApic = 0xfec00000;
constexpr uint32_t kPcatCompatible = 1;
constexpr uint16_t kLevelActiveHigh = 0x000d;
constexpr uint64_t kHpetBase = 0xfed00000;
constexpr uint32_t kHpetBlockId =
    0x8086a201; // Intel, legacy routing, 64 bits, 3 timers, revision 1

constexpr size_t kRsdpRevision1Size = 20;
constexpr size_t kRsdpSize = 36;
constexpr uint32_t kRsdpRsdtOffset = 16;
constexpr uint32_t kRsdpXsdtOffset = 24;
constexpr uint32_t kRsdpChecksumOffset = 8;
constexpr uint32_t kRsdpExtendedChecksumOffset = 32;

/// The file of tables and the script, built side by side: pointers are made as commands, checksums
/// after all of them.
class TableFile {
public:
    TableFile()
    {
        m_script.allocate(kAcpiTablesFile, 64, LoaderZone::High);
        m_script.allocate(kAcpiRsdpFile, 16, LoaderZone::FSegment);
    }
    /// Appends a table without header checksum and gives its offset.
    uint32_t addPlain(const Bytes& table)
    {
        m_tables.align(64);
        const auto offset = static_cast<uint32_t>(m_tables.size());
        m_tables.bytes(table);
        return offset;
    }
    uint32_t add(const Bytes& table)
    {
        const uint32_t offset = addPlain(table);
        m_checksums.push_back({offset, static_cast<uint32_t>(table.size())});
        return offset;
    }
    /// Makes the number at `at` point to `target`, both offsets in the file.
    void link32(uint32_t at, uint32_t target)
    {
        m_tables.patch(at, target);
        m_script.addPointer(kAcpiTablesFile, kAcpiTablesFile, at, 4);
    }
    void link64(uint32_t at, uint32_t target)
    {
        m_tables.patch(at, uint64_t{target});
        m_script.addPointer(kAcpiTablesFile, kAcpiTablesFile, at, 8);
    }
    /// The generation ID's page, pointed to by a table, and its place told to the host.
    uint32_t addGenerationId()
    {
        const GenerationIdTable made = generationIdTable();
        const uint32_t offset = add(made.table);
        m_script.allocate(kGenerationIdFile, kGenerationIdFileSize, LoaderZone::High);
        m_script.addPointer(kAcpiTablesFile, kGenerationIdFile, offset + made.addressAt, 4);
        m_script.writePointer(kGenerationIdAddressFile, 0, kGenerationIdFile, kGenerationIdOffset,
                              sizeof(uint64_t));
        return offset;
    }
    AcpiFiles finish(const Bytes& rsdp)
    {
        m_script.addPointer(kAcpiRsdpFile, kAcpiTablesFile, kRsdpRsdtOffset, 4);
        m_script.addPointer(kAcpiRsdpFile, kAcpiTablesFile, kRsdpXsdtOffset, 8);
        for (const Range& table : m_checksums)
            m_script.addChecksum(kAcpiTablesFile,
                                 table.offset + static_cast<uint32_t>(kAcpiChecksumOffset),
                                 table.offset, table.size);
        m_script.addChecksum(kAcpiRsdpFile, kRsdpChecksumOffset, 0, kRsdpRevision1Size);
        m_script.addChecksum(kAcpiRsdpFile, kRsdpExtendedChecksumOffset, 0, kRsdpSize);
        CHECK(m_tables.size() <= kTablesSize);
        m_tables.zeros(kTablesSize - m_tables.size());
        return {m_tables.take(), rsdp, m_script.take(kLoaderSize)};
    }

private:
    struct Range {
        uint32_t offset;
        uint32_t size;
    };
    ByteWriter m_tables;
    LoaderScript m_script;
    std::vector<Range> m_checksums;
};

/// RSDT (`width` 4) or XSDT (8) over the tables at `targets`.
uint32_t addDirectory(TableFile& file, std::string_view signature, unsigned width,
                      const std::vector<uint32_t>& targets)
{
    AcpiTable table(signature, 1);
    table.zeros(width * targets.size());
    const uint32_t offset = file.add(table.finish());
    auto at = static_cast<uint32_t>(offset + kAcpiHeaderSize);
    for (const uint32_t target : targets) {
        if (width == 4)
            file.link32(at, target);
        else
            file.link64(at, target);
        at += width;
    }
    return offset;
}

Bytes rsdpTable(uint32_t rsdt, uint32_t xsdt)
{
    ByteWriter rsdp;
    rsdp.text("RSD PTR ", 8).u8(0).text(kAcpiOemId, 6).u8(2).u32(rsdt);
    rsdp.u32(kRsdpSize).u64(xsdt).u8(0).zeros(3);
    return rsdp.take();
}

uint32_t fadtFlags(const BoardFacts& facts)
{
    uint32_t flags =
        kFadtWbinvd | kFadtC1 | kFadtNoFixedSleepButton | kFadtResetRegister | kFadtPlatformClock;
    if (facts.cpus > kFlatModelCpus)
        flags |= kFadtForceClusterModel;
    return flags;
}

} // namespace

Bytes facsTable()
{
    ByteWriter facs;
    facs.text("FACS", 4).u32(64).zeros(24).u8(1); // version 1, as ACPI 2.0
    return facs.align(64).take();
}

Bytes dsdtTable()
{
    Bytes dsdt(sizeof kDsdtAml);
    std::memcpy(dsdt.data(), kDsdtAml, sizeof kDsdtAml);
    dsdt[kAcpiChecksumOffset] = std::byte{0}; // made by the loader, like the others
    return dsdt;
}

Bytes fadtTable(const BoardFacts& facts)
{
    constexpr uint8_t kProfileDesktop = 1;
    AcpiTable fadt("FACP", 3);
    fadt.u32(0).u32(0).u8(1).u8(kProfileDesktop).u16(kSciIrq); // FACS and DSDT: by the loader
    fadt.u32(0).u8(0).u8(0).u8(0).u8(0); // no SMI command port: the board is always in ACPI mode
    fadt.u32(kPm1Event).u32(0).u32(kPm1Control).u32(0).u32(0).u32(kPmTimer).u32(kGpe0).u32(0);
    fadt.u8(kPm1EventSize).u8(kPm1ControlSize).u8(0).u8(kPmTimerSize).u8(kGpe0Size).zeros(3);
    fadt.u16(kNoCState).u16(kNoCState).u16(0).u16(0).u8(0).u8(0); // no duty cycle
    fadt.u8(0).u8(0).u8(kRtcCentury).u16(kBootArchLegacyDevices | kBootArch8042).u8(0);
    fadt.u32(fadtFlags(facts));
    putIoAddress(fadt, kResetPort, 1);
    fadt.u8(kResetValue).zeros(3).u64(0).u64(0); // X_FIRMWARE_CTRL stays 0, X_DSDT by the loader
    putIoAddress(fadt, kPm1Event, kPm1EventSize);
    putIoAddress(fadt, 0, 0);
    putIoAddress(fadt, kPm1Control, kPm1ControlSize);
    putIoAddress(fadt, 0, 0);
    putIoAddress(fadt, 0, 0);
    putIoAddress(fadt, kPmTimer, kPmTimerSize);
    putIoAddress(fadt, kGpe0, kGpe0Size);
    putIoAddress(fadt, 0, 0);
    return fadt.finish();
}

Bytes madtTable(const BoardFacts& facts)
{
    AcpiTable madt("APIC", 1);
    madt.u32(kLocalApic).u32(kPcatCompatible);
    for (uint32_t cpu = 0; cpu < facts.cpus; ++cpu)
        madt.u8(0).u8(8).u8(cpu).u8(cpu).u32(1); // local APIC: uid, id, enabled
    madt.u8(1).u8(12).u8(0).u8(0).u32(kIoApic).u32(0);
    madt.u8(2).u8(10).u8(0).u8(0).u32(2).u16(0);  // the PIT is on input 2
    for (const unsigned irq : {5U, 9U, 10U, 11U}) // SCI and the PCI links
        madt.u8(2).u8(10).u8(0).u8(irq).u32(irq).u16(kLevelActiveHigh);
    madt.u8(4).u8(6).u8(0xff).u16(0).u8(1); // NMI on LINT1 of every CPU
    return madt.finish();
}

Bytes hpetTable()
{
    AcpiTable hpet("HPET", 1);
    hpet.u32(kHpetBlockId).u8(0).u8(0).u8(0).u8(0).u64(kHpetBase); // in system memory
    hpet.u8(0).u16(0).u8(0);
    return hpet.finish();
}

Bytes mcfgTable(const EcamRange& ecam)
{
    AcpiTable mcfg("MCFG", 1);
    mcfg.u64(0).u64(ecam.base).u16(0).u8(0).u8((ecam.size >> 20) - 1).u32(0);
    return mcfg.finish();
}

Bytes waetTable()
{
    constexpr uint32_t kPmTimerGood = 1 << 1; // one read is enough
    AcpiTable waet("WAET", 1);
    waet.u32(kPmTimerGood);
    return waet.finish();
}

AcpiFiles acpiFiles(const BoardFacts& facts)
{
    const EcamRange ecam = facts.chipset.ecam();
    TableFile file;
    const uint32_t facs = file.addPlain(facsTable());
    const uint32_t dsdt = file.add(dsdtTable());
    const uint32_t fadt = file.add(fadtTable(facts));
    file.link32(fadt + kFirmwareControlOffset, facs);
    file.link32(fadt + kDsdtOffset, dsdt);
    file.link64(fadt + kXDsdtOffset, dsdt);
    std::vector<uint32_t> listed{fadt, file.add(madtTable(facts)), file.add(hpetTable()),
                                 file.add(waetTable()), file.add(ssdtTable(facts, ecam))};
    if (ecam.enabled)
        listed.push_back(file.add(mcfgTable(ecam)));
    if (facts.generationId)
        listed.push_back(file.addGenerationId());
    const uint32_t rsdt = addDirectory(file, "RSDT", 4, listed);
    const uint32_t xsdt = addDirectory(file, "XSDT", 8, listed);
    return file.finish(rsdpTable(rsdt, xsdt));
}

} // namespace vmm::firmware
