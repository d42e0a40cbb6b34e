// SPDX-License-Identifier: GPL-3.0-or-later
// The library module's one door: the window with all machines.
#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

#include <QGuiApplication>
#include <QQuickWindow>
#include <fmt/core.h>
#include <unistd.h>

#include "app/cli/command_line.h"
#include "app/main/library_application.h"
#include "app/main/window_loader.h"

namespace app::main {

namespace {

using cli::LibraryCommand;

int complain(const std::string& sentence)
{
    fmt::print(stderr, "vitrine: {}\n", sentence);
    return 1;
}

/// While the QGuiApplication is made: Qt would print a paragraph and abort where the display does
/// not answer.
void explainNoDisplay(QtMsgType type, const QMessageLogContext&, const QString& text)
{
    if (type == QtFatalMsg) {
        fmt::print(stderr, "vitrine: the display cannot be opened to show a window; start "
                           "Vitrine in a desktop session\n");
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

QDBusConnection sessionBus()
{
    return LibraryApplication::busExists() ? QDBusConnection::sessionBus()
                                           : QDBusConnection(QString());
}

int runLibrary(const LibraryCommand& command, char* program)
{
    int argc = 1; // our options are none of Qt's business
    char* argv[] = {program, nullptr};
    const auto application = makeApplication(argc, argv);
    QStringList arguments;
    for (const std::string& argument : command.open)
        arguments << QString::fromStdString(argument);
    LibraryApplication place(sessionBus());
    const auto claim =
        command.demo ? LibraryApplication::Claim::Alone : place.claim(urlsOf(arguments));
    if (claim == LibraryApplication::Claim::HandedOn)
        return 0;
    if (claim == LibraryApplication::Claim::Deaf)
        return complain("Vitrine runs already and does not answer");
    QQuickWindow window;
    window.resize(960, 640);
    window.show();
    return QGuiApplication::exec();
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
