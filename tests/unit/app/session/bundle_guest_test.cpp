// SPDX-License-Identifier: GPL-3.0-or-later
// What a run does to its bundle: states are used once, paths follow a copied bundle, an
// installation ends; and the bounded log.
#include <filesystem>
#include <fstream>

#include <QTemporaryDir>
#include <QTest>

#include "app/session/bundle_guest.h"
#include "app/session/log_file.h"

using namespace app::session;
using namespace vmm::spec;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& file, const std::string& text)
{
    std::ofstream(file, std::ios::binary) << text;
}

std::string contentOf(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace

class BundleGuestTest : public QObject {
    Q_OBJECT
private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_bundle = fs::path(m_folder->path().toStdString()) / "Debian.vitrine";
        fs::create_directory(m_bundle);
        write(
            m_bundle / "machine.toml",
            "schema = 1\n[machine]\nname = \"Debian\"\nid = \"0123456789abcdef0123456789abcdef\"\n"
            "[[cdrom]]\nfile = \"/isos/debian.iso\"\n[[disk]]\nfile = \"disk0.raw\"\n"
            "[install]\npending = true\nkernel = \"linux\"\ninitrd = \"initrd\"\n"
            "script-disc = \"answers.iso\"\n");
        for (const char* file : {"answers.iso", "linux", "initrd"})
            write(m_bundle / file, "x");
        write(m_bundle / "disk0.raw", std::string(4096, '\0'));
    }

    void onlyOneHoldsIt()
    {
        const auto first = BundleGuest::open(m_bundle);
        QVERIFY(first.has_value());
        const auto second = BundleGuest::open(m_bundle);
        QVERIFY(!second.has_value());
        QVERIFY(second.error().code() == vmm::ErrorCode::Busy);
    }

    void aStateLosesItsNameBeforeItRuns()
    {
        const auto guest = *BundleGuest::open(m_bundle);
        write(guest->bundle().statePath(), "state");
        QVERIFY(guest->aboutToRun().has_value());
        QVERIFY(!fs::exists(guest->bundle().statePath()));
        guest->didNotRun();
        QCOMPARE(contentOf(guest->bundle().statePath()), std::string("state"));
        QVERIFY(guest->aboutToRun().has_value());
        guest->runs();
        QVERIFY(!fs::exists(guest->bundle().statePath()));
        QVERIFY(!fs::exists(guest->resumingPath()));
        QVERIFY(guest->aboutToRun().has_value()); // nothing there: nothing to do
        guest->didNotRun();
        QVERIFY(!fs::exists(guest->bundle().statePath()));
    }

    void theDiskTellsWhetherItIsInstalled()
    {
        const auto guest = *BundleGuest::open(m_bundle);
        QVERIFY(guest->installing());
        QVERIFY(!guest->installed());
        std::string sector(512, '\0');
        sector[510] = '\x55';
        sector[511] = '\xaa';
        write(m_bundle / "disk0.raw", sector);
        QVERIFY(!guest->installed()); // a signature alone starts nothing
        sector[0] = '\xeb';
        write(m_bundle / "disk0.raw", sector);
        QVERIFY(guest->installed());
    }

    void theInstallationEnds()
    {
        const auto guest = *BundleGuest::open(m_bundle);
        QVERIFY(guest->endInstall().has_value());
        const auto config = guest->config();
        QVERIFY(!config.install.pending && config.install.scriptDisc.empty());
        QVERIFY(config.hardware.boot == BootOrder::Disk);
        QVERIFY(config.hardware.drives.at(0).kind == DriveKind::Cdrom ||
                config.hardware.drives.at(1).kind == DriveKind::Cdrom);
        for (const DriveSpec& drive : config.hardware.drives)
            QVERIFY(drive.kind == DriveKind::Disk || drive.path.empty());
        for (const char* file : {"answers.iso", "linux", "initrd"})
            QVERIFY(!fs::exists(m_bundle / file));
        QVERIFY(!guest->installing() && !guest->installed());
    }

    void discardingLeavesNothing()
    {
        auto guest = *BundleGuest::open(m_bundle);
        QVERIFY(guest->discard().has_value());
        QVERIFY(fs::is_empty(m_bundle.parent_path()));
    }

    void pathsFollowTheBundle()
    {
        MachineSpec configured;
        configured.drives = {{.kind = DriveKind::Disk, .path = "/new/B.vitrine/disk0.raw"}};
        MachineSpec saved;
        saved.drives = {
            {.kind = DriveKind::Disk, .path = "/old/A.vitrine/disk0.raw", .id = "disk0"},
            {.kind = DriveKind::Cdrom, .path = "/old/A.vitrine/answers.iso", .id = "cdrom0"},
            {.kind = DriveKind::Cdrom, .path = "/isos/debian.iso", .id = "cdrom1"}};
        saved.debugconPath = "/old/A.vitrine/is not there";
        adoptPaths(saved, configured, m_bundle);
        QCOMPARE(saved.drives[0].path, std::string("/new/B.vitrine/disk0.raw"));
        QCOMPARE(saved.drives[1].path, (m_bundle / "answers.iso").string());
        QCOMPARE(saved.drives[2].path, std::string("/isos/debian.iso"));
        QCOMPARE(saved.debugconPath, std::string("/old/A.vitrine/is not there"));
    }

    void forwardsAreThoseOfTheConfiguration()
    {
        const auto card = [](NicKind kind, const char* id, const char* rule) {
            NicSpec nic;
            nic.kind = kind;
            nic.id = id;
            nic.forwards = {rule};
            return nic;
        };
        MachineSpec configured;
        configured.nics = {card(NicKind::User, "", "2222:22"), card(NicKind::None, "", "1:1")};
        MachineSpec saved;
        saved.nics = {card(NicKind::User, "nic0", "8080:80"),
                      card(NicKind::User, "nic1", "9090:90"),
                      card(NicKind::User, "attached", "7070:70")};
        adoptNetworks(saved, configured);
        QCOMPARE(saved.nics[0].forwards, std::vector<std::string>{"2222:22"});
        QCOMPARE(saved.nics[1].forwards, std::vector<std::string>{"9090:90"});
        QCOMPARE(saved.nics[2].forwards, std::vector<std::string>{"7070:70"});
    }

    /// A tap's name is not saved: it is the host's.
    void tapsAreThoseOfTheConfiguration()
    {
        MachineSpec configured;
        configured.nics.emplace_back().kind = NicKind::Tap;
        configured.nics[0].tapInterface = "tap0";
        MachineSpec saved = configured;
        saved.nameDevices();
        saved.nics[0].tapInterface.clear();
        adoptNetworks(saved, configured);
        QCOMPARE(saved.nics[0].tapInterface, std::string("tap0"));
    }

    void theLogIsBounded()
    {
        const fs::path path = m_bundle / "log.txt";
        LogFile log(path, 1000);
        for (int i = 0; i < 100; ++i)
            log.add("line " + std::to_string(i) + "\nwith \x1b a break");
        QCOMPARE(log.olderPath(), m_bundle / "log.1.txt");
        QVERIFY(fs::file_size(path) <= 1000);
        QVERIFY(fs::file_size(log.olderPath()) <= 1000);
        const std::string text = contentOf(path);
        QVERIFY(text.ends_with("line 99 with   a break\n"));
        log.add(std::string(100'000, 'x'));
        QVERIFY(fs::file_size(path) <= LogFile::kMaxLine + 100);
    }

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path m_bundle;
};

QTEST_GUILESS_MAIN(BundleGuestTest)
#include "bundle_guest_test.moc"
