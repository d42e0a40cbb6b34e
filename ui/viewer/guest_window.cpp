// SPDX-License-Identifier: GPL-3.0-or-later
// Sets up graphics, style and engine, and loads GuestWindow.qml.
#include "ui/viewer/guest_window.h"

#include <QGuiApplication>
#include <QIcon>
#include <QOffscreenSurface>
#include <QOpenGLContext>
#include <QOpenGLFunctions>
#include <QQmlApplicationEngine>
#include <QQuickStyle>
#include <QQuickWindow>

#include "display/item/display_accessible.h"

// Made by the build for each QML module with C++ types. Calling them keeps the linker from leaving
// the registrations of a static library out.
void qml_register_types_org_vitrine_display();
void qml_register_types_org_vitrine_models();

namespace ui::viewer {

namespace {

const char kWindowFile[] = "qrc:/qt-project.org/imports/org/vitrine/viewer/GuestWindow.qml";

/// Whether there is OpenGL, and done by a graphics processor. Qt ends the process when a window
/// cannot have the graphics it was promised; so ask first. OpenGL on the processor (Mesa's
/// llvmpipe) draws all of the window for each blink of a cursor, Qt's own software renderer what
/// changed.
bool hasGoodOpenGl()
{
    QOffscreenSurface surface;
    surface.create();
    QOpenGLContext context;
    if (!context.create() || !context.makeCurrent(&surface))
        return false;
    const QByteArray renderer =
        reinterpret_cast<const char*>(context.functions()->glGetString(GL_RENDERER));
    return !renderer.contains("llvmpipe") && !renderer.contains("softpipe");
}

void chooseRenderer()
{
    // Whoever names a backend by the environment has chosen already.
    if (qEnvironmentVariableIsSet("QT_QUICK_BACKEND"))
        return;
    const auto wanted =
        hasGoodOpenGl() ? QSGRendererInterface::OpenGL : QSGRendererInterface::Software;
    if (QQuickWindow::graphicsApi() != wanted)
        QQuickWindow::setGraphicsApi(wanted);
}

} // namespace

/// A letter goes before the id: an element of such a name may not begin with a digit.
QString GuestWindow::applicationId(const QString& id)
{
    const QString application = QStringLiteral("org.vitrine.Vitrine");
    return id.isEmpty() ? application : QStringLiteral("%1.Machine.m%2").arg(application, id);
}

void GuestWindow::prepare()
{
    QCoreApplication::setAttribute(Qt::AA_ShareOpenGLContexts);
    QQuickStyle::setStyle(QStringLiteral("Basic")); // ours is built on it
}

std::unique_ptr<GuestWindow> GuestWindow::create(models::MachineModel& machine, const QString& id,
                                                 QString* error)
{
    qml_register_types_org_vitrine_display();
    qml_register_types_org_vitrine_models();
    display::item::installAccessibility();
    chooseRenderer();
    QGuiApplication::setDesktopFileName(applicationId(id));
    QCoreApplication::setApplicationName(applicationId(id)); // X11's class of windows
    QGuiApplication::setWindowIcon(
        QIcon(QStringLiteral(":/org/vitrine/icons/org.vitrine.Vitrine.svg")));

    std::unique_ptr<GuestWindow> made(new GuestWindow);
    made->m_engine->setInitialProperties(
        {{QStringLiteral("machine"), QVariant::fromValue(&machine)}});
    made->m_engine->load(QUrl(QString::fromLatin1(kWindowFile)));
    for (QObject* root : made->m_engine->rootObjects())
        made->m_window = qobject_cast<QQuickWindow*>(root);
    if (made->m_window)
        return made;
    if (error)
        *error = QCoreApplication::translate(
            "ui::viewer::GuestWindow",
            "The window cannot be shown: Qt Quick or one of its modules is not installed");
    return nullptr;
}

GuestWindow::GuestWindow() : m_engine(std::make_unique<QQmlApplicationEngine>()) {}

GuestWindow::~GuestWindow() = default;

} // namespace ui::viewer
