// SPDX-License-Identifier: GPL-3.0-or-later
// Hand-over between the window and a running machine.
#include "app/main/session_controller.h"

#include <array>
#include <string_view>
#include <utility>

#include "app/session/keys.h"

namespace app::main {

using vmm::MutexLock;
using vmm::Result;
using vmm::console::RunState;

namespace {

QString toQString(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

} // namespace

void SessionController::Relay::post(std::function<void(SessionController&)> function)
{
    const MutexLock lock(m_mutex);
    SessionController* target = m_target;
    if (target != nullptr)
        QMetaObject::invokeMethod(
            target, [target, function = std::move(function)] { function(*target); },
            Qt::QueuedConnection);
}

void SessionController::Relay::close()
{
    const MutexLock lock(m_mutex);
    m_target = nullptr;
}

SessionController::SessionController(session::MachineSession& session, GuestDoor* door)
    : m_session(session),
      m_door(door),
      m_relay(std::make_shared<Relay>(this)),
      m_display(session.machine().scanout())
{
    m_errands.setMaxThreadCount(1);
    session.addObserver(*this); // first, so that no change is missed
    m_state = toQString(vmm::console::runStateName(session.machine().runState()));
    m_medium = QString::fromStdString(session.machine().medium());
}

SessionController::~SessionController()
{
    m_session.removeObserver(*this);
    m_relay->close();
    m_errands.waitForDone();
}

QString SessionController::name() const
{
    return QString::fromStdString(m_session.name());
}

vmm::machine::Completion SessionController::complain()
{
    return [relay = m_relay](const Result<void>& outcome) {
        if (outcome)
            return;
        relay->post([sentence = toQString(outcome.error().sentence())](SessionController& self) {
            emit self.MachineController::message(sentence);
        });
    };
}

void SessionController::pause()
{
    m_session.machine().pause(complain());
}

void SessionController::resume()
{
    m_session.resume(complain());
}

void SessionController::reset()
{
    m_session.machine().reset(complain());
}

void SessionController::powerButton()
{
    m_session.powerButton(complain());
}

void SessionController::powerOff()
{
    m_session.powerOff(complain());
}

void SessionController::sendKeys(const QString& chord)
{
    m_session.pressKeys(chord.toStdString(), complain());
}

void SessionController::screenshot(const QString& path)
{
    m_errands.start([this, path] {
        const Result<void> outcome = m_session.screenshot(path.toStdString());
        if (!outcome)
            return complain()(outcome);
        m_relay->post([path](SessionController& self) { emit self.screenshotSaved(path); });
    });
}

void SessionController::insertMedium(const QString& path)
{
    m_session.machine().insertMedium(path.toStdString(), complain());
}

void SessionController::ejectMedium()
{
    m_session.machine().ejectMedium(complain());
}

// --- typing ---

/// In pieces: the session takes so much at a time, and what it has taken it types to the end.
void SessionController::typeText(const QString& text)
{
    if (const auto events = session::typable(text.toStdString()); !events) {
        emit typingEnded(toQString(events.error().sentence()));
        return;
    }
    m_toType = text;
    typeRest();
}

void SessionController::typeRest()
{
    constexpr qsizetype kPiece = 256;
    if (m_toType.isEmpty()) {
        emit typingEnded({});
        return;
    }
    const std::string piece = m_toType.left(kPiece).toStdString();
    m_toType.remove(0, kPiece);
    m_session.typeText(piece, [relay = m_relay](const Result<void>& outcome) {
        const bool gaveUp = !outcome && outcome.error().code() == vmm::ErrorCode::Cancelled;
        const QString problem =
            outcome || gaveUp ? QString() : toQString(outcome.error().sentence());
        relay->post([done = outcome.has_value(), problem](SessionController& self) {
            if (done)
                return self.typeRest();
            self.m_toType.clear();
            emit self.typingEnded(problem);
        });
    });
}

void SessionController::cancelTyping()
{
    m_toType.clear();
    m_session.cancelTyping();
}

// --- closing, of a machine of the library ---

void SessionController::askOnClose()
{
    if (m_door == nullptr)
        return MachineController::askOnClose();
    m_door->askOnClose([relay = m_relay](GuestDoor::OnClose what) {
        relay->post([what](SessionController& self) {
            static constexpr std::array kMeanings = {OnClose::Hide, OnClose::Suspend,
                                                     OnClose::ShutDown, OnClose::AskToKeep};
            emit self.onCloseKnown(kMeanings.at(static_cast<size_t>(what)));
        });
    });
}

void SessionController::suspend()
{
    if (m_door == nullptr)
        return;
    m_door->suspendGuest([relay = m_relay](const Result<void>& outcome) {
        if (outcome)
            return;
        const bool gaveUp = outcome.error().code() == vmm::ErrorCode::Cancelled;
        relay->post([gaveUp, text = toQString(outcome.error().sentence())](auto& self) {
            emit self.suspendEnded();
            if (!gaveUp)
                emit self.MachineController::message(text);
        });
    });
}

void SessionController::cancelSuspend()
{
    if (m_door != nullptr)
        m_door->cancelSuspend();
}

void SessionController::keep()
{
    if (m_door == nullptr)
        return;
    m_door->keep([relay = m_relay, complain = complain()](const Result<void>& outcome) {
        complain(outcome);
        if (outcome)
            relay->post([](SessionController& self) { emit self.kept(); });
    });
}

void SessionController::discard()
{
    if (m_door != nullptr)
        m_door->discard();
}

void SessionController::saveProgress(int percent)
{
    if (m_door != nullptr)
        m_relay->post([percent](SessionController& self) { emit self.suspendProgress(percent); });
}

display::core::KeyboardSink* SessionController::keyboard()
{
    return &m_session.machine().keyboard();
}

display::core::PointerSink* SessionController::pointer()
{
    return &m_session.machine().pointer();
}

void SessionController::stateChanged(RunState state)
{
    m_relay->post([state](SessionController& self) {
        self.m_state = toQString(vmm::console::runStateName(state));
        emit self.MachineController::stateChanged();
    });
}

void SessionController::message(const std::string& sentence)
{
    m_relay->post([text = toQString(sentence)](SessionController& self) {
        emit self.MachineController::message(text);
    });
}

void SessionController::mediumChanged(const std::string& path)
{
    m_relay->post([text = toQString(path)](SessionController& self) {
        self.m_medium = text;
        emit self.MachineController::mediumChanged();
    });
}

} // namespace app::main
