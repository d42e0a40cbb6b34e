// SPDX-License-Identifier: GPL-3.0-or-later
// The life of one `vitrine run`.
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
}

Result<void> MachineRun::start(const session::RunRequest& request)
{
    if (TRY(session::accelFor(request)) == vmm::spec::Accel::Kvm)
        TRY(host::checkKvm());
    TRY(makeSession(request));
    if (!request.gdb.empty())
        TRY(m_session->machine().startDebugger(request.gdb));
    m_session->machine().resume([this](Result<void> outcome) {
        if (outcome)
            return;
        message(outcome.error().sentence());
        m_loop->quit(1);
    });
    m_loop->post([this] { startControl(); });
    return {};
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
    m_server = Machine1Server::create(*m_loop, *m_session, [this](Result<void> outcome) {
        if (outcome)
            return report("control", "on");
        report("control", fmt::format("off: {}", outcome.error().sentence()));
        // Another machine of this name runs where our lock does not reach; two must not.
        if (outcome.error().code() == ErrorCode::Busy)
            m_loop->quit(1);
    });
}

/// One line for whoever watches: text on stderr; JSON on stdout, unless the guest talks there.
void MachineRun::report(const char* event, const std::string& text)
{
    if (m_format == OutputFormat::Text) {
        fmt::print(stderr, "vitrine: {}: {}\n", event, text);
        return;
    }
    const nlohmann::ordered_json line = {{"event", event}, {"value", text}};
    std::FILE* stream = m_serialOnStdout ? stderr : stdout;
    fmt::print(stream, "{}\n",
               line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    std::fflush(stream);
}

/// The first SIGINT or SIGTERM takes the machine's power away; the second does not wait for it.
void MachineRun::interrupted()
{
    if (++m_interrupts > 1 || !m_session) // without a machine: the window shows why there is none
        return m_loop->quit(0);
    m_session->cancelTyping();
    m_session->machine().powerOff([this](Result<void>) { m_loop->quit(0); });
}

void MachineRun::stateChanged(RunState state)
{
    report("state", std::string(vmm::console::runStateName(state)));
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
    m_loop->quit(exitStatus);
}

} // namespace app::main
