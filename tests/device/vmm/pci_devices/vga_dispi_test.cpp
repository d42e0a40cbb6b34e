// SPDX-License-Identifier: GPL-3.0-or-later
// Bochs VBE modes as firmware and drivers set them, with the limits of video memory.
#include <QtTest>

#include "tests/device/vmm/pci_devices/vga_driver.h"

using namespace tests;
using vmm::console::Rect;

class VgaDispiTest : public QObject {
    Q_OBJECT
private slots:
    void identifies();
    void capabilities();
    void modes_data();
    void modes();
    void wideModes();
    void modeIsCutToVideoMemory();
    void panningStaysInside();
    void enablingClearsUnlessToldNot();
    void bankedWindow();
    void cve_2016_3710();
    void cve_2016_3712();
    void planarVbe();
    void eightBitDac();
    void blankByPaletteSource();
    void directWritesAreDamage();
    void registersThroughBar2();
    void leavingVbeShowsTextAgain();
};

void VgaDispiTest::identifies()
{
    VgaBoard board;
    QCOMPARE(board.dispi(0), uint16_t{0xb0c5});
    board.setDispi(0, 0xb0c2);
    QCOMPARE(board.dispi(0), uint16_t{0xb0c2});
    board.setDispi(0, 0xb0c6);
    board.setDispi(0, 0x1234);
    QCOMPARE(board.dispi(0), uint16_t{0xb0c2});
    QCOMPARE(board.dispi(10), uint16_t{VgaBoard::kVram >> 16});
    QCOMPARE(board.dispi(11), uint16_t{0});
    QCOMPARE(board.dispi(0xffff), uint16_t{0});
    // A dword at 0x1ce is the index and the data at 0x1d0.
    board.board.pio.write(vmm::memory::GuestPort(0x1ce), 0x0320'0001, 4);
    QCOMPARE(board.dispi(1), uint16_t{0x320});
}

void VgaDispiTest::capabilities()
{
    VgaBoard board;
    board.setDispi(1, 640);
    board.setDispi(4, 2);
    QCOMPARE(board.dispi(1), uint16_t{8192});
    QCOMPARE(board.dispi(2), uint16_t{8192});
    QCOMPARE(board.dispi(3), uint16_t{32});
    board.setDispi(4, 0);
    QCOMPARE(board.dispi(1), uint16_t{640});
}

void VgaDispiTest::modes_data()
{
    QTest::addColumn<unsigned>("bpp");
    QTest::addColumn<unsigned>("bytes");
    QTest::addColumn<uint32_t>("value");
    QTest::addColumn<uint32_t>("expected");
    QTest::newRow("8") << 8U << 1U << 0x77U << VgaBoard::colour(0x77);
    QTest::newRow("15") << 15U << 2U << (0x8000U | 31U << 10 | 1U) << 0xffff0008U;
    QTest::newRow("16") << 16U << 2U << (31U << 11 | 32U << 5) << 0xffff8200U;
    QTest::newRow("24") << 24U << 3U << 0x123456U << 0xff123456U;
    QTest::newRow("32") << 32U << 4U << 0x00abcdefU << 0xffabcdefU;
}

void VgaDispiTest::modes()
{
    QFETCH(unsigned, bpp);
    QFETCH(unsigned, bytes);
    QFETCH(uint32_t, value);
    QFETCH(uint32_t, expected);
    VgaBoard board;
    board.setPalette();
    board.enableVbe(1366, 768, bpp);
    const size_t at = (1366 * 700 + 1365) * bytes;
    for (unsigned i = 0; i < bytes; ++i)
        board.vga->vramBytes()[at + i] = static_cast<std::byte>(value >> (8 * i));
    board.update();
    QCOMPARE(board.frame.width, 1366);
    QCOMPARE(board.frame.height, 768);
    QCOMPARE(board.pixel(1365, 700), expected);
    QCOMPARE(board.pixel(0, 701), 0xff000000U);
}

void VgaDispiTest::wideModes()
{
    VgaBoard board(uint64_t{64} << 20);
    board.enableVbe(3840, 2160, 32);
    vmm::storeLe(board.vga->vramBytes().data() + (3840 * 2159 + 3839) * 4, 0x00c0ffeeU);
    board.update();
    QCOMPARE(board.frame.width, 3840);
    QCOMPARE(board.frame.height, 2160);
    QCOMPARE(board.pixel(3839, 2159), 0xffc0ffeeU);
    board.enableVbe(5120, 2880, 32);
    board.update();
    QCOMPARE(board.frame.width, 5120);
    QCOMPARE(board.frame.height, 2880);
}

void VgaDispiTest::modeIsCutToVideoMemory()
{
    VgaBoard board(uint64_t{1} << 20);
    board.enableVbe(1024, 768, 32);
    QCOMPARE(board.dispi(2), uint16_t{256});
    board.enableVbe(0xffff, 0xffff, 32);
    QCOMPARE(board.dispi(1), uint16_t{8192});
    QCOMPARE(board.dispi(2), uint16_t{32});
    board.setDispi(6, 0xffff);
    QCOMPARE(board.dispi(7), uint16_t{4});
    QCOMPARE(board.dispi(2), uint16_t{4});
    board.enableVbe(0, 0, 7);
    QCOMPARE(board.dispi(1), uint16_t{1});
    QCOMPARE(board.dispi(2), uint16_t{1});
    board.update();
    QCOMPARE(board.frame.width, 1);
}

void VgaDispiTest::panningStaysInside()
{
    VgaBoard board;
    board.enableVbe(640, 480, 32);
    board.setDispi(6, 1024);
    QCOMPARE(board.dispi(7), uint16_t{4096});
    vmm::storeLe(board.vga->vramBytes().data() + (1024 * 500 + 100) * 4, 0x00123456U);
    board.setDispi(8, 100);
    board.setDispi(9, 500);
    board.update();
    QCOMPARE(board.pixel(0, 0), 0xff123456U);
    board.setDispi(8, 0xffff);
    board.setDispi(9, 0xffff);
    QCOMPARE(board.dispi(8), uint16_t{1024 - 640});
    QCOMPARE(board.dispi(9), uint16_t{4096 - 480});
    board.update();
}

void VgaDispiTest::enablingClearsUnlessToldNot()
{
    VgaBoard board;
    board.vga->vramBytes()[100] = std::byte{1};
    board.enableVbe(640, 480, 32, 0xc1);
    QCOMPARE(board.vga->vramBytes()[100], std::byte{1});
    board.enableVbe(640, 480, 32);
    QCOMPARE(board.vga->vramBytes()[100], std::byte{0});
    board.vga->vramBytes()[100] = std::byte{1};
    board.setDispi(4, 0x41); // enabled already
    QCOMPARE(board.vga->vramBytes()[100], std::byte{1});
}

void VgaDispiTest::bankedWindow()
{
    VgaBoard board;
    board.enableVbe(640, 480, 8, 1);
    board.setDispi(5, 3);
    QCOMPARE(board.dispi(5), uint16_t{3});
    board.poke(0xa1234, 0x5a);
    QCOMPARE(board.vga->vramBytes()[0x31234], std::byte{0x5a});
    QCOMPARE(board.peek(0xa1234), uint64_t{0x5a});
    QCOMPARE(board.peek(0xb0000), uint64_t{0xff});
    board.update();
    board.poke(0xa0000, 0x01);
    const auto damage = board.update();
    QCOMPARE(damage.size(), size_t{0}); // palette entries 0 and 1 are both black
    QCOMPARE(board.vga->vramBytes()[0x30000], std::byte{1});
}

// A bank and a window offset that together lie beyond video memory must not be reached.
void VgaDispiTest::cve_2016_3710()
{
    VgaBoard board(uint64_t{1} << 20);
    for (const unsigned bpp : {4U, 8U, 16U, 32U}) {
        board.enableVbe(640, 480, bpp, 1);
        for (const unsigned bank : {15U, 16U, 63U, 0x7fffU, 0xffffU}) {
            board.setDispi(5, bank);
            board.setDispi(3, 4); // the bank was checked for the other depth
            for (const uint64_t address : {0xaffffULL, 0xbffffULL, 0xa0000ULL, 0xafff8ULL}) {
                board.poke(address, 0x5a);
                static_cast<void>(board.peek(address));
            }
            board.setDispi(3, bpp);
            board.poke(0xafff8, ~uint64_t{0}, 8);
            static_cast<void>(board.peek(0xafff8, 8));
        }
    }
    board.update();
}

// VGA registers changed behind an enabled VBE mode must not make drawing leave video memory.
void VgaDispiTest::cve_2016_3712()
{
    VgaBoard board(uint64_t{1} << 20);
    board.setMode(kMode12);
    board.enableVbe(1024, 768, 4);
    for (const unsigned value : {0xffU, 0x7fU, 0x00U, 0x55U}) {
        for (unsigned index = 0; index < 0x19; ++index)
            board.setCr(index, value);
        for (unsigned index = 1; index < 5; ++index)
            board.setSr(index, value & ~0x20U);
        for (unsigned index = 0; index < 9; ++index)
            board.setGr(index, value);
        for (const unsigned enabled : {0x41U, 0U, 1U}) {
            board.setDispi(4, enabled);
            board.setDispi(6, 0xffff);
            board.setDispi(9, 0xffff);
            board.update();
            static_cast<void>(board.vga->scanout().text());
            QVERIFY(board.frame.width <= vmm::console::Frame::kMaxSide);
            QVERIFY(board.frame.height <= vmm::console::Frame::kMaxSide);
            static_cast<void>(board.peek(0xa0000, 8));
            board.poke(0xbfff8, 0, 8);
        }
    }
}

void VgaDispiTest::planarVbe()
{
    VgaBoard board;
    board.setMode(kMode12);
    board.enableVbe(1024, 768, 4);
    board.setSr(2, 0x0a);
    board.setDispi(5, 1);
    const unsigned at = 128 * 600 + 127; // beyond the first bank
    board.poke(0xa0000 + at - 0x10000, 0x01);
    board.update();
    QCOMPARE(board.frame.width, 1024);
    QCOMPARE(board.pixel(1023, 600), VgaBoard::colour(0x3a));
    QCOMPARE(board.pixel(1022, 600), 0xff000000U);
    board.setDispi(9, 100);
    QCOMPARE(board.dispi(9), uint16_t{100});
    board.update();
    QCOMPARE(board.pixel(1023, 500), VgaBoard::colour(0x3a));
}

void VgaDispiTest::eightBitDac()
{
    VgaBoard board;
    board.enableVbe(640, 480, 8, 0x61);
    board.setDac(9, 0xf1, 0x82, 0x03);
    board.vga->vramBytes()[0] = std::byte{9};
    board.update();
    QCOMPARE(board.pixel(0, 0), 0xfff18203U);
    board.out8(0x3c7, 9);
    QCOMPARE(board.in8(0x3c9), uint8_t{0xf1});
    board.setDispi(4, 0x41);
    board.out8(0x3c7, 9);
    QCOMPARE(board.in8(0x3c9), uint8_t{0x31});
}

void VgaDispiTest::blankByPaletteSource()
{
    VgaBoard board;
    board.enableVbe(640, 480, 32);
    vmm::storeLe(board.vga->vramBytes().data(), 0x00ffffffU);
    board.update();
    QCOMPARE(board.pixel(0, 0), 0xffffffffU);
    board.in8(0x3da);
    board.out8(0x3c0, 0);
    board.update();
    QCOMPARE(board.frame.width, 640); // the size stays
    QCOMPARE(board.pixel(0, 0), 0xff000000U);
    board.mapBars();
    board.poke(VgaBoard::kRegisters + 0x41a, 0, 1); // as bochs-drm: through BAR 2
    board.peek(VgaBoard::kRegisters + 0x41a, 1);
    board.poke(VgaBoard::kRegisters + 0x400, 0x20, 1);
    board.update();
    QCOMPARE(board.pixel(0, 0), 0xffffffffU);
}

void VgaDispiTest::directWritesAreDamage()
{
    VgaBoard board;
    board.mapBars();
    QCOMPARE(board.board.mapSink.ranges.size(), size_t{1});
    QCOMPARE(board.board.mapSink.ranges[0].base.value(), VgaBoard::kLfb);
    QVERIFY(board.board.mapSink.ranges[0].dirtyLog == vmm::memory::MapDirtyLog::On);
    board.enableVbe(1024, 768, 32);
    board.update();
    QVERIFY(board.update().empty());
    board.lfbWrite32((1024 * 50 + 7) * 4, 0x00ff0000);
    board.lfbWrite32((1024 * 51 + 9) * 4, 0x00ff0000);
    board.lfbWrite32((1024 * 600) * 4, 0x0000ff00);
    const auto damage = board.update();
    QCOMPARE(damage.size(), size_t{2});
    QVERIFY((damage[0] == Rect{7, 50, 3, 2}));
    QVERIFY((damage[1] == Rect{0, 600, 1, 1}));
    QCOMPARE(board.pixel(9, 51), 0xffff0000U);
    vmm::storeLe(board.vga->vramBytes().data(), 0x00ffffffU);
    QVERIFY(board.update().empty()); // not in the log: not looked at
    board.vga->writeConfig(0x10, 0xd000'0000, 4);
    QCOMPARE(board.update().size(), size_t{1}); // moved: everything anew
}

void VgaDispiTest::registersThroughBar2()
{
    VgaBoard board;
    board.mapBars();
    const uint64_t base = VgaBoard::kRegisters;
    QCOMPARE(board.peek(base + 0x500, 2), uint64_t{0xb0c5});
    board.poke(base + 0x502, 800, 2);
    board.poke(base + 0x504, 600, 2);
    board.poke(base + 0x506, 32, 2);
    board.poke(base + 0x508, 0x41, 2);
    QCOMPARE(board.peek(base + 0x502, 4), uint64_t{600} << 16 | 800);
    board.poke(base + 0x40e, 0x5508, 2); // 3ce/3cf: bit mask
    board.out8(0x3ce, 8);
    QCOMPARE(board.in8(0x3cf), uint8_t{0x55});
    unsigned sum = 0;
    for (unsigned i = 0; i < 128; ++i)
        sum += static_cast<unsigned>(board.peek(base + i));
    QCOMPARE(sum % 256, 0U);
    QCOMPARE(board.peek(base, 8), uint64_t{0x00ff'ffff'ffff'ff00});
    QCOMPARE(board.peek(base + 0x600, 4), uint64_t{0});
}

void VgaDispiTest::leavingVbeShowsTextAgain()
{
    VgaBoard board;
    board.enableVbe(800, 600, 32);
    board.update();
    QVERIFY(!board.vga->scanout().text());
    board.setDispi(4, 0);
    board.setMode(kMode3);
    board.update();
    QCOMPARE(board.frame.width, 720);
    QVERIFY(board.vga->scanout().text().has_value());
}

QTEST_GUILESS_MAIN(VgaDispiTest)
#include "vga_dispi_test.moc"
