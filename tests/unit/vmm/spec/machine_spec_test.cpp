// SPDX-License-Identifier: GPL-3.0-or-later
// What a machine may be, and sizes as people write them.
#include <QtTest>

#include <functional>

#include "vmm/spec/machine_spec.h"
#include "vmm/state/state.h"

using namespace vmm;
using namespace vmm::spec;

Q_DECLARE_METATYPE(std::function<void(MachineSpec&)>)

class MachineSpecTest : public QObject {
    Q_OBJECT

private slots:
    void defaultIsGood() { QVERIFY(MachineSpec{}.check().has_value()); }

    void checks_data()
    {
        using Change = std::function<void(MachineSpec&)>;
        QTest::addColumn<Change>("change");
        QTest::addColumn<bool>("good");
        const auto row = [](const char* name, bool good, Change change) {
            QTest::newRow(name) << std::move(change) << good;
        };
        row("no name", false, [](MachineSpec& spec) { spec.name.clear(); });
        row("path as a name", false, [](MachineSpec& spec) { spec.name = "../x"; });
        row("dot in front", false, [](MachineSpec& spec) { spec.name = ".a"; });
        row("space in front", false, [](MachineSpec& spec) { spec.name = " a"; });
        row("space at the end", false, [](MachineSpec& spec) { spec.name = "a "; });
        row("newline in a name", false, [](MachineSpec& spec) { spec.name = "a\nb"; });
        row("a person's name for it", true, [](MachineSpec& spec) { spec.name = "Büro 12.4 (2)"; });
        row("long name", false, [](MachineSpec& spec) { spec.name.assign(129, 'a'); });
        row("longest name", true, [](MachineSpec& spec) { spec.name.assign(128, 'a'); });
        row("no memory", false, [](MachineSpec& spec) { spec.memoryBytes = 0; });
        row("least memory", true, [](MachineSpec& spec) { spec.memoryBytes = 16 << 20; });
        row("odd memory", false, [](MachineSpec& spec) { spec.memoryBytes = (16 << 20) + 4096; });
        row("too much", false,
            [](MachineSpec& spec) { spec.memoryBytes = (1ULL << 40) + (1 << 20); });
        row("all of it", false, [](MachineSpec& spec) { spec.memoryBytes = ~0ULL; });
        row("no CPU", false, [](MachineSpec& spec) { spec.cpus = 0; });
        row("64 CPUs", true, [](MachineSpec& spec) { spec.cpus = 64; });
        row("65 CPUs", false, [](MachineSpec& spec) { spec.cpus = 65; });
        row("seven drives", false, [](MachineSpec& spec) { spec.drives.resize(7); });
        row("empty CD-ROM", true, [](MachineSpec& spec) { spec.drives.resize(1); });
        row("disk without a file", false, [](MachineSpec& spec) {
            spec.drives = {{DriveKind::Disk, ""}};
        });
        row("unknown drive", false, [](MachineSpec& spec) {
            spec.drives = {{static_cast<DriveKind>(9), "x"}};
        });
        row("unknown boot order", false,
            [](MachineSpec& spec) { spec.boot = static_cast<BootOrder>(200); });
        row("unknown serial port", false,
            [](MachineSpec& spec) { spec.serial = static_cast<SerialKind>(200); });
        row("unknown accel", false, [](MachineSpec& spec) { spec.accel = static_cast<Accel>(3); });
        row("software CPU", true, [](MachineSpec& spec) { spec.accel = Accel::Soft; });
        row("ramdisk without a kernel", false, [](MachineSpec& spec) { spec.initrdPath = "/i"; });
        row("command line without a kernel", false,
            [](MachineSpec& spec) { spec.commandLine = "quiet"; });
        row("kernel with both", true, [](MachineSpec& spec) {
            spec.kernelPath = "/k";
            spec.initrdPath = "/i";
            spec.commandLine = "quiet";
        });
        row("long command line", false, [](MachineSpec& spec) {
            spec.kernelPath = "/k";
            spec.commandLine.assign(65536, 'a');
        });
        row("forward", true, [](MachineSpec& spec) {
            spec.nics.resize(1);
            spec.nics[0].forwards = {"2222:22"};
        });
        row("no forward", false, [](MachineSpec& spec) {
            spec.nics.resize(1);
            spec.nics[0].forwards = {"ssh"};
        });
        row("CD-ROM on virtio-blk", false, [](MachineSpec& spec) {
            spec.drives.resize(1);
            spec.drives[0].bus = DriveBus::VirtioBlk;
        });
        row("twenty disks on SCSI", true, [](MachineSpec& spec) {
            spec.drives.resize(20, {DriveKind::Disk, "/d", DriveBus::VirtioScsi});
        });
        row("unknown bus", false, [](MachineSpec& spec) {
            spec.drives = {{DriveKind::Disk, "/d", static_cast<DriveBus>(3)}};
        });
        row("one id twice", false, [](MachineSpec& spec) {
            spec.drives.resize(1);
            spec.nics.resize(1);
            spec.drives[0].id = spec.nics[0].id = "x";
        });
        row("odd id", false, [](MachineSpec& spec) {
            spec.nics.resize(1);
            spec.nics[0].id = "a b";
        });
        row("nine cards", false, [](MachineSpec& spec) { spec.nics.resize(9); });
        row("passt without a socket", false, [](MachineSpec& spec) {
            spec.nics.resize(1);
            spec.nics[0].kind = NicKind::Passt;
        });
        row("the host's context id", false, [](MachineSpec& spec) { spec.vsock = {2, "/s"}; });
        row("vsock", true, [](MachineSpec& spec) { spec.vsock = {3, "/s"}; });
        row("one port twice", false, [](MachineSpec& spec) { spec.consolePorts.resize(2); });
        row("slot that is not there", false, [](MachineSpec& spec) {
            spec.nics.resize(1);
            spec.nics[0].slot = 1;
        });
        row("two in one slot", false, [](MachineSpec& spec) {
            spec.rootPorts = 2;
            spec.nics.resize(2);
            spec.nics[0].slot = spec.nics[1].slot = 2;
        });
        row("unknown balloon", false,
            [](MachineSpec& spec) { spec.balloon = static_cast<BalloonKind>(7); });
        row("serial port without a file", false,
            [](MachineSpec& spec) { spec.serial = SerialKind::File; });
    }
    void checks()
    {
        QFETCH(std::function<void(MachineSpec&)>, change);
        QFETCH(bool, good);
        MachineSpec spec;
        change(spec);
        const auto result = spec.check();
        QCOMPARE(result.has_value(), good);
        if (!good)
            QVERIFY(!result.error().sentence().empty() && result.error().sentence().back() != '.');
    }

    void surviveSavingAndLoading()
    {
        MachineSpec spec;
        spec.name = "a";
        spec.drives = {{DriveKind::Disk, "/x"}, {DriveKind::Cdrom, ""}};
        spec.boot = BootOrder::Menu;
        const auto record = *state::decode(state::encode(state::save(spec)));
        const auto loaded = *state::load<MachineSpec>(record);
        QCOMPARE(loaded.drives.size(), size_t{2});
        QVERIFY(loaded.drives[0].path == "/x" && loaded.boot == BootOrder::Menu);
    }

    void namesWhatHasNone()
    {
        MachineSpec spec;
        spec.drives = {{DriveKind::Disk, "/a"}, {DriveKind::Cdrom, ""}, {DriveKind::Disk, "/b"}};
        spec.drives[2].id = "disk0";
        spec.nics.resize(2);
        spec.nameDevices();
        QCOMPARE(spec.drives[0].id, std::string("disk1"));
        QCOMPARE(spec.drives[1].id, std::string("cdrom0"));
        QCOMPARE(spec.nics[1].id, std::string("nic1"));
        QVERIFY(spec.check().has_value());
    }

    void readsTheFirstVersion()
    {
        auto record = state::save(MachineSpec{});
        record.version = 1;
        for (const char* fresh : {"initrd", "command-line", "accel", "nics", "console-ports",
                                  "vsock", "entropy", "balloon", "generation-id", "root-ports"})
            record.fields.erase(fresh);
        const auto loaded = state::load<MachineSpec>(record);
        QVERIFY2(loaded.has_value(), loaded ? "" : loaded.error().sentence().c_str());
        QVERIFY(loaded->check().has_value() && loaded->initrdPath.empty());
        record.version = 2;
        QVERIFY(!state::load<MachineSpec>(record).has_value());
    }

    void sizes_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("good");
        QTest::addColumn<quint64>("bytes");
        const auto row = [](const char* text, bool good, uint64_t bytes) {
            QTest::newRow(*text == 0 ? "empty" : text) << QString(text) << good << quint64{bytes};
        };
        row("0", true, 0);
        row("4096", true, 4096);
        row("512M", true, 512ULL << 20);
        row("2g", true, 2ULL << 30);
        row("1048576K", true, 1ULL << 30);
        row("1T", true, 1ULL << 40);
        row("18446744073709551615", true, ~0ULL);
        row("18446744073709551616", false, 0);
        row("16777216T", false, 0); // 2^64
        row("", false, 0);
        row("M", false, 0);
        row("-1", false, 0);
        row("+1", false, 0);
        row(" 1", false, 0);
        row("1 M", false, 0);
        row("1MB", false, 0);
        row("1.5G", false, 0);
        row("0x10", false, 0);
        row("1E", false, 0);
    }
    void sizes()
    {
        QFETCH(QString, text);
        QFETCH(bool, good);
        QFETCH(quint64, bytes);
        const auto size = parseSize(text.toStdString());
        QCOMPARE(size.has_value(), good);
        if (good)
            QCOMPARE(quint64{*size}, bytes);
    }
};

QTEST_GUILESS_MAIN(MachineSpecTest)
#include "machine_spec_test.moc"
