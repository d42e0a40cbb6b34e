// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/soft/kvm_clock.h"

#include <cstring>
#include <ctime>

namespace vmm::soft {

namespace {

constexpr uint64_t kNanoseconds = 1'000'000'000;

/// struct pvclock_vcpu_time_info.
struct TimeInfo {
    uint32_t version = 0; ///< odd while it is being written
    uint32_t padding = 0;
    uint64_t tscTimestamp = 0;
    uint64_t systemTime = 0; ///< ns at tscTimestamp
    uint32_t tscToSystemMul = 0;
    int8_t tscShift = 0;
    uint8_t flags = 0;
    uint16_t padding2 = 0;
};
static_assert(sizeof(TimeInfo) == 32);

/// struct pvclock_wall_clock.
struct WallClock {
    uint32_t version = 0;
    uint32_t seconds = 0;
    uint32_t nanoseconds = 0;
};
static_assert(sizeof(WallClock) == 12);

/// ns = ((ticks << shift) * mul) >> 32 with mul as large as it fits.
void setScale(uint64_t ticksPerSecond, TimeInfo& info)
{
    int shift = 0;
    Wide scaled = Wide{kNanoseconds} << 32;
    uint64_t rate = ticksPerSecond;
    while (rate > kNanoseconds * 2) {
        rate >>= 1;
        --shift;
    }
    while (rate <= kNanoseconds && rate != 0) {
        rate <<= 1;
        ++shift;
    }
    // The shift applies to ticks exactly, so the rate is scaled without losing low bits.
    if (shift < 0)
        scaled <<= -shift;
    else
        scaled >>= shift;
    info.tscToSystemMul = static_cast<uint32_t>(scaled / ticksPerSecond);
    info.tscShift = static_cast<int8_t>(shift);
}

uint64_t nanosecondsOf(uint64_t ticks, uint64_t ticksPerSecond)
{
    return static_cast<uint64_t>(Wide{ticks} * kNanoseconds / ticksPerSecond);
}

/// Bytes at a guest-physical address inside one page of RAM. Nothing happens elsewhere.
class GuestBytes {
public:
    GuestBytes(Core& c, uint64_t address, unsigned size) : m_offset(address & 0xfff), m_size(size)
    {
        const PhysicalPage page = c.environment().map.find(address);
        if (page.host != nullptr && page.writable && m_offset + size <= 4096) {
            m_host = page.host + m_offset;
            m_info = page.info;
        }
    }
    explicit operator bool() const { return m_host != nullptr; }
    uint32_t version() const
    {
        uint32_t value = 0;
        std::memcpy(&value, m_host, sizeof value);
        return value;
    }
    template <class T>
    void write(const T& value)
    {
        std::memcpy(m_host, &value, sizeof value);
        if (m_info != nullptr)
            m_info->written(m_offset, m_size);
    }

private:
    uint64_t m_offset;
    unsigned m_size;
    std::byte* m_host = nullptr;
    PageInfo* m_info = nullptr;
};

/// Odd version, content, even version: a reader that saw half of it tries again.
template <class T>
void writeVersioned(GuestBytes& bytes, T& content)
{
    const uint32_t odd = (bytes.version() + 1) | 1;
    content.version = odd;
    bytes.write(odd);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    bytes.write(content);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    bytes.write(odd + 1);
}

} // namespace

void publishKvmClock(Core& c)
{
    const uint64_t wanted = c.sys.kvmSystemTime;
    const uint64_t rate = c.environment().tsc.ticksPerSecond();
    if ((wanted & 1) == 0 || rate == 0)
        return;
    GuestBytes bytes(c, wanted & ~uint64_t{1}, sizeof(TimeInfo));
    if (!bytes)
        return;
    constexpr uint8_t kTscStable = 1;
    TimeInfo info;
    const uint64_t now = c.environment().tsc.nowTicks();
    info.tscTimestamp = now + c.sys.tscOffset;
    info.systemTime = nanosecondsOf(now, rate);
    info.flags = kTscStable;
    setScale(rate, info);
    writeVersioned(bytes, info);
}

void clearPreempted(Core& c, uint64_t value)
{
    constexpr uint64_t kEnabled = 1, kReserved = 0x3f;
    constexpr uint64_t kPreempted = 16; // struct kvm_steal_time
    if ((value & kEnabled) == 0)
        return;
    GuestBytes bytes(c, (value & ~kReserved) + kPreempted, 1);
    if (bytes)
        bytes.write(uint8_t{0});
}

void publishWallClock(Core& c)
{
    const uint64_t rate = c.environment().tsc.ticksPerSecond();
    GuestBytes bytes(c, c.sys.kvmWallClock, sizeof(WallClock));
    if (!bytes || rate == 0)
        return;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const uint64_t today =
        static_cast<uint64_t>(now.tv_sec) * kNanoseconds + static_cast<uint64_t>(now.tv_nsec);
    const uint64_t zero = today - nanosecondsOf(c.environment().tsc.nowTicks(), rate);
    WallClock wall;
    wall.seconds = static_cast<uint32_t>(zero / kNanoseconds);
    wall.nanoseconds = static_cast<uint32_t>(zero % kNanoseconds);
    writeVersioned(bytes, wall);
}

} // namespace vmm::soft
