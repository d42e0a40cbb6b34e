// SPDX-License-Identifier: GPL-3.0-or-later
// The host bridge driven as SeaBIOS and OVMF drive it. Intel 3 Series datasheet, section 5.1.
#include <QtTest>

#include <algorithm>

#include "tests/device/vmm/chipset/q35_rig.h"
#include "tests/support/suites.h"

using namespace vmm;
using tests::Q35Rig;

namespace {

constexpr size_t kRomSize = size_t{256} << 10;

/// A vCPU's view of memory: the direct map first, then the MMIO bus.
class View {
public:
    explicit View(Q35Rig& rig) : m_rig(rig) {}
    const memory::MapRange* range(uint64_t address) const
    {
        for (const auto& range : m_rig.board.mapSink.ranges)
            if (address >= range.base.value() && address - range.base.value() < range.size)
                return &range;
        return nullptr;
    }
    uint8_t read(uint64_t address) const
    {
        if (const auto* direct = range(address))
            return static_cast<uint8_t>(direct->host[address - direct->base.value()]);
        return static_cast<uint8_t>(m_rig.board.mmio.read(memory::GuestPhys(address), 1));
    }
    void write(uint64_t address, uint8_t value) const
    {
        const auto* direct = range(address);
        if (direct != nullptr && direct->access == memory::MapAccess::ReadWrite)
            direct->host[address - direct->base.value()] = static_cast<std::byte>(value);
        else
            m_rig.board.mmio.write(memory::GuestPhys(address), value, 1);
    }

private:
    Q35Rig& m_rig;
};

uint8_t romByte(uint64_t fromEnd)
{
    return static_cast<uint8_t>(fromEnd >> 12 ^ fromEnd);
}

uint8_t ramByte(Q35Rig& rig, uint64_t address)
{
    return *rig.board.memory->read<uint8_t>(memory::GuestPhys(address));
}

} // namespace

class Q35HostTest : public QObject {
    Q_OBJECT

private slots:
    void identity()
    {
        Q35Rig rig;
        const auto driver = rig.driver(Q35Rig::kHostBdf);
        QCOMPARE(driver.read(0x00, 4), 0x29c0'8086U);
        QCOMPARE(driver.read(0x2c, 4), 0x1100'1af4U);
        QCOMPARE(driver.read(0x0a, 2), 0x0600U);
        QCOMPARE(driver.read(0xb0, 2), 16U << 4); // TOLUD: 16 MiB
        QCOMPARE(driver.read(0xa2, 2), 16U);      // TOUUD
    }

    void fixedMap()
    {
        Q35Rig rig;
        const View view(rig);
        QVERIFY(view.range(0x9'ffff) != nullptr);
        QVERIFY(view.range(0xa'0000) == nullptr);
        QVERIFY(view.range(0x10'0000) != nullptr);
        QVERIFY(view.range(0xff'ffff) != nullptr);
        QVERIFY(view.range(0x100'0000) == nullptr);
        QCOMPARE(view.read(0xffff'ffff), romByte(1));
        QCOMPARE(view.read(0xffff'fff0), romByte(16));
        QCOMPARE(view.read(0xfffc'0000), romByte(kRomSize));
        view.write(0xffff'fff0, 0x55); // ignored
        QCOMPARE(view.read(0xffff'fff0), romByte(16));
    }

    void ramAboveFourGiB()
    {
        auto memory = *memory::GuestMemory::create({uint64_t{2} << 20, uint64_t{1} << 20});
        Q35Rig other;
        tests::FakeMapSink sink;
        memory::MemoryMap map(sink);
        const pci::PciServices services{other.board.pio, other.board.mmio, map, *memory,
                                        other.board.interrupts};
        bus::MmioBus mmio;
        const pci::PciServices own{services.pio, mmio, map, *memory, services.interrupts};
        const auto host = *chipset::Q35Host::create(own, other.pciBus, {});
        const auto ranges = map.ranges();
        const auto high = std::find_if(ranges.begin(), ranges.end(), [](const auto& range) {
            return range.base == memory::GuestPhys(uint64_t{1} << 32);
        });
        QVERIFY(high != ranges.end());
        QCOMPARE(high->size, uint64_t{1} << 20);
        QVERIFY(high->host == memory->hostBase() + (uint64_t{2} << 20));
    }

    void closedPamShowsRomAndHoles()
    {
        Q35Rig rig;
        const View view(rig);
        for (uint64_t address = 0xc'0000; address < 0xe'0000; address += 0x1000)
            QCOMPARE(view.read(address), uint8_t{0xff});
        for (uint64_t address = 0xe'0000; address < 0x10'0000; address += 0x1000)
            QCOMPARE(view.read(address), romByte(0x10'0000 - address));
        view.write(0xf'0000, 0x12);
        view.write(0xc'0000, 0x12);
        QCOMPARE(view.read(0xf'0000), romByte(0x1'0000));
        QCOMPARE(ramByte(rig, 0xf'0000), uint8_t{0});
        QCOMPARE(ramByte(rig, 0xc'0000), uint8_t{0});
    }

    /// Every segment in each of the four modes, the others closed.
    void pamModes()
    {
        Q35Rig rig;
        const View view(rig);
        const auto driver = rig.driver(Q35Rig::kHostBdf);
        for (unsigned segment = 0; segment < 13; ++segment) {
            const bool last = segment == 12;
            const uint64_t base = last ? 0xf'0000 : 0xc'0000 + uint64_t{segment} * 0x4000;
            const uint64_t end = last ? 0x10'0000 : base + 0x4000;
            const auto offset = static_cast<uint16_t>(last ? 0x90 : 0x91 + segment / 2);
            const unsigned shift = last || segment % 2 == 1 ? 4 : 0;
            for (const uint64_t address : {base, end - 1}) {
                static_cast<void>(
                    rig.board.memory->write(memory::GuestPhys(address), uint8_t{0xa5}).has_value());
                const uint8_t closed =
                    base >= 0xe'0000 ? romByte(0x10'0000 - address) : uint8_t{0xff};
                driver.write(offset, 1U << shift, 1); // read RAM, writes go nowhere
                view.write(address, 0x11);
                QCOMPARE(view.read(address), uint8_t{0xa5});
                driver.write(offset, 2U << shift, 1); // read ROM, write RAM
                view.write(address, 0x22);
                QCOMPARE(view.read(address), closed);
                QCOMPARE(ramByte(rig, address), uint8_t{0x22});
                driver.write(offset, 3U << shift, 1);
                view.write(address, 0x33);
                QCOMPARE(view.read(address), uint8_t{0x33});
                QCOMPARE(ramByte(rig, address), uint8_t{0x33});
                driver.write(offset, 0, 1);
                QCOMPARE(view.read(address), closed);
            }
        }
    }

    /// SeaBIOS' way: unlock, copy itself from the high ROM, lock again (facts: 0x30/0x33, then
    /// 0x10/0x11/0x31).
    void seabiosShadow()
    {
        Q35Rig rig;
        const View view(rig);
        const auto driver = rig.driver(Q35Rig::kHostBdf);
        QCOMPARE(driver.read(0x90, 1) & 0x10, 0U);
        driver.write(0x90, 0x30, 1);
        for (uint16_t pam = 0x91; pam <= 0x96; ++pam)
            driver.write(pam, 0x33, 1);
        for (uint64_t address = 0xe'0000; address < 0x10'0000; ++address)
            view.write(address, view.read(0xfff0'0000 + address));
        view.write(0xf'1234, 0x77);
        driver.write(0x90, 0x10, 1);
        driver.write(0x91, 0x11, 1);
        driver.write(0x96, 0x31, 1);
        QCOMPARE(view.read(0xf'1234), uint8_t{0x77});
        QCOMPARE(view.read(0xe'0000), romByte(0x2'0000));
        view.write(0xf'1234, 0x01);
        QCOMPARE(view.read(0xf'1234), uint8_t{0x77});
        rig.host->reset(); // the pristine ROM again
        QCOMPARE(view.read(0xf'1234), romByte(0x10'0000 - 0xf'1234));
    }

    void equalSegmentsMakeOneRange()
    {
        Q35Rig rig;
        const auto driver = rig.driver(Q35Rig::kHostBdf);
        driver.write(0x90, 0x30, 1);
        for (uint16_t pam = 0x91; pam <= 0x96; ++pam)
            driver.write(pam, 0x33, 1);
        const auto& ranges = rig.board.mapSink.ranges;
        const auto pam = std::find_if(ranges.begin(), ranges.end(), [](const auto& range) {
            return range.base == memory::GuestPhys(0xc'0000);
        });
        QVERIFY(pam != ranges.end());
        QCOMPARE(pam->size, uint64_t{0x4'0000});
        const auto before = ranges;
        driver.write(0x93, 0x33, 1);
        QVERIFY(before == ranges); // the same value again costs nothing
    }

    void smallAndNoRom()
    {
        Q35Rig small(tests::patternRom(0x8000));
        const View view(small);
        QCOMPARE(view.read(0xe'0000), uint8_t{0xff});
        QCOMPARE(view.read(0xf'ffff), romByte(1));
        Q35Rig none(std::vector<std::byte>{});
        QCOMPARE(View(none).read(0xf'ffff), uint8_t{0xff});
        Q35Rig rig;
        bus::MmioBus mmio;
        const auto services = rig.board.pciServices();
        const std::vector<std::byte> huge((size_t{16} << 20) + 1);
        QVERIFY(!chipset::Q35Host::create(services, rig.pciBus, huge).has_value());
    }

    void ecamFollowsPciexbar()
    {
        Q35Rig rig;
        const auto driver = rig.driver(Q35Rig::kHostBdf);
        auto& mmio = rig.board.mmio;
        const auto lpcId = [&](uint64_t base) {
            return mmio.read(memory::GuestPhys(base + (0x1f << 15)), 4);
        };
        QCOMPARE(lpcId(0xb000'0000), uint64_t{0xffff'ffff});
        driver.write(0x60, 0, 4); // the order of both firmwares
        driver.write(0x64, 0, 4);
        driver.write(0x60, 0xb000'0001, 4);
        QCOMPARE(lpcId(0xb000'0000), uint64_t{0x2918'8086});
        QCOMPARE(mmio.read(memory::GuestPhys(0xb000'0000 + (255 << 20)), 4), uint64_t{0xffff'ffff});
        driver.write(0x60, 0xc000'0005, 4); // 64 MiB
        QCOMPARE(lpcId(0xb000'0000), uint64_t{0xffff'ffff});
        QCOMPARE(lpcId(0xc000'0000), uint64_t{0x2918'8086});
        driver.write(0x60, 0, 4);
        driver.write(0x64, 8, 4);
        driver.write(0x60, 1, 4);
        QCOMPARE(lpcId(uint64_t{8} << 32), uint64_t{0x2918'8086});
        driver.write(0x64, 0xffff'ffff, 4); // only 35:32 exist
        QCOMPARE(driver.read(0x64, 4), 0xfU);
        rig.host->reset();
        QCOMPARE(lpcId(uint64_t{15} << 32), uint64_t{0xffff'ffff});
    }

    void smramLocks()
    {
        Q35Rig rig;
        const auto driver = rig.driver(Q35Rig::kHostBdf);
        QCOMPARE(driver.read(0x9d, 1), 0x02U);
        QCOMPARE(driver.read(0x9e, 1), 0x38U);
        driver.write(0x9d, 0x4a, 1);
        QCOMPARE(driver.read(0x9d, 1), 0x4aU);
        driver.write(0x9e, 0x01, 1);
        QCOMPARE(driver.read(0x9e, 1), 0x39U);
        driver.write(0x9d, 0x5a, 1); // D_LCK closes D_OPEN
        QCOMPARE(driver.read(0x9d, 1), 0x1aU);
        driver.write(0x9c, 0xffff'ff00, 4);
        QCOMPARE(driver.read(0x9d, 2), 0x391aU);
        rig.host->reset();
        QCOMPARE(driver.read(0x9d, 2), 0x3802U);
    }

    void suites()
    {
        Q35Rig rig;
        const auto driver = rig.driver(Q35Rig::kHostBdf);
        driver.write(0x60, 0xb000'0001, 4);
        driver.write(0x90, 0x30, 1);
        driver.write(0x96, 0x12, 1);
        driver.write(0x9d, 0x1a, 1);
        struct Fresh final : state::Participant {
            Q35Rig rig;
            std::string stateName() const override { return rig.host->stateName(); }
            state::Record saveState() const override { return rig.host->saveState(); }
            Result<void> loadState(const state::Record& record) override
            {
                return rig.host->loadState(record);
            }
        };
        tests::deviceStateSuite(*rig.host, [] { return std::make_unique<Fresh>(); });
        Q35Rig fresh;
        QVERIFY(fresh.host->loadState(rig.host->saveState()).has_value());
        QVERIFY(fresh.board.mapSink.ranges.size() == rig.board.mapSink.ranges.size());
        QCOMPARE(fresh.board.mmio.read(memory::GuestPhys(0xb000'0000), 4), uint64_t{0x29c0'8086});
        tests::mmioFuzzSuite(*rig.host, 0x4'0000);
        Q35Rig other;
        tests::resetSuite(*rig.host, *rig.host, *other.host, *other.host);
    }

    void configurationFuzz()
    {
        Q35Rig rig;
        std::mt19937 random(7);
        for (int i = 0; i < 5000; ++i) {
            const unsigned size = 1U << random() % 3;
            const auto offset = static_cast<uint16_t>(random() % 256 & ~(size - 1));
            rig.host->writeConfig(offset, static_cast<uint32_t>(random()), size);
            static_cast<void>(rig.host->readConfig(offset, size));
        }
        QCOMPARE(rig.driver(Q35Rig::kHostBdf).read(0, 4), 0x29c0'8086U);
    }
};

QTEST_GUILESS_MAIN(Q35HostTest)
#include "q35_host_test.moc"
