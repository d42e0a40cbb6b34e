// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: everything a driver can do to the memory balloon, and hostile saved states. Sixteen
// bytes an action: kind, queue, two of numbers, then 12 of buffers.
#include <cstddef>
#include <cstdint>
#include <future>
#include <span>

#include "tests/support/virtqueue_driver.h"
#include "vmm/base/bits.h"
#include "vmm/virtio/balloon.h"

namespace {

using namespace vmm;
using namespace vmm::virtio;

constexpr size_t kActionSize = 16;
constexpr size_t kMaxActions = 128;
constexpr uint64_t kRam = uint64_t{1} << 20;
constexpr unsigned kQueues = 5;
constexpr uint64_t kQueueBytes = 0x400;

/// The loop the machine's side posts to. The device itself is driven on this thread while nothing
/// is posted.
EventLoop& loop()
{
    static const auto made = std::move(*EventLoop::create("fuzz"));
    return *made;
}

class Guest final : private DeviceHost {
public:
    Guest() { start(); }
    ~Guest() override { stop(StopReason::Reset); }

    void act(std::span<const uint8_t, kActionSize> action)
    {
        const uint16_t queue = action[1] % kQueues;
        const auto word = loadLe<uint16_t>(&action[2]);
        const auto* numbers = &action[4];
        switch (action[0] % 10) {
        case 0:
        case 1:
            offer(queue, word, numbers);
            break;
        case 2:
        case 3:
            serve(queue, word);
            break;
        case 4: // into rings and arrays
            static_cast<void>(m_memory->copyIn(memory::GuestPhys(loadLe<uint32_t>(numbers) % kRam),
                                               std::as_bytes(std::span(numbers + 4, 8))));
            break;
        case 5:
            m_device->requestStatistics();
            settle();
            break;
        case 6:
            m_device->setTarget(loadLe<uint64_t>(numbers));
            settle();
            break;
        case 7:
            config(word, numbers);
            break;
        case 8:
            restore(numbers);
            break;
        default:
            stop(StopReason::Reset);
            m_device->reset();
            m_features = word;
            start();
        }
    }

private:
    void interruptQueue(unsigned index) override { CHECK(index < kQueues); }
    void configChanged() override {}
    void needsReset(const Error& reason) override
    {
        CHECK(!reason.sentence().empty());
        m_broken = true;
    }

    void start()
    {
        m_broken = false;
        std::vector<Queue*> pointers;
        for (unsigned i = 0; i < kQueues; ++i) {
            if (!m_keep) {
                m_drivers[i].emplace(*m_memory, i * kQueueBytes, 8);
                m_states[i] = m_drivers[i]->layout();
                static_cast<void>(m_memory->copyIn(memory::GuestPhys(i * kQueueBytes),
                                                   std::vector<std::byte>(kQueueBytes)));
            }
            m_queues[i].emplace(
                *Queue::create(*m_memory, m_states[i], {true, (m_features & 0x8000) != 0}));
            // Without the reporting queues, as some drivers leave them.
            pointers.push_back(i >= 3 && (m_features & 0x4000) != 0 ? nullptr : &*m_queues[i]);
        }
        m_pointers = pointers;
        m_device->start({*this, m_features & m_device->facts().features, m_pointers});
    }
    void stop(StopReason reason)
    {
        bool stopped = false;
        m_device->stop(reason, [&stopped] { stopped = true; });
        CHECK(stopped);
        m_keep = reason == StopReason::Pause;
        for (unsigned i = 0; i < kQueues && m_keep; ++i)
            m_states[i] = m_queues[i]->state();
    }
    void settle()
    {
        std::promise<void> done;
        loop().post([&done] { done.set_value(); });
        done.get_future().wait();
    }
    void offer(uint16_t queue, uint16_t word, const uint8_t* numbers)
    {
        std::vector<tests::VirtqueueDriver::Buffer> buffers;
        for (unsigned i = 0; i < 1U + word % 3; ++i) {
            const auto place = loadLe<uint32_t>(numbers + 4 * i);
            buffers.push_back({uint64_t{place % 0x1200U} << 8, place >> 13 & 0x7ffff,
                               (word >> (4 + i) & 1) != 0});
        }
        m_drivers[queue]->offer(buffers, word >> 8 & 3);
    }
    void serve(uint16_t queue, uint16_t word)
    {
        if (m_pointers[queue] == nullptr)
            return;
        for (unsigned i = 0; i < 1U + word % 8 && !m_broken; ++i)
            if (!m_device->handleQueue(queue))
                break;
    }
    void config(uint16_t word, const uint8_t* numbers)
    {
        const uint32_t offset = word % sizeof(BalloonConfig);
        const size_t size = std::min<size_t>(1U << (word >> 8) % 4, sizeof(BalloonConfig) - offset);
        std::array<std::byte, 8> read{};
        m_device->writeConfig(offset, std::as_bytes(std::span(numbers, size)));
        m_device->readConfig(offset, std::span(read).first(size));
        CHECK(m_device->actual() <= kRam && m_device->target() <= kRam);
    }
    /// Paused, saved, perhaps damaged, and loaded into a device that takes over.
    void restore(const uint8_t* numbers)
    {
        stop(StopReason::Pause);
        auto fresh = std::make_unique<Balloon>(loop(), "balloon", *m_memory);
        BalloonState state = *state::load<BalloonState>(m_device->saveState());
        if (numbers[0] % 2 != 0)
            state.target = loadLe<uint32_t>(numbers + 4);
        state.actual = loadLe<uint32_t>(numbers + 8);
        if (fresh->loadState(state::save(state)))
            m_device = std::move(fresh);
        start();
    }

    std::unique_ptr<memory::GuestMemory> m_memory =
        std::move(*memory::GuestMemory::create({kRam, 0}));
    std::unique_ptr<Balloon> m_device = std::make_unique<Balloon>(loop(), "balloon", *m_memory);
    std::array<std::optional<tests::VirtqueueDriver>, kQueues> m_drivers;
    std::array<std::optional<Queue>, kQueues> m_queues;
    std::array<QueueState, kQueues> m_states;
    std::vector<Queue*> m_pointers;
    uint64_t m_features = ~uint64_t{0};
    bool m_broken = false;
    bool m_keep = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    Guest guest;
    std::span<const uint8_t> rest(data, size);
    for (size_t i = 0; i < kMaxActions && rest.size() >= kActionSize; ++i) {
        guest.act(rest.first<kActionSize>());
        rest = rest.subspan(kActionSize);
    }
    return 0;
}
