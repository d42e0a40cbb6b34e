// SPDX-License-Identifier: GPL-3.0-or-later
// Chords and typed text as key events.
#include <QTest>

#include <linux/input-event-codes.h>

#include "app/session/keys.h"

using namespace app::session;

namespace {

/// "29+ 56+ 56- 29-": codes going down and up.
std::string shown(const std::vector<vmm::input::KeyEvent>& events)
{
    std::string text;
    for (const auto& event : events)
        text += (text.empty() ? "" : " ") + std::to_string(event.code) + (event.down ? "+" : "-");
    return text;
}

} // namespace

class KeysTest : public QObject {
    Q_OBJECT

private slots:
    void chords_data()
    {
        QTest::addColumn<QString>("chord");
        QTest::addColumn<QString>("events");
        QTest::newRow("one") << "enter"
                             << "28+ 28-";
        QTest::newRow("three") << "ctrl-alt-delete"
                               << "29+ 56+ 111+ 111- 56- 29-";
        QTest::newRow("plus") << "Ctrl+Alt+F12"
                              << "29+ 56+ 88+ 88- 56- 29-";
        QTest::newRow("hyphen in a name") << "ctrl-page-up"
                                          << "29+ 104+ 104- 29-";
        QTest::newRow("name that begins with a name") << "right-ctrl-a"
                                                      << "97+ 30+ 30- 97-";
        QTest::newRow("longest name wins") << "right-left"
                                           << "106+ 105+ 105- 106-";
        QTest::newRow("minus itself") << "ctrl--"
                                      << "29+ 12+ 12- 29-";
        QTest::newRow("minus alone") << "-"
                                     << "12+ 12-";
        QTest::newRow("keypad") << "kp-enter"
                                << "96+ 96-";
    }
    void chords()
    {
        QFETCH(const QString, chord);
        QFETCH(const QString, events);
        const auto result = chordEvents(chord.toStdString());
        QVERIFY2(result.has_value(), qPrintable(chord));
        QCOMPARE(shown(*result), events.toStdString());
    }
    void unknownKeysAreNamed()
    {
        for (const char* chord : {"", "nokey", "ctrl-", "ctrl-nokey", "+", "ctrl-alt-", "f25"})
            QVERIFY2(!chordEvents(chord), chord);
        QVERIFY(chordEvents("ctrl-nokey-a").error().sentence().find("\"nokey\"") !=
                std::string::npos);
        QVERIFY(!chordEvents("a-b-c-d-e-f-g-h-i"));
    }
    void everyNameIsAKeyAndAChord()
    {
        for (const std::string_view name : keyNames()) {
            QVERIFY(keyNamed(name));
            const auto events = chordEvents(name);
            QVERIFY2(events && events->size() == 2, std::string(name).c_str());
        }
    }
    void everyPrintableCharacterCanBeTyped()
    {
        for (char c = ' '; c <= '~'; ++c)
            QVERIFY2(textEvents(std::string_view(&c, 1)), std::string(1, c).c_str());
    }
    void typedText_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("events");
        QTest::newRow("lower") << "ls"
                               << "38+ 38- 31+ 31-";
        QTest::newRow("capital") << "A"
                                 << "42+ 30+ 30- 42-";
        QTest::newRow("shifted sign") << "("
                                      << "42+ 10+ 10- 42-";
        QTest::newRow("pipe") << "|"
                              << "42+ 43+ 43- 42-";
        QTest::newRow("plain sign") << "="
                                    << "13+ 13-";
        QTest::newRow("layout") << "\n\t "
                                << "28+ 28- 15+ 15- 57+ 57-";
        QTest::newRow("empty") << ""
                               << "";
    }
    void typedText()
    {
        QFETCH(const QString, text);
        QFETCH(const QString, events);
        const auto result = textEvents(text.toStdString());
        QVERIFY(result.has_value());
        QCOMPARE(shown(*result), events.toStdString());
    }
    void charactersNoKeyHasAreNamed()
    {
        QVERIFY(textEvents("a\xc3\xa4").error().sentence().find("\"\xc3\xa4\"") !=
                std::string::npos);
        QVERIFY(textEvents("\x01").error().sentence().find("\\x01") != std::string::npos);
        QVERIFY(!textEvents(std::string(kMaxTypedCharacters + 1, 'a')));
    }
};

QTEST_GUILESS_MAIN(KeysTest)
#include "keys_test.moc"
