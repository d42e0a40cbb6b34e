// SPDX-License-Identifier: GPL-3.0-or-later
// What a vCPU backend offers the machine: vCPUs, the direct memory map, interrupts.
// Backend-neutral.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/bus/handlers.h"
#include "vmm/cpu/cpu_state.h"
#include "vmm/cpu/irqchip_state.h"
#include "vmm/memory/memory_map.h"

namespace vmm::cpu {

/// Why Vcpu::run() came back.
enum class ExitReason {
    Kicked,   ///< somebody asked for it; the vCPU is between instructions, its state complete
    Shutdown, ///< triple fault: the board resets (SDM volume 3 section 6.15, "Shutdown")
    Panicked, ///< the guest reported a crash through the hypervisor interface
    Stopped,  ///< the backend cannot go on; Exit::sentence says why
    Debug,    ///< what setDebug() asked for happened; Exit::debug says what
};

/// What stopped a vCPU for the debugger.
struct DebugHit {
    enum class Kind { Step, Breakpoint, Watchpoint };
    Kind kind = Kind::Step;
    uint64_t address = 0; ///< linear: of the instruction, or the watchpoint's own
};

/// What Vcpu::run() came back with; `sentence` is for people, only with Stopped.
struct Exit {
    ExitReason reason = ExitReason::Kicked;
    std::string sentence;
    DebugHit debug; ///< only with Debug
};

/// Data whose access stops the vCPU after the instruction.
struct Watchpoint {
    uint64_t address = 0; ///< linear
    uint32_t size = 1;
    bool onRead = false;
    bool onWrite = false;
    bool operator==(const Watchpoint&) const = default;
};

/// When a vCPU shall stop for the debugger.
struct DebugRequest {
    bool singleStep = false; ///< after one instruction
    bool passFirst = false;  ///< a breakpoint at the vCPU's RIP does not count the first time
    std::vector<uint64_t> breakpoints; ///< linear addresses of instructions
    std::vector<Watchpoint> watchpoints;
};

/// What made vCPUs leave the guest, counted. Relaxed; any thread reads.
enum class ExitKind { Pio, Mmio, Interrupted, Halt, Assisted, Other, Count };
/// Name of `kind` in statistics: "pio", "mmio".
std::string_view exitKindName(ExitKind kind);

/// Exits of one vCPU by kind. Its thread adds, any thread reads.
struct ExitCounters {
    std::array<std::atomic<uint64_t>, static_cast<size_t>(ExitKind::Count)> counts{};
    void add(ExitKind kind)
    {
        counts[static_cast<size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
    }
};

/// One vCPU. Everything but kick() and counters() on its own thread, or on any one thread while
/// that thread does not run it. Port and memory accesses go straight to the buses from run().
class Vcpu {
public:
    virtual ~Vcpu() = default;
    /// Runs the guest until something the machine must handle. After Kicked the request is
    /// consumed.
    virtual Exit run() = 0;
    /// Makes run() return Kicked soon, or at once when it is called next. Any thread.
    virtual void kick() = 0;
    virtual Result<CpuState> saveState() = 0;
    /// Hostile input gives an Error; the vCPU may be loaded again then.
    virtual Result<void> loadState(const CpuState& state) = 0;
    /// Power-on state.
    virtual Result<void> reset() = 0;
    virtual const ExitCounters& counters() const = 0;
    /// Replaces the debugger's wishes; holds until the next call, also over reset(). The error is a
    /// sentence: the backend cannot watch so much.
    virtual Result<void> setDebug(const DebugRequest& request) = 0;
};

/// What became of an instruction that a backend handed over.
enum class Assisted {
    Done,        ///< `state` is the one behind it
    TripleFault, ///< it shut the vCPU down; `state` is as it was
};

/// Finishes single instructions that a backend hands back.
class InstructionAssist {
public:
    virtual ~InstructionAssist() = default;
    /// Runs the instruction at the state's RIP, or delivers the exception it raises. An event that
    /// waits in the state is delivered instead. Of `state`, local APIC and activity are not looked
    /// at. The error is a sentence with bytes and place: nobody knows the instruction. On the
    /// vCPU's thread.
    virtual Result<Assisted> runOne(unsigned index, CpuState& state) = 0;
};

/// The CPU side of one machine. Outlives its vCPUs, the memory map and every device.
class Hypervisor {
public:
    virtual ~Hypervisor() = default;
    virtual memory::MapSink& mapSink() = 0;
    virtual bus::InterruptController& interrupts() = 0;
    /// Null where a doorbell would be no shorter than the device's own register.
    virtual bus::Doorbells* doorbells() { return nullptr; }
    /// vCPU `index` of the number given when the hypervisor was made; each once.
    virtual Result<std::unique_ptr<Vcpu>> createVcpu(unsigned index) = 0;

    /// Interrupt controllers, PIT and clock; all vCPUs stopped.
    virtual Result<IrqchipState> saveIrqchip() = 0;
    virtual Result<void> loadIrqchip(const IrqchipState& state) = 0;
    virtual Result<void> resetIrqchip() = 0;
    /// The guest's paravirtual clock stands still in between. All vCPUs stopped.
    virtual void clockPaused() = 0;
    virtual void clockResumed() = 0;
    /// The HPET took over the PIT's interrupt (IA-PC HPET 1.0a, LEG_RT_CNF). vCPU threads.
    virtual void setHpetLegacy(bool on) = 0;
};

} // namespace vmm::cpu
