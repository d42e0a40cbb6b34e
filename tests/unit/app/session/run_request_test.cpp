// SPDX-License-Identifier: GPL-3.0-or-later
// From what was typed to a MachineSpec.
#include <QDir>
#include <QTest>

#include "app/session/run_request.h"

using namespace app::session;
using namespace vmm::spec;

class RunRequestTest : public QObject {
    Q_OBJECT

private slots:
    void defaults()
    {
        const auto spec = specFor({});
        QVERIFY(spec.has_value());
        QCOMPARE(spec->name, std::string("vitrine"));
        QCOMPARE(spec->memoryBytes, uint64_t{2} << 30);
        QCOMPARE(spec->drives.size(), size_t{1}); // an empty CD-ROM drive, to insert media into
        QVERIFY(spec->drives[0].kind == DriveKind::Cdrom && spec->drives[0].path.empty());
    }
    void everythingSaid()
    {
        RunRequest request;
        request.drives = {{DriveKind::Disk, "a.raw"}, {DriveKind::Cdrom, "/b.iso"}};
        request.memory = "512M";
        request.cpus = "4";
        request.name = "n";
        request.boot = "menu";
        request.serial = "file:log/serial.txt";
        const auto spec = specFor(request);
        QVERIFY(spec.has_value());
        const std::string here = QDir::currentPath().toStdString();
        QCOMPARE(spec->drives[0].path, here + "/a.raw");
        QCOMPARE(spec->drives[1].path, std::string("/b.iso"));
        QCOMPARE(spec->drives.size(), size_t{2});
        QCOMPARE(spec->memoryBytes, uint64_t{512} << 20);
        QCOMPARE(spec->cpus, 4u);
        QVERIFY(spec->boot == BootOrder::Menu && spec->serial == SerialKind::File);
        QCOMPARE(spec->serialPath, here + "/log/serial.txt");
    }
    void microGuestsGetNoDrive()
    {
        RunRequest request;
        request.kernel = "guest.elf";
        QVERIFY(specFor(request)->drives.empty());
    }
    void kernelsBringTheirFiles()
    {
        RunRequest request;
        request.initrd = "initrd.gz";
        QCOMPARE(specFor(request).error().sentence(), std::string("--initrd goes with --kernel"));
        request.kernel = "vmlinuz";
        request.append = "console=ttyS0 quiet";
        const auto spec = specFor(request);
        QVERIFY(spec.has_value());
        QVERIFY(spec->initrdPath.starts_with("/") && spec->initrdPath.ends_with("/initrd.gz"));
        QCOMPARE(spec->commandLine, request.append);
    }
    void uefiIsNoPath()
    {
        RunRequest request;
        request.firmware = "uefi";
        QCOMPARE(specFor(request)->firmwarePath, std::string("uefi"));
        request.firmware = "./uefi";
        QVERIFY(specFor(request)->firmwarePath.ends_with("/uefi"));
    }
    void accelIsAutoUnlessAskedFor()
    {
        using vmm::spec::Accel;
        RunRequest request;
        QVERIFY(specFor(request)->accel == Accel::Auto);
        request.accel = "kvm";
        QVERIFY(specFor(request)->accel == Accel::Kvm);
        request.accel = "soft";
        QVERIFY(specFor(request)->accel == Accel::Soft);
        request.accel = "tcg";
        QCOMPARE(specFor(request).error().sentence(),
                 std::string("--accel tcg: choose auto, kvm or soft"));
    }
    void mistakesAreSentences_data()
    {
        QTest::addColumn<QString>("field");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* field, const char* value, const char* words) {
            QTest::addRow("%s %s", field, value) << field << value << words;
        };
        row("memory", "2X", "2X: not a size");
        row("memory", "1K", "memory must be");
        row("cpus", "two", "not a number of CPUs");
        row("cpus", "-1", "not a number of CPUs");
        row("cpus", "65", "1 to 64 CPUs");
        row("boot", "net", "cdrom, disk or menu");
        row("serial", "com1", "stdio, pty or file:PATH");
        row("serial", "file:", "stdio, pty or file:PATH");
        row("name", "a b", "letters, digits");
        row("name", "../a", "letters, digits");
    }
    void mistakesAreSentences()
    {
        QFETCH(const QString, field);
        QFETCH(const QString, value);
        QFETCH(const QString, words);
        RunRequest request;
        std::string& target = field == "memory"   ? request.memory
                              : field == "cpus"   ? request.cpus
                              : field == "boot"   ? request.boot
                              : field == "serial" ? request.serial
                                                  : request.name;
        target = value.toStdString();
        const auto spec = specFor(request);
        QVERIFY(!spec.has_value());
        const QString sentence = QString::fromStdString(spec.error().sentence());
        QVERIFY2(sentence.contains(words), qPrintable(sentence));
    }
};

QTEST_GUILESS_MAIN(RunRequestTest)
#include "run_request_test.moc"
