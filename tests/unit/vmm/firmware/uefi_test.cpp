// SPDX-License-Identifier: GPL-3.0-or-later
// Which firmware --firmware means.
#include <QTemporaryDir>
#include <QtTest>

#include "vmm/firmware/uefi.h"

using namespace vmm::firmware;

namespace {

bool writeFile(const QString& path, const Bytes& bytes)
{
    QFile file(path);
    const auto size = static_cast<qint64>(bytes.size());
    return file.open(QIODevice::WriteOnly) &&
           file.write(reinterpret_cast<const char*>(bytes.data()), size) == size;
}

Bytes volume(size_t size)
{
    Bytes bytes(size);
    std::memcpy(&bytes[40], "_FVH", 4);
    return bytes;
}

} // namespace

class UefiTest : public QObject {
    Q_OBJECT
private slots:
    void findsCodeAndVariables()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString();
        const auto missing = loadFirmware("uefi", {path});
        QVERIFY(!missing.has_value());
        QVERIFY(missing.error().sentence().find("package \"ovmf\"") != std::string::npos);
        QVERIFY(writeFile(folder.filePath("OVMF_CODE_4M.fd"), volume(8192)));
        QVERIFY(!loadFirmware("uefi", {path}).has_value()); // no variable store
        QVERIFY(writeFile(folder.filePath("OVMF_VARS_4M.fd"), volume(4096)));
        const auto found = loadFirmware("uefi", {"/nowhere", path});
        QVERIFY2(found.has_value(), found ? "" : found.error().sentence().c_str());
        QCOMPARE(found->images.bios.size(), size_t{8192});
        QCOMPARE(found->variables.size(), size_t{4096});
        QCOMPARE(found->images.biosPath, path + "/OVMF_CODE_4M.fd");
        QVERIFY(loadFirmware(path + "/OVMF_CODE_4M.fd", {}).has_value());
    }
    void secureBootSharesTheStore()
    {
        const QTemporaryDir folder;
        QVERIFY(writeFile(folder.filePath("OVMF_CODE_4M.secboot.fd"), volume(4096)));
        QVERIFY(writeFile(folder.filePath("OVMF_VARS_4M.fd"), volume(4096)));
        const auto code = folder.filePath("OVMF_CODE_4M.secboot.fd").toStdString();
        QVERIFY(loadFirmware(code, {}).has_value());
    }
    void namesWhatIsNoFirmware()
    {
        const QTemporaryDir folder;
        const std::string path = folder.filePath("MY_CODE.fd").toStdString();
        for (const Bytes& bytes : {Bytes(), Bytes(8192), volume(4097)}) {
            QVERIFY(writeFile(folder.filePath("MY_CODE.fd"), bytes));
            const auto result = loadFirmware(path, {});
            QVERIFY(!result.has_value());
            QCOMPARE(result.error().sentence(), path + ": not a UEFI firmware image");
        }
    }
};

QTEST_GUILESS_MAIN(UefiTest)
#include "uefi_test.moc"
