// SPDX-License-Identifier: GPL-3.0-or-later
// The control thread of a machine: the one owner of its run state. Room-internal.
//
//   GUI, D-Bus, CLI --request--> control thread --pause/resume--> vCPU threads, workers, clocks
//   devices (SystemControl), vCPU threads (VcpuEvents) --wish--> control thread --change-->
//   MachineListener
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "vmm/base/event_loop.h"
#include "vmm/base/log.h"
#include "vmm/bus/handlers.h"
#include "vmm/machine/board.h"
#include "vmm/machine/gdb_target.h"
#include "vmm/machine/machine.h"
#include "vmm/machine/vcpu_thread.h"
#include "vmm/state/state_file.h"

namespace vmm::machine {

/// A Machine: a board, its vCPU threads and the control thread.
class Control final : public Machine,
                      public bus::SystemControl,
                      public VcpuEvents,
                      public HardwareHost,
                      private DebuggedMachine {
public:
    /// A fresh machine is made ready to start; one that is to be loaded keeps its RAM empty.
    enum class Purpose { Start, Load };
    static Result<std::unique_ptr<Control>>
    create(const spec::MachineSpec& spec, console::MachineListener& listener, Purpose purpose);
    ~Control() override;

    const spec::MachineSpec& spec() const override { return m_spec; }
    const AccelChoice& accel() const override { return m_accel; }
    console::RunState runState() const override { return m_state.load(std::memory_order_acquire); }
    void resume(Completion done) override;
    void pause(Completion done) override;
    void reset(Completion done) override;
    void powerButton(Completion done) override;
    void powerOff(Completion done) override;
    void save(const std::string& path, std::function<bool(int)> progress, Completion done) override;
    void insertMedium(const std::string& path, Completion done) override;
    void ejectMedium(Completion done) override;
    void change(HardwareChange change, HardwareCompletion done) override;
    std::string medium() const override { return m_board->medium(); }
    input::KeyboardSink& keyboard() override { return m_board->keyboard(); }
    input::PointerSink& pointer() override { return m_board->pointer(); }
    console::ScanoutSource& scanout() override { return m_board->scanout(); }
    void devices(std::function<void(std::vector<DeviceInfo>)> done) override;
    std::vector<Counter> counters() const override;
    std::string serialPty() const override { return m_board->serialPty(); }
    std::vector<std::pair<std::string, std::string>> consolePtys() const override
    {
        return m_board->consolePtys();
    }
    Result<void> startDebugger(const std::string& address) override;

    // bus::SystemControl: wishes of the guest, from vCPU threads.
    void requestReset(bus::ResetKind kind) override;
    void requestPowerOff() override;
    void requestSuspend() override;
    void guestPanicked() override;
    void requestExit(int status) override;
    // HardwareHost
    void runOnControl(std::function<void()> function) override { post(std::move(function)); }
    Result<void> whileStanding(const std::function<Result<void>()>& work) override;
    void requestPause(const std::string& sentence) override;
    void tellPerson(const std::string& sentence) override;
    bool restoring() const override { return m_restoring; }
    // VcpuEvents
    void vcpuExited(unsigned index, const cpu::Exit& exit) override;

    /// For restore(): the board, while the machine has never run.
    Board& board() { return *m_board; }
    Result<void> loadState(const std::vector<state::NamedRecord>& records);

private:
    Control(const spec::MachineSpec& spec, console::MachineListener& listener)
        : m_spec(named(spec)), m_listener(listener)
    {}
    static spec::MachineSpec named(spec::MachineSpec spec);
    Result<void> build(Purpose purpose);
    /// Runs `function` on the control thread unless the machine is being destroyed.
    void post(std::function<void()> function);
    /// As post(), with `work`'s result going to `done`; refuses when the machine has stopped.
    void request(std::function<Result<void>()> work, Completion done);

    // Control thread only:
    void standAll();
    void runAll();
    void setState(console::RunState state);
    Result<void> resetNow();
    void stopWith(console::RunState state);
    void handleExit(unsigned index, const cpu::Exit& exit);
    /// Runs `work` on the control thread and waits for it.
    void postAndWait(const std::function<void()>& work);
    // DebuggedMachine
    void debuggerResumes(const std::vector<bool>& run) override;
    void debuggerStops() override;
    void debuggerPowersOff() override { stopWith(console::RunState::Stopped); }
    void tellDebugger(console::RunState state);

    const spec::MachineSpec m_spec;
    console::MachineListener& m_listener;
    std::atomic<console::RunState> m_state{console::RunState::Paused};
    std::atomic<bool> m_resetWanted{false};
    bool m_closed = false; // control thread
    GuestLog m_log{"vmm.machine"};
    std::unique_ptr<EventLoop> m_loop;
    AccelChoice m_accel; ///< before the machine is handed out
    bool m_restoring = false;
    std::unique_ptr<Board> m_board;
    std::vector<std::unique_ptr<VcpuThread>> m_vcpus;
    std::vector<bool> m_running;     ///< which vCPUs runAll() lets go; the debugger may hold some
    std::unique_ptr<GdbDoor> m_door; ///< control thread, but for its making
};

/// Writes a standing machine's records and RAM (machine_state.cpp). `progress` as in
/// Machine::save().
Result<void> writeMachine(const std::string& path, const spec::MachineSpec& spec, Board& board,
                          const std::vector<std::unique_ptr<VcpuThread>>& vcpus,
                          const std::function<bool(int)>& progress);

/// Registers' names and values of a record for people, nested fields joined by dots
/// (device_info.cpp).
DeviceInfo describe(const std::string& name, const state::Record& record);

} // namespace vmm::machine
