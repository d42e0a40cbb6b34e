// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryWindow: the door of ui for the library. app/main makes a LibraryController and shows it
// here.
#pragma once

#include <memory>

#include <QList>
#include <QString>
#include <QUrl>

#include "ui/models/library_controller.h"

class QQmlApplicationEngine;
class QQuickWindow;

namespace ui::models {
class LibraryDesk;
} // namespace ui::models

namespace ui::shell {

/// The window with all machines. GUI thread. Owned by app/main, destroyed before the
/// LibraryController and the QGuiApplication.
class LibraryWindow {
public:
    /// What has to be settled before the QGuiApplication is made: the controls' style, and Qt's
    /// software renderer unless the environment names another: this window has little to draw, and
    /// no graphics driver has to be loaded first.
    static void prepare();

    /// Loads the window and shows the machines of `controller`. Null, with one sentence in `error`,
    /// when the installation is broken. Needs a QGuiApplication.
    /// `memory`: the file that keeps how the person left the window; empty: nothing is kept.
    static std::unique_ptr<LibraryWindow> create(models::LibraryController& controller,
                                                 QString* error, const QString& memory = {});
    /// That file for the person's own library: $XDG_CONFIG_HOME/vitrine/window.ini.
    static QString defaultMemory();
    ~LibraryWindow();
    LibraryWindow(const LibraryWindow&) = delete;
    LibraryWindow& operator=(const LibraryWindow&) = delete;

    /// Brings the window to the front and, where there are any, offers `files` (paths as file:
    /// URLs, or http(s) addresses) to the library as if they had been dropped.
    void open(const QList<QUrl>& files);

    /// Does an action of the desktop file, `open-file` or `download`, unless the window waits for
    /// an answer already. Others are ignored.
    void act(const QString& action);

    /// The window itself; never null.
    QQuickWindow& window() const { return *m_window; }
    /// What it binds to.
    models::LibraryDesk& desk() const { return *m_desk; }

private:
    LibraryWindow(models::LibraryController& controller, const QString& memory);

    std::unique_ptr<models::LibraryDesk> m_desk;
    std::unique_ptr<QQmlApplicationEngine> m_engine;
    QQuickWindow* m_window = nullptr; // the engine owns it
};

} // namespace ui::shell
