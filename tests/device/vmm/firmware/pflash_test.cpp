// SPDX-License-Identifier: GPL-3.0-or-later
// The flash chip as firmware drives it: detect, program, erase. Intel 28F640J3; JESD68.01.
#include <QtTest>

#include "tests/support/fakes.h"
#include "tests/support/suites.h"
#include "vmm/firmware/pflash.h"

using vmm::firmware::Bytes;
using vmm::firmware::Pflash;
using vmm::memory::GuestPhys;

namespace {

constexpr uint64_t kBase = 0xffc0'0000;
constexpr size_t kSize = 16 * 4096;

/// A board with a chip that holds 0xa5 everywhere.
struct Setup {
    Setup() : flash(std::move(*Pflash::create(board.mmio, board.map, GuestPhys(kBase), content())))
    {}
    static Bytes content() { return Bytes(kSize, std::byte{0xa5}); }
    /// What a vCPU reads: the map when it has the address, else the bus.
    uint8_t read(uint64_t offset)
    {
        for (const auto& range : board.mapSink.ranges)
            if (kBase + offset >= range.base.value() &&
                kBase + offset - range.base.value() < range.size)
                return std::to_integer<uint8_t>(range.host[kBase + offset - range.base.value()]);
        return static_cast<uint8_t>(board.mmio.read(GuestPhys(kBase + offset), 1));
    }
    void write(uint64_t offset, uint64_t value, unsigned size = 1)
    {
        board.mmio.write(GuestPhys(kBase + offset), value, size);
    }
    bool direct() const { return !board.mapSink.ranges.empty(); }

    tests::FakeBoard board;
    std::unique_ptr<Pflash> flash;
};

} // namespace

class PflashTest : public QObject {
    Q_OBJECT
private slots:
    void readsDirectlyInArrayMode()
    {
        Setup setup;
        QVERIFY(setup.direct());
        QCOMPARE(setup.read(5), uint8_t{0xa5});
        QVERIFY(setup.board.mapSink.ranges.front().access == vmm::memory::MapAccess::ReadOnly);
        setup.write(0, 0x70);
        QVERIFY(!setup.direct());
        setup.write(0, 0xff);
        QVERIFY(setup.direct());
    }
    /// As OVMF tells flash from RAM and ROM.
    void isDetected()
    {
        Setup setup;
        setup.write(0, 0x50);
        QCOMPARE(setup.read(0), uint8_t{0xa5}); // RAM would read 50
        setup.write(0, 0x70);
        QCOMPARE(setup.read(0), uint8_t{0}); // ROM would read a5
        setup.write(0, 0xff);
        QCOMPARE(setup.read(0), uint8_t{0xa5});
    }
    void programsAndErases()
    {
        Setup setup;
        setup.write(4100, 0x20);
        setup.write(4100, 0xd0);
        QCOMPARE(setup.read(0) & 0xb0, 0x80);
        setup.write(0, 0xff);
        QCOMPARE(setup.read(4095), uint8_t{0xa5});
        QCOMPARE(setup.read(4096), uint8_t{0xff});
        QCOMPARE(setup.read(8191), uint8_t{0xff});
        QCOMPARE(setup.read(8192), uint8_t{0xa5});
        const std::string text = "variable";
        for (size_t i = 0; i < text.size(); ++i) {
            setup.write(5000 + i, 0x10);
            setup.write(5000 + i, static_cast<uint8_t>(text[i]));
        }
        setup.write(5000, 0x40);
        setup.write(5000, 0x0f); // only clears bits
        setup.write(5000, 0xff);
        QCOMPARE(setup.read(5000), uint8_t{'v' & 0x0f});
        QCOMPARE(setup.read(5007), uint8_t{'e'});
    }
    void programsWideAndBuffered()
    {
        Setup setup;
        setup.write(0, 0x20);
        setup.write(0, 0xd0);
        setup.write(0, 0x40);
        setup.write(0, 0x44332211, 4);
        setup.write(256, 0xe8);
        QCOMPARE(setup.read(0), uint8_t{0x80});
        setup.write(256, 3);
        setup.write(256, 0x0201, 2);
        setup.write(258, 0x0403, 2);
        setup.write(256, 0xd0);
        setup.write(0, 0xff);
        QCOMPARE(setup.read(3), uint8_t{0x44});
        QCOMPARE(setup.read(259), uint8_t{4});
    }
    void wrongSequencesSetErrorBits()
    {
        Setup setup;
        setup.write(0, 0x20);
        setup.write(0, 0x12);
        QCOMPARE(setup.read(0) & 0x30, 0x30);
        setup.write(0, 0xe8); // a buffer that leaves its 256 bytes
        setup.write(0, 0xff);
        setup.write(256, 0x12);
        QCOMPARE(setup.read(0) & 0x30, 0x30);
        setup.write(0, 0x50);
        QCOMPARE(setup.read(0), uint8_t{0xa5});
    }
    void saysWhatItIs()
    {
        Setup setup;
        setup.write(0, 0x98);
        QCOMPARE(setup.read(0x10), uint8_t{'Q'});
        QCOMPARE(setup.read(0x12), uint8_t{'Y'});
        QCOMPARE(setup.read(0x27), uint8_t{16}); // 64 KiB
        QCOMPARE(setup.read(0x2d), uint8_t{15}); // blocks - 1
        QCOMPARE(setup.read(0x2f), uint8_t{16}); // 4 KiB each
        setup.write(0, 0x90);
        QCOMPARE(setup.read(0), uint8_t{0x89});
        QCOMPARE(setup.read(2), uint8_t{0});
    }
    void refusesOddSizes()
    {
        tests::FakeBoard board;
        for (const size_t size : {size_t{0}, size_t{4095}, Pflash::kMaxSize + 4096})
            QVERIFY(!Pflash::create(board.mmio, board.map, GuestPhys(kBase), Bytes(size)));
    }
    void keepsItsState()
    {
        Setup setup;
        setup.write(0, 0xe8);
        setup.write(0, 9);
        setup.write(0, 0x11);
        struct Owner final : vmm::state::Participant {
            Setup setup;
            std::string stateName() const override { return setup.flash->stateName(); }
            vmm::state::Record saveState() const override { return setup.flash->saveState(); }
            vmm::Result<void> loadState(const vmm::state::Record& record) override
            {
                return setup.flash->loadState(record);
            }
        };
        tests::deviceStateSuite(*setup.flash, [] { return std::make_unique<Owner>(); });
    }
    void resetKeepsTheContents()
    {
        Setup setup;
        Setup fresh;
        setup.write(0, 0x98);
        tests::resetSuite(*setup.flash, *setup.flash, *fresh.flash, *fresh.flash);
        setup.write(0, 0x10);
        setup.write(0, 0);
        setup.flash->reset();
        QVERIFY(setup.direct());
        QCOMPARE(setup.read(0), uint8_t{0});
    }
    void survivesAnything()
    {
        Setup setup;
        tests::mmioFuzzSuite(*setup.flash, kSize);
    }
};

QTEST_GUILESS_MAIN(PflashTest)
#include "pflash_test.moc"
