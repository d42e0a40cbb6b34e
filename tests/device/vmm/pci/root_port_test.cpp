// SPDX-License-Identifier: GPL-3.0-or-later
// A root port's slot as a hot-plug driver, and a hostile one, sees it. PCI Express Base 4.0
// section 6.7.
#include <QtTest>

#include "tests/device/vmm/pci/port_rig.h"
#include "tests/support/suites.h"

using namespace vmm;
using memory::GuestPort;
using pci::RootPort;
using tests::CardFunction;
using tests::PortRig;

namespace {

constexpr uint32_t kNewCard = pci::kSlotPresenceChanged | pci::kSlotButton;
constexpr uint32_t kNobody = 0xffff'ffff;
constexpr uint32_t kCardId = 0x9abc'1234;
constexpr uint16_t kMsi = 0x80;
constexpr uint32_t kMessage = 0x4041;

/// The port's driver: it has set up its message and listens.
struct DrivenRig : PortRig {
    explicit DrivenRig(bool withCard = false)
    {
        if (withCard)
            CHECK(ports[0]->plug({&card}, RootPort::PlugTime::PowerOn));
        openBus();
        if (withCard)
            placeCard();
        const auto driver = port();
        driver.write(kMsi + 4, 0xfee0'0000, 4);
        driver.write(kMsi + 12, kMessage, 2);
        driver.write(kMsi + 2, pci::kMsiEnable, 2);
        control(withCard ? kPowerOn : kPowerGone);
    }
    void control(uint32_t power) { port().write(kSlotControl, power | kListen, 2); }
    /// What the interrupt handler does: what happened since, cleared.
    uint32_t takeEvents()
    {
        const uint32_t events =
            status() & (pci::kSlotButton | pci::kSlotPresenceChanged | pci::kSlotLinkChanged);
        port().write(kSlotStatus, events, 2);
        return events;
    }
    size_t messages() const { return board.interrupts.sent().size(); }
};

struct FreshPort final : state::Participant {
    explicit FreshPort(bool withCard = true)
    {
        if (withCard)
            CHECK(rig.ports[0]->plug({&rig.card}, RootPort::PlugTime::PowerOn));
    }
    PortRig rig;
    std::string stateName() const override { return rig.ports[0]->stateName(); }
    state::Record saveState() const override { return rig.ports[0]->saveState(); }
    Result<void> loadState(const state::Record& record) override
    {
        return rig.ports[0]->loadState(record);
    }
};

} // namespace

class RootPortTest : public QObject {
    Q_OBJECT

private slots:
    void whatTheSlotCanDo()
    {
        PortRig rig;
        const uint32_t caps = rig.port().read(0x40 + pci::kExpressSlotCaps, 4);
        QCOMPARE(caps & 0x7ffff, pci::kSlotCapsButton | pci::kSlotCapsPowerController |
                                     pci::kSlotCapsPowerIndicator | pci::kSlotCapsSurprise |
                                     pci::kSlotCapsHotPlug | pci::kSlotCapsNoCommandCompleted);
        QCOMPARE(caps >> pci::kSlotCapsNumberShift, 1U);
        QCOMPARE(rig.port(1).read(0x40 + pci::kExpressSlotCaps, 4) >> pci::kSlotCapsNumberShift,
                 2U);
        QVERIFY((rig.port().read(0x40 + pci::kExpressLinkCaps, 4) &
                 pci::kLinkCapsActiveReporting) != 0);
        QCOMPARE(rig.port().read(PortRig::kSlotControl, 2), PortRig::kPowerGone);
        QCOMPARE(rig.status(), 0U);
        QVERIFY(!rig.linkActive());
    }

    void cardAtPowerOn()
    {
        PortRig rig;
        QVERIFY(rig.ports[0]->plug({&rig.card}, RootPort::PlugTime::PowerOn).has_value());
        QVERIFY(rig.ports[0]->occupied() && !rig.ports[1]->occupied());
        QCOMPARE(rig.port().read(PortRig::kSlotControl, 2), PortRig::kPowerOn);
        QCOMPARE(rig.status(), uint32_t{pci::kSlotPresent}); // present, and no event of it
        QVERIFY(rig.linkActive());
        const auto again = rig.ports[0]->plug({&rig.other}, RootPort::PlugTime::Running);
        QVERIFY(!again && again.error().code() == ErrorCode::Busy);
        const auto none = rig.ports[1]->plug({}, RootPort::PlugTime::Running);
        QVERIFY(!none && none.error().code() == ErrorCode::Invalid);
    }

    void cardOfTwoFunctions()
    {
        DrivenRig rig;
        QVERIFY(
            rig.ports[0]->plug({&rig.card, &rig.other}, RootPort::PlugTime::Running).has_value());
        rig.control(PortRig::kPowerOn);
        QCOMPARE(rig.at(PortRig::kBus, 0, 0).read(0, 4), kCardId);
        QCOMPARE(rig.at(PortRig::kBus, 0, 1).read(0, 4), kCardId);
        rig.ports[0]->remove();
        QCOMPARE(rig.at(PortRig::kBus, 0, 1).read(0, 4), kNobody);
    }

    void plugWhileRunning()
    {
        DrivenRig rig;
        QVERIFY(rig.ports[0]->plug({&rig.card}, RootPort::PlugTime::Running).has_value());
        QCOMPARE(rig.messages(), size_t{1});
        QVERIFY((rig.board.interrupts.sent()[0] == bus::MsiMessage{0xfee0'0000, kMessage}));
        QCOMPARE(rig.takeEvents(), kNewCard);
        QVERIFY((rig.status() & pci::kSlotPresent) != 0);
        QCOMPARE(rig.at(PortRig::kBus).read(0, 4), kNobody); // no power yet
        rig.control(pci::kSlotPowerIndicatorBlink);
        QVERIFY(rig.linkActive());
        QCOMPARE(rig.takeEvents(), uint32_t{pci::kSlotLinkChanged});
        QCOMPARE(rig.messages(), size_t{2});
        QCOMPARE(rig.at(PortRig::kBus).read(0, 4), kCardId);
        rig.placeCard();
        QCOMPARE(rig.mmio(PortRig::kMemory), 0x5a5a'5a5aU);
        rig.control(PortRig::kPowerOn);
        QCOMPARE(rig.takeEvents(), 0U);
        QCOMPARE(rig.listener.resets, 0U); // a fresh card
    }

    void unplugOnRequest()
    {
        DrivenRig rig(true);
        rig.card.raise(true);
        QVERIFY(rig.ports[0]->requestUnplug().has_value());
        QCOMPARE(rig.messages(), size_t{1});
        QCOMPARE(rig.takeEvents(), uint32_t{pci::kSlotButton});
        rig.control(pci::kSlotPowerIndicatorBlink);
        QVERIFY(rig.ports[0]->requestUnplug().has_value()); // the guest is at it: no second press
        QCOMPARE(rig.takeEvents(), 0U);
        QCOMPARE(rig.mmio(PortRig::kMemory), 0x5a5a'5a5aU);
        rig.control(pci::kSlotPowerIndicatorBlink | pci::kSlotPowerOff);
        QCOMPARE(rig.listener.released, 1U);
        QVERIFY(!rig.linkActive());
        QCOMPARE(rig.takeEvents(), uint32_t{pci::kSlotLinkChanged});
        QCOMPARE(rig.at(PortRig::kBus).read(0, 4), kNobody);
        QCOMPARE(rig.mmio(PortRig::kMemory), kNobody);
        rig.ports[0]->remove();
        QVERIFY(!rig.ports[0]->occupied());
        QVERIFY(!rig.pirqs.levels[pci::PciBus::pirqFor(0x1c, 1)]);
        QCOMPARE(rig.takeEvents(), uint32_t{pci::kSlotPresenceChanged});
        rig.control(PortRig::kPowerGone);
        QCOMPARE(rig.listener.released, 1U);
        QCOMPARE(rig.listener.resets, 0U);
    }

    /// The driver cancels what it was asked for: nothing was taken away, the next request presses
    /// again.
    void cancelledUnplug()
    {
        DrivenRig rig(true);
        QVERIFY(rig.ports[0]->requestUnplug().has_value());
        rig.takeEvents();
        rig.control(pci::kSlotPowerIndicatorBlink);
        rig.control(PortRig::kPowerOn);
        QVERIFY(rig.linkActive());
        QCOMPARE(rig.listener.released, 0U);
        QVERIFY(rig.ports[0]->requestUnplug().has_value());
        QCOMPARE(rig.takeEvents(), uint32_t{pci::kSlotButton});
    }

    void requestsThatCannotBe()
    {
        DrivenRig rig(true);
        auto result = rig.ports[1]->requestUnplug();
        QVERIFY(!result && result.error().code() == ErrorCode::NotFound);
        rig.port().write(PortRig::kSlotControl, PortRig::kPowerOn, 2);
        result = rig.ports[0]->requestUnplug();
        QVERIFY(!result && result.error().code() == ErrorCode::Unsupported);
        QCOMPARE(rig.status(), uint32_t{pci::kSlotPresent});
        rig.ports[1]->remove(); // nothing
        QCOMPARE(rig.status(1), 0U);
    }

    /// Linux clears what happened to the slot a second after it took the power: a card that comes
    /// in that second is shown when the indicator goes off, and not before.
    void plugBehindAnUnplug()
    {
        DrivenRig rig(true);
        QVERIFY(rig.ports[0]->requestUnplug().has_value());
        rig.control(pci::kSlotPowerIndicatorBlink | pci::kSlotPowerOff);
        rig.ports[0]->remove();
        rig.takeEvents();
        QVERIFY(rig.ports[0]->plug({&rig.other}, RootPort::PlugTime::Running).has_value());
        QCOMPARE(rig.takeEvents(), 0U);
        QCOMPARE(rig.status(), 0U);
        const size_t before = rig.messages();
        rig.control(PortRig::kPowerGone);
        QCOMPARE(rig.messages(), before + 1);
        QCOMPARE(rig.takeEvents(), kNewCard);
        rig.control(PortRig::kPowerOn);
        rig.placeCard();
        QCOMPARE(rig.mmio(PortRig::kMemory), 0x7777'7777U);
    }

    /// After a surprise Linux looks at the slot again by itself; a press of the button would take
    /// the new card out.
    void plugBehindASurprise()
    {
        DrivenRig rig(true);
        rig.ports[0]->remove();
        rig.takeEvents();
        QVERIFY(rig.ports[0]->plug({&rig.other}, RootPort::PlugTime::Running).has_value());
        QCOMPARE(rig.takeEvents(), uint32_t{pci::kSlotPresenceChanged | pci::kSlotLinkChanged});
        QVERIFY((rig.status() & pci::kSlotPresent) != 0);
        QVERIFY(rig.linkActive()); // the power is still on
        rig.ports[0]->remove();
        rig.control(PortRig::kPowerGone); // now it is done with the surprise
        rig.takeEvents();
        QVERIFY(rig.ports[0]->plug({&rig.card}, RootPort::PlugTime::Running).has_value());
        QCOMPARE(rig.takeEvents(), kNewCard);
    }

    void surpriseRemoval()
    {
        DrivenRig rig(true);
        rig.card.raise(true);
        rig.ports[0]->remove();
        QCOMPARE(rig.messages(), size_t{1});
        QCOMPARE(rig.takeEvents(), uint32_t{pci::kSlotPresenceChanged | pci::kSlotLinkChanged});
        QCOMPARE(rig.status(), 0U);
        QCOMPARE(rig.at(PortRig::kBus).read(0, 4), kNobody);
        QVERIFY(!rig.ramMapped(PortRig::kHigh));
        // Linux' virtio driver waits until the status register of the card reads 0.
        QCOMPARE(rig.mmio(PortRig::kMemory), 0U);
        rig.board.mmio.write(memory::GuestPhys(PortRig::kMemory), 1, 4);
        QCOMPARE(rig.mmio(PortRig::kMemory + CardFunction::kMmioSize - 4), 0U);
        rig.control(PortRig::kPowerGone);
        QCOMPARE(rig.mmio(PortRig::kMemory), kNobody);
        QVERIFY(!rig.pirqs.levels[pci::PciBus::pirqFor(0x1c, 1)]);
        rig.card.raise(false); // goes nowhere
        rig.card.raise(true);
        QVERIFY(!rig.pirqs.levels[pci::PciBus::pirqFor(0x1c, 1)]);
    }

    /// A guest that takes power away and gives it again gets a card that was reset, once the board
    /// has done it.
    void powerCycle()
    {
        DrivenRig rig(true);
        rig.control(PortRig::kPowerGone);
        QCOMPARE(rig.listener.released, 0U); // nobody asked
        QVERIFY((rig.status() & pci::kSlotPresent) != 0);
        QCOMPARE(rig.listener.resets, 0U);
        rig.control(PortRig::kPowerOn);
        QCOMPARE(rig.listener.resets, 1U);
        QVERIFY(!rig.linkActive());
        QCOMPARE(rig.at(PortRig::kBus).read(0, 4), kNobody);
        rig.control(PortRig::kPowerGone); // again, before the board came to it
        rig.control(PortRig::kPowerOn);
        QCOMPARE(rig.listener.resets, 1U);
        rig.card.reset();
        rig.takeEvents();
        rig.ports[0]->cardReset();
        QVERIFY(rig.linkActive());
        QCOMPARE(rig.takeEvents(), uint32_t{pci::kSlotLinkChanged});
        QCOMPARE(rig.mmio(PortRig::kMemory), kNobody);
        rig.placeCard();
        QCOMPARE(rig.mmio(PortRig::kMemory), 0x5a5a'5a5aU);
    }

    void secondaryBusResetAndLinkDisable()
    {
        DrivenRig rig(true);
        for (const auto& [offset, bit] :
             {std::pair<uint16_t, uint16_t>{pci::kBridgeControl, pci::kBridgeControlReset},
              {PortRig::kLinkControl, pci::kLinkControlDisable}}) {
            const unsigned before = rig.listener.resets;
            rig.port().write(offset, bit, 2);
            QVERIFY(!rig.linkActive());
            QCOMPARE(rig.listener.resets, before);
            QCOMPARE(rig.at(PortRig::kBus).read(0, 4), kNobody);
            rig.port().write(offset, 0, 2);
            QCOMPARE(rig.listener.resets, before + 1);
            rig.ports[0]->cardReset();
            QVERIFY(rig.linkActive());
            QCOMPARE(rig.at(PortRig::kBus).read(0, 4), kCardId);
        }
    }

    /// A guest that gives power again after it let go does not keep the board from taking the card.
    void powerAfterRelease()
    {
        DrivenRig rig(true);
        QVERIFY(rig.ports[0]->requestUnplug().has_value());
        for (int i = 0; i < 3; ++i) {
            rig.control(PortRig::kPowerGone);
            rig.control(PortRig::kPowerOn);
        }
        QCOMPARE(rig.listener.released, 1U);
        QCOMPARE(rig.listener.resets, 0U);
        QVERIFY(!rig.linkActive());
        rig.ports[0]->remove();
        QCOMPARE(rig.status() & pci::kSlotPresent, 0U);
    }

    /// A request while the slot has no power is granted at once; so is one that a reset finds.
    void requestsGrantedWithoutTheGuest()
    {
        DrivenRig rig(true);
        rig.control(PortRig::kPowerGone);
        QVERIFY(rig.ports[0]->requestUnplug().has_value());
        QCOMPARE(rig.listener.released, 1U);

        DrivenRig second(true);
        QVERIFY(second.ports[0]->requestUnplug().has_value());
        QCOMPARE(second.listener.released, 0U);
        second.ports[0]->reset();
        QCOMPARE(second.listener.released, 1U);
        QCOMPARE(second.status(), 0U);
        QVERIFY(!second.linkActive());
        second.ports[0]->remove();
        QCOMPARE(second.status(), 0U);
    }

    /// Section 6.7.3.4: one message when the first enabled event comes, none while one is pending.
    void messagesAreEdges()
    {
        DrivenRig rig;
        QVERIFY(rig.ports[0]->plug({&rig.card}, RootPort::PlugTime::Running).has_value());
        QCOMPARE(rig.messages(), size_t{1});
        rig.control(PortRig::kPowerOn); // link changed, presence still pending
        QCOMPARE(rig.messages(), size_t{1});
        rig.port().write(PortRig::kSlotStatus, kNewCard, 2);
        QCOMPARE(rig.messages(), size_t{1});
        rig.port().write(PortRig::kSlotStatus + 1, pci::kSlotLinkChanged >> 8, 1);
        QCOMPARE(rig.takeEvents(), 0U);
        rig.port().write(PortRig::kSlotControl, PortRig::kPowerOn, 2); // deaf
        rig.ports[0]->remove();
        QCOMPARE(rig.messages(), size_t{1});
        rig.control(PortRig::kPowerOn); // listens again: what is pending counts
        QCOMPARE(rig.messages(), size_t{2});
        // Control and status in one write.
        rig.port().write(PortRig::kSlotControl, 0xffff'0000 | PortRig::kPowerGone, 4);
        QCOMPARE(rig.status(), 0U);
    }

    void interruptPinInsteadOfMessages()
    {
        DrivenRig rig;
        rig.port().write(kMsi + 2, 0, 2);
        const unsigned pirq = pci::PciBus::pirqFor(0x1c, RootPort::interruptPin(0));
        QVERIFY(rig.ports[0]->plug({&rig.card}, RootPort::PlugTime::Running).has_value());
        QVERIFY(rig.pirqs.levels[pirq]);
        QCOMPARE(rig.messages(), size_t{0});
        rig.takeEvents();
        QVERIFY(!rig.pirqs.levels[pirq]);
        rig.control(PortRig::kPowerOn);
        QVERIFY(rig.pirqs.levels[pirq]);
        rig.ports[0]->reset();
        QVERIFY(!rig.pirqs.levels[pirq]);
    }

    void resetClosesWhatIsBehind()
    {
        DrivenRig rig(true);
        rig.ports[0]->reset();
        QCOMPARE(rig.mmio(PortRig::kMemory), kNobody);
        QVERIFY(!rig.ramMapped(PortRig::kHigh));
        QCOMPARE(rig.at(PortRig::kBus).read(0, 4), kNobody);
        QVERIFY(rig.linkActive());
        QCOMPARE(rig.status(), uint32_t{pci::kSlotPresent});
        rig.openBus();
        QCOMPARE(rig.at(PortRig::kBus).read(0, 4), kCardId);
    }

    void stateAndReset()
    {
        DrivenRig rig(true);
        QVERIFY(rig.ports[0]->requestUnplug().has_value());
        tests::deviceStateSuite(*rig.ports[0], [] { return std::make_unique<FreshPort>(); });
        FreshPort loaded;
        QVERIFY(loaded.loadState(rig.ports[0]->saveState()).has_value());
        QVERIFY(loaded.rig.board.interrupts.sent().empty()); // sent before the save
        QVERIFY(loaded.rig.linkActive());
        loaded.rig.placeCard();
        QCOMPARE(loaded.rig.mmio(PortRig::kMemory), 0x5a5a'5a5aU);
        QVERIFY((loaded.rig.status() & pci::kSlotButton) != 0);
        loaded.rig.port().write(PortRig::kSlotControl, PortRig::kPowerGone, 2);
        QCOMPARE(loaded.rig.listener.released, 1U); // the request lives on

        DrivenRig cycled(true);
        cycled.control(PortRig::kPowerGone);
        FreshPort stale;
        QVERIFY(stale.loadState(cycled.ports[0]->saveState()).has_value());
        QVERIFY(!stale.rig.linkActive());
        stale.rig.port().write(PortRig::kSlotControl, PortRig::kPowerOn, 2);
        QCOMPARE(stale.rig.listener.resets, 1U);

        // A state with a card in it, loaded without one.
        FreshPort empty(false);
        QVERIFY(empty.loadState(rig.ports[0]->saveState()).has_value());
        QVERIFY(!empty.rig.linkActive());
        QCOMPARE(empty.rig.at(PortRig::kBus).read(0, 4), kNobody);

        DrivenRig driven;
        FreshPort fresh(false);
        tests::resetSuite(*driven.ports[0], *driven.ports[0], fresh, *fresh.rig.ports[0]);
    }

    void configurationFuzz()
    {
        PortRig rig;
        std::mt19937 random(7);
        for (int i = 0; i < 40000; ++i) {
            if (i % 64 == 0) {
                if (rig.ports[0]->occupied())
                    rig.ports[0]->remove();
                else
                    QVERIFY(
                        rig.ports[0]->plug({&rig.card}, RootPort::PlugTime::Running).has_value());
            }
            if (i % 48 == 0)
                static_cast<void>(rig.ports[0]->requestUnplug().has_value());
            if (i % 16 == 0)
                rig.ports[0]->cardReset();
            const unsigned size = 1U << random() % 3;
            const auto offset = static_cast<uint16_t>(random() % 256 & ~(size - 1));
            const auto number = static_cast<uint8_t>(rig.port().read(pci::kSecondaryBus, 1));
            const auto target = random() % 4 == 0 ? rig.at(number) : rig.port();
            target.write(offset, static_cast<uint32_t>(random()), size);
            static_cast<void>(target.read(offset, size));
        }
        QCOMPARE(rig.port().read(0, 4), 0x2940'8086U);
        QVERIFY(!rig.card.mmio.outside);
    }
};

QTEST_GUILESS_MAIN(RootPortTest)
#include "root_port_test.moc"
