// SPDX-License-Identifier: GPL-3.0-or-later
// The board's files as firmware finds and uses them: the table loader's script is executed, every
// table checked, and ACPI follows what the guest programmed.
#include <set>

#include <QtTest>

#include "tests/device/vmm/firmware/fw_cfg_driver.h"
#include "tests/support/fakes.h"
#include "vmm/firmware/board_files.h"

using tests::FwCfgDriver;
using vmm::loadLe;
using vmm::firmware::Bytes;
using vmm::firmware::FwCfg;

namespace {

class FakeChipset final : public vmm::firmware::ChipsetView {
public:
    vmm::firmware::EcamRange ecam() const override { return range; }
    vmm::firmware::EcamRange range;
};

struct Setup {
    explicit Setup(uint32_t cpus = 2)
    {
        vmm::firmware::BoardFacts facts{.chipset = chipset};
        facts.cpus = cpus;
        facts.ram = {uint64_t{2} << 30, uint64_t{1} << 30};
        facts.drives = {{vmm::spec::DriveKind::Disk, vmm::firmware::ahciDrivePath(0)},
                        {vmm::spec::DriveKind::Cdrom, vmm::firmware::ahciDrivePath(1)}};
        facts.physicalAddressBits = 39;
        const auto populated = vmm::firmware::populate(device, facts);
        QVERIFY(populated.has_value());
        registration = std::move(*board.pio.map("fw-cfg", vmm::memory::GuestPort(FwCfg::kPort),
                                                FwCfg::kPortCount, device));
    }
    tests::FakeBoard board{uint64_t{8} << 20};
    FakeChipset chipset;
    FwCfg device{*board.memory};
    std::unique_ptr<vmm::bus::Registration> registration;
    FwCfgDriver driver{board.pio, *board.memory};
};

uint8_t sum(const Bytes& bytes)
{
    return vmm::firmware::zeroSumChecksum(bytes);
}

/// Executes a loader script as firmware does. Files get addresses as they are allocated; the F
/// segment is where an address below 1 MiB is asked for.
class ScriptRunner {
public:
    struct File {
        uint64_t address = 0;
        Bytes content;
    };
    explicit ScriptRunner(FwCfgDriver& driver) : m_driver(driver) {}

    void run()
    {
        const Bytes script = m_driver.readFile("etc/table-loader");
        QVERIFY(!script.empty() && script.size() % 128 == 0);
        for (size_t at = 0; at < script.size(); at += 128) {
            const std::byte* entry = &script[at];
            switch (loadLe<uint32_t>(entry)) {
            case 1:
                allocate(entry);
                break;
            case 2:
                addPointer(entry);
                break;
            case 3:
                addChecksum(entry);
                break;
            default:
                break;
            }
        }
    }
    /// The second pass of OVMF: what pointers with the highest precision lead to.
    std::set<uint64_t> pointedTo()
    {
        std::set<uint64_t> targets;
        const Bytes script = m_driver.readFile("etc/table-loader");
        for (size_t at = 0; at < script.size(); at += 128) {
            if (loadLe<uint32_t>(&script[at]) == 2)
                targets.insert(pointerAt(&script[at]));
        }
        return targets;
    }
    /// `size` bytes at a guest address, from whichever file lies there.
    Bytes read(uint64_t address, size_t size) const
    {
        for (const auto& [name, file] : files) {
            const uint64_t offset = address - file.address;
            if (address >= file.address && offset + size <= file.content.size())
                return {file.content.begin() + static_cast<ptrdiff_t>(offset),
                        file.content.begin() + static_cast<ptrdiff_t>(offset + size)};
        }
        return {};
    }
    Bytes table(uint64_t address) const
    {
        const Bytes header = read(address, 8);
        return header.empty() ? header : read(address, loadLe<uint32_t>(&header[4]));
    }

    std::map<std::string, File> files;

private:
    static std::string nameAt(const std::byte* at)
    {
        const auto* text = reinterpret_cast<const char*>(at);
        return {text, strnlen(text, 56)};
    }
    void allocate(const std::byte* entry)
    {
        const std::string name = nameAt(entry + 4);
        const uint32_t alignment = loadLe<uint32_t>(entry + 60);
        const bool low = std::to_integer<int>(entry[64]) == 2;
        QVERIFY(!files.contains(name) && alignment != 0 && (alignment & (alignment - 1)) == 0);
        const uint64_t address = low ? 0xf5000 : 0x7fe00000;
        QCOMPARE(address % alignment, uint64_t{0});
        files[name] = {address, m_driver.readFile(name)};
        QVERIFY(!files[name].content.empty());
    }
    uint64_t pointerAt(const std::byte* entry)
    {
        const File& file = files.at(nameAt(entry + 4));
        uint64_t value = 0;
        std::memcpy(&value, &file.content[loadLe<uint32_t>(entry + 116)],
                    std::to_integer<size_t>(entry[120]));
        return value;
    }
    void addPointer(const std::byte* entry)
    {
        File& file = files.at(nameAt(entry + 4));
        const File& target = files.at(nameAt(entry + 60));
        const uint32_t offset = loadLe<uint32_t>(entry + 116);
        const auto width = std::to_integer<size_t>(entry[120]);
        QVERIFY((width == 4 || width == 8) && offset + width <= file.content.size());
        const uint64_t before = pointerAt(entry);
        QVERIFY(before < target.content.size()); // OVMF refuses anything else
        const uint64_t value = before + target.address;
        std::memcpy(&file.content[offset], &value, width);
    }
    void addChecksum(const std::byte* entry)
    {
        File& file = files.at(nameAt(entry + 4));
        const uint32_t offset = loadLe<uint32_t>(entry + 60);
        const uint32_t start = loadLe<uint32_t>(entry + 64);
        const uint32_t size = loadLe<uint32_t>(entry + 68);
        QVERIFY(size > 0 && start + size <= file.content.size());
        QVERIFY(offset >= start && offset < start + size);
        QCOMPARE(std::to_integer<int>(file.content[offset]), 0); // OVMF overwrites, SeaBIOS adds
        const auto range = std::span(file.content).subspan(start, size);
        file.content[offset] = static_cast<std::byte>(vmm::firmware::zeroSumChecksum(range));
    }
    FwCfgDriver& m_driver;
};

std::string signature(const Bytes& table)
{
    return {reinterpret_cast<const char*>(table.data()), 4};
}

/// Signature to table, of what the XSDT lists; the RSDT must list the same.
std::map<std::string, Bytes> listTables(const ScriptRunner& runner)
{
    std::map<std::string, Bytes> tables;
    const auto rsdp = runner.files.find("etc/acpi/rsdp");
    if (rsdp == runner.files.end())
        return tables;
    const Bytes& root = rsdp->second.content;
    const Bytes rsdt = runner.table(loadLe<uint32_t>(&root[16]));
    const Bytes xsdt = runner.table(loadLe<uint64_t>(&root[24]));
    if (xsdt.size() < 36 || (xsdt.size() - 36) / 8 != (rsdt.size() - 36) / 4)
        return tables;
    for (size_t i = 0; i < (xsdt.size() - 36) / 8; ++i) {
        const uint64_t address = loadLe<uint64_t>(&xsdt[36 + 8 * i]);
        if (address != loadLe<uint32_t>(&rsdt[36 + 4 * i]))
            return {};
        const Bytes table = runner.table(address);
        tables[signature(table)] = table;
    }
    tables["RSDT"] = rsdt;
    tables["XSDT"] = xsdt;
    return tables;
}

} // namespace

class BoardFilesTest : public QObject {
    Q_OBJECT
private slots:
    void itemsFirmwareAsksFor();
    void scriptGivesWholeTables_data();
    void scriptGivesWholeTables();
    void everyTableIsPointedTo();
    void acpiFollowsPciExBar();
    void sizesNeverChange();
    void bootMenu();
    void refusesImpossibleCpus();
};

void BoardFilesTest::itemsFirmwareAsksFor()
{
    Setup setup(4);
    QCOMPARE(loadLe<uint16_t>(setup.driver.readItem(0x05, 2).data()), uint16_t{4});
    QCOMPARE(loadLe<uint16_t>(setup.driver.readItem(0x0f, 2).data()), uint16_t{4});
    QCOMPARE(loadLe<uint16_t>(setup.driver.readItem(0x04, 2).data()), uint16_t{0});
    for (const uint16_t key : std::vector<uint16_t>{0x0d, 0x8000, 0x8001, 0x8003})
        QVERIFY(setup.driver.readItem(key, 8) == Bytes(8));
    const Bytes e820 = setup.driver.readFile("etc/e820");
    QCOMPARE(e820.size(), size_t{60});
    QCOMPARE(loadLe<uint64_t>(&e820[8]), uint64_t{2} << 30);
    QCOMPARE(loadLe<uint64_t>(&e820[20]), uint64_t{0xfeffc000});
    QCOMPARE(loadLe<uint64_t>(&e820[40]), uint64_t{1} << 32);
    QCOMPARE(loadLe<uint64_t>(setup.driver.readFile("etc/reserved-memory-end").data()),
             uint64_t{5} << 30);
    QCOMPARE(setup.driver.readFile("etc/system-states").size(), size_t{6});
    QCOMPARE(setup.driver.readFile("etc/smbios/smbios-anchor").size(), size_t{31});
    const Bytes order = setup.driver.readFile("bootorder");
    const std::string lines(reinterpret_cast<const char*>(order.data()), order.size() - 1);
    QCOMPARE(lines, std::string("/pci@i0cf8/pci8086,2922@1f,2/drive@1/disk@0\n"
                                "/pci@i0cf8/pci8086,2922@1f,2/drive@0/disk@0"));
}

void BoardFilesTest::scriptGivesWholeTables_data()
{
    QTest::addColumn<uint32_t>("cpus");
    for (const uint32_t cpus : {1U, 2U, 8U, 64U, 254U})
        QTest::addRow("%u CPUs", cpus) << cpus;
}

void BoardFilesTest::scriptGivesWholeTables()
{
    QFETCH(uint32_t, cpus);
    Setup setup(cpus);
    setup.chipset.range = {true, 0xb0000000, uint64_t{256} << 20};
    ScriptRunner runner(setup.driver);
    runner.run();
    const Bytes& rsdp = runner.files.at("etc/acpi/rsdp").content;
    QCOMPARE(sum({rsdp.begin(), rsdp.begin() + 20}), uint8_t{0});
    QCOMPARE(sum(rsdp), uint8_t{0});
    auto tables = listTables(runner);
    for (const char* name : {"RSDT", "XSDT", "FACP", "APIC", "HPET", "WAET", "SSDT", "MCFG"})
        QVERIFY2(tables.contains(name), name);
    const Bytes& fadt = tables["FACP"];
    const Bytes dsdt = runner.table(loadLe<uint32_t>(&fadt[40]));
    QCOMPARE(loadLe<uint64_t>(&fadt[140]), uint64_t{loadLe<uint32_t>(&fadt[40])});
    QCOMPARE(signature(dsdt), std::string("DSDT"));
    tables["DSDT"] = dsdt;
    for (const auto& [name, table] : tables)
        QVERIFY2(sum(table) == 0, name.c_str());
    const Bytes facs = runner.table(loadLe<uint32_t>(&fadt[36]));
    QCOMPARE(signature(facs), std::string("FACS"));
    QCOMPARE(loadLe<uint32_t>(&fadt[36]) % 64, 0U);
    QCOMPARE(tables["APIC"].size(), 44 + 8 * size_t{cpus} + 12 + 5 * 10 + 6);
}

// OVMF runs the script a second time and installs what pointers lead to.
void BoardFilesTest::everyTableIsPointedTo()
{
    Setup setup;
    setup.chipset.range = {true, 0xb0000000, uint64_t{256} << 20};
    ScriptRunner runner(setup.driver);
    runner.run();
    std::set<std::string> found;
    for (const uint64_t address : runner.pointedTo())
        found.insert(signature(runner.table(address)));
    QVERIFY((found == std::set<std::string>{"APIC", "DSDT", "FACP", "FACS", "HPET", "MCFG", "RSDT",
                                            "SSDT", "WAET", "XSDT"}));
}

void BoardFilesTest::acpiFollowsPciExBar()
{
    Setup setup;
    ScriptRunner before(setup.driver);
    before.run();
    QVERIFY(!listTables(before).contains("MCFG"));
    setup.chipset.range = {true, 0xe0000000, uint64_t{64} << 20};
    ScriptRunner after(setup.driver);
    after.run();
    const Bytes mcfg = listTables(after)["MCFG"];
    QCOMPARE(mcfg.size(), size_t{60});
    QCOMPARE(loadLe<uint64_t>(&mcfg[44]), uint64_t{0xe0000000});
    QCOMPARE(std::to_integer<int>(mcfg[55]), 63);
}

void BoardFilesTest::sizesNeverChange()
{
    Setup setup(64);
    const auto before = setup.driver.directory();
    setup.chipset.range = {true, uint64_t{0x10} << 32, uint64_t{128} << 20};
    const auto after = setup.driver.directory();
    QCOMPARE(before.size(), after.size());
    for (size_t i = 0; i < before.size(); ++i) {
        QCOMPARE(before[i].first, after[i].first);
        QCOMPARE(before[i].second.size, after[i].second.size);
    }
}

void BoardFilesTest::bootMenu()
{
    for (const auto boot : {vmm::spec::BootOrder::Menu, vmm::spec::BootOrder::Disk}) {
        tests::FakeBoard board;
        FakeChipset chipset;
        FwCfg device(*board.memory);
        vmm::firmware::BoardFacts facts{.chipset = chipset};
        facts.ram.lowSize = uint64_t{16} << 20;
        facts.boot = boot;
        QVERIFY(vmm::firmware::populate(device, facts).has_value());
        const auto mapped = board.pio.map("fw-cfg", vmm::memory::GuestPort(FwCfg::kPort),
                                          FwCfg::kPortCount, device);
        FwCfgDriver driver(board.pio, *board.memory);
        QCOMPARE(loadLe<uint16_t>(driver.readItem(0x0e, 2).data()),
                 uint16_t{boot == vmm::spec::BootOrder::Menu});
        QCOMPARE(driver.readFile("etc/boot-menu-wait").size(), size_t{2});
    }
}

void BoardFilesTest::refusesImpossibleCpus()
{
    tests::FakeBoard board;
    FakeChipset chipset;
    vmm::firmware::BoardFacts facts{.chipset = chipset};
    for (const auto& [cpus, sockets] :
         std::vector<std::pair<uint32_t, uint32_t>>{{0, 1}, {255, 1}, {4, 0}, {4, 3}}) {
        FwCfg device(*board.memory);
        facts.cpus = cpus;
        facts.sockets = sockets;
        QVERIFY(!vmm::firmware::populate(device, facts).has_value());
    }
}

QTEST_GUILESS_MAIN(BoardFilesTest)
#include "board_files_test.moc"
