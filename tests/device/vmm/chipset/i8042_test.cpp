// SPDX-License-Identifier: GPL-3.0-or-later
// Keyboard controller, keyboard and mouse as SeaBIOS, Linux and Windows drive them. IBM PS/2
// Technical Reference.
#include <QtTest>

#include <atomic>
#include <initializer_list>
#include <map>
#include <thread>

#include <linux/input-event-codes.h>

#include "tests/support/fakes.h"
#include "tests/support/suites.h"
#include "vmm/chipset/i8042.h"
#include "vmm/chipset/i8042_regs.h"
#include "vmm/chipset/keymap.h"

using namespace vmm;
using namespace vmm::chipset::i8042;

namespace {

using Bytes = std::vector<int>;

struct Rig {
    uint8_t status() { return static_cast<uint8_t>(board.pio.read(memory::GuestPort(0x64), 1)); }
    uint8_t data() { return static_cast<uint8_t>(board.pio.read(memory::GuestPort(0x60), 1)); }
    void command(uint8_t value) { board.pio.write(memory::GuestPort(0x64), value, 1); }
    void command(uint8_t value, uint8_t parameter)
    {
        command(value);
        send(parameter);
    }
    void send(uint8_t value) { board.pio.write(memory::GuestPort(0x60), value, 1); }
    void toMouse(uint8_t value) { command(kWriteMouse, value); }
    /// Everything waiting, mouse bytes with 0x100 added; at most 64.
    Bytes drain()
    {
        Bytes bytes;
        for (int i = 0; i < 64; ++i) {
            const uint8_t now = status();
            if ((now & kObf) == 0)
                break;
            bytes.push_back(data() | ((now & kAuxObf) != 0 ? 0x100 : 0));
        }
        return bytes;
    }
    /// What the mouse has to say, without the marks.
    Bytes drainMouse()
    {
        Bytes bytes = drain();
        for (int& byte : bytes)
            byte &= 0xff;
        return bytes;
    }
    Bytes tell(std::initializer_list<uint8_t> bytes)
    {
        for (const uint8_t byte : bytes)
            send(byte);
        return drain();
    }
    Bytes mouse(std::initializer_list<uint8_t> bytes)
    {
        Bytes all;
        for (const uint8_t byte : bytes) {
            toMouse(byte);
            const Bytes some = drainMouse();
            all.insert(all.end(), some.begin(), some.end());
        }
        return all;
    }
    /// Controller as an operating system leaves it: both interrupts, translation as asked.
    void bringUp(uint8_t commandByte)
    {
        command(kWriteRam, commandByte);
        tell({0xf4});
        mouse({0xf4});
    }
    void press(uint16_t code) { device->key({code, true}); }
    void release(uint16_t code) { device->key({code, false}); }
    Bytes tap(uint16_t code)
    {
        press(code);
        Bytes bytes = drain();
        release(code);
        const Bytes more = drain();
        bytes.insert(bytes.end(), more.begin(), more.end());
        return bytes;
    }

    tests::FakeBoard board;
    tests::FakeIrqLine irq1;
    tests::FakeIrqLine irq12;
    std::unique_ptr<chipset::I8042> device =
        std::move(*chipset::I8042::create(board.pio, irq1, irq12, board.system));
};

constexpr uint8_t kTranslating = kTranslate | kKeyboardInterrupt | kMouseInterrupt;
constexpr uint8_t kRaw = kKeyboardInterrupt | kMouseInterrupt;

/// Every evdev key of the keyboard.
std::vector<uint16_t> allKeys()
{
    std::vector<uint16_t> keys;
    for (uint16_t code = 0; code < 0x300; ++code)
        if (chipset::keyCodes(code).set2 != 0)
            keys.push_back(code);
    return keys;
}

/// Ports 0x60 and 0x64 as one handler, for the fuzz suite.
struct Ports final : bus::PioHandler {
    explicit Ports(Rig& owner) : rig(owner) {}
    uint32_t readPort(uint16_t offset, unsigned) override
    {
        return offset == 0 ? rig.data() : rig.status();
    }
    void writePort(uint16_t offset, uint32_t value, unsigned) override
    {
        if (offset == 0)
            rig.send(static_cast<uint8_t>(value));
        else
            rig.command(static_cast<uint8_t>(value));
    }
    Rig& rig;
};

struct Fresh final : state::Participant {
    std::string stateName() const override { return rig.device->stateName(); }
    state::Record saveState() const override { return rig.device->saveState(); }
    Result<void> loadState(const state::Record& record) override
    {
        return rig.device->loadState(record);
    }
    Rig rig;
};

} // namespace

class I8042Test : public QObject {
    Q_OBJECT

private slots:
    /// SeaBIOS ps2_keyboard_setup: self-tests, keyboard reset, scan code set, translation on.
    void seabiosSetup()
    {
        Rig rig;
        QCOMPARE(rig.drain(), Bytes{});
        rig.command(kSelfTest);
        QCOMPARE(rig.drain(), Bytes{0x55});
        QVERIFY((rig.status() & kSystemFlag) != 0);
        rig.command(kKeyboardInterfaceTest);
        QCOMPARE(rig.drain(), Bytes{0x00});
        rig.command(kWriteRam, kKeyboardOff | kMouseOff);
        QCOMPARE(rig.tell({0xff}), (Bytes{0xfa, 0xaa}));
        QCOMPARE(rig.tell({0xf5}), Bytes{0xfa});
        QCOMPARE(rig.tell({0xf0}), Bytes{0xfa});
        QCOMPARE(rig.tell({0x02}), Bytes{0xfa});
        rig.command(kWriteRam, kTranslate | kKeyboardInterrupt | kSystemFlagBit);
        QCOMPARE(rig.tell({0xf4}), Bytes{0xfa});
        const unsigned before = rig.irq1.edges();
        rig.press(KEY_A);
        QCOMPARE(rig.irq1.edges(), before + 1);
        QCOMPARE(rig.drain(), Bytes{0x1e});
        rig.release(KEY_A);
        QCOMPARE(rig.drain(), Bytes{0x9e});
        QVERIFY(!rig.irq1.level());
    }

    /// Linux i8042_controller_check, i8042_check_aux and the AUX loop with its interrupt.
    void linuxProbe()
    {
        Rig rig;
        rig.command(kReadRam);
        QCOMPARE(rig.drain(), (Bytes{kKeyboardOff | kMouseOff | kTranslate}));
        rig.command(kWriteRam, kKeyboardOff | kMouseOff);
        rig.command(kWriteMouseOutput, 0x5a);
        QCOMPARE(rig.status() & (kObf | kAuxObf), kObf | kAuxObf);
        QCOMPARE(rig.drain(), Bytes{0x15a});
        for (const uint8_t byte : std::initializer_list<uint8_t>{
                 0xf0, 0x56, 0xa4}) { // no multiplexer: comes back as it went
            rig.command(kWriteMouseOutput, byte);
            QCOMPARE(rig.drain(), Bytes{0x100 | byte});
        }
        rig.command(kMouseInterfaceTest);
        QCOMPARE(rig.drain(), Bytes{0x00});
        rig.command(kMouseEnable);
        rig.command(kReadRam);
        QCOMPARE(rig.drain(), (Bytes{kKeyboardOff}));
        rig.command(kMouseDisable);
        rig.command(kReadRam);
        QCOMPARE(rig.drain(), (Bytes{kKeyboardOff | kMouseOff}));
        rig.command(kWriteRam, kMouseInterrupt | kKeyboardOff);
        rig.command(kWriteMouseOutput, 0xa5);
        QCOMPARE(rig.irq12.edges(), 1U);
        QCOMPARE(rig.irq1.edges(), 0U);
        QCOMPARE(rig.drain(), Bytes{0x1a5});
    }

    /// Linux atkbd_probe: GETID, LEDs, defaults, ENABLE.
    void linuxKeyboardProbe()
    {
        Rig rig;
        rig.command(kWriteRam, kTranslate);
        QCOMPARE(rig.tell({0xf2}), (Bytes{0xfa, 0xab, 0x41})); // 0x83 through translation
        rig.command(kWriteRam, 0);
        QCOMPARE(rig.tell({0xf2}), (Bytes{0xfa, 0xab, 0x83}));
        QCOMPARE(rig.tell({0xed}), Bytes{0xfa});
        QCOMPARE(rig.tell({0x06}), Bytes{0xfa});
        QCOMPARE(rig.device->leds(), 0x06);
        QCOMPARE(rig.tell({0xf6}), Bytes{0xfa});
        QCOMPARE(rig.tell({0xf4}), Bytes{0xfa});
    }

    /// Each command's answer, read between bytes as drivers do.
    void keyboardCommands()
    {
        Rig rig;
        rig.command(kWriteRam, 0);
        QCOMPARE(rig.tell({0xed}), Bytes{0xfa});
        QCOMPARE(rig.tell({0x05}), Bytes{0xfa});
        QCOMPARE(rig.device->leds(), 0x05);
        QCOMPARE(rig.tell({0xee}), Bytes{0xee});
        QCOMPARE(rig.tell({0xf0}), Bytes{0xfa});
        QCOMPARE(rig.tell({0x00}), (Bytes{0xfa, 0x02}));
        QCOMPARE(rig.tell({0xfe}), Bytes{0x02}); // resend
        QCOMPARE(rig.tell({0xf0}), Bytes{0xfa});
        QCOMPARE(rig.tell({0x04}), Bytes{0xfe}); // no set 4
        QCOMPARE(rig.tell({0xf3}), Bytes{0xfa});
        QCOMPARE(rig.tell({0x00}), Bytes{0xfa});
        for (const uint8_t simple :
             std::initializer_list<uint8_t>{0xf4, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xf5})
            QCOMPARE(rig.tell({simple}), Bytes{0xfa});
        rig.press(KEY_A); // 0xf5 left scanning off
        QCOMPARE(rig.drain(), Bytes{});
        for (const uint8_t unknown : std::initializer_list<uint8_t>{0x00, 0x55, 0xef, 0xf1})
            QCOMPARE(rig.tell({unknown}), Bytes{0xfe});
        QCOMPARE(rig.tell({0xed}), Bytes{0xfa});
        QCOMPARE(rig.tell({0xf4}), Bytes{0xfa}); // a command instead of the parameter
        QCOMPARE(rig.device->leds(), 0x05);
        QCOMPARE(rig.tell({0xff}), (Bytes{0xfa, 0xaa}));
        QCOMPARE(rig.device->leds(), 0x00);
    }

    /// Every key goes down and up and is told from every other, in both sets and translated.
    void allKeysRoundTrip_data()
    {
        QTest::addColumn<int>("commandByte");
        QTest::addColumn<int>("set");
        QTest::newRow("translated set 2") << int(kTranslating) << 2;
        QTest::newRow("set 2") << int(kRaw) << 2;
        QTest::newRow("set 1") << int(kRaw) << 1;
    }
    void allKeysRoundTrip()
    {
        QFETCH(int, commandByte);
        QFETCH(int, set);
        Rig rig;
        rig.bringUp(static_cast<uint8_t>(commandByte));
        rig.tell({0xf0});
        rig.tell({static_cast<uint8_t>(set)});
        const std::vector<uint16_t> keys = allKeys();
        QVERIFY(keys.size() > 140);
        std::map<Bytes, uint16_t> seen;
        for (const uint16_t key : keys) {
            const Bytes bytes = rig.tap(key);
            QVERIFY2(!bytes.empty(), qPrintable(QString::number(key)));
            if (set == 1 || (commandByte & kTranslate) != 0)
                QVERIFY(bytes.back() >= 0x80); // ends with a break (or the Korean codes)
            const auto other = seen.insert({bytes, key});
            const bool f24 = key == KEY_F24; // shares its code with Zenkaku/Hankaku by design
            QVERIFY2(other.second || f24, qPrintable(QString::number(key)));
        }
        QCOMPARE(rig.tap(0x2ff), Bytes{});
        QCOMPARE(rig.tap(0xffff), Bytes{});
        QCOMPARE(rig.tap(0), Bytes{});
    }

    /// Set 1 made by the keyboard and set 1 made by the controller are the same bytes.
    void translationMatchesSet1()
    {
        Rig translated;
        translated.bringUp(kTranslating);
        Rig native;
        native.bringUp(kRaw);
        native.tell({0xf0});
        native.tell({0x01});
        for (const uint16_t key : allKeys())
            QVERIFY2(translated.tap(key) == native.tap(key), qPrintable(QString::number(key)));
    }

    void wellKnownCodes_data()
    {
        QTest::addColumn<int>("key");
        QTest::addColumn<Bytes>("set2");
        QTest::addColumn<Bytes>("set1");
        QTest::newRow("Esc") << KEY_ESC << Bytes{0x76, 0xf0, 0x76} << Bytes{0x01, 0x81};
        QTest::newRow("F7") << KEY_F7 << Bytes{0x83, 0xf0, 0x83} << Bytes{0x41, 0xc1};
        QTest::newRow("F12") << KEY_F12 << Bytes{0x07, 0xf0, 0x07} << Bytes{0x58, 0xd8};
        QTest::newRow("Up") << KEY_UP << Bytes{0xe0, 0x75, 0xe0, 0xf0, 0x75}
                            << Bytes{0xe0, 0x48, 0xe0, 0xc8};
        QTest::newRow("Delete") << KEY_DELETE << Bytes{0xe0, 0x71, 0xe0, 0xf0, 0x71}
                                << Bytes{0xe0, 0x53, 0xe0, 0xd3};
        QTest::newRow("right Ctrl") << KEY_RIGHTCTRL << Bytes{0xe0, 0x14, 0xe0, 0xf0, 0x14}
                                    << Bytes{0xe0, 0x1d, 0xe0, 0x9d};
        QTest::newRow("left Win") << KEY_LEFTMETA << Bytes{0xe0, 0x1f, 0xe0, 0xf0, 0x1f}
                                  << Bytes{0xe0, 0x5b, 0xe0, 0xdb};
        QTest::newRow("102nd") << KEY_102ND << Bytes{0x61, 0xf0, 0x61} << Bytes{0x56, 0xd6};
        QTest::newRow("Yen") << KEY_YEN << Bytes{0x6a, 0xf0, 0x6a} << Bytes{0x7d, 0xfd};
        QTest::newRow("Hangeul") << KEY_HANGEUL << Bytes{0xf2} << Bytes{0xf2};
        QTest::newRow("mute") << KEY_MUTE << Bytes{0xe0, 0x23, 0xe0, 0xf0, 0x23}
                              << Bytes{0xe0, 0x20, 0xe0, 0xa0};
        QTest::newRow("Pause") << KEY_PAUSE << Bytes{0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77}
                               << Bytes{0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5};
        QTest::newRow("PrintScreen")
            << KEY_SYSRQ << Bytes{0xe0, 0x12, 0xe0, 0x7c, 0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12}
            << Bytes{0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa};
    }
    void wellKnownCodes()
    {
        QFETCH(int, key);
        QFETCH(Bytes, set2);
        QFETCH(Bytes, set1);
        Rig raw;
        raw.bringUp(kRaw);
        QCOMPARE(raw.tap(static_cast<uint16_t>(key)), set2);
        Rig translated;
        translated.bringUp(kTranslating);
        QCOMPARE(translated.tap(static_cast<uint16_t>(key)), set1);
    }

    /// Alt+SysRq is what Linux's magic key listens to; Ctrl+Pause is Break.
    void modifiedPrintScreenAndPause()
    {
        Rig rig;
        rig.bringUp(kTranslating);
        rig.press(KEY_LEFTALT);
        QCOMPARE(rig.drain(), Bytes{0x38});
        rig.press(KEY_SYSRQ);
        rig.release(KEY_LEFTALT); // the release keeps the form of the press
        rig.release(KEY_SYSRQ);
        QCOMPARE(rig.drain(), (Bytes{0x54, 0xb8, 0xd4}));
        rig.press(KEY_LEFTCTRL);
        rig.drain();
        QCOMPARE(rig.tap(KEY_SYSRQ), (Bytes{0xe0, 0x37, 0xe0, 0xb7}));
        QCOMPARE(rig.tap(KEY_PAUSE), (Bytes{0xe0, 0x46, 0xe0, 0xc6}));
        rig.release(KEY_LEFTCTRL);
        rig.drain();
        rig.press(KEY_SYSRQ);
        rig.drain();
        rig.press(KEY_SYSRQ); // repeat: without the Shift
        QCOMPARE(rig.drain(), (Bytes{0xe0, 0x37}));
        rig.release(KEY_SYSRQ);
        QCOMPARE(rig.drain(), (Bytes{0xe0, 0xb7, 0xe0, 0xaa}));
    }

    void repeatIsAnotherMake()
    {
        Rig rig;
        rig.bringUp(kTranslating);
        for (int i = 0; i < 3; ++i)
            rig.press(KEY_J);
        QCOMPARE(rig.drain(), (Bytes{0x24, 0x24, 0x24}));
    }

    /// Set 3 with key types, as atkbd.set=3 uses it.
    void scanCodeSet3()
    {
        Rig rig;
        rig.bringUp(kRaw);
        rig.tell({0xf0});
        rig.tell({0x03});
        QCOMPARE(rig.tap(KEY_UP), (Bytes{0x63, 0xf0, 0x63}));
        QCOMPARE(rig.tap(KEY_PAUSE), (Bytes{0x62, 0xf0, 0x62}));
        rig.tell({0xf9}); // all keys make only
        QCOMPARE(rig.tap(KEY_A), Bytes{0x1c});
        rig.tell({0xfc}); // A make/break again
        rig.tell({0x1c});
        QCOMPARE(rig.tap(KEY_A), (Bytes{0x1c, 0xf0, 0x1c}));
        QCOMPARE(rig.tap(KEY_S), Bytes{0x1b});
        rig.press(KEY_A);
        rig.press(KEY_A); // not typematic
        QCOMPARE(rig.drain(), Bytes{0x1c});
        QCOMPARE(rig.tap(KEY_MUTE), Bytes{}); // not in set 3
    }

    /// The queue holds 16 bytes, drops whole sequences and keeps room for releases: no key hangs.
    void fullQueueDropsWholeSequences()
    {
        Rig rig;
        rig.bringUp(kRaw);
        rig.command(kKeyboardDisable);
        for (int i = 0; i < 8; ++i)
            rig.press(KEY_UP); // 2 bytes each
        rig.press(KEY_LEFTSHIFT);
        rig.release(KEY_UP);
        rig.release(KEY_LEFTSHIFT);
        rig.command(kKeyboardEnable);
        Bytes expected;
        for (int i = 0; i < 6; ++i)
            expected.insert(expected.end(), {0xe0, 0x75});
        expected.insert(expected.end(), {0xe0, 0xf0, 0x75});
        QCOMPARE(rig.drain(), expected);
        rig.command(kKeyboardDisable);
        for (int i = 0; i < 15; ++i)
            rig.press(KEY_A);
        rig.press(KEY_UP);
        rig.press(KEY_B);
        rig.command(kKeyboardEnable);
        QCOMPARE(rig.drain(), Bytes(12, 0x1c));
        rig.release(KEY_A);
        rig.release(KEY_UP); // it found no room, so nobody was told of it
        QCOMPARE(rig.drain(), (Bytes{0xf0, 0x1c}));
        // A host that reads may have as many keys down as there are.
        for (const uint16_t code : allKeys())
            if (code != KEY_PAUSE &&
                chipset::keyCodes(code).breaks == chipset::ScanBreak::MakeAndBreak) {
                rig.press(code);
                QVERIFY(!rig.drain().empty());
            }
    }

    /// Linux i8042_flush: a person types, and holds keys, while nothing is read; a controller that
    /// has more than 16 bytes then is given up, and with it the keyboard.
    void linuxFlush()
    {
        const std::vector<uint16_t> words = {KEY_R, KEY_O, KEY_O, KEY_T,  KEY_ENTER, KEY_P,
                                             KEY_W, KEY_E, KEY_F, KEY_UP, KEY_DELETE};
        for (const uint8_t mode : {kTranslating, kRaw}) {
            Rig rig;
            rig.bringUp(mode);
            for (int i = 0; i < 20; ++i) {
                for (const uint16_t code : words) {
                    rig.press(KEY_LEFTSHIFT);
                    rig.press(code);
                    rig.release(code);
                    rig.release(KEY_LEFTSHIFT);
                }
                QVERIFY(rig.drain().size() <= 16);
            }
            for (int i = 0; i < 40; ++i)
                rig.press(KEY_F12);
            rig.release(KEY_F12);
            QVERIFY(rig.drain().size() <= 16);
            QCOMPARE(rig.tap(KEY_A).empty(), false);
        }
    }

    /// Commands are answered although the queue is full of keys.
    void answersPassAFullQueue()
    {
        Rig rig;
        rig.bringUp(kRaw);
        for (int i = 0; i < 40; ++i)
            rig.press(KEY_A);
        QCOMPARE(rig.data(), 0x1c); // was in the output buffer
        rig.drain();
        rig.command(kKeyboardDisable);
        for (int i = 0; i < 40; ++i)
            rig.press(KEY_A);
        rig.send(0xed);
        QCOMPARE(rig.data(), 0xfa);
        rig.send(0x01);
        rig.drain();
        QCOMPARE(rig.device->leds(), 0x01);
    }

    /// Each byte of a sequence gives an edge of its own, as the interrupt controller needs.
    void oneEdgePerByte()
    {
        Rig rig;
        rig.bringUp(kTranslating);
        const unsigned before = rig.irq1.edges();
        rig.press(KEY_UP);
        rig.release(KEY_UP);
        QCOMPARE(rig.irq1.edges(), before + 1);
        rig.drain();
        QCOMPARE(rig.irq1.edges(), before + 4);
        QVERIFY(!rig.irq1.level());
        rig.command(kWriteRam, kTranslate);
        rig.press(KEY_A);
        QVERIFY(!rig.irq1.level());
        rig.command(kWriteRam, kTranslating); // enabling shows what waits
        QVERIFY(rig.irq1.level());
    }

    void keyboardAndMouseShareTheBuffer()
    {
        Rig rig;
        rig.bringUp(kTranslating);
        rig.device->move(5, 0);
        rig.press(KEY_A);
        QVERIFY(rig.irq12.level());
        QVERIFY(!rig.irq1.level()); // one buffer: the key waits
        QCOMPARE(rig.drain(), (Bytes{0x108, 0x1e, 0x105, 0x100}));
        QVERIFY(!rig.irq12.level());
    }

    void disabledPortsHoldTheirBytes()
    {
        Rig rig;
        rig.bringUp(kTranslating);
        rig.command(kKeyboardDisable);
        rig.command(kMouseDisable);
        rig.press(KEY_A);
        rig.device->move(1, 0);
        QCOMPARE(rig.status() & kObf, 0);
        rig.command(kMouseEnable);
        QCOMPARE(rig.drain(), (Bytes{0x108, 0x101, 0x100}));
        rig.command(kKeyboardEnable);
        QCOMPARE(rig.drain(), Bytes{0x1e});
    }

    /// psmouse: reset, id, then the knocks for wheel and five buttons.
    void linuxMouseProbe()
    {
        Rig rig;
        rig.command(kWriteRam, 0);
        QCOMPARE(rig.mouse({0xff}), (Bytes{0xfa, 0xaa, 0x00}));
        QCOMPARE(rig.mouse({0xf2}), (Bytes{0xfa, 0x00}));
        rig.mouse({0xf3, 200, 0xf3, 100, 0xf3, 80});
        QCOMPARE(rig.mouse({0xf2}), (Bytes{0xfa, 0x03}));
        rig.mouse({0xf3, 200, 0xf3, 200, 0xf3, 80});
        QCOMPARE(rig.mouse({0xf2}), (Bytes{0xfa, 0x04}));
        rig.mouse({0xe8, 0x03, 0xe6, 0xf4});
        QCOMPARE(rig.mouse({0xe9}), (Bytes{0xfa, 0x20, 0x03, 80}));
        rig.device->button(input::PointerButton::Extra, true);
        QCOMPARE(rig.drainMouse(), (Bytes{0x08, 0, 0, 0x20}));
        rig.device->button(input::PointerButton::Side, true);
        QCOMPARE(rig.drainMouse(), (Bytes{0x08, 0, 0, 0x30}));
        rig.device->wheel(1); // away from the user is negative on the wire
        QCOMPARE(rig.drainMouse(), (Bytes{0x08, 0, 0, 0x3f}));
    }

    void mousePackets()
    {
        Rig rig;
        rig.bringUp(kRaw);
        rig.device->wheel(3); // a standard mouse has none
        QCOMPARE(rig.drainMouse(), Bytes{});
        rig.device->move(3, 4); // down is negative on the wire
        QCOMPARE(rig.drainMouse(), (Bytes{0x28, 0x03, 0xfc}));
        rig.device->move(-600, 0);
        QCOMPARE(rig.drainMouse(), (Bytes{0x18, 0x01, 0, 0x18, 0x01, 0, 0x18, 0xa6, 0}));
        rig.device->button(input::PointerButton::Left, true);
        rig.device->button(input::PointerButton::Right, true);
        rig.device->button(input::PointerButton::Middle, true);
        QCOMPARE(rig.drainMouse(), (Bytes{0x09, 0, 0, 0x0b, 0, 0, 0x0f, 0, 0}));
        rig.device->button(input::PointerButton::Side, true);
        QCOMPARE(rig.drainMouse(), Bytes{}); // three buttons only
        rig.mouse({0xf3, 200, 0xf3, 100, 0xf3, 80});
        rig.device->wheel(-12);
        QCOMPARE(rig.drainMouse(), (Bytes{0x0f, 0, 0, 7, 0x0f, 0, 0, 5}));
    }

    /// Motion adds up while nobody reads, and a click in between is not lost.
    void motionAccumulates()
    {
        Rig rig;
        rig.bringUp(kRaw);
        for (int i = 0; i < 1000; ++i)
            rig.device->move(1, 0);
        rig.device->button(input::PointerButton::Left, true);
        rig.device->button(input::PointerButton::Left, false);
        int sum = 0;
        bool clicked = false;
        int buttons = 0;
        for (Bytes bytes = rig.drainMouse(); !bytes.empty(); bytes = rig.drainMouse()) {
            QCOMPARE(bytes.size() % 3, size_t{0});
            for (size_t i = 0; i < bytes.size(); i += 3) {
                sum += bytes[i + 1];
                buttons = bytes[i] & 7;
                clicked = clicked || buttons == 1;
            }
        }
        QCOMPARE(sum, 1000);
        QVERIFY(clicked);
        QCOMPARE(buttons, 0);
        for (int i = 0; i < 1000; ++i)
            rig.device->move(std::numeric_limits<int>::min(), std::numeric_limits<int>::min());
    }

    void remoteAndWrapMode()
    {
        Rig rig;
        rig.bringUp(kRaw);
        QCOMPARE(rig.mouse({0xf0}), Bytes{0xfa});
        rig.device->move(7, 0);
        QCOMPARE(rig.drainMouse(), Bytes{});
        QCOMPARE(rig.mouse({0xeb}), (Bytes{0xfa, 0x08, 7, 0}));
        QCOMPARE(rig.mouse({0xeb}), (Bytes{0xfa, 0x08, 0, 0}));
        QCOMPARE(rig.mouse({0xe9}), (Bytes{0xfa, 0x60, 2, 100}));
        QCOMPARE(rig.mouse({0xee}), Bytes{0xfa});
        QCOMPARE(rig.mouse({0xf4, 0x12, 0xee}), (Bytes{0xf4, 0x12, 0xee}));
        QCOMPARE(rig.mouse({0xec}), Bytes{0xfa});
        QCOMPARE(rig.mouse({0xea}), Bytes{0xfa});
        QCOMPARE(rig.mouse({0xe7}), Bytes{0xfa});
        rig.device->move(4, -10);
        QCOMPARE(rig.drainMouse(), (Bytes{0x08, 6, 20})); // 2:1
        QCOMPARE(rig.mouse({0xf6}), Bytes{0xfa});
        QCOMPARE(rig.mouse({0xe9}), (Bytes{0xfa, 0x00, 2, 100}));
        QCOMPARE(rig.mouse({0xe8, 9}), (Bytes{0xfa, 0xfe}));
        QCOMPARE(rig.mouse({0x77}), Bytes{0xfe});
        QCOMPARE(rig.mouse({0xfe}), Bytes{0xfe});
    }

    void controllerCommands()
    {
        Rig rig;
        rig.command(kTestPassword);
        QCOMPARE(rig.drain(), Bytes{0xf1});
        rig.command(kReadInputPort);
        QCOMPARE(rig.drain(), Bytes{0x80});
        rig.command(kReadTestInputs);
        QCOMPARE(rig.drain(), Bytes{0x00});
        rig.command(kReadOutputPort);
        QCOMPARE(rig.drain(), Bytes{0xc3});
        rig.command(kWriteOutputPort, 0xdd); // A20 off: remembered
        rig.command(kReadOutputPort);
        QCOMPARE(rig.drain().at(0) & 0x03, 0x01);
        rig.command(kEnableA20);
        rig.command(kReadOutputPort);
        QCOMPARE(rig.drain().at(0) & 0x03, 0x03);
        rig.command(0x7f, 0x42);
        rig.command(0x3f);
        QCOMPARE(rig.drain(), Bytes{0x42});
        rig.command(kWriteKeyboardOutput, 0x99);
        QCOMPARE(rig.drain(), Bytes{0x99});
        QVERIFY((rig.status() & kCommandWritten) == 0);
        rig.command(kKeyboardEnable);
        QVERIFY((rig.status() & kCommandWritten) != 0);
    }

    void resetsTheMachine()
    {
        Rig rig;
        rig.command(0xf0 | 0x0f); // pulses nothing
        QCOMPARE(rig.board.system.resets, 0);
        rig.command(0xfe);
        QCOMPARE(rig.board.system.resets, 1);
        rig.command(kWriteOutputPort, 0xfe);
        QCOMPARE(rig.board.system.resets, 2);
        rig.tell({0xee});
        QCOMPARE(rig.board.system.resets, 2);
    }

    /// Keys and motion from the host's threads while a driver works off interrupts: nothing hangs,
    /// no edge is lost, the buffer is empty at the end.
    void inputWhileTheGuestReads()
    {
        Rig rig;
        rig.bringUp(kTranslating);
        std::atomic<int> writers{2};
        std::thread keys([&] {
            for (int i = 0; i < 3000; ++i)
                rig.device->key({KEY_A, i % 2 == 0});
            --writers;
        });
        std::thread pointer([&] {
            for (int i = 0; i < 3000; ++i)
                rig.device->move(1, 1);
            --writers;
        });
        unsigned bytes = 0;
        unsigned handled = 0;
        for (bool last = false; !last;) {
            last = writers == 0;
            // As an edge-triggered handler: look only when an edge came, then read one byte.
            for (unsigned edges = 0; edges = rig.irq1.edges() + rig.irq12.edges(), handled != edges;
                 ++handled)
                bytes += (rig.status() & kObf) != 0 ? (rig.data(), 1U) : 0U;
        }
        keys.join();
        pointer.join();
        while (handled != rig.irq1.edges() + rig.irq12.edges()) {
            ++handled;
            bytes += (rig.status() & kObf) != 0 ? (rig.data(), 1U) : 0U;
        }
        QVERIFY(bytes > 0);
        QCOMPARE(rig.status() & kObf, 0);
        QVERIFY(!rig.irq1.level() && !rig.irq12.level());
    }

    void resetSuite()
    {
        Rig rig;
        Rig fresh;
        rig.bringUp(kTranslating);
        rig.press(KEY_SYSRQ);
        rig.device->move(4, 4);
        rig.mouse({0xf3, 200});
        tests::resetSuite(*rig.device, *rig.device, *fresh.device, *fresh.device);
        QVERIFY(!rig.irq1.level());
        QVERIFY(!rig.irq12.level());
    }

    void state()
    {
        Rig rig;
        rig.bringUp(kTranslating);
        for (int i = 0; i < 6; ++i)
            rig.tap(KEY_A);
        rig.press(KEY_PAUSE);
        rig.press(KEY_PAGEUP);
        rig.device->move(1234, -77);
        rig.device->button(input::PointerButton::Middle, true);
        tests::deviceStateSuite(*rig.device, [] { return std::make_unique<Fresh>(); });
        Rig other;
        QVERIFY(other.device->load(rig.device->save()).has_value());
        QVERIFY(other.irq1.level() || other.irq12.level());
        QCOMPARE(other.drain(), rig.drain());
    }

    /// CVE-2013-4541: read positions and counts of the queues in a saved state are not believed.
    void cve_2013_4541_queueIndicesInState()
    {
        Rig rig;
        for (const uint8_t count : std::initializer_list<uint8_t>{17, 128, 255}) {
            auto state = rig.device->save();
            state.keyboard.queue.dataCount = count;
            QVERIFY(!rig.device->load(state).has_value());
            state = rig.device->save();
            state.keyboard.queue.replyCount = count;
            QVERIFY(!rig.device->load(state).has_value());
            state = rig.device->save();
            state.mouse.queue.dataCount = count;
            QVERIFY(!rig.device->load(state).has_value());
            state = rig.device->save();
            state.mouse.queue.replyCount = count;
            QVERIFY(!rig.device->load(state).has_value());
        }
        auto state = rig.device->save();
        state.command = 0x12;
        QVERIFY(!rig.device->load(state).has_value());
        state = rig.device->save();
        state.mouse.dx = std::numeric_limits<int32_t>::min();
        QVERIFY(!rig.device->load(state).has_value());
        state = rig.device->save();
        state.keyboard.queue.dataCount = 16; // full of anything is fine
        state.keyboard.queue.data.fill(0xf0);
        state.ram[0] = kTranslating;
        QVERIFY(rig.device->load(state).has_value());
        rig.command(kKeyboardEnable);
        QCOMPARE(rig.drain().size(), size_t{8});
    }

    void anyAccess()
    {
        for (unsigned seed = 1; seed < 6; ++seed) {
            Rig rig;
            Ports ports(rig);
            for (int round = 0; round < 50; ++round) {
                tests::pioFuzzSuite(ports, 2, 1, seed * 100 + static_cast<unsigned>(round), 200);
                rig.device->key({static_cast<uint16_t>(round * 7), round % 3 != 0});
                rig.device->move(round * 100, -round);
                rig.device->wheel(round - 25);
                rig.device->button(static_cast<input::PointerButton>(round % 5), round % 2 == 0);
            }
            Rig other; // whatever the guest did can be saved and loaded
            const auto loaded = other.device->load(rig.device->save());
            QVERIFY2(loaded.has_value(), loaded ? "" : loaded.error().sentence().c_str());
        }
    }
};

QTEST_GUILESS_MAIN(I8042Test)
#include "i8042_test.moc"
