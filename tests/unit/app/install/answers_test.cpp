// SPDX-License-Identifier: GPL-3.0-or-later
// Answers that would break a script, or break out of it.
#include <QTest>

#include "app/install/answers.h"

using namespace app::install;
using app::os::ScriptKind;

namespace {

ExpressAnswers good()
{
    ExpressAnswers answers;
    answers.user = "ada";
    answers.fullName = "Ada Lovelace";
    answers.password = "p&<w'\"d";
    answers.hostName = "engine";
    return answers;
}

ScriptFacts script(ScriptKind kind)
{
    return {kind, kind == ScriptKind::Unattend, "$$$$$-$$$$$", "/dev/vda"};
}

std::string refused(const ExpressAnswers& answers, ScriptKind kind)
{
    const auto made = scriptAnswers(answers, script(kind));
    return made ? std::string() : made.error().sentence();
}

} // namespace

class AnswersTest : public QObject {
    Q_OBJECT

private slots:
    void quotes()
    {
        QCOMPARE(scriptAnswers(good(), script(ScriptKind::Kickstart))->password,
                 std::string("p&<w'\\''\"d"));
        QCOMPARE(scriptAnswers(good(), script(ScriptKind::Preseed))->password, good().password);
        ExpressAnswers nameless = good();
        nameless.fullName.clear();
        QCOMPARE(scriptAnswers(nameless, script(ScriptKind::Preseed))->fullName,
                 std::string("ada"));
    }

    /// Whatever a machine is called, its guest gets a name that is taken.
    void hostNames_data()
    {
        QTest::addColumn<QByteArray>("machine");
        QTest::addColumn<QByteArray>("host");
        QTest::newRow("plain") << QByteArray("engine") << QByteArray("engine");
        QTest::newRow("words") << QByteArray("Debian 12") << QByteArray("Debian-12");
        QTest::newRow("signs") << QByteArray("..a (2)!") << QByteArray("a-2");
        QTest::newRow("long") << QByteArray("Microsoft Windows 10")
                              << QByteArray("Microsoft-Windo");
        QTest::newRow("cut at a sign")
            << QByteArray("abcdefghijklmn op") << QByteArray("abcdefghijklmn");
        QTest::newRow("no letters") << QByteArray("\xd7\x9e\xd7\x97") << QByteArray("guest");
        QTest::newRow("nothing") << QByteArray() << QByteArray("guest");
    }
    void hostNames()
    {
        QFETCH(const QByteArray, machine);
        QFETCH(const QByteArray, host);
        ExpressAnswers answers = good();
        answers.hostName = hostNameOf(machine.toStdString());
        QCOMPARE(QByteArray::fromStdString(answers.hostName), host);
        for (const ScriptKind kind :
             {ScriptKind::Preseed, ScriptKind::Kickstart, ScriptKind::Autoyast})
            QCOMPARE(refused(answers, kind), std::string());
        answers.productKey = "AAAAA-BBBBB";
        QCOMPARE(refused(answers, ScriptKind::Unattend), std::string());
    }

    void controlCharacters_data()
    {
        QTest::addColumn<QByteArray>("bad");
        for (const char* bad :
             {"a\nb", "a\rb", "\x7f", "\t", " a", "a ", "\xff", "\xc0\xaf", "\xc3", "\xed\xa0\x80",
              "\xf4\x90\x80\x80", "a\xc2\x85z", "a\xe2\x80\xa8z", "a\xe2\x80\xa9z"})
            QTest::newRow(QByteArray(bad).toHex().constData()) << QByteArray(bad);
        QTest::newRow("nul") << QByteArray("a\0b", 3);
        QTest::newRow("long") << QByteArray(257, 'a');
    }

    void controlCharacters()
    {
        QFETCH(const QByteArray, bad);
        for (std::string ExpressAnswers::*field :
             {&ExpressAnswers::user, &ExpressAnswers::fullName, &ExpressAnswers::password,
              &ExpressAnswers::hostName, &ExpressAnswers::language, &ExpressAnswers::keyboard,
              &ExpressAnswers::timeZone, &ExpressAnswers::productKey}) {
            ExpressAnswers answers = good();
            answers.productKey = "ABCDE-12345";
            answers.*field = bad.toStdString();
            for (const ScriptKind kind : {ScriptKind::Preseed, ScriptKind::Kickstart,
                                          ScriptKind::Autoyast, ScriptKind::Unattend})
                QVERIFY(!refused(answers, kind).empty());
        }
    }

    void otherLanguages()
    {
        ExpressAnswers answers = good();
        answers.fullName = "Zoë Ångström 李";
        answers.password = "pässwörd 密";
        QCOMPARE(refused(answers, ScriptKind::Preseed), std::string());
    }

    void names()
    {
        for (const char* user : {"", "Ada", "1ada", "a;b", "root", "a b", "../x", "$(x)"}) {
            ExpressAnswers answers = good();
            answers.user = user;
            QVERIFY(!refused(answers, ScriptKind::Kickstart).empty());
        }
        for (const char* host : {"", "-a", "a-", "a.b", "a'b", "$x"}) {
            ExpressAnswers answers = good();
            answers.hostName = host;
            QVERIFY(!refused(answers, ScriptKind::Preseed).empty());
        }
        for (const char* zone : {"", "../../etc", "/etc", "Europe Berlin", "a;b"}) {
            ExpressAnswers answers = good();
            answers.timeZone = zone;
            QVERIFY(!refused(answers, ScriptKind::Kickstart).empty());
        }
    }

    void passwords()
    {
        ExpressAnswers answers = good();
        answers.password = "-n";
        QVERIFY(!refused(answers, ScriptKind::Kickstart).empty());
        QVERIFY(refused(answers, ScriptKind::Preseed).empty());
        answers.password = "back\\";
        QVERIFY(!refused(answers, ScriptKind::Preseed).empty());
        answers.password.clear();
        QVERIFY(!refused(answers, ScriptKind::Preseed).empty());
    }

    void productKeys()
    {
        ExpressAnswers answers = good();
        QVERIFY(refused(answers, ScriptKind::Unattend).find("product key") != std::string::npos);
        answers.productKey = "abcde-12345";
        QCOMPARE(scriptAnswers(answers, script(ScriptKind::Unattend))->productKey,
                 std::string("ABCDE-12345"));
        answers.productKey = "abcde_12345";
        QVERIFY(!refused(answers, ScriptKind::Unattend).empty());
        answers.productKey = "abcde-1234";
        QVERIFY(!refused(answers, ScriptKind::Unattend).empty());
    }

    void windowsNames()
    {
        ExpressAnswers answers = good();
        answers.productKey = "ABCDE-12345";
        answers.user = "Ada Lovelace";
        QCOMPARE(refused(answers, ScriptKind::Unattend), std::string());
        answers.hostName = "a-name-of-sixteen";
        QVERIFY(!refused(answers, ScriptKind::Unattend).empty());
    }
};

QTEST_GUILESS_MAIN(AnswersTest)
#include "answers_test.moc"
