// SPDX-License-Identifier: GPL-3.0-or-later
// Memory maps, boot order, and finding the SeaBIOS images.
#include <QTemporaryDir>
#include <QtTest>

#include "vmm/firmware/boot_order.h"
#include "vmm/firmware/e820.h"
#include "vmm/firmware/read_file.h"
#include "vmm/firmware/seabios.h"

using namespace vmm::firmware;
using vmm::spec::BootOrder;
using vmm::spec::DriveKind;

namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;

std::string textOf(const Bytes& bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void write(const QString& path, const QByteArray& content)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) == content.size());
}

} // namespace

class BootFilesTest : public QObject {
    Q_OBJECT
private slots:
    void firmwareMap();
    void kernelMap();
    void bootOrder();
    void findsImages();
    void saysWhatIsMissing();
    void refusesOddImages();
    void readsFilesWithCare();
};

void BootFilesTest::firmwareMap()
{
    QVERIFY((firmwareMemoryMap({kGiB, 0}) ==
             std::vector<E820Entry>{{0, kGiB, E820Type::Ram},
                                    {0xfeffc000, 0x4000, E820Type::Reserved}}));
    const Bytes file = e820File(firmwareMemoryMap({2 * kGiB, kGiB}));
    QCOMPARE(file.size(), size_t{60});
    QCOMPARE(vmm::loadLe<uint32_t>(&file[16]), 1U);
    QCOMPARE(vmm::loadLe<uint32_t>(&file[36]), 2U);
}

void BootFilesTest::kernelMap()
{
    const auto map = kernelMemoryMap({2 * kGiB, kGiB}, {true, 0xb0000000, 256 << 20});
    QVERIFY((map == std::vector<E820Entry>{{0, 0xa0000, E820Type::Ram},
                                           {0x100000, 2 * kGiB - 0x100000, E820Type::Ram},
                                           {0xb0000000, 256 << 20, E820Type::Reserved},
                                           {0xfeffc000, 0x4000, E820Type::Reserved},
                                           {4 * kGiB, kGiB, E820Type::Ram}}));
    QCOMPARE(kernelMemoryMap({0x80000, 0}, {}).front().size, uint64_t{0x80000});
}

void BootFilesTest::bootOrder()
{
    const std::vector<BootDrive> drives{{DriveKind::Disk, virtioDiskPath(0xa)},
                                        {DriveKind::Cdrom, ahciDrivePath(1)},
                                        {DriveKind::Disk, scsiDrivePath(0x1b, 17)}};
    const std::vector<std::string> paths{"/pci@i0cf8/scsi@a/disk@0,0",
                                         "/pci@i0cf8/pci8086,2922@1f,2/drive@1/disk@0",
                                         "/pci@i0cf8/scsi@1b/channel@0/disk@11,0"};
    const auto order = [&](size_t a, size_t b, size_t c) {
        return paths[a] + "\n" + paths[b] + "\n" + paths[c] + '\0';
    };
    QCOMPARE(textOf(bootOrderFile(drives, BootOrder::Disk)), order(0, 2, 1));
    QCOMPARE(textOf(bootOrderFile(drives, BootOrder::Cdrom)), order(1, 0, 2));
    QCOMPARE(textOf(bootOrderFile(drives, BootOrder::Menu)), order(1, 0, 2));
    QCOMPARE(textOf(bootOrderFile({}, BootOrder::Cdrom)), std::string(1, '\0'));
}

void BootFilesTest::findsImages()
{
    const QTemporaryDir folder;
    write(folder.filePath("bios-256k.bin"), QByteArray(256 << 10, 'b'));
    write(folder.filePath("vgabios-stdvga.bin"), QByteArray("\x55\xaa") + QByteArray(1022, 'v'));
    const std::string path = folder.path().toStdString();
    const auto searched = loadSeaBios("", {"/nonexistent", path});
    QVERIFY(searched.has_value());
    QCOMPARE(searched->bios.size(), size_t{256} << 10);
    QCOMPARE(searched->vgaBios.size(), size_t{1024});
    QCOMPARE(searched->biosPath, path + "/bios-256k.bin");
    QVERIFY(loadSeaBios(path, {}).has_value());
    QVERIFY(loadSeaBios(path + "/bios-256k.bin", {}).has_value());

    qputenv("VITRINE_FIRMWARE_PATH", "/first::/second:");
    const auto folders = firmwareFolders();
    QCOMPARE(folders[0], std::string("/first"));
    QCOMPARE(folders[1], std::string("/second"));
    QCOMPARE(folders[2], std::string("/app/share/seabios"));
}

void BootFilesTest::saysWhatIsMissing()
{
    const auto missing = loadSeaBios("", {"/nonexistent/a", "/nonexistent/b"});
    QVERIFY(!missing.has_value());
    QVERIFY(missing.error().code() == vmm::ErrorCode::NotFound);
    for (const char* part : {"bios-256k.bin", "\"seabios\"", "/nonexistent/a, /nonexistent/b"})
        QVERIFY2(missing.error().sentence().find(part) != std::string::npos, part);
    const auto named = loadSeaBios("/nonexistent/own.bin", {});
    QVERIFY(named.error().sentence().starts_with("/nonexistent/own.bin: "));
}

void BootFilesTest::refusesOddImages()
{
    const QTemporaryDir folder;
    const std::string path = folder.path().toStdString();
    write(folder.filePath("vgabios-stdvga.bin"), QByteArray("\x55\xaa") + QByteArray(1022, 'v'));
    for (const int size : {0, 1, 32 << 10, 192 << 10, 17 << 20}) {
        write(folder.filePath("bios-256k.bin"), QByteArray(size, 'b'));
        QVERIFY(!loadSeaBios("", {path}).has_value());
    }
    write(folder.filePath("bios-256k.bin"), QByteArray(64 << 10, 'b'));
    QVERIFY(loadSeaBios("", {path}).has_value());
    write(folder.filePath("vgabios-stdvga.bin"), QByteArray(1024, 'v'));
    QVERIFY(!loadSeaBios("", {path}).has_value());
}

void BootFilesTest::readsFilesWithCare()
{
    QVERIFY(!readFile("/dev/zero", 1 << 20).has_value());
    QVERIFY(!readFile("/", 1 << 20).has_value());
    const QTemporaryDir folder;
    write(folder.filePath("file"), "12345");
    const std::string path = folder.filePath("file").toStdString();
    QCOMPARE(textOf(*readFile(path, 5)), std::string("12345"));
    QVERIFY(!readFile(path, 4).has_value());
}

QTEST_GUILESS_MAIN(BootFilesTest)
#include "boot_files_test.moc"
