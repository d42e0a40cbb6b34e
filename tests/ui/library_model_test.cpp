// SPDX-License-Identifier: GPL-3.0-or-later
// The library as rows: what is shown, found, sorted and renewed, with a pretended library.
#include <QAbstractItemModelTester>
#include <QGuiApplication>
#include <QLocale>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "ui/models/demo_library.h"
#include "ui/models/library_desk.h"
#include "ui/models/library_picture.h"

using ui::models::DemoLibrary;
using ui::models::JobModel;
using ui::models::lastUsedText;
using ui::models::LibraryDesk;
using ui::models::LibraryFilter;
using ui::models::LibraryModel;
using ui::models::LibraryPicture;
using ui::models::MachineState;
using ui::models::MachineSummary;

class LibraryModelTest : public QObject {
    Q_OBJECT
private slots:
    void rowsFollowTheLibrary();
    void aThumbnailChangesOneRole();
    void searchFoldsCaseAndAccents();
    void searchLooksInNameSystemAndGroups();
    void groups();
    void orders();
    void jobsComeAndGo();
    void jobsShowOnTheirMachine();
    void statesHaveWords();
    void lastUse();
    void deskKeepsItsRules();
    void deskRemembersTheWindow();
    void pictureFitsWhole();
    void coverIsTheSameForTheSameSeed();

private:
    static QStringList names(const LibraryFilter& filter);
};

QStringList LibraryModelTest::names(const LibraryFilter& filter)
{
    QStringList list;
    for (int row = 0; row < filter.rowCount(); ++row)
        list << filter.index(row, 0).data(LibraryModel::NameRole).toString();
    return list;
}

void LibraryModelTest::rowsFollowTheLibrary()
{
    DemoLibrary library;
    library.setPace(0);
    library.setLively(false);
    LibraryModel model(library);
    const QAbstractItemModelTester tester(&model,
                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    const int before = model.rowCount();
    QCOMPARE(before, static_cast<int>(library.machines().size()));
    const QString id = library.machines().at(2).id;
    QSignalSpy changed(&model, &LibraryModel::dataChanged);
    library.open(id);
    QCOMPARE(changed.size(), 1);
    QCOMPARE(model.index(2).data(LibraryModel::StateRole).toInt(), int{LibraryModel::Running});
    QVERIFY(model.index(2).data(LibraryModel::AliveRole).toBool());
    library.remove(id);
    QCOMPARE(model.rowCount(), before - 1);
    QCOMPARE(model.rowOf(id), -1);
    library.undoRemove(id);
    QCOMPARE(model.rowCount(), before);
    QVERIFY(model.rowOf(id) >= 0);
    QVERIFY(!model.index(before).isValid());
    QVERIFY(!model.data(QModelIndex(), LibraryModel::NameRole).isValid());
}

void LibraryModelTest::aThumbnailChangesOneRole()
{
    DemoLibrary library;
    library.setLively(false);
    LibraryModel model(library);
    QSignalSpy changed(&model, &LibraryModel::dataChanged);
    emit library.thumbnailChanged(library.machines().first().id);
    QCOMPARE(changed.size(), 1);
    QCOMPARE(changed.first().at(2).value<QList<int>>(), QList<int>({LibraryModel::PictureRole}));
}

void LibraryModelTest::searchFoldsCaseAndAccents()
{
    DemoLibrary library;
    library.setLively(false);
    library.rename(library.machines().first().id, QStringLiteral("Bücher Übung"));
    LibraryModel model(library);
    LibraryFilter filter(model);
    const QAbstractItemModelTester tester(&filter,
                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    filter.setSearch(QStringLiteral("UBUNG buch"));
    QCOMPARE(names(filter), QStringList({QStringLiteral("Bücher Übung")}));
    filter.setSearch(QStringLiteral("   "));
    QCOMPARE(filter.count(), filter.total());
}

void LibraryModelTest::searchLooksInNameSystemAndGroups()
{
    DemoLibrary library;
    library.setLively(false);
    LibraryModel model(library);
    LibraryFilter filter(model);
    QSignalSpy counted(&filter, &LibraryFilter::countChanged);
    filter.setSearch(QStringLiteral("work windows"));
    QCOMPARE(names(filter), QStringList({QStringLiteral("Windows 11")}));
    QVERIFY(!counted.isEmpty());
    filter.setSearch(QStringLiteral("no such thing"));
    QCOMPARE(filter.count(), 0);
    QVERIFY(filter.total() > 0);
    QCOMPARE(filter.idAt(0), QString());
}

void LibraryModelTest::groups()
{
    DemoLibrary library;
    library.setLively(false);
    LibraryModel model(library);
    LibraryFilter filter(model);
    QCOMPARE(filter.groups(), QStringList({QStringLiteral("Home"), QStringLiteral("Testing"),
                                           QStringLiteral("Work")}));
    filter.setChoice(1);
    QCOMPARE(filter.group(), QStringLiteral("Home"));
    QCOMPARE(filter.count(), 2);
    QSignalSpy changed(&filter, &LibraryFilter::groupsChanged);
    while (filter.count() > 0 && filter.group() == QLatin1String("Home"))
        library.setGroups(filter.idAt(0), {});
    QVERIFY(!filter.groups().contains(QStringLiteral("Home")));
    QCOMPARE(filter.group(), QString()); // the last one left: everything is shown again
    QVERIFY(!changed.isEmpty());
    QCOMPARE(filter.choice(), 0);
}

void LibraryModelTest::orders()
{
    DemoLibrary library(DemoLibrary::Shelf::Many);
    library.setPace(0);
    library.setLively(false);
    LibraryModel model(library);
    LibraryFilter filter(model);
    QCOMPARE(names(filter).at(1), QStringLiteral("Machine 2")); // not "Machine 10"
    const QString last = model.index(49).data(LibraryModel::IdRole).toString();
    library.open(last);
    filter.setOrder(LibraryFilter::Order::ByLastUse);
    QCOMPARE(filter.rowOf(last), 0);
    filter.setOrder(LibraryFilter::Order::ByState);
    for (int row = 0; row < 4; ++row)
        QVERIFY(filter.index(row, 0).data(LibraryModel::AliveRole).toBool());
    QVERIFY(!filter.index(4, 0).data(LibraryModel::AliveRole).toBool());
    library.forceOff(last);
    QCOMPARE(filter.rowOf(last), 49); // it moved when its state changed
}

void LibraryModelTest::jobsComeAndGo()
{
    DemoLibrary library;
    library.setLively(false);
    JobModel jobs(library);
    const QAbstractItemModelTester tester(&jobs,
                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(jobs.count(), 2);
    QCOMPARE(jobs.progress(), (0.43 + 0.12) / 2);
    QSignalSpy counted(&jobs, &JobModel::countChanged);
    library.exportTo(library.machines().at(3).id, QUrl::fromLocalFile(QStringLiteral("/x.zst")));
    QCOMPARE(jobs.count(), 3);
    jobs.cancel(jobs.index(0).data(JobModel::IdRole).toString());
    QCOMPARE(jobs.count(), 2);
    QCOMPARE(counted.size(), 2);
    QCOMPARE(jobs.index(0).data(JobModel::PercentRole).toString(), QStringLiteral("12 %"));
}

void LibraryModelTest::jobsShowOnTheirMachine()
{
    DemoLibrary library;
    library.setLively(false);
    LibraryModel model(library);
    const QModelIndex last = model.index(model.rowCount() - 1);
    QCOMPARE(last.data(LibraryModel::ProgressRole).toDouble(), 0.12);
    QSignalSpy changed(&model, &LibraryModel::dataChanged);
    library.cancelJob(last.data(LibraryModel::JobRole).toString());
    QCOMPARE(changed.size(), 1);
    QCOMPARE(last.data(LibraryModel::JobTitleRole).toString(), QString());
    QCOMPARE(last.data(LibraryModel::ProgressRole).toDouble(), -1.0);
}

void LibraryModelTest::statesHaveWords()
{
    QSet<QString> words;
    for (int state = 0; state <= static_cast<int>(MachineState::Broken); ++state) {
        MachineSummary machine;
        machine.state = static_cast<MachineState>(state);
        words << statusText(machine);
        machine.installing = true;
        words << statusText(machine);
    }
    QCOMPARE(words.size(), 9); // eight states, and installing while running
    QVERIFY(!words.contains(QString()));
}

void LibraryModelTest::lastUse()
{
    const QDateTime now(QDate(2026, 3, 2), QTime(0, 30));
    QVERIFY(lastUsedText(now.addSecs(-60), now).startsWith(QStringLiteral("Today")));
    QVERIFY(lastUsedText(now.addSecs(-3600), now).startsWith(QStringLiteral("Yesterday")));
    QVERIFY(lastUsedText(now.addDays(-2), now).contains(QStringLiteral("2026")));
    QCOMPARE(lastUsedText({}, now), QString());
}

void LibraryModelTest::deskKeepsItsRules()
{
    DemoLibrary library;
    library.setLively(false);
    LibraryDesk desk(library);
    const QString id = library.machines().first().id;
    desk.rename(id, QStringLiteral("  two   words "));
    QCOMPARE(library.machine(id)->name, QStringLiteral("two words"));
    desk.rename(id, QStringLiteral("  "));
    QCOMPARE(library.machine(id)->name, QStringLiteral("two words"));
    desk.setInGroup(id, QStringLiteral(" New "), true);
    QCOMPARE(desk.groupsOf(id), QStringList({QStringLiteral("Work"), QStringLiteral("New")}));
    desk.setInGroup(id, QStringLiteral("Work"), false);
    QCOMPARE(desk.groupsOf(id), QStringList({QStringLiteral("New")}));
    QVERIFY(desk.exportFile(QStringLiteral("a/b"))
                .toLocalFile()
                .endsWith(QStringLiteral("/a-b.vitrine.tar.zst")));
}

void LibraryModelTest::deskRemembersTheWindow()
{
    const QTemporaryDir folder;
    const QString memory = folder.filePath(QStringLiteral("window.ini"));
    DemoLibrary library;
    library.setLively(false);
    {
        LibraryDesk desk(library, memory);
        QVERIFY(!desk.asList() && desk.windowSize().isEmpty());
        desk.setAsList(true);
        desk.setWindowSize({900, 600});
        desk.machines()->setOrder(LibraryFilter::Order::ByState);
    }
    LibraryDesk desk(library, memory);
    QVERIFY(desk.asList());
    QCOMPARE(desk.windowSize(), QSize(900, 600));
    QVERIFY(desk.machines()->order() == LibraryFilter::Order::ByState);
    QFile file(memory);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("[General]\norder=77\nsize=@Size(99999999 9)\nlist=maybe\n\x00\xff");
    file.close();
    LibraryDesk hostile(library, memory);
    QVERIFY(hostile.machines()->order() == LibraryFilter::Order::ByName);
    QVERIFY(hostile.windowSize().width() <= 16384);
}

void LibraryModelTest::pictureFitsWhole()
{
    QImage screen(200, 100, QImage::Format_RGB32);
    screen.fill(Qt::white);
    LibraryPicture item;
    item.setPicture(screen);
    const QImage shown = item.rendered({160, 100}, 1);
    QCOMPARE(shown.pixel(80, 50), 0xffffffffU);
    QCOMPARE(shown.pixel(1, 50), 0xffffffffU);  // all of its width
    QVERIFY(shown.pixel(80, 2) != 0xffffffffU); // the case above and below
    item.setRadius(10);
    QCOMPARE(qAlpha(item.rendered({160, 100}, 1).pixel(0, 0)), 0);
    item.setDimmed(0.5);
    QVERIFY(qRed(item.rendered({160, 100}, 1).pixel(80, 50)) < 200);
}

void LibraryModelTest::coverIsTheSameForTheSameSeed()
{
    LibraryPicture first;
    LibraryPicture second;
    QVERIFY(first.blank());
    first.setSeed(QStringLiteral("Debian 12"));
    second.setSeed(QStringLiteral("Debian 12"));
    QCOMPARE(first.rendered({64, 40}, 1), second.rendered({64, 40}, 1));
    second.setSeed(QStringLiteral("Fedora 39"));
    QVERIFY(first.rendered({64, 40}, 1) != second.rendered({64, 40}, 1));
}

int main(int argc, char** argv)
{
    QLocale::setDefault(QLocale(QStringLiteral("en_GB")));
    const QGuiApplication application(argc, argv);
    LibraryModelTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "library_model_test.moc"
