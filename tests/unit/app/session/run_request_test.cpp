// SPDX-License-Identifier: GPL-3.0-or-later
// From what was typed to a MachineSpec.
#include <QDir>
#include <QTest>

#include "app/session/device_options.h"
#include "app/session/hardware_words.h"
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
    /// What a person expects of a machine without saying it.
    void devicesByDefault()
    {
        const auto spec = specFor({});
        QCOMPARE(spec->nics.size(), size_t{1});
        QVERIFY(spec->nics[0].kind == NicKind::User && spec->nics[0].linkUp);
        QVERIFY(spec->entropy && spec->generationId && spec->balloon == BalloonKind::Auto);
        QVERIFY(spec->rootPorts > 0 && spec->vsock.cid == 0 && spec->consolePorts.empty());
        RunRequest none;
        none.nics = {"none"};
        none.balloon = "none";
        none.pcieSlots = "0";
        const auto bare = specFor(none);
        QVERIFY(bare->nics.empty() && bare->balloon == BalloonKind::None && bare->rootPorts == 0);
    }
    void drivesWithOptions()
    {
        const auto drive = driveFrom(DriveKind::Disk, "/a,b.raw,bus=virtio,serial=S1,cache=direct,"
                                                      "when-full=report,readonly,bps=1M,iops=7,"
                                                      "id=root");
        QVERIFY(drive.has_value());
        QCOMPARE(drive->path, std::string("/a,b.raw")); // a comma of the name's own
        QVERIFY(drive->bus == DriveBus::VirtioBlk && drive->cache == DriveCache::Direct);
        QVERIFY(drive->whenFull == WhenFull::Report && drive->readOnly);
        QCOMPARE(drive->serial, std::string("S1"));
        QCOMPARE(drive->id, std::string("root"));
        QCOMPARE(drive->limits.bytesPerSecond, uint64_t{1} << 20);
        QCOMPARE(drive->limits.operationsPerSecond, uint64_t{7});
        QCOMPARE(driveFrom(DriveKind::Disk, "/a,bus=ide").error().sentence(),
                 std::string("bus=ide: choose one of ahci, virtio, scsi"));
        QCOMPARE(driveFrom(DriveKind::Disk, "/a,colour=red")->path, std::string("/a,colour=red"));
        QVERIFY(!limitsFrom("bps=fast").has_value() && !limitsFrom("speed=1").has_value());
    }
    void nicsWithOptions()
    {
        const auto nat = nicFrom("user,mac=52:54:00:00:00:01,restrict,link=down,forward=2222:22");
        QVERIFY(nat.has_value() && nat->restricted && !nat->linkUp);
        QCOMPARE(nat->forwards, std::vector<std::string>{"2222:22"});
        const auto tap = nicFrom("tap,fd=5,fd=6");
        QVERIFY(tap.has_value() && tap->taps == (std::vector<int32_t>{5, 6}));
        const auto named = nicFrom("tap,interface=tap0");
        QVERIFY(named.has_value() && named->tapInterface == "tap0");
        QVERIFY(!nicFrom("tap,interface=tap0,fd=5").has_value());
        QVERIFY(!nicFrom("tap").has_value() && !nicFrom("tap,restrict").has_value());
        QVERIFY(!nicFrom("token-ring").has_value() && !nicFrom("user,fd=3").has_value());
        RunRequest request;
        request.nics = {"disconnected", "user"};
        request.forwards = {"8080:80"};
        QCOMPARE(specFor(request)->nics[1].forwards, std::vector<std::string>{"8080:80"});
        request.nics = {"none"};
        QVERIFY(!specFor(request).has_value()); // a forward to nowhere
    }
    void portsAndSockets()
    {
        const auto port = consolePortFrom("socket=/run/a,name=org.example.0");
        QVERIFY(port.has_value() && port->end == PortEnd::Socket);
        QCOMPARE(port->path, std::string("/run/a"));
        QCOMPARE(port->name, std::string("org.example.0"));
        QVERIFY(!consolePortFrom("lamp").has_value());
        const auto vsock = vsockFrom("5,socket=/run/v");
        QVERIFY(vsock.has_value() && vsock->cid == 5 && vsock->path == "/run/v");
        RunRequest request;
        request.vsock = "2,socket=/run/v"; // the host's own
        QVERIFY(!specFor(request).has_value());
    }
    void changesByWord()
    {
        const auto change = [](std::string_view verb, std::vector<std::string> arguments) {
            for (const HardwareWord& word : hardwareWords())
                if (word.verb == verb)
                    return changeFrom(word, arguments);
            return vmm::Result<vmm::machine::HardwareChange>(
                vmm::Error(vmm::ErrorCode::NotFound, "no such verb"));
        };
        using namespace vmm::machine;
        const auto resize = change("resize", {"disk0", "3G"});
        QVERIFY(resize.has_value() && std::get<ResizeDrive>(*resize).bytes == uint64_t{3} << 30);
        QVERIFY(std::get<ResizeDrive>(*change("resize", {"disk0", ""})).bytes == 0);
        QVERIFY(!std::get<SetLink>(*change("link", {"nic0", "down"})).up);
        QVERIFY(!change("link", {"nic0", "sideways"}).has_value());
        QVERIFY(!change("attach-disk", {"relative.raw"}).has_value());
        QCOMPARE(std::get<AttachDrive>(*change("attach-disk", {"/a.raw,bus=scsi"})).drive.path,
                 std::string("/a.raw"));
        QCOMPARE(std::get<SetMemory>(*change("memory", {"1G"})).bytes, uint64_t{1} << 30);
        QCOMPARE(std::get<ListPorts>(*change("ports", {"nic1"})).id, std::string("nic1"));
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
