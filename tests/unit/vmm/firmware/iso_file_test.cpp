// SPDX-License-Identifier: GPL-3.0-or-later
// Files inside ISO images.
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include "vmm/firmware/iso_file.h"

using namespace vmm;
using namespace vmm::firmware;

class IsoFileTest : public QObject {
    Q_OBJECT

private slots:
    void initTestCase()
    {
        if (QStandardPaths::findExecutable("genisoimage").isEmpty())
            QSKIP("genisoimage is not installed");
        QDir(m_folder.path()).mkpath("tree/install");
        QFile file(m_folder.filePath("tree/install/vmlinuz"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray(200'000, 'k'));
        file.close();
        QCOMPARE(QProcess::execute("genisoimage",
                                   {"-quiet", "-R", "-o", image(), m_folder.filePath("tree")}),
                 0);
    }

    void paths()
    {
        const std::string iso = image().toStdString();
        const auto parts = isoPathFrom(iso + ":/install/vmlinuz");
        QVERIFY(parts.has_value());
        QCOMPARE(parts->image, iso);
        QCOMPARE(parts->inside, std::string("install/vmlinuz"));
        QVERIFY(!isoPathFrom(iso).has_value());
        QVERIFY(!isoPathFrom(iso + ":/").has_value());
        QVERIFY(!isoPathFrom("/nowhere.iso:/vmlinuz").has_value());
    }

    void reads()
    {
        const std::string iso = image().toStdString();
        const auto bytes = readFromIso({iso, "install/vmlinuz"}, 1 << 20);
        QVERIFY2(bytes.has_value(), bytes ? "" : bytes.error().sentence().c_str());
        QCOMPARE(bytes->size(), size_t{200'000});
        QVERIFY(bytes->front() == std::byte{'k'} && bytes->back() == std::byte{'k'});
        QVERIFY(readFromIso({iso, "install/vmlinuz"}, 100'000).error().sentence().find("larger") !=
                std::string::npos);
        QCOMPARE(readFromIso({iso, "install"}, 1 << 20).error().sentence(),
                 iso + ": there is no file install in it");
        QVERIFY(readFromIso({iso, "initrd"}, 1 << 20).error().code() == ErrorCode::NotFound);
    }

    void damagedImages()
    {
        QFile whole(image());
        QVERIFY(whole.open(QIODevice::ReadOnly));
        const QByteArray good = whole.readAll();
        const QString path = m_folder.filePath("damaged.iso");
        unsigned seed = 1;
        for (int round = 0; round < 200; ++round) {
            QByteArray bad = good.left(round % 3 == 0 ? good.size() / 2 : good.size());
            for (int i = 0; i < 20; ++i) {
                seed = seed * 1664525 + 1013904223;
                bad[static_cast<int>(seed % static_cast<unsigned>(bad.size() / 4))] =
                    static_cast<char>(seed >> 24);
            }
            QFile file(path);
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write(bad);
            file.close();
            static_cast<void>(
                readFromIso({path.toStdString(), "install/vmlinuz"}, 1 << 20).has_value());
        }
    }

private:
    QString image() const { return m_folder.filePath("medium.iso"); }
    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(IsoFileTest)
#include "iso_file_test.moc"
