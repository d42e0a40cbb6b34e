// SPDX-License-Identifier: GPL-3.0-or-later
// A machine as the debugger sees it, and the door through which a debugger comes in. Room-internal.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "vmm/base/event_loop.h"
#include "vmm/base/unique_fd.h"
#include "vmm/gdb/address.h"
#include "vmm/gdb/server.h"
#include "vmm/gdb/target.h"
#include "vmm/machine/board.h"
#include "vmm/machine/vcpu_thread.h"

namespace vmm::machine {

/// What only the owner of the run state can do. Control thread.
class DebuggedMachine {
public:
    virtual ~DebuggedMachine() = default;
    /// Lets the vCPUs run whose place in `run` is true.
    virtual void debuggerResumes(const std::vector<bool>& run) = 0;
    virtual void debuggerStops() = 0;
    virtual void debuggerPowersOff() = 0;
};

/// The debugger's door: listens, and serves one debugger at a time. Everything on the control
/// thread, whose loop it is given; all that is named here outlives it.
class GdbDoor final : private gdb::Target {
public:
    /// Listens from now on.
    static Result<std::unique_ptr<GdbDoor>>
    open(const gdb::Address& address, EventLoop& loop, DebuggedMachine& machine, Board& board,
         const std::vector<std::unique_ptr<VcpuThread>>& vcpus);
    ~GdbDoor() override;

    /// The machine stands because of what `cpu` reported.
    void stopped(unsigned cpu, const cpu::DebugHit& hit);
    /// Somebody else is about to let the machine run, which stands.
    void resumed();
    /// Is a debugger there that waits for something to happen?
    bool waits() const { return m_server && m_server->running(); }
    /// The machine stands for another reason, or is off.
    void halted(gdb::Signal signal);
    void ended();

private:
    GdbDoor(EventLoop& loop, DebuggedMachine& machine, Board& board,
            const std::vector<std::unique_ptr<VcpuThread>>& vcpus)
        : m_loop(loop), m_machine(machine), m_board(board), m_vcpus(vcpus)
    {}
    Result<void> listen(const gdb::Address& address);
    void accept();
    void receive();
    void send(const std::string& bytes);
    void hangUp();

    // gdb::Target
    unsigned cpus() const override { return static_cast<unsigned>(m_vcpus.size()); }
    Result<cpu::CpuState> readState(unsigned cpu) override;
    Result<void> writeState(unsigned cpu, const cpu::CpuState& state) override;
    Result<void> readPhysical(uint64_t address, std::span<std::byte> to) override;
    Result<void> writePhysical(uint64_t address, std::span<const std::byte> from) override;
    Result<void> setDebug(unsigned cpu, const cpu::DebugRequest& request) override;
    void resume(const std::vector<bool>& run) override { m_machine.debuggerResumes(run); }
    void stop() override { m_machine.debuggerStops(); }
    void powerOff() override { m_machine.debuggerPowersOff(); }

    EventLoop& m_loop;
    DebuggedMachine& m_machine;
    Board& m_board;
    const std::vector<std::unique_ptr<VcpuThread>>& m_vcpus;
    UniqueFd m_listener;
    UniqueFd m_peer;
    std::string m_path; ///< of the unix socket, removed at the end
    std::unique_ptr<gdb::Server> m_server;
};

} // namespace vmm::machine
