// SPDX-License-Identifier: GPL-3.0-or-later
// Machines as one file: out, in, and files made by somebody else.
#include <QtTest>

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include "app/library/library.h"
#include "tests/unit/app/library/scratch.h"

using namespace app::library;
using namespace app::library::testing;
using namespace vmm::spec;
namespace fs = std::filesystem;

namespace {

/// One entry of an archive that a test makes by hand.
struct Member {
    std::string name;
    std::string content{};
    unsigned kind = AE_IFREG;
    std::string link{};
    int64_t size = -1; ///< what the header claims, if not the truth
};

void pack(const fs::path& file, const std::vector<Member>& members)
{
    archive* out = archive_write_new();
    archive_write_set_format_pax(out);
    archive_write_add_filter_zstd(out);
    archive_write_open_filename(out, file.c_str());
    for (const Member& member : members) {
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, member.name.c_str());
        archive_entry_set_perm(entry, 0600);
        if (member.kind == 0) {
            archive_entry_set_filetype(entry, AE_IFREG);
            archive_entry_set_hardlink(entry, member.link.c_str());
        } else {
            archive_entry_set_filetype(entry, member.kind);
            if (member.kind == AE_IFLNK)
                archive_entry_set_symlink(entry, member.link.c_str());
        }
        const auto size = static_cast<int64_t>(member.content.size());
        archive_entry_set_size(entry, member.size >= 0 ? member.size : size);
        if (member.size > size) { // a hole as large as the claim
            archive_entry_sparse_add_entry(entry, 0, 0);
        }
        archive_write_header(out, entry);
        archive_write_data(out, member.content.data(), member.content.size());
        archive_entry_free(entry);
    }
    archive_write_free(out);
}

Member config(const std::string& more = {})
{
    return {"x.vitrine/machine.toml", minimalText("x", idOf('a')) + more};
}

uint64_t onDisk(const fs::path& file)
{
    struct stat status = {};
    return ::stat(file.c_str(), &status) == 0 ? static_cast<uint64_t>(status.st_blocks) * 512 : 0;
}

} // namespace

class TransferTest : public QObject {
    Q_OBJECT

private slots:
    void goesOutAndComesIn()
    {
        const Scratch scratch;
        const Library library = scratch.open();
        write(scratch.root / "s", std::string(size_t{3} << 20, '\0') + "hello");
        Job job;
        MachineConfig wanted;
        wanted.hardware.name = "Büro";
        wanted.notes = "mine";
        wanted.hardware.drives = {{DriveKind::Disk, "", DriveBus::VirtioBlk},
                                  {DriveKind::Disk, "", DriveBus::VirtioBlk}};
        const auto made = library.create(
            wanted, {{uint64_t{1} << 30, scratch.root / "s"}, {uint64_t{2} << 30}}, job);
        QVERIFY(made.has_value());
        const fs::path file = scratch.root / "Büro.vitrine.tar.zst";
        const auto exported = library.exportTo("Büro", file, job);
        QVERIFY2(exported.has_value(), exported ? "" : qPrintable(words(exported.error())));
        QVERIFY(fs::file_size(file) < 1 << 20);
        QVERIFY(library.remove("Büro").has_value());
        int last = -1;
        Job second([&](int perMille) { last = perMille; });
        const auto back = library.importFrom(file, second);
        QVERIFY2(back.has_value(), back ? "" : qPrintable(words(back.error())));
        QCOMPARE(back->config.id, made->config.id);
        QCOMPARE(back->config.notes, std::string("mine"));
        QCOMPARE(fs::file_size(back->bundle / "disk0.raw"), uint64_t{1} << 30);
        QCOMPARE(fs::file_size(back->bundle / "disk1.raw"), uint64_t{2} << 30);
        QVERIFY(onDisk(back->bundle / "disk0.raw") < 1 << 20);
        QVERIFY(onDisk(back->bundle / "disk1.raw") < 1 << 20);
        QCOMPARE(readAt(back->bundle / "disk0.raw", size_t{3} << 20, 5), std::string("hello"));
        QVERIFY(last > 0);
        const auto again = library.importFrom(file, second); // both stay apart
        QVERIFY(again->config.id != made->config.id);
        QCOMPARE(again->config.name(), std::string("Büro (2)"));
        QCOMPARE(library.machines().size(), size_t{2});
    }

    void comesInFromAFolderThatStays()
    {
        const Scratch scratch;
        const fs::path stick = scratch.root / "stick/a.vitrine";
        write(stick / "machine.toml",
              minimalText("a", idOf('a')) +
                  "[[disk]]\nfile = \"d.raw\"\n[[cdrom]]\nfile = \"/x.iso\"\n");
        write(stick / "d.raw", "data");
        write(stick / "log.txt", "old");
        const Library library = scratch.open();
        Job job;
        const auto imported = library.importFrom(stick, job);
        QVERIFY2(imported.has_value(), imported ? "" : qPrintable(words(imported.error())));
        QCOMPARE(read(imported->bundle / "d.raw"), std::string("data"));
        QCOMPARE(imported->config.hardware.drives[1].path, std::string());
        QVERIFY(!fs::exists(imported->bundle / "log.txt"));
        QVERIFY(!fs::exists(stick / ".lock")); // nothing was written there
        write(stick / "suspended.state", "x");
        QVERIFY(!library.importFrom(stick, job).has_value());
    }

    void whatIsNoFileIsNotReplaced()
    {
        const Scratch scratch;
        scratch.addBundle("a", idOf('a'));
        const Library library = scratch.open();
        Job job;
        const fs::path pipe = scratch.root / "pipe";
        QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
        QVERIFY(library.exportTo("a", pipe, job).error().sentence().find("not a plain file") !=
                std::string::npos);
        QVERIFY(fs::is_fifo(pipe));
        QVERIFY(!library.exportTo("a", scratch.root, job).has_value());
    }

    void foldersWithoutAMachineAreNamed()
    {
        const Scratch scratch;
        const fs::path folder = scratch.root / "holiday";
        fs::create_directory(folder);
        write(folder / "letter", "x");
        Job job;
        const auto imported = scratch.open().importFrom(folder, job);
        QVERIFY(!imported.has_value());
        QCOMPARE(imported.error().sentence(),
                 std::string("holiday is not a machine: there is no machine.toml in it"));
    }

    void givingUpLeavesNothing()
    {
        const Scratch scratch;
        scratch.addBundle("a", idOf('a'));
        const Library library = scratch.open();
        Job job;
        const fs::path file = scratch.root / "a.tar.zst";
        QVERIFY(library.exportTo("a", file, job).has_value());
        Job given;
        given.cancel();
        QVERIFY(library.importFrom(file, given).error().code() == vmm::ErrorCode::Cancelled);
        write(scratch.home / "a.vitrine/d.raw", std::string(100, 'x'));
        QVERIFY(library.exportTo("a", scratch.root / "b", given).error().code() ==
                vmm::ErrorCode::Cancelled);
        QVERIFY(!fs::exists(scratch.root / "b"));
        QCOMPARE(library.machines().size(), size_t{1});
        for (const auto& entry : fs::directory_iterator(scratch.home))
            QCOMPARE(entry.path().filename(), fs::path("a.vitrine"));
    }

    void hostileFiles_data()
    {
        QTest::addColumn<std::vector<Member>>("members");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* name, std::vector<Member> members, const char* words) {
            QTest::newRow(name) << std::move(members) << words;
        };
        row("path upwards", {config(), {"x.vitrine/../../evil", "x"}}, "not one of a machine");
        row("absolute path", {config(), {"/tmp/evil", "x"}}, "not one of a machine");
        row("dots in between", {config(), {"x.vitrine/a/../b", "x"}}, "not one of a machine");
        row("hidden note", {config(), {"x.vitrine/.moved-from", "x"}}, "not one of a machine");
        row("two folders", {config(), {"y.vitrine/a", "x"}}, "not one of a machine");
        row("no bundle", {{"machine.toml", "x"}}, "not one of a machine");
        row("deep", {config(), {"x.vitrine/a/b/c/d/e", "x"}}, "not one of a machine");
        row("symlink", {config(), {"x.vitrine/d", "", AE_IFLNK, "/etc/passwd"}},
            "a link or a device");
        row("hard link", {config(), {"x.vitrine/d", "", 0, "/etc/passwd"}}, "a link or a device");
        row("pipe", {config(), {"x.vitrine/d", "", AE_IFIFO}}, "a link or a device");
        row("device", {config(), {"x.vitrine/d", "", AE_IFCHR}}, "a link or a device");
        row("folder as a file", {{"x.vitrine", "x"}}, "where a machine's folder should be");
        row("twice", {config(), {"x.vitrine/d", "x"}, {"x.vitrine/d", "y"}}, "is in it twice");
        row("nothing", {}, "");
        row("no configuration", {{"x.vitrine/d", "x"}}, "machine.toml");
        row("large configuration", {{"x.vitrine/machine.toml", std::string(1 << 20, '#')}},
            "too large");
        row("too large", {config(), {"x.vitrine/d", "", AE_IFREG, "", int64_t{1} << 50}},
            "too large");
        row("wrong configuration", {{"x.vitrine/machine.toml", "schema = 1\n?"}}, "line 2");
        row("disk of the host", {config("[[disk]]\nfile = \"/etc/passwd\"\n")},
            "did not come with it");
        row("disk above", {config("[[disk]]\nfile = \"../../x\"\n")}, "did not come with it");
    }
    void hostileFiles()
    {
        QFETCH(const std::vector<Member>, members);
        QFETCH(const QString, words);
        const Scratch scratch;
        const fs::path file = scratch.root / "hostile";
        pack(file, members);
        Job job;
        const auto imported = scratch.open().importFrom(file, job);
        QVERIFY(!imported.has_value());
        QVERIFY2(testing::words(imported.error()).contains(words),
                 qPrintable(testing::words(imported.error())));
        QVERIFY(fs::is_empty(scratch.home));
        QVERIFY(!fs::exists(scratch.root / "evil"));
    }

    void brokenFilesAreRefused()
    {
        const Scratch scratch;
        scratch.addBundle("a", idOf('a'));
        write(scratch.home / "a.vitrine/d.raw", std::string(300000, 'x'));
        const Library library = scratch.open();
        Job job;
        const fs::path file = scratch.root / "a.tar.zst";
        QVERIFY(library.exportTo("a", file, job).has_value());
        const std::string whole = read(file);
        for (size_t size = 0; size + 1 < whole.size(); size += whole.size() / 7) {
            write(file, whole.substr(0, size));
            QVERIFY(!library.importFrom(file, job).has_value());
        }
        write(file, "PK\x03\x04 something else");
        QVERIFY(!library.importFrom(file, job).has_value());
        QVERIFY(!library.importFrom(scratch.root / "none", job).has_value());
        QVERIFY(!library.importFrom("/dev/zero", job).has_value());
        QCOMPARE(library.machines().size(), size_t{1});
    }

    void importedMachinesReachNothingOfTheHost()
    {
        const Scratch scratch;
        const fs::path file = scratch.root / "x";
        pack(file,
             {config("[boot]\nkernel = \"/etc/shadow\"\nfirmware = \"/etc/passwd\"\n"
                     "[[cdrom]]\nfile = \"/etc/passwd\"\n[[cdrom]]\nfile = \"d\"\n"
                     "[[network]]\nforwards = [\"tcp:0.0.0.0:1-:2\", \"tcp:127.0.0.1:3-:4\"]\n"
                     "capture = \"/home/x\"\n[[console]]\nend = \"file\"\npath = \"/home/x\"\n"
                     "[devices]\nserial = \"file:/home/x\"\ndebugcon = \"/home/x\"\nvsock = 3\n"
                     "vsock-socket = \"/home/x\"\ntest = true\n"
                     "[install]\npending = true\nkernel = \"/boot/x\"\n"),
              {"x.vitrine/d", "x"}});
        Job job;
        const auto imported = scratch.open().importFrom(file, job);
        QVERIFY2(imported.has_value(), imported ? "" : qPrintable(words(imported.error())));
        const MachineSpec& machine = imported->config.hardware;
        QVERIFY(machine.kernelPath.empty() && machine.firmwarePath.empty());
        QVERIFY(machine.drives[0].path.empty() && machine.drives[1].path == "d");
        QVERIFY(machine.nics[0].forwards == std::vector<std::string>{"tcp:127.0.0.1:3-:4"});
        QVERIFY(machine.nics[0].capturePath.empty() && machine.consolePorts.empty());
        QVERIFY(machine.serial == SerialKind::None && machine.debugconPath.empty());
        QVERIFY(machine.vsock.cid == 0 && !machine.testDevices);
        QVERIFY(!imported->config.install.pending);
        QVERIFY(read(imported->bundle / "machine.toml").find("/home/x") == std::string::npos);
    }
    void pathsInsideADiscDoNotLeadOut()
    {
        const std::string up = "d:/../../../../../../../../../../../../../../etc/passwd";
        for (const std::string& section : {std::string("boot"), std::string("install")}) {
            const Scratch scratch;
            const fs::path file = scratch.root / "x";
            const std::string more = section == "install" ? "pending = true\n" : "";
            const auto made = [&](const std::string& initrd) {
                return config("[" + section + "]\n" + more + "kernel = \"d:/linux\"\ninitrd = \"" +
                              initrd + "\"\n");
            };
            Job job;
            pack(file, {made("d:/initrd"), {"x.vitrine/d", "x"}});
            const auto good = scratch.open().importFrom(file, job);
            QVERIFY2(good.has_value(), good ? "" : qPrintable(words(good.error())));
            QCOMPARE(Bundle::open(good->bundle)->spec().initrdPath,
                     (good->bundle / "d:/initrd").string());
            pack(file, {made(up), {"x.vitrine/d", "x"}});
            const auto imported = scratch.open().importFrom(file, job);
            QVERIFY2(imported.has_value(), imported ? "" : qPrintable(words(imported.error())));
            QCOMPARE(Bundle::open(imported->bundle)->spec().initrdPath, std::string());
        }
    }
};

QTEST_GUILESS_MAIN(TransferTest)
#include "transfer_test.moc"
