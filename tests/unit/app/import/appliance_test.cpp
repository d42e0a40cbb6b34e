// SPDX-License-Identifier: GPL-3.0-or-later
// Appliances made at test time: good ones become disks, bad ones a sentence and nothing else.
#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include "app/import/appliance.h"
#include "tests/support/sanitizers.h"
#include "tests/unit/app/import/appliance_maker.h"

using namespace app::import;
using app::library::Job;

namespace {

QByteArray descriptionOf(const QByteArray& first, const QByteArray& second,
                         const QByteArray& more = {})
{
    return "<?xml version='1.0'?><Envelope><References><File id='f1' href='" + first +
           "'/><File id='f2' href='" + second + "' " + more +
           "/></References><DiskSection><Disk diskId='d1' fileRef='f1' capacity='2097152'/>"
           "<Disk diskId='d2' fileRef='f2' capacity='3145728'/></DiskSection>"
           "<VirtualSystem id='two'><VirtualHardwareSection>"
           "<Item><ResourceType>3</ResourceType><VirtualQuantity>2</VirtualQuantity></Item>"
           "<Item><ResourceType>20</ResourceType><InstanceID>5</InstanceID></Item>"
           "<Item><ResourceType>17</ResourceType><HostResource>/disk/d2</HostResource>"
           "<Parent>5</Parent><AddressOnParent>1</AddressOnParent></Item>"
           "<Item><ResourceType>17</ResourceType><HostResource>/disk/d1</HostResource>"
           "<Parent>5</Parent><AddressOnParent>0</AddressOnParent></Item>"
           "</VirtualHardwareSection></VirtualSystem></Envelope>";
}

} // namespace

class ApplianceTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_dir;
    QByteArray m_firstDisk = diskContent(2, 'A');
    QByteArray m_secondDisk = diskContent(3, 'K');
    QByteArray m_firstFile;
    QByteArray m_secondFile;
    QByteArray m_ovf = descriptionOf("one.vmdk", "two.vmdk");

    QString at(const QString& name) const { return m_dir.filePath(name); }
    std::filesystem::path path(const QString& name) const { return at(name).toStdString(); }
    QByteArray manifest() const
    {
        return sumLine("box.ovf", m_ovf) +
               sumLine("one.vmdk", m_firstFile, QCryptographicHash::Sha1, "SHA1") +
               sumLine("two.vmdk", m_secondFile, QCryptographicHash::Sha512, "SHA512");
    }
    QList<TarMember> members() const
    {
        return {{"box.ovf", m_ovf},
                {"box.mf", manifest()},
                {"two.vmdk", m_secondFile},
                {"one.vmdk", m_firstFile}};
    }
    /// Reads and unpacks; the sentence when it fails.
    std::string unpack(const QString& file)
    {
        Job job;
        const auto appliance = readAppliance(path(file));
        if (!appliance)
            return appliance.error().sentence();
        const auto disks = unpackAppliance(path(file), *appliance, path("out"), job);
        return disks ? "" : disks.error().sentence();
    }
    std::string unpackArchive(const QByteArray& archive)
    {
        return writeFile(at("box.ova"), archive) ? unpack("box.ova") : "not written";
    }
    QStringList leftovers() const
    {
        return QDir(at("out")).entryList(QDir::Files | QDir::Hidden | QDir::System);
    }
    void checkDisks()
    {
        QVERIFY(contentOf(at("out/disk0.raw")) == m_firstDisk);
        QVERIFY(contentOf(at("out/disk1.raw")) == m_secondDisk);
        QCOMPARE(leftovers(), (QStringList{"disk0.raw", "disk1.raw"}));
        QFile::remove(at("out/disk0.raw"));
        QFile::remove(at("out/disk1.raw"));
    }

private slots:
    void initTestCase()
    {
        if (!tests::kMayStartPrograms)
            QSKIP("starts programs");
        QVERIFY(QDir().mkpath(at("out")));
        QVERIFY(writeFile(at("1.raw"), m_firstDisk) && writeFile(at("2.raw"), m_secondDisk));
        for (const QString& name : {QString("1"), QString("2")})
            QVERIFY(runProgram("qemu-img", {"convert", "-f", "raw", "-O", "vmdk", "-o",
                                            "subformat=streamOptimized", at(name + ".raw"),
                                            at(name + ".vmdk")}));
        m_firstFile = contentOf(at("1.vmdk"));
        m_secondFile = contentOf(at("2.vmdk"));
    }
    void cleanup() { QCOMPARE(leftovers(), QStringList()); }

    void anArchiveBecomesItsDisks()
    {
        QVERIFY(writeFile(at("box.ova"), tarOf(members())));
        const auto appliance = readAppliance(path("box.ova"));
        QVERIFY2(appliance.has_value(), appliance ? "" : appliance.error().sentence().c_str());
        QCOMPARE(appliance->name, std::string("two"));
        QCOMPARE(appliance->cpus, 2U);
        QList<int> seen;
        Job job([&seen](int perMille) { seen.append(perMille); });
        const auto disks = unpackAppliance(path("box.ova"), *appliance, path("out"), job);
        QVERIFY2(disks.has_value(), disks ? "" : disks.error().sentence().c_str());
        QCOMPARE(disks->size(), size_t{2});
        QVERIFY(disks->front() == path("out/disk0.raw"));
        QVERIFY(std::is_sorted(seen.begin(), seen.end()) && seen.last() == 1000);
        checkDisks();
    }
    void filesBesideTheDescriptionDoAsWell()
    {
        QVERIFY(writeFile(at("box.ovf"), m_ovf) && writeFile(at("box.mf"), manifest()) &&
                writeFile(at("one.vmdk"), m_firstFile) && writeFile(at("two.vmdk"), m_secondFile));
        QCOMPARE(unpack("box.ovf"), std::string());
        checkDisks();
        QVERIFY(writeFile(at("two.vmdk"), m_secondFile + 'x'));
        QVERIFY(unpack("box.ovf").find("two.vmdk is not what its manifest says") !=
                std::string::npos);
        QFile::remove(at("two.vmdk"));
        QVERIFY(unpack("box.ovf").find("two.vmdk is missing beside it") != std::string::npos);
        QVERIFY(QFile::link("/etc/passwd", at("two.vmdk")));
        QVERIFY(unpack("box.ovf").find("is a link") != std::string::npos);
    }
    void packedDisksAreUnpacked()
    {
        QVERIFY(writeFile(at("two.vmdk"), m_secondFile));
        QVERIFY(runProgram("gzip", {"-f", at("two.vmdk")}));
        const QByteArray packed = contentOf(at("two.vmdk.gz"));
        QCOMPARE(unpackArchive(tarOf(
                     {{"box.ovf", descriptionOf("one.vmdk", "two.vmdk.gz", "compression='gzip'")},
                      {"one.vmdk", m_firstFile},
                      {"two.vmdk.gz", packed}})),
                 std::string());
        checkDisks();
    }
    void wrongSumsAreFound()
    {
        for (int i = 0; i < 4; ++i) {
            if (i == 1)
                continue; // the manifest itself
            QList<TarMember> bad = members();
            bad[i].content += ' ';
            const std::string sentence = unpackArchive(tarOf(bad));
            QVERIFY2(sentence.find("is not what its manifest says") != std::string::npos,
                     sentence.c_str());
            QVERIFY(sentence.find(bad[i].name.toStdString()) != std::string::npos);
            QCOMPARE(leftovers(), QStringList());
        }
    }
    void theManifestMayComeLast()
    {
        QList<TarMember> late = members();
        late.move(1, 3);
        QCOMPARE(unpackArchive(tarOf(late)), std::string());
        checkDisks();
    }
    void aMissingDiskIsNamed()
    {
        QList<TarMember> few = members();
        few.removeAt(3);
        const std::string sentence = unpackArchive(tarOf(few));
        QCOMPARE(sentence, std::string("box.ova is not complete: one.vmdk is missing in it"));
    }
    void aCutArchiveIsRefused()
    {
        const QByteArray whole = tarOf(members());
        for (const qsizetype length : {whole.size() - 4096, whole.size() / 2, qsizetype{600}}) {
            const std::string sentence = unpackArchive(whole.left(length));
            QVERIFY2(sentence.starts_with("box.ova "), sentence.c_str());
            QCOMPARE(leftovers(), QStringList());
        }
    }
    void namesThatLeaveTheArchiveAreNeverWritten()
    {
        for (const QByteArray& name : {QByteArray("../one.vmdk"), QByteArray("/tmp/one.vmdk"),
                                       QByteArray("x/../one.vmdk")}) {
            QList<TarMember> bad = members();
            bad[3].name = name;
            QVERIFY(unpackArchive(tarOf(bad)).find("is missing") != std::string::npos);
            QVERIFY(!QFile::exists(at("one.vmdk.x")));
            const std::string refused =
                unpackArchive(tarOf({{"box.ovf", descriptionOf(name, "two.vmdk")}}));
            QVERIFY2(refused.find("in another place") != std::string::npos, refused.c_str());
        }
    }
    void linksInArchivesAreNoDisks()
    {
        for (const char type : {'1', '2', '3', '5', '6'}) {
            QList<TarMember> bad = members();
            bad[3] = {"one.vmdk", {}, type, "/etc/passwd"};
            QVERIFY(unpackArchive(tarOf(bad)).find("is missing") != std::string::npos);
        }
    }
    void archivesWithoutAMachineAreRefused()
    {
        QVERIFY(unpackArchive(tarOf({{"readme.txt", "hello"}})).find("no description") !=
                std::string::npos);
        QVERIFY(unpackArchive(QByteArray(2000, 'x')).find("not XML") != std::string::npos);
        QVERIFY(unpackArchive(tarOf({{"a.ovf", QByteArray(3 << 20, ' ')}})).find("too long") !=
                std::string::npos);
        QList<TarMember> many(1500, {"x", ""});
        QVERIFY(unpackArchive(tarOf(many)).find("too many files") != std::string::npos);
    }
    void aDiskThatNeedsAnotherIsRefused()
    {
        QVERIFY(runProgram("qemu-img", {"create", "-f", "qcow2", "-b", at("1.raw"), "-F", "raw",
                                        at("child.qcow2")}));
        const std::string sentence =
            unpackArchive(tarOf({{"box.ovf", m_ovf},
                                 {"two.vmdk", m_secondFile},
                                 {"one.vmdk", contentOf(at("child.qcow2"))}}));
        QVERIFY2(sentence.find("one.vmdk holds only the changes") != std::string::npos,
                 sentence.c_str());
    }
    void givingUpLeavesNothing()
    {
        QVERIFY(writeFile(at("box.ova"), tarOf(members())));
        const auto appliance = readAppliance(path("box.ova"));
        QVERIFY(appliance.has_value());
        for (const int when : {1, 300, 600, 900}) {
            Job* running = nullptr;
            Job job([&](int perMille) {
                if (perMille >= when)
                    running->cancel();
            });
            running = &job;
            const auto disks = unpackAppliance(path("box.ova"), *appliance, path("out"), job);
            QVERIFY(!disks.has_value());
            QVERIFY(disks.error().code() == vmm::ErrorCode::Cancelled);
            QCOMPARE(leftovers(), QStringList());
        }
    }
};

QTEST_GUILESS_MAIN(ApplianceTest)
#include "appliance_test.moc"
