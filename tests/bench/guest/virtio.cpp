// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/guest/virtio.h"

#include "tests/guest/micro/micro.h"

namespace bench {

namespace {

constexpr uint64_t kVersion1 = uint64_t{1} << 32;
constexpr uint64_t kEventIndex = uint64_t{1} << 29;
constexpr uint16_t kNoVector = 0xffff;
constexpr uint32_t kFirstBar = 0xe000'0000; ///< above RAM, below the IOAPIC
constexpr uint32_t kBarSpace = 0x10'0000;   ///< for each device

template <class T>
T load(uint64_t address)
{
    return *reinterpret_cast<volatile T*>(address);
}
template <class T>
void store(uint64_t address, T value)
{
    *reinterpret_cast<volatile T*>(address) = value;
}

/// What the compiler may not move.
void barrier()
{
    asm volatile("" : : : "memory");
}

uint8_t configByte(unsigned device, unsigned offset)
{
    return static_cast<uint8_t>(micro::readConfig(device, 0, offset) >> 8 * (offset % 4));
}

} // namespace

// --- Ring ---

void Ring::add(unsigned head)
{
    m_memory->available[2 + m_added % m_size] = static_cast<uint16_t>(head);
    ++m_added;
}

void Ring::kick()
{
    if (m_added == m_shown)
        return;
    const uint16_t old = m_shown;
    barrier();
    m_memory->available[1] = m_added;
    m_shown = m_added;
    asm volatile("mfence"
                 :
                 :
                 : "memory"); // the index before the device's wish (section 2.7.13.4.1)
    if (m_eventIndex) {
        const uint16_t event = m_memory->used[2 + 4 * m_size];
        if (static_cast<uint16_t>(m_added - event - 1) >= static_cast<uint16_t>(m_added - old))
            return;
    } else if ((m_memory->used[0] & 1) != 0) {
        return;
    }
    store<uint16_t>(m_doorbell, m_index);
}

bool Ring::take(Used& used)
{
    if (m_memory->used[1] == m_taken)
        return false;
    barrier();
    const auto* entry =
        reinterpret_cast<volatile const uint32_t*>(m_memory->used + 2) + 2 * (m_taken % m_size);
    used = {entry[0], entry[1]};
    ++m_taken;
    if (m_eventIndex) // as far as can be from what comes next: no interrupt
        m_memory->available[2 + m_size] = static_cast<uint16_t>(m_taken - 2);
    return true;
}

// --- Device ---

bool Device::find(uint16_t pciDevice)
{
    for (m_number = 0; m_number < 32; ++m_number) {
        if (micro::readConfig(m_number, 0, 0) != (uint32_t{pciDevice} << 16 | 0x1af4))
            continue;
        placeBars();
        readCapabilities();
        return m_common != 0 && m_notify != 0;
    }
    return false;
}

void Device::placeBars()
{
    uint32_t next = kFirstBar + m_number * kBarSpace;
    micro::writeConfig(m_number, 0, 4, 0);
    for (unsigned bar = 0; bar < 6; ++bar) {
        const unsigned offset = 0x10 + 4 * bar;
        const uint32_t old = micro::readConfig(m_number, 0, offset);
        micro::writeConfig(m_number, 0, offset, 0xffff'ffff);
        const uint32_t mask = micro::readConfig(m_number, 0, offset) & ~0xfU;
        if ((old & 1) != 0 || mask == 0)
            continue; // ports, or none
        const uint32_t size = ~mask + 1;
        next = (next + size - 1) & ~(size - 1);
        micro::writeConfig(m_number, 0, offset, next);
        next += size;
        if ((old & 6) == 4) // 64 bits wide
            micro::writeConfig(m_number, 0, 0x10 + 4 * ++bar, 0);
    }
    micro::writeConfig(m_number, 0, 4, 6); // memory, bus master
}

uint64_t Device::barAddress(unsigned index) const
{
    return micro::readConfig(m_number, 0, 0x10 + 4 * index) & ~0xfU;
}

/// Section 4.1.4.
void Device::readCapabilities()
{
    m_common = m_notify = m_config = 0;
    unsigned left = 48;
    for (unsigned at = configByte(m_number, 0x34); at != 0 && left != 0;
         at = configByte(m_number, at + 1), --left) {
        if (configByte(m_number, at) != 9)
            continue;
        const uint64_t address =
            barAddress(configByte(m_number, at + 4)) + micro::readConfig(m_number, 0, at + 8);
        switch (configByte(m_number, at + 3)) {
        case 1:
            m_common = address;
            break;
        case 2:
            m_notify = address;
            m_notifyStride = micro::readConfig(m_number, 0, at + 16);
            break;
        case 4:
            m_config = address;
            break;
        default:
            break;
        }
    }
}

void Device::setStatus(uint8_t status)
{
    m_status = status;
    store<uint8_t>(m_common + 0x14, status);
}

bool Device::negotiate(uint64_t wanted)
{
    setStatus(0);
    while (load<uint8_t>(m_common + 0x14) != 0)
        asm volatile("pause");
    setStatus(1);
    setStatus(3);
    uint64_t offered = 0;
    for (uint32_t half = 0; half < 2; ++half) {
        store<uint32_t>(m_common, half);
        offered |= uint64_t{load<uint32_t>(m_common + 4)} << 32 * half;
    }
    m_features = offered & (wanted | kVersion1 | kEventIndex);
    for (uint32_t half = 0; half < 2; ++half) {
        store<uint32_t>(m_common + 8, half);
        store<uint32_t>(m_common + 12, static_cast<uint32_t>(m_features >> 32 * half));
    }
    setStatus(3 | 8);
    return (load<uint8_t>(m_common + 0x14) & 8) != 0 && has(kVersion1);
}

bool Device::setUp(Ring& ring, unsigned index, RingMemory& memory)
{
    store<uint16_t>(m_common + 0x16, static_cast<uint16_t>(index));
    uint16_t size = load<uint16_t>(m_common + 0x18);
    if (size == 0)
        return false;
    if (size > kMostEntries)
        size = kMostEntries;
    store<uint16_t>(m_common + 0x18, size);
    store<uint16_t>(m_common + 0x1a, kNoVector);
    const auto place = [this](unsigned offset, const volatile void* part) {
        const auto address = reinterpret_cast<uint64_t>(part);
        store<uint32_t>(m_common + offset, static_cast<uint32_t>(address));
        store<uint32_t>(m_common + offset + 4, static_cast<uint32_t>(address >> 32));
    };
    place(0x20, memory.descriptors);
    place(0x28, memory.available);
    place(0x30, memory.used);
    ring.m_memory = &memory;
    ring.m_doorbell = m_notify + uint64_t{load<uint16_t>(m_common + 0x1e)} * m_notifyStride;
    ring.m_index = static_cast<uint16_t>(index);
    ring.m_size = size;
    ring.m_added = ring.m_shown = ring.m_taken = 0;
    ring.m_eventIndex = has(kEventIndex);
    memory.available[0] = ring.m_eventIndex ? 0 : 1;
    memory.available[2 + size] = 0xfffe;
    store<uint16_t>(m_common + 0x1c, 1);
    return true;
}

void Device::go()
{
    setStatus(3 | 8 | 4);
}

uint64_t Device::readConfig(unsigned offset, unsigned size) const
{
    if (size == 8)
        return load<uint32_t>(m_config + offset) | uint64_t{load<uint32_t>(m_config + offset + 4)}
                                                       << 32;
    return size == 2 ? load<uint16_t>(m_config + offset) : load<uint8_t>(m_config + offset);
}

/// Counter 2 of the PIT, once through 0xffff ticks of 1193182 a second (8254 data sheet).
uint64_t cyclesPerMillisecond()
{
    constexpr uint64_t kTicks = 0xffff;
    constexpr uint64_t kTicksPerSecond = 1'193'182;
    micro::out8(0x61, static_cast<uint8_t>((micro::in8(0x61) & ~3) | 1)); // gate on, speaker off
    micro::out8(0x43, 0xb0);                                              // counter 2, mode 0
    micro::out8(0x42, 0xff);
    micro::out8(0x42, 0xff);
    const uint64_t start = micro::tsc();
    while ((micro::in8(0x61) & 0x20) == 0) {
    }
    return (micro::tsc() - start) * kTicksPerSecond / kTicks / 1000;
}

} // namespace bench
