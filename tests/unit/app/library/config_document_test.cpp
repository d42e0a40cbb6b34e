// SPDX-License-Identifier: GPL-3.0-or-later
// machine.toml: round trips, changes, mistakes with their lines, schemas.
#include "app/library/config_document.h"

#include <QtTest>

#include "tests/unit/app/library/scratch.h"

using namespace app::library;
using namespace app::library::testing;
using namespace vmm::spec;

namespace {

constexpr const char* kFile = "A.vitrine/machine.toml";

MachineConfig fullConfig()
{
    MachineConfig config;
    config.id = idOf('a');
    config.os = "http://debian.org/debian/12";
    config.groups = {"work", "büro"};
    config.notes = "first\nsecond \"line\"\n";
    config.onClose = CloseAction::ShutDown;
    config.disposable = true;
    config.install = {true, "d.iso:/vmlinuz", "d.iso:/initrd", "auto=true", "answers.iso"};
    MachineSpec& machine = config.hardware;
    machine.name = "Debian 12 (2)";
    machine.memoryBytes = uint64_t{3} << 30;
    machine.cpus = 3;
    machine.boot = BootOrder::Disk;
    machine.firmwarePath = "uefi";
    machine.serial = SerialKind::File;
    machine.serialPath = "serial.txt";
    machine.balloon = BalloonKind::Manual;
    machine.entropy = false;
    machine.vsock = {5, "vsock"};
    DriveSpec disk{DriveKind::Disk, "disk0.raw", DriveBus::VirtioBlk, "disk0"};
    disk.cache = DriveCache::Direct;
    disk.limits.bytesPerSecond = 1000;
    machine.drives = {disk, DriveSpec{}, {DriveKind::Disk, "b.raw", DriveBus::Ahci, "b"}};
    machine.nics[0].forwards = {"tcp:127.0.0.1:2222-:22"};
    machine.nics[0].mac = "52:54:00:12:34:56";
    machine.consolePorts = {{"", PortEnd::Pty, ""}, {"agent", PortEnd::Socket, "agent"}};
    return config;
}

ConfigDocument made(const MachineConfig& config)
{
    auto document = ConfigDocument::make(config, kFile);
    if (!document)
        qFatal("%s", document.error().sentence().c_str());
    return *std::move(document);
}

QString problem(const std::string& text)
{
    const auto document = ConfigDocument::parse(text, kFile);
    return document ? QString() : words(document.error());
}

} // namespace

class ConfigDocumentTest : public QObject {
    Q_OBJECT

private slots:
    void keepsEverythingItIsTold()
    {
        const ConfigDocument document = made(fullConfig());
        const auto again = ConfigDocument::parse(document.text(), kFile);
        QVERIFY2(again.has_value(), again ? "" : qPrintable(words(again.error())));
        const MachineConfig& config = again->config();
        QCOMPARE(config.notes, fullConfig().notes);
        QVERIFY(config.groups == fullConfig().groups);
        QCOMPARE(config.hardware.drives.size(), size_t{3});
        QCOMPARE(config.hardware.drives[1].id, std::string("cdrom0"));
        QCOMPARE(config.hardware.drives[0].limits.bytesPerSecond, uint64_t{1000});
        QVERIFY(config.hardware.drives[2].bus == DriveBus::Ahci);
        QVERIFY(config.hardware.nics[0].forwards == fullConfig().hardware.nics[0].forwards);
        QCOMPARE(config.hardware.consolePorts[1].path, std::string("agent"));
        QVERIFY(!config.hardware.entropy && config.hardware.generationId);
        QVERIFY(config.install.pending && config.install.scriptDisc == "answers.iso");
        QCOMPARE(config.hardware.serialPath, std::string("serial.txt"));
        auto copy = *again;
        QVERIFY(copy.change(config).has_value());
        QCOMPARE(copy.text(), document.text());
    }

    void usualMachineIsShortToRead()
    {
        MachineConfig config;
        config.id = idOf('b');
        config.hardware.drives = {{DriveKind::Disk, "disk0.raw", DriveBus::VirtioBlk}, {}};
        const ConfigDocument document = made(config);
        QVERIFY(QString::fromStdString(document.text()).count('\n') < 40);
        QVERIFY(QString::fromStdString(document.text())
                    .contains("[resources]\ncpus = 2\nmemory = \"2G\"\n"));
        QVERIFY(!QString::fromStdString(document.text()).contains("[devices]"));
    }

    void changesOnlyWhatDiffers()
    {
        const std::string text =
            "# mine\nschema = 1\n\n[machine]\nname = 'A' # the name\nid = \"" + idOf('a') +
            "\"\ncolour = \"red\"\n[resources]\nmemory = \"2048M\"\ncpus = 1 # one\n"
            "[future]\nx = [1, 2.5]\n# end\n";
        auto document = ConfigDocument::parse(text, kFile);
        QVERIFY2(document.has_value(), document ? "" : qPrintable(words(document.error())));
        MachineConfig config = document->config();
        config.hardware.cpus = 4;
        QVERIFY(document->change(config).has_value());
        std::string expected = text;
        expected.replace(expected.find("cpus = 1"), 8, "cpus = 4");
        QCOMPARE(document->text(), expected);
    }

    void devicesComeGoAndChangePlaces()
    {
        ConfigDocument document = made(fullConfig());
        MachineConfig config = document.config();
        std::swap(config.hardware.drives[0], config.hardware.drives[2]);
        config.hardware.drives.erase(config.hardware.drives.begin() + 1);
        config.hardware.drives.insert(config.hardware.drives.begin() + 1,
                                      DriveSpec{DriveKind::Disk, "new.raw", DriveBus::VirtioScsi});
        config.hardware.nics.emplace_back();
        config.hardware.consolePorts.clear();
        const auto changed = document.change(config);
        QVERIFY2(changed.has_value(), changed ? "" : qPrintable(words(changed.error())));
        const auto again = ConfigDocument::parse(document.text(), kFile);
        QVERIFY(again.has_value());
        QCOMPARE(again->config().hardware.drives[0].path, std::string("b.raw"));
        QCOMPARE(again->config().hardware.drives[1].path, std::string("new.raw"));
        QCOMPARE(again->config().hardware.drives[2].path, std::string("disk0.raw"));
        QVERIFY(again->config().hardware.drives[2].cache == DriveCache::Direct);
        QCOMPARE(again->config().hardware.nics.size(), size_t{2});
        QVERIFY(again->config().hardware.consolePorts.empty());
    }

    void handWrittenDevicesGetTheirIdsBeforeOneGoes()
    {
        const std::string text =
            minimalText("A", idOf('a')) +
            "[[disk]]\nfile = \"a\"\n[[disk]]\nfile = \"b\"\n[[disk]]\nfile = \"c\"\n";
        auto document = ConfigDocument::parse(text, kFile);
        QVERIFY(document.has_value());
        MachineConfig config = document->config();
        config.hardware.drives.erase(config.hardware.drives.begin());
        const auto changed = document->change(config);
        QVERIFY2(changed.has_value(), changed ? "" : qPrintable(words(changed.error())));
        QCOMPARE(document->config().hardware.drives[0].id, std::string("disk1"));
        QCOMPARE(document->config().hardware.drives[0].path, std::string("b"));
    }

    void refusedChangesLeaveItAlone()
    {
        ConfigDocument document = made(fullConfig());
        const std::string before = document.text();
        MachineConfig config = document.config();
        config.hardware.cpus = 1000;
        QVERIFY(!document.change(config).has_value());
        config = document.config();
        config.hardware.name = "not\xffutf8";
        QVERIFY(!document.change(config).has_value());
        config = document.config();
        config.hardware.nics[0].kind = NicKind::Tap;
        QVERIFY(!document.change(config).has_value());
        QCOMPARE(document.text(), before);
    }

    void mistakesHaveALine_data()
    {
        QTest::addColumn<QString>("rest");
        QTest::addColumn<QString>("sentence");
        const auto row = [](const char* rest, const char* sentence) {
            QTest::newRow(sentence) << rest << sentence;
        };
        // The rest begins in line 5.
        row("[resources]\nmemory = \"2X\"", "line 6: memory: 2X: not a size");
        row("[resources]\nmemory = 2048", "line 6: memory: not a size");
        row("[resources]\nmemory = \"1M\"", "line 5: memory must be");
        row("[resources]\ncpus = 0", "line 5: a machine has 1 to");
        row("[resources]\ncpus = -1", "line 6: cpus: not a whole number");
        row("[resources]\ncpus = 99999999999", "line 6: cpus: not a whole number");
        row("[resources]\naccel = \"fast\"", "line 6: accel: choose one of \"auto\"");
        row("[boot]\nfirmware = true", "line 6: firmware: not a text");
        row("[boot]\ninitrd = \"x\"", "line 5: an initial ramdisk");
        row("\n[[disk]]\nbus = \"virtio\"", "line 6: a disk needs a file");
        row("[disk]\nfile = \"x\"", "line 5: write it as [[disk]]");
        row("[[boot]]\norder = \"disk\"", "line 5: write it as [boot]");
        row("[[network]]\nkind = \"tap\"", "line 5: a network card on a tap needs");
        row("[[network]]\nforwards = \"x\"", "line 6: forwards: not a list");
        row("[[network]]\nforwards = [\"ssh\"]", "line 5: forward \"ssh\": say host port");
        row("[[disk]]\nid=\"a\"\nfile=\"x\"\n[[disk]]\nid=\"a\"\nfile=\"y\"",
            "line 8: two devices");
        row("[window]\non-close = \"explode\"", "line 6: on-close: choose one of");
        row("[devices]\nserial = \"com1\"", "line 6: serial: choose one of");
        row("[devices]\nslots = 9", "line 5: a machine has at most");
        row("[x\n", "line 5: ");
    }
    void mistakesHaveALine()
    {
        QFETCH(const QString, rest);
        QFETCH(const QString, sentence);
        const QString said = problem(minimalText("A", idOf('a')) + rest.toStdString());
        QVERIFY2(said.startsWith(QString(kFile) + " " + sentence), qPrintable(said));
    }

    void needsSchemaNameAndAProperId()
    {
        QVERIFY(problem("").contains("line 1: write schema = 1"));
        QVERIFY(problem("schema = \"1\"\n").contains("line 1: schema"));
        QVERIFY(problem("schema = 1\n[machine]\n").contains("line 2: the machine has no name"));
        QVERIFY(problem("schema = 1\nmachine = 5\n").contains("line 2: machine: not a table"));
        QVERIFY(problem(minimalText("A", "xyz")).contains("line 4: id: not 32"));
        QVERIFY(problem(minimalText("a/b", idOf('a'))).contains("line 2: a machine's name"));
        QVERIFY(problem("schema = 1\n[machine]\nname = \"A\"\n").isEmpty()); // given an id later
    }

    void slotsMayBeSaidAfterWhatIsInThem()
    {
        QCOMPARE(
            problem(minimalText("A", idOf('a')) + "[[network]]\nslot = 7\n[devices]\nslots = 8\n"),
            QString());
    }

    void newerSchemasAreRefused()
    {
        const auto document = ConfigDocument::parse("schema = 2\nanything = 1\n", kFile);
        QVERIFY(!document.has_value());
        QVERIFY(document.error().code() == vmm::ErrorCode::Unsupported);
        QVERIFY(words(document.error()).contains("a newer version of Vitrine wrote this"));
    }

    void olderSchemasAreBroughtUpToDate()
    {
        const std::string old =
            "schema = 0\n# mine\n[machine]\ntitle = \"Old\"\nid = \"" + idOf('a') + "\"\n";
        const auto unknown = ConfigDocument::parse(old, kFile);
        QVERIFY(!unknown.has_value());
        QVERIFY(words(unknown.error()).contains("line 1: schema 0 is not known"));
        const ConfigMigration migrations[] = {
            {0, [](TomlText& text) -> vmm::Result<void> {
                 const size_t machine = 1;
                 TRY(text.set(machine, "name", text.sections()[machine].find("title")->value));
                 return text.erase(machine, "title");
             }}};
        const auto document = ConfigDocument::parse(old, kFile, migrations);
        QVERIFY2(document.has_value(), document ? "" : qPrintable(words(document.error())));
        QCOMPARE(document->config().name(), std::string("Old"));
        QVERIFY(QString::fromStdString(document->text()).startsWith("schema = 1\n# mine\n"));
    }
};

QTEST_GUILESS_MAIN(ConfigDocumentTest)
#include "config_document_test.moc"
