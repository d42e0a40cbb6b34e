// SPDX-License-Identifier: GPL-3.0-or-later
// Port forwards as people write them.
#include <QtTest>

#include "vmm/spec/forward.h"

using namespace vmm::spec;

class ForwardParseTest : public QObject {
    Q_OBJECT

private slots:
    void reads_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("whole");
        const auto row = [](const char* text, const char* whole) {
            QTest::newRow(text) << text << whole;
        };
        row("2222:22", "tcp:127.0.0.1:2222-:22");
        row("udp:5353:53", "udp:127.0.0.1:5353-:53");
        row("tcp:127.0.0.1:2222-:22", "tcp:127.0.0.1:2222-:22");
        row("tcp::2222-:22", "tcp:127.0.0.1:2222-:22");
        row("0-22", "tcp:127.0.0.1:0-:22");
        row("0.0.0.0:80-10.0.2.16:8080", "tcp:0.0.0.0:80-10.0.2.16:8080");
        row("127.0.0.2:2222:22", "tcp:127.0.0.2:2222-:22");
        row("tcp:[::1]:8080-:80", "tcp:[::1]:8080-:80");
        row("udp:[::]:53-[fd00::9]:53", "udp:[::]:53-[fd00::9]:53");
    }
    void reads()
    {
        QFETCH(QString, text);
        QFETCH(QString, whole);
        const auto forward = Forward::parse(text.toStdString());
        QVERIFY(forward.has_value());
        QCOMPARE(QString::fromStdString(forward->text()), whole);
        QCOMPARE(Forward::parse(forward->text()).value(), *forward);
    }

    void refuses_data()
    {
        QTest::addColumn<QString>("text");
        for (const char* text : {"",
                                 ":",
                                 "-",
                                 "22",
                                 "tcp:",
                                 "tcp:22",
                                 "2222:",
                                 "2222:0",
                                 "65536:22",
                                 "-1:22",
                                 "2222:22x",
                                 "localhost:2222-:22",
                                 "1.2.3:2222-:22",
                                 "::1:2222-:22",
                                 "[::1:2222-:22",
                                 "[127.0.0.1]:1-:2",
                                 "tcp:[::1]:8080-10.0.2.15:80",
                                 "127.0.0.1:80-[::1]:80",
                                 "tcp:1-2-3",
                                 " 1:2"})
            QTest::newRow(text) << text;
    }
    void refuses()
    {
        QFETCH(QString, text);
        const auto forward = Forward::parse(text.toStdString());
        QVERIFY(!forward.has_value());
        QVERIFY(forward.error().sentence().starts_with("forward \""));
    }
};

QTEST_GUILESS_MAIN(ForwardParseTest)
#include "forward_parse_test.moc"
