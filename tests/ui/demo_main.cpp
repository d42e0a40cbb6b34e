// SPDX-License-Identifier: GPL-3.0-or-later
// The real window with a pretending machine: vitrine_ui_demo [--dark] [--contrast] [--paused]
// [--off] [--fail] [--toast] [--rtl] [--size=WxH] [--short]: ends after 8 seconds and prints
// what the machine got
#include <QGuiApplication>
#include <QPalette>
#include <QTimer>

#include "tests/ui/demo_machine.h"
#include "translations/translators.h"
#include "ui/viewer/guest_window.h"

namespace {

void setPalette(const QStringList& arguments)
{
    QPalette palette = QGuiApplication::palette();
    if (arguments.contains(QStringLiteral("--dark"))) {
        palette.setColor(QPalette::Window, QColor(0x202428));
        palette.setColor(QPalette::WindowText, QColor(0xeeeeee));
    }
    if (arguments.contains(QStringLiteral("--contrast"))) {
        palette.setColor(QPalette::Window, Qt::black);
        palette.setColor(QPalette::WindowText, Qt::white);
    }
    QGuiApplication::setPalette(palette);
}

QSize pictureSize(const QStringList& arguments)
{
    for (const QString& argument : arguments) {
        if (!argument.startsWith(QStringLiteral("--size=")))
            continue;
        const QStringList parts = argument.mid(7).split(QLatin1Char('x'));
        return {parts.value(0).toInt(), parts.value(1).toInt()};
    }
    return {720, 400};
}

void setScene(const QStringList& arguments, tests::ui::DemoMachine& machine,
              ui::models::MachineModel& model)
{
    if (arguments.contains(QStringLiteral("--paused")))
        machine.setState(QStringLiteral("paused"));
    if (arguments.contains(QStringLiteral("--off")))
        machine.setState(QStringLiteral("stopped"));
    if (arguments.contains(QStringLiteral("--fail")))
        model.setFailure(
            QStringLiteral("/dev/kvm cannot be opened: Permission denied. Add yourself "
                           "to the group kvm and log in again"),
            QStringLiteral("open(\"/dev/kvm\", O_RDWR) = EACCES\nuser: demo\ngroups: "
                           "demo, audio, video"));
    if (arguments.contains(QStringLiteral("--toast")))
        model.takeScreenshot();
}

} // namespace

int main(int argc, char** argv)
{
    ui::viewer::GuestWindow::prepare();
    QGuiApplication application(argc, argv);
    translations::install(application);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.contains(QStringLiteral("--rtl")))
        QGuiApplication::setLayoutDirection(Qt::RightToLeft);
    setPalette(arguments);

    tests::ui::DemoMachine machine;
    machine.machineName = QStringLiteral("debian-12");
    const QSize size = pictureSize(arguments);
    machine.source.setPicture(size.width(), size.height());
    ui::models::MachineModel model;
    QString error;
    if (!arguments.contains(QStringLiteral("--fail")))
        model.setController(&machine);
    const auto window = ui::viewer::GuestWindow::create(model, &error);
    if (!window) {
        qCritical("%s", qPrintable(error));
        return 1;
    }
    setScene(arguments, machine, model);
    if (arguments.contains(QStringLiteral("--short")))
        QTimer::singleShot(std::chrono::seconds(8), qGuiApp, [] { QCoreApplication::exit(0); });
    const int status = QGuiApplication::exec();
    for (const QString& call : machine.calls)
        qInfo("%s", qPrintable(call));
    for (const auto& event : machine.keys.events)
        qInfo("key %d %s", event.code, event.down ? "down" : "up");
    for (const auto& [button, down] : machine.mouse.buttons)
        qInfo("button %d %s", static_cast<int>(button), down ? "down" : "up");
    qInfo("mouse %d %d wheel %d", machine.mouse.x, machine.mouse.y, machine.mouse.wheels);
    return status;
}
