// SPDX-License-Identifier: GPL-3.0-or-later
// One debugger's session with a machine: bytes in, bytes out, no sockets (GDB manual, appendix
// "Remote Protocol", sections "Packets", "Stop Reply Packets", "General Query Packets").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/gdb/packet.h"
#include "vmm/gdb/target.h"

namespace vmm::gdb {

/// Signals as the protocol numbers them.
enum class Signal { Interrupt = 2, Trap = 5, Abort = 6 };

/// The protocol's state. The machine stands when it is made. Threads are vCPUs, numbered from 1.
/// The peer may send anything. One thread.
class Server {
public:
    static constexpr size_t kMaxBreakpoints = 256;
    static constexpr size_t kMaxWatchpoints = 32;
    static constexpr uint64_t kMaxWatchSize = 4096;

    explicit Server(Target& target) : m_target(target) {}
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// What the peer sent; returns what to send back.
    std::string receive(std::string_view bytes);
    /// The machine stands because vCPU `cpu` hit something; returns what to send.
    std::string stopped(unsigned cpu, const cpu::DebugHit& hit);
    /// The machine stands for another reason.
    std::string halted(Signal signal);
    /// Somebody else lets the machine run, which stands: this session waits then.
    void resumed();
    /// The machine is off: the session is over.
    std::string ended();
    /// The peer is gone or wants to go: nothing is watched any more, and the machine runs.
    void detach();
    /// The peer detached or killed the machine, or it ended.
    bool over() const { return m_over; }
    bool running() const { return m_running; }

private:
    enum class Action { Stand, Step, Continue };

    std::string dispatch(std::string_view packet);
    std::string general(std::string_view packet);
    std::string registers(char command, std::string_view rest);
    std::string readAll();
    std::string writeAll(std::string_view hex);
    std::string readOne(std::string_view rest);
    std::string writeOne(std::string_view rest);
    std::string memory(char command, std::string_view rest);
    std::string readMemory(uint64_t address, uint64_t size);
    std::string writeMemory(uint64_t address, const std::vector<std::byte>& bytes);
    std::string query(std::string_view rest);
    std::string set(std::string_view rest);
    std::string features(std::string_view rest);
    std::string threads() const;
    std::string threadInfo(std::string_view rest);
    std::string command(std::string_view hex);
    std::string select(std::string_view rest);
    std::string point(char command, std::string_view rest);
    std::string changePoint(bool add, char kind, uint64_t address, uint64_t size);
    std::string vPacket(std::string_view rest);
    std::string resumeBy(std::string_view actions);
    std::string resumeOld(char command, std::string_view rest);
    std::string resume(const std::vector<Action>& actions);
    std::string report(std::string reply);
    /// The vCPU that a thread of the protocol is; null when there is none such.
    std::optional<unsigned> cpuOf(std::string_view& text) const;
    /// Physical address in physical mode, or by the page tables of `state`.
    std::optional<uint64_t> physical(const cpu::CpuState& state, uint64_t address);
    Result<void> watchAll();

    Target& m_target;
    PacketReader m_reader;
    std::string m_last; ///< the last packet, for when the peer asks again
    std::string m_stop = "S05";
    cpu::DebugRequest m_points;
    unsigned m_cpu = 0; ///< registers and memory are this vCPU's
    unsigned m_stoppedCpu = 0;
    bool m_running = false;
    bool m_over = false;
    bool m_acknowledge = true;
    bool m_physicalMode = false;
    bool m_knowsReasons = false; ///< the peer understands swbreak
};

} // namespace vmm::gdb
