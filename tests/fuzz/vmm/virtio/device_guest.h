// SPDX-License-Identifier: GPL-3.0-or-later
// A driver without a transport, for fuzz targets: rings in a small RAM, and a device that is
// driven by actions of sixteen bytes on its own loop.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tests/support/virtqueue_driver.h"
#include "vmm/base/bits.h"
#include "vmm/base/on_loop.h"
#include "vmm/state/state.h"
#include "vmm/virtio/device.h"

namespace fuzz {

constexpr size_t kActionSize = 16;
using Action = std::span<const uint8_t, kActionSize>;

/// The loop all devices of a fuzz target live on.
inline vmm::EventLoop& loop()
{
    static const auto made = std::move(*vmm::EventLoop::create("fuzz"));
    return *made;
}

/// A device's queues as its driver lays them out, from the first byte of a small RAM.
class Rings {
public:
    static constexpr uint64_t kRam = uint64_t{1} << 20;

    /// `count` of `size` descriptors, `bytes` apart.
    explicit Rings(size_t count, uint16_t size = 8, uint64_t bytes = 0x400)
        : m_size(size), m_bytes(bytes), m_drivers(count), m_queues(count), m_states(count)
    {}

    vmm::memory::GuestMemory& memory() { return *m_memory; }
    tests::VirtqueueDriver& driver(size_t queue) { return *m_drivers[queue]; }
    size_t count() const { return m_queues.size(); }

    /// The queues for the device to start with: empty, or going on after keep().
    std::vector<vmm::virtio::Queue*> open(bool eventIndex)
    {
        std::vector<vmm::virtio::Queue*> pointers;
        for (size_t i = 0; i < m_queues.size(); ++i) {
            if (!m_keep) {
                CHECK(m_memory->copyIn(vmm::memory::GuestPhys(i * m_bytes),
                                       std::vector<std::byte>(m_bytes)));
                m_drivers[i].emplace(*m_memory, i * m_bytes, m_size);
                m_states[i] = m_drivers[i]->layout();
            }
            m_queues[i].emplace(
                *vmm::virtio::Queue::create(*m_memory, m_states[i], {true, eventIndex}));
            pointers.push_back(&*m_queues[i]);
        }
        m_keep = false;
        return pointers;
    }
    /// The device has paused: what is in the rings is there when it goes on.
    void keep()
    {
        for (size_t i = 0; i < m_queues.size(); ++i)
            m_states[i] = m_queues[i]->state();
        m_keep = true;
    }

private:
    const uint16_t m_size;
    const uint64_t m_bytes;
    std::unique_ptr<vmm::memory::GuestMemory> m_memory =
        std::move(*vmm::memory::GuestMemory::create({kRam, 0}));
    std::vector<std::optional<tests::VirtqueueDriver>> m_drivers;
    std::vector<std::optional<vmm::virtio::Queue>> m_queues;
    std::vector<vmm::virtio::QueueState> m_states;
    bool m_keep = false;
};

/// Drives a D, which is a virtio Device and a state participant.
template <class D>
class DeviceGuest : private vmm::virtio::DeviceHost {
public:
    static constexpr uint16_t kQueueSize = 8;
    static constexpr uint64_t kData = 0x10000;

    explicit DeviceGuest(std::unique_ptr<D> device)
        : m_rings(device->facts().queueSizes.size(), kQueueSize), m_device(std::move(device))
    {
        vmm::onLoop(loop(), [this] { start(); });
    }
    ~DeviceGuest() override
    {
        vmm::onLoop(loop(), [this] { stop(vmm::virtio::StopReason::Reset); });
    }
    DeviceGuest(const DeviceGuest&) = delete;
    DeviceGuest& operator=(const DeviceGuest&) = delete;

    D& device() { return *m_device; }
    /// The actions every device has; others are left to the caller, who gets false.
    bool act(Action action)
    {
        bool known = true;
        vmm::onLoop(loop(), [&] { known = actOnLoop(action); });
        return known;
    }
    /// `bytes` at the `index`th place for buffers.
    void place(unsigned index, std::span<const std::byte> bytes)
    {
        CHECK(m_rings.memory().copyIn(vmm::memory::GuestPhys(kData + index % 64 * 0x1000), bytes));
    }
    /// Offers the first `size` bytes of that place in queue `queue`, and notifies.
    void offer(size_t queue, unsigned index, uint32_t size, bool writable)
    {
        vmm::onLoop(loop(), [&] {
            driver(queue).offer({{kData + index % 64 * 0x1000, size, writable}},
                                static_cast<uint16_t>(index % kQueueSize));
            serve(queue, 1);
        });
    }

private:
    void interruptQueue(unsigned index) override { CHECK(index < m_rings.count()); }
    void configChanged() override {}
    void needsReset(const vmm::Error& reason) override
    {
        CHECK(!reason.sentence().empty());
        m_broken = true;
    }
    tests::VirtqueueDriver& driver(size_t queue) { return m_rings.driver(queue); }

    bool actOnLoop(Action action)
    {
        const size_t queue = action[1] % m_rings.count();
        const auto word = vmm::loadLe<uint16_t>(&action[2]);
        const uint8_t* numbers = &action[4];
        switch (action[0] % 16) {
        case 0:
        case 1:
            offerAny(queue, word, numbers);
            serve(queue, 1U + word % 4);
            return true;
        case 2: // into rings and buffers
            static_cast<void>(m_rings.memory().copyIn(
                vmm::memory::GuestPhys(vmm::loadLe<uint32_t>(numbers) % Rings::kRam),
                std::as_bytes(std::span(numbers + 4, 8))));
            return true;
        case 3:
            serve(queue, 1U + word % 4);
            return true;
        case 4:
            config(word, numbers);
            return true;
        case 5:
            reload(action);
            return true;
        case 6:
            stop(vmm::virtio::StopReason::Reset);
            m_device->reset();
            m_features = vmm::loadLe<uint64_t>(numbers);
            start();
            return true;
        default:
            return false;
        }
    }
    void start()
    {
        m_broken = false;
        const auto queues = m_rings.open((m_features >> 29 & 1) != 0);
        m_device->start({*this, m_features & m_device->facts().features, queues});
    }
    void stop(vmm::virtio::StopReason reason)
    {
        bool stopped = false;
        m_device->stop(reason, [&stopped] { stopped = true; });
        CHECK(stopped);
        if (reason == vmm::virtio::StopReason::Pause)
            m_rings.keep();
    }
    /// Up to three buffers anywhere, in RAM for the most part.
    void offerAny(size_t queue, uint16_t word, const uint8_t* numbers)
    {
        std::vector<tests::VirtqueueDriver::Buffer> buffers;
        for (unsigned i = 0; i < 1U + word % 3; ++i) {
            const auto place = vmm::loadLe<uint32_t>(numbers + 4 * i);
            buffers.push_back({uint64_t{place % 0x1008U} << 8, place >> 13 & 0x1ffff,
                               (word >> (4 + i) & 1) != 0});
        }
        driver(queue).offer(buffers, word >> 8 & 3);
    }
    void serve(size_t queue, unsigned times)
    {
        for (unsigned i = 0; i < times && !m_broken; ++i)
            if (!m_device->handleQueue(static_cast<unsigned>(queue)))
                break;
    }
    void config(uint16_t word, const uint8_t* numbers)
    {
        const uint32_t whole = m_device->facts().configSize;
        const uint32_t offset = word % whole;
        const size_t size = std::min<size_t>(size_t{1} << (word >> 8) % 4, whole - offset);
        std::array<std::byte, 8> read{};
        m_device->writeConfig(offset, std::as_bytes(std::span(numbers, size)));
        m_device->readConfig(offset, std::span(read).first(size));
    }
    /// Paused, saved, damaged, loaded, and going on, or reset when the state is refused.
    void reload(Action action)
    {
        stop(vmm::virtio::StopReason::Pause);
        auto bytes = vmm::state::encode(m_device->saveState());
        for (unsigned i = 0; i < action[1] % 4U; ++i)
            bytes[vmm::loadLe<uint16_t>(&action[4 + 3 * i]) % bytes.size()] =
                static_cast<std::byte>(action[6 + 3 * i]);
        const auto record = vmm::state::decode(bytes);
        if (record && !m_device->loadState(*record))
            m_device->reset();
        start();
    }

    Rings m_rings;
    uint64_t m_features = ~uint64_t{0};
    bool m_broken = false;
    std::unique_ptr<D> m_device; ///< gone before the memory
};

/// Gives `act` the actions of an input, one after the other: at most `most`, of `bytes` each.
template <size_t bytes = kActionSize, class Act>
int runActions(const uint8_t* data, size_t size, Act act, size_t most = 128)
{
    std::span<const uint8_t> rest(data, size);
    for (size_t i = 0; i < most && rest.size() >= bytes; ++i) {
        act(rest.first<bytes>());
        rest = rest.subspan(bytes);
    }
    return 0;
}

} // namespace fuzz
