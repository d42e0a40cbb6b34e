// SPDX-License-Identifier: GPL-3.0-or-later
// Library: listing, making, renaming, cloning, moving, trash.
#include "app/library/library.h"

#include <QtTest>
#include <chrono>
#include <map>
#include <set>

#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "app/library/file_ops.h"
#include "tests/unit/app/library/scratch.h"

using namespace app::library;
using namespace app::library::testing;
using namespace vmm::spec;
namespace fs = std::filesystem;

namespace {

MachineConfig wanted(const std::string& name, size_t disks = 0)
{
    MachineConfig config;
    config.hardware.name = name;
    for (size_t i = 0; i < disks; ++i)
        config.hardware.drives.push_back({DriveKind::Disk, "", DriveBus::VirtioBlk});
    return config;
}

/// Made with one disk of `content` at 1 MiB and a hole before and behind.
MachineEntry machineWithData(const Scratch& scratch, const std::string& name,
                             const std::string& content)
{
    const fs::path source = scratch.root / "source.raw";
    write(source, std::string(size_t{1} << 20, '\0') + content);
    Job job;
    return *scratch.open().create(wanted(name, 1), {{uint64_t{64} << 20, source, true}}, job);
}

std::string dataOf(const fs::path& disk, size_t size)
{
    return readAt(disk, size_t{1} << 20, size);
}

uint64_t onDisk(const fs::path& file)
{
    struct stat status = {};
    return ::stat(file.c_str(), &status) == 0 ? static_cast<uint64_t>(status.st_blocks) * 512 : 0;
}

size_t countIn(const fs::path& folder)
{
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

} // namespace

class LibraryTest : public QObject {
    Q_OBJECT

private slots:
    void listsByNameAndSaysWhatIsBroken()
    {
        const Scratch scratch;
        scratch.addBundle("b", idOf('b'));
        scratch.addBundle("a", idOf('a'));
        scratch.addBundle("c", idOf('a')); // copied by hand
        write(scratch.home / "broken.vitrine/machine.toml", "schema = 1\n[machine\n");
        write(scratch.home / "other/machine.toml", "");
        write(scratch.home / "a.vitrine/suspended.state", "x");
        const auto lock = BundleLock::acquire(scratch.home / "b.vitrine");
        const auto all = scratch.open().machines();
        QCOMPARE(all.size(), size_t{4});
        QVERIFY(all[0].config.name() == "a" && all[0].suspended && all[0].lastUsed > 0);
        QVERIFY(all[1].running && all[1].problem.empty());
        QVERIFY(all[2].config.name() == "broken" &&
                all[2].problem.starts_with("broken.vitrine/machine.toml line 2"));
        QVERIFY(all[3].problem.find("is a copy of another machine") != std::string::npos);
    }

    void findsByIdAndByName()
    {
        const Scratch scratch;
        scratch.addBundle("a", idOf('a'));
        write(scratch.home / "a2.vitrine/machine.toml", minimalText("a", idOf('b')));
        const Library library = scratch.open();
        QCOMPARE(library.find(idOf('b'))->bundle, scratch.home / "a2.vitrine");
        QVERIFY(library.find("a").error().code() == vmm::ErrorCode::Invalid);
        QVERIFY(library.find("x").error().code() == vmm::ErrorCode::NotFound);
    }

    void looksInFoldersThatWereAdded()
    {
        const Scratch scratch;
        const fs::path more = scratch.root / "more";
        write(more / "m.vitrine/machine.toml", minimalText("m", idOf('a')));
        Library library = scratch.open();
        QVERIFY(!library.addFolder(scratch.root / "none").has_value());
        QVERIFY(library.addFolder(more / "").has_value());
        QVERIFY(library.addFolder(more).has_value());
        fs::create_directory_symlink(more, scratch.root / "link");
        QVERIFY(library.addFolder(scratch.root / "link").has_value());
        QCOMPARE(library.folders().size(), size_t{3});
        QCOMPARE(scratch.open().machines().size(), size_t{1});
        QVERIFY(!library.removeFolder(scratch.home).has_value());
        QVERIFY(library.removeFolder(more).has_value());
        QVERIFY(!library.removeFolder(more).has_value());
        QVERIFY(library.checkSettings().has_value());
    }

    /// A list that somebody spoiled by hand is told, and left as it is.
    void listOfFoldersIsSpoiled()
    {
        const Scratch scratch;
        scratch.addBundle("a", idOf('a'));
        const std::string spoiled = "folders = [\n\"/more\"\nsize = 1\n";
        write(scratch.root / "config/library.toml", spoiled);
        Library library = scratch.open();
        QCOMPARE(library.machines().size(), size_t{1});
        const auto readable = library.checkSettings();
        QVERIFY(!readable.has_value());
        QVERIFY2(words(readable.error()).contains("library.toml line"),
                 qPrintable(words(readable.error())));
        fs::create_directories(scratch.root / "more");
        QVERIFY(!library.addFolder(scratch.root / "more").has_value());
        QCOMPARE(readFile(scratch.root / "config/library.toml", 1000).value_or(""), spoiled);
    }

    void makesWhatAPersonExpects()
    {
        const Scratch scratch;
        Job job;
        const auto made =
            scratch.open().create(wanted("Büro", 2), {{uint64_t{5} << 30}, {1 << 20}}, job);
        QVERIFY2(made.has_value(), made ? "" : qPrintable(words(made.error())));
        QCOMPARE(made->bundle, scratch.home / "Büro.vitrine");
        QCOMPARE(made->config.hardware.drives.size(), size_t{3}); // and a CD-ROM drive
        QCOMPARE(fs::file_size(made->bundle / "disk0.raw"), uint64_t{5} << 30);
        QVERIFY(onDisk(made->bundle / "disk0.raw") < 1 << 20);
        QCOMPARE(made->config.id.size(), MachineConfig::kIdDigits);
        QVERIFY(made->config.hardware.nics[0].mac.starts_with("52:54:00:"));
        QVERIFY(!made->running);
        const auto second = scratch.open().create(wanted("Büro"), {}, job);
        QCOMPARE(second->config.name(), std::string("Büro (2)"));
        QCOMPARE(second->bundle, scratch.home / "Büro (2).vitrine");
    }

    void takesDisksOver()
    {
        const Scratch scratch;
        const MachineEntry moved = machineWithData(scratch, "m", "hello");
        QVERIFY(!fs::exists(scratch.root / "source.raw"));
        QCOMPARE(fs::file_size(moved.bundle / "disk0.raw"), uint64_t{64} << 20);
        QCOMPARE(dataOf(moved.bundle / "disk0.raw", 5), std::string("hello"));
        struct stat status = {};
        QCOMPARE(::stat((moved.bundle / "disk0.raw").c_str(), &status), 0);
        QCOMPARE(status.st_nlink, nlink_t{1});
        write(scratch.root / "keep.raw", "data");
        Job job;
        const auto copied =
            scratch.open().create(wanted("c", 1), {{0, scratch.root / "keep.raw"}}, job);
        QCOMPARE(read(copied->bundle / "disk0.raw"), std::string("data"));
        QVERIFY(fs::exists(scratch.root / "keep.raw"));
        fs::create_symlink(scratch.root / "keep.raw", scratch.root / "link");
        const auto linked =
            scratch.open().create(wanted("l", 1), {{0, scratch.root / "link", true}}, job);
        QVERIFY(fs::is_regular_file(fs::symlink_status(linked->bundle / "disk0.raw")));
        QVERIFY(fs::exists(scratch.root / "keep.raw"));
    }

    void makesAllOrNothing()
    {
        const Scratch scratch;
        const Library library = scratch.open();
        Job job;
        QVERIFY(!library.create(wanted("a", 2), {{1}}, job).has_value());
        QVERIFY(!library.create(wanted("a/b"), {}, job).has_value());
        QVERIFY(!library.create(wanted("a", 1), {{1, scratch.root / "none"}}, job).has_value());
        QVERIFY(!library.create(wanted("a", 1), {{~uint64_t{0}}}, job).has_value());
        job.cancel();
        const auto cancelled = library.create(wanted("a"), {}, job);
        QVERIFY(cancelled.error().code() == vmm::ErrorCode::Cancelled);
        QCOMPARE(countIn(scratch.home), size_t{0});
    }

    void removesWhatDeadMakersLeft()
    {
        const Scratch scratch;
        const fs::path dead = scratch.home / ".vitrine-new-1";
        const fs::path alive = scratch.home / ".vitrine-new-2";
        write(dead / "machine.toml", "half");
        write(alive / "machine.toml", "half");
        const auto lock = BundleLock::acquire(alive);
        QCOMPARE(scratch.open().machines().size(), size_t{0});
        QVERIFY(!fs::exists(dead));
        QVERIFY(fs::exists(alive));
    }

    void forgottenLiveMediaGoAway()
    {
        const Scratch scratch;
        const auto add = [&](const char* name, char id, const std::string& more, bool old) {
            const fs::path file = scratch.home / name / "machine.toml";
            write(file, minimalText(name, idOf(id)) + "disposable = true\n" + more);
            const utimbuf longAgo{0, 0};
            QVERIFY(!old || ::utime(file.c_str(), &longAgo) == 0);
        };
        add("old.vitrine", 'a', "", true);
        add("young.vitrine", 'b', "", false);
        add("disk.vitrine", 'c', "[[disk]]\nfile = \"d\"\n", true);
        add("running.vitrine", 'd', "", true);
        const auto lock = BundleLock::acquire(scratch.home / "running.vitrine");
        QCOMPARE(scratch.open().machines().size(), size_t{3});
        QVERIFY(!fs::exists(scratch.home / "old.vitrine"));
    }

    void renamesFolderAndAll()
    {
        const Scratch scratch;
        scratch.addBundle("a", idOf('a'));
        scratch.addBundle("b", idOf('b'));
        const Library library = scratch.open();
        QVERIFY(library.rename(idOf('a'), "b").error().code() == vmm::ErrorCode::Busy);
        QVERIFY(!library.rename(idOf('a'), "x/y").has_value());
        const auto renamed = library.rename(idOf('a'), "Neu ü");
        QVERIFY2(renamed.has_value(), renamed ? "" : qPrintable(words(renamed.error())));
        QCOMPARE(renamed->bundle, scratch.home / "Neu ü.vitrine");
        QVERIFY(!renamed->running);
        QVERIFY(!fs::exists(scratch.home / "a.vitrine"));
        const auto lock = BundleLock::acquire(renamed->bundle);
        QCOMPARE(library.rename(idOf('a'), "running")->bundle, renamed->bundle);
        QCOMPARE(library.find("running")->config.id, idOf('a'));
    }

    void clonesAreMachinesOfTheirOwn()
    {
        const Scratch scratch;
        const MachineEntry original = machineWithData(scratch, "a", "hello");
        write(original.bundle / "log.txt", "old");
        std::string text = read(original.bundle / "machine.toml");
        write(original.bundle / "machine.toml", text + "\n[mine]\nkey = 1 # kept\n");
        std::vector<int> steps;
        Job job([&](int perMille) { steps.push_back(perMille); });
        const auto clone = scratch.open().clone(original.config.id, "", job);
        QVERIFY2(clone.has_value(), clone ? "" : qPrintable(words(clone.error())));
        QCOMPARE(clone->config.name(), std::string("a (2)"));
        QVERIFY(clone->config.id != original.config.id);
        QVERIFY(clone->config.hardware.nics[0].mac != original.config.hardware.nics[0].mac);
        QCOMPARE(dataOf(clone->bundle / "disk0.raw", 5), std::string("hello"));
        QVERIFY(onDisk(clone->bundle / "disk0.raw") < uint64_t{4} << 20);
        QVERIFY(read(clone->bundle / "machine.toml").find("key = 1 # kept") != std::string::npos);
        QVERIFY(!fs::exists(clone->bundle / "log.txt"));
        QVERIFY(!steps.empty() && steps.back() == 1000);
    }

    void clonesGetCopiesOfDisksOutside()
    {
        const Scratch scratch;
        const fs::path outside = scratch.root / "outside.raw";
        write(outside, "data");
        write(scratch.home / "a.vitrine/machine.toml",
              minimalText("a", idOf('a')) + "[[disk]]\nfile = \"" + outside.string() + "\"\n");
        Job job;
        const auto clone = scratch.open().clone(idOf('a'), "b", job);
        QVERIFY2(clone.has_value(), clone ? "" : qPrintable(words(clone.error())));
        QCOMPARE(clone->config.hardware.drives[0].path, std::string("disk0.raw"));
        QCOMPARE(read(clone->bundle / "disk0.raw"), std::string("data"));
    }

    void runningAndSuspendedMachinesStay()
    {
        const Scratch scratch;
        scratch.addBundle("a", idOf('a'));
        const fs::path bundle = scratch.home / "a.vitrine";
        const Library library = scratch.open();
        Job job;
        {
            const auto lock = BundleLock::acquire(bundle);
            QVERIFY(library.clone("a", "b", job).error().code() == vmm::ErrorCode::Busy);
            QVERIFY(library.remove("a").error().code() == vmm::ErrorCode::Busy);
            QVERIFY(words(library.moveTo("a", scratch.root, job).error()).contains("is running"));
            QVERIFY(!library.exportTo("a", scratch.root / "x", job).has_value());
        }
        write(bundle / "suspended.state", "x");
        QVERIFY(words(library.clone("a", "b", job).error()).contains("is suspended"));
        QVERIFY(!library.exportTo("a", scratch.root / "x", job).has_value());
        QVERIFY(library.rename("a", "c")->suspended); // the guest's process finds its files anew
        QVERIFY(library.moveTo("c", scratch.root / "there", job)->suspended);
        QVERIFY(library.remove("c").has_value());
    }

    void movesWithinAFileSystem()
    {
        const Scratch scratch;
        scratch.addBundle("a", idOf('a'));
        Library library = scratch.open();
        Job job;
        QVERIFY(!library.moveTo("a", scratch.home / "a.vitrine/x", job).has_value());
        const auto moved = library.moveTo("a", scratch.root / "there", job);
        QCOMPARE(moved->bundle, scratch.root / "there/a.vitrine");
        QVERIFY(!moved->running);
        QCOMPARE(library.machines().size(), size_t{1}); // the folder is the library's now
        QCOMPARE(library.folders().size(), size_t{2});
    }

    void movesAcrossFileSystems()
    {
        const Scratch scratch;
        const QTemporaryDir other("/dev/shm/vitrine-XXXXXX");
        struct stat here = {};
        struct stat there = {};
        const fs::path target = other.path().toStdString();
        if (!other.isValid() || ::stat(scratch.root.c_str(), &here) != 0 ||
            ::stat(target.c_str(), &there) != 0 || here.st_dev == there.st_dev)
            QSKIP("there is no second file system at /dev/shm");
        const MachineEntry original = machineWithData(scratch, "a", "hello");
        const auto changed =
            fs::last_write_time(original.bundle / "disk0.raw") - std::chrono::hours(1);
        fs::last_write_time(original.bundle / "disk0.raw", changed);
        Job job;
        const auto moved = scratch.open().moveTo("a", target, job);
        QVERIFY2(moved.has_value(), moved ? "" : qPrintable(words(moved.error())));
        QCOMPARE(moved->config.id, original.config.id);
        QCOMPARE(dataOf(moved->bundle / "disk0.raw", 5), std::string("hello"));
        QVERIFY(fs::last_write_time(moved->bundle / "disk0.raw") == changed); // a state needs it
        QCOMPARE(countIn(scratch.home), size_t{0});
        QVERIFY(!fs::exists(moved->bundle / ".moved-from"));
    }

    void aMoveThatDiedIsFinishedByWhoeverLooks()
    {
        const Scratch scratch;
        scratch.addBundle("old", idOf('a'));
        scratch.addBundle("new", idOf('a'));
        write(scratch.home / "new.vitrine/.moved-from",
              idOf('7') + (scratch.home / "old.vitrine").string());
        write(scratch.home / "old.vitrine/.moving-to", idOf('7'));
        const auto all = scratch.open().machines();
        QVERIFY(all.size() == 1 || scratch.open().machines().size() == 1);
        QVERIFY(!fs::exists(scratch.home / "old.vitrine"));
    }

    void nobodysNoteDeletesAMachine()
    {
        const Scratch scratch;
        scratch.addBundle("mine", idOf('a'));
        scratch.addBundle("theirs", idOf('a'));
        write(scratch.home / "theirs.vitrine/.moved-from",
              idOf('7') + (scratch.home / "mine.vitrine").string());
        QCOMPARE(scratch.open().machines().size(), size_t{2});
        QVERIFY(fs::exists(scratch.home / "mine.vitrine/machine.toml"));
    }

    void goesToTheTrashAndComesBack()
    {
        const Scratch scratch;
        scratch.addBundle("Büro 1", idOf('a'));
        const Library library = scratch.open();
        const auto deleted = library.remove("Büro 1");
        QVERIFY2(deleted.has_value(), deleted ? "" : qPrintable(words(deleted.error())));
        const fs::path trash = scratch.root / "data/Trash";
        QCOMPARE(deleted->trashed, trash / "files/Büro 1.vitrine");
        const QString info = QString::fromStdString(read(trash / "info/Büro 1.vitrine.trashinfo"));
        QVERIFY(info.startsWith("[Trash Info]\nPath=" + QString::fromStdString(scratch.home) +
                                "/B%C3%BCro%201.vitrine\nDeletionDate=20"));
        QCOMPARE(library.machines().size(), size_t{0});
        scratch.addBundle("Büro 1", idOf('b')); // the name is taken meanwhile
        QVERIFY(library.restore(*deleted).has_value());
        QCOMPARE(library.find(idOf('a'))->config.name(), std::string("Büro 1 (2)"));
        QVERIFY(!fs::exists(trash / "info/Büro 1.vitrine.trashinfo"));
        QVERIFY(library.restore(*deleted).error().code() == vmm::ErrorCode::NotFound);
    }

    void namesInTheTrashAreKeptApart()
    {
        const Scratch scratch;
        const Library library = scratch.open();
        write(scratch.root / "data/Trash/files/a (2).vitrine", "no info for this one");
        std::set<fs::path> trashed;
        for (const char id : {'a', 'b', 'c'}) {
            scratch.addBundle("a", idOf(id));
            trashed.insert(library.remove("a")->trashed);
        }
        QCOMPARE(trashed.size(), size_t{3});
        QCOMPARE(read(scratch.root / "data/Trash/files/a (2).vitrine"),
                 std::string("no info for this one"));
    }

    void onlyThoseThatLeftTheTrashAreGone()
    {
        const Scratch scratch;
        for (const char id : {'a', 'b', 'c', 'd'})
            scratch.addBundle(std::string(1, id), idOf(id));
        const Library library = scratch.open();
        std::map<char, Deleted> deleted;
        for (const char id : {'a', 'b', 'c'})
            deleted.emplace(id, *library.remove(std::string(1, id)));
        QCOMPARE(library.gone(), std::vector<std::string>());
        QVERIFY(library.restore(deleted.at('b')).has_value());
        fs::remove_all(deleted.at('c').trashed); // the person empties the trash
        QCOMPARE(library.gone(), std::vector<std::string>{idOf('c')});
        QCOMPARE(scratch.open().gone(), std::vector<std::string>{idOf('c')}); // until it is settled
        library.settle(idOf('c'));
        QCOMPARE(library.gone(), std::vector<std::string>());
        fs::rename(scratch.root / "data/Trash", scratch.root / "data/away"); // a disk is unplugged
        QCOMPARE(library.gone(), std::vector<std::string>());
    }

    void brokenMachinesCanBeDeletedToo()
    {
        const Scratch scratch;
        write(scratch.home / "b.vitrine/machine.toml", "?");
        const Library library = scratch.open();
        const auto deleted = library.remove("b");
        QVERIFY(deleted.has_value());
        QVERIFY(library.restore(*deleted).has_value());
        QVERIFY(fs::exists(scratch.home / "b.vitrine/machine.toml"));
    }
};

QTEST_GUILESS_MAIN(LibraryTest)
#include "library_test.moc"
