// SPDX-License-Identifier: GPL-3.0-or-later
// The generation ID as firmware, the guest's driver and a restored machine find it.
#include <QtTest>

#include "tests/device/vmm/firmware/fw_cfg_driver.h"
#include "tests/support/fakes.h"
#include "vmm/firmware/board_files.h"
#include "vmm/firmware/vmgenid.h"

using namespace vmm::firmware;
using tests::FwCfgDriver;
using vmm::loadLe;
using vmm::memory::GuestPhys;

namespace {

class FakeChipset final : public ChipsetView {
public:
    EcamRange ecam() const override { return {}; }
};

/// A machine as one process has it.
struct Setup {
    Setup()
    {
        BoardFacts facts{.chipset = chipset};
        facts.ram = board.memory->layout();
        facts.generationId = id.id();
        QVERIFY(populate(device, facts).has_value());
        registration = std::move(*board.pio.map("fw-cfg", vmm::memory::GuestPort(FwCfg::kPort),
                                                FwCfg::kPortCount, device));
    }
    GenerationId inMemory(uint64_t address) const
    {
        return board.memory->read<GenerationId>(GuestPhys(address)).value_or(GenerationId{});
    }
    /// Writes an address into the file as firmware does.
    void tell(uint64_t address)
    {
        const auto file = driver.find(std::string(kGenerationIdAddressFile));
        QVERIFY(file.has_value() && file->size == 8);
        QVERIFY(board.memory->write(GuestPhys(0x2000), address).has_value());
        QCOMPARE(driver.dma(uint32_t{file->key} << 16 | FwCfgDriver::kSelect | FwCfgDriver::kWrite,
                            8, 0x2000),
                 0U);
    }

    tests::FakeBoard board;
    FakeChipset chipset;
    FwCfg device{*board.memory};
    int notified = 0;
    VmGenId id{*board.memory, device, [this] { ++notified; }};
    std::unique_ptr<vmm::bus::Registration> registration;
    FwCfgDriver driver{board.pio, *board.memory};
};

} // namespace

class VmGenIdTest : public QObject {
    Q_OBJECT

private slots:
    void everyMachineHasItsOwn()
    {
        const GenerationId one = makeGenerationId();
        QVERIFY(one != makeGenerationId());
        QCOMPARE(one[7] >> 4, 4); // a random GUID
        QCOMPARE(one[8] >> 6, 2);
    }
    /// What the loader's script makes firmware do: the page placed, pointed to, and its place told.
    void firmwarePlacesIt()
    {
        Setup setup;
        const Bytes page = setup.driver.readFile(std::string(kGenerationIdFile));
        QCOMPARE(page.size(), size_t{4096});
        const auto id = std::as_bytes(std::span(setup.id.id()));
        QVERIFY(std::equal(id.begin(), id.end(), page.begin() + kGenerationIdOffset));
        const Bytes script = setup.driver.readFile("etc/table-loader");
        const Bytes tables = setup.driver.readFile("etc/acpi/tables");
        int allocated = 0;
        int pointed = 0;
        int told = 0;
        for (size_t at = 0; at < script.size(); at += 128) {
            const auto* entry = &script[at];
            const auto command = loadLe<uint32_t>(entry);
            const auto named = [entry](size_t offset) {
                return std::string_view(reinterpret_cast<const char*>(entry + offset));
            };
            if (command == 1 && named(4) == kGenerationIdFile) {
                ++allocated;
                QCOMPARE(loadLe<uint32_t>(entry + 60), 4096U);
                QCOMPARE(std::to_integer<int>(entry[64]), 1); // anywhere
            }
            if (command == 2 && named(60) == kGenerationIdFile) {
                ++pointed;
                QCOMPARE(named(4), kAcpiTables);
                QCOMPARE(std::to_integer<int>(entry[120]), 4);
                QCOMPARE(loadLe<uint32_t>(&tables[loadLe<uint32_t>(entry + 116)]),
                         kGenerationIdOffset);
            }
            if (command == 4) {
                ++told;
                QCOMPARE(named(4), kGenerationIdAddressFile);
                QCOMPARE(named(60), kGenerationIdFile);
                QCOMPARE(loadLe<uint32_t>(entry + 116), 0U);
                QCOMPARE(loadLe<uint32_t>(entry + 120), kGenerationIdOffset);
                QCOMPARE(std::to_integer<int>(entry[124]), 8);
            }
        }
        QCOMPARE(allocated, 1);
        QCOMPARE(pointed, 1);
        QCOMPARE(told, 1);
    }
    void restoredMachineGetsANewOne()
    {
        constexpr uint64_t kPlace = 0x30'0028;
        Setup before;
        QVERIFY(!before.id.address().has_value());
        before.tell(kPlace);
        QCOMPARE(before.id.address()->value(), kPlace);
        const auto saved = before.device.saveState();

        Setup after;
        QVERIFY(after.board.memory->write(GuestPhys(kPlace), before.id.id()).has_value());
        QVERIFY(after.device.loadState(saved).has_value());
        QCOMPARE(after.notified, 0);
        after.id.restored();
        QCOMPARE(after.notified, 1);
        QVERIFY(after.inMemory(kPlace) == after.id.id());
        QVERIFY(after.id.id() != before.id.id());
        // A reset of the guest forgets where it was; firmware places it anew, the same one.
        after.device.reset();
        QVERIFY(!after.id.address().has_value());
    }
    void withoutFirmware()
    {
        Setup setup;
        setup.id.placedAt(GuestPhys(0x40'0000));
        QCOMPARE(setup.id.address()->value(), uint64_t{0x40'0000});
        setup.id.restored();
        QVERIFY(setup.inMemory(0x40'0000) == setup.id.id());
    }
    void anAddressThatIsNoRam()
    {
        for (const uint64_t address : {uint64_t{16} << 20, (uint64_t{16} << 20) - 8,
                                       uint64_t{0xfee00000}, ~uint64_t{0}, ~uint64_t{7}}) {
            Setup setup;
            setup.tell(address);
            setup.id.restored();
            QCOMPARE(setup.notified, 0);
        }
        Setup nobody; // a guest whose firmware knows nothing of it
        nobody.id.restored();
        QCOMPARE(nobody.notified, 0);
    }

private:
    static constexpr std::string_view kAcpiTables = "etc/acpi/tables";
};

QTEST_GUILESS_MAIN(VmGenIdTest)
#include "vmgenid_test.moc"
