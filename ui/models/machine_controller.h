// SPDX-License-Identifier: GPL-3.0-or-later
// MachineController: what the window asks of whoever runs the machine. app implements it.
#pragma once

#include <QObject>
#include <QString>

#include "display/core/display_source.h"
#include "display/core/input_sinks.h"

namespace ui::models {

/// A machine as the window sees it. Lives on the GUI thread and is called there only; nothing here
/// blocks. Requests return at once; what becomes of them arrives by the signals, emitted on the GUI
/// thread. Outlives the MachineModel that uses it.
class MachineController : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    ~MachineController() override;

    /// The machine's name, for the window title.
    virtual QString name() const = 0;
    /// One of vmm::console::runStateName: "paused", "running", "suspended", "panicked", "stopped".
    virtual QString runState() const = 0;
    /// Path of the medium in the CD-ROM drive; empty when there is none.
    virtual QString medium() const = 0;

    virtual void pause() = 0;
    virtual void resume() = 0;
    virtual void reset() = 0;
    /// Presses the ACPI power button: asks the guest to shut down.
    virtual void powerButton() = 0;
    /// Takes the power away.
    virtual void powerOff() = 0;
    /// Presses the keys of `chord` in order and releases them in reverse: lower-case names joined
    /// by "-": "ctrl-alt-delete", "ctrl-alt-backspace", "ctrl-alt-f1" ... "ctrl-alt-f12", "print".
    virtual void sendKeys(const QString& chord) = 0;
    /// Writes the screen to the file `path` as PNG, not on the GUI thread; screenshotSaved() or
    /// message() follows.
    virtual void screenshot(const QString& path) = 0;
    /// Puts the ISO `path` into the CD-ROM drive; mediumChanged() or message() follows.
    virtual void insertMedium(const QString& path) = 0;
    virtual void ejectMedium() = 0;
    /// Types `text` on a US keyboard; typingEnded() follows.
    virtual void typeText(const QString& text) { Q_UNUSED(text) }
    virtual void cancelTyping() {}

    /// What closing the window means.
    enum class OnClose {
        AskToTurnOff, ///< the machine lives in this window
        Hide,         ///< it goes on without
        Suspend,
        ShutDown,
        AskToKeep, ///< disposable: deleted unless the person keeps it
    };
    /// onCloseKnown() follows.
    virtual void askOnClose() { emit onCloseKnown(OnClose::AskToTurnOff); }
    /// Whether suspend() does something.
    virtual bool canSuspend() const { return false; }
    /// Saves the machine for its next start and ends the program; suspendProgress() meanwhile.
    virtual void suspend() {}
    virtual void cancelSuspend() {}
    /// A disposable machine stays: kept() or message() follows; it goes, and the program ends.
    virtual void keep() {}
    virtual void discard() {}

    /// The screen, keyboard and mouse; they live as long as the controller. Not null.
    virtual display::core::DisplaySource* display() = 0;
    virtual display::core::KeyboardSink* keyboard() = 0;
    virtual display::core::PointerSink* pointer() = 0;

signals:
    /// runState() has changed.
    void stateChanged();
    /// medium() has changed.
    void mediumChanged();
    /// Something the person should read: one sentence.
    void message(const QString& sentence);
    void onCloseKnown(ui::models::MachineController::OnClose what);
    /// 0 to 100 while the machine is being suspended, by whomever.
    void suspendProgress(int percent);
    /// Suspending has failed or was given up: the machine goes on.
    void suspendEnded();
    void kept();
    /// Everything was typed, or it was given up; `problem`: one sentence, or empty.
    void typingEnded(const QString& problem);
    /// The screenshot asked for is in the file `path` now.
    void screenshotSaved(const QString& path);
};

} // namespace ui::models
