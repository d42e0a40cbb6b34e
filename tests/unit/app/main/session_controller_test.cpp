// SPDX-License-Identifier: GPL-3.0-or-later
// The window's view of a session: requests go down, news come up on the GUI thread, nothing comes
// after the end.
#include <QImage>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "app/main/session_controller.h"
#include "tests/support/fake_machine.h"

using app::main::SessionController;
using app::session::MachineSession;

class SessionControllerTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_session = *MachineSession::create([&](vmm::console::MachineListener& listener) {
            auto fake = std::make_unique<tests::FakeMachine>(vmm::spec::MachineSpec{}, listener);
            m_machine = fake.get();
            return vmm::Result<std::unique_ptr<vmm::machine::Machine>>(std::move(fake));
        });
        m_controller = std::make_unique<SessionController>(*m_session);
    }
    void cleanup()
    {
        m_controller.reset();
        m_session.reset();
    }

    void stateComesUpOnTheGuiThread()
    {
        QCOMPARE(m_controller->name(), "vitrine");
        QCOMPARE(m_controller->runState(), "paused");
        QThread* thread = nullptr;
        connect(
            m_controller.get(), &ui::models::MachineController::stateChanged, m_controller.get(),
            [&] { thread = QThread::currentThread(); }, Qt::DirectConnection);
        m_controller->resume();
        QTRY_COMPARE(m_controller->runState(), "running");
        QCOMPARE(thread, QThread::currentThread());
        m_controller->pause();
        QTRY_COMPARE(m_controller->runState(), "paused");
        m_controller->powerOff();
        QTRY_COMPARE(m_controller->runState(), "stopped");
    }
    void requestsReachTheMachine()
    {
        m_controller->reset();
        m_controller->powerButton();
        QTRY_COMPARE(m_machine->notes(), (std::vector<std::string>{"reset", "power button"}));
        m_controller->sendKeys("ctrl-alt-f1");
        QTRY_COMPARE(m_machine->input.events().size(), size_t{6});
        m_controller->keyboard()->key({30, true});
        m_controller->pointer()->move(1, 2);
        QCOMPARE(m_machine->input.events().size(), size_t{8});
    }
    void mediaAndTheirTroubles()
    {
        QSignalSpy messages(m_controller.get(), &ui::models::MachineController::message);
        m_controller->insertMedium(QCoreApplication::applicationFilePath());
        QTRY_COMPARE(m_controller->medium(), QCoreApplication::applicationFilePath());
        m_controller->ejectMedium();
        QTRY_COMPARE(m_controller->medium(), QString());
        QCOMPARE(messages.count(), 0);
        m_controller->insertMedium("/nowhere.iso");
        QTRY_COMPARE(messages.count(), 1);
        QVERIFY(messages.at(0).at(0).toString().startsWith("/nowhere.iso"));
        m_controller->sendKeys("ctrl-nokey");
        QTRY_COMPARE(messages.count(), 2);
    }
    void screenshots()
    {
        const QTemporaryDir folder;
        QSignalSpy saved(m_controller.get(), &ui::models::MachineController::screenshotSaved);
        QSignalSpy messages(m_controller.get(), &ui::models::MachineController::message);
        m_controller->screenshot(folder.filePath("a.png"));
        QTRY_COMPARE(saved.count(), 1);
        QCOMPARE(QImage(folder.filePath("a.png")).size(), QSize(4, 3));
        m_controller->screenshot("/nowhere/a.png");
        QTRY_COMPARE(messages.count(), 1);
    }
    void nothingComesAfterTheEnd()
    {
        for (int i = 0; i < 50; ++i)
            m_controller->insertMedium("/nowhere.iso");
        m_machine->say("last words");
        m_controller.reset();
        m_session.reset(); // runs what is left on the control thread
        QTest::qWait(10);
    }

private:
    tests::FakeMachine* m_machine = nullptr;
    std::unique_ptr<MachineSession> m_session;
    std::unique_ptr<SessionController> m_controller;
};

QTEST_GUILESS_MAIN(SessionControllerTest)
#include "session_controller_test.moc"
