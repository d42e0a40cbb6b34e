// SPDX-License-Identifier: GPL-3.0-or-later
// Express installs of made-up media, compared with the scripts that are expected. The expected ones
// belong to one version of osinfo-db; with another only their presence is checked.
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <crypt.h>
#include <sys/stat.h>

#include "app/install/cpio.h"
#include "app/install/express_install.h"
#include "app/os/iso_reader.h"
#include "tests/support/made_up_iso.h"

using namespace app;
using namespace app::install;

namespace {

constexpr char kVersion[] = "20221203"; // of the osinfo-db the expected scripts were made with

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

ExpressAnswers answers()
{
    ExpressAnswers answers;
    answers.user = "ada";
    answers.fullName = "Ada Lovelace";
    answers.password = "p&<w'\"d";
    answers.hostName = "engine";
    answers.language = "de_DE";
    answers.keyboard = "de";
    answers.timeZone = "Europe/Berlin";
    answers.productKey = "aaaaa-bbbbb-ccccc-ddddd-eeeee";
    return answers;
}

bool isPrivate(const std::string& path)
{
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && (status.st_mode & 0777) == 0600;
}

/// The first hash of a password in `text`; empty: there is none.
std::string hashIn(const QByteArray& text)
{
    static const QRegularExpression kHash(
        QStringLiteral("\\$6\\$[./0-9A-Za-z]{8,16}\\$[./0-9A-Za-z]{86}"));
    return kHash.match(QString::fromLatin1(text)).captured().toStdString();
}

bool fits(const std::string& hash, const std::string& password)
{
    const auto work = std::make_unique<crypt_data>();
    const char* again = ::crypt_r(password.c_str(), hash.c_str(), work.get());
    return again != nullptr && again == hash;
}

} // namespace

class ExpressInstallTest : public QObject {
    Q_OBJECT

private slots:
    void initTestCase()
    {
        if (!tests::canMakeIso())
            QSKIP("genisoimage is not installed");
        auto loaded = os::OsDatabase::load();
        if (!loaded)
            QSKIP(loaded.error().sentence().c_str());
        m_database = std::move(*loaded);
        m_sameVersion = contentOf("/usr/share/osinfo/VERSION").trimmed() == kVersion;
    }

    void init()
    {
        m_drivers.clear();
        QDir(m_folder.filePath("out")).removeRecursively();
        QDir(m_folder.path()).mkpath("out");
    }

    void ramdisks_data()
    {
        QTest::addColumn<QString>("label");
        QTest::addColumn<QString>("boot");
        QTest::addColumn<QString>("initrd");
        QTest::addColumn<QString>("expected");
        QTest::addColumn<QString>("script");
        QTest::addColumn<QString>("line");
        QTest::newRow("Debian") << "Debian 11.5.0 amd64 n"
                                << "install.amd/vmlinuz"
                                << "install.amd/initrd.gz"
                                << "debian11.cfg"
                                << "preseed.cfg"
                                << "keyboard-configuration/xkb-keymap=de debconf/priority=critical";
        QTest::newRow("Debian newer than the database")
            << "Debian 12.8.0 amd64 n"
            << "install.amd/vmlinuz"
            << "install.amd/initrd.gz"
            << "debian11.cfg"
            << "preseed.cfg"
            << "keyboard-configuration/xkb-keymap=de debconf/priority=critical";
        QTest::newRow("Ubuntu")
            << "Ubuntu 22.04.1 LTS amd64"
            << "casper/vmlinuz"
            << "casper/initrd"
            << "ubuntu22.04.cfg"
            << "preseed.cfg"
            << "file=/preseed.cfg locale=de_DE keyboard-configuration/layoutcode=de "
               "hostname=engine priority=critical console-setup/ask_detect=false "
               "domain=unassigned-domain interface=auto noprompt boot=casper automatic-ubiquity";
        QTest::newRow("Fedora, whose kernel is not where the database says")
            << "Fedora-E-dvd-x86_64-37"
            << "images/pxeboot/vmlinuz"
            << "images/pxeboot/initrd.img"
            << "fedora37.ks"
            << "fedora.ks"
            << "inst.ks=file:/fedora.ks inst.stage2=hd:LABEL=Fedora-E-dvd-x86_64-37";
    }

    void ramdisks()
    {
        QFETCH(const QString, label);
        QFETCH(const QString, boot);
        QFETCH(const QString, initrd);
        QFETCH(const QString, expected);
        QFETCH(const QString, script);
        QFETCH(const QString, line);
        const auto made = prepare(label, {boot, "the kernel", initrd, "the ramdisk"}, answers());
        QVERIFY2(made.has_value(), made ? "" : made.error().sentence().c_str());
        QVERIFY(made->pending && made->scriptDisc.empty());
        QCOMPARE(contentOf(made->kernel.c_str()), QByteArray("the kernel"));
        QVERIFY(isPrivate(made->kernel) && isPrivate(made->initrd));
        const QByteArray ramdisk = contentOf(made->initrd.c_str());
        QVERIFY(ramdisk.startsWith("070701") && ramdisk.endsWith("the ramdisk"));
        QCOMPARE((ramdisk.size() - int(strlen("the ramdisk"))) % 512, 0);
        const std::string hash = hashIn(ramdisk);
        QVERIFY(fits(hash, answers().password) && !fits(hash, "another"));
        if (!m_sameVersion)
            QSKIP("another osinfo-db than the expected script's");
        QCOMPARE(QString::fromStdString(made->commandLine), line);
        QVERIFY(!ramdisk.contains("p&<w")); // the password
        const std::string text = contentOf(EXPECTED_SCRIPTS "/" + expected)
                                     .replace("@HASH@", QByteArray::fromStdString(hash))
                                     .toStdString();
        QVERIFY(!text.empty());
        const std::string archive = cpioArchive({{script.toStdString(), text}});
        QCOMPARE(ramdisk, QByteArray::fromStdString(archive + "the ramdisk"));
    }

    /// cpio(1) knows the format too.
    void archives()
    {
        if (QStandardPaths::findExecutable("cpio").isEmpty())
            QSKIP("cpio is not installed");
        const std::string archive = cpioArchive({{"a.cfg", "one"}, {"bc", ""}, {"d", "four"}});
        QProcess cpio;
        cpio.start("cpio", {"--quiet", "-itv"});
        QVERIFY(cpio.waitForStarted());
        cpio.write(archive.data(), static_cast<qint64>(archive.size()));
        cpio.closeWriteChannel();
        QVERIFY(cpio.waitForFinished());
        QCOMPARE(cpio.exitCode(), 0);
        const QByteArray list = cpio.readAllStandardOutput();
        QCOMPARE(list.count("-rw-------"), 3);
        QVERIFY(list.contains("a.cfg") && list.contains(" bc\n") && list.contains(" d\n"));
    }

    void windows()
    {
        const auto made = prepare("CENA_X64FREV_DE-DE_DV5", {}, answers(), "MICROSOFT CORPORATION");
        QVERIFY2(made.has_value(), made ? "" : made.error().sentence().c_str());
        QVERIFY(made->pending && made->kernel.empty() && made->initrd.empty());
        QVERIFY(isPrivate(made->scriptDisc));
        const auto unattend = os::readSmallIsoFile(made->scriptDisc, "autounattend.xml", 100'000);
        const auto command = os::readSmallIsoFile(made->scriptDisc, "windows.cmd", 100'000);
        QVERIFY(unattend.has_value() && command.has_value());
        QVERIFY(unattend->find("p&amp;&lt;w'\"d") != std::string::npos);
        if (!m_sameVersion)
            QSKIP("another osinfo-db than the expected script's");
        QCOMPARE(QByteArray::fromStdString(*unattend),
                 contentOf(EXPECTED_SCRIPTS "/win10-autounattend.xml"));
        QCOMPARE(QByteArray::fromStdString(*command),
                 contentOf(EXPECTED_SCRIPTS "/win10-windows.cmd"));
    }

    /// What Windows lacks lies beside its script.
    void drivers()
    {
        const std::string folder = m_folder.filePath("drivers").toStdString();
        QVERIFY(QDir().mkpath(folder.c_str()));
        const auto put = [&](const char* name, const QByteArray& content) {
            QFile file(QString::fromStdString(folder + '/' + name));
            return file.open(QIODevice::WriteOnly) && file.write(content) == content.size();
        };
        QVERIFY(put("netkvm.inf", "[Version]") && put("netkvm.sys", QByteArray(100'000, 'x')));
        m_drivers = {{"netkvm.inf", folder + "/netkvm.inf"},
                     {"netkvm.sys", folder + "/netkvm.sys"}};
        const auto made = prepare("CENA_X64FREV_DE-DE_DV5", {}, answers(), "MICROSOFT CORPORATION");
        QVERIFY2(made.has_value(), made ? "" : made.error().sentence().c_str());
        const auto inf = os::readSmallIsoFile(made->scriptDisc, "netkvm.inf", 100);
        QCOMPARE(inf.value_or(""), std::string("[Version]"));
        QCOMPARE(os::readSmallIsoFile(made->scriptDisc, "netkvm.sys", 200'000).value_or("").size(),
                 size_t{100'000});
        const auto unattend = os::readSmallIsoFile(made->scriptDisc, "autounattend.xml", 100'000);
        QVERIFY(unattend.value_or("").find("<Path>E:\\</Path>") != std::string::npos);
        QDir(out().c_str()).removeRecursively();
        QVERIFY(QDir().mkpath(out().c_str()));
        const auto debian = prepare("Debian 11.5.0 amd64 n", bootFiles(), answers());
        QVERIFY(!debian.has_value() && nothingIsLeft());
        m_drivers.push_back({"autounattend.xml", folder + "/netkvm.inf"});
        QVERIFY(!prepare("CENA_X64FREV_DE-DE_DV5", {}, answers(), "MICROSOFT CORPORATION"));
        m_drivers = {{"netkvm.inf", folder + "/missing"}};
        QVERIFY(!prepare("CENA_X64FREV_DE-DE_DV5", {}, answers(), "MICROSOFT CORPORATION"));
        QVERIFY(nothingIsLeft());
    }

    void productKeyIsAskedFor()
    {
        QVERIFY(expressSupport(*m_database, "http://microsoft.com/win/10").needsProductKey);
        QVERIFY(!expressSupport(*m_database, "http://microsoft.com/win/11").possible);
        const auto debian = expressSupport(*m_database, "http://debian.org/debian/11");
        QVERIFY(debian.possible && !debian.needsProductKey);
        QVERIFY(!expressSupport(*m_database, "nothing").possible);
        ExpressAnswers keyless = answers();
        keyless.productKey.clear();
        const auto made = prepare("CENA_X64FREV_DE-DE_DV5", {}, keyless, "MICROSOFT CORPORATION");
        QVERIFY(made.error().sentence().find("product key") != std::string::npos);
        QVERIFY(nothingIsLeft());
    }

    void failures()
    {
        const auto kernelless = prepare("Debian 11.5.0 amd64 n", {"readme", "x"}, answers());
        QCOMPARE(kernelless.error().sentence(),
                 medium() + ": there is no installer's kernel in it");
        QVERIFY(nothingIsLeft());
        const auto half =
            prepare("Debian 11.5.0 amd64 n", {"install.amd/vmlinuz", "kernel"}, answers());
        QVERIFY(!half.has_value() && nothingIsLeft());
        const auto unknown = prepare("holiday pictures", {"readme", "x"}, answers());
        QVERIFY(unknown.error().code() == vmm::ErrorCode::Unsupported);
        ExpressAnswers bad = answers();
        bad.password = "a\nd-i preseed/early_command string reboot";
        QVERIFY(!prepare("Debian 11.5.0 amd64 n", bootFiles(), bad).has_value());
        QVERIFY(nothingIsLeft());
    }

    void givenUp()
    {
        library::Job job;
        job.cancel();
        QVERIFY(tests::makeIso(medium().c_str(), "Debian 11.5.0 amd64 n", bootFiles()));
        const auto facts = m_database->identify(medium());
        const auto made = prepareExpress(*m_database, medium(), *facts, answers(), {}, out(), job);
        QVERIFY(made.error().code() == vmm::ErrorCode::Cancelled);
        QVERIFY(nothingIsLeft());
    }

    /// What a program that died left behind is written anew.
    void again()
    {
        QFile left(QString::fromStdString(out() + "/express-initrd.part"));
        QVERIFY(left.open(QIODevice::WriteOnly));
        left.write("half");
        left.close();
        for (int round = 0; round < 2; ++round)
            QVERIFY(prepare("Debian 11.5.0 amd64 n", bootFiles(), answers()).has_value());
        QCOMPARE(QDir(out().c_str()).entryList(QDir::Files),
                 QStringList({"express-initrd", "express-kernel"}));
    }

private:
    static QStringList bootFiles()
    {
        return {"install.amd/vmlinuz", "kernel", "install.amd/initrd.gz", "ramdisk"};
    }
    std::string medium() const { return m_folder.filePath("medium.iso").toStdString(); }
    std::string out() const { return m_folder.filePath("out").toStdString(); }
    bool nothingIsLeft() const { return QDir(out().c_str()).isEmpty(); }

    vmm::Result<library::InstallConfig> prepare(const QString& label, const QStringList& files,
                                                const ExpressAnswers& given,
                                                const QString& publisher = {})
    {
        if (!tests::makeIso(medium().c_str(), label, files, publisher))
            return vmm::Error(vmm::ErrorCode::Io, "no image");
        const os::MediumFacts facts = TRY(m_database->identify(medium()));
        library::Job job;
        auto made = TRY(prepareExpress(*m_database, medium(), facts, given, m_drivers, out(), job));
        for (std::string* path : {&made.kernel, &made.initrd, &made.scriptDisc})
            if (!path->empty())
                *path = out() + '/' + *path;
        return made;
    }
    std::unique_ptr<os::OsDatabase> m_database;
    std::vector<DriverFile> m_drivers;
    bool m_sameVersion = false;
    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(ExpressInstallTest)
#include "express_install_test.moc"
