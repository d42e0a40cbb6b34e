// SPDX-License-Identifier: GPL-3.0-or-later
// The run of a machine of the library: what becomes of its bundle when it is suspended, installed,
// closed or ended.
//
//   suspend: stand -> disks to stable storage -> state (saveForGood) -> power off -> end
//   installed: the guest resets or stops by itself -> configuration -> a new session from the disk
#include "app/main/machine_run.h"

#include <chrono>
#include <utility>

#include "app/host/host_checks.h"
#include "app/library/file_ops.h"
#include "vmm/machine/machine.h"

namespace app::main {

using library::CloseAction;
using session::BundleGuest;
using session::MachineSession;
using session::ShutdownWatch;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::console::MachineListener;
using vmm::console::RunState;

namespace {

constexpr uint32_t kThumbnailWidth = 480;
constexpr std::chrono::seconds kFirstThumbnail{5};
constexpr std::chrono::minutes kThumbnailPeriod{1};

} // namespace

void MachineRun::setGuest(std::unique_ptr<BundleGuest> guest)
{
    m_guest = std::move(guest);
}

Result<void> MachineRun::startGuest(vmm::spec::Accel accel, BundleGuest::Start start)
{
    m_accel = accel;
    if (accel == vmm::spec::Accel::Kvm)
        TRY(host::checkKvm());
    if (auto made = makeGuestSession(start); !made) {
        m_guest->log().add("not started: " + made.error().sentence());
        return made;
    }
    letRun();
    m_loop->post([this] { startControl(); });
    return {};
}

/// On an error there is no session, and whatever was suspended still is.
Result<void> MachineRun::makeGuestSession(BundleGuest::Start start)
{
    const auto make = [this, start](MachineListener& listener) {
        return m_guest->makeMachine(listener, m_accel, start);
    };
    auto made = TRY(MachineSession::create(make, m_guest->name(), {this}));
    TRY(m_guest->aboutToRun());
    m_session = std::move(made);
    ++m_generation;
    report("accel", m_session->machine().accel().reason);
    if (m_guest->resumed())
        report("resumed", m_guest->bundle().statePath().string());
    m_serialOnStdout = m_session->machine().spec().serial == vmm::spec::SerialKind::Stdio;
    return {};
}

void MachineRun::startGuestControl()
{
    m_shutdown = ShutdownWatch::create(*m_loop, [this] { endSessionNow(); });
    m_shutdown->stayAwake(m_guest->installing());
    m_loop->every(kFirstThumbnail, kThumbnailPeriod, [this] {
        if (m_session && m_session->machine().runState() == RunState::Running)
            saveThumbnail({});
    });
}

void MachineRun::postForSession(std::function<void()> function)
{
    const uint64_t generation = m_generation.load();
    m_loop->post([this, generation, function = std::move(function)] {
        if (generation == m_generation.load() && m_session)
            function();
    });
}

/// A screen that is off leaves the picture of before. `then` runs on the loop's thread.
void MachineRun::saveThumbnail(std::function<void()> then)
{
    m_session->thumbnail(kThumbnailWidth, [this, then](MachineSession::Picture picture) {
        if (picture) {
            const std::string_view bytes(reinterpret_cast<const char*>(picture->data()),
                                         picture->size());
            static_cast<void>(
                library::writeAtomically(m_guest->bundle().thumbnailPath(), bytes).has_value());
        }
        if (then)
            postForSession(then);
    });
}

// --- suspend ---

void MachineRun::suspendGuest(GuestDoor::Completion done)
{
    m_loop->post([this, done = std::move(done)] {
        if (m_session)
            suspend(done);
        else
            done(Error(ErrorCode::NotFound, "there is no machine"));
    });
}

void MachineRun::cancelSuspend()
{
    m_suspendCancelled.store(true);
    m_loop->post([this] {
        if (m_session)
            m_session->cancelSave();
    });
}

void MachineRun::suspend(Done done)
{
    const RunState state = m_session->machine().runState();
    if (!m_guest)
        return done(Error(ErrorCode::Unsupported, "only machines of the library can be suspended; "
                                                  "save this one to a file"));
    if (m_suspend != Suspend::No)
        return done(Error(ErrorCode::Busy, "the machine is being suspended already"));
    if (state == RunState::Panicked)
        return done(Error(ErrorCode::Invalid, "the guest has crashed; restart it or turn it off"));
    if (state == RunState::Stopped)
        return done(Error(ErrorCode::Invalid, "the machine is off"));
    m_suspend = Suspend::UnderWay;
    m_suspendCancelled.store(false);
    if (m_window != nullptr)
        m_window->suspending(true);
    m_session->cancelTyping();
    m_session->machine().pause([this, state, done = std::move(done)](const Result<void>&) {
        postForSession([this, state, done] { saveGuest(state == RunState::Running, done); });
    });
}

/// What the guest has written must be on the disk before a state is that relies on it.
void MachineRun::saveGuest(bool wasRunning, const Done& done)
{
    const auto finish = [this, wasRunning, done](Result<void> outcome) {
        postForSession([=, this] { suspendEnded(outcome, wasRunning, done); });
    };
    const auto errand = m_session->runErrand([this, finish] {
        if (auto synced = m_guest->syncDisks(m_session->machine().spec()); !synced)
            return finish(std::move(synced));
        if (m_suspendCancelled.load())
            return finish(Error(ErrorCode::Cancelled, "suspending was given up"));
        m_session->saveForGood(m_guest->bundle().statePath().string(), finish);
    });
    if (!errand)
        finish(errand.error());
}

void MachineRun::suspendEnded(Result<void> outcome, bool wasRunning, const Done& done)
{
    if (outcome) {
        m_suspend = Suspend::Done;
        report("suspended", m_guest->bundle().statePath().string());
        done({});
        m_session->powerOff([](const Result<void>&) {});
        return;
    }
    m_suspend = Suspend::No;
    m_session->allowResume();
    if (wasRunning)
        m_session->resume([](const Result<void>&) {});
    if (m_window != nullptr)
        m_window->suspending(false);
    report("suspend failed", outcome.error().sentence());
    done(std::move(outcome));
}

// --- the end ---

void MachineRun::endOfSession()
{
    m_loop->post([this] { endSessionNow(); });
}

void MachineRun::endSessionNow()
{
    if (!m_session || m_suspend != Suspend::No)
        return;
    suspend([this](const Result<void>& outcome) {
        if (outcome)
            return;
        // The guest may still end by itself; where it has crashed, there is nothing to save.
        const bool crashed = m_session->machine().runState() == RunState::Panicked;
        if (crashed)
            return m_session->powerOff([](const Result<void>&) {});
        m_session->resume([](const Result<void>&) {});
        m_session->powerButton([](const Result<void>&) {});
    });
}

void MachineRun::guestEnded(int status)
{
    if (m_over)
        return;
    if (m_suspend == Suspend::Done || m_discard) {
        m_over = true;
        return m_loop->quit(0);
    }
    if (m_session->stoppedByGuest() && m_guest->installed())
        return finishInstall();
    m_over = true;
    saveThumbnail([this, status] {
        if (m_window != nullptr && m_guest->config().disposable)
            return m_window->askToKeep();
        m_loop->quit(status);
    });
}

void MachineRun::askOnClose(std::function<void(OnClose)> answer)
{
    m_loop->post([this, answer = std::move(answer)] {
        const library::MachineConfig config = m_guest->config();
        if (config.disposable)
            return answer(OnClose::AskToKeep);
        answer(config.onClose == CloseAction::Keep      ? OnClose::Hide
               : config.onClose == CloseAction::Suspend ? OnClose::Suspend
                                                        : OnClose::ShutDown);
    });
}

void MachineRun::keep(GuestDoor::Completion done)
{
    m_loop->post([this, done = std::move(done)] {
        auto outcome = m_guest->keep();
        const bool kept = outcome.has_value();
        done(std::move(outcome));
        if (kept && m_over)
            m_loop->quit(0);
    });
}

void MachineRun::discard()
{
    m_loop->post([this] {
        m_discard = true;
        if (m_over || !m_session)
            return m_loop->quit(0);
        m_session->powerOff([](const Result<void>&) {});
    });
}

// --- installation ---

bool MachineRun::resetsInPlace()
{
    return !m_guest || !m_guest->installed();
}

void MachineRun::finishInstall()
{
    if (const auto outcome = m_guest->endInstall(); !outcome) {
        message(outcome.error().sentence());
        m_over = true;
        return m_loop->quit(1);
    }
    report("install", "done");
    if (m_shutdown)
        m_shutdown->stayAwake(false);
    if (m_server) {
        m_server->installingChanged();
        m_server->notify(m_guest->name() + " is installed", "It starts from its own disk now.");
    }
    ++m_generation; // what the old machine still says is of no interest
    const auto gone = [this] { m_loop->post([this] { startAgain(); }); };
    if (m_window != nullptr)
        m_window->release(gone);
    else
        gone();
}

void MachineRun::startAgain()
{
    if (m_server)
        m_server->detach();
    m_session.reset();
    if (const auto made = makeGuestSession(BundleGuest::Start::Fresh); !made) {
        report("message", made.error().sentence());
        if (m_window == nullptr)
            return m_loop->quit(1);
        return m_window->failed(made.error());
    }
    if (m_server)
        m_server->attach(*m_session);
    if (m_window != nullptr)
        m_window->attach();
    letRun();
}

} // namespace app::main
