// SPDX-License-Identifier: GPL-3.0-or-later
// Intel SDM volume 3 (081): 4.5 (paging), 5.8.8 (SYSCALL and SYSRET), 6.14 (gates).
#include "tests/bench/instructions/privileged.h"

#include "tests/bench/instructions/loops.h"

extern "C" {
extern uint64_t idt[]; // tests/guest/micro/start.S
extern const char ring0Gate[];
uint64_t callRing0(uint64_t (*function)(const void*), const void* argument);
}

namespace bench {

namespace {

constexpr unsigned kGateVector = 0x30;
constexpr uint64_t kWindow = uint64_t{1} << 39; ///< the second entry of the highest table
constexpr size_t kPageSize = 4096;
constexpr uint64_t kTableFlags = 7; ///< present, writable, user

/// 10 bytes in memory, for LGDT and SGDT.
struct [[gnu::packed]] TablePointer {
    uint16_t limit;
    uint64_t base;
};

/// start.S' descriptors and two behind them, in the order SYSRET wants: data, then code.
struct Descriptors {
    static constexpr unsigned kOld = 7;
    static constexpr uint64_t kSysret = 8 * (kOld - 1) | 3; ///< + 8: data, + 16: code
    uint64_t entries[kOld + 2];
};

struct alignas(kPageSize) Page {
    uint64_t words[kPageSize / 8];
};

/// One address space: everything as before, and kWindow with pages of its own.
struct Space {
    Page root, directoryPointers, directory, table;
    Page pages[kWindowPages];
};

Descriptors descriptors;
Space spaces[2];

void writeMsr(uint32_t number, uint64_t value)
{
    asm volatile("wrmsr" : : "c"(number), "a"(uint32_t(value)), "d"(uint32_t(value >> 32)));
}

uint64_t readMsr(uint32_t number)
{
    uint32_t low;
    uint32_t high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return uint64_t{high} << 32 | low;
}

uint64_t enableSystemCalls(const void*)
{
    constexpr uint32_t kEfer = 0xc0000080;
    constexpr uint32_t kStar = 0xc0000081;
    constexpr uint32_t kLstar = 0xc0000082;
    constexpr uint32_t kFmask = 0xc0000084;
    constexpr uint64_t kUserData = 0x00cff3000000ffff;
    constexpr uint64_t kUserCode = 0x00affb000000ffff;
    constexpr uint64_t kKernelCode = 0x08;
    constexpr uint64_t kInterruptFlag = 1 << 9;
    TablePointer pointer;
    asm volatile("sgdt %0" : "=m"(pointer));
    const auto* old = reinterpret_cast<const uint64_t*>(pointer.base);
    for (unsigned i = 0; i < Descriptors::kOld; ++i)
        descriptors.entries[i] = old[i];
    descriptors.entries[Descriptors::kOld] = kUserData;
    descriptors.entries[Descriptors::kOld + 1] = kUserCode;
    pointer = {sizeof descriptors - 1, reinterpret_cast<uint64_t>(&descriptors)};
    asm volatile("lgdt %0" : : "m"(pointer) : "memory");
    writeMsr(kStar, Descriptors::kSysret << 48 | kKernelCode << 32);
    writeMsr(kLstar, reinterpret_cast<uint64_t>(systemCallEntry));
    writeMsr(kFmask, kInterruptFlag);
    writeMsr(kEfer, readMsr(kEfer) | 1); // SCE
    return 0;
}

/// Guest memory is mapped one to one: an address is the physical one.
uint64_t entryFor(const Page& page)
{
    return reinterpret_cast<uint64_t>(&page) | kTableFlags;
}

uint64_t buildSpaces(const void*)
{
    uint64_t cr3;
    asm volatile("mov %%cr3, %0" : "=r"(cr3));
    const auto* current = reinterpret_cast<const uint64_t*>(cr3 & ~(kPageSize - 1));
    for (unsigned number = 0; number < 2; ++number) {
        Space& space = spaces[number];
        space.root.words[0] = current[0];
        space.root.words[1] = entryFor(space.directoryPointers);
        space.directoryPointers.words[0] = entryFor(space.directory);
        space.directory.words[0] = entryFor(space.table);
        for (unsigned i = 0; i < kWindowPages; ++i) {
            space.table.words[i] = entryFor(space.pages[i]);
            space.pages[i].words[i] = windowNumber(number, i); // where loopSwitch reads it
        }
    }
    return 0;
}

struct SwitchWork {
    uint64_t iterations;
    Switching switching;
};

uint64_t runSwitch(const void* work)
{
    const auto* wanted = static_cast<const SwitchWork*>(work);
    return loopSwitch(wanted->iterations, &wanted->switching);
}

} // namespace

void runPrivilegedLoops(const Wish& wish)
{
    const bool calls = wish.has("system-call");
    const bool switches = wish.has("page-table");
    if (!calls && !switches)
        return;
    const auto gate = reinterpret_cast<uint64_t>(ring0Gate);
    // An interrupt gate that ring 3 may use.
    idt[2 * kGateVector] =
        (gate & 0xffff) | 0x08ULL << 16 | 0xeeULL << 40 | (gate >> 16 & 0xffff) << 48;
    idt[2 * kGateVector + 1] = gate >> 32;
    if (calls) {
        callRing0(enableSystemCalls, nullptr);
        const uint64_t iterations = kSystemCalls * wish.repeat();
        beginLoop("system-call");
        const uint64_t checksum = loopSystemCall(iterations, 1);
        endLoop();
        report({iterations * lengthSystemCall, iterations, checksum});
    }
    if (switches) {
        callRing0(buildSpaces, nullptr);
        const SwitchWork work{kSwitches * wish.repeat(),
                              {{reinterpret_cast<uint64_t>(&spaces[0].root),
                                reinterpret_cast<uint64_t>(&spaces[1].root)},
                               kWindow}};
        beginLoop("page-table");
        const uint64_t checksum = callRing0(runSwitch, &work);
        endLoop();
        report({work.iterations * lengthSwitch, work.iterations, checksum});
    }
}

} // namespace bench
