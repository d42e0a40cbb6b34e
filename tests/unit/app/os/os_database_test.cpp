// SPDX-License-Identifier: GPL-3.0-or-later
// The database of operating systems, and media that were made up with real labels.
#include <QTemporaryDir>
#include <QTest>

#include "app/os/drivers.h"
#include "app/os/logo.h"
#include "app/os/os_database.h"
#include "tests/support/made_up_iso.h"

using namespace app::os;

class OsDatabaseTest : public QObject {
    Q_OBJECT

private slots:
    void initTestCase()
    {
        auto loaded = OsDatabase::load();
        if (!loaded)
            QSKIP(loaded.error().sentence().c_str());
        m_database = std::move(*loaded);
    }

    void finds()
    {
        const auto debian = m_database->find("debian11");
        QVERIFY(debian.has_value());
        QCOMPARE(debian->id, std::string("http://debian.org/debian/11"));
        QCOMPARE(m_database->find(debian->id)->name, std::string("Debian 11"));
        QCOMPARE(debian->distro, std::string("debian"));
        QVERIFY(debian->virtioBlock && debian->virtioNet && debian->virtioScsi);
        QVERIFY(debian->firmwareBios && debian->canExpress);
        QVERIFY(debian->recommended.memoryBytes >= debian->minimum.memoryBytes);
        QVERIFY(debian->minimum.memoryBytes >= uint64_t{256} << 20);
        QVERIFY(debian->recommended.diskBytes >= uint64_t{10} << 30);
        QVERIFY(!m_database->find("").has_value() && !m_database->find("no such").has_value());
    }

    void firmwareAndDevices()
    {
        const auto eleven = m_database->find("win11");
        QVERIFY(eleven && eleven->firmwareUefi && !eleven->firmwareBios && !eleven->canExpress);
        const auto ten = m_database->find("win10");
        QVERIFY(ten && !ten->virtioBlock && ten->canExpress);
        QVERIFY(m_database->find("fedora20")->endOfLife);
    }

    void drivers()
    {
        const auto ten = driversFor(*m_database, "http://microsoft.com/win/10");
        QVERIFY(!ten.empty());
        QVERIFY(ten.front().location.starts_with("https://") &&
                !ten.front().location.ends_with('/'));
        const auto& files = ten.front().files;
        QVERIFY(std::find(files.begin(), files.end(), "netkvm.inf") != files.end());
        for (const auto& set : ten)
            QVERIFY(set.location.find("x86") == std::string::npos); // the other architecture's
        QVERIFY(driversFor(*m_database, "http://debian.org/debian/11").empty());
        QVERIFY(driversFor(*m_database, "no such").empty());
    }

    void searches()
    {
        const auto all = m_database->search("");
        QVERIFY(all.size() > 100);
        const auto first = [this](const char* text) {
            const auto found = m_database->search(text);
            return found.empty() ? std::string() : found.front().shortId;
        };
        QCOMPARE(first("debian11"), std::string("debian11"));
        QCOMPARE(first("  BULLSEYE "), std::string("debian11"));
        QCOMPARE(first("jammy"), std::string("ubuntu22.04"));
        QVERIFY(m_database->search("microsoft windows 10").size() >= 1);
        QVERIFY(m_database->search("debian windows").empty());
        const auto ubuntu = m_database->search("canonical");
        QVERIFY(ubuntu.size() > 10 && ubuntu.front().releaseDate > ubuntu.back().releaseDate);
    }

    void media_data()
    {
        QTest::addColumn<QString>("label");
        QTest::addColumn<QString>("id");
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("newer");
        QTest::addColumn<bool>("express");
        const QString none;
        QTest::newRow("Debian") << "Debian 11.5.0 amd64 n"
                                << "debian11"
                                << "Debian 11" << false << true;
        QTest::newRow("Ubuntu") << "Ubuntu 22.04.1 LTS amd64"
                                << "ubuntu22.04"
                                << "Ubuntu 22.04 LTS" << false << true;
        QTest::newRow("Fedora") << "Fedora-E-dvd-x86_64-36"
                                << "fedora36"
                                << "Fedora Linux 36" << false << true;
        QTest::newRow("a live medium takes no script") << "Fedora-WS-Live-36-1-5"
                                                       << "fedora36"
                                                       << "Fedora Linux 36" << false << false;
        QTest::newRow("unknown") << "my holiday pictures 2019" << none << none << false << false;
        QTest::newRow("no label") << "" << none << none << false << false;
    }

    void media()
    {
        QFETCH(const QString, label);
        QFETCH(const QString, id);
        QFETCH(const QString, name);
        const MediumFacts facts = identify(label);
        const auto os = m_database->find(facts.osId);
        QCOMPARE(QString::fromStdString(os ? os->shortId : std::string()), id);
        QCOMPARE(QString::fromStdString(facts.osName), name);
        QTEST(facts.newerThanKnown, "newer");
        QTEST(facts.canExpress, "express");
        QVERIFY(!facts.name.empty());
    }

    /// Releases no database knows yet get the newest one of theirs.
    void newerMedia_data()
    {
        QTest::addColumn<QString>("label");
        QTest::addColumn<QString>("prefix");
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("express");
        QTest::newRow("Debian") << "Debian 99.1.0 amd64 n"
                                << "http://debian.org/debian/"
                                << "Debian 99" << true;
        QTest::newRow("Ubuntu") << "Ubuntu 98.04.1 LTS amd64"
                                << "http://ubuntu.com/ubuntu/"
                                << "Ubuntu 98.04 LTS" << false;
        QTest::newRow("Fedora") << "Fedora-E-dvd-x86_64-99"
                                << "http://fedoraproject.org/fedora/"
                                << "Fedora Linux 99" << true;
    }

    void newerMedia()
    {
        QFETCH(const QString, label);
        QFETCH(const QString, prefix);
        QFETCH(const QString, name);
        const MediumFacts facts = identify(label);
        QVERIFY(QString::fromStdString(facts.osId).startsWith(prefix));
        QCOMPARE(QString::fromStdString(facts.osName), name);
        QVERIFY(facts.newerThanKnown);
        QTEST(facts.canExpress, "express");
        QVERIFY(m_database->find(facts.osId)->recommended.memoryBytes >= uint64_t{1} << 30);
    }

    void windows()
    {
        const MediumFacts facts = identify("CENA_X64FREV_DE-DE_DV5", {}, "MICROSOFT CORPORATION");
        QCOMPARE(facts.osId, std::string("http://microsoft.com/win/10"));
        QCOMPARE(facts.languages, std::vector<std::string>{"de_DE"});
        QVERIFY(facts.canExpress && facts.kernelPath.empty());
        // libosinfo 1.10 would crash on a label that ends before its language.
        QVERIFY(identify("CENA_X64FREV_", {}, "MICROSOFT CORPORATION").osId.empty());
    }

    void trees()
    {
        const MediumFacts facts =
            identify("unheard of", {".treeinfo", "[general]\nfamily = Fedora\nversion = 36\n"
                                                 "arch = x86_64\nvariant = Everything\n"
                                                 "[images-x86_64]\nkernel = images/k\n"
                                                 "initrd = images/i\n"});
        QCOMPARE(facts.osId, std::string("http://fedoraproject.org/fedora/36"));
        QCOMPARE(facts.kernelPath, std::string("images/k"));
        QVERIFY(identify("unheard of", {".treeinfo", "[general\n\xff"}).osId.empty());
    }

    /// Labels that no pattern knows, but words do.
    void words()
    {
        const MediumFacts debian =
            identify("d-live 98.1.0 gn amd64",
                     {".disk/info", "Official Debian GNU/Linux Live 98.1.0 gnome"});
        QCOMPARE(debian.osName, std::string("Debian 98"));
        QVERIFY(debian.osId.find("/debian/") != std::string::npos);
        QVERIFY(debian.live && debian.newerThanKnown && !debian.canExpress);
        const MediumFacts arch = identify("ARCH_202411", {}, "ARCH LINUX");
        QCOMPARE(arch.osName, std::string("Arch Linux"));
        QVERIFY(!arch.newerThanKnown);
        const MediumFacts old = identify("my Debian 9 backups");
        QCOMPARE(old.osName, std::string("Debian 9"));
        QVERIFY(identify("amd64 3").osId.empty());
    }

    void downloads()
    {
        const auto downloads = m_database->downloads();
        QVERIFY(downloads.size() > 20);
        bool debian = false;
        for (const OsDownload& download : downloads) {
            QVERIFY(QString::fromStdString(download.url).startsWith("http"));
            QVERIFY(!m_database->find(download.osId)->endOfLife);
            debian = debian || download.osId.find("debian.org") != std::string::npos;
        }
        QVERIFY(debian);
    }

    void everySystemHasALogo()
    {
        for (const OsFacts& facts : m_database->search("")) {
            const QString icon =
                QString("icons/%1.svg").arg(logoName(facts.family, facts.distro).c_str());
            QVERIFY2(QFile::exists(QFINDTESTDATA("../../../../resources/" + icon)),
                     qPrintable(icon));
        }
        QCOMPARE(logoName("linux", "debian"), std::string("os-debian"));
        QCOMPARE(logoName("haiku", "haiku"), std::string("os-haiku"));
        QCOMPARE(logoName("linux", "nobody knows"), std::string("os-linux"));
        QCOMPARE(logoName("", ""), std::string("os-generic"));
    }

private:
    MediumFacts identify(const QString& label, const QStringList& files = {},
                         const QString& publisher = {})
    {
        if (!tests::canMakeIso())
            return {};
        const QString image = m_folder.filePath("medium.iso");
        if (!tests::makeIso(image, label, files, publisher))
            qFatal("no image");
        auto facts = m_database->identify(image.toStdString());
        return facts ? *facts : MediumFacts{};
    }
    std::unique_ptr<OsDatabase> m_database;
    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(OsDatabaseTest)
#include "os_database_test.moc"
