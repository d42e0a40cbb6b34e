// SPDX-License-Identifier: GPL-3.0-or-later
// Bundle and BundleLock on real folders.
#include "app/library/bundle.h"

#include <QtTest>
#include <thread>

#include <sys/stat.h>

#include "tests/unit/app/library/scratch.h"

using namespace app::library;
using namespace app::library::testing;
namespace fs = std::filesystem;

namespace {

struct One : Scratch {
    fs::path folder = home / "A.vitrine";
    One() { addBundle("A", idOf('a')); }
};

vmm::Result<void> setCpus(MachineConfig& config, uint32_t cpus)
{
    config.hardware.cpus = cpus;
    return {};
}

} // namespace

class BundleTest : public QObject {
    Q_OBJECT

private slots:
    void changesWhatIsOnDisk()
    {
        const One one;
        auto bundle = Bundle::open(one.folder / "");
        QVERIFY(bundle.has_value());
        QVERIFY(bundle->change([](MachineConfig& c) { return setCpus(c, 7); }).has_value());
        QCOMPARE(Bundle::open(one.folder)->config().hardware.cpus, 7u);
        QCOMPARE(bundle->path(), one.folder);
        QVERIFY(!fs::exists(one.folder / ".machine.toml.new"));
    }

    void seesWhatOthersChangedMeanwhile()
    {
        const One one;
        auto mine = *Bundle::open(one.folder);
        auto other = *Bundle::open(one.folder);
        QVERIFY(other.change([](MachineConfig& c) { return setCpus(c, 7); }).has_value());
        QVERIFY(mine.change([](MachineConfig& c) -> vmm::Result<void> {
                        c.notes = std::to_string(c.hardware.cpus);
                        return {};
                    })
                    .has_value());
        QCOMPARE(mine.config().notes, std::string("7"));
    }

    void refusedEditsChangeNothing()
    {
        const One one;
        const std::string before = read(one.folder / "machine.toml");
        auto bundle = *Bundle::open(one.folder);
        const vmm::Error no(vmm::ErrorCode::Invalid, "no");
        QVERIFY(
            !bundle.change([&](MachineConfig&) -> vmm::Result<void> { return no; }).has_value());
        QVERIFY(!bundle.change([](MachineConfig& c) { return setCpus(c, 0); }).has_value());
        QVERIFY(!bundle
                     .change([](MachineConfig& c) -> vmm::Result<void> {
                         c.id = idOf('b');
                         return {};
                     })
                     .has_value());
        QCOMPARE(read(one.folder / "machine.toml"), before);
    }

    void manyChangesAtOnceAllCount()
    {
        const One one;
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                auto bundle = *Bundle::open(one.folder);
                for (int k = 0; k < 3; ++k)
                    (void)bundle.change(
                        [](MachineConfig& c) { return setCpus(c, c.hardware.cpus + 1); });
            });
        for (std::thread& thread : threads)
            thread.join();
        QCOMPARE(Bundle::open(one.folder)->config().hardware.cpus, 14u);
    }

    void replacedTextIsCheckedAndTheOldOneKept()
    {
        const One one;
        auto bundle = *Bundle::open(one.folder);
        const std::string before = *bundle.text();
        const auto bad = bundle.replaceText(before + "[resources]\ncpus = \"x\"\n");
        QVERIFY(!bad.has_value());
        QVERIFY(words(bad.error()).startsWith("A.vitrine/machine.toml line 6: cpus"));
        QVERIFY(!bundle.replaceText(minimalText("A", idOf('b'))).has_value());
        QCOMPARE(*bundle.text(), before);
        QVERIFY(bundle.replaceText(before + "# more\n").has_value());
        QCOMPARE(*bundle.text(), before + "# more\n");
        QCOMPARE(read(one.folder / "machine.toml.bak"), before);
    }

    void aHandMadeBundleGetsAnId()
    {
        const Scratch scratch;
        write(scratch.home / "B.vitrine/machine.toml",
              "schema = 1\n[machine]\nname = \"B\" # mine\n");
        const auto bundle = Bundle::open(scratch.home / "B.vitrine");
        QVERIFY(bundle.has_value());
        QCOMPARE(bundle->config().id.size(), MachineConfig::kIdDigits);
        QCOMPARE(Bundle::open(scratch.home / "B.vitrine")->config().id, bundle->config().id);
        QVERIFY(read(scratch.home / "B.vitrine/machine.toml").find("# mine") != std::string::npos);
    }

    void hostileFilesAreSentences()
    {
        const Scratch scratch;
        const fs::path folder = scratch.home / "H.vitrine";
        fs::create_directories(folder);
        QVERIFY(words(Bundle::open(folder).error()).contains("H.vitrine/machine.toml is missing"));
        fs::create_symlink("/etc/passwd", folder / "machine.toml");
        QVERIFY(!Bundle::open(folder).has_value());
        fs::remove(folder / "machine.toml");
        QCOMPARE(::mkfifo((folder / "machine.toml").c_str(), 0600), 0);
        QVERIFY(!Bundle::open(folder).has_value()); // and waits for nobody
        fs::remove(folder / "machine.toml");
        write(folder / "machine.toml", std::string(size_t{1} << 20, '#'));
        QVERIFY(words(Bundle::open(folder).error()).contains("larger than"));
    }

    void specHasAbsolutePaths()
    {
        const Scratch scratch;
        const fs::path folder = scratch.home / "S.vitrine";
        const std::string medium = (scratch.home / "x.iso").string();
        write(medium, "a medium");
        write(folder / "machine.toml", minimalText("S", idOf('a')) +
                                           "[boot]\nfirmware = \"uefi\"\n[[disk]]\nfile = "
                                           "\"disk0.raw\"\n[[cdrom]]\nfile = \"" +
                                           medium +
                                           "\"\n[[cdrom]]\n[devices]\nserial = \"file:s.txt\"\n");
        const auto spec = Bundle::open(folder)->spec();
        QCOMPARE(spec.drives[0].path, (folder / "disk0.raw").string());
        QCOMPARE(spec.drives[1].path, medium);
        QCOMPARE(spec.drives[2].path, std::string());
        QCOMPARE(spec.serialPath, (folder / "s.txt").string());
        QCOMPARE(spec.firmwarePath, std::string("uefi"));
        QVERIFY(spec.entropy && spec.generationId && spec.rootPorts == 4);
        QVERIFY(spec.check().has_value());
    }

    void missingMediumLeavesItsDriveEmpty()
    {
        const Scratch scratch;
        const fs::path folder = scratch.home / "M.vitrine";
        const std::string medium = "[[cdrom]]\nfile = \"/nowhere/x.iso\"\n";
        write(folder / "machine.toml",
              minimalText("M", idOf('a')) + "[[disk]]\nfile = \"disk0.raw\"\n" + medium);
        auto spec = Bundle::open(folder)->spec();
        QCOMPARE(spec.drives[1].path, std::string());
        write(folder / "machine.toml", minimalText("M", idOf('a')) + medium);
        spec = Bundle::open(folder)->spec(); // it starts from nothing else
        QCOMPARE(spec.drives[0].path, std::string("/nowhere/x.iso"));
    }

    void pendingInstallationsStartTheirKernel()
    {
        const Scratch scratch;
        const fs::path folder = scratch.home / "I.vitrine";
        const std::string install = "[boot]\norder = \"disk\"\n[install]\npending = true\nkernel = "
                                    "\"d.iso:/k\"\ninitrd = \"/m/d.iso:/i\"\n"
                                    "command-line = \"auto\"\nscript-disc = \"answers.iso\"\n";
        write(folder / "machine.toml", minimalText("I", idOf('a')) + install);
        auto bundle = *Bundle::open(folder);
        auto spec = bundle.spec();
        QCOMPARE(spec.kernelPath, (folder / "d.iso:/k").string());
        QCOMPARE(spec.initrdPath, std::string("/m/d.iso:/i"));
        QCOMPARE(spec.commandLine, std::string("auto"));
        QCOMPARE(spec.drives.size(), size_t{1});
        QVERIFY(spec.drives[0].readOnly && spec.boot == vmm::spec::BootOrder::Cdrom);
        QVERIFY(spec.check().has_value());
        QVERIFY(bundle
                    .change([](MachineConfig& c) -> vmm::Result<void> {
                        c.install = {};
                        return {};
                    })
                    .has_value());
        spec = bundle.spec();
        QVERIFY(spec.kernelPath.empty() && spec.drives.empty());
        QVERIFY(spec.boot == vmm::spec::BootOrder::Disk);
    }

    void oneHoldsTheLock()
    {
        const One one;
        QVERIFY(!BundleLock::held(one.folder));
        {
            const auto lock = BundleLock::acquire(one.folder);
            QVERIFY(lock.has_value());
            QVERIFY(BundleLock::held(one.folder));
            const auto second = BundleLock::acquire(one.folder);
            QVERIFY(!second.has_value());
            QVERIFY(second.error().code() == vmm::ErrorCode::Busy);
            // Who runs it and who changes its configuration are two.
            auto bundle = *Bundle::open(one.folder);
            QVERIFY(bundle.change([](MachineConfig& c) { return setCpus(c, 3); }).has_value());
        }
        QVERIFY(!BundleLock::held(one.folder));
        QVERIFY(!BundleLock::acquire(one.home / "none.vitrine").has_value());
    }
};

QTEST_GUILESS_MAIN(BundleTest)
#include "bundle_test.moc"
