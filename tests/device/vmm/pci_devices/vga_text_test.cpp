// SPDX-License-Identifier: GPL-3.0-or-later
// VGA text modes as drivers set them: cells, cursor, fonts, damage, text for readers.
#include <QtTest>

#include "tests/device/vmm/pci_devices/vga_driver.h"

using namespace tests;
using vmm::console::Rect;

class VgaTextTest : public QObject {
    Q_OBJECT
private slots:
    void blankUntilAModeIsSet();
    void mode3ShowsCells();
    void textIsUnicode();
    void ninthColumnContinuesLineGraphics();
    void fortyColumnsAreWide();
    void cursorBlinkDamagesOneCell();
    void unchangedScreenHasNoDamage();
    void changedCellsAreTheDamage();
    void attributeBlinks();
    void hardwareScrollByStartAddress();
    void splitScreenByLineCompare();
    void panningMovesDots();
    void secondFontByAttributeBit3();
    void fontChangeRedraws();
    void oddTextSizes();
};

namespace {

void putCell(VgaBoard& board, unsigned cell, unsigned character, unsigned attribute)
{
    board.poke(0xb8000 + cell * 2, character | attribute << 8, 2);
}

} // namespace

void VgaTextTest::blankUntilAModeIsSet()
{
    VgaBoard board;
    QCOMPARE(board.update().size(), size_t{1});
    QCOMPARE(board.frame.width, 720);
    QCOMPARE(board.frame.height, 400);
    QCOMPARE(board.pixel(0, 0), 0xff000000U);
    QVERIFY(!board.vga->scanout().text().has_value());
    QVERIFY(board.update().empty());
}

void VgaTextTest::mode3ShowsCells()
{
    VgaBoard board;
    board.setMode(kMode3);
    board.loadGlyph('A', {0x80, 0xff, 0x01});
    putCell(board, 81, 'A', 0x1e); // second row, second column: yellow on blue
    board.update();
    QCOMPARE(board.frame.width, 720);
    QCOMPARE(board.frame.height, 400);
    const int x = 9;
    const int y = 16;
    const uint32_t ink = VgaBoard::colour(0x3e);
    const uint32_t paper = VgaBoard::colour(0x01);
    QCOMPARE(board.pixel(x, y), ink);
    QCOMPARE(board.pixel(x + 1, y), paper);
    QCOMPARE(board.pixel(x + 7, y + 1), ink);
    QCOMPARE(board.pixel(x + 8, y + 1), paper); // ninth column of a letter
    QCOMPARE(board.pixel(x + 7, y + 2), ink);
    QCOMPARE(board.pixel(x + 6, y + 2), paper);
    QCOMPARE(board.pixel(x + 9, y + 1), 0xff000000U);
}

void VgaTextTest::textIsUnicode()
{
    VgaBoard board;
    board.setMode(kMode3);
    for (unsigned cell = 0; cell < 2000; ++cell)
        putCell(board, cell, ' ', 0x07);
    const char line[] = "GNU GRUB";
    for (unsigned i = 0; i < 8; ++i)
        putCell(board, 160 + i, static_cast<unsigned char>(line[i]), 0x70);
    putCell(board, 240, 0xc9, 0x07);
    putCell(board, 241, 0xcd, 0x07);
    putCell(board, 242, 0x81, 0x07);
    board.setCr(0x0e, 0);
    board.setCr(0x0f, 165);
    const auto text = board.vga->scanout().text();
    QVERIFY(text.has_value());
    QCOMPARE(text->columns, 80);
    QCOMPARE(text->rows, 25);
    QCOMPARE(text->cells[160].attribute, uint8_t{0x70});
    QCOMPARE(text->cursorColumn, 5);
    QCOMPARE(text->cursorRow, 2);
    const std::string all = text->toUtf8();
    QVERIFY(all.find("GNU GRUB\n\u2554\u2550\u00fc\n") != std::string::npos);
    board.setCr(0x0a, 0x20);
    QCOMPARE(board.vga->scanout().text()->cursorColumn, -1);
}

void VgaTextTest::ninthColumnContinuesLineGraphics()
{
    VgaBoard board;
    board.setMode(kMode3);
    board.loadGlyph(0xc4, {0xff});
    board.loadGlyph(0xb3, {0xff});
    putCell(board, 0, 0xc4, 0x07);
    putCell(board, 1, 0xb3, 0x07);
    board.setCr(0x0a, 0x20);
    board.update();
    QCOMPARE(board.pixel(8, 0), VgaBoard::colour(7));
    QCOMPARE(board.pixel(17, 0), 0xff000000U);
}

void VgaTextTest::fortyColumnsAreWide()
{
    VgaBoard board;
    board.setMode(kMode1);
    board.loadGlyph('x', {0x40});
    putCell(board, 1, 'x', 0x07);
    board.update();
    QCOMPARE(board.frame.width, 720);
    QCOMPARE(board.pixel(18 + 1, 0), 0xff000000U);
    QCOMPARE(board.pixel(18 + 2, 0), VgaBoard::colour(7));
    QCOMPARE(board.pixel(18 + 3, 0), VgaBoard::colour(7));
    QCOMPARE(board.pixel(18 + 4, 0), 0xff000000U);
    QCOMPARE(board.vga->scanout().text()->columns, 40);
}

void VgaTextTest::cursorBlinkDamagesOneCell()
{
    VgaBoard board;
    board.setMode(kMode3);
    putCell(board, 85, ' ', 0x07);
    board.setCr(0x0f, 85);
    board.update();
    QCOMPARE(board.pixel(45, 16 + 13), VgaBoard::colour(7));
    QCOMPARE(board.pixel(45, 16 + 12), 0xff000000U);
    board.board.clock.advance(vmm::gpu::VgaRenderer::kCursorPhaseNs);
    const auto damage = board.update();
    QCOMPARE(damage.size(), size_t{1});
    QVERIFY((damage[0] == Rect{45, 16, 9, 16}));
    QCOMPARE(board.pixel(45, 16 + 13), 0xff000000U);
}

void VgaTextTest::unchangedScreenHasNoDamage()
{
    VgaBoard board;
    board.setMode(kMode3);
    QCOMPARE(board.update().size(), size_t{1});
    QVERIFY(board.update().empty());
    putCell(board, 7, 0, 0); // the same value again
    QVERIFY(board.update().empty());
    board.vga->scanout().invalidate();
    const auto all = board.update();
    QCOMPARE(all.size(), size_t{1});
    QVERIFY((all[0] == Rect{0, 0, 720, 400}));
    vmm::console::Frame other;
    QVERIFY((board.vga->scanout().update(other).at(0) == Rect{0, 0, 720, 400}));
    QVERIFY(other.pixels == board.frame.pixels);
}

void VgaTextTest::changedCellsAreTheDamage()
{
    VgaBoard board;
    board.setMode(kMode3);
    board.setCr(0x0a, 0x20);
    board.update();
    for (unsigned cell = 0; cell < 4; ++cell)
        putCell(board, 80 * 3 + 10 + cell, 'a', 0x17);
    putCell(board, 80 * 20, 'b', 0x17);
    const auto damage = board.update();
    QCOMPARE(damage.size(), size_t{2});
    QVERIFY((damage[0] == Rect{90, 48, 36, 16}));
    QVERIFY((damage[1] == Rect{0, 320, 9, 16}));
}

void VgaTextTest::attributeBlinks()
{
    VgaBoard board;
    board.setMode(kMode3);
    board.setCr(0x0a, 0x20);
    board.loadGlyph('B', {0xff});
    putCell(board, 0, 'B', 0x97);
    board.update();
    QCOMPARE(board.pixel(0, 0), VgaBoard::colour(7));
    QCOMPARE(board.pixel(0, 1), VgaBoard::colour(1)); // bit 7 is not brightness now
    board.board.clock.advance(vmm::gpu::VgaRenderer::kTextPhaseNs);
    QCOMPARE(board.update().size(), size_t{1});
    QCOMPARE(board.pixel(0, 0), VgaBoard::colour(1));
    board.setAr(0x10, 0x04); // blink off: bright background
    board.update();
    QCOMPARE(board.pixel(0, 1), VgaBoard::colour(0x39));
    QCOMPARE(board.pixel(0, 0), VgaBoard::colour(7));
}

void VgaTextTest::hardwareScrollByStartAddress()
{
    VgaBoard board;
    board.setMode(kMode3);
    putCell(board, 160, 'q', 0x2f);
    board.setCr(0x0c, 160 >> 8);
    board.setCr(0x0d, 160 & 0xff);
    board.update();
    QCOMPARE(board.pixel(4, 4), VgaBoard::colour(2));
    QCOMPARE(board.vga->scanout().text()->cells[0].character, U'q');
}

void VgaTextTest::splitScreenByLineCompare()
{
    VgaBoard board;
    board.setMode(kMode3);
    putCell(board, 0, ' ', 0x40);
    board.setCr(0x0c, 8); // page 1 on top
    board.setCr(0x18, 199);
    board.setCr(0x07, 0x0f); // compare bit 8 off; only that bit is not protected
    board.setCr(0x09, 0x0f);
    board.update();
    QCOMPARE(board.in8(0x3d5), uint8_t{0x0f});
    QCOMPARE(board.pixel(0, 199), 0xff000000U);
    QCOMPARE(board.pixel(0, 200), VgaBoard::colour(4));
}

void VgaTextTest::panningMovesDots()
{
    VgaBoard board;
    board.setMode(kMode3);
    board.setCr(0x0a, 0x20);
    putCell(board, 0, ' ', 0x10);
    putCell(board, 80, ' ', 0x40); // follows the last column of the first row
    board.setAr(0x13, 2);          // nine dots: three to the left
    board.update();
    QCOMPARE(board.pixel(5, 0), VgaBoard::colour(1));
    QCOMPARE(board.pixel(6, 0), 0xff000000U);
    QCOMPARE(board.pixel(716, 0), 0xff000000U);
    QCOMPARE(board.pixel(717, 0), VgaBoard::colour(4));
    board.setCr(0x08, 4); // preset row scan: four lines up
    board.update();
    QCOMPARE(board.pixel(0, 11), VgaBoard::colour(1));
    QCOMPARE(board.pixel(0, 12), VgaBoard::colour(4));
}

void VgaTextTest::secondFontByAttributeBit3()
{
    VgaBoard board;
    board.setMode(kMode3);
    board.setCr(0x0a, 0x20);
    board.loadGlyph('a', {0x80});
    board.loadGlyph('a', {0x40}, 1);
    board.setSr(3, 0x04); // attribute bit 3 set: map 1; clear: map 0
    putCell(board, 0, 'a', 0x07);
    putCell(board, 1, 'a', 0x0f);
    board.update();
    QCOMPARE(board.pixel(0, 0), VgaBoard::colour(7));
    QCOMPARE(board.pixel(1, 0), 0xff000000U);
    QCOMPARE(board.pixel(9, 0), 0xff000000U);
    QCOMPARE(board.pixel(10, 0), VgaBoard::colour(0x3f));
}

void VgaTextTest::fontChangeRedraws()
{
    VgaBoard board;
    board.setMode(kMode3);
    putCell(board, 0, 'z', 0x07);
    board.update();
    QCOMPARE(board.pixel(2, 3), 0xff000000U);
    board.loadGlyph('z', {0, 0, 0, 0xff});
    QVERIFY(!board.update().empty());
    QCOMPARE(board.pixel(2, 3), VgaBoard::colour(7));
}

void VgaTextTest::oddTextSizes()
{
    VgaBoard board;
    board.setMode(kMode3);
    board.setCr(0x11, 0);
    board.setCr(0x01, 131); // 132 columns
    board.setCr(0x13, 66);
    board.setSr(1, 1);
    board.setCr(0x09, 0x47); // eight lines a row: 50 rows
    putCell(board, 132 * 49 + 131, 'e', 0x70);
    board.update();
    QCOMPARE(board.frame.width, 132 * 8);
    QCOMPARE(board.pixel(132 * 8 - 1, 399), VgaBoard::colour(7));
    const auto text = board.vga->scanout().text();
    QCOMPARE(text->columns, 132);
    QCOMPARE(text->rows, 50);
    QCOMPARE(text->cells.back().character, U'e');
}

QTEST_GUILESS_MAIN(VgaTextTest)
#include "vga_text_test.moc"
