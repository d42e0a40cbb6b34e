// SPDX-License-Identifier: GPL-3.0-or-later
// The window module's one door: `vitrine run` in a window.
//
//   GUI thread: Qt, window, SessionController      control thread: ControlLoop (signals, D-Bus)
//   starter: MachineRun::start(), once, so that the window is there while files are opened
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include <QGuiApplication>
#include <fmt/core.h>
#include <unistd.h>

#include "app/cli/command_line.h"
#include "app/main/machine_run.h"
#include "app/main/session_controller.h"
#include "app/main/window_loader.h"
#include "ui/models/machine_model.h"
#include "ui/viewer/guest_window.h"

namespace app::main {

namespace {

using cli::RunCommand;
using ui::models::MachineModel;
using ui::viewer::GuestWindow;
using vmm::Error;
using vmm::Result;

int complain(const std::string& sentence)
{
    fmt::print(stderr, "vitrine: {}\n", sentence);
    return 1;
}

/// While the QGuiApplication is made: Qt would print a paragraph and abort where the display does
/// not answer. Nothing has been started yet that would have to be cleaned up.
void explainNoDisplay(QtMsgType type, const QMessageLogContext&, const QString& text)
{
    if (type == QtFatalMsg) {
        fmt::print(stderr, "vitrine: the display cannot be opened to show a window; use "
                           "--headless, or start Vitrine in a desktop session\n");
        ::_exit(1);
    }
    if (type == QtCriticalMsg)
        fmt::print(stderr, "vitrine: {}\n", text.toStdString());
}

std::unique_ptr<QGuiApplication> makeApplication(int& argc, char** argv)
{
    const QtMessageHandler usual = qInstallMessageHandler(explainNoDisplay);
    auto application = std::make_unique<QGuiApplication>(argc, argv);
    qInstallMessageHandler(usual);
    return application;
}

/// The running machine beside the window. GUI thread.
class WindowRun {
public:
    WindowRun(std::unique_ptr<MachineRun> run, MachineModel& model)
        : m_run(std::move(run)), m_model(model)
    {}
    ~WindowRun()
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
    void start(const session::RunRequest& request)
    {
        m_starter = std::thread([this, request] {
            auto outcome = m_run->start(request);
            QMetaObject::invokeMethod(
                &m_model, [this, outcome = std::move(outcome)] { started(outcome); },
                Qt::QueuedConnection);
        });
    }

    /// The status the process should end with, when the window was closed.
    int status() const { return m_failed ? 1 : 0; }

private:
    void started(const Result<void>& outcome)
    {
        if (outcome) {
            m_controller = std::make_unique<SessionController>(m_run->session());
            m_model.setController(m_controller.get());
        } else {
            m_failed = true;
            complain(outcome.error().sentence());
            m_model.setFailure(QString::fromStdString(outcome.error().sentence()), {});
        }
        m_control = std::thread([this] {
            const int status = m_run->runLoop();
            QMetaObject::invokeMethod(
                qApp, [status] { QCoreApplication::exit(status); }, Qt::QueuedConnection);
        });
    }

    std::unique_ptr<MachineRun> m_run;
    MachineModel& m_model;
    bool m_failed = false;
    std::unique_ptr<SessionController> m_controller;
    std::thread m_starter;
    std::thread m_control;
};

int runWindow(const RunCommand& command, cli::OutputFormat format, char* program)
{
    auto run = MachineRun::create(format); // before Qt starts threads: it takes over signals
    if (!run)
        return complain(run.error().sentence());
    GuestWindow::prepare();
    int argc = 1; // our options are none of Qt's business
    char* argv[] = {program, nullptr};
    const auto application = makeApplication(argc, argv);
    MachineModel model;
    WindowRun windowRun(*std::move(run), model);
    QString error;
    const auto window = GuestWindow::create(model, &error);
    if (!window)
        return complain(error.toStdString());
    windowRun.start(command.request);
    const int status = QGuiApplication::exec();
    return status != 0 ? status : windowRun.status();
}

} // namespace

} // namespace app::main

extern "C" __attribute__((visibility("default"))) int vitrineWindowMain(int argc, char** argv)
{
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const auto line = app::cli::parseCommandLine(arguments);
    const auto* command = line ? std::get_if<app::cli::RunCommand>(&line->command) : nullptr;
    if (command == nullptr)
        return 2; // the program has read the same line before it loaded us
    return app::main::runWindow(*command, line->format, argv[0]);
}
