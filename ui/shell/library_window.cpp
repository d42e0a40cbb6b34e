// SPDX-License-Identifier: GPL-3.0-or-later
// Sets up style and engine, and loads LibraryWindow.qml.
#include "ui/shell/library_window.h"

#include <QCoreApplication>
#include <QGuiApplication>
#include <QIcon>
#include <QQmlApplicationEngine>
#include <QQuickStyle>
#include <QQuickWindow>
#include <QStandardPaths>

#include "ui/models/library_desk.h"

// Made by the build for each QML module with C++ types. Calling them keeps the linker from leaving
// the registrations of a static library out.
void qml_register_types_org_vitrine_display();
void qml_register_types_org_vitrine_models();

namespace ui::shell {

namespace {

const char kWindowFile[] = "qrc:/qt-project.org/imports/org/vitrine/shell/LibraryWindow.qml";

} // namespace

void LibraryWindow::prepare()
{
    QQuickStyle::setStyle(QStringLiteral("Basic")); // ours is built on it
    if (!qEnvironmentVariableIsSet("QT_QUICK_BACKEND") &&
        !qEnvironmentVariableIsSet("QSG_RHI_BACKEND"))
        QQuickWindow::setGraphicsApi(QSGRendererInterface::Software);
}

std::unique_ptr<LibraryWindow> LibraryWindow::create(models::LibraryController& controller,
                                                     QString* error, const QString& memory)
{
    qml_register_types_org_vitrine_display();
    qml_register_types_org_vitrine_models();
    QGuiApplication::setDesktopFileName(QStringLiteral("org.vitrine.Vitrine"));
    QGuiApplication::setWindowIcon(
        QIcon(QStringLiteral(":/org/vitrine/icons/org.vitrine.Vitrine.svg")));

    std::unique_ptr<LibraryWindow> made(new LibraryWindow(controller, memory));
    made->m_engine->setInitialProperties(
        {{QStringLiteral("desk"), QVariant::fromValue(made->m_desk.get())}});
    made->m_engine->load(QUrl(QString::fromLatin1(kWindowFile)));
    for (QObject* root : made->m_engine->rootObjects())
        made->m_window = qobject_cast<QQuickWindow*>(root);
    if (made->m_window)
        return made;
    if (error)
        *error = QCoreApplication::translate(
            "ui::shell::LibraryWindow",
            "The window cannot be shown: Qt Quick or one of its modules is not installed");
    return nullptr;
}

LibraryWindow::LibraryWindow(models::LibraryController& controller, const QString& memory)
    : m_desk(std::make_unique<models::LibraryDesk>(controller, memory)),
      m_engine(std::make_unique<QQmlApplicationEngine>())
{}

LibraryWindow::~LibraryWindow() = default;

QString LibraryWindow::defaultMemory()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) +
           QStringLiteral("/vitrine/window.ini");
}

void LibraryWindow::open(const QList<QUrl>& files)
{
    if (m_window->visibility() == QWindow::Minimized)
        m_window->showNormal();
    m_window->raise();
    m_window->requestActivate();
    if (!files.isEmpty())
        m_desk->offer(files);
}

void LibraryWindow::act(const QString& action)
{
    QMetaObject::invokeMethod(m_window, "act", Q_ARG(QString, action));
}

} // namespace ui::shell
