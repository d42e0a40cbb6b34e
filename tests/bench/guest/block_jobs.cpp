// SPDX-License-Identifier: GPL-3.0-or-later
// Reads and writes of a virtio disk. Virtio 1.2 section 5.2.
#include "tests/bench/guest/jobs.h"
#include "tests/bench/guest/virtio.h"
#include "tests/guest/micro/micro.h"

namespace bench {

namespace {

constexpr uint16_t kPciDevice = 0x1042;
constexpr uint64_t kFlush = 1 << 9; ///< else each write would have to reach the disk
constexpr unsigned kMostDepth = 64;
constexpr uint32_t kMostSize = 128 * 1024;
constexpr uint64_t kSector = 512;

struct Request {
    uint32_t type; ///< 0: read; 1: write
    uint32_t reserved;
    uint64_t sector;
};

/// A request under way: three descriptors, from 3 * its number on.
struct Slot {
    Request request;
    volatile uint8_t status;
};

RingMemory ringMemory;
Slot slots[kMostDepth];
alignas(4096) uint8_t data[kMostDepth][kMostSize];

struct Disk {
    Device device;
    Ring ring;
    uint64_t sectors;
    bool ready;
};
Disk disk;

bool open()
{
    if (disk.ready)
        return true;
    if (!disk.device.find(kPciDevice) || !disk.device.negotiate(kFlush) ||
        !disk.device.setUp(disk.ring, 0, ringMemory))
        return false;
    disk.sectors = disk.device.readConfig(0, 8);
    disk.device.go();
    disk.ready = true;
    return true;
}

/// What one job asks for.
struct Plan {
    bool write;
    bool random;
    uint32_t size;
    uint64_t blocks; ///< of that size the disk has
    uint64_t last;   ///< where it is
    uint64_t next()
    {
        if (!random)
            return last = (last + 1) % blocks;
        last ^= last << 13; // xorshift64: Marsaglia 2003
        last ^= last >> 7;
        last ^= last << 17;
        return last % blocks;
    }
};

void submit(unsigned number, Plan& plan)
{
    Slot& slot = slots[number];
    slot.request = {plan.write ? 1U : 0U, 0, plan.next() * (plan.size / kSector)};
    slot.status = 0xff;
    disk.ring.add(3 * number);
}

void describe(unsigned number, const Plan& plan)
{
    const unsigned first = 3 * number;
    disk.ring.describe(first, &slots[number].request, sizeof(Request), 1, first + 1);
    disk.ring.describe(first + 1, data[number], plan.size, plan.write ? 1 : 3, first + 2);
    disk.ring.describe(first + 2, const_cast<const uint8_t*>(&slots[number].status), 1, 2, 0);
}

void run(Plan& plan, unsigned depth, uint64_t cycles, Outcome& outcome)
{
    for (unsigned i = 0; i < depth; ++i)
        describe(i, plan);
    const uint64_t start = micro::tsc();
    unsigned under = 0;
    for (; under < depth; ++under)
        submit(under, plan);
    disk.ring.kick();
    while (under != 0) {
        Used used{0, 0};
        const bool more = micro::tsc() - start < cycles;
        while (disk.ring.take(used)) {
            const unsigned number = used.head / 3;
            outcome.errors += slots[number].status != 0 ? 1 : 0;
            ++outcome.operations;
            outcome.bytes += plan.size;
            if (more)
                submit(number, plan);
            else
                --under;
        }
        disk.ring.kick();
        asm volatile("pause");
    }
    outcome.cycles = micro::tsc() - start;
}

} // namespace

bool runBlockJob(const Job& job, const Time& time, Outcome& outcome)
{
    const bool random = job.is("randread") || job.is("randwrite");
    const bool write = job.is("write") || job.is("randwrite");
    if (!random && !write && !job.is("read"))
        return false;
    const uint64_t size = job.numbers[0];
    const uint64_t depth = job.numbers[1];
    if (!open() || size == 0 || size > kMostSize || size % kSector != 0 || depth == 0 ||
        depth > kMostDepth || 3 * depth > disk.ring.size() || disk.sectors < size / kSector)
        return false;
    Plan plan{write, random, static_cast<uint32_t>(size), disk.sectors / (size / kSector),
              micro::tsc() | 1};
    run(plan, static_cast<unsigned>(depth), time.cycles(), outcome);
    return true;
}

} // namespace bench
