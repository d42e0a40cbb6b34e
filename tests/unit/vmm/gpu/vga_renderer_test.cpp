// SPDX-License-Identifier: GPL-3.0-or-later
// The drawing behind the VGA on plain descriptions: damage, lines, colours, code page, EDID.
#include <numeric>

#include <QtTest>

#include "vmm/gpu/damage.h"
#include "vmm/gpu/edid.h"
#include "vmm/gpu/shared_bytes.h"
#include "vmm/gpu/vga_lines.h"
#include "vmm/gpu/vga_renderer.h"
#include "vmm/gpu/vga_text.h"

using namespace vmm::gpu;
using vmm::console::Frame;
using vmm::console::Rect;

class VgaRendererTest : public QObject {
    Q_OBJECT
private slots:
    void dirtyPages();
    void damageListJoinsAndBounds();
    void sharedCopiesAnyAlignment();
    void linesWithPresetDoubleScanAndSplit();
    void planeAddresses();
    void linearBeyondVideoMemoryIsBlack();
    void textBeyondVideoMemoryIsEmpty();
    void frameOfAnotherSizeIsDrawnWhole();
    void hugeSidesAreCut();
    void codePage();
    void edid_data();
    void edid();
};

void VgaRendererTest::dirtyPages()
{
    DirtyPages pages(1 << 20);
    QVERIFY(!pages.any());
    pages.mark(4095, 2);
    QVERIFY(pages.touches(0, 1) && pages.touches(8191, 1) && !pages.touches(8192, 4096));
    QVERIFY(!pages.touches(0, 0));
    pages.mark((1 << 20) - 1, 1 << 20); // past the end
    pages.markByte(1 << 30);
    QVERIFY(pages.touches(1 << 19, size_t{1} << 40));
    pages.clear();
    QVERIFY(!pages.any());
    pages.merge({2, 0, 0, 0, ~uint64_t{0}});
    QVERIFY(pages.touches(4096, 1) && !pages.touches(0, 4096));
}

void VgaRendererTest::damageListJoinsAndBounds()
{
    DamageList list;
    list.add(5, 0, 3, 1);
    list.add(2, 1, 4, 1);
    list.add(2, 5, 4, 2);
    list.add(6, 5, 4, 2);
    list.add(0, 9, 0, 1);
    const auto rects = list.take();
    QCOMPARE(rects.size(), size_t{2});
    QVERIFY((rects[0] == Rect{2, 0, 6, 2}));
    QVERIFY((rects[1] == Rect{2, 5, 8, 2}));
    DamageList many;
    for (int i = 0; i < 1000; ++i)
        many.add(i % 7, 2 * i, 1, 1);
    const auto bounded = many.take();
    QCOMPARE(bounded.size(), DamageList::kMaxRects);
    QCOMPARE(bounded.back().y + bounded.back().height, 1999);
}

void VgaRendererTest::sharedCopiesAnyAlignment()
{
    alignas(8) std::array<std::byte, 64> memory{};
    for (size_t i = 0; i < memory.size(); ++i)
        memory[i] = static_cast<std::byte>(i);
    for (size_t from = 0; from < 9; ++from)
        for (size_t size = 0; size < 40; ++size) {
            std::vector<std::byte> to(size);
            copyShared(to, memory.data() + from);
            QVERIFY(std::equal(to.begin(), to.end(), memory.begin() + static_cast<long>(from)));
        }
    clearShared(memory.data() + 3, 20);
    QCOMPARE(memory[2], std::byte{2});
    QVERIFY(memory[3] == std::byte{0} && memory[22] == std::byte{0});
    QCOMPARE(memory[23], std::byte{23});
}

void VgaRendererTest::linesWithPresetDoubleScanAndSplit()
{
    VgaPicture picture;
    picture.height = 12;
    picture.addressing.start = 0xfffe;
    picture.addressing.rowPitch = 4;
    picture.raster.lastRowScan = 1;
    picture.raster.firstRowScan = 1;
    picture.raster.lineRepeat = 2;
    picture.raster.pan = 3;
    picture.raster.panEndsAtSplit = true;
    picture.raster.lineCompare = 7;
    const auto lines = vgaLines(picture);
    QCOMPARE(lines.size(), size_t{12});
    QVERIFY((lines[0] == VgaLine{0xfffe, 1, 3}));
    QVERIFY((lines[1] == VgaLine{0xfffe, 1, 3}));
    QVERIFY((lines[2] == VgaLine{2, 0, 3})); // the counter wraps
    QVERIFY((lines[4] == VgaLine{2, 1, 3}));
    QVERIFY((lines[7] == VgaLine{6, 0, 3}));
    QVERIFY((lines[8] == VgaLine{0, 0, 0}));
    QVERIFY((lines[11] == VgaLine{0, 1, 0}));
}

void VgaRendererTest::planeAddresses()
{
    VgaAddressing addressing;
    QCOMPARE(vgaPlaneAddress(addressing, 0x1'2345, 0), 0x2345U);
    addressing.unit = VgaUnit::Word;
    QCOMPARE(vgaPlaneAddress(addressing, 0x8001, 0), 0x0003U);
    addressing.wrapBit = 13;
    QCOMPARE(vgaPlaneAddress(addressing, 0x2001, 0), 0x4003U);
    addressing.unit = VgaUnit::Doubleword;
    QCOMPARE(vgaPlaneAddress(addressing, 0x3001, 0), 0xc007U);
    addressing.unit = VgaUnit::Byte;
    addressing.rowScanAs13 = true;
    addressing.rowScanAs14 = true;
    QCOMPARE(vgaPlaneAddress(addressing, 0x0010, 3), 0x6010U);
    QCOMPARE(vgaPlaneAddress(addressing, 0x6010, 0), 0x0010U);
}

void VgaRendererTest::linearBeyondVideoMemoryIsBlack()
{
    std::vector<std::byte> vram(4096, std::byte{0xff});
    VgaPicture picture;
    picture.kind = VgaKind::Linear;
    picture.width = 16;
    picture.height = 80;
    picture.linear.pitch = 64;
    picture.linear.bitsPerPixel = 32;
    picture.linear.offset = 32;
    VgaRenderer renderer;
    Frame frame;
    renderer.update(picture, vram, DirtyPages(4096), 0, frame);
    QCOMPARE(frame.pixels[63 * 16 + 7], 0xffffffffU);
    QCOMPARE(frame.pixels[63 * 16 + 8], 0xff000000U);
    QCOMPARE(frame.pixels[79 * 16], 0xff000000U);
    picture.linear.offset = ~uint64_t{0} - 8;
    renderer.update(picture, vram, DirtyPages(4096), 0, frame);
}

void VgaRendererTest::textBeyondVideoMemoryIsEmpty()
{
    std::vector<std::byte> vram(4096, std::byte{0x41});
    VgaPicture picture;
    picture.kind = VgaKind::Text;
    picture.width = 640;
    picture.height = 400;
    picture.addressing.rowPitch = 80;
    picture.addressing.start = 0xff00;
    picture.raster.lastRowScan = 15;
    VgaRenderer renderer;
    Frame frame;
    renderer.update(picture, vram, DirtyPages(4096), 0, frame);
    const auto text = vgaTextScreen(picture, vram);
    QVERIFY(text.has_value());
    QCOMPARE(text->cells[0].character, U' ');
    QCOMPARE(text->cells[0x100].character, U'A');
    QCOMPARE(text->rows, 25);
}

void VgaRendererTest::frameOfAnotherSizeIsDrawnWhole()
{
    std::vector<std::byte> vram(1 << 20);
    VgaPicture picture;
    picture.kind = VgaKind::Linear;
    picture.width = 64;
    picture.height = 64;
    picture.linear.pitch = 256;
    picture.linear.bitsPerPixel = 32;
    VgaRenderer renderer;
    Frame frame;
    const DirtyPages clean(1 << 20);
    QVERIFY((renderer.update(picture, vram, clean, 0, frame).at(0) == Rect{0, 0, 64, 64}));
    QVERIFY(renderer.update(picture, vram, clean, 0, frame).empty());
    frame.pixels.resize(7); // a caller's mistake is mended
    QCOMPARE(renderer.update(picture, vram, clean, 0, frame).size(), size_t{1});
    QCOMPARE(frame.pixels.size(), size_t{64 * 64});
    picture.kind = VgaKind::Blank;
    picture.width = 0;
    renderer.update(picture, vram, clean, 0, frame);
    QCOMPARE(frame.width, 64);
}

void VgaRendererTest::hugeSidesAreCut()
{
    std::vector<std::byte> vram(1 << 20);
    VgaPicture picture;
    picture.kind = VgaKind::Planar;
    picture.width = 1 << 30;
    picture.height = -5;
    picture.raster.columns = 256;
    VgaRenderer renderer;
    Frame frame;
    renderer.update(picture, vram, DirtyPages(1 << 20), 0, frame);
    QCOMPARE(frame.width, Frame::kMaxSide);
    QCOMPARE(frame.height, 1);
}

void VgaRendererTest::codePage()
{
    QCOMPARE(cp437ToUnicode(0), U' ');
    QCOMPARE(cp437ToUnicode(0x18), U'\u2191');
    QCOMPARE(cp437ToUnicode('A'), U'A');
    QCOMPARE(cp437ToUnicode(0x7f), U'\u2302');
    QCOMPARE(cp437ToUnicode(0x84), U'\u00e4');
    QCOMPARE(cp437ToUnicode(0xc9), U'\u2554');
    QCOMPARE(cp437ToUnicode(0xdb), U'\u2588');
    QCOMPARE(cp437ToUnicode(0xff), U'\u00a0');
}

void VgaRendererTest::edid_data()
{
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("height");
    QTest::newRow("1280x800") << 1280 << 800;
    QTest::newRow("3840x2160") << 3840 << 2160;
    QTest::newRow("largest") << 4095 << 4095;
}

void VgaRendererTest::edid()
{
    QFETCH(int, width);
    QFETCH(int, height);
    const auto block = makeEdid({width, height});
    QCOMPARE(std::accumulate(block.begin(), block.end(), 0U) % 256, 0U);
    QCOMPARE(block[0], uint8_t{0});
    QCOMPARE(block[1], uint8_t{0xff});
    const uint8_t* timing = &block[54];
    QCOMPARE(timing[2] | (timing[4] >> 4) << 8, width);
    QCOMPARE(timing[5] | (timing[7] >> 4) << 8, height);
    const int total = (width + (timing[3] | (timing[4] & 15) << 8)) *
                      (height + (timing[6] | (timing[7] & 15) << 8));
    const double hertz = vmm::loadLe<uint16_t>(timing) * 10000.0 / total;
    QVERIFY(hertz < 60.01 && (hertz > 59.9 || width == 4095));
    const std::string_view text(reinterpret_cast<const char*>(block.data()), block.size());
    QVERIFY(text.find("Vitrine\n") != std::string_view::npos);
    QVERIFY(makeEdid({0, 1 << 20})[54 + 2] == 64);
}

QTEST_GUILESS_MAIN(VgaRendererTest)
#include "vga_renderer_test.moc"
