// SPDX-License-Identifier: GPL-3.0-or-later
// Hardware task switches. Intel SDM volume 3 chapter 7; the TSS: figures 7-2 and 7-10.
#include <array>
#include <cstring>

#include "vmm/soft/core.h"
#include "vmm/soft/descriptor.h"
#include "vmm/soft/stack_switch.h"
#include "vmm/soft/virtual_interrupts.h"

namespace vmm::soft {

namespace {

/// Where a TSS of one width keeps what a switch saves and loads.
struct Layout {
    unsigned word;     ///< bytes of a register
    unsigned bytes;    ///< least size
    unsigned cr3;      ///< 0: has none
    unsigned ip;       ///< then flags, then the eight registers
    unsigned segments; ///< ES, CS, SS, DS (, FS, GS)
    unsigned segmentStep;
    unsigned segmentCount;
    unsigned ldt;
    unsigned trap; ///< 0: has none
};
constexpr Layout kLayout16 = {2, 44, 0, 14, 34, 2, 4, 42, 0};
constexpr Layout kLayout32 = {4, 104, 28, 32, 72, 4, 6, 96, 100};
constexpr size_t kMostBytes = 104;

const Layout& layoutOf(uint8_t type)
{
    return (type & 8) != 0 ? kLayout32 : kLayout16;
}

using Image = std::array<uint8_t, kMostBytes>;

uint32_t field(const Image& image, unsigned at, unsigned size)
{
    uint32_t value = 0;
    std::memcpy(&value, image.data() + at, size);
    return value;
}

uint64_t at(uint64_t base, unsigned offset)
{
    return (base + offset) & 0xffff'ffff;
}

bool storeField(Core& c, uint64_t linear, uint32_t value, unsigned size)
{
    return size == 2 ? c.storeSystem(linear, static_cast<uint16_t>(value))
                     : c.storeSystem(linear, value);
}

bool readImage(Core& c, uint64_t base, unsigned bytes, Image& image)
{
    for (unsigned i = 0; i < bytes; i += 4) {
        uint32_t value = 0;
        if (!c.loadSystem(at(base, i), value))
            return false;
        std::memcpy(image.data() + i, &value, sizeof value);
    }
    return true;
}

/// Registers of the task being left (section 7.3 step 7).
bool saveTask(Core& c, uint64_t rip, uint64_t flags)
{
    const cpu::Segment& tss = c.regs.segment[kTr];
    const Layout& layout = layoutOf(tss.type);
    unsigned place = layout.ip;
    const auto put = [&](uint64_t value) {
        const bool stored =
            storeField(c, at(tss.base, place), static_cast<uint32_t>(value), layout.word);
        place += layout.word;
        return stored;
    };
    if (!put(rip) || !put(flags))
        return false;
    for (unsigned n = kRax; n <= kRdi; ++n) {
        if (!put(c.regs.general[n]))
            return false;
    }
    for (unsigned n = 0; n < layout.segmentCount; ++n) {
        const uint16_t selector = c.regs.segment[n].selector;
        if (!c.storeSystem(at(tss.base, layout.segments + n * layout.segmentStep), selector))
            return false;
    }
    return true;
}

/// The descriptor of the task to switch to: #GP, for a return #TS, when it is not one.
bool fetchTask(Core& c, uint16_t selector, Core::TaskSwitch kind, unsigned ext, Descriptor& task)
{
    const bool back = kind == Core::TaskSwitch::Return;
    const Vector bad = back ? Vector::Ts : Vector::Gp;
    if (isNull(selector) || (selector & 4) != 0)
        return refuse(c, bad, selector, ext);
    if (!requireDescriptor(c, selector, task, bad, ext))
        return false;
    const uint8_t type = back ? task.type() & ~2 : task.type();
    const bool busy = (task.type() & 2) != 0;
    const bool tss = type == system_type::kTss16 || type == system_type::kTss32;
    if (task.s() || !tss || busy != back)
        return refuse(c, bad, selector, ext);
    if (!requirePresent(c, task, selector, ext))
        return false;
    if (task.limit() + 1ULL < layoutOf(task.type()).bytes)
        return refuse(c, Vector::Ts, selector, ext);
    return true;
}

/// All that is written must be writable before anything is.
bool probeTasks(Core& c, const Descriptor& task, bool link, unsigned ext)
{
    const cpu::Segment& old = c.regs.segment[kTr];
    const Layout& layout = layoutOf(old.type);
    if (old.limit + 1ULL < layout.bytes)
        return refuse(c, Vector::Ts, old.selector, ext);
    if (!c.probe(at(old.base, 0), layout.bytes, Access::Write, true))
        return false;
    return !link || c.probe(at(task.base(), 0), 2, Access::Write, true);
}

bool clearOldBusy(Core& c)
{
    Descriptor old;
    const Fetched fetched = fetchDescriptor(c, c.regs.segment[kTr].selector, old);
    if (fetched != Fetched::Ok)
        return fetched == Fetched::Outside; // gone from the table: nothing to clear
    return setBusy(c, old, false);
}

/// The selectors first, so that a fault on the way finds them there (section 7.3 step 12).
void loadSelectors(Core& c, const Image& image, const Layout& layout)
{
    const bool v8086 = c.v8086();
    for (unsigned n = 0; n < 6; ++n) {
        uint16_t selector = 0;
        if (n < layout.segmentCount)
            selector =
                static_cast<uint16_t>(field(image, layout.segments + n * layout.segmentStep, 2));
        cpu::Segment& segment = c.regs.segment[n];
        segment = v8086 ? virtual8086Segment(selector) : nullSegment(selector);
    }
    const auto ldt = static_cast<uint16_t>(field(image, layout.ldt, 2));
    c.regs.segment[kLdtr] = nullSegment(ldt);
    const auto cpl = static_cast<uint8_t>(c.regs.segment[kCs].selector & 3);
    if (!v8086)
        c.regs.segment[kSs].dpl = c.regs.segment[kCs].dpl = cpl;
}

void loadRegisters(Core& c, const Image& image, const Layout& layout, uint64_t setFlags)
{
    unsigned place = layout.ip;
    const auto take = [&] {
        const uint32_t value = field(image, place, layout.word);
        place += layout.word;
        return value;
    };
    c.regs.rip = take();
    const uint64_t flags = ((take() & 0x3f'7fd7U) | setFlags | flag::kOne);
    c.regs.flags.set(flags);
    c.regs.systemFlags = flags & ~flag::kArithmetic;
    for (unsigned n = kRax; n <= kRdi; ++n)
        c.regs.general[n] = take();
}

bool loadTaskLdt(Core& c)
{
    const uint16_t selector = c.regs.segment[kLdtr].selector;
    if (isNull(selector))
        return true;
    Descriptor ldt;
    if ((selector & 4) != 0)
        return refuse(c, Vector::Ts, selector);
    if (!requireDescriptor(c, selector, ldt, Vector::Ts, 0))
        return false;
    if (ldt.s() || ldt.type() != system_type::kLdt || !ldt.present())
        return refuse(c, Vector::Ts, selector);
    c.regs.segment[kLdtr] = ldt.segment(selector);
    return true;
}

bool loadTaskCode(Core& c)
{
    const uint16_t selector = c.regs.segment[kCs].selector;
    Descriptor code;
    if (isNull(selector))
        return refuse(c, Vector::Ts, selector);
    if (!requireDescriptor(c, selector, code, Vector::Ts, 0))
        return false;
    const unsigned rpl = selector & 3U;
    const bool refused =
        !code.isCode() || (code.isConforming() ? code.dpl() > rpl : code.dpl() != rpl);
    if (refused)
        return refuse(c, Vector::Ts, selector);
    if (!requirePresent(c, code, selector, 0) || !markAccessed(c, code))
        return false;
    c.regs.segment[kCs] = code.segment(selector);
    return true;
}

bool loadTaskStack(Core& c)
{
    const uint16_t selector = c.regs.segment[kSs].selector;
    Descriptor stack;
    if (!fetchStack(c, selector, c.regs.segment[kCs].selector & 3U, stack, Vector::Ts, 0) ||
        !markAccessed(c, stack))
        return false;
    c.regs.segment[kSs] = stack.segment(selector);
    return true;
}

bool loadTaskData(Core& c, uint8_t segment)
{
    const uint16_t selector = c.regs.segment[segment].selector;
    if (isNull(selector))
        return true;
    Descriptor data;
    if (!requireDescriptor(c, selector, data, Vector::Ts, 0))
        return false;
    const bool conforming = data.isCode() && data.isConforming();
    const bool tooInner = (selector & 3U) > data.dpl() || c.cpl() > data.dpl();
    if (!data.isReadable() || (!conforming && tooInner))
        return refuse(c, Vector::Ts, selector);
    if (!requirePresent(c, data, selector, 0) || !markAccessed(c, data))
        return false;
    c.regs.segment[segment] = data.segment(selector);
    return true;
}

/// Hidden parts of the segment registers. Faults belong to the new task (section 7.3).
bool loadTaskSegments(Core& c)
{
    if (!loadTaskLdt(c))
        return false;
    if (!c.v8086()) {
        if (!loadTaskCode(c) || !loadTaskStack(c))
            return false;
        c.modeChanged();
        for (const uint8_t segment : {kDs, kEs, kFs, kGs}) {
            if (!loadTaskData(c, segment))
                return false;
        }
    }
    return c.regs.rip <= c.regs.segment[kCs].limit || c.note(Vector::Gp, 0);
}

bool pushCode(Core& c, unsigned size, uint32_t code)
{
    const StackPlace place = currentStack(c);
    StackFrame frame(place, size, c.cpl());
    frame.push(code);
    if (!frame.write(c, 0))
        return false;
    c.regs.general[kRsp] = frame.pointer();
    return true;
}

/// CR3 of the new task; the page tables behind it are needed from here on.
void loadTaskCr3(Core& c, const Image& image, const Layout& layout)
{
    if (layout.cr3 == 0 || (c.sys.cr0 & cr::k0Pg) == 0)
        return;
    c.sys.cr3 = field(image, layout.cr3, 4);
    c.flushTlb(false);
}

/// Everything behind the point of no return. False with a fault in the new task.
bool enterTask(Core& c, const Image& image, const Descriptor& task, uint64_t setFlags)
{
    const Layout& layout = layoutOf(task.type());
    loadTaskCr3(c, image, layout);
    loadRegisters(c, image, layout, setFlags);
    loadSelectors(c, image, layout);
    c.sys.cr0 |= cr::k0Ts;
    c.sys.dr7 &= ~uint64_t{0x155}; // the local enables (section 17.2.4)
    c.debugRegistersChanged();
    c.modeChanged();
    const bool pae = (c.sys.cr4 & cr::k4Pae) != 0 && (c.sys.cr0 & cr::k0Pg) != 0;
    const bool loaded = (!pae || c.loadPdptes()) && loadTaskSegments(c);
    c.modeChanged();
    return loaded;
}

} // namespace

bool Core::switchTask(uint16_t selector, TaskSwitch kind, uint64_t nextRip, bool hasCode,
                      uint32_t code)
{
    const bool nesting = kind == TaskSwitch::Call || kind == TaskSwitch::Gate;
    const unsigned ext = kind == TaskSwitch::Gate ? 1 : 0;
    Descriptor task;
    Image image{};
    if (!fetchTask(*this, selector, kind, ext, task) || !probeTasks(*this, task, nesting, ext) ||
        !readImage(*this, task.base(), layoutOf(task.type()).bytes, image))
        return false;
    const uint64_t saved = kind == TaskSwitch::Return ? regs.rflags() & ~flag::kNt : regs.rflags();
    const uint16_t before = regs.segment[kTr].selector;
    if (!saveTask(*this, nextRip, saved))
        return false;
    if (selector == before) // a return into itself sees what was just saved
        static_cast<void>(readImage(*this, task.base(), layoutOf(task.type()).bytes, image));
    if (!nesting && !clearOldBusy(*this))
        return false;
    if (nesting && !storeSystem(task.base() & 0xffff'ffff, before))
        return false;
    if (!setBusy(*this, task, true))
        return false;
    regs.segment[kTr] = task.segment(selector);

    // From here on the new task runs: what faults now is delivered to it, so the switch succeeded.
    if (!enterTask(*this, image, task, nesting ? flag::kNt : 0))
        return true;
    const Layout& layout = layoutOf(task.type());
    if (hasCode && !pushCode(*this, layout.word, code))
        return true;
    if (layout.trap != 0 && (image[layout.trap] & 1) != 0)
        noteDebug(uint64_t{1} << 15);
    else
        noteVirtualInterrupt(*this);
    return true;
}

} // namespace vmm::soft
