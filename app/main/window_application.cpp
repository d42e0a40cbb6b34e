// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/window_application.h"

#include <unistd.h>

#include "app/cli/complaint.h"
#include "translations/translators.h"

namespace app::main {

namespace {

/// While the QGuiApplication is made: Qt would print a paragraph and abort where the display does
/// not answer.
void explainNoDisplay(QtMsgType type, const QMessageLogContext&, const QString& text)
{
    if (type == QtFatalMsg)
        ::_exit(complain("the display cannot be opened to show a window; start Vitrine in a "
                         "desktop session, or a machine with --headless"));
    if (type == QtCriticalMsg)
        complain(text.toStdString());
}

} // namespace

int complain(const std::string& sentence)
{
    cli::complain(sentence);
    return 1;
}

std::unique_ptr<QGuiApplication> makeApplication(int& argc, char** argv)
{
    const QtMessageHandler usual = qInstallMessageHandler(explainNoDisplay);
    auto application = std::make_unique<QGuiApplication>(argc, argv);
    qInstallMessageHandler(usual);
    translations::install(*application);
    return application;
}

} // namespace app::main
