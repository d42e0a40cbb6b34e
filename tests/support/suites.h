// SPDX-License-Identifier: GPL-3.0-or-later
// The suites every device passes: state, reset, and accesses of any width in any order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>

#include <QtTest>

#include "vmm/bus/handlers.h"
#include "vmm/state/state.h"

namespace tests {

/// Save, load into a fresh device, save again: the same bytes. Damaged records fail with a sentence
/// or give a device that still saves; none crashes. `make` builds a fresh device of the same
/// configuration; `device` is one that has been driven into an interesting state.
inline void deviceStateSuite(vmm::state::Participant& device,
                             const std::function<std::unique_ptr<vmm::state::Participant>()>& make)
{
    using namespace vmm::state;
    const Record record = device.saveState();
    const auto bytes = encode(record);
    const auto decoded = decode(bytes);
    QVERIFY(decoded.has_value());
    const auto fresh = make();
    const auto loaded = fresh->loadState(*decoded);
    QVERIFY2(loaded.has_value(), loaded ? "" : loaded.error().sentence().c_str());
    QVERIFY2(encode(fresh->saveState()) == bytes, "save after load differs from what was loaded");
    QVERIFY2(encode(device.saveState()) == bytes, "saving changed the device");

    Record foreign = record;
    foreign.name = "something-else";
    QVERIFY(!make()->loadState(foreign).has_value());
    Record future = record;
    future.version += 1;
    QVERIFY(!make()->loadState(future).has_value());
    for (const auto& [name, value] : record.fields) {
        Record missing = record;
        missing.fields.erase(name);
        QVERIFY2(!make()->loadState(missing).has_value(), name.c_str());
        Record odd = record;
        odd.fields.insert_or_assign(name, Value(Value::Variant(Value::List{})));
        const auto target = make();
        if (target->loadState(odd))
            static_cast<void>(target->saveState());
    }
    std::mt19937 random(1);
    for (int round = 0; round < 300; ++round) {
        auto damaged = bytes;
        for (int i = 0; i < 1 + round % 4; ++i)
            damaged[random() % damaged.size()] = static_cast<std::byte>(random());
        if (const auto again = decode(damaged)) {
            const auto target = make();
            if (target->loadState(*again))
                static_cast<void>(target->saveState());
        }
    }
}

/// After reset() the device saves the same state as a fresh one that was reset.
inline void resetSuite(vmm::state::Participant& device, vmm::bus::Resettable& resettable,
                       vmm::state::Participant& fresh, vmm::bus::Resettable& freshResettable)
{
    resettable.reset();
    freshResettable.reset();
    QVERIFY2(encode(device.saveState()) == encode(fresh.saveState()),
             "a reset device differs from a fresh one");
}

/// Any offset, width and value in any order is survived.
inline void pioFuzzSuite(vmm::bus::PioHandler& device, uint16_t ports, unsigned maxWidth,
                         unsigned seed = 1, int rounds = 20000)
{
    std::mt19937 random(seed);
    for (int i = 0; i < rounds; ++i) {
        const unsigned size = std::min(maxWidth, 1U << random() % 3);
        if (size > ports)
            continue;
        const auto offset = static_cast<uint16_t>(random() % (ports - size + 1));
        if (random() % 2 == 0)
            device.writePort(offset, static_cast<uint32_t>(random()) >> (32 - 8 * size), size);
        else
            static_cast<void>(device.readPort(offset, size));
    }
}

inline void mmioFuzzSuite(vmm::bus::MmioHandler& device, uint64_t size, unsigned seed = 1,
                          int rounds = 20000)
{
    std::mt19937_64 random(seed);
    for (int i = 0; i < rounds; ++i) {
        const unsigned width = 1U << random() % 4;
        if (width > size)
            continue;
        const uint64_t offset = random() % (size - width + 1);
        if (random() % 2 == 0)
            device.writeMmio(offset, width == 8 ? random() : random() >> (64 - 8 * width), width);
        else
            static_cast<void>(device.readMmio(offset, width));
    }
}

} // namespace tests
