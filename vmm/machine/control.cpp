// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/control.h"

#include <condition_variable>
#include <fmt/core.h>

#include "vmm/base/log.h"

namespace vmm::machine {

using console::RunState;

Result<std::unique_ptr<Control>>
Control::create(const spec::MachineSpec& spec, console::MachineListener& listener, Purpose purpose)
{
    TRY(spec.check());
    std::unique_ptr<Control> control(new Control(spec, listener));
    TRY(control->build(purpose));
    return control;
}

spec::MachineSpec Control::named(spec::MachineSpec spec)
{
    spec.nameDevices();
    return spec;
}

Result<void> Control::build(Purpose purpose)
{
    m_loop = TRY(EventLoop::create("control"));
    m_restoring = purpose == Purpose::Load;
    m_accel = chooseAccel(m_spec.accel);
    spec::MachineSpec chosen = m_spec;
    chosen.accel = m_accel.accel;
    m_board = TRY(Board::create(chosen, *this, *this));
    m_board->setMediaListener(
        [this] { post([this] { m_listener.mediaChanged(m_board->medium()); }); });
    for (unsigned index = 0; index < m_spec.cpus; ++index)
        m_vcpus.push_back(std::make_unique<VcpuThread>(TRY(m_board->hypervisor().createVcpu(index)),
                                                       index, *this));
    m_running.assign(m_vcpus.size(), true);
    if (purpose == Purpose::Start)
        TRY(m_board->prepareBoot(m_vcpus.front()->vcpu()));
    return {};
}

Control::~Control()
{
    if (m_loop)
        // What was posted before runs first; what comes after finds m_closed and does nothing.
        postAndWait([this] {
            m_door.reset();
            if (m_board && runState() != RunState::Stopped)
                standAll();
            m_closed = true;
        });
    m_vcpus.clear();
    m_board.reset();
    m_loop.reset();
}

void Control::postAndWait(const std::function<void()>& work)
{
    Mutex mutex;
    std::condition_variable finished;
    bool done = false;
    m_loop->post([&] {
        work();
        MutexLock lock(mutex);
        done = true;
        finished.notify_all();
    });
    MutexLock lock(mutex);
    lock.wait(finished, [&done] { return done; });
}

void Control::post(std::function<void()> function)
{
    m_loop->post([this, function = std::move(function)] {
        if (!m_closed)
            function();
    });
}

void Control::request(std::function<Result<void>()> work, Completion done)
{
    post([this, work = std::move(work), done = std::move(done)] {
        Result<void> result = runState() == RunState::Stopped
                                  ? Result<void>(Error(ErrorCode::Invalid, "the machine is off"))
                                  : work();
        if (done)
            done(std::move(result));
    });
}

/// Order: vCPUs first, so that nobody starts new work; then the clock, so that no timer fires; then
/// the workers, which finish what is in flight; the guest's own clock last, when all is quiet.
void Control::standAll()
{
    for (const auto& vcpu : m_vcpus)
        vcpu->requestPause();
    for (const auto& vcpu : m_vcpus)
        vcpu->waitPaused();
    m_board->pause();
}

void Control::runAll()
{
    m_board->resume();
    for (size_t i = 0; i < m_vcpus.size(); ++i)
        if (m_running[i])
            m_vcpus[i]->resume();
}

void Control::setState(RunState state)
{
    if (m_state.exchange(state, std::memory_order_acq_rel) == state)
        return;
    m_listener.runStateChanged(state);
    tellDebugger(state);
}

Result<void> Control::whileStanding(const std::function<Result<void>()>& work)
{
    const bool running = runState() == RunState::Running;
    if (running)
        standAll();
    Result<void> result = work();
    if (running)
        runAll();
    return result;
}

void Control::resume(Completion done)
{
    request(
        [this]() -> Result<void> {
            if (runState() == RunState::Panicked)
                return Error(ErrorCode::Invalid, "the guest has crashed; reset it");
            if (runState() == RunState::Paused) {
                if (m_door)
                    m_door->resumed();
                m_running.assign(m_vcpus.size(), true);
                runAll();
                setState(RunState::Running);
            }
            return {};
        },
        std::move(done));
}

void Control::pause(Completion done)
{
    request(
        [this]() -> Result<void> {
            if (runState() == RunState::Running) {
                standAll();
                setState(RunState::Paused);
                if (m_door)
                    m_door->halted(gdb::Signal::Interrupt);
            }
            return {};
        },
        std::move(done));
}

/// Devices first (the bridge brings back the firmware's ROM), then interrupt controllers, then
/// vCPUs.
Result<void> Control::resetNow()
{
    m_board->reset();
    TRY(m_board->hypervisor().resetIrqchip());
    for (const auto& vcpu : m_vcpus)
        TRY(vcpu->vcpu().reset());
    return m_board->prepareBoot(m_vcpus.front()->vcpu());
}

void Control::reset(Completion done)
{
    request(
        [this]() -> Result<void> {
            TRY(whileStanding([this] { return resetNow(); }));
            if (runState() == RunState::Panicked) {
                runAll();
                setState(RunState::Running);
            }
            return {};
        },
        std::move(done));
}

void Control::powerButton(Completion done)
{
    request(
        [this]() -> Result<void> {
            m_board->pressPowerButton();
            return {};
        },
        std::move(done));
}

void Control::powerOff(Completion done)
{
    request(
        [this]() -> Result<void> {
            stopWith(RunState::Stopped);
            return {};
        },
        std::move(done));
}

void Control::stopWith(RunState state)
{
    if (runState() == RunState::Running)
        standAll();
    setState(state);
}

void Control::save(const std::string& path, std::function<bool(int)> progress, Completion done)
{
    request(
        [this, path, progress = std::move(progress)]() -> Result<void> {
            return whileStanding([&] {
                spec::MachineSpec spec = m_spec;
                m_board->describe(spec);
                return writeMachine(path, spec, *m_board, m_vcpus, progress);
            });
        },
        std::move(done));
}

void Control::insertMedium(const std::string& path, Completion done)
{
    request([this, path] { return m_board->insertMedium(path); }, std::move(done));
}

void Control::ejectMedium(Completion done)
{
    request([this] { return m_board->ejectMedium(); }, std::move(done));
}

void Control::change(HardwareChange change, HardwareCompletion done)
{
    post([this, change = std::move(change), done = std::move(done)] {
        if (runState() == RunState::Stopped)
            return done(Error(ErrorCode::Invalid, "the machine is off"));
        m_board->change(change, done);
    });
}

void Control::devices(std::function<void(std::vector<DeviceInfo>)> done)
{
    post([this, done = std::move(done)] {
        std::vector<DeviceInfo> all;
        static_cast<void>(
            whileStanding([&]() -> Result<void> {
                for (const state::Participant* participant : m_board->participants())
                    all.push_back(describe(participant->stateName(), participant->saveState()));
                if (const auto irqchip = m_board->hypervisor().saveIrqchip())
                    all.push_back(describe("irqchip", state::save(*irqchip)));
                for (size_t i = 0; i < m_vcpus.size(); ++i)
                    if (const auto cpu = m_vcpus[i]->vcpu().saveState())
                        all.push_back(describe(fmt::format("cpu{}", i), state::save(*cpu)));
                return {};
            }).has_value());
        done(std::move(all));
    });
}

std::vector<Counter> Control::counters() const
{
    std::vector<Counter> all = m_board->counters();
    for (size_t i = 0; i < m_vcpus.size(); ++i) {
        const auto& counts = m_vcpus[i]->vcpu().counters().counts;
        for (size_t kind = 0; kind < counts.size(); ++kind)
            all.push_back({fmt::format("cpu{}.exit.{}", i,
                                       cpu::exitKindName(static_cast<cpu::ExitKind>(kind))),
                           counts[kind].load(std::memory_order_relaxed)});
    }
    return all;
}

void Control::requestReset(bus::ResetKind)
{
    if (m_resetWanted.exchange(true))
        return; // one is on its way: a guest that asks in a loop queues nothing
    post([this] {
        m_resetWanted = false;
        if (runState() != RunState::Running)
            return;
        if (!m_listener.resetsInPlace())
            return stopWith(RunState::Stopped);
        if (const auto result = whileStanding([this] { return resetNow(); }); !result) {
            stopWith(RunState::Panicked);
            m_listener.machineMessage(result.error().sentence());
        }
    });
}

void Control::requestPowerOff()
{
    post([this] { stopWith(RunState::Stopped); });
}

void Control::requestSuspend()
{
    // The firmware's tables offer no S3, so no guest that reads them gets here; the others stay
    // awake.
    m_log.warn("the guest asked for S3, which this board does not offer");
}

void Control::requestPause(const std::string& sentence)
{
    post([this, sentence] {
        if (runState() == RunState::Running)
            stopWith(RunState::Paused);
        m_listener.machineMessage(sentence);
    });
}

void Control::tellPerson(const std::string& sentence)
{
    post([this, sentence] { m_listener.machineMessage(sentence); });
}

void Control::guestPanicked()
{
    post([this] {
        if (runState() != RunState::Running)
            return;
        stopWith(RunState::Panicked);
        m_listener.machineMessage("The guest reported that it crashed");
    });
}

void Control::requestExit(int status)
{
    post([this, status] {
        m_listener.exitRequested(status); // first: who ends with the machine takes this status
        stopWith(RunState::Stopped);
    });
}

Result<void> Control::startDebugger(const std::string& address)
{
    const auto place = TRY(gdb::parseAddress(address));
    Result<void> result;
    postAndWait([&] {
        auto door = GdbDoor::open(place, *m_loop, *this, *m_board, m_vcpus);
        if (door)
            m_door = std::move(*door);
        else
            result = std::move(door).error();
    });
    return result;
}

void Control::debuggerResumes(const std::vector<bool>& run)
{
    if (runState() != RunState::Paused)
        return;
    m_running = run;
    runAll();
    setState(RunState::Running);
}

void Control::debuggerStops()
{
    if (runState() == RunState::Running)
        stopWith(RunState::Paused);
    m_running.assign(m_vcpus.size(), true);
}

/// Stops it made itself, it does not hear of: its server is not running then.
void Control::tellDebugger(RunState state)
{
    if (!m_door)
        return;
    if (state == RunState::Stopped)
        m_door->ended();
    else if (state == RunState::Panicked)
        m_door->halted(gdb::Signal::Abort);
}

void Control::vcpuExited(unsigned index, const cpu::Exit& exit)
{
    post([this, index, exit] { handleExit(index, exit); });
}

void Control::handleExit(unsigned index, const cpu::Exit& exit)
{
    if (runState() != RunState::Running)
        return;
    switch (exit.reason) {
    case cpu::ExitReason::Shutdown:
        m_log.warn(exit.sentence + ": the machine resets");
        requestReset(bus::ResetKind::Hard);
        break;
    case cpu::ExitReason::Panicked:
        guestPanicked();
        break;
    case cpu::ExitReason::Stopped:
        stopWith(RunState::Panicked);
        m_listener.machineMessage(exit.sentence);
        break;
    case cpu::ExitReason::Debug:
        if (!m_door || !m_door->waits()) {
            m_vcpus[index]->resume(); // the debugger has gone meanwhile
            break;
        }
        debuggerStops();
        m_door->stopped(index, exit.debug);
        break;
    case cpu::ExitReason::Kicked:
        break;
    }
}

} // namespace vmm::machine
