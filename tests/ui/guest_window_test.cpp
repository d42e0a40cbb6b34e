// SPDX-License-Identifier: GPL-3.0-or-later
// The real window with a pretending machine, offscreen: it loads, can be read by a screen reader,
// takes keys and drops, and shows what it is given.
#include <linux/input-event-codes.h>

#include <QAccessible>
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

int main(int argc, char** argv)
{
    GuestWindow::prepare();
    const QGuiApplication application(argc, argv);
    QAccessible::setActive(true);
    GuestWindowTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "guest_window_test.moc"
