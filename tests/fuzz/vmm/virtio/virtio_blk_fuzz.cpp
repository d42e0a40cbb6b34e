// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: everything a driver can do to a block device whose disk ends requests when it likes,
// and hostile saved states. Sixteen bytes an action: kind, queue, two of numbers, then 12 of
// buffers.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "tests/fuzz/vmm/virtio/device_guest.h"
#include "vmm/base/bits.h"
#include "vmm/virtio/blk.h"

namespace {

using namespace vmm;
using namespace vmm::virtio;

constexpr uint64_t kRam = fuzz::Rings::kRam;
constexpr unsigned kQueues = 2;
constexpr uint16_t kQueueSize = 8;
constexpr size_t kDiskBytes = size_t{64} * block::kSectorSize;

/// Ends what it was given when told to, and checks what the device promises.
class SlowDisk final : public block::BlockBackend {
public:
    ~SlowDisk() override { CHECK(m_waiting.empty()); }
    uint64_t capacity() const override { return kDiskBytes / block::kSectorSize; }
    bool readOnly() const override { return false; }
    bool canDiscard() const override { return true; }
    bool volatileCache() const override { return true; }
    uint32_t physicalBlockSize() const override { return 4096; }
    const std::string& path() const override { return m_path; }
    void setListener(block::BlockListener* listener) override { m_listener = listener; }
    Result<void> resize(std::optional<uint64_t>) override { return {}; }
    std::optional<block::IoResult> readNow(const block::IoRequest&) override { return {}; }
    using BlockBackend::submit;
    void submit(std::span<block::IoRequest* const> requests) override
    {
        m_waiting.insert(m_waiting.end(), requests.begin(), requests.end());
        CHECK(m_waiting.size() <= size_t{kQueues} * kQueueSize + 1);
    }
    void cancel() override { m_cancelled = m_waiting.size(); }
    void pause() override {}
    void resume() override {}

    bool end(size_t which, block::IoStatus status)
    {
        if (m_waiting.empty())
            return false;
        const size_t index = m_cancelled != 0 ? 0 : which % m_waiting.size();
        block::IoRequest& request = *m_waiting[index];
        m_waiting.erase(m_waiting.begin() + static_cast<ptrdiff_t>(index));
        if (m_cancelled != 0) {
            --m_cancelled;
            status = block::IoStatus::Cancelled;
        }
        if (status == block::IoStatus::Ok)
            move(request);
        request.done({status, status == block::IoStatus::Ok ? "" : "as told"});
        m_listener->completed();
        return true;
    }

private:
    void move(const block::IoRequest& request)
    {
        const bool reading = request.kind == block::IoKind::Read;
        uint64_t at = request.offset;
        if (reading || request.kind == block::IoKind::Write) {
            for (const block::Segment& segment : request.segments) {
                CHECK(at <= m_bytes.size() && segment.size() <= m_bytes.size() - at);
                if (reading)
                    std::memcpy(segment.ioPointer(), m_bytes.data() + at, segment.size());
                else
                    std::memcpy(m_bytes.data() + at, segment.ioPointer(), segment.size());
                at += segment.size();
            }
        } else if (request.kind != block::IoKind::Flush) {
            for (const block::Extent& extent : request.extents)
                CHECK(extent.offset <= m_bytes.size() &&
                      extent.length <= m_bytes.size() - extent.offset);
        }
    }
    block::BlockListener* m_listener = nullptr;
    std::vector<std::byte> m_bytes = std::vector<std::byte>(kDiskBytes);
    std::vector<block::IoRequest*> m_waiting;
    size_t m_cancelled = 0;
    std::string m_path = "fuzz";
};

class Guest final : private DeviceHost, private block::StorageEvents {
public:
    Guest()
    {
        make();
        start();
    }
    ~Guest() override { stop(StopReason::Reset); }

    void act(fuzz::Action action)
    {
        const uint16_t queue = action[1] % kQueues;
        const auto word = loadLe<uint16_t>(&action[2]);
        const auto* numbers = &action[4];
        switch (action[0] % 8) {
        case 0:
        case 1:
            offer(queue, word, numbers);
            break;
        case 2:
            for (unsigned i = 0; i < 1U + word % 4 && !m_broken; ++i)
                if (!m_device->handleQueue(queue))
                    break;
            break;
        case 3:
            static_cast<void>(m_disk->end(word, static_cast<block::IoStatus>(numbers[0] % 4)));
            break;
        case 4: // into rings and headers
            static_cast<void>(
                m_rings.memory().copyIn(memory::GuestPhys(loadLe<uint32_t>(numbers) % kRam),
                                        std::as_bytes(std::span(numbers + 4, 8))));
            break;
        case 5:
            config(word);
            break;
        case 6:
            restore(word, numbers);
            break;
        default:
            stop(StopReason::Reset);
            m_device->reset();
            m_features = loadLe<uint64_t>(numbers);
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
    void storageFull(const std::string&, const std::string&) override {}

    void make()
    {
        auto disk = std::make_unique<SlowDisk>();
        m_disk = disk.get();
        m_device = std::make_unique<Blk>(fuzz::loop(), std::move(disk),
                                         BlkOptions{.name = "blk",
                                                    .serial = "fuzz",
                                                    .queues = kQueues,
                                                    .queueSize = kQueueSize,
                                                    .whenFull = block::WhenFull::Pause,
                                                    .events = this});
    }
    void start()
    {
        m_broken = false;
        m_pointers = m_rings.open((m_features & 0x10000) != 0);
        m_device->start({*this, m_features & m_device->facts().features, m_pointers});
    }
    void stop(StopReason reason)
    {
        bool stopped = false;
        m_device->stop(reason, [&stopped] { stopped = true; });
        while (m_disk->end(0, block::IoStatus::Ok)) {
        }
        CHECK(stopped);
        if (reason == StopReason::Pause)
            m_rings.keep();
    }
    /// Often a request that means something: header, data, status.
    void offer(uint16_t queue, uint16_t word, const uint8_t* numbers)
    {
        const uint64_t header = 0x1000 + 16U * (word >> 8 & 7);
        constexpr std::array<uint32_t, 8> types{0, 1, 4, 8, 11, 13, 14, ~0U};
        const BlkHeader value{types[word & 7], 0, loadLe<uint64_t>(numbers) & 0xff};
        static_cast<void>(m_rings.memory().write(memory::GuestPhys(header), value));
        std::vector<tests::VirtqueueDriver::Buffer> buffers;
        const uint32_t odd = word >> 11 & 3;
        buffers.push_back({header, 16 - odd, false});
        if (odd != 0)
            buffers.push_back({header + 16 - odd, odd, false});
        const uint64_t at = uint64_t{numbers[8]} << 12 | (numbers[9] & 3U) << 8;
        const uint32_t size = uint32_t{numbers[10]} << (numbers[9] >> 4);
        buffers.push_back({at, size, (word & 8) != 0});
        if ((word & 16) == 0)
            buffers.push_back({0x1800U + numbers[11], 1, true});
        m_rings.driver(queue).offer(buffers, word >> 13);
    }
    void config(uint16_t word)
    {
        const uint32_t offset = word % kBlkConfigSize;
        std::array<std::byte, 8> bytes{};
        const size_t size = std::min<size_t>(1U << (word >> 8) % 4, kBlkConfigSize - offset);
        m_device->readConfig(offset, std::span(bytes).first(size));
        if (offset > 32 || offset + size <= 32) // the cache is turned off on the loop's thread
            m_device->writeConfig(offset, std::span(bytes).first(size));
    }
    /// Paused, saved, perhaps damaged, and loaded into a device that takes over.
    void restore(uint16_t word, const uint8_t* numbers)
    {
        stop(StopReason::Pause);
        auto state = *state::load<BlkState>(m_device->saveState());
        if (word % 2 != 0) {
            state.writeback = word % 4 == 1;
            auto& heads = state.queues[word >> 8 & 1].unfinished;
            heads.assign(numbers, numbers + numbers[11] % 12);
        }
        if (m_device->loadState(state::save(state)) && word % 8 < 4) {
            make();
            CHECK(m_device->loadState(state::save(state)).has_value());
        }
        start();
    }

    fuzz::Rings m_rings{kQueues, kQueueSize};
    SlowDisk* m_disk = nullptr;
    std::unique_ptr<Blk> m_device;
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
