// SPDX-License-Identifier: GPL-3.0-or-later
// The library's window with a pretended library, offscreen: keys, search, drops, menus, and a name
// for everything a screen reader meets.
#include <QAccessible>
#include <QDropEvent>
#include <QMimeData>
#include <QQuickItem>
#include <QQuickWindow>
#include <QSignalSpy>
#include <QTest>

#include "ui/models/demo_library.h"
#include "ui/models/library_desk.h"
#include "ui/shell/library_window.h"

using ui::models::DemoLibrary;
using ui::models::LibraryFilter;
using ui::models::MachineState;
using ui::shell::LibraryWindow;

namespace {

QString nameOf(QAccessibleInterface* item)
{
    return item->text(QAccessible::Name);
}

bool isControl(QAccessible::Role role)
{
    switch (role) {
    case QAccessible::Button:
    case QAccessible::ButtonMenu:
    case QAccessible::CheckBox:
    case QAccessible::ComboBox:
    case QAccessible::EditableText:
    case QAccessible::ListItem:
    case QAccessible::List:
    case QAccessible::MenuItem:
    case QAccessible::PageTabList:
    case QAccessible::ProgressBar:
    case QAccessible::RadioButton:
    case QAccessible::Slider:
    case QAccessible::SpinBox:
    case QAccessible::Dialog:
        return true;
    default:
        return false;
    }
}

/// Walks what a screen reader can reach; counts controls and collects those without a name.
void walk(QAccessibleInterface* item, int& controls, QStringList& nameless)
{
    if (!item || item->state().invisible)
        return;
    if (isControl(item->role())) {
        ++controls;
        if (nameOf(item).trimmed().isEmpty())
            nameless << QString::fromLatin1(
                item->object() ? item->object()->metaObject()->className() : "?");
    }
    for (int child = 0; child < item->childCount(); ++child)
        walk(item->child(child), controls, nameless);
}

} // namespace

class LibraryWindowTest : public QObject {
    Q_OBJECT
private slots:
    void init() { show(DemoLibrary::Shelf::Everyday); }
    void cleanup();
    void everythingHasAName_data();
    void everythingHasAName();
    void arrowsMoveAndEnterOpens();
    void listHasTheSameKeys();
    void typingSearches();
    void controlFAndEscape();
    void nothingFoundLeadsBack();
    void deleteCanBeUndone();
    void deletingARunningMachineSaysWhy();
    void renameInPlace();
    void renameGivenUp();
    void menuLeavesOutWhatMakesNoSense();
    void forceOffAsks();
    void dropIsOffered();
    void emptyLibraryTeaches();
    void onlySeenMachinesAreRenewed();
    void failedMachineCanBeRestarted();
    void noticesAreShown();
    void preferencesOpenOncePerMachine();
    void preferencesOpenWhereverTheKeyboardIs_data();
    void preferencesOpenWhereverTheKeyboardIs();
    void theKeyboardComesBackToTheEmptyPage_data();
    void theKeyboardComesBackToTheEmptyPage();
    void narrowWindowHasOneColumn();

private:
    void show(DemoLibrary::Shelf shelf);
    QQuickWindow& window() const { return m_window->window(); }
    QQuickItem* find(const QString& name, QQuickItem* from = nullptr) const;
    void key(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) const
    {
        QTest::keyClick(&window(), key, modifiers);
    }
    void choose(const QString& machine) const;
    QString current() const;
    MachineState stateOf(const QString& name) const;
    void dragOver(QMimeData& data) const;

    std::unique_ptr<DemoLibrary> m_library;
    std::unique_ptr<LibraryWindow> m_window;
};

void LibraryWindowTest::show(DemoLibrary::Shelf shelf)
{
    m_window.reset();
    m_library = std::make_unique<DemoLibrary>(shelf);
    m_library->setPace(0);
    m_library->setLively(false);
    QString error;
    m_window = LibraryWindow::create(*m_library, &error);
    QVERIFY2(m_window, qPrintable(error));
    m_window->open({});
    QVERIFY(QTest::qWaitForWindowActive(&window()));
    QTRY_VERIFY(window().activeFocusItem());
}

void LibraryWindowTest::cleanup()
{
    m_window.reset();
    m_library.reset();
}

QQuickItem* LibraryWindowTest::find(const QString& name, QQuickItem* from) const
{
    QQuickItem* item = from ? from : window().contentItem();
    QAccessibleInterface* readable = QAccessible::queryAccessibleInterface(item);
    if (readable && item->isVisible() && nameOf(readable) == name)
        return item;
    for (QQuickItem* child : item->childItems()) {
        if (QQuickItem* found = find(name, child))
            return found;
    }
    return nullptr;
}

/// The machine the keyboard is on.
QString LibraryWindowTest::current() const
{
    for (QQuickItem* item = window().activeFocusItem(); item; item = item->parentItem()) {
        const QVariant row = item->property("currentItem");
        if (row.isValid() && row.value<QQuickItem*>())
            return row.value<QQuickItem*>()->property("name").toString();
    }
    return {};
}

void LibraryWindowTest::choose(const QString& machine) const
{
    const LibraryFilter* rows = m_window->desk().machines();
    for (int step = 0; step < rows->rowCount() && current() != machine; ++step)
        key(Qt::Key_Right);
    QCOMPARE(current(), machine);
}

MachineState LibraryWindowTest::stateOf(const QString& name) const
{
    for (const auto& machine : m_library->machines()) {
        if (machine.name == name)
            return machine.state;
    }
    return MachineState::Failed;
}

void LibraryWindowTest::everythingHasAName_data()
{
    QTest::addColumn<int>("key");
    QTest::addColumn<int>("modifiers");
    QTest::newRow("cards") << 0 << 0;
    QTest::newRow("list") << int{Qt::Key_2} << int{Qt::ControlModifier};
    QTest::newRow("new") << int{Qt::Key_N} << int{Qt::ControlModifier};
    QTest::newRow("menu") << int{Qt::Key_F10} << 0;
    QTest::newRow("machine menu") << int{Qt::Key_Menu} << 0;
    QTest::newRow("shortcuts") << int{Qt::Key_F1} << 0;
    QTest::newRow("rename") << int{Qt::Key_F2} << 0;
}

void LibraryWindowTest::everythingHasAName()
{
    QFETCH(int, key);
    QFETCH(int, modifiers);
    if (key != 0)
        QTest::keyClick(&window(), static_cast<Qt::Key>(key), Qt::KeyboardModifiers(modifiers));
    QTest::qWait(50);
    int controls = 0;
    QStringList nameless;
    walk(QAccessible::queryAccessibleInterface(&window()), controls, nameless);
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(QLatin1Char(' '))));
    QVERIFY2(controls >= 8, qPrintable(QString::number(controls)));
}

void LibraryWindowTest::arrowsMoveAndEnterOpens()
{
    QCOMPARE(current(), QStringLiteral("Debian workbench"));
    key(Qt::Key_Right);
    QCOMPARE(current(), QStringLiteral("Empty machine"));
    key(Qt::Key_Down);
    const QString below = current();
    QVERIFY(below != QLatin1String("Empty machine"));
    key(Qt::Key_Up);
    key(Qt::Key_Return);
    QVERIFY(stateOf(QStringLiteral("Empty machine")) == MachineState::Running);
}

void LibraryWindowTest::listHasTheSameKeys()
{
    key(Qt::Key_Right);
    key(Qt::Key_2, Qt::ControlModifier);
    QTRY_COMPARE(current(), QStringLiteral("Empty machine")); // where the cards were
    key(Qt::Key_Down);
    QCOMPARE(current(), QStringLiteral("Fedora Silverblue"));
    key(Qt::Key_Return);
    QVERIFY(stateOf(QStringLiteral("Fedora Silverblue")) == MachineState::Running);
    key(Qt::Key_1, Qt::ControlModifier);
    QTRY_COMPARE(current(), QStringLiteral("Fedora Silverblue"));
}

void LibraryWindowTest::typingSearches()
{
    const LibraryFilter* rows = m_window->desk().machines();
    QTest::keyClick(&window(), 'h');
    QTest::keyClick(&window(), 'a');
    QTest::keyClick(&window(), 'i');
    QCOMPARE(rows->search(), QStringLiteral("hai"));
    QCOMPARE(rows->count(), 1);
    key(Qt::Key_Return); // the only one
    key(Qt::Key_Down);
    QTRY_COMPARE(current(), QStringLiteral("Haiku"));
    QVERIFY(stateOf(QStringLiteral("Haiku")) != MachineState::Off);
}

void LibraryWindowTest::controlFAndEscape()
{
    key(Qt::Key_F, Qt::ControlModifier);
    QVERIFY(window().activeFocusItem() == find(QStringLiteral("Search machines")));
    QTest::keyClick(&window(), 'x');
    key(Qt::Key_Escape);
    QCOMPARE(m_window->desk().machines()->search(), QString());
    QTRY_VERIFY(!current().isEmpty());
}

void LibraryWindowTest::nothingFoundLeadsBack()
{
    for (const char letter : {'z', 'z', 'z'})
        QTest::keyClick(&window(), letter);
    QTRY_VERIFY(find(QStringLiteral("Show all machines")));
    const QQuickItem* button = find(QStringLiteral("Show all machines"));
    QTest::mouseClick(&window(), Qt::LeftButton, {},
                      button->mapToScene({button->width() / 2, button->height() / 2}).toPoint());
    QTRY_COMPARE(m_window->desk().machines()->search(), QString());
    QTRY_VERIFY(!find(QStringLiteral("Show all machines")));
}

void LibraryWindowTest::deleteCanBeUndone()
{
    const auto before = m_library->machines().size();
    choose(QStringLiteral("FreeBSD router"));
    key(Qt::Key_Delete);
    QCOMPARE(m_library->machines().size(), before - 1);
    QTRY_VERIFY(find(QStringLiteral("Undo")));
    const QQuickItem* undo = find(QStringLiteral("Undo"));
    QTest::qWait(50);
    QTest::mouseClick(&window(), Qt::LeftButton, {},
                      undo->mapToScene({undo->width() / 2, undo->height() / 2}).toPoint());
    QCOMPARE(m_library->machines().size(), before);
    QTRY_VERIFY(!find(QStringLiteral("Undo")));
}

void LibraryWindowTest::deletingARunningMachineSaysWhy()
{
    const auto before = m_library->machines().size();
    choose(QStringLiteral("Debian workbench"));
    key(Qt::Key_Delete);
    QCOMPARE(m_library->machines().size(), before);
    QTRY_VERIFY(
        find(QStringLiteral("“Debian workbench” is in use. Shut it down before you delete it.")));
}

void LibraryWindowTest::renameInPlace()
{
    choose(QStringLiteral("FreeBSD router"));
    key(Qt::Key_F2);
    QTRY_VERIFY(find(QStringLiteral("New name of FreeBSD router")));
    for (const char letter : {'G', 'a', 't', 'e'})
        QTest::keyClick(&window(), letter);
    key(Qt::Key_Return);
    QTRY_COMPARE(current(), QStringLiteral("Gate")); // sorted anew, the keyboard stays with it
    QVERIFY(stateOf(QStringLiteral("Gate")) == MachineState::Off); // Enter started nothing
    QCOMPARE(m_window->desk().machines()->search(), QString());
}

void LibraryWindowTest::renameGivenUp()
{
    choose(QStringLiteral("FreeBSD router"));
    key(Qt::Key_F2);
    QTest::keyClick(&window(), 'x');
    key(Qt::Key_Escape);
    QTRY_VERIFY(!find(QStringLiteral("New name of FreeBSD router")));
    QCOMPARE(current(), QStringLiteral("FreeBSD router"));
}

void LibraryWindowTest::menuLeavesOutWhatMakesNoSense()
{
    choose(QStringLiteral("FreeBSD router"));
    key(Qt::Key_Menu);
    QTRY_VERIFY(find(QStringLiteral("Rename")));
    QVERIFY(find(QStringLiteral("Start")));
    QVERIFY(!find(QStringLiteral("Pause")));
    QVERIFY(!find(QStringLiteral("Force off…")));
    key(Qt::Key_Down); // Start
    key(Qt::Key_Down); // Rename: nothing hidden between them
    key(Qt::Key_Return);
    QTRY_VERIFY(find(QStringLiteral("New name of FreeBSD router")));
}

void LibraryWindowTest::forceOffAsks()
{
    const QString name = QStringLiteral("Kernel builds");
    choose(name);
    key(Qt::Key_Menu);
    QTRY_VERIFY(find(QStringLiteral("Force off…")));
    for (int down = 0; down < 6; ++down)
        key(Qt::Key_Down);
    key(Qt::Key_Return);
    QTRY_VERIFY(find(QStringLiteral("Take the power from “Kernel builds”?")));
    key(Qt::Key_Return); // the safe answer has the keyboard
    QTRY_VERIFY(!find(QStringLiteral("Take the power from “Kernel builds”?")));
    QVERIFY(stateOf(name) == MachineState::Running);
    QTRY_COMPARE(current(), name);
}

void LibraryWindowTest::dragOver(QMimeData& data) const
{
    QDragEnterEvent enter({200, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
    QCoreApplication::sendEvent(&window(), &enter);
}

void LibraryWindowTest::dropIsOffered()
{
    const QString veil = QStringLiteral("Drop to make a machine of it");
    QSignalSpy drafts(m_library.get(), &DemoLibrary::draftReady);
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(QStringLiteral("/media/debian.iso"))});
    dragOver(data);
    QTRY_VERIFY(find(veil));
    QDropEvent drop(QPointF(200, 300), Qt::CopyAction, &data, Qt::LeftButton, {});
    QCoreApplication::sendEvent(&window(), &drop);
    QCOMPARE(drafts.size(), 1);
    QTRY_VERIFY(!find(veil));
}

void LibraryWindowTest::emptyLibraryTeaches()
{
    show(DemoLibrary::Shelf::Empty);
    QVERIFY(find(QStringLiteral("Drop a disc image here")));
    QTRY_VERIFY(window().activeFocusItem() == find(QStringLiteral("Choose a file…")));
    m_library->create(m_library->emptyDraft(), false);
    QTRY_VERIFY(!find(QStringLiteral("Drop a disc image here")));
}

void LibraryWindowTest::onlySeenMachinesAreRenewed()
{
    show(DemoLibrary::Shelf::Many);
    QTRY_VERIFY(!m_library->visibleMachines().isEmpty());
    QVERIFY(m_library->visibleMachines().size() < 25);
    key(Qt::Key_End);
    window().hide();
    QTRY_VERIFY(m_library->visibleMachines().isEmpty());
}

void LibraryWindowTest::failedMachineCanBeRestarted()
{
    choose(QStringLiteral("Metrics"));
    QVERIFY(find(QStringLiteral("Restart: Metrics")));
    key(Qt::Key_Return);
    QVERIFY(stateOf(QStringLiteral("Metrics")) == MachineState::Running);
    QTRY_VERIFY(!find(QStringLiteral("Restart: Metrics")));
}

void LibraryWindowTest::noticesAreShown()
{
    emit m_library->notice(QStringLiteral("A <b>sentence</b>"), {});
    QTRY_VERIFY(find(QStringLiteral("A <b>sentence</b>")));
}

void LibraryWindowTest::preferencesOpenOncePerMachine()
{
    const auto before = QGuiApplication::topLevelWindows().size();
    key(Qt::Key_Return, Qt::AltModifier);
    QTRY_COMPARE(QGuiApplication::topLevelWindows().size(), before + 1);
    window().requestActivate();
    QVERIFY(QTest::qWaitForWindowActive(&window()));
    key(Qt::Key_Return, Qt::AltModifier);
    QTest::qWait(50);
    QCOMPARE(QGuiApplication::topLevelWindows().size(), before + 1);
}

void LibraryWindowTest::preferencesOpenWhereverTheKeyboardIs_data()
{
    QTest::addColumn<QString>("focused");
    QTest::addColumn<QString>("typed");
    QTest::addColumn<QString>("opened");
    const QString search = QStringLiteral("Search machines");
    const QString debian = QStringLiteral("Preferences of Debian workbench");
    QTest::newRow("search") << search << QString() << debian;
    QTest::newRow("found") << search << QStringLiteral("hai")
                           << QStringLiteral("Preferences of Haiku");
    QTest::newRow("button") << QStringLiteral("New machine") << QString() << debian;
}

void LibraryWindowTest::preferencesOpenWhereverTheKeyboardIs()
{
    QFETCH(QString, focused);
    QFETCH(QString, typed);
    QFETCH(QString, opened);
    const MachineState before = stateOf(QStringLiteral("Haiku"));
    find(focused)->forceActiveFocus(Qt::TabFocusReason);
    QVERIFY(window().activeFocusItem() == find(focused));
    for (const QChar letter : typed)
        QTest::keyClick(&window(), letter.toLatin1());
    key(Qt::Key_Return, Qt::AltModifier);
    const auto shown = [&opened] {
        const auto windows = QGuiApplication::topLevelWindows();
        return std::any_of(windows.begin(), windows.end(), [&opened](const QWindow* other) {
            return other->title() == opened && other->isVisible();
        });
    };
    QTRY_VERIFY(shown());
    QVERIFY(stateOf(QStringLiteral("Haiku")) == before); // nothing was started
}

void LibraryWindowTest::theKeyboardComesBackToTheEmptyPage_data()
{
    QTest::addColumn<int>("key");
    QTest::addColumn<int>("modifiers");
    QTest::newRow("shortcuts") << int{Qt::Key_F1} << 0;
    QTest::newRow("menu") << int{Qt::Key_F10} << 0;
    QTest::newRow("new") << int{Qt::Key_N} << int{Qt::ControlModifier};
    QTest::newRow("file") << int{Qt::Key_O} << int{Qt::ControlModifier};
    QTest::newRow("draft") << 0 << 0;
}

void LibraryWindowTest::theKeyboardComesBackToTheEmptyPage()
{
    QFETCH(int, key);
    QFETCH(int, modifiers);
    show(DemoLibrary::Shelf::Empty);
    QQuickItem* button = find(QStringLiteral("Choose a file…"));
    QTRY_VERIFY(window().activeFocusItem() == button);
    if (key != 0)
        QTest::keyClick(&window(), static_cast<Qt::Key>(key), Qt::KeyboardModifiers(modifiers));
    else
        m_window->open({QUrl::fromLocalFile(QStringLiteral("/media/debian.iso"))});
    QTRY_VERIFY(window().activeFocusItem() != button); // what opened has the keyboard
    QTest::keyClick(&window(), Qt::Key_Escape);
    QTRY_VERIFY(window().activeFocusItem() == button);
}

void LibraryWindowTest::narrowWindowHasOneColumn()
{
    window().resize(360, 640);
    QTRY_COMPARE(window().width(), 360);
    const QString first = current();
    key(Qt::Key_Down);
    QVERIFY(current() != first);
    const QQuickItem* card = find(current());
    QVERIFY(card);
    QVERIFY(card->width() > 300);
    QVERIFY(card->mapToScene({card->width(), 0}).x() <= 360);
}

int main(int argc, char** argv)
{
    LibraryWindow::prepare();
    const QGuiApplication application(argc, argv);
    QAccessible::setActive(true);
    LibraryWindowTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "library_window_test.moc"
