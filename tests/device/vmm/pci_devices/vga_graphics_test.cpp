// SPDX-License-Identifier: GPL-3.0-or-later
// VGA graphics modes and the planes behind them: 12h, 13h, X, 4, 6, 0Dh; read and write modes.
#include <QtTest>

#include "tests/device/vmm/pci_devices/vga_driver.h"

using namespace tests;
using vmm::console::Rect;

class VgaGraphicsTest : public QObject {
    Q_OBJECT
private slots:
    void mode12Planes();
    void writeModes();
    void writeMode3();
    void logicalOperations();
    void readModes();
    void chain4IsAByteADot();
    void modeXUnchained();
    void modeXPanningAndSplit();
    void chain4AndPlanesShareMemory();
    void cgaFourColours();
    void cgaTwoColours();
    void lowResolutionIsDoubled();
    void damageIsTight();
    void windowDecode();
    void colourSelectAndMask();
};

void VgaGraphicsTest::mode12Planes()
{
    VgaBoard board;
    board.setMode(kMode12);
    board.setSr(2, 0x05);
    board.poke(0xa0000 + 80 * 10 + 2, 0x81);
    board.update();
    QCOMPARE(board.frame.width, 640);
    QCOMPARE(board.frame.height, 480);
    QCOMPARE(board.pixel(16, 10), VgaBoard::colour(5));
    QCOMPARE(board.pixel(17, 10), 0xff000000U);
    QCOMPARE(board.pixel(23, 10), VgaBoard::colour(5));
    board.poke(0xa0000 + 80 * 479 + 79, 1);
    board.update();
    QCOMPARE(board.pixel(639, 479), VgaBoard::colour(5));
}

void VgaGraphicsTest::writeModes()
{
    VgaBoard board;
    board.setMode(kMode12);
    const auto dots = [&] {
        uint32_t value = 0;
        for (unsigned plane = 0; plane < 4; ++plane) {
            board.setGr(4, plane);
            value |= static_cast<uint32_t>(board.peek(0xa0000)) << (8 * plane);
        }
        return value;
    };
    board.poke(0xa0000, 0x3c);
    QCOMPARE(dots(), 0x3c3c3c3cU);
    board.setGr(3, 2); // rotate right by 2
    board.poke(0xa0000, 0x81);
    QCOMPARE(dots(), 0x60606060U);
    board.setGr(3, 0);
    board.setGr(0, 0x05); // set/reset: colour 5 in all planes
    board.setGr(1, 0x0f);
    board.poke(0xa0000, 0x00);
    QCOMPARE(dots(), 0x00ff00ffU);
    board.setGr(1, 0x03); // only planes 0 and 1 from set/reset
    board.poke(0xa0000, 0x11);
    QCOMPARE(dots(), 0x111100ffU);
    board.setGr(1, 0);
    board.setGr(8, 0x0f); // bit mask: high half stays the latch's
    board.peek(0xa0000);
    board.poke(0xa0000, 0xaa);
    QCOMPARE(dots(), 0x1a1a0afaU);
    board.setGr(8, 0xff);
    board.setGr(5, 2); // write mode 2: the value is a colour
    board.poke(0xa0000, 0x0a);
    QCOMPARE(dots(), 0xff00ff00U);
    board.peek(0xa0000); // latches
    board.setGr(5, 1);
    board.poke(0xa0001, 0x55); // write mode 1: copies latches
    board.setGr(5, 0);
    board.setGr(4, 3);
    QCOMPARE(board.peek(0xa0001), uint64_t{0xff});
    board.setGr(4, 2);
    QCOMPARE(board.peek(0xa0001), uint64_t{0});
}

void VgaGraphicsTest::writeMode3()
{
    VgaBoard board;
    board.setMode(kMode12);
    board.poke(0xa0000, 0xff);
    board.peek(0xa0000);
    board.setGr(5, 3);
    board.setGr(0, 0x09);
    board.setGr(8, 0x3f);
    board.poke(0xa0000, 0xf0); // draws colour 9 where value and mask have ones
    board.setGr(5, 0);
    board.update();
    for (int x = 0; x < 8; ++x)
        QCOMPARE(board.pixel(x, 0),
                 x == 2 || x == 3 ? VgaBoard::colour(0x39) : VgaBoard::colour(0x3f));
}

void VgaGraphicsTest::logicalOperations()
{
    VgaBoard board;
    board.setMode(kMode12);
    const auto apply = [&](unsigned function) {
        board.setGr(3, 0);
        board.poke(0xa0000, 0x0f);
        board.peek(0xa0000);
        board.setGr(3, function << 3);
        board.poke(0xa0000, 0x33);
        return board.peek(0xa0000);
    };
    QCOMPARE(apply(0), uint64_t{0x33});
    QCOMPARE(apply(1), uint64_t{0x03});
    QCOMPARE(apply(2), uint64_t{0x3f});
    QCOMPARE(apply(3), uint64_t{0x3c});
}

void VgaGraphicsTest::readModes()
{
    VgaBoard board;
    board.setMode(kMode12);
    board.setSr(2, 1);
    board.poke(0xa0000, 0xf0);
    board.setSr(2, 4);
    board.poke(0xa0000, 0x3c);
    board.setGr(4, 2);
    QCOMPARE(board.peek(0xa0000), uint64_t{0x3c});
    board.setGr(5, 8);
    board.setGr(2, 0x05);
    QCOMPARE(board.peek(0xa0000), uint64_t{0x30}); // dots of colour 5
    board.setGr(7, 0x01);                          // only plane 0 counts
    QCOMPARE(board.peek(0xa0000), uint64_t{0xf0});
    board.setGr(7, 0x00);
    QCOMPARE(board.peek(0xa0000), uint64_t{0xff});
}

void VgaGraphicsTest::chain4IsAByteADot()
{
    VgaBoard board;
    board.setMode(kMode13);
    board.poke(0xa0000 + 320 * 3 + 5, 0x4c4b'4a49, 4);
    board.update();
    QCOMPARE(board.frame.width, 640);
    QCOMPARE(board.frame.height, 400);
    for (unsigned i = 0; i < 4; ++i) {
        const int x = static_cast<int>(2 * (5 + i));
        QCOMPARE(board.pixel(x, 6), VgaBoard::colour(0x49 + i));
        QCOMPARE(board.pixel(x + 1, 7), VgaBoard::colour(0x49 + i));
    }
    QCOMPARE(board.pixel(10, 5), 0xff000000U);
    QCOMPARE(board.pixel(10, 8), 0xff000000U);
    QCOMPARE(board.peek(0xa0000 + 320 * 3 + 5, 4), uint64_t{0x4c4b'4a49});
    board.poke(0xa0000 + 63999, 0xff);
    board.update();
    QCOMPARE(board.pixel(639, 399), VgaBoard::colour(0xff));
}

namespace {

void setModeX(VgaBoard& board)
{
    board.setMode(kMode13);
    board.setSr(4, 6);
    board.out8(0x3c2, 0xe3);
    board.setCr(0x11, 0x2c);
    constexpr std::array<std::array<unsigned, 2>, 10> kCrtc = {{{0x06, 0x0d},
                                                                {0x07, 0x3e},
                                                                {0x09, 0x41},
                                                                {0x10, 0xea},
                                                                {0x11, 0xac},
                                                                {0x12, 0xdf},
                                                                {0x14, 0x00},
                                                                {0x15, 0xe7},
                                                                {0x16, 0x06},
                                                                {0x17, 0xe3}}};
    for (const auto& [index, value] : kCrtc)
        board.setCr(index, value);
}

} // namespace

void VgaGraphicsTest::modeXUnchained()
{
    VgaBoard board;
    setModeX(board);
    board.setSr(2, 1 << 2); // column 4n + 2
    board.poke(0xa0000 + 80 * 239 + 1, 0x77);
    board.update();
    QCOMPARE(board.frame.height, 480);
    QCOMPARE(board.pixel(12, 478), VgaBoard::colour(0x77));
    QCOMPARE(board.pixel(13, 479), VgaBoard::colour(0x77));
    QCOMPARE(board.pixel(14, 479), 0xff000000U);
    board.setCr(0x0c, (80 * 239) >> 8); // second page
    board.setCr(0x0d, (80 * 239) & 0xff);
    board.update();
    QCOMPARE(board.pixel(12, 0), VgaBoard::colour(0x77));
}

void VgaGraphicsTest::modeXPanningAndSplit()
{
    VgaBoard board;
    setModeX(board);
    board.setSr(2, 0x0f);
    for (unsigned i = 0; i < 80; ++i)
        board.poke(0xa0000 + i, 0x50);
    board.setSr(2, 1 << 1);
    board.poke(0xa0000, 0x66); // the second dot
    board.setAr(0x13, 2);      // one dot to the left
    board.update();
    QCOMPARE(board.pixel(0, 0), VgaBoard::colour(0x66));
    QCOMPARE(board.pixel(2, 0), VgaBoard::colour(0x50));
    board.setAr(0x10, 0x61); // panning ends at the split
    board.setCr(0x18, 99);
    board.setCr(0x07, 0x2e);
    board.setCr(0x09, 0x01);
    board.setCr(0x0c, 0x40);
    board.update();
    QCOMPARE(board.pixel(2, 99), 0xff000000U);
    QCOMPARE(board.pixel(0, 100), VgaBoard::colour(0x50));
    QCOMPARE(board.pixel(2, 100), VgaBoard::colour(0x66));
}

void VgaGraphicsTest::chain4AndPlanesShareMemory()
{
    VgaBoard board;
    board.setMode(kMode13);
    board.poke(0xa0000 + 8 + 3, 0x5a);
    board.setSr(4, 6); // unchained: plane 3, address 8
    board.setGr(4, 3);
    QCOMPARE(board.peek(0xa0008), uint64_t{0x5a});
    QCOMPARE(board.peek(0xa0002), uint64_t{0});
}

void VgaGraphicsTest::cgaFourColours()
{
    VgaBoard board;
    board.setMode(kMode4);
    board.poke(0xb8000 + 1, 0x1b);           // dots 4-7 of line 0: colours 0 1 2 3
    board.poke(0xb8000 + 0x2000 + 80, 0xc0); // line 3, first dot: colour 3
    board.update();
    QCOMPARE(board.frame.width, 640);
    QCOMPARE(board.frame.height, 400);
    QCOMPARE(board.pixel(8, 0), 0xff000000U);
    QCOMPARE(board.pixel(10, 0), VgaBoard::colour(0x13));
    QCOMPARE(board.pixel(12, 1), VgaBoard::colour(0x15));
    QCOMPARE(board.pixel(15, 1), VgaBoard::colour(0x17));
    QCOMPARE(board.pixel(8, 2), 0xff000000U);
    QCOMPARE(board.pixel(0, 6), VgaBoard::colour(0x17));
    QCOMPARE(board.pixel(1, 7), VgaBoard::colour(0x17));
    QCOMPARE(board.pixel(0, 5), 0xff000000U);
    QCOMPARE(board.peek(0xb8001), uint64_t{0x1b});
}

void VgaGraphicsTest::cgaTwoColours()
{
    VgaBoard board;
    board.setMode(kMode6);
    board.poke(0xb8000 + 79, 0x01);
    board.poke(0xb8000 + 0x2000, 0x80);
    board.update();
    QCOMPARE(board.frame.width, 640);
    QCOMPARE(board.frame.height, 400);
    QCOMPARE(board.pixel(639, 0), VgaBoard::colour(0x17));
    QCOMPARE(board.pixel(639, 1), VgaBoard::colour(0x17));
    QCOMPARE(board.pixel(638, 0), 0xff000000U);
    QCOMPARE(board.pixel(0, 2), VgaBoard::colour(0x17));
    QCOMPARE(board.pixel(0, 0), 0xff000000U);
}

void VgaGraphicsTest::lowResolutionIsDoubled()
{
    VgaBoard board;
    board.setMode(kMode0d);
    board.setSr(2, 0x04);
    board.poke(0xa0000 + 40, 0x40);
    board.update();
    QCOMPARE(board.frame.width, 640);
    QCOMPARE(board.frame.height, 400);
    QCOMPARE(board.pixel(2, 2), VgaBoard::colour(4));
    QCOMPARE(board.pixel(3, 3), VgaBoard::colour(4));
    QCOMPARE(board.pixel(4, 3), 0xff000000U);
    QCOMPARE(board.pixel(2, 1), 0xff000000U);
}

void VgaGraphicsTest::damageIsTight()
{
    VgaBoard board;
    board.setMode(kMode12);
    board.update();
    QVERIFY(board.update().empty());
    board.poke(0xa0000 + 80 * 100 + 10, 0xff);
    board.poke(0xa0000 + 80 * 101 + 10, 0xff);
    board.poke(0xa0000 + 80 * 300 + 0, 0x80);
    const auto damage = board.update();
    QCOMPARE(damage.size(), size_t{2});
    QVERIFY((damage[0] == Rect{80, 100, 8, 2}));
    QVERIFY((damage[1] == Rect{0, 300, 1, 1}));
    board.setDac(0, 1, 1, 1);
    QVERIFY(!board.update().empty());
    QCOMPARE(board.pixel(5, 5), 0xff040404U);
}

void VgaGraphicsTest::windowDecode()
{
    VgaBoard board;
    board.setMode(kMode12);
    board.poke(0xa0000, 0x12);
    QCOMPARE(board.peek(0xb0000), uint64_t{0xff});
    board.setGr(6, 0x09); // b0000, 32 KiB
    QCOMPARE(board.peek(0xa0000), uint64_t{0xff});
    QCOMPARE(board.peek(0xb0000), uint64_t{0x12});
    QCOMPARE(board.peek(0xb8000), uint64_t{0xff});
    board.setGr(6, 0x0d); // b8000
    QCOMPARE(board.peek(0xb8000), uint64_t{0x12});
    board.setGr(6, 0x01); // all 128 KiB, the upper half again
    QCOMPARE(board.peek(0xa0000), uint64_t{0x12});
    QCOMPARE(board.peek(0xb0000), uint64_t{0x12});
    board.out8(0x3c2, 0xe1); // memory off
    QCOMPARE(board.peek(0xa0000), uint64_t{0xff});
}

void VgaGraphicsTest::colourSelectAndMask()
{
    VgaBoard board;
    board.setMode(kMode12);
    board.poke(0xa0000, 0xff);
    board.setAr(0x14, 0x04); // bits 7-6 of the DAC index: 01
    board.update();
    QCOMPARE(board.pixel(0, 0), VgaBoard::colour(0x7f));
    board.setAr(0x10, 0x81); // and bits 5-4 too
    board.setAr(0x14, 0x06);
    board.update();
    QCOMPARE(board.pixel(0, 0), VgaBoard::colour(0x6f));
    board.out8(0x3c6, 0x0f);
    board.update();
    QCOMPARE(board.pixel(0, 0), VgaBoard::colour(0x0f));
}

QTEST_GUILESS_MAIN(VgaGraphicsTest)
#include "vga_graphics_test.moc"
