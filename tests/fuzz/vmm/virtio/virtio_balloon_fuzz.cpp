// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: everything a driver can do to the memory balloon, and hostile saved states. Sixteen
// bytes an action: kind, queue, two of numbers, then 12 of buffers.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <future>
#include <span>

#include "tests/fuzz/vmm/virtio/device_guest.h"
#include "vmm/base/bits.h"
#include "vmm/virtio/balloon.h"

namespace {

using namespace vmm;
using namespace vmm::virtio;

constexpr uint64_t kRam = fuzz::Rings::kRam;
constexpr unsigned kQueues = 5;

class Guest final : private DeviceHost {
public:
    Guest() { start(); }
    ~Guest() override { stop(StopReason::Reset); }

    void act(fuzz::Action action)
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
            static_cast<void>(
                m_rings.memory().copyIn(memory::GuestPhys(loadLe<uint32_t>(numbers) % kRam),
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
        m_pointers = m_rings.open((m_features & 0x8000) != 0);
        // Without the reporting queues, as some drivers leave them.
        if ((m_features & 0x4000) != 0)
            std::fill(m_pointers.begin() + 3, m_pointers.end(), nullptr);
        m_device->start({*this, m_features & m_device->facts().features, m_pointers});
    }
    void stop(StopReason reason)
    {
        bool stopped = false;
        m_device->stop(reason, [&stopped] { stopped = true; });
        CHECK(stopped);
        if (reason == StopReason::Pause)
            m_rings.keep();
    }
    void settle()
    {
        std::promise<void> done;
        fuzz::loop().post([&done] { done.set_value(); });
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
        m_rings.driver(queue).offer(buffers, word >> 8 & 3);
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
        auto fresh = std::make_unique<Balloon>(fuzz::loop(), "balloon", m_rings.memory());
        BalloonState state = *state::load<BalloonState>(m_device->saveState());
        if (numbers[0] % 2 != 0)
            state.target = loadLe<uint32_t>(numbers + 4);
        state.actual = loadLe<uint32_t>(numbers + 8);
        if (fresh->loadState(state::save(state)))
            m_device = std::move(fresh);
        start();
    }

    fuzz::Rings m_rings{kQueues};
    std::unique_ptr<Balloon> m_device =
        std::make_unique<Balloon>(fuzz::loop(), "balloon", m_rings.memory());
    std::vector<Queue*> m_pointers;
    uint64_t m_features = ~uint64_t{0};
    bool m_broken = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    Guest guest;
    return fuzz::runActions(data, size, [&](fuzz::Action action) { guest.act(action); });
}
