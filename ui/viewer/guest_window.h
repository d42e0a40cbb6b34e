// SPDX-License-Identifier: GPL-3.0-or-later
// GuestWindow: the door of ui. app/main makes a MachineModel and shows it here.
#pragma once

#include <memory>

#include <QString>

#include "ui/models/machine_model.h"

class QQmlApplicationEngine;
class QQuickWindow;

namespace ui::viewer {

/// The window of one machine. GUI thread. Owned by app/main, destroyed before the MachineModel and
/// the QGuiApplication.
class GuestWindow {
public:
    /// What has to be settled before the QGuiApplication is made: shared OpenGL contexts, the
    /// graphics API, the controls' style.
    static void prepare();

    /// Wayland's app_id, X11's instance and the desktop file's name: one a machine of the library,
    /// or docks would heap all of them on one icon. `id`: as for create().
    static QString applicationId(const QString& id);

    /// Loads the window and shows `machine` in it. Null, with one sentence in `error`, when the
    /// installation is broken. Needs a QGuiApplication; falls back to software rendering where
    /// there is no OpenGL.
    /// `id`: of a machine of the library, so that docks tell its window from others; or empty.
    static std::unique_ptr<GuestWindow> create(models::MachineModel& machine, const QString& id,
                                               QString* error);
    static std::unique_ptr<GuestWindow> create(models::MachineModel& machine, QString* error)
    {
        return create(machine, {}, error);
    }
    ~GuestWindow();
    GuestWindow(const GuestWindow&) = delete;
    GuestWindow& operator=(const GuestWindow&) = delete;

    /// The window itself; never null.
    QQuickWindow& window() const { return *m_window; }

private:
    GuestWindow();

    std::unique_ptr<QQmlApplicationEngine> m_engine;
    QQuickWindow* m_window = nullptr; // the engine owns it
};

} // namespace ui::viewer
