// SPDX-License-Identifier: GPL-3.0-or-later
// Hand-over between the window and a running machine.
#include "app/main/session_controller.h"

#include <string_view>
#include <utility>

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

SessionController::SessionController(session::MachineSession& session)
    : m_session(session),
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
    m_session.machine().resume(complain());
}

void SessionController::reset()
{
    m_session.machine().reset(complain());
}

void SessionController::powerButton()
{
    m_session.machine().powerButton(complain());
}

void SessionController::powerOff()
{
    m_session.machine().powerOff(complain());
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
