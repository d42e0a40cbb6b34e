// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/soft/core.h"

#include <fmt/format.h>

#include <algorithm>

#include "vmm/soft/core_internal.h"

namespace vmm::soft {

namespace {

constexpr uint64_t kSingleStepBit = 1 << 14; // DR6.BS

} // namespace

Core::Core(const Environment& environment)
    : m_environment(environment),
      m_blocks(std::make_unique<Blocks>(*this)),
      m_internal(std::make_unique<Internal>())
{
    selectSpace(0);
    resetRegisters(false);
    modeChanged();
}

Core::~Core() = default;

void Core::powerOn()
{
    resetRegisters(false);
    m_pending = {};
    m_unknown.clear();
    m_injected.reset();
    m_nmiPending = 0;
    m_nmiMasked = m_halted = m_unhalted = false;
    m_shadow = Shadow::None;
    m_waitForSipi = m_environment.index != 0;
    modeChanged();
    flushTlb(true);
    m_blocks->clear();
}

void Core::modeChanged()
{
    const cpu::Segment& cs = regs.segment[kCs];
    const bool protectedNow = protectedMode() && !v8086();
    m_long = longActive() && cs.l;
    m_ripMask = m_long ? ~uint64_t{0} : 0xffff'ffff;
    m_cpl = !protectedMode() ? 0 : v8086() ? 3 : regs.segment[kSs].dpl;
    m_mode = (m_long  ? block_mode::kCode64
              : cs.db ? block_mode::kCode32
                      : block_mode::kCode16) |
             (regs.segment[kSs].db ? block_mode::kStack32 : 0) |
             (protectedNow ? block_mode::kProtected : 0) | (v8086() ? block_mode::kV8086 : 0) |
             (m_cpl == 3 ? block_mode::kUser : 0);
    // Only where it changed, which keeps the compiler from reading both as one vector: the host
    // would wait for what SWAPGS wrote of it.
    for (const Seg segment : {kFs, kGs})
        if (m_longBase[segment] != regs.segment[segment].base)
            m_longBase[segment] = regs.segment[segment].base;
    const bool override = (regs.systemFlags & flag::kAc) != 0 || (sys.cr4 & cr::k4Smap) == 0;
    m_internal->context = m_cpl == 3 ? Translations::kUser
                          : override ? Translations::kSupervisorAc
                                     : Translations::kSupervisor;
    m_smapOverride = override;
    m_checksAlignment =
        m_cpl == 3 && (sys.cr0 & cr::k0Am) != 0 && (regs.systemFlags & flag::kAc) != 0;
    selectRows();
}

bool Core::note(Vector vector)
{
    m_pending = {true, vector, false, 0, 0, 0};
    return false;
}

bool Core::note(Vector vector, uint32_t code)
{
    m_pending = {true, vector, true, code, 0, 0};
    return false;
}

bool Core::notePageFault(uint64_t linear, uint32_t code)
{
    m_pending = {true, Vector::Pf, true, code, linear, 0};
    return false;
}

const Op* Core::raise(const Op& op, Vector vector)
{
    note(vector);
    return fault(op);
}

const Op* Core::raise(const Op& op, Vector vector, uint32_t code)
{
    note(vector, code);
    return fault(op);
}

const Op* Core::leaveShadowed(const Op& op, Shadow shadow)
{
    m_shadow = shadow;
    return leave(nextRip(op));
}

const Op* Core::halt(const Op& op)
{
    m_halted = true;
    return leave(nextRip(op));
}

const Op* Core::jumpElsewhere(const Op& op, uint64_t target, unsigned link)
{
    if (m_long ? !canonical(target) : target > regs.segment[kCs].limit) [[unlikely]]
        return raise(op, Vector::Gp, 0);
    regs.rip = target;
    if (attention() != 0) [[unlikely]]
        return nullptr;
    Block* block = m_blocks->follow(*m_running, link);
    return block == nullptr ? nullptr : enter(*block);
}

void Core::setUnknownInstruction(std::string sentence)
{
    m_unknown = std::move(sentence);
}

std::string Core::whereabouts(uint64_t rip) const
{
    const cpu::Segment& cs = regs.segment[kCs];
    const char* mode = m_long        ? "64-bit"
                       : realOrV86() ? "real mode"
                       : cs.db       ? "32-bit protected mode"
                                     : "16-bit protected mode";
    return fmt::format("{:#x} (code segment base {:#x}, {})", rip, cs.base, mode);
}

/// Runs from rip until a block is left; with `single` a block of one instruction, which transfers
/// out of it leave too.
void Core::execute(bool single)
{
    if (single) {
        m_mode |= block_mode::kSingle;
        raiseAttention(kSingle);
    }
    if (Block* block = m_blocks->find(); block != nullptr) {
        for (const Op* op = enter(*block); op != nullptr;)
            op = op->run(*this, *op);
    }
    m_running = nullptr;
    settleMxcsr();
    if (single) {
        m_mode &= ~block_mode::kSingle;
        m_attention.fetch_and(~uint32_t{kSingle}, std::memory_order_seq_cst);
    }
}

/// One instruction with what follows from RFLAGS.TF (SDM volume 3 section 17.3.1.4).
void Core::step()
{
    settleTraps(); // of an event's pushes
    if (m_pending.present)
        return;
    m_trap = (regs.systemFlags & flag::kTf) != 0;
    const Shadow shadow = m_shadow;
    m_shadow = Shadow::None;
    m_internal->behindMovSs = shadow == Shadow::MovSs;
    resume();
    execute(true);
    m_internal->behindMovSs = false;
    if (stoppedBefore()) {
        m_shadow = shadow;
        return;
    }
    endHits();
    if (m_trap && m_shadow != Shadow::MovSs && !m_pending.present)
        noteDebug(kSingleStepBit | takeTraps());
    settleTraps();
}

/// Goes on where RFLAGS.TF or RF is set or the last instruction casts a shadow.
void Core::begin()
{
    if (m_shadow != Shadow::None || (regs.systemFlags & flag::kTf) != 0) {
        step();
        return;
    }
    resume();
    execute(false);
}

Outcome Core::runOne()
{
    step();
    if (m_pending.present && !deliverPending())
        return Outcome::TripleFault;
    return m_unknown.empty() ? Outcome::Kicked : Outcome::Unknown;
}

/// What others asked for. False: run() returns with Kicked.
bool Core::attend()
{
    const uint32_t reasons = m_attention.exchange(0, std::memory_order_seq_cst);
    if ((reasons & kMapChanged) != 0 && m_environment.map.version() != m_internal->mapVersion)
        refreshMap();
    if ((reasons & kNmi) != 0)
        m_nmiPending = std::min(m_nmiPending + m_nmiArrived.exchange(0), m_nmiMasked ? 1U : 2U);
    if ((reasons & kInit) != 0) {
        resetRegisters(true);
        modeChanged();
        flushTlb(true);
        m_waitForSipi = m_environment.index != 0;
        m_halted = false;
    }
    if ((reasons & kStartup) != 0 && m_waitForSipi)
        startAt(m_startupPage.load(std::memory_order_acquire));
    if ((reasons & kTraps) != 0)
        settleTraps();
    m_unhalted = m_unhalted || (reasons & kUnhalt) != 0;
    return (reasons & (kKick | kDebug)) == 0;
}

/// SIPI (SDM volume 3 section 9.4.4): real mode at page `page`.
void Core::startAt(uint8_t page)
{
    m_waitForSipi = false;
    m_halted = false;
    cpu::Segment& cs = regs.segment[kCs];
    cs.selector = static_cast<uint16_t>(page << 8);
    cs.base = uint64_t{page} << 12;
    regs.rip = 0;
    modeChanged();
}

/// Takes an NMI or interrupt if one may come in now. True when it did, or faulted on the way.
bool Core::takeInterrupt()
{
    if (m_injected) {
        const uint8_t vector = *m_injected;
        m_injected.reset();
        return interruptWith(vector, EventKind::HardwareInterrupt);
    }
    if (m_nmiPending != 0 && !m_nmiMasked && m_shadow == Shadow::None) {
        --m_nmiPending;
        m_nmiMasked = true;
        return interruptWith(static_cast<uint8_t>(Vector::Nmi), EventKind::Nmi);
    }
    if (m_environment.apic == nullptr || (regs.systemFlags & flag::kIf) == 0 ||
        m_shadow != Shadow::None || !m_environment.apic->pending())
        return false;
    const auto vector = m_environment.apic->acknowledge();
    return vector && interruptWith(*vector, EventKind::HardwareInterrupt);
}

/// Always true.
bool Core::interruptWith(uint8_t vector, EventKind kind)
{
    m_halted = false;
    if (deliverEvent(vector, kind, false, 0))
        settleTraps(); // its pushes may have been watched
    return true;
}

Outcome Core::run()
{
    for (;;) {
        if (attention() != 0 && !attend())
            return takeHit();
        if (m_waitForSipi)
            return Outcome::Halted;
        if (!m_pending.present) [[likely]]
            takeInterrupt();
        if (m_halted && !std::exchange(m_unhalted, false))
            return Outcome::Halted;
        m_halted = false;
        if (!m_pending.present) {
            constexpr uint64_t kSpecial = flag::kTf | flag::kRf;
            if (m_shadow != Shadow::None || (regs.systemFlags & kSpecial) != 0) [[unlikely]]
                begin();
            else
                execute(false);
        }
        if (m_pending.present && !deliverPending()) [[unlikely]]
            return Outcome::TripleFault;
        if (!m_unknown.empty()) [[unlikely]]
            return Outcome::Unknown;
    }
}

} // namespace vmm::soft
