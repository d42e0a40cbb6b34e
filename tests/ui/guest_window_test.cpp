// SPDX-License-Identifier: GPL-3.0-or-later
// The real window with a pretending machine, offscreen: it loads, can be read by a screen reader,
// takes keys and drops, and shows what it is given.
#include <linux/input-event-codes.h>

#include <QAccessible>
#include <QClipboard>
#include <QDropEvent>
#include <QMimeData>
#include <QQmlProperty>
#include <QQuickItem>
#include <QQuickWindow>
#include <QTest>

#include "display/item/display_item.h"
#include "tests/ui/demo_machine.h"
#include "ui/viewer/guest_window.h"

using display::item::DisplayItem;
using tests::ui::DemoMachine;
using ui::models::MachineModel;
using ui::viewer::GuestWindow;

namespace {

void collect(QQuickItem* item, std::vector<QQuickItem*>& all)
{
    all.push_back(item);
    for (QQuickItem* child : item->childItems())
        collect(child, all);
}

QString accessibleName(QAccessibleInterface* item)
{
    return item->text(QAccessible::Name);
}

} // namespace

class GuestWindowTest : public QObject {
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void everyControlHasAName();
    void showsThePictureOneToOne();
    void uploadsOnlyDamage();
    void keysGoToTheGuest();
    void focusLossLetsKeysGo();
    void ctrlAltGoesToTheToolbarAndEscapeBack();
    void clickTakesThePointerAndCtrlAltGivesItBack();
    void droppingAnIsoInsertsIt();
    void screenReaderReadsTheTextScreen();
    void failurePageInsteadOfThePicture();
    void closingARunningMachineAsks();
    void hiddenWindowShowsNothing();
    void closingSuspendsWithProgressAndAWayBack();
    void closingShutsDownAndAsksWhenNothingHappens();
    void closingHidesAndPresentBringsBack();
    void aTriedMachineIsKeptOrDeleted();
    void theClipboardIsTypedAndStopped();
    void chordsTheHostKeepsAreNotTheGuests();
    void aStateThatCannotGoOnOffersAFreshStart();

private:
    DisplayItem* screen() const { return m_window->window().findChild<DisplayItem*>(); }
    QQuickItem* itemNamed(const QString& name) const;

    std::unique_ptr<DemoMachine> m_machine;
    std::unique_ptr<MachineModel> m_model;
    std::unique_ptr<GuestWindow> m_window;
};

void GuestWindowTest::init()
{
    m_machine = std::make_unique<DemoMachine>();
    m_machine->source.setPicture(320, 200);
    m_model = std::make_unique<MachineModel>();
    m_model->setController(m_machine.get());
    QString error;
    m_window = GuestWindow::create(*m_model, &error);
    QVERIFY2(m_window, qPrintable(error));
    m_window->window().requestActivate();
    QVERIFY(QTest::qWaitForWindowActive(&m_window->window()));
    QVERIFY(screen());
    QTRY_COMPARE(screen()->guestSize(), QSize(320, 200));
}

void GuestWindowTest::cleanup()
{
    m_window.reset();
    m_model.reset();
    m_machine.reset();
}

QQuickItem* GuestWindowTest::itemNamed(const QString& name) const
{
    std::vector<QQuickItem*> all;
    collect(m_window->window().contentItem(), all);
    for (QQuickItem* item : all) {
        QAccessibleInterface* readable = QAccessible::queryAccessibleInterface(item);
        if (readable && item->isVisible() && accessibleName(readable) == name)
            return item;
    }
    return nullptr;
}

void GuestWindowTest::everyControlHasAName()
{
    std::vector<QQuickItem*> all;
    collect(m_window->window().contentItem(), all);
    int controls = 0;
    for (QQuickItem* item : all) {
        if (!item->isVisible() || !item->activeFocusOnTab())
            continue;
        QAccessibleInterface* readable = QAccessible::queryAccessibleInterface(item);
        QVERIFY2(readable && !accessibleName(readable).isEmpty(), item->metaObject()->className());
        ++controls;
    }
    QVERIFY(controls >= 7);
    for (const char* name : {"Pause", "Restart", "Power", "Send keys", "Disc", "Take a screenshot",
                             "Full screen", "Running", "Screen of Demo"})
        QVERIFY2(itemNamed(QString::fromLatin1(name)), name);
}

void GuestWindowTest::showsThePictureOneToOne()
{
    DisplayItem* item = screen();
    QTRY_VERIFY(item->pixelFactor() >= 1);
    const QImage shot = m_window->window().grabWindow();
    const qreal ratio = shot.devicePixelRatio();
    const QPointF corner = item->mapToScene(item->pictureRect().topLeft()) * ratio;
    const auto factor = static_cast<int>(item->pixelFactor());
    const auto pixel = [&](int x, int y) {
        return shot.pixel(static_cast<int>(corner.x()) + x * factor,
                          static_cast<int>(corner.y()) + y * factor);
    };
    QCOMPARE(pixel(0, 0), 0xffffffffU);
    QCOMPARE(pixel(319, 199), 0xffffffffU);
    QCOMPARE(pixel(2, 2), 0xffffffffU); // the grid of single pixels is not blurred
    QCOMPARE(pixel(3, 2), 0xff000000U);
    QCOMPARE(pixel(60, 100), 0xff2f6f9fU);
}

void GuestWindowTest::uploadsOnlyDamage()
{
    const int reads = m_machine->source.reads;
    m_machine->source.paint({50, 60, 10, 10}, 0xffff0000);
    QTRY_VERIFY(m_machine->source.reads > reads);
    QCOMPARE(m_machine->source.lastDamage.size(), size_t{1});
    const QImage shot = m_window->window().grabWindow();
    const DisplayItem* item = screen();
    const QPointF corner = item->mapToScene(item->pictureRect().topLeft());
    const QPointF at = (corner * shot.devicePixelRatio()) + QPointF(55, 65) * item->pixelFactor();
    QCOMPARE(shot.pixel(at.toPoint()), 0xffff0000U);
    const int after = m_machine->source.reads;
    QTest::qWait(100);
    QCOMPARE(m_machine->source.reads, after); // nothing new, nothing pulled
}

void GuestWindowTest::keysGoToTheGuest()
{
    QTRY_VERIFY(screen()->keyboardGrabbed());
    QTest::keyClick(&m_window->window(), Qt::Key_F11);
    QTest::keyClick(&m_window->window(), Qt::Key_Tab);
    QTest::keyClick(&m_window->window(), Qt::Key_Escape);
    std::vector<int> codes;
    for (const auto& event : m_machine->keys.events)
        codes.push_back(event.code);
    QCOMPARE(codes, std::vector<int>({KEY_F11, KEY_F11, KEY_TAB, KEY_TAB, KEY_ESC, KEY_ESC}));
    QVERIFY(screen()->hasActiveFocus());
}

void GuestWindowTest::focusLossLetsKeysGo()
{
    QTest::keyPress(&m_window->window(), Qt::Key_Shift);
    QTest::keyPress(&m_window->window(), Qt::Key_A);
    QCOMPARE(m_machine->keys.events.size(), size_t{2});
    screen()->setFocus(false);
    QCOMPARE(m_machine->keys.events.size(), size_t{4});
    QVERIFY(!m_machine->keys.events[2].down && !m_machine->keys.events[3].down);
}

void GuestWindowTest::ctrlAltGoesToTheToolbarAndEscapeBack()
{
    QQuickWindow& window = m_window->window();
    QTest::keyPress(&window, Qt::Key_Control);
    QTest::keyPress(&window, Qt::Key_Alt);
    QTest::keyRelease(&window, Qt::Key_Alt);
    QTRY_VERIFY(!screen()->hasActiveFocus());
    QVERIFY(window.activeFocusItem() == itemNamed(QStringLiteral("Pause")));
    const size_t events = m_machine->keys.events.size();
    QCOMPARE(events, size_t{4}); // the guest has let go of both
    QTest::keyClick(&window, Qt::Key_Space);
    QVERIFY(m_model->state() == MachineModel::State::Paused);
    QTest::keyClick(&window, Qt::Key_Right);
    QTRY_VERIFY(window.activeFocusItem() == itemNamed(QStringLiteral("Restart")));
    QTest::keyClick(&window, Qt::Key_Escape);
    QTRY_VERIFY(screen()->hasActiveFocus());
    QCOMPARE(m_machine->keys.events.size(), events);
}

void GuestWindowTest::clickTakesThePointerAndCtrlAltGivesItBack()
{
    QQuickWindow& window = m_window->window();
    const QPoint middle =
        screen()->mapToScene({screen()->width() / 2, screen()->height() / 2}).toPoint();
    QTest::mouseClick(&window, Qt::LeftButton, {}, middle);
    QTRY_VERIFY(screen()->pointerGrabbed());
    QVERIFY(m_machine->mouse.buttons.empty()); // the click that takes it is not the guest's
    QTest::mouseMove(&window, middle + QPoint(4, 0));
    QTest::mousePress(&window, Qt::RightButton, {}, middle + QPoint(4, 0));
    QCOMPARE(m_machine->mouse.buttons.size(), size_t{1});
    QVERIFY(m_machine->mouse.x > 0);
    QTRY_VERIFY(itemNamed(QStringLiteral("Press Ctrl+Alt to release the pointer")));
    QTest::keyPress(&window, Qt::Key_Control);
    QTest::keyPress(&window, Qt::Key_Alt);
    QTest::keyRelease(&window, Qt::Key_Alt);
    QTest::keyRelease(&window, Qt::Key_Control);
    QTRY_VERIFY(!screen()->pointerGrabbed());
    QVERIFY(screen()->hasActiveFocus());
    QCOMPARE(m_machine->mouse.buttons.size(), size_t{2}); // the held button went up
    QVERIFY(!m_machine->mouse.buttons[1].second);
}

void GuestWindowTest::droppingAnIsoInsertsIt()
{
    QQuickWindow& window = m_window->window();
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(QStringLiteral("/media/debian.iso"))});
    const QPoint middle =
        screen()->mapToScene({screen()->width() / 2, screen()->height() / 2}).toPoint();
    QDragEnterEvent enter(middle, Qt::CopyAction, &data, Qt::LeftButton, {});
    QCoreApplication::sendEvent(&window, &enter);
    QTRY_VERIFY(itemNamed(QStringLiteral("Drop to insert this disc")));
    QDropEvent drop(middle, Qt::CopyAction, &data, Qt::LeftButton, {});
    QCoreApplication::sendEvent(&window, &drop);
    QCOMPARE(m_model->mediumName(), QStringLiteral("debian.iso"));
    QTRY_VERIFY(!itemNamed(QStringLiteral("Drop to insert this disc")));
}

void GuestWindowTest::screenReaderReadsTheTextScreen()
{
    m_machine->source.screenText = "GNU GRUB\nHello\n";
    m_machine->source.paint({0, 0, 1, 1}, 0xffffffff);
    QTRY_COMPARE(screen()->textScreen(), QStringLiteral("GNU GRUB\nHello\n"));
    QAccessibleInterface* readable = QAccessible::queryAccessibleInterface(screen());
    QVERIFY(readable);
    QVERIFY(readable->role() == QAccessible::Terminal);
    QCOMPARE(accessibleName(readable), QStringLiteral("Screen of Demo"));
    QVERIFY(readable->parent());
    QAccessibleTextInterface* text = readable->textInterface();
    QVERIFY(text);
    QCOMPARE(text->characterCount(), 15);
    QCOMPARE(text->text(9, 14), QStringLiteral("Hello"));
    QVERIFY(text->characterRect(9).top() > text->characterRect(0).top());
    QCOMPARE(text->offsetAtPoint(text->characterRect(10).center()), 10);
}

void GuestWindowTest::failurePageInsteadOfThePicture()
{
    m_model->setFailure(QStringLiteral("/dev/kvm is missing"), QStringLiteral("more"));
    QTRY_VERIFY(itemNamed(QStringLiteral("/dev/kvm is missing")));
    QVERIFY(itemNamed(QStringLiteral("Close")));
    QVERIFY(itemNamed(QStringLiteral("Show details")));
    QVERIFY(!screen()->isVisible());
    QVERIFY(!m_machine->source.shown());
}

void GuestWindowTest::closingARunningMachineAsks()
{
    QQuickWindow& window = m_window->window();
    QVERIFY(!window.close());
    QVERIFY(window.isVisible());
    m_machine->setState(QStringLiteral("stopped"));
    QTRY_VERIFY(itemNamed(QStringLiteral("The machine is off")));
    QVERIFY(window.close());
}

void GuestWindowTest::hiddenWindowShowsNothing()
{
    QVERIFY(m_machine->source.shown());
    m_window->window().hide();
    QTRY_VERIFY(!m_machine->source.shown());
    m_window->window().show();
    QTRY_VERIFY(m_machine->source.shown());
}

void GuestWindowTest::closingSuspendsWithProgressAndAWayBack()
{
    m_machine->onClose = DemoMachine::OnClose::Suspend;
    QVERIFY(!m_window->window().close());
    QCOMPARE(m_machine->calls, QStringList(QStringLiteral("suspend")));
    emit m_machine->suspendProgress(40);
    QCOMPARE(m_model->suspendProgress(), 0.4);
    QTRY_VERIFY(itemNamed(QStringLiteral("Suspending…")));
    const size_t before = m_machine->keys.events.size();
    QTest::keyClick(&m_window->window(), Qt::Key_Escape);
    QCOMPARE(m_machine->calls.last(), QStringLiteral("cancelSuspend"));
    QCOMPARE(m_machine->keys.events.size(), before); // nothing of it was the guest's
    emit m_machine->suspendEnded();
    QTRY_VERIFY(screen()->hasActiveFocus());
    QVERIFY(m_model->ending() == MachineModel::Ending::No);
}

void GuestWindowTest::closingShutsDownAndAsksWhenNothingHappens()
{
    m_machine->onClose = DemoMachine::OnClose::ShutDown;
    m_model->setPatience(1);
    QVERIFY(!m_window->window().close());
    QCOMPARE(m_machine->calls, QStringList(QStringLiteral("powerButton")));
    QTRY_VERIFY(m_model->ending() == MachineModel::Ending::DoesNotReact);
    QTRY_VERIFY(itemNamed(QStringLiteral("The guest does not react")));
    m_model->stayOpen();
    QVERIFY(m_model->ending() == MachineModel::Ending::No);
    QVERIFY(!m_window->window().close());
    m_machine->setState(QStringLiteral("stopped"));
    QVERIFY(m_model->ending() == MachineModel::Ending::No);
    QVERIFY(m_window->window().close());
}

void GuestWindowTest::closingHidesAndPresentBringsBack()
{
    m_machine->onClose = DemoMachine::OnClose::Hide;
    QVERIFY(!m_window->window().close());
    QTRY_VERIFY(!m_window->window().isVisible());
    QVERIFY(m_machine->calls.isEmpty());
    emit m_model->presentRequested();
    QTRY_VERIFY(m_window->window().isVisible());
}

void GuestWindowTest::aTriedMachineIsKeptOrDeleted()
{
    m_machine->onClose = DemoMachine::OnClose::AskToKeep;
    QVERIFY(!m_window->window().close());
    QTRY_VERIFY(itemNamed(QStringLiteral("Keep this machine?")));
    m_model->discard();
    QCOMPARE(m_machine->calls.last(), QStringLiteral("discard"));
    m_model->keep(); // and closed as its setting says
    QCOMPARE(m_machine->calls.mid(1),
             QStringList({QStringLiteral("keep"), QStringLiteral("suspend")}));
}

void GuestWindowTest::theClipboardIsTypedAndStopped()
{
    QGuiApplication::clipboard()->setText(QStringLiteral("ls\r\n"));
    QTest::keyPress(&m_window->window(), Qt::Key_Control);
    QTest::keyPress(&m_window->window(), Qt::Key_Alt);
    QTest::keyClick(&m_window->window(), Qt::Key_V, Qt::ControlModifier | Qt::AltModifier);
    QCOMPARE(m_machine->calls, QStringList(QStringLiteral("type ls\n")));
    QVERIFY(m_model->typing());
    for (const auto& event : m_machine->keys.events)
        QVERIFY(event.code != KEY_V);
    m_model->cancelTyping();
    QVERIFY(!m_model->typing());
}

void GuestWindowTest::chordsTheHostKeepsAreNotTheGuests()
{
    screen()->setKeptChords({QStringLiteral("Alt+Tab"), QStringLiteral("no such key")});
    QTest::keyPress(&m_window->window(), Qt::Key_Alt);
    QTest::keyClick(&m_window->window(), Qt::Key_Tab, Qt::AltModifier);
    for (const auto& event : m_machine->keys.events)
        QVERIFY(event.code != KEY_TAB);
    QVERIFY(!m_machine->keys.events.back().down); // Alt was let go for the guest
    QTest::keyClick(&m_window->window(), Qt::Key_Tab);
    QCOMPARE(m_machine->keys.events.back().code, KEY_TAB);
}

void GuestWindowTest::aStateThatCannotGoOnOffersAFreshStart()
{
    m_model->setController(nullptr);
    m_model->setName(QStringLiteral("Debian"));
    QCOMPARE(m_window->window().title(), QStringLiteral("Debian"));
    bool wanted = false;
    connect(m_model.get(), &MachineModel::startAfreshRequested, this, [&] { wanted = true; });
    m_model->setFailure(QStringLiteral("No"), {}, true);
    QTRY_VERIFY(itemNamed(QStringLiteral("Start afresh")));
    m_model->startAfresh();
    QVERIFY(wanted);
    QVERIFY(m_model->failure().isEmpty());
}

int main(int argc, char** argv)
{
    GuestWindow::prepare();
    const QGuiApplication application(argc, argv);
    QAccessible::setActive(true);
    GuestWindowTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "guest_window_test.moc"
