// SPDX-License-Identifier: GPL-3.0-or-later
// Image probing on images made by hand, honest and hostile.
#include <QtTest>
#include <cstring>
#include <random>

#include "vmm/base/bits.h"
#include "vmm/block/image_probe.h"

using namespace vmm::block;

namespace {

using Bytes = std::vector<std::byte>;

void putText(Bytes& image, size_t at, std::string_view text)
{
    std::memcpy(image.data() + at, text.data(), text.size());
}

ByteReader readerOf(const Bytes& image)
{
    return [&image](uint64_t offset, std::span<std::byte> to) -> vmm::Result<size_t> {
        if (offset >= image.size())
            return size_t{0};
        const size_t part = std::min<size_t>(to.size(), image.size() - offset);
        std::memcpy(to.data(), image.data() + offset, part);
        return part;
    };
}

ImageFacts probe(const Bytes& image)
{
    return *probeImage(readerOf(image), image.size());
}

Bytes iso()
{
    Bytes image(40 * 2048);
    image[16 * 2048] = std::byte{1};
    putText(image, 16 * 2048 + 1, "CD001");
    putText(image, 16 * 2048 + 40, "MY DISC                         ");
    vmm::storeLe(image.data() + 16 * 2048 + 80, uint32_t{40});
    vmm::storeLe(image.data() + 16 * 2048 + 128, uint16_t{2048});
    putText(image, 17 * 2048 + 1, "CD001\1EL TORITO SPECIFICATION");
    image[18 * 2048] = std::byte{255};
    putText(image, 18 * 2048 + 1, "CD001");
    return image;
}

} // namespace

class ImageProbeTest final : public QObject {
    Q_OBJECT

private slots:
    void isoImage();
    void hybridImage();
    void udfImage();
    void notAnImage();
    void foreignFormats();
    void hostileDescriptors();
    void readErrorIsReported();
};

void ImageProbeTest::isoImage()
{
    const auto facts = probe(iso());
    QCOMPARE(facts.kind, ImageKind::Optical);
    QVERIFY(facts.iso9660 && facts.elTorito && !facts.hybrid && !facts.udf);
    QCOMPARE(facts.volumeId, std::string("MY DISC"));
    QCOMPARE(facts.volumeBytes, uint64_t{40 * 2048});
}

void ImageProbeTest::hybridImage()
{
    auto image = iso();
    image[510] = std::byte{0x55};
    image[511] = std::byte{0xaa};
    QVERIFY(probe(image).hybrid);
}

void ImageProbeTest::udfImage()
{
    Bytes image(40 * 2048);
    putText(image, 16 * 2048 + 1, "BEA01");
    putText(image, 17 * 2048 + 1, "NSR02");
    putText(image, 18 * 2048 + 1, "TEA01");
    const auto facts = probe(image);
    QCOMPARE(facts.kind, ImageKind::Optical);
    QVERIFY(facts.udf && !facts.iso9660);
}

void ImageProbeTest::notAnImage()
{
    QCOMPARE(probe({}).kind, ImageKind::Raw);
    QCOMPARE(probe(Bytes(3, std::byte{'x'})).kind, ImageKind::Raw);
    QCOMPARE(probe(Bytes(100000, std::byte{'x'})).kind, ImageKind::Raw);
    auto cut = iso();
    cut.resize(16 * 2048 + 100);
    QCOMPARE(probe(cut).kind, ImageKind::Raw);
}

void ImageProbeTest::foreignFormats()
{
    const auto kindOf = [](std::string_view text, size_t at, size_t size) {
        Bytes image(size);
        putText(image, at, text);
        return probe(image).kind;
    };
    QCOMPARE(kindOf("QFI\xfb", 0, 65536), ImageKind::Qcow2);
    QCOMPARE(kindOf("KDMV", 0, 65536), ImageKind::Vmdk);
    QCOMPARE(kindOf("# Disk DescriptorFile", 0, 400), ImageKind::Vmdk);
    QCOMPARE(kindOf("\x7f\x10\xda\xbe", 64, 65536), ImageKind::Vdi);
    QCOMPARE(kindOf("vhdxfile", 0, 65536), ImageKind::Vhdx);
    QCOMPARE(kindOf("conectix", 0, 65536), ImageKind::Vhd);
    QCOMPARE(kindOf("conectix", 65536 - 512, 65536), ImageKind::Vhd);
    for (const ImageKind kind :
         {ImageKind::Qcow2, ImageKind::Vmdk, ImageKind::Vdi, ImageKind::Vhd, ImageKind::Vhdx})
        QVERIFY(!foreignFormatName(kind).empty());
    QVERIFY(foreignFormatName(ImageKind::Raw).empty());
}

/// Descriptors without an end, with odd text and sizes: bounded work, printable text.
void ImageProbeTest::hostileDescriptors()
{
    Bytes endless(4 << 20);
    for (size_t sector = 16; sector < endless.size() / 2048; ++sector) {
        endless[sector * 2048] = std::byte{1};
        putText(endless, sector * 2048 + 1, "CD001");
        std::memset(endless.data() + sector * 2048 + 40, 0x1b, 32);
        std::memset(endless.data() + sector * 2048 + 80, 0xff, 60);
    }
    int reads = 0;
    const auto inner = readerOf(endless);
    const auto facts = probeImage(
        [&](uint64_t offset, std::span<std::byte> to) {
            ++reads;
            return inner(offset, to);
        },
        endless.size());
    QVERIFY(facts.has_value() && facts->iso9660);
    QVERIFY(reads < 100);
    for (const char character : facts->volumeId)
        QVERIFY(character >= 0x20 && character < 0x7f);
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        auto image = iso();
        for (int i = 0; i < 50; ++i)
            image[16 * 2048 + random() % (4 * 2048)] = static_cast<std::byte>(random());
        static_cast<void>(probe(image));
    }
}

void ImageProbeTest::readErrorIsReported()
{
    const auto facts = probeImage(
        [](uint64_t, std::span<std::byte>) -> vmm::Result<size_t> {
            return vmm::Error(vmm::ErrorCode::Io, "broken");
        },
        100000);
    QVERIFY(!facts.has_value());
}

QTEST_GUILESS_MAIN(ImageProbeTest)
#include "image_probe_test.moc"
