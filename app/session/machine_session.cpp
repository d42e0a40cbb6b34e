// SPDX-License-Identifier: GPL-3.0-or-later
// One running machine as the application sees it.
#include "app/session/machine_session.h"

#include <algorithm>
#include <array>

#include <unistd.h>

#include "app/session/keys.h"
#include "display/core/png.h"
#include "display/core/shrink.h"

namespace app::session {

using vmm::Error;
using vmm::ErrorCode;
using vmm::MutexLock;
using vmm::Result;
using vmm::console::RunState;
using vmm::input::PointerButton;

namespace {

/// A mouse reports nine bits of motion a packet; more than a few screens is a slip of the finger.
constexpr int kMaxMotion = 16384;

} // namespace

Result<PointerButton> buttonNamed(const std::string& name)
{
    struct Row {
        const char* name;
        PointerButton button;
    };
    constexpr std::array kButtons = {
        Row{"left", PointerButton::Left}, Row{"right", PointerButton::Right},
        Row{"middle", PointerButton::Middle}, Row{"side", PointerButton::Side},
        Row{"extra", PointerButton::Extra}};
    for (const Row& row : kButtons)
        if (name == row.name)
            return row.button;
    return Error(ErrorCode::Invalid, "there is no mouse button \"" + name +
                                         "\"; choose left, right, middle, side or extra");
}

Result<std::unique_ptr<MachineSession>>
MachineSession::create(const Maker& maker, const std::string& name,
                       std::vector<SessionObserver*> observers)
{
    std::unique_ptr<MachineSession> session(new MachineSession);
    {
        const MutexLock lock(session->m_mutex);
        session->m_observers = std::move(observers);
    }
    session->m_machine = TRY(maker(*session));
    session->m_name = name.empty() ? session->m_machine->spec().name : name;
    session->m_typer =
        std::make_unique<InputTyper>(session->m_machine->keyboard(), session->m_machine->pointer());
    return session;
}

MachineSession::~MachineSession()
{
    {
        const MutexLock lock(m_errandsMutex);
        m_errands.reset(); // they use all of it
    }
    m_typer.reset();
    m_machine.reset(); // joins the control thread; its last words still reach the observers
}

void MachineSession::addObserver(SessionObserver& observer)
{
    const MutexLock lock(m_mutex);
    m_observers.push_back(&observer);
}

void MachineSession::removeObserver(SessionObserver& observer)
{
    const MutexLock lock(m_mutex);
    std::erase(m_observers, &observer);
}

template <class Call>
void MachineSession::tell(const Call& call)
{
    const MutexLock lock(m_mutex);
    for (SessionObserver* observer : m_observers)
        call(*observer);
}

void MachineSession::runStateChanged(RunState state)
{
    tell([state](SessionObserver& observer) { observer.stateChanged(state); });
    if (state == RunState::Stopped)
        tell([](SessionObserver& observer) { observer.ended(0); });
}

void MachineSession::machineMessage(const std::string& sentence)
{
    tell([&](SessionObserver& observer) { observer.message(sentence); });
}

void MachineSession::mediaChanged(const std::string& path)
{
    tell([&](SessionObserver& observer) { observer.mediumChanged(path); });
}

void MachineSession::exitRequested(int status)
{
    tell([status](SessionObserver& observer) { observer.ended(status); });
}

bool MachineSession::resetsInPlace()
{
    bool inPlace = true;
    tell([&](SessionObserver& observer) { inPlace = observer.resetsInPlace() && inPlace; });
    return inPlace;
}

void MachineSession::save(const std::string& path, Completion done)
{
    m_saveCancelled.store(false);
    const auto progress = [this](int percent) {
        tell([percent](SessionObserver& observer) { observer.saveProgress(percent); });
        return !m_saveCancelled.load();
    };
    m_machine->save(path, progress, std::move(done));
}

void MachineSession::saveForGood(const std::string& path, Completion done)
{
    m_savedForGood.store(true);
    save(path, [this, path, done = std::move(done)](Result<void> outcome) {
        // Somebody's resume() may have been on its way before.
        if (outcome && m_machine->runState() == RunState::Running) {
            ::unlink(path.c_str());
            outcome = Error(ErrorCode::Busy, "the machine was resumed while it was being saved");
        }
        done(std::move(outcome));
    });
}

void MachineSession::resume(Completion done)
{
    if (m_savedForGood.load())
        return done(Error(ErrorCode::Busy, "the machine is being suspended"));
    m_machine->resume(std::move(done));
}

void MachineSession::powerButton(Completion done)
{
    m_toldToStop.store(true);
    m_machine->powerButton(std::move(done));
}

void MachineSession::powerOff(Completion done)
{
    m_toldToStop.store(true);
    m_machine->powerOff(std::move(done));
}

Result<void> MachineSession::runErrand(std::function<void()> errand)
{
    if (m_waitingErrands.fetch_add(1) >= kMostErrands) {
        m_waitingErrands.fetch_sub(1);
        return Error(ErrorCode::Busy, "too much is being asked of the machine's screen at once");
    }
    const MutexLock lock(m_errandsMutex);
    if (!m_errands) {
        auto errands = vmm::EventLoop::create("errands");
        if (!errands) {
            m_waitingErrands.fetch_sub(1);
            return std::move(errands).error();
        }
        m_errands = *std::move(errands);
    }
    m_errands->post([this, errand = std::move(errand)] {
        errand();
        m_waitingErrands.fetch_sub(1);
    });
    return {};
}

void MachineSession::thumbnail(uint32_t width, std::function<void(Picture)> done)
{
    const auto outcome = runErrand([this, width, done] { done(takeThumbnail(width)); });
    if (!outcome)
        done(outcome.error());
}

MachineSession::Picture MachineSession::takeThumbnail(uint32_t width)
{
    vmm::console::Frame frame;
    auto& source = m_machine->scanout();
    source.update(frame);
    source.invalidate(); // we took damage the window has not seen
    if (frame.width == 0 || frame.height == 0)
        return Error(ErrorCode::Unsupported, "the screen is off");
    const auto most = std::clamp(width, kNarrowestThumbnail, kWidestThumbnail);
    return display::core::encodePng(display::core::shrunk(frame, static_cast<int>(most)));
}

void MachineSession::pressKeys(const std::string& chord, Completion done)
{
    auto events = chordEvents(chord);
    if (!events)
        return done(std::move(events).error());
    m_typer->send(typed(*events), std::move(done));
}

void MachineSession::typeText(const std::string& text, Completion done)
{
    auto events = textEvents(text);
    if (!events)
        return done(std::move(events).error());
    m_typer->send(typed(*events), std::move(done));
}

void MachineSession::useMouse(int dx, int dy, const std::string& button, Completion done)
{
    if (std::max(dx, dy) > kMaxMotion || std::min(dx, dy) < -kMaxMotion)
        return done(
            Error(ErrorCode::Invalid,
                  "the mouse moves at most " + std::to_string(kMaxMotion) + " counts at a time"));
    std::vector<TypedEvent> events;
    if (dx != 0 || dy != 0)
        events.emplace_back(MoveEvent{dx, dy});
    if (!button.empty()) {
        const auto named = buttonNamed(button);
        if (!named)
            return done(named.error());
        events.emplace_back(ButtonEvent{*named, true});
        events.emplace_back(ButtonEvent{*named, false});
    }
    m_typer->send(std::move(events), std::move(done));
}

Result<void> MachineSession::screenshot(const std::string& path)
{
    vmm::console::Frame frame;
    auto& source = m_machine->scanout();
    source.update(frame); // a fresh frame has no size yet, so this draws all of it
    source.invalidate();  // we took damage the window has not seen
    if (frame.width == 0 || frame.height == 0)
        return Error(ErrorCode::Unsupported, "the screen is off");
    return display::core::writePng(frame, path);
}

Result<std::string> MachineSession::screenText()
{
    const auto text = m_machine->scanout().text();
    if (!text)
        return Error(ErrorCode::Unsupported,
                     "the screen is in a graphics mode and has no text to read");
    return text->toUtf8();
}

} // namespace app::session
