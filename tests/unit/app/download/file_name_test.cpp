// SPDX-License-Identifier: GPL-3.0-or-later
// Names that servers and addresses give to files.
#include <QTest>

#include "app/download/file_name.h"

using namespace app::download;

class FileNameTest : public QObject {
    Q_OBJECT

private slots:
    void namesAreMadeHarmless_data()
    {
        QTest::addColumn<QString>("wish");
        QTest::addColumn<QString>("name");
        QTest::newRow("plain") << "debian-12.iso"
                               << "debian-12.iso";
        QTest::newRow("path") << "../../etc/passwd"
                              << "_.._etc_passwd";
        QTest::newRow("hidden") << "..bashrc"
                                << "bashrc";
        QTest::newRow("windows") << "C:\\x|y.iso"
                                 << "C__x_y.iso";
        QTest::newRow("control") << "a\nb\x1b.iso"
                                 << "a_b_.iso";
        QTest::newRow("reversed") << QString::fromUtf8("a\u202Egpj.iso") << "a_gpj.iso";
        QTest::newRow("umlaut") << QString::fromUtf8("schön.iso") << QString::fromUtf8("schön.iso");
        QTest::newRow("part") << "x.part"
                              << "x.part_";
        for (const char* nothing : {"", ".", "..", "...", "/", "  "})
            QTest::newRow(nothing) << nothing << "download";
    }
    void namesAreMadeHarmless()
    {
        QFETCH(QString, wish);
        QFETCH(QString, name);
        QCOMPARE(harmlessName(wish), name);
    }
    void longNamesKeepTheirEnding()
    {
        const QString name = harmlessName(QString(900, QChar(0xe4)) + ".qcow2");
        QVERIFY(name.toUtf8().size() <= 200);
        QVERIFY(harmlessName(QString(300, 'x') + ".iso").endsWith("x.iso"));
        QVERIFY(!name.isEmpty());
    }
    void dispositionsAreRead()
    {
        QCOMPARE(nameInDisposition("attachment; filename=\"a; b.iso\"; x=y"), QString("a; b.iso"));
        QCOMPARE(nameInDisposition("attachment; filename=a.iso"), QString("a.iso"));
        QCOMPARE(nameInDisposition("attachment; filename=x; filename*=UTF-8''sch%C3%B6n.iso"),
                 QString::fromUtf8("schön.iso"));
        QCOMPARE(nameInDisposition("inline"), QString());
        QCOMPARE(nameInDisposition("filename=\""), QString("\""));
    }
    void theBestNameWins()
    {
        const QUrl script("http://h/get?id=5");
        const QUrl file("http://h/a%2Fb/real.iso");
        QCOMPARE(chooseName({}, script, file), QString("real.iso"));
        QCOMPARE(chooseName({}, file, script), QString("real.iso"));
        QCOMPARE(chooseName("x; filename=said.iso", script, file), QString("said.iso"));
        QCOMPARE(chooseName({}, QUrl("http://h/"), QUrl("http://h/")), QString("download"));
    }
};

QTEST_GUILESS_MAIN(FileNameTest)
#include "file_name_test.moc"
