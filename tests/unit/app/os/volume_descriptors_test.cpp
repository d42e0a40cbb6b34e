// SPDX-License-Identifier: GPL-3.0-or-later
// Volume descriptors, good and hostile, and files inside an image.
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>

#include "app/os/iso_reader.h"
#include "app/os/volume_descriptors.h"
#include "tests/support/made_up_iso.h"

using namespace app::os;

namespace {

constexpr int kSector = 2048;

QByteArray descriptor(char type, const QByteArray& label)
{
    QByteArray sector(kSector, '\0');
    sector[0] = type;
    sector.replace(1, 5, "CD001");
    sector.replace(40, 32, label.leftJustified(32, ' ', true));
    sector.replace(80, 4, QByteArray("\x10\0\0\0", 4)); // 16 blocks
    sector.replace(128, 2, QByteArray("\0\x08", 2));    // of 2048
    return sector;
}

} // namespace

class VolumeDescriptorsTest : public QObject {
    Q_OBJECT

private slots:
    void reads()
    {
        QByteArray boot = descriptor(0, {});
        boot.replace(7, 23, "EL TORITO SPECIFICATION");
        const auto volume = read(boot + descriptor(1, "Debian 12") + descriptor(1, "second") +
                                 descriptor('\xff', {}));
        QVERIFY(volume.has_value());
        QCOMPARE(volume->volume, std::string("Debian 12"));
        QCOMPARE(volume->volumeBytes, uint64_t{16 * 2048});
        QVERIFY(volume->bootable);
        QVERIFY(volume->publisher.empty());
    }

    void hostileText()
    {
        const auto volume = read(descriptor(1, "\x1b[2J\xc3\xa4 x\n"));
        QVERIFY(volume.has_value());
        QCOMPARE(volume->volume, std::string("_[2J__ x_"));
        QVERIFY(read(descriptor(1, QByteArray("a\0b", 3)))->volume == "a");
        QVERIFY(read(descriptor(1, {}))->volume.empty());
    }

    void noImages()
    {
        QVERIFY(read({}).error().code() == vmm::ErrorCode::Invalid);
        QVERIFY(!read(QByteArray(10 * kSector, 'x')).has_value());
        QVERIFY(!read(descriptor(1, "short").left(2000)).has_value());
        QVERIFY(!read(descriptor('\xff', {}) + descriptor(1, "behind the end")).has_value());
        QByteArray many;
        for (int i = 0; i < 100; ++i)
            many += descriptor(2, "no primary one");
        QVERIFY(!read(many + descriptor(1, "too late")).has_value());
        QVERIFY(readVolumeDescriptors("/nowhere.iso").error().code() == vmm::ErrorCode::NotFound);
        QVERIFY(!readVolumeDescriptors(m_folder.path().toStdString()).has_value());
        const std::string pipe = m_folder.filePath("pipe").toStdString();
        QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
        QVERIFY(!readVolumeDescriptors(pipe).has_value());
    }

    void filesInside()
    {
        if (!tests::canMakeIso())
            QSKIP("genisoimage is not installed");
        const QString image = m_folder.filePath("files.iso");
        QVERIFY(tests::makeIso(image, "x", {"a/b.txt", "content", ".treeinfo", "tree"}));
        const std::string path = image.toStdString();
        QCOMPARE(*readSmallIsoFile(path, "a/b.txt", 100), std::string("content"));
        QCOMPARE(*readSmallIsoFile(path, ".treeinfo", 4), std::string("tree"));
        QVERIFY(readSmallIsoFile(path, "a/b.txt", 6).error().code() == vmm::ErrorCode::Invalid);
        QVERIFY(readSmallIsoFile(path, "a", 6).error().code() == vmm::ErrorCode::NotFound);
        const auto stopped = readIsoFile(path, "a/b.txt", 100, [](auto) -> vmm::Result<void> {
            return vmm::Error(vmm::ErrorCode::Cancelled, "enough");
        });
        QCOMPARE(stopped.error().sentence(), std::string("enough"));
    }

private:
    vmm::Result<VolumeDescriptors> read(const QByteArray& descriptors)
    {
        QFile file(m_folder.filePath("made.iso"));
        if (!file.open(QIODevice::WriteOnly))
            qFatal("no file");
        file.write(QByteArray(16 * kSector, '\0') + descriptors);
        file.close();
        return readVolumeDescriptors(file.fileName().toStdString());
    }
    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(VolumeDescriptorsTest)
#include "volume_descriptors_test.moc"
