// SPDX-License-Identifier: GPL-3.0-or-later
// The library module's one door: the window with all machines, in one process per session.
#include <memory>
#include <string_view>
#include <vector>

#include <QEventLoop>
#include <QGuiApplication>
#include <QQuickWindow>
#include <QTimer>

#include "app/cli/command_line.h"
#include "app/main/library_application.h"
#include "app/main/library_keeper.h"
#include "app/main/library_search.h"
#include "app/main/window_application.h"
#include "app/main/window_loader.h"
#include "app/services/background.h"
#include "ui/models/demo_library.h"
#include "ui/shell/library_window.h"

namespace app::main {

namespace {

using cli::LibraryCommand;
using ui::models::DemoLibrary;
using ui::models::LibraryController;
using ui::shell::LibraryWindow;

constexpr int kUnseenMilliseconds = 30000; // how long a library without a window waits for calls

QDBusConnection sessionBus()
{
    return LibraryApplication::busExists() ? QDBusConnection::sessionBus()
                                           : QDBusConnection(QString());
}

/// Whether the bus started this process for a call: a search must not open a window.
bool startedByBus()
{
    return qEnvironmentVariableIsSet("DBUS_STARTER_BUS_TYPE");
}

/// The window when somebody wants it, and the end when nobody needs the process any more. GUI
/// thread.
class LibraryRun : public QObject {
public:
    LibraryRun(LibraryController& library, LibraryKeeper* keeper)
        : m_library(library), m_keeper(keeper)
    {
        QObject::connect(qApp, &QGuiApplication::lastWindowClosed, this, [this] { leaveIfDone(); });
        if (m_keeper)
            QObject::connect(
                m_keeper, &LibraryKeeper::idle, this, [this] { leaveIfDone(); },
                Qt::QueuedConnection);
        m_unseen.setSingleShot(true);
        m_unseen.setInterval(kUnseenMilliseconds);
        QObject::connect(&m_unseen, &QTimer::timeout, this, [this] { leaveIfDone(); });
    }

    /// False, after a sentence, when there can be no window.
    bool show(const QList<QUrl>& urls = {}, const QString& token = {})
    {
        if (!token.isEmpty())
            qputenv("XDG_ACTIVATION_TOKEN", token.toUtf8()); // the platform takes it from there
        QString error;
        if (!m_window)
            m_window = LibraryWindow::create(m_library, &error,
                                             m_keeper ? LibraryWindow::defaultMemory() : QString());
        if (!m_window) {
            complain(error.toStdString());
            QCoreApplication::exit(1);
            return false;
        }
        if (!visible())
            m_window->window().show(); // it was closed while something went on
        m_window->open(urls);
        return true;
    }
    /// One the window does not know only shows it.
    bool act(const QString& action, const QString& token = {})
    {
        if (!show({}, token))
            return false;
        if (!action.isEmpty())
            m_window->act(action);
        return true;
    }
    void waitUnseen() { m_unseen.start(); }

private:
    bool visible() const { return m_window && m_window->window().isVisible(); }
    void leaveIfDone()
    {
        if (visible() || (m_keeper && m_keeper->busy()))
            return; // an import goes on without the window; idle() comes when it is over
        if (m_keeper && m_keeper->anyRunning())
            services::requestBackground(
                sessionBus(), QCoreApplication::translate("app::main::LibraryRun",
                                                          "Virtual machines are running."));
        QCoreApplication::quit();
    }

    LibraryController& m_library;
    LibraryKeeper* m_keeper; // null: a demonstration
    std::unique_ptr<LibraryWindow> m_window;
    QTimer m_unseen;
};

int runDemo()
{
    DemoLibrary library;
    LibraryRun run(library, nullptr);
    return run.show() ? QGuiApplication::exec() : 1;
}

/// Until the machines are known, so that the first search finds them: the bus keeps calls until we
/// have the name.
void waitForMachines(LibraryKeeper& keeper)
{
    constexpr int kPatience = 2000; // milliseconds
    QEventLoop loop;
    QObject::connect(&keeper, &LibraryKeeper::foldersChanged, &loop, &QEventLoop::quit);
    QTimer::singleShot(kPatience, &loop, &QEventLoop::quit);
    loop.exec();
}

/// What the command line asks the library for.
struct Wishes {
    QList<QUrl> urls;
    QString action; // when there are no URLs
};

int runKeeper(LibraryApplication& place, LibraryKeeper& keeper, LibrarySearch& search,
              const Wishes& wishes, bool alone)
{
    LibraryRun run(keeper, &keeper);
    QObject::connect(&place, &LibraryApplication::activated, &run,
                     [&run](const QString& token) { run.show({}, token); });
    QObject::connect(
        &place, &LibraryApplication::opened, &run,
        [&run](const QList<QUrl>& opened, const QString& token) { run.show(opened, token); });
    QObject::connect(
        &place, &LibraryApplication::actionActivated, &run,
        [&run](const QString& action, const QString& token) { run.act(action, token); });
    QObject::connect(&search, &LibrarySearch::libraryWanted, &run, [&run] { run.show(); });
    QObject::connect(&keeper, &LibraryKeeper::windowWanted, &run, [&run] { run.show(); });
    if (startedByBus() && wishes.urls.isEmpty() && wishes.action.isEmpty())
        run.waitUnseen();
    else if (!(wishes.urls.isEmpty() ? run.act(wishes.action) : run.show(wishes.urls)))
        return 1;
    if (alone)
        emit keeper.notice(LibraryKeeper::tr("There is no session bus, so machines that run cannot "
                                             "be controlled from here."),
                           {});
    return QGuiApplication::exec();
}

Wishes wishesOf(const LibraryCommand& command)
{
    QStringList arguments;
    for (const std::string& argument : command.open)
        arguments << QString::fromStdString(argument);
    return {urlsOf(arguments), QString::fromStdString(command.action)};
}

int runLibrary(const LibraryCommand& command, char* program)
{
    using Claim = LibraryApplication::Claim;
    int argc = 1; // our options are none of Qt's business
    char* argv[] = {program, nullptr};
    LibraryWindow::prepare();
    const auto application = makeApplication(argc, argv);
    QGuiApplication::setQuitOnLastWindowClosed(false); // work may be under way: LibraryRun decides
    if (command.demo)
        return runDemo();
    const Wishes wishes = wishesOf(command);
    LibrarySurroundings surroundings;
    surroundings.bus = sessionBus();
    surroundings.systemBus = [] { return QDBusConnection::systemBus(); };
    surroundings.systems = systemsCache();
    LibraryKeeper keeper(surroundings); // reads on while the rest is made
    LibrarySearch search(keeper, surroundings.bus);
    if (startedByBus())
        waitForMachines(keeper);
    LibraryApplication place(surroundings.bus);
    const Claim claim = place.claim(wishes.urls, wishes.action);
    if (claim == Claim::HandedOn)
        return 0;
    if (claim == Claim::Deaf)
        return complain("Vitrine runs already and does not answer");
    if (claim == Claim::Alone)
        complain(
            "there is no session bus; machines that run cannot be controlled from this window");
    return runKeeper(place, keeper, search, wishes, claim == Claim::Alone);
}

} // namespace

} // namespace app::main

extern "C" __attribute__((visibility("default"))) int vitrineWindowMain(int argc, char** argv)
{
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const auto line = app::cli::parseCommandLine(arguments);
    const auto* command = line ? std::get_if<app::cli::LibraryCommand>(&line->command) : nullptr;
    if (command == nullptr)
        return 2; // the program has read the same line before it loaded us
    return app::main::runLibrary(*command, argv[0]);
}
