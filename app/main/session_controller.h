// SPDX-License-Identifier: GPL-3.0-or-later
// SessionController: a MachineSession as the window wants it.
#pragma once

#include <functional>
#include <memory>

#include <QThreadPool>

#include "app/main/run_window.h"
#include "app/session/machine_session.h"
#include "app/session/session_observer.h"
#include "display/local/local_display.h"
#include "ui/models/machine_controller.h"
#include "vmm/base/mutex.h"

namespace app::main {

/// Brings the session's news to the GUI thread and the window's wishes to the session, without ever
/// waiting for it. GUI thread; outlived by the session.
class SessionController final : public ui::models::MachineController,
                                private session::SessionObserver {
    Q_OBJECT
public:
    /// `door`: of a machine of the library, which outlives it; else null.
    explicit SessionController(session::MachineSession& session, GuestDoor* door = nullptr);
    ~SessionController() override;

    QString name() const override;
    QString runState() const override { return m_state; }
    QString medium() const override { return m_medium; }
    void pause() override;
    void resume() override;
    void reset() override;
    void powerButton() override;
    void powerOff() override;
    void sendKeys(const QString& chord) override;
    void screenshot(const QString& path) override;
    void insertMedium(const QString& path) override;
    void ejectMedium() override;
    void typeText(const QString& text) override;
    void cancelTyping() override;
    void askOnClose() override;
    bool canSuspend() const override { return m_door != nullptr; }
    void suspend() override;
    void cancelSuspend() override;
    void keep() override;
    void discard() override;
    display::core::DisplaySource* display() override { return &m_display; }
    display::core::KeyboardSink* keyboard() override;
    display::core::PointerSink* pointer() override;

private:
    /// Carries functions to the GUI thread for as long as the controller lives; answers of the
    /// machine may come later than that.
    class Relay {
    public:
        explicit Relay(SessionController* target) : m_target(target) {}
        void post(std::function<void(SessionController&)> function);
        void close();

    private:
        vmm::Mutex m_mutex;
        SessionController* m_target GUARDED_BY(m_mutex);
    };

    /// A completion that tells the person what went wrong, if anything did.
    vmm::machine::Completion complain();
    void stateChanged(vmm::console::RunState state) override;
    void message(const std::string& sentence) override;
    void mediumChanged(const std::string& path) override;
    void saveProgress(int percent) override;
    void ended(int) override {}
    void typeRest();

    session::MachineSession& m_session;
    GuestDoor* const m_door;
    std::shared_ptr<Relay> m_relay;
    display::local::LocalDisplay m_display;
    QString m_state;
    QString m_medium;
    QString m_toType;      ///< what is not handed to the session yet
    QThreadPool m_errands; // screenshots; last: its threads use the rest
};

} // namespace app::main
