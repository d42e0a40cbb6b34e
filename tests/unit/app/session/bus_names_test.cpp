// SPDX-License-Identifier: GPL-3.0-or-later
// Machine names on the bus and back; strings fit for the bus.
#include <QTest>

#include "app/session/bus_names.h"

using namespace app::session;

class BusNamesTest : public QObject {
    Q_OBJECT

private slots:
    void escapes_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("element");
        QTest::newRow("plain") << QByteArray("Debian12") << QByteArray("Debian12");
        QTest::newRow("hyphen") << QByteArray("my-vm") << QByteArray("my_2dvm");
        QTest::newRow("underscore") << QByteArray("a_b") << QByteArray("a_5fb");
        QTest::newRow("leading digit") << QByteArray("7up7") << QByteArray("_37up7");
        QTest::newRow("dot and space") << QByteArray("a. b") << QByteArray("a_2e_20b");
        QTest::newRow("utf-8") << QByteArray("\xc3\xa4") << QByteArray("_c3_a4");
    }
    void escapes()
    {
        QFETCH(const QByteArray, name);
        QFETCH(const QByteArray, element);
        const std::string bus = busNameFor(name.toStdString());
        QCOMPARE(bus, kBusPrefix + element.toStdString());
        QCOMPARE(machineNameOf(bus), std::optional(name.toStdString()));
    }
    void foreignNamesAreNotOurs()
    {
        for (const char* foreign :
             {"", "org.vitrine.Vitrine.Machine.", "org.vitrine.Vitrine.Machine.a_",
              "org.vitrine.Vitrine.Machine.a_2", "org.vitrine.Vitrine.Machine.a_zz",
              "org.vitrine.Vitrine.Machine.a_2D", "org.vitrine.Vitrine.Machine.a_61",
              "org.vitrine.Vitrine.Machine.a-b", "org.freedesktop.DBus", ":1.5"})
            QVERIFY2(!machineNameOf(foreign), foreign);
    }
    void stringsAreUtf8()
    {
        QCOMPARE(validUtf8("plain \xc3\xa4 \xf0\x9f\x90\xa7"),
                 std::string("plain \xc3\xa4 \xf0\x9f\x90\xa7"));
        const std::string bad = "\xef\xbf\xbd";
        QCOMPARE(validUtf8("a\xff"), "a" + bad);
        QCOMPARE(validUtf8("\xc3"), bad);                           // cut off
        QCOMPARE(validUtf8("\xc0\x80"), bad + bad);                 // overlong
        QCOMPARE(validUtf8("\xed\xa0\x80"), bad + bad + bad);       // surrogate
        QCOMPARE(validUtf8("\xf4\x90\x80\x80").size(), size_t{12}); // beyond U+10FFFF
        QCOMPARE(validUtf8(std::string_view("a\0b", 3)), std::string("a"));
    }
};

QTEST_GUILESS_MAIN(BusNamesTest)
#include "bus_names_test.moc"
