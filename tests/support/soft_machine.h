// SPDX-License-Identifier: GPL-3.0-or-later
// A small machine around one soft::Core for tests: a few megabytes of memory, empty buses, a clock
// that stands, page tables made page by page, and handlers that only show which event came.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "vmm/base/check.h"
#include "vmm/bus/bus.h"
#include "vmm/cpu/cpuid_model.h"
#include "vmm/cpu/local_apic.h"
#include "vmm/soft/core.h"
#include "vmm/soft/physical_map.h"

namespace tests {

/// A time stamp counter that moves when told.
class FakeTsc final : public vmm::cpu::TscSource {
public:
    uint64_t nowTicks() const override { return ticks; }
    uint64_t ticksPerSecond() const override { return 1'000'000'000; }
    uint64_t ticks = 1000;
};

/// What a handler was entered with.
struct TakenEvent {
    unsigned vector = 0;
    uint64_t error = 0; ///< 0 for vectors without a code
    uint64_t rip = 0;
    uint64_t cs = 0;
    uint64_t rflags = 0;
    uint64_t rsp = 0;
};

/// One vCPU with memory and nothing else.
///
///   0x0000 GDT | 0x1000 IDT | 0x2000 TSS | 0x3000-0x7fff ring 0 stack | 0x8000 handlers |
///   0x10000 page tables | kFree: the test's
class SoftMachine {
public:
    static constexpr uint64_t kGdt = 0, kIdt = 0x1000, kTss = 0x2000, kStackTop = 0x8000,
                              kHandlers = 0x8000, kTables = 0x10000, kFree = 0x100000;
    static constexpr uint16_t kKernelCode = 0x10, kKernelData = 0x18, kUserCode32 = 0x23,
                              kUserData = 0x2b, kUserCode64 = 0x33,
                              kTssSelector = 0x40; ///< as Linux numbers them
    /// Linear address of physical 0 in Long and Compatibility: the lower half is the test's.
    static constexpr uint64_t kSystem = 0xffff'ffff'8000'0000;
    static constexpr uint64_t kPresent = 1, kWritable = 2, kUser = 4,
                              kNoExecute = uint64_t{1} << 63;
    enum class Mode { Real, Flat32, Compatibility, Long };

private:
    static constexpr uint64_t kPage = 4096;
    std::vector<std::byte> m_memory; // these before the core, which refers to them
    std::byte* m_ram;
    uint64_t m_bytes;
    uint64_t m_nextTable = kTables;

public:
    vmm::soft::PhysicalMap map;
    vmm::bus::PioBus pio;
    vmm::bus::MmioBus mmio;
    FakeTsc tsc;
    vmm::soft::Core core;

    explicit SoftMachine(uint64_t bytes = 4 << 20)
        : m_memory(bytes + kPage),
          m_ram(m_memory.data() +
                (kPage - reinterpret_cast<uintptr_t>(m_memory.data()) % kPage) % kPage),
          m_bytes(bytes),
          core(vmm::soft::Environment{map, pio, mmio, tsc,
                                      *vmm::cpu::CpuidModel::find("vitrine-v3")})
    {
        vmm::memory::MapRange range;
        range.size = bytes;
        range.host = m_ram;
        CHECK(map.addRange(range).has_value());
    }

    std::span<std::byte> ram() { return {m_ram, m_bytes}; }
    std::byte* at(uint64_t physical) { return m_ram + physical; }
    /// Writes as a device would: decoded code there is forgotten.
    void put(uint64_t physical, std::span<const uint8_t> bytes)
    {
        std::copy(bytes.begin(), bytes.end(), reinterpret_cast<uint8_t*>(m_ram + physical));
        map.deviceWrote(m_ram + physical, bytes.size());
    }
    template <class T>
    void putValue(uint64_t physical, T value)
    {
        std::memcpy(m_ram + physical, &value, sizeof value);
    }

    /// Maps one 4 KiB page in the 4-level tables that enter() uses.
    void mapPage(uint64_t linear, uint64_t physical, uint64_t bits)
    {
        uint64_t table = kTables;
        for (unsigned level = 3; level > 0; --level) {
            const uint64_t slot = table + ((linear >> (12 + 9 * level)) & 511) * 8;
            uint64_t entry = read(slot);
            if (entry == 0) {
                m_nextTable += kPage;
                CHECK(m_nextTable < kFree);
                entry = m_nextTable | kPresent | kWritable | kUser;
                putValue(slot, entry);
            }
            table = entry & 0x000f'ffff'ffff'f000;
        }
        putValue(table + ((linear >> 12) & 511) * 8, physical | bits | kPresent);
    }

    /// Registers of `mode`, all segments flat; user code in ring 3 with Compatibility and Long,
    /// paging with the pages of mapPage(). In Long and Compatibility takenEvent() works.
    void enter(Mode mode)
    {
        using namespace vmm::soft;
        core.regs.systemFlags = flag::kOne;
        core.m_shadow = Core::Shadow::None;
        core.m_halted = false;
        core.sys = {};
        core.sys.cr0 = cr::k0Et | cr::k0Ne;
        core.sys.cr4 = cr::k4Osfxsr | cr::k4Osxmmexcpt | cr::k4Osxsave;
        core.sys.xcr0 = 7;
        if (mode == Mode::Real)
            setReal();
        else if (mode == Mode::Flat32)
            setFlat32();
        else
            setLong();
        enterCode(mode);
        core.flushTlb(true);
    }
    /// Back to the code segment of `mode` (after takenEvent()), nothing else.
    void enterCode(Mode mode)
    {
        using namespace vmm::soft;
        if (mode == Mode::Long || mode == Mode::Compatibility) {
            const bool wide = mode == Mode::Long;
            core.regs.segment[kCs] = segment(wide ? kUserCode64 : kUserCode32, 0xb, 3);
            core.regs.segment[kCs].l = wide;
            core.regs.segment[kCs].db = !wide;
            core.regs.segment[kSs] = segment(kUserData, 3, 3);
            for (const Seg name : {kDs, kEs}) {
                core.regs.segment[name] = wide ? vmm::cpu::Segment{} : segment(kUserData, 3, 3);
                core.regs.segment[name].unusable = wide;
            }
        }
        core.modeChanged();
    }

    /// The event whose handler the core stands at.
    std::optional<TakenEvent> takenEvent()
    {
        const uint64_t first = kSystem + kHandlers;
        const uint64_t rip = core.regs.rip;
        if (core.cpl() != 0 || rip < first || rip >= first + 256 * 16)
            return std::nullopt;
        TakenEvent event;
        event.vector = static_cast<unsigned>((rip - first) / 16);
        uint64_t frame = core.regs.general[vmm::soft::kRsp] - kSystem;
        if (hasCode(event.vector)) {
            event.error = read(frame);
            frame += 8;
        }
        event.rip = read(frame);
        event.cs = read(frame + 8);
        event.rflags = read(frame + 16);
        event.rsp = read(frame + 24);
        return event;
    }
    static bool hasCode(unsigned vector)
    {
        constexpr uint32_t kWithCode = 0x0022'7d00; // SDM volume 3 table 6-1
        return vector < 32 && (kWithCode >> vector & 1) != 0;
    }
    uint64_t read(uint64_t physical) const
    {
        uint64_t value = 0;
        std::memcpy(&value, m_ram + physical % m_bytes, sizeof value);
        return value;
    }

private:
    static vmm::cpu::Segment segment(uint16_t selector, uint8_t type, uint8_t dpl)
    {
        vmm::cpu::Segment flat;
        flat.limit = 0xffff'ffff;
        flat.selector = selector;
        flat.type = type;
        flat.present = true;
        flat.dpl = dpl;
        flat.db = true;
        flat.s = true;
        flat.g = true;
        return flat;
    }
    void setReal()
    {
        using namespace vmm::soft;
        for (auto& entry : core.regs.segment) {
            entry = segment(0, 3, 0);
            entry.limit = 0xffff;
            entry.db = false;
            entry.g = false;
        }
        core.sys.idt = {0, 0x3ff};
    }
    void setFlat32()
    {
        using namespace vmm::soft;
        core.sys.cr0 |= cr::k0Pe;
        core.regs.segment.fill(segment(kKernelData, 3, 0));
        core.regs.segment[kCs] = segment(kKernelCode, 0xb, 0);
        core.regs.segment[kLdtr] = {};
        core.regs.segment[kLdtr].unusable = true;
        core.regs.segment[kTr] = segment(kTssSelector, 0xb, 0);
        core.regs.segment[kTr].s = false;
        putDescriptors(false);
        core.sys.gdt = {kGdt, 0x4f};
        core.sys.idt = {kIdt, 0x7ff};
    }
    void setLong()
    {
        using namespace vmm::soft;
        core.sys.cr0 |= cr::k0Pe | cr::k0Pg | cr::k0Wp | cr::k0Mp | cr::k0Am;
        core.sys.cr4 |= cr::k4Pae | cr::k4Fsgsbase;
        core.sys.efer = cr::kEferLme | cr::kEferLma | cr::kEferNxe | cr::kEferSce;
        core.sys.cr3 = kTables;
        core.regs.segment.fill({});
        for (auto& entry : core.regs.segment)
            entry.unusable = true;
        core.regs.segment[kTr] = segment(kTssSelector, 0xb, 0);
        core.regs.segment[kTr].s = false;
        core.regs.segment[kTr].base = kSystem + kTss;
        core.regs.segment[kTr].limit = 0x67;
        core.sys.gdt = {kSystem + kGdt, 0x4f};
        core.sys.idt = {kSystem + kIdt, 0xfff};
        for (uint64_t page = 0; page < kTables; page += kPage)
            mapPage(kSystem + page, page, kWritable);
        putDescriptors(true);
        putValue(kTss + 4, kSystem + kStackTop); // RSP0 (SDM volume 3 figure 8-11)
        putValue<uint16_t>(kTss + 102, 0x68);
    }
    void putDescriptors(bool wide)
    {
        constexpr uint64_t kFlat = 0x00cf'0000'0000'ffff, kFlat64 = 0x00af'0000'0000'ffff;
        putValue(kGdt + kKernelCode, (wide ? kFlat64 : kFlat) | uint64_t{0x9b} << 40);
        putValue(kGdt + kKernelData, kFlat | uint64_t{0x93} << 40);
        putValue(kGdt + (kUserCode32 & ~7), kFlat | uint64_t{0xfb} << 40);
        putValue(kGdt + (kUserData & ~7), kFlat | uint64_t{0xf3} << 40);
        putValue(kGdt + (kUserCode64 & ~7), kFlat64 | uint64_t{0xfb} << 40);
        putValue(kGdt + kTssSelector, uint64_t{0x8b} << 40 | kTss << 16 | 0x67);
        const uint64_t base = wide ? kSystem : 0;
        for (unsigned vector = 0; vector < 256; ++vector) {
            const uint64_t handler = kHandlers + vector * 16;
            const uint64_t to = base + handler;
            // INT3 and INTO from ring 3 as well.
            const uint64_t type = vector == 3 || vector == 4 ? 0xee : 0x8e;
            const uint64_t gate =
                (to & 0xffff) | uint64_t{kKernelCode} << 16 | type << 40 | (to & 0xffff'0000) << 32;
            putValue(kIdt + uint64_t{vector} * (wide ? 16 : 8), gate);
            if (wide)
                putValue(kIdt + uint64_t{vector} * 16 + 8, to >> 32);
            putValue<uint8_t>(handler, 0xf4); // HLT
        }
    }
};

} // namespace tests
