// SPDX-License-Identifier: GPL-3.0-or-later
// The executor: one vCPU's registers, its view of memory and the loop that runs decoded blocks.
// Intel SDM volumes 1-3 (December 2022 numbering) and AMD APM volume 2, sections cited where it
// matters.
//
//   run() ── look at attention ── blocks().find(rip) ── op->run(core, op) ... ── fault? deliver
//                 ^                      |  decode on a miss                          |
//                 '----------------------+--------------------------------------------'
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vmm/bus/bus.h"
#include "vmm/cpu/local_apic.h"
#include "vmm/cpu/vcpu.h"
#include "vmm/soft/blocks.h"
#include "vmm/soft/op.h"
#include "vmm/soft/physical_map.h"
#include "vmm/soft/registers.h"

namespace vmm::cpu {
struct CpuidModel;
}

namespace vmm::soft {

class NativeCode;
/// Lets a Core own code whose class only native_code.cpp knows.
struct NativeDeleter {
    void operator()(NativeCode* code) const;
};

/// Exception vectors (SDM volume 3 table 6-1).
enum class Vector : uint8_t {
    De = 0,
    Db = 1,
    Nmi = 2,
    Bp = 3,
    Of = 4,
    Br = 5,
    Ud = 6,
    Nm = 7,
    Df = 8,
    Ts = 10,
    Np = 11,
    Ss = 12,
    Gp = 13,
    Pf = 14,
    Mf = 16,
    Ac = 17,
    Mc = 18,
    Xm = 19
};

/// What is being asked of memory.
enum class Access : uint8_t { Read, Write, Execute };

/// Control register bits the executor asks about.
namespace cr {
inline constexpr uint64_t k0Pe = 1 << 0, k0Mp = 1 << 1, k0Em = 1 << 2, k0Ts = 1 << 3, k0Et = 1 << 4,
                          k0Ne = 1 << 5, k0Wp = 1 << 16, k0Am = 1 << 18, k0Nw = 1 << 29,
                          k0Cd = 1 << 30, k0Pg = uint64_t{1} << 31;
inline constexpr uint64_t k4Vme = 1 << 0, k4Pvi = 1 << 1, k4Tsd = 1 << 2, k4De = 1 << 3,
                          k4Pse = 1 << 4, k4Pae = 1 << 5, k4Mce = 1 << 6, k4Pge = 1 << 7,
                          k4Pce = 1 << 8, k4Osfxsr = 1 << 9, k4Osxmmexcpt = 1 << 10,
                          k4Umip = 1 << 11, k4Fsgsbase = 1 << 16, k4Pcide = 1 << 17,
                          k4Osxsave = 1 << 18, k4Smep = 1 << 20, k4Smap = 1 << 21;
inline constexpr uint64_t kEferSce = 1 << 0, kEferLme = 1 << 8, kEferLma = 1 << 10,
                          kEferNxe = 1 << 11, kEferFfxsr = 1 << 14;
} // namespace cr

/// The system registers: those the executor saves besides Registers.
struct SystemRegisters {
    uint64_t cr0 = 0x6000'0010;
    uint64_t cr2 = 0;
    uint64_t cr3 = 0;
    uint64_t cr4 = 0;
    uint64_t efer = 0;
    uint64_t xcr0 = 1;
    cpu::DescriptorTable gdt;
    cpu::DescriptorTable idt;
    std::array<uint64_t, 4> dr{};
    uint64_t dr6 = 0xffff'0ff0;
    uint64_t dr7 = 0x400;
    uint64_t star = 0, lstar = 0, cstar = 0, fmask = 0, kernelGsBase = 0;
    uint64_t sysenterCs = 0, sysenterEsp = 0, sysenterEip = 0;
    uint64_t pat = 0x0007'0406'0007'0406;
    uint64_t tscAux = 0, tscOffset = 0, tscAdjust = 0, miscEnable = 1, mtrrDefType = 0;
    std::array<uint64_t, 16> mtrrVariable{};
    std::array<uint64_t, 11> mtrrFixed{};
    uint64_t kvmSystemTime = 0, kvmWallClock = 0; ///< kvmclock addresses as the guest wrote them
    std::vector<cpu::Msr> others; ///< loaded from elsewhere and kept for the next save
    /// The state came from KVM, which offers more than the CPUID models: its guest may go on to
    /// turn on XSAVE components, on CPUs that it starts later.
    bool foreign = false;
};

/// An exception that waits for delivery.
struct PendingException {
    bool present = false;
    Vector vector = Vector::Ud;
    bool hasCode = false;
    uint32_t code = 0;
    uint64_t address = 0;   ///< CR2 with Pf
    uint64_t debugBits = 0; ///< DR6 with Db
};

/// How an event came up: what is pushed and which checks apply differ (SDM volume 3 section 6.12).
enum class EventKind : uint8_t { HardwareInterrupt, Nmi, Exception, SoftwareInterrupt, Int1, Int3 };

/// Why Core::run() came back.
enum class Outcome : uint8_t { Kicked, TripleFault, Unknown, Halted, Debug };

/// What the executor works with. All outlive it. Null `apic`: no interrupts but those injected
/// (tests, assist).
struct Environment {
    PhysicalMap& map;
    bus::PioBus& pio;
    bus::MmioBus& mmio;
    const cpu::TscSource& tsc;
    const cpu::CpuidModel& cpuid;
    cpu::LocalApic* apic = nullptr;
    cpu::ExitCounters* counters = nullptr;
    unsigned index = 0;
    unsigned cpus = 1;
    /// An instruction nobody knows stops run() with Outcome::Unknown, instead of raising #UD.
    bool stopAtUnknown = false;
};

/// One entry of the data TLB: a page's tags, xor-compared so that their low bits are free for
/// facts.
struct TlbEntry {
    static constexpr uint64_t kNone = 0x5555'0000'0000'0000; // not canonical
    static constexpr uint64_t kGlobal = 1;
    static constexpr uint64_t kLogged = 4; ///< in writeTag: somebody asks which pages are written
    static constexpr uint64_t kLarge = 2;  ///< part of a page bigger than 4 KiB
    uint64_t readTag = kNone;
    uint64_t writeTag = kNone;
    uint64_t addend = 0; ///< host address = linear address + addend
    PageInfo* info = nullptr;
};

struct Walk;
struct Reached;

/// One vCPU in software. Everything on its thread, except raiseAttention().
class Core {
public:
    struct Internal; ///< what only core.cpp, memory.cpp, paging.cpp and blocks.cpp touch
    class Translations;
    /// Reasons to leave the block loop, one bit each.
    enum Attention : uint32_t {
        kKick = 1 << 0,      ///< run() shall return
        kInterrupt = 1 << 1, ///< the APIC may have one
        kNmi = 1 << 2,
        kInit = 1 << 3,
        kStartup = 1 << 4,
        kMapChanged = 1 << 5,
        kRecheck = 1 << 6, ///< the guest changed something the main loop decides by
        kSingle = 1 << 7,  ///< one instruction at a time
        kDebug = 1 << 8,   ///< run() shall return Debug
        kTraps = 1 << 9,   ///< the guest's debug registers met something
        kUnhalt = 1 << 10, ///< HLT ends, or the next one does at once
    };

    explicit Core(const Environment& environment);
    ~Core();
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    Registers regs;
    SystemRegisters sys;

    // --- running (core.cpp) ---

    /// Runs until something its owner must handle.
    Outcome run();
    /// Runs exactly one instruction, or delivers the exception it raises; interrupts are not looked
    /// at. For the assist, the debugger and the differential tests.
    Outcome runOne();
    /// Any thread.
    void raiseAttention(uint32_t reasons)
    {
        if ((reasons & kNmi) != 0)
            m_nmiArrived.fetch_add(1, std::memory_order_relaxed);
        m_attention.fetch_or(reasons, std::memory_order_seq_cst);
    }
    /// SIPI from another vCPU. Any thread.
    void requestStartup(uint8_t page)
    {
        m_startupPage.store(page, std::memory_order_release);
        raiseAttention(kStartup);
    }
    uint32_t attention() const { return m_attention.load(std::memory_order_relaxed); }
    /// The instruction nobody knows that made run() return Unknown: bytes, mnemonic, place.
    const std::string& unknownInstruction() const { return m_unknown; }
    void setUnknownInstruction(std::string sentence);
    /// "0xfff0 (code segment base 0xffff0000, real mode)": `rip` as people read it.
    std::string whereabouts(uint64_t rip) const;
    uint64_t instructions() const { return m_instructions; }

    // --- for the debugger, and the guest's own debug registers (debug.cpp) ---

    /// Breakpoints become ops of their own when code is decoded; pages with watchpoints stay out of
    /// the TLB. What is not debugged runs as ever. While the core does not run.
    void setDebug(const cpu::DebugRequest& request);
    /// One instruction for the debugger, past a breakpoint there, and without taking interrupts
    /// unless the vCPU sleeps. Debug when it was done.
    Outcome runSingle();
    /// What made run() or runSingle() return Debug.
    const cpu::DebugHit& debugHit() const;
    /// Is there a breakpoint on the instruction at `rip`?
    bool stopsAt(uint64_t rip) const;
    /// DR0-DR3, DR7 or CR4.DE changed: what they watch is looked at from now on. The block must be
    /// left then.
    void debugRegistersChanged();
    /// What a debug exception with these bits for DR6 leaves in DR6 and DR7, with the data
    /// breakpoints that wait (SDM volume 3 sections 17.2.3 and 17.2.4).
    void enterDebug(uint64_t bits);
    /// Is any access to memory or ports watched?
    bool watching() const { return m_watching; }
    /// The handler of an op of no length before an instruction with a breakpoint.
    static const Op* breakpoint(Core& core, const Op& op);

    // --- for handlers: registers ---

    template <class T>
    T get(uint16_t offset) const
    {
        T value;
        std::memcpy(&value, reinterpret_cast<const std::byte*>(regs.general.data()) + offset,
                    sizeof value);
        return value;
    }
    /// A 32-bit write clears the upper half (SDM volume 1 section 3.4.1.1).
    template <class T>
    void set(uint16_t offset, T value)
    {
        auto* to = reinterpret_cast<std::byte*>(regs.general.data()) + offset;
        if constexpr (sizeof(T) == 4) {
            const uint64_t wide = static_cast<uint32_t>(value);
            std::memcpy(to, &wide, sizeof wide);
        } else {
            std::memcpy(to, &value, sizeof value);
        }
    }

    // --- for handlers: where to go on ---

    /// Runs what follows in the block, from the end of the handler and as its result: handlers are
    /// threaded, with as deep a stack as a block is long where the compiler makes no jump of it.
    [[gnu::always_inline]] const Op* next(const Op& op)
    {
        const Op& following = (&op)[1];
        return following.run(*this, following);
    }
    /// Address of the following instruction.
    uint64_t nextRip(const Op& op) const { return (op.rip + op.length) & m_ripMask; }
    /// Ends the block at `rip`: interrupts and modes are looked at there.
    const Op* leave(uint64_t rip)
    {
        regs.rip = rip;
        return nullptr;
    }
    /// A near transfer inside the code segment, limit checked; `link` 0 or 1 remembers the block.
    /// Raises #GP at `op` when the target is outside the limit or not canonical.
    [[gnu::always_inline]] const Op* jump(const Op& op, uint64_t target, unsigned link)
    {
        Block* to = m_running->link[link];
        if (to != nullptr && to->rip == target && follows(*to)) [[likely]]
            return enter(*to);
        return jumpElsewhere(op, target, link);
    }
    /// The same where the block's link `link` always leads to `target`.
    [[gnu::always_inline]] const Op* jumpStraight(const Op& op, uint64_t target, unsigned link)
    {
        Block* to = m_running->link[link];
        if (to != nullptr && follows(*to)) [[likely]]
            return enter(*to);
        return jumpElsewhere(op, target, link);
    }
    /// After note() or a memory access that returned false: rip is the instruction's.
    const Op* fault(const Op& op) { return leave(op.rip); }
    const Op* raise(const Op& op, Vector vector);
    const Op* raise(const Op& op, Vector vector, uint32_t code);
    /// Notes an exception to be delivered when the block is left. Always false, for `return
    /// note()`.
    bool note(Vector vector);
    bool note(Vector vector, uint32_t code);
    bool notePageFault(uint64_t linear, uint32_t code);
    bool noteDebug(uint64_t bits); ///< #DB with these bits for DR6
    /// What began with RFLAGS.TF set and cleared it by entering other code is not trapped.
    void cancelTrap() { m_trap = false; }
    bool hasPending() const { return m_pending.present; }
    /// MOV SS, POP SS, STI: no interrupt before the end of the next instruction.
    enum class Shadow : uint8_t { None, MovSs, Sti };
    const Op* leaveShadowed(const Op& op, Shadow shadow);
    /// HLT: sleeps from the next instruction on.
    const Op* halt(const Op& op);

    // --- for handlers: memory operands (memory.cpp) ---

    /// Offset of a memory operand in its segment.
    uint64_t offset(const Op& op) const
    {
        const uint64_t at = get<uint64_t>(op.base) + (get<uint64_t>(op.index) << op.scale) +
                            static_cast<uint64_t>(op.disp);
        return at & addressMask(op.addressSize);
    }
    static uint64_t addressMask(uint8_t bytes)
    {
        return bytes == 8 ? ~uint64_t{0} : bytes == 4 ? 0xffff'ffff : 0xffff;
    }
    /// Linear address of [segment:offset, +size), checked; false with #GP or #SS noted.
    bool linearAt(uint8_t segment, uint64_t offset, unsigned size, Access access, uint64_t& linear)
    {
        if (m_long) [[likely]] {
            linear = offset + longBase(segment);
            return true; // a non-canonical one never hits the TLB, and the slow path raises
        }
        return linearLegacy(segment, offset, size, access, linear);
    }
    bool linear(const Op& op, unsigned size, Access access, uint64_t& at)
    {
        return linearAt(op.segment, offset(op), size, access, at);
    }

    /// One access with the current privilege. False with the exception noted. `segment` only tells
    /// #SS from #GP for non-canonical addresses.
    template <class T>
    [[gnu::always_inline]] bool loadLinear(uint64_t linear, T& value, uint8_t segment = kDs)
    {
        const TlbEntry& entry = m_tlb[(linear >> 12) & kTlbMask];
        if (((linear ^ entry.readTag) | ((linear + sizeof(T) - 1) ^ entry.readTag)) < 4096)
            [[likely]] {
            std::memcpy(&value, reinterpret_cast<const std::byte*>(linear + entry.addend),
                        sizeof value);
            return true;
        }
        T slow; // `value` itself stays in a register: its address goes nowhere
        if (!loadSlow(linear, &slow, sizeof slow, segment, alignmentOf(sizeof slow)))
            return false;
        value = slow;
        return true;
    }
    template <class T>
    [[gnu::always_inline]] bool storeLinear(uint64_t linear, T value, uint8_t segment = kDs)
    {
        const TlbEntry& entry = m_tlb[(linear >> 12) & kTlbMask];
        if (((linear ^ entry.writeTag) | ((linear + sizeof(T) - 1) ^ entry.writeTag)) < 4096)
            [[likely]] {
            std::memcpy(reinterpret_cast<std::byte*>(linear + entry.addend), &value, sizeof value);
            if (entry.info->codeMask.load(std::memory_order_relaxed) != 0) [[unlikely]]
                codeWritten(*entry.info, linear, sizeof value);
            return true;
        }
        const T slow = value;
        return storeSlow(linear, &slow, sizeof slow, segment, alignmentOf(sizeof slow));
    }
    /// Loads where the TLB allows reading; false: go the slow way.
    template <class T>
    [[gnu::always_inline]] bool loadCached(uint64_t linear, T& value) const
    {
        const TlbEntry& entry = m_tlb[(linear >> 12) & kTlbMask];
        if (((linear ^ entry.readTag) | ((linear + sizeof(T) - 1) ^ entry.readTag)) >= 4096)
            [[unlikely]]
            return false;
        std::memcpy(&value, reinterpret_cast<const std::byte*>(linear + entry.addend),
                    sizeof value);
        return true;
    }
    /// Host address of [linear, +size) where the TLB allows reading; false: go the slow way.
    [[gnu::always_inline]] bool cachedForRead(uint64_t linear, unsigned size,
                                              std::byte*& host) const
    {
        const TlbEntry& entry = m_tlb[(linear >> 12) & kTlbMask];
        host = reinterpret_cast<std::byte*>(linear + entry.addend);
        return ((linear ^ entry.readTag) | ((linear + size - 1) ^ entry.readTag)) < 4096;
    }
    /// Host address of [linear, +size) where the TLB allows writing; false: go the slow way. After
    /// writing ask hitCode(), not before: see PageInfo.
    [[gnu::always_inline]] bool cachedForWrite(uint64_t linear, unsigned size, std::byte*& host)
    {
        const TlbEntry& entry = m_tlb[(linear >> 12) & kTlbMask];
        host = reinterpret_cast<std::byte*>(linear + entry.addend);
        return ((linear ^ entry.writeTag) | ((linear + size - 1) ^ entry.writeTag)) < 4096;
    }
    /// Was what cachedForWrite() let write in a page of decoded code? Then wrote() must be called.
    [[gnu::always_inline]] bool hitCode(uint64_t linear) const
    {
        const PageInfo& info = *m_tlb[(linear >> 12) & kTlbMask].info;
        return info.codeMask.load(std::memory_order_relaxed) != 0;
    }
    template <class T>
    bool load(const Op& op, T& value)
    {
        uint64_t at = 0;
        return linear(op, sizeof(T), Access::Read, at) && loadLinear(at, value, op.segment);
    }
    template <class T>
    bool store(const Op& op, T value)
    {
        uint64_t at = 0;
        return linear(op, sizeof(T), Access::Write, at) && storeLinear(at, value, op.segment);
    }
    /// Read-modify-write of the memory operand: stores change(old). Write permission is checked
    /// before anything is read. With `locked` the change is one atomic step for all vCPUs and
    /// `change` may be called several times: its last call counts. T up to 16 bytes.
    template <class T, class Change>
    bool modify(const Op& op, bool locked, Change change)
    {
        uint64_t at = 0;
        return linear(op, sizeof(T), Access::Write, at) &&
               modifyLinear<T>(at, op.segment, locked, change);
    }
    template <class T, class Change>
    bool modifyLinear(uint64_t linear, uint8_t segment, bool locked, Change change);
    /// Any number of bytes up to 4096, in one or two pages, all or nothing: both pages are checked
    /// first. `alignment` as for aligned().
    bool loadBytes(uint64_t linear, void* to, unsigned size, uint8_t segment = kDs,
                   unsigned alignment = 1)
    {
        return loadSlow(linear, to, size, segment, alignment);
    }
    bool storeBytes(uint64_t linear, const void* from, unsigned size, uint8_t segment = kDs,
                    unsigned alignment = 1)
    {
        return storeSlow(linear, from, size, segment, alignment);
    }
    /// Do unaligned data raise #AC (SDM volume 3 section 6.15, interrupt 17)? All accesses go the
    /// slow way then, and ask there.
    bool checksAlignment() const { return m_checksAlignment; }
    /// Notes #AC if data at `linear` are checked and lie at no multiple of `alignment`, a power of
    /// 2. Comes before #PF, as on AMD's processors (the SDM has it behind), but not before what the
    /// access itself raises for addresses that are not canonical.
    bool aligned(uint64_t linear, unsigned alignment)
    {
        return !m_checksAlignment || (linear & (alignment - 1)) == 0 ||
               (m_long && !canonical(linear)) || note(Vector::Ac, 0);
    }
    /// The multiple at which data of `size` bytes must lie (SDM volume 3 table 6-7).
    static constexpr unsigned alignmentOf(unsigned size)
    {
        constexpr unsigned kExtended = 10; // of the x87: as a quadword
        const unsigned power = size & -size;
        return size == kExtended ? 8 : power < 16 ? power : 16;
    }
    /// Host memory of [linear, linear + size) when it is RAM inside one page and the access is
    /// allowed (with faults noted otherwise when `mayFault`); null else: go the slow way. After
    /// writing through it call wrote().
    std::byte* hostPointer(uint64_t linear, unsigned size, Access access);
    void wrote(uint64_t linear, unsigned size);

    /// Accesses to descriptor tables and TSS: supervisor whatever CPL (SDM volume 3 section 4.6.1).
    template <class T>
    bool loadSystem(uint64_t linear, T& value)
    {
        const TlbEntry& entry = m_systemTlb[(linear >> 12) & kTlbMask];
        if (((linear ^ entry.readTag) | ((linear + sizeof(T) - 1) ^ entry.readTag)) < 4096)
            [[likely]] {
            std::memcpy(&value, reinterpret_cast<const std::byte*>(linear + entry.addend),
                        sizeof value);
            return true;
        }
        return systemAccess(linear, &value, sizeof value, Access::Read);
    }
    template <class T>
    bool storeSystem(uint64_t linear, T value)
    {
        const TlbEntry& entry = m_systemTlb[(linear >> 12) & kTlbMask];
        if (((linear ^ entry.writeTag) | ((linear + sizeof(T) - 1) ^ entry.writeTag)) < 4096)
            [[likely]] {
            std::memcpy(reinterpret_cast<std::byte*>(linear + entry.addend), &value, sizeof value);
            if (entry.info->codeMask.load(std::memory_order_relaxed) != 0) [[unlikely]]
                codeWritten(*entry.info, linear, sizeof value);
            return true;
        }
        return systemAccess(linear, &value, sizeof value, Access::Write);
    }
    /// Would each page of [linear, +size) allow the access? Notes the fault if not; `alignment` as
    /// for aligned().
    bool probe(uint64_t linear, unsigned size, Access access, bool system, unsigned alignment = 1);

    // --- for handlers: the stack (stack.cpp) ---

    /// Width of SP: 2, 4, 8.
    unsigned stackSize() const { return m_long ? 8 : regs.segment[kSs].db ? 4 : 2; }
    uint64_t stackMask() const { return addressMask(static_cast<uint8_t>(stackSize())); }
    void setStackPointer(uint64_t value);
    /// Pushes or pops `size` bytes (2, 4, 8); registers change only on success.
    bool push(uint64_t value, unsigned size);
    bool pop(uint64_t& value, unsigned size);

    // --- modes ---

    /// Recomputes everything that follows from CS, SS, RFLAGS.VM, CR0, CR4 and EFER. Call after any
    /// of them changed; the block must be left then.
    void modeChanged();
    bool inLong64() const { return m_long; } ///< 64-bit mode
    bool longActive() const { return (sys.efer & cr::kEferLma) != 0; }
    bool protectedMode() const { return (sys.cr0 & cr::k0Pe) != 0; }
    bool v8086() const { return (regs.systemFlags & flag::kVm) != 0; }
    bool realOrV86() const { return !protectedMode() || v8086(); }
    unsigned cpl() const { return m_cpl; }
    unsigned iopl() const { return static_cast<unsigned>((regs.systemFlags & flag::kIopl) >> 12); }
    /// What 64-bit mode adds to an offset in `segment`: FS and GS base, else 0.
    uint64_t longBase(uint8_t segment) const { return m_longBase.data()[segment]; }
    uint64_t ripMask() const { return m_ripMask; }
    static bool canonical(uint64_t address)
    {
        return static_cast<uint64_t>(static_cast<int64_t>(address << 16) >> 16) == address;
    }

    // --- address translation (paging.cpp) ---

    /// Forgets translations: all of every address space, or all but global ones of this one.
    void flushTlb(bool globalToo);
    /// Forgets those of one page, whatever the PCID.
    void flushPage(uint64_t linear);
    void flushAllButGlobal();       ///< of every address space
    void flushSpace(uint16_t pcid); ///< all but global ones of one PCID
    /// CR0.WP was set: what the supervisor may write is looked up again, everywhere.
    void flushWritable();
    /// CR3 was written: goes on with what is cached for its PCID if `keep`.
    void enterSpace(bool keep);
    /// Walks the page tables, sets A and D. False with #PF noted (unless `quiet`).
    struct Translation {
        uint64_t physical = 0;
        bool writable = false; ///< a later write needs no new walk
        bool global = false;
        bool large = false; ///< bigger than 4 KiB
    };
    bool translate(uint64_t linear, Access access, bool user, Translation& result,
                   bool quiet = false);
    /// As the debugger sees memory: no rights, no A/D, no faults.
    bool translateForDebugger(uint64_t linear, uint64_t& physical);
    bool loadPdptes(); ///< CR3 or CR4 changed in PAE paging; false with #GP noted

    // --- floating point (native.cpp) ---

    /// From one SSE instruction that computes to the next the host's MXCSR stays the guest's and
    /// gathers flags, as long as the guest masks all exceptions.
    bool mxcsrLoaded() const { return m_mxcsrLoaded; }
    void loadMxcsr();
    /// Notes the flags and gives the host its own MXCSR: before anybody looks at the guest's, and
    /// before code outside the executor runs, which may compute too.
    void settleMxcsr()
    {
        if (m_mxcsrLoaded) [[unlikely]]
            takeMxcsr();
    }

    // --- events (events.cpp) ---

    /// Takes an interrupt or exception: pushes, loads CS:RIP. False with another exception noted.
    bool deliverEvent(uint8_t vector, EventKind kind, bool hasCode, uint32_t code);
    /// Delivers the pending exception with the rules for double and triple faults (SDM volume 3
    /// section 6.15, table 6-5). False: triple fault.
    bool deliverPending();
    PendingException takePending();
    /// Resets after INIT or power-on.
    void resetRegisters(bool init);

    // --- segments and far transfers (segments.cpp, far.cpp, task.cpp) ---

    /// MOV/POP/Lxx to ES, SS, DS, FS, GS with all checks.
    bool loadSegment(uint8_t segment, uint16_t selector);
    bool loadLdt(uint16_t selector);
    bool loadTask(uint16_t selector);
    /// JMP/CALL far to selector:offset.
    bool farJump(uint16_t selector, uint64_t target, unsigned operandSize);
    bool farCall(uint16_t selector, uint64_t target, unsigned operandSize, uint64_t returnRip);
    bool farReturn(unsigned operandSize, unsigned releasedBytes);
    bool interruptReturn(unsigned operandSize);
    enum class TaskSwitch : uint8_t { Jump, Call, Return, Gate };
    bool switchTask(uint16_t selector, TaskSwitch kind, uint64_t nextRip, bool hasCode,
                    uint32_t code);

    // --- MSRs (msrs.cpp), I/O (io.cpp) ---

    /// False: the index or the value raises #GP.
    bool readMsr(uint32_t index, uint64_t& value);
    bool writeMsr(uint32_t index, uint64_t value);
    uint64_t timestamp()
    {
        settleMxcsr();
        return m_environment.tsc.nowTicks() + sys.tscOffset;
    }
    /// May the current privilege touch [port, +size)? Notes #GP if not (SDM volume 1 section 19.5).
    bool portAllowed(uint16_t port, unsigned size);
    uint32_t portIn(uint16_t port, unsigned size);
    void portOut(uint16_t port, uint32_t value, unsigned size);

    // --- state (state.cpp) ---

    /// Hostile input gives an Error or a state that faults; never anything worse.
    Result<void> load(const cpu::CpuState& state);
    /// The state after power-on; nothing decoded or translated is kept.
    void powerOn();
    void save(cpu::CpuState& state);

    const Environment& environment() const { return m_environment; }
    Blocks& blocks() { return *m_blocks; }
    /// The block whose instructions run now, or null.
    Block* running() const { return m_running; }
    void setRunning(Block* block) { m_running = block; }
    /// Thunks of real instructions, made on first use; null when the host refuses memory for code.
    NativeCode* native();
    uint32_t mode() const { return m_mode; }
    /// Linear address of an instruction at `rip`.
    uint64_t codeLinear(uint64_t rip) const
    {
        return m_long ? rip : (regs.segment[kCs].base + rip) & 0xffff'ffff;
    }
    /// Moves on with every flush: links between blocks of different pages hold only for one value.
    uint32_t translationEpoch() const { return m_epoch; }
    /// Physical address of code at `linear`, with execute permission; false with #PF noted.
    bool translateCode(uint64_t linear, uint64_t& physical, PhysicalPage& page);

    bool m_halted = false;
    /// The next HLT ends at once. Not saved: there is one moment to lose it in.
    bool m_unhalted = false;
    Shadow m_shadow = Shadow::None;
    bool m_nmiMasked = false;
    bool m_waitForSipi = false;
    unsigned m_nmiPending = 0;         ///< at most one to take and one latched behind it
    std::optional<uint8_t> m_injected; ///< an interrupt acknowledged before the state was saved

private:
    static constexpr unsigned kTlbBits = 10;
    static constexpr uint64_t kTlbMask = (1 << kTlbBits) - 1;
    using Tlb = std::array<TlbEntry, size_t{1} << kTlbBits>;

    uint16_t pcid() const;
    void selectSpace(uint16_t pcid);
    void selectRows();
    void startEpoch(Translations& space);
    bool walk(uint64_t linear, Walk& walk);
    bool markWalk(const Walk& walk, bool write);
    bool rightsAllow(const Walk& walk, Access access, bool user) const;
    /// Enters a translation into the current TLB. False with the fault noted.
    bool fill(uint64_t linear, Access access, unsigned context, Reached& reached);
    bool reach(uint64_t linear, Access access, unsigned context, Reached& reached);
    uint64_t deviceRead(uint64_t physical, unsigned size);
    void deviceWrite(uint64_t physical, uint64_t value, unsigned size);
    void refreshMap();
    void execute(bool single);
    void step();
    void begin();
    bool attend();
    void startAt(uint8_t page);
    bool takeInterrupt();
    bool interruptWith(uint8_t vector, EventKind kind);
    /// May the running block go on with a linked one? Mode and code segment are the same, or the
    /// running block would have been left: translation and bytes may have changed.
    bool follows(const Block& block) const
    {
        return block.epoch == m_epoch &&
               block.page->generation.load(std::memory_order_acquire) == block.generation &&
               attention() == 0;
    }
    const Op* enter(Block& block)
    {
        m_running = &block;
        m_instructions += block.count;
        return block.ops;
    }
    const Op* jumpElsewhere(const Op& op, uint64_t target, unsigned link);
    bool apicAt(uint64_t physical) const;
    bool transfer(uint64_t linear, std::byte* data, unsigned size, Access access, unsigned context);
    bool watched(uint64_t linear) const;
    bool stoppedBefore() const;
    Outcome takeHit();
    void noteWatched(uint64_t linear, unsigned size, Access access);
    void notePort(uint16_t port, unsigned size);
    void noteHits(uint8_t met);
    uint64_t takeTraps();
    void settleTraps();
    void endHits();
    bool meetsBreakpoint(uint64_t linear);
    bool refuseFetch();
    void resume();
    void takeMxcsr();
    void readPart(const Reached& part, std::byte* to, unsigned size);
    void writePart(const Reached& part, uint64_t linear, const std::byte* from, unsigned size);
    static void copyGuest(std::byte* to, const std::byte* from, unsigned size);
    bool linearLegacy(uint8_t segment, uint64_t offset, unsigned size, Access access,
                      uint64_t& linear);
    bool loadSlow(uint64_t linear, void* to, unsigned size, uint8_t segment, unsigned alignment);
    bool storeSlow(uint64_t linear, const void* from, unsigned size, uint8_t segment,
                   unsigned alignment);
    bool systemAccess(uint64_t linear, void* data, unsigned size, Access access);
    void codeWritten(PageInfo& info, uint64_t linear, unsigned size);
    /// Serialises page-crossing and device LOCKs among all vCPUs.
    bool modifySlow(uint64_t linear, unsigned size, uint8_t segment,
                    void (*change)(void* bytes, void* context), void* context);
    bool modifyUncached(uint64_t linear, unsigned size, void (*change)(void* bytes, void* context),
                        void* context);

    Environment m_environment;
    std::atomic<uint32_t> m_attention{0};
    std::atomic<unsigned> m_nmiArrived{0};
    std::atomic<uint8_t> m_startupPage{0};
    TlbEntry* m_tlb = nullptr;       ///< the array for the current privilege
    TlbEntry* m_systemTlb = nullptr; ///< the one for system accesses
    std::array<uint64_t, 8> m_longBase{};
    Block* m_running = nullptr;
    uint64_t m_ripMask = 0xffff;
    uint32_t m_mode = 0;
    uint32_t m_epoch = 1;
    unsigned m_cpl = 0;
    bool m_long = false;
    bool m_trap = false;         ///< a single-step #DB follows the instruction that runs
    bool m_smapOverride = false; ///< EFLAGS.AC lets the supervisor touch user pages
    bool m_watching = false;     ///< data or ports, by the debugger or the guest
    bool m_mxcsrLoaded = false;
    bool m_checksAlignment = false;
    PendingException m_pending;
    uint64_t m_instructions = 0;
    std::string m_unknown;
    std::unique_ptr<Blocks> m_blocks;
    std::unique_ptr<NativeCode, NativeDeleter> m_native;
    bool m_nativeRefused = false;
    std::unique_ptr<Internal> m_internal;
};

/// 16 bytes as CMPXCHG16B sees them.
__extension__ using Wide = unsigned __int128;

/// One atomic step on the host, aligned or not: replaces `expected` by `desired`, or reads what is
/// there into `expected`.
template <class T>
inline bool compareExchange(std::byte* at, T& expected, T desired)
{
    bool done = false;
    auto* target = reinterpret_cast<T*>(at);
    if constexpr (sizeof(T) == 16) {
        auto low = static_cast<uint64_t>(expected);
        auto high = static_cast<uint64_t>(expected >> 64);
        asm volatile("lock cmpxchg16b %[target]"
                     : [target] "+m"(*target), "=@ccz"(done), "+a"(low), "+d"(high)
                     : "b"(static_cast<uint64_t>(desired)),
                       "c"(static_cast<uint64_t>(desired >> 64))
                     : "memory");
        expected = static_cast<T>(high) << 64 | low;
    } else {
        asm volatile("lock cmpxchg %[desired], %[target]"
                     : [target] "+m"(*target), "=@ccz"(done), "+a"(expected)
                     : [desired] "q"(desired)
                     : "memory");
    }
    return done;
}

template <class T, class Change>
bool Core::modifyLinear(uint64_t linear, uint8_t segment, bool locked, Change change)
{
    const TlbEntry& entry = m_tlb[(linear >> 12) & kTlbMask];
    std::byte* host = nullptr;
    if (((linear ^ entry.writeTag) | ((linear + sizeof(T) - 1) ^ entry.writeTag)) < 4096)
        [[likely]] {
        host = reinterpret_cast<std::byte*>(linear + entry.addend);
    } else if (longActive() && !canonical(linear)) {
        return note(segment == kSs ? Vector::Ss : Vector::Gp, 0);
    } else if (host = hostPointer(linear, sizeof(T), Access::Write); host == nullptr) {
        if (hasPending())
            return false;
        const auto erased = [](void* bytes, void* context) {
            T value;
            std::memcpy(&value, bytes, sizeof value);
            value = (*static_cast<Change*>(context))(value);
            std::memcpy(bytes, &value, sizeof value);
        };
        return modifySlow(linear, sizeof(T), segment, erased, &change);
    }
    T value;
    std::memcpy(&value, host, sizeof value);
    if (locked) {
        while (!compareExchange<T>(host, value, change(value)))
            ;
    } else {
        value = change(value);
        std::memcpy(host, &value, sizeof value);
    }
    if (m_tlb[(linear >> 12) & kTlbMask].info->codeMask.load(std::memory_order_relaxed) != 0)
        [[unlikely]]
        wrote(linear, sizeof(T));
    return true;
}

} // namespace vmm::soft
