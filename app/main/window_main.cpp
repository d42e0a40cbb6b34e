// SPDX-License-Identifier: GPL-3.0-or-later
// The window module's one door: `vitrine run` and `vitrine --machine` in a window.
//
//   GUI thread: Qt, window, SessionController      control thread: ControlLoop (signals, D-Bus)
//   starter: MachineRun::start(), once, so that the window is there while files are opened
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include <QDBusConnection>
#include <QEventLoop>
#include <QGuiApplication>
#include <QQuickWindow>
#include <QSessionManager>
#include <QTimer>
#include <fmt/core.h>

#include "app/cli/command_line.h"
#include "app/main/guest_opening.h"
#include "app/main/machine_run.h"
#include "app/main/run_window.h"
#include "app/main/session_controller.h"
#include "app/main/window_application.h"
#include "app/main/window_loader.h"
#include "app/services/background.h"
#include "ui/models/machine_model.h"
#include "ui/viewer/guest_window.h"

namespace app::main {

namespace {

using cli::MachineCommand;
using cli::RunCommand;
using session::BundleGuest;
using ui::models::MachineModel;
using ui::viewer::GuestWindow;
using vmm::Error;
using vmm::Result;

/// The running machine beside the window. GUI thread, but for RunWindow.
class WindowRun final : private RunWindow {
public:
    /// Builds the machine and lets it run; on the starter's thread, or the loop's.
    using Starter = std::function<Result<void>(MachineRun&, BundleGuest::Start)>;

    WindowRun(std::unique_ptr<MachineRun> run, MachineModel& model, Starter starter)
        : m_run(std::move(run)), m_model(model), m_start(std::move(starter))
    {
        m_run->setWindow(this);
        QObject::connect(&m_model, &MachineModel::startAfreshRequested, &m_model,
                         [this] { startAfresh(); });
    }
    ~WindowRun() override
    {
        m_model.setController(nullptr);
        m_controller.reset();
        if (m_starter.joinable())
            m_starter.join();
        m_run->loop().quit(m_failed ? 1 : 0);
        if (m_control.joinable())
            m_control.join();
    }

    /// Builds and starts the machine on a thread of its own; the model hears what became of it.
    void start(BundleGuest::Start how)
    {
        m_starter = std::thread([this, how] {
            auto outcome = m_start(*m_run, how);
            onGui([this, outcome = std::move(outcome)] {
                started(outcome);
                m_control = std::thread([this] {
                    const int status = m_run->runLoop();
                    QMetaObject::invokeMethod(
                        qApp, [status] { QCoreApplication::exit(status); }, Qt::QueuedConnection);
                });
            });
        });
    }

    /// The status the process should end with, when the window was closed.
    int status() const { return m_failed ? 1 : 0; }
    MachineRun& run() { return *m_run; }

private:
    template <class Function>
    void onGui(Function function)
    {
        QMetaObject::invokeMethod(&m_model, std::move(function), Qt::QueuedConnection);
    }

    void started(const Result<void>& outcome)
    {
        m_failed = !outcome.has_value();
        if (outcome)
            return takeSession();
        showFailure(outcome.error());
    }
    void takeSession()
    {
        GuestDoor* door = m_run->guest() != nullptr ? m_run.get() : nullptr;
        m_controller = std::make_unique<SessionController>(m_run->session(), door);
        m_model.setController(m_controller.get());
    }
    void showFailure(const vmm::Error& error)
    {
        complain(error.sentence());
        const BundleGuest* guest = m_run->guest();
        m_model.setFailure(QString::fromStdString(error.sentence()), {},
                           guest != nullptr && guest->bundle().suspended());
    }
    void startAfresh()
    {
        m_run->loop().post([this] {
            auto outcome = m_start(*m_run, BundleGuest::Start::Fresh);
            onGui([this, outcome = std::move(outcome)] { started(outcome); });
        });
    }

    // RunWindow: the loop's thread.
    void present() override
    {
        onGui([this] { emit m_model.presentRequested(); });
    }
    void release(std::function<void()> gone) override
    {
        onGui([this, gone = std::move(gone)] {
            m_model.setController(nullptr);
            m_controller.reset();
            gone();
        });
    }
    void attach() override
    {
        onGui([this] { takeSession(); });
    }
    void failed(const vmm::Error& error) override
    {
        onGui([this, error] {
            m_failed = true;
            showFailure(error);
        });
    }
    void suspending(bool active) override
    {
        onGui([this, active] { m_model.setSuspending(active); });
    }
    void askToKeep() override
    {
        onGui([this] { m_model.askToKeep(); });
    }

    std::unique_ptr<MachineRun> m_run;
    MachineModel& m_model;
    const Starter m_start;
    bool m_failed = false;
    std::unique_ptr<SessionController> m_controller;
    std::thread m_starter;
    std::thread m_control;
};

/// The session manager waits until this returns, and no longer than it likes.
void saveWithSession(WindowRun& window, MachineModel& model)
{
    constexpr int kMost = 20'000; // milliseconds
    if (window.run().guest() == nullptr || !model.alive())
        return;
    QEventLoop waiting;
    QTimer::singleShot(kMost, &waiting, &QEventLoop::quit);
    QObject::connect(&model, &MachineModel::stateChanged, &waiting, [&] {
        if (!model.alive())
            waiting.quit();
    });
    window.run().endOfSession();
    waiting.exec(QEventLoop::ExcludeUserInputEvents);
}

/// Asks here, for the library, which asks when it leaves, may be gone already. Its words, too.
void askWhenHidden(const QWindow& window, MachineModel& model)
{
    QObject::connect(&window, &QWindow::visibleChanged, &model, [&model](bool visible) {
        if (!visible && model.alive() && services::sandboxed())
            services::askBackground(QDBusConnection::sessionBus(),
                                    QCoreApplication::translate("app::main::LibraryRun",
                                                                "Virtual machines are running."));
    });
}

int showWindow(std::unique_ptr<MachineRun> run, WindowRun::Starter starter, BundleGuest::Start how,
               char* program)
{
    GuestWindow::prepare();
    const BundleGuest* guest = run->guest();
    const std::string id = guest != nullptr ? guest->id() : std::string();
    const std::string name = guest != nullptr ? guest->name() : std::string();
    // Our options are none of Qt's business; -name is the instance in X11's WM_CLASS.
    std::string option = "-name";
    std::string instance = GuestWindow::applicationId(QString::fromStdString(id)).toStdString();
    int argc = 3;
    char* argv[] = {program, option.data(), instance.data(), nullptr};
    const auto application = makeApplication(argc, argv);
    MachineModel model;
    model.setName(QString::fromStdString(name));
    WindowRun windowRun(std::move(run), model, std::move(starter));
    QObject::connect(
        application.get(), &QGuiApplication::commitDataRequest, &model,
        [&] { saveWithSession(windowRun, model); }, Qt::DirectConnection);
    QString error;
    const auto window = GuestWindow::create(model, QString::fromStdString(id), &error);
    if (!window)
        return complain(error.toStdString());
    askWhenHidden(window->window(), model);
    windowRun.start(how);
    const int status = QGuiApplication::exec();
    return status != 0 ? status : windowRun.status();
}

int runWindow(const RunCommand& command, cli::OutputFormat format, char* program)
{
    auto run = MachineRun::create(format); // before Qt starts threads: it takes over signals
    if (!run)
        return complain(run.error().sentence());
    const auto start = [&command](MachineRun& machine, BundleGuest::Start) {
        return machine.start(command.request);
    };
    return showWindow(*std::move(run), start, BundleGuest::Start::Fresh, program);
}

int runGuestWindow(const MachineCommand& command, cli::OutputFormat format, char* program)
{
    const auto accel = accelOf(command);
    if (!accel)
        return complain(accel.error().sentence());
    auto guest = openGuest(command);
    if (!guest)
        return complain(guest.error().sentence());
    if (*guest == nullptr)
        return 0; // it runs, and its window is in front now
    auto run = MachineRun::create(format);
    if (!run)
        return complain(run.error().sentence());
    (*run)->setGuest(*std::move(guest));
    const auto start = [accel = *accel](MachineRun& machine, BundleGuest::Start how) {
        return machine.startGuest(accel, how);
    };
    return showWindow(*std::move(run), start, startOf(command), program);
}

} // namespace

} // namespace app::main

extern "C" __attribute__((visibility("default"))) int vitrineWindowMain(int argc, char** argv)
{
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const auto line = app::cli::parseCommandLine(arguments);
    if (!line)
        return 2; // the program has read the same line before it loaded us
    if (const auto* guest = std::get_if<app::cli::MachineCommand>(&line->command))
        return app::main::runGuestWindow(*guest, line->format, argv[0]);
    if (const auto* command = std::get_if<app::cli::RunCommand>(&line->command))
        return app::main::runWindow(*command, line->format, argv[0]);
    return 2;
}
