// SPDX-License-Identifier: GPL-3.0-or-later
// Keys by place, no key stuck, chords that stay with the host.
#include <linux/input-event-codes.h>

#include <QTest>

#include "display/input/key_table.h"
#include "display/input/keyboard_mapper.h"

using display::input::evdevCodeOf;
using display::input::HostChord;
using display::input::KeyboardMapper;
using display::input::ScanCodes;

namespace {

class Sink final : public display::core::KeyboardSink {
public:
    void key(display::core::KeyEvent event) override
    {
        log += QStringLiteral("%1%2 ").arg(event.down ? '+' : '-').arg(event.code);
    }
    uint8_t leds() const override { return 0; }
    QString take() { return std::exchange(log, {}).trimmed(); }
    QString log;
};

QKeyEvent press(Qt::Key key, quint32 evdev, bool repeat = false)
{
    return {QEvent::KeyPress, key, Qt::NoModifier, evdev ? evdev + 8 : 0, 0, 0, QString(), repeat};
}

QKeyEvent release(Qt::Key key, quint32 evdev, bool repeat = false)
{
    return {QEvent::KeyRelease, key,   Qt::NoModifier, evdev ? evdev + 8 : 0, 0, 0,
            QString(),          repeat};
}

} // namespace

class KeyboardMapperTest : public QObject {
    Q_OBJECT
private slots:
    void init();
    void scanCodeWinsOverName();
    void fallsBackToNames();
    void repeatsArePresses();
    void strayReleasesAreDropped();
    void releaseAllLetsGo();
    void changingTheSinkLetsGo();
    void ctrlAltIsAChordOnlyAlone();
    void ctrlAltEnterIsTheHosts();
    void absurdCodesAreIgnored();
    void tableKnowsEveryPlace();
    void platforms();

private:
    Sink m_sink;
    KeyboardMapper m_mapper{ScanCodes::EvdevPlus8};
};

void KeyboardMapperTest::init()
{
    m_mapper = KeyboardMapper(ScanCodes::EvdevPlus8);
    m_mapper.setSink(&m_sink);
    m_sink.log.clear();
}

void KeyboardMapperTest::scanCodeWinsOverName()
{
    // A German keyboard's Z is where the US one has its Y.
    m_mapper.press(press(Qt::Key_Z, KEY_Y));
    m_mapper.release(release(Qt::Key_Z, KEY_Y));
    QCOMPARE(m_sink.take(), QStringLiteral("+21 -21"));
    // The key between left Shift and Y is on no US keyboard, but has a place.
    m_mapper.press(press(Qt::Key_Less, KEY_102ND));
    QCOMPARE(m_sink.take(), QStringLiteral("+86"));
}

void KeyboardMapperTest::fallsBackToNames()
{
    m_mapper.press(press(Qt::Key_Y, 0));
    m_mapper.release(release(Qt::Key_Y, 0));
    QCOMPARE(m_sink.take(), QStringLiteral("+21 -21"));
    KeyboardMapper names(ScanCodes::None);
    names.setSink(&m_sink);
    names.press(press(Qt::Key_Y, KEY_A)); // the number means something else there
    QCOMPARE(m_sink.take(), QStringLiteral("+21"));
    names.setSink(nullptr);
}

void KeyboardMapperTest::repeatsArePresses()
{
    m_mapper.press(press(Qt::Key_A, KEY_A));
    for (int i = 0; i < 2; ++i) {
        m_mapper.release(release(Qt::Key_A, KEY_A, true));
        m_mapper.press(press(Qt::Key_A, KEY_A, true));
    }
    m_mapper.press(press(Qt::Key_A, KEY_A)); // pressed twice without a release: once
    m_mapper.release(release(Qt::Key_A, KEY_A));
    QCOMPARE(m_sink.take(), QStringLiteral("+30 +30 +30 -30"));
}

void KeyboardMapperTest::strayReleasesAreDropped()
{
    m_mapper.release(release(Qt::Key_Tab, KEY_TAB));
    m_mapper.press(press(Qt::Key_A, KEY_A, true)); // held since before the window had the focus
    QCOMPARE(m_sink.take(), QString());
}

void KeyboardMapperTest::releaseAllLetsGo()
{
    m_mapper.press(press(Qt::Key_Shift, KEY_LEFTSHIFT));
    m_mapper.press(press(Qt::Key_Alt, KEY_LEFTALT));
    m_sink.take();
    m_mapper.releaseAll();
    QCOMPARE(m_sink.take(), QStringLiteral("-42 -56"));
    m_mapper.releaseAll();
    m_mapper.release(release(Qt::Key_Alt, KEY_LEFTALT));
    QCOMPARE(m_sink.take(), QString());
    QVERIFY(!m_mapper.anyDown());
}

void KeyboardMapperTest::changingTheSinkLetsGo()
{
    m_mapper.press(press(Qt::Key_Control, KEY_LEFTCTRL));
    m_mapper.setSink(nullptr);
    QCOMPARE(m_sink.take(), QStringLiteral("+29 -29"));
    m_mapper.press(press(Qt::Key_A, KEY_A));
    QCOMPARE(m_sink.take(), QString());
}

void KeyboardMapperTest::ctrlAltIsAChordOnlyAlone()
{
    m_mapper.press(press(Qt::Key_Control, KEY_LEFTCTRL));
    m_mapper.press(press(Qt::Key_Alt, KEY_LEFTALT));
    QVERIFY(m_mapper.release(release(Qt::Key_Control, KEY_LEFTCTRL)) == HostChord::Release);
    QVERIFY(m_mapper.release(release(Qt::Key_Alt, KEY_LEFTALT)) == HostChord::None);
    QCOMPARE(m_sink.take(), QStringLiteral("+29 +56 -29 -56"));

    m_mapper.press(press(Qt::Key_Control, KEY_LEFTCTRL));
    m_mapper.press(press(Qt::Key_Alt, KEY_LEFTALT));
    m_mapper.press(press(Qt::Key_Delete, KEY_DELETE));
    m_mapper.release(release(Qt::Key_Delete, KEY_DELETE));
    QVERIFY(m_mapper.release(release(Qt::Key_Alt, KEY_LEFTALT)) == HostChord::None);
    QVERIFY(m_mapper.release(release(Qt::Key_Control, KEY_LEFTCTRL)) == HostChord::None);
    QCOMPARE(m_sink.take(), QStringLiteral("+29 +56 +111 -111 -56 -29"));

    m_mapper.press(press(Qt::Key_A, KEY_A)); // held while Ctrl and Alt come: the guest's
    m_mapper.press(press(Qt::Key_Control, KEY_LEFTCTRL));
    m_mapper.press(press(Qt::Key_Alt, KEY_LEFTALT));
    QVERIFY(m_mapper.release(release(Qt::Key_Alt, KEY_LEFTALT)) == HostChord::None);
}

void KeyboardMapperTest::ctrlAltEnterIsTheHosts()
{
    m_mapper.press(press(Qt::Key_Control, KEY_LEFTCTRL));
    m_mapper.press(press(Qt::Key_Alt, KEY_LEFTALT));
    QVERIFY(m_mapper.press(press(Qt::Key_Return, KEY_ENTER)) == HostChord::FullScreen);
    QVERIFY(m_mapper.press(press(Qt::Key_Return, KEY_ENTER, true)) == HostChord::None);
    QVERIFY(m_mapper.release(release(Qt::Key_Return, KEY_ENTER)) == HostChord::None);
    QVERIFY(m_mapper.release(release(Qt::Key_Alt, KEY_LEFTALT)) == HostChord::None);
    m_mapper.release(release(Qt::Key_Control, KEY_LEFTCTRL));
    QCOMPARE(m_sink.take(), QStringLiteral("+29 +56 -56 -29"));
}

void KeyboardMapperTest::absurdCodesAreIgnored()
{
    const QKeyEvent unknown(QEvent::KeyPress, Qt::Key_unknown, Qt::NoModifier, 0, 0, 0);
    const QKeyEvent huge(QEvent::KeyPress, Qt::Key_unknown, Qt::NoModifier, 0xffffffff, 0, 0);
    const QKeyEvent low(QEvent::KeyPress, Qt::Key_unknown, Qt::NoModifier, 8, 0, 0);
    for (const QKeyEvent* event : {&unknown, &huge, &low})
        QVERIFY(m_mapper.press(*event) == HostChord::None);
    QCOMPARE(m_sink.take(), QString());
}

void KeyboardMapperTest::tableKnowsEveryPlace()
{
    QCOMPARE(evdevCodeOf(Qt::Key_Exclam, Qt::ShiftModifier), uint16_t{KEY_1});
    QCOMPARE(evdevCodeOf(Qt::Key_7, Qt::KeypadModifier), uint16_t{KEY_KP7});
    QCOMPARE(evdevCodeOf(Qt::Key_Home, Qt::KeypadModifier), uint16_t{KEY_KP7});
    QCOMPARE(evdevCodeOf(Qt::Key_Home, Qt::NoModifier), uint16_t{KEY_HOME});
    QCOMPARE(evdevCodeOf(Qt::Key_Backtab, Qt::ShiftModifier), uint16_t{KEY_TAB});
    for (int key = Qt::Key_Space; key <= Qt::Key_AsciiTilde; ++key) {
        if (key >= Qt::Key_BraceRight + 2 || (key > Qt::Key_QuoteLeft && key < Qt::Key_BraceLeft))
            continue; // no such names
        QVERIFY2(evdevCodeOf(static_cast<Qt::Key>(key), Qt::NoModifier) != 0,
                 qPrintable(QString::number(key)));
    }
}

void KeyboardMapperTest::platforms()
{
    using display::input::scanCodesOf;
    QVERIFY(scanCodesOf(QStringLiteral("xcb")) == ScanCodes::EvdevPlus8);
    QVERIFY(scanCodesOf(QStringLiteral("wayland-egl")) == ScanCodes::EvdevPlus8);
    QVERIFY(scanCodesOf(QStringLiteral("offscreen")) == ScanCodes::None);
    QVERIFY(scanCodesOf(QStringLiteral("vnc")) == ScanCodes::None);
}

QTEST_GUILESS_MAIN(KeyboardMapperTest)
#include "keyboard_mapper_test.moc"
