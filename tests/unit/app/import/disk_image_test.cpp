// SPDX-License-Identifier: GPL-3.0-or-later
// Images made by qemu-img in each format become the same raw disk again; bad ones are refused.
#include <QDir>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>

#include "app/import/disk_image.h"
#include "tests/support/sanitizers.h"
#include "tests/unit/app/import/appliance_maker.h"

using namespace app::import;
using app::library::Job;

namespace {

constexpr int kMebibytes = 3;

uint64_t allocatedBytes(const QString& path)
{
    struct stat facts = {};
    return ::stat(qPrintable(path), &facts) == 0 ? static_cast<uint64_t>(facts.st_blocks) * 512 : 0;
}

} // namespace

class DiskImageTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_dir;
    QByteArray m_disk = diskContent(kMebibytes, 'a');

    QString at(const QString& name) const { return m_dir.filePath(name); }
    std::filesystem::path path(const QString& name) const { return at(name).toStdString(); }
    bool make(const QString& format, const QString& name, const QStringList& options = {})
    {
        return runProgram("qemu-img", QStringList{"convert", "-f", "raw", "-O", format} + options +
                                          QStringList{at("disk.raw"), at(name)});
    }
    /// Inspects and converts; the sentence when it fails.
    std::string takeIn(const QString& name, QByteArray& content)
    {
        Job job;
        const auto facts = inspectImage(path(name));
        if (!facts)
            return facts.error().sentence();
        const auto converted = convertImage(path(name), facts->format, path("out.raw"), job);
        content = contentOf(at("out.raw"));
        QFile::remove(at("out.raw"));
        return converted ? facts->problem : converted.error().sentence();
    }
    QStringList leftovers() const
    {
        return QDir(m_dir.path()).entryList({"out*"}, QDir::AllEntries | QDir::Hidden);
    }

private slots:
    void initTestCase()
    {
        if (!tests::kMayStartPrograms)
            QSKIP("starts programs");
        QVERIFY(m_dir.isValid());
        QVERIFY(writeFile(at("disk.raw"), m_disk));
    }
    void cleanup() { QCOMPARE(leftovers(), QStringList()); }

    void everyFormatComesBackWhole_data()
    {
        QTest::addColumn<QString>("format");
        QTest::addColumn<QStringList>("options");
        for (const char* format : {"qcow2", "qcow", "vmdk", "vdi", "vhdx", "qed", "parallels"})
            QTest::newRow(format) << QString(format) << QStringList();
        QTest::newRow("compressed qcow2") << "qcow2" << QStringList("-c");
        QTest::newRow("old qcow2") << "qcow2" << QStringList{"-o", "compat=0.10"};
        QTest::newRow("streamOptimized")
            << "vmdk" << QStringList{"-o", "subformat=streamOptimized"};
        QTest::newRow("vpc") << "vpc" << QStringList{"-o", "force_size=on"};
        QTest::newRow("fixed vpc") << "vpc" << QStringList{"-o", "subformat=fixed,force_size=on"};
        QTest::newRow("pieces") << "vmdk" << QStringList{"-o", "subformat=twoGbMaxExtentSparse"};
        QTest::newRow("flat") << "vmdk" << QStringList{"-o", "subformat=monolithicFlat"};
    }
    void everyFormatComesBackWhole()
    {
        QFETCH(QString, format);
        QFETCH(QStringList, options);
        const QString name = "image." + (format == "vpc" ? QString("vhd") : format);
        QVERIFY(make(format, name, options));
        const auto facts = inspectImage(path(name));
        QVERIFY2(facts.has_value(), facts ? "" : facts.error().sentence().c_str());
        QCOMPARE(facts->format, format.toStdString());
        QCOMPARE(facts->virtualBytes, static_cast<uint64_t>(m_disk.size()));
        QCOMPARE(facts->problem, std::string());
        QByteArray content;
        QCOMPARE(takeIn(name, content), std::string());
        QVERIFY(content == m_disk);
    }
    void rawIsCopiedWithoutItsZeros()
    {
        Job job;
        QVERIFY(convertImage(path("disk.raw"), "raw", path("out.raw"), job).has_value());
        QVERIFY(contentOf(at("out.raw")) == m_disk);
        QVERIFY(allocatedBytes(at("out.raw")) < uint64_t{64} * 1024);
        QFile::remove(at("out.raw"));
    }
    void convertedDisksAreSparse()
    {
        QVERIFY(make("qcow2", "image.qcow2"));
        Job job;
        QVERIFY(convertImage(path("image.qcow2"), "qcow2", path("out.raw"), job).has_value());
        QVERIFY(allocatedBytes(at("out.raw")) < uint64_t{256} * 1024);
        QFile::remove(at("out.raw"));
    }
    void packedImagesAreLookedInto_data()
    {
        QTest::addColumn<QString>("program");
        QTest::addColumn<QString>("ending");
        QTest::newRow("gzip") << "gzip"
                              << ".gz";
        QTest::newRow("xz") << "xz"
                            << ".xz";
        QTest::newRow("zstd") << "zstd"
                              << ".zst";
        QTest::newRow("bzip2") << "bzip2"
                               << ".bz2";
    }
    void packedImagesAreLookedInto()
    {
        QFETCH(QString, program);
        QFETCH(QString, ending);
        if (QStandardPaths::findExecutable(program).isEmpty())
            QSKIP(qPrintable(program + " is not installed"));
        QVERIFY(make("qcow2", "packed.qcow2"));
        QVERIFY(runProgram(program, {"-k", "-f", at("packed.qcow2")}));
        QVERIFY(runProgram(program, {"-k", "-f", at("disk.raw")}));
        const auto facts = inspectImage(path("packed.qcow2" + ending));
        QVERIFY(facts.has_value());
        QVERIFY(facts->packed);
        QCOMPARE(facts->format, std::string("qcow2"));
        QCOMPARE(facts->virtualBytes, static_cast<uint64_t>(m_disk.size()));
        for (const QString& name : {"packed.qcow2" + ending, "disk.raw" + ending}) {
            QByteArray content;
            QCOMPARE(takeIn(name, content), std::string());
            QVERIFY(content == m_disk);
        }
    }
    void aCutPackedImageIsRefused()
    {
        QVERIFY(runProgram("gzip", {"-k", "-f", at("disk.raw")}));
        const QByteArray whole = contentOf(at("disk.raw.gz"));
        QVERIFY(writeFile(at("cut.gz"), whole.left(whole.size() - 20)));
        QByteArray content;
        const std::string sentence = takeIn("cut.gz", content);
        QVERIFY2(sentence.starts_with("cut.gz is damaged or not complete"), sentence.c_str());
    }
    void namesMeanNothingToQemu_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name :
             {"json:{\"driver\":\"nbd\"}.qcow2", "nbd:localhost:1", "-f", "a,file.driver=nbd,b",
              "with space and \xc3\xa9", "fat:rw:x", "\xff\xfe not text", "%n$(id)`id`;id"})
            QTest::newRow(name) << QFile::decodeName(name);
    }
    void namesMeanNothingToQemu()
    {
        QFETCH(QString, name);
        QVERIFY(make("qcow2", "plain.qcow2"));
        const QByteArray raw = QByteArray(QTest::currentDataTag());
        const std::filesystem::path file =
            std::filesystem::path(m_dir.path().toStdString()) / std::string(raw.constData());
        QVERIFY(std::filesystem::copy_file(path("plain.qcow2"), file));
        Job job;
        const auto facts = inspectImage(file);
        QVERIFY2(facts.has_value(), facts ? "" : facts.error().sentence().c_str());
        QVERIFY(convertImage(file, facts->format, path("out.raw"), job).has_value());
        QVERIFY(contentOf(at("out.raw")) == m_disk);
        QFile::remove(at("out.raw"));
        std::filesystem::remove(file);
    }
    void backingFilesAreNeverFollowed()
    {
        QVERIFY(make("qcow2", "base.qcow2"));
        for (const QString& format : {QString("qcow2"), QString("qed"), QString("vmdk")}) {
            const QString base = format == "vmdk" ? "base.vmdk" : "base.qcow2";
            if (format == "vmdk")
                QVERIFY(make("vmdk", base));
            QVERIFY(runProgram("qemu-img", {"create", "-f", format, "-b", at(base), "-F",
                                            format == "vmdk" ? "vmdk" : "qcow2", at("child")}));
            const auto facts = inspectImage(path("child"));
            QVERIFY2(facts.has_value(), facts ? "" : facts.error().sentence().c_str());
            QVERIFY(facts->hasBackingFile);
            QVERIFY(facts->problem.starts_with("child holds only the changes"));
            Job job;
            const auto converted = convertImage(path("child"), facts->format, path("out.raw"), job);
            QVERIFY(!converted.has_value());
            QCOMPARE(converted.error().sentence(), facts->problem);
            QFile::remove(at("child"));
        }
    }
    void externalDataFilesAreNeverFollowed()
    {
        QVERIFY(runProgram("qemu-img",
                           {"create", "-f", "qcow2", "-o",
                            "data_file=" + at("secret") + ",data_file_raw=on", at("split"), "1M"}));
        const auto facts = inspectImage(path("split"));
        QVERIFY(facts.has_value());
        QVERIFY(facts->hasBackingFile);
        QVERIFY(!facts->problem.empty());
    }
    void piecesElsewhereAreRefused()
    {
        const QByteArray start = "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\n"
                                 "createType=\"monolithicFlat\"\nRW 8 FLAT \"";
        QVERIFY(writeFile(at("secret.txt"), QByteArray(4096, 's')));
        QVERIFY(QFile::link("/etc/passwd", at("link.vmdk")));
        for (const QByteArray& target :
             {QByteArray("/etc/passwd"), QByteArray("../x.vmdk"), QByteArray("secret.txt"),
              QByteArray("link.vmdk"), QByteArray("nbd:x.vmdk"), QByteArray("gone.vmdk")}) {
            QVERIFY(writeFile(at("bad.vmdk"), start + target + "\" 0\n"));
            const auto facts = inspectImage(path("bad.vmdk"));
            QVERIFY(facts.has_value());
            QVERIFY2(!facts->problem.empty(), target.constData());
            Job job;
            QVERIFY(!convertImage(path("bad.vmdk"), "vmdk", path("out.raw"), job).has_value());
        }
    }
    void whatIsNoFileIsRefusedAtOnce()
    {
        QVERIFY(runProgram("mkfifo", {at("pipe")}));
        QVERIFY(writeFile(at("empty"), {}));
        for (const QString& name :
             {QString("pipe"), QString("."), QString("gone"), QString("empty")})
            QVERIFY(!inspectImage(path(name)).has_value());
        QVERIFY(!inspectImage("/dev/null").has_value());
    }
    void aDamagedImageGetsASentence()
    {
        QVERIFY(make("qcow2", "image.qcow2"));
        const QByteArray whole = contentOf(at("image.qcow2"));
        QVERIFY(writeFile(at("cut.qcow2"), whole.left(100)));
        const auto facts = inspectImage(path("cut.qcow2"));
        QVERIFY(!facts.has_value());
        QVERIFY2(facts.error().sentence().starts_with("cut.qcow2 cannot be read: "),
                 facts.error().sentence().c_str());
        QVERIFY(facts.error().sentence().find("json:") == std::string::npos);
        QVERIFY(facts.error().sentence().find("/dev/fd") == std::string::npos);
    }
    void anExistingTargetStays()
    {
        QVERIFY(writeFile(at("kept.raw"), "mine"));
        Job job;
        QVERIFY(!convertImage(path("disk.raw"), "raw", path("kept.raw"), job).has_value());
        QCOMPARE(contentOf(at("kept.raw")), QByteArray("mine"));
    }
    void anotherFormatThanSeenIsRefused()
    {
        QVERIFY(make("qcow2", "image.qcow2"));
        Job job;
        QVERIFY(!convertImage(path("image.qcow2"), "raw", path("out.raw"), job).has_value());
    }
    void givingUpLeavesNothing()
    {
        QVERIFY(make("qcow2", "image.qcow2"));
        QVERIFY(runProgram("gzip", {"-k", "-f", at("image.qcow2")}));
        for (const QString& name : {QString("image.qcow2"), QString("image.qcow2.gz")}) {
            Job* running = nullptr;
            // At the first sign of life, in the middle of the work.
            Job job([&running](int) { running->cancel(); });
            running = &job;
            const auto result = convertImage(path(name), "qcow2", path("out.raw"), job);
            QVERIFY(!result.has_value());
            QVERIFY(result.error().code() == vmm::ErrorCode::Cancelled);
            QCOMPARE(leftovers(), QStringList());
        }
    }
    void progressEndsAtTheEnd()
    {
        QVERIFY(make("qcow2", "image.qcow2"));
        QList<int> seen;
        Job job([&seen](int perMille) { seen.append(perMille); });
        QVERIFY(convertImage(path("image.qcow2"), "qcow2", path("out.raw"), job).has_value());
        QCOMPARE(seen.last(), 1000);
        QVERIFY(std::is_sorted(seen.begin(), seen.end()));
        QFile::remove(at("out.raw"));
    }
    void aDiskThatTakesNoSuchFileIsNamed()
    {
        QVERIFY(make("qcow2", "image.qcow2"));
        struct rlimit before = {};
        QVERIFY(::getrlimit(RLIMIT_FSIZE, &before) == 0);
        const struct rlimit little = {1 << 20, before.rlim_max};
        const auto handler = std::signal(SIGXFSZ, SIG_IGN);
        QVERIFY(::setrlimit(RLIMIT_FSIZE, &little) == 0);
        Job job;
        const auto raw = convertImage(path("disk.raw"), "raw", path("out.raw"), job);
        const auto foreign = convertImage(path("image.qcow2"), "qcow2", path("out.raw"), job);
        QVERIFY(::setrlimit(RLIMIT_FSIZE, &before) == 0);
        std::signal(SIGXFSZ, handler);
        QVERIFY(!raw.has_value() && !foreign.has_value());
        QVERIFY2(raw.error().sentence().find("cannot hold files as large") != std::string::npos,
                 raw.error().sentence().c_str());
        QVERIFY2(foreign.error().sentence().find("cannot hold files as large") != std::string::npos,
                 foreign.error().sentence().c_str());
    }
    void aFullDiskIsNamed()
    {
        QVERIFY(QDir().mkpath(at("small")));
        const bool mounted =
            runProgram("mount", {"-t", "tmpfs", "-o", "size=256k", "tmpfs", at("small")});
        if (!mounted)
            QSKIP("mounting a small file system needs more rights");
        QByteArray noise(1 << 20, Qt::Uninitialized);
        for (qsizetype i = 0; i < noise.size(); ++i)
            noise[i] = static_cast<char>(i * 7 % 251);
        QVERIFY(writeFile(at("noise.raw"), noise));
        QVERIFY(runProgram("qemu-img", {"convert", "-f", "raw", "-O", "qcow2", "-c",
                                        at("noise.raw"), at("noise.qcow2")}));
        std::vector<std::string> sentences;
        for (const auto& [name, format] :
             {std::pair("noise.raw", "raw"), {"noise.qcow2", "qcow2"}}) {
            Job job;
            const auto result = convertImage(path(name), format, path("small/out.raw"), job);
            sentences.push_back(result ? "it fitted" : result.error().sentence());
        }
        const bool left = QFile::exists(at("small/out.raw"));
        QVERIFY(runProgram("umount", {at("small")}));
        QVERIFY(!left);
        for (const std::string& sentence : sentences) {
            QVERIFY2(sentence.starts_with("there is not enough room on "), sentence.c_str());
            QVERIFY2(sentence.find(" needed, ") != std::string::npos, sentence.c_str());
        }
    }
    void withoutQemuImgItSaysSo()
    {
        QVERIFY(make("qcow2", "image.qcow2"));
        const QByteArray before = qgetenv("PATH");
        qputenv("PATH", at("small").toUtf8());
        const auto facts = inspectImage(path("image.qcow2"));
        qputenv("PATH", before);
        QVERIFY(!facts.has_value());
        QVERIFY(facts.error().code() == vmm::ErrorCode::Unsupported);
        QVERIFY(facts.error().sentence().find("qemu-img is missing") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(DiskImageTest)
#include "disk_image_test.moc"
