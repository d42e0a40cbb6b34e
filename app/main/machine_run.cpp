// SPDX-License-Identifier: GPL-3.0-or-later
// The life of one running machine; guest_run.cpp has what is more with one of the library.
#include "app/main/machine_run.h"

#include <csignal>
#include <cstdio>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "app/host/host_checks.h"
#include "vmm/machine/machine.h"

namespace app::main {

using cli::OutputFormat;
using session::ControlLoop;
using session::Machine1Server;
using session::MachineSession;
using session::NameLock;
using vmm::ErrorCode;
using vmm::Result;
using vmm::console::MachineListener;
using vmm::console::RunState;
using vmm::machine::Machine;

Result<std::unique_ptr<MachineRun>> MachineRun::create(OutputFormat format)
{
    ::signal(SIGPIPE, SIG_IGN); // whoever reads our output or a serial port may go away
    std::unique_ptr<MachineRun> run(new MachineRun(format));
    run->m_loop = TRY(ControlLoop::create());
    run->m_loop->onSignal([self = run.get()] { self->interrupted(); });
    return run;
}

MachineRun::~MachineRun()
{
    if (m_server)
        m_server->detach();
    m_session.reset(); // joins the machine's threads; nothing is posted after this
    if (m_loop)
        m_loop->runPosted(); // the last answers
    m_server.reset();        // sends them
    m_shutdown.reset();
    if (m_discard && m_guest)
        if (const auto outcome = m_guest->discard(); !outcome)
            report("message", outcome.error().sentence());
}

Result<void> MachineRun::start(const session::RunRequest& request)
{
    if (TRY(session::accelFor(request)) == vmm::spec::Accel::Kvm)
        TRY(host::checkKvm());
    TRY(makeSession(request));
    if (!request.gdb.empty())
        TRY(m_session->machine().startDebugger(request.gdb));
    letRun();
    m_loop->post([this] { startControl(); });
    return {};
}

void MachineRun::letRun()
{
    m_session->machine().resume([this](const Result<void>& outcome) {
        if (m_guest && outcome)
            m_guest->runs();
        else if (m_guest)
            m_guest->didNotRun();
        if (outcome)
            return;
        message(outcome.error().sentence());
        m_loop->quit(1);
    });
}

/// The name is taken before a disk is touched. A saved machine tells its name only while it is
/// restored, so there the lock comes after it, still before it runs.
Result<void> MachineRun::makeSession(const session::RunRequest& request)
{
    if (!request.name.empty() && !request.restore.empty())
        m_lock = TRY(NameLock::acquire(request.name));
    if (!request.restore.empty()) {
        const std::string path = session::absolutePath(request.restore);
        const auto accel = TRY(session::accelFor(request));
        const auto restore = [&](MachineListener& listener) {
            return Machine::restore(path, listener, accel);
        };
        m_session = TRY(MachineSession::create(restore, request.name, {this}));
    } else {
        const auto spec = TRY(session::specFor(request));
        m_serialOnStdout = spec.serial == vmm::spec::SerialKind::Stdio;
        m_lock = TRY(NameLock::acquire(spec.name));
        const auto make = [&](MachineListener& listener) {
            return Machine::create(spec, listener);
        };
        m_session = TRY(MachineSession::create(make, {}, {this}));
    }
    if (!m_lock)
        m_lock = TRY(NameLock::acquire(m_session->name()));
    report("accel", m_session->machine().accel().reason);
    m_serialOnStdout = m_session->machine().spec().serial == vmm::spec::SerialKind::Stdio;
    return {};
}

void MachineRun::startControl()
{
    if (!m_session)
        return; // over before the loop ran once
    if (const std::string pty = m_session->machine().serialPty(); !pty.empty())
        report("serial", pty);
    for (const auto& [port, pty] : m_session->machine().consolePtys())
        report("console", fmt::format("{}: {}", port, pty));
    m_server = Machine1Server::create(*m_loop, *m_session, *this, [this](Result<void> outcome) {
        if (outcome)
            return report("control", "on");
        report("control", fmt::format("off: {}", outcome.error().sentence()));
        // Another machine of this name runs where our lock does not reach; two must not.
        if (outcome.error().code() == ErrorCode::Busy)
            m_loop->quit(1);
    });
    if (m_guest)
        startGuestControl();
}

/// One line for whoever watches: text on stderr; JSON on stdout, unless the guest talks there. A
/// line that does not get there, as on a full disk, is no reason to end a machine (fmt would
/// throw).
void MachineRun::report(const char* event, const std::string& text)
{
    if (m_guest)
        m_guest->log().add(fmt::format("{}: {}", event, text));
    if (m_format == OutputFormat::Text) {
        std::fputs(fmt::format("vitrine: {}: {}\n", event, text).c_str(), stderr);
        return;
    }
    const nlohmann::ordered_json line = {{"event", event}, {"value", text}};
    std::FILE* stream = m_serialOnStdout ? stderr : stdout;
    const auto replace = nlohmann::ordered_json::error_handler_t::replace;
    std::fputs((line.dump(-1, ' ', false, replace) + '\n').c_str(), stream);
    std::fflush(stream);
}

/// The first SIGINT or SIGTERM suspends a machine of the library, and takes the power away from any
/// other; the second does not wait for it.
void MachineRun::interrupted()
{
    if (++m_interrupts > 1 || !m_session) { // without a machine: the window shows why there is none
        if (m_session)
            m_session->cancelSave();
        return m_loop->quit(0);
    }
    m_session->cancelTyping();
    if (m_guest)
        return endSessionNow();
    m_session->powerOff([this](Result<void>) { m_loop->quit(0); });
}

void MachineRun::stateChanged(RunState state)
{
    report("state", std::string(vmm::console::runStateName(state)));
    if (m_guest && state == RunState::Paused)
        postForSession([this] { saveThumbnail({}); });
}

void MachineRun::message(const std::string& sentence)
{
    report("message", sentence);
}

void MachineRun::mediumChanged(const std::string& path)
{
    report("medium", path.empty() ? "none" : path);
}

void MachineRun::ended(int exitStatus)
{
    if (!m_guest)
        return m_loop->quit(exitStatus);
    postForSession([this, exitStatus] { guestEnded(exitStatus); });
}

void MachineRun::present(Done done)
{
    if (m_window == nullptr)
        return done(
            vmm::Error(ErrorCode::Unsupported, m_session->name() + " runs without a window"));
    m_window->present();
    done({});
}

} // namespace app::main
