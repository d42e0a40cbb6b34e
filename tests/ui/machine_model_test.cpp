// SPDX-License-Identifier: GPL-3.0-or-later
// The window's words and decisions, without a window.
#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include "tests/ui/demo_machine.h"
#include "ui/models/machine_model.h"

using tests::ui::DemoMachine;
using ui::models::MachineModel;

class MachineModelTest : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }
    void withoutAMachine();
    void statesHaveWords_data();
    void statesHaveWords();
    void togglePause();
    void commandsReachTheMachine();
    void nothingReachesAMachineThatIsOff();
    void drops();
    void screenshotNames();
    void failure();
    void controllerMayGo();
};

void MachineModelTest::withoutAMachine()
{
    MachineModel model;
    QVERIFY(model.state() == MachineModel::State::Absent);
    QVERIFY(!model.alive());
    QVERIFY(!model.console());
    model.togglePause();
    model.reset();
    model.shutDown();
    model.forceOff();
    model.sendKeys(QStringLiteral("print"));
    model.takeScreenshot();
    model.ejectMedium();
    model.insertMedium(QUrl::fromLocalFile(QStringLiteral("/x.iso")));
    QVERIFY(!model.acceptsDrop({QUrl::fromLocalFile(QStringLiteral("/x.iso"))}));
}

void MachineModelTest::statesHaveWords_data()
{
    QTest::addColumn<QString>("word");
    QTest::addColumn<bool>("alive");
    for (const char* word : {"paused", "running", "suspended", "panicked"})
        QTest::newRow(word) << QString::fromLatin1(word) << true;
    QTest::newRow("stopped") << QStringLiteral("stopped") << false;
    QTest::newRow("nonsense") << QStringLiteral("nonsense") << false;
}

void MachineModelTest::statesHaveWords()
{
    QFETCH(QString, word);
    QFETCH(bool, alive);
    DemoMachine machine;
    MachineModel model;
    model.setController(&machine);
    const QSignalSpy changes(&model, &MachineModel::stateChanged);
    machine.setState(word);
    QCOMPARE(changes.count(), 1);
    QVERIFY(!model.stateText().isEmpty());
    QCOMPARE(model.alive(), alive);
}

void MachineModelTest::togglePause()
{
    DemoMachine machine;
    MachineModel model;
    model.setController(&machine);
    model.togglePause();
    QVERIFY(model.state() == MachineModel::State::Paused);
    model.togglePause();
    QVERIFY(model.state() == MachineModel::State::Running);
    QCOMPARE(machine.calls, QStringList({QStringLiteral("pause"), QStringLiteral("resume")}));
}

void MachineModelTest::commandsReachTheMachine()
{
    DemoMachine machine;
    MachineModel model;
    model.setController(&machine);
    const QSignalSpy notices(&model, &MachineModel::notice);
    model.reset();
    model.shutDown();
    model.sendKeys(QStringLiteral("ctrl-alt-delete"));
    model.sendFunctionKey(7);
    model.sendFunctionKey(99);
    model.insertMedium(QUrl::fromLocalFile(QStringLiteral("/media/a disc.iso")));
    QCOMPARE(model.mediumName(), QStringLiteral("a disc.iso"));
    QVERIFY(model.hasMedium());
    model.ejectMedium();
    QVERIFY(!model.hasMedium());
    model.takeScreenshot();
    QVERIFY(notices.last().first().toString().contains(QStringLiteral(".png")));
    model.insertMedium(QUrl(QStringLiteral("https://example.org/x.iso")));
    QCOMPARE(machine.calls.filter(QStringLiteral("insert")).size(), 1);
    QCOMPARE(machine.calls.mid(0, 5),
             QStringList({QStringLiteral("reset"), QStringLiteral("powerButton"),
                          QStringLiteral("sendKeys ctrl-alt-delete"),
                          QStringLiteral("sendKeys ctrl-alt-f7"),
                          QStringLiteral("sendKeys ctrl-alt-f12")}));
    emit machine.message(QStringLiteral("A sentence"));
    QCOMPARE(notices.last().first().toString(), QStringLiteral("A sentence"));
}

void MachineModelTest::nothingReachesAMachineThatIsOff()
{
    DemoMachine machine;
    MachineModel model;
    model.setController(&machine);
    model.forceOff();
    machine.calls.clear();
    model.togglePause();
    model.reset();
    model.sendKeys(QStringLiteral("print"));
    model.ejectMedium();
    model.drop({QUrl::fromLocalFile(QStringLiteral("/x.iso"))});
    QCOMPARE(machine.calls, QStringList());
}

void MachineModelTest::drops()
{
    DemoMachine machine;
    MachineModel model;
    model.setController(&machine);
    const QUrl iso = QUrl::fromLocalFile(QStringLiteral("/media/Debian.ISO"));
    const QUrl picture = QUrl::fromLocalFile(QStringLiteral("/media/cat.jpg"));
    QVERIFY(model.acceptsDrop({iso}));
    QVERIFY(!model.acceptsDrop({iso, iso}));
    QVERIFY(!model.acceptsDrop({picture}));
    QVERIFY(!model.acceptsDrop({}));
    QVERIFY(!model.acceptsDrop({QUrl(QStringLiteral("http://example.org/a.iso"))}));
    const QSignalSpy notices(&model, &MachineModel::notice);
    model.drop({picture});
    QCOMPARE(notices.count(), 1);
    QVERIFY(machine.calls.isEmpty());
    model.drop({iso});
    QCOMPARE(machine.calls, QStringList(QStringLiteral("insert /media/Debian.ISO")));
}

void MachineModelTest::screenshotNames()
{
    const QTemporaryDir folder;
    const QString path =
        MachineModel::screenshotPath(folder.path(), QStringLiteral("../../etc/passwd"));
    QCOMPARE(QFileInfo(path).absolutePath(), QFileInfo(folder.path()).absoluteFilePath());
    for (int i = 0; i < 3; ++i) {
        const QString next = MachineModel::screenshotPath(folder.path(), QStringLiteral("vm"));
        QVERIFY(!QFile::exists(next));
        QFile file(next);
        QVERIFY(file.open(QIODevice::WriteOnly));
    }
    QVERIFY(MachineModel::screenshotPath(folder.path(), QString(5000, QLatin1Char('x'))).size() <
            folder.path().size() + 255);
}

void MachineModelTest::failure()
{
    MachineModel model;
    const QSignalSpy changes(&model, &MachineModel::failureChanged);
    model.setFailure(QStringLiteral("No KVM"), QStringLiteral("details"));
    QCOMPARE(changes.count(), 1);
    QCOMPARE(model.failure(), QStringLiteral("No KVM"));
}

void MachineModelTest::controllerMayGo()
{
    MachineModel model;
    {
        DemoMachine machine;
        model.setController(&machine);
        QVERIFY(model.console());
        model.setController(nullptr);
    }
    QVERIFY(!model.console());
    QVERIFY(model.name().isEmpty());
}

QTEST_MAIN(MachineModelTest)
#include "machine_model_test.moc"
