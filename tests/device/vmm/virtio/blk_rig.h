// SPDX-License-Identifier: GPL-3.0-or-later
// A block device with its driver, on a disk in memory that a test can hold, fill up or let fail.
#pragma once

#include <cstring>
#include <mutex>
#include <vector>

#include "tests/device/vmm/virtio/virtio_rig.h"
#include "vmm/virtio/blk.h"

namespace tests {

/// What a test sees of the disk, also when its backend is gone. Thread-safe.
struct MemoryDisk {
    explicit MemoryDisk(size_t sectors) : bytes(sectors * vmm::block::kSectorSize) {}

    std::mutex mutex;
    std::vector<std::byte> bytes;
    std::vector<vmm::block::IoKind> log; ///< requests carried out, in order
    vmm::block::IoDurability lastWrite = vmm::block::IoDurability::Cached;
    bool held = false;     ///< requests wait until release(), or are cancelled
    bool full = false;     ///< writes find no space
    bool failing = false;  ///< everything fails
    bool stubborn = false; ///< a cancelled request waits for release() too, and is carried out
    bool readOnly = false;
    size_t submitted = 0;
    size_t cancels = 0;
    std::function<void()> wake; ///< set by the backend

    template <class F>
    auto with(F function)
    {
        const std::lock_guard<std::mutex> lock(mutex);
        return function(*this);
    }
    void release()
    {
        with([](MemoryDisk& disk) {
            disk.held = false;
            if (disk.wake)
                disk.wake();
        });
    }
};

/// The backend on a loop: completions in a turn of their own, last come first served.
class MemoryBackend final : public vmm::block::BlockBackend {
public:
    using Io = vmm::block::IoRequest;
    MemoryBackend(vmm::EventLoop& loop, std::shared_ptr<MemoryDisk> disk)
        : m_loop(loop), m_disk(std::move(disk)), m_wake(*vmm::EventFd::create())
    {
        CHECK(loop.watch(m_wake.fd(), [this] { turn(); }).has_value());
        m_disk->with([this](MemoryDisk& shared) { shared.wake = [this] { m_wake.signal(); }; });
    }
    ~MemoryBackend() override
    {
        m_disk->with([](MemoryDisk& shared) { shared.wake = {}; });
        m_loop.remove(m_wake.fd());
        CHECK(m_waiting.empty());
    }
    uint64_t capacity() const override
    {
        return m_disk->with([](MemoryDisk& disk) { return disk.bytes.size(); }) /
               vmm::block::kSectorSize;
    }
    bool readOnly() const override { return m_disk->readOnly; }
    bool canDiscard() const override { return !m_disk->readOnly; }
    bool volatileCache() const override { return true; }
    uint32_t physicalBlockSize() const override { return 4096; }
    const std::string& path() const override { return m_path; }
    void setListener(vmm::block::BlockListener* listener) override { m_listener = listener; }
    vmm::Result<void> resize(std::optional<uint64_t> bytes) override
    {
        m_disk->with([&](MemoryDisk& disk) { disk.bytes.resize(*bytes); });
        m_listener->capacityChanged();
        return {};
    }
    std::optional<vmm::block::IoResult> readNow(const Io&) override { return std::nullopt; }
    using BlockBackend::submit;
    void submit(std::span<Io* const> requests) override
    {
        CHECK(m_loop.onThread());
        for (Io* request : requests)
            m_waiting.push_back({request, false});
        m_disk->with([&](MemoryDisk& disk) { disk.submitted += requests.size(); });
        m_wake.signal();
    }
    void cancel() override
    {
        for (Item& item : m_waiting)
            item.cancelled = true;
        m_disk->with([](MemoryDisk& disk) { ++disk.cancels; });
        m_wake.signal();
    }
    void pause() override {}
    void resume() override {}

private:
    struct Item {
        Io* request = nullptr;
        bool cancelled = false;
    };
    void turn()
    {
        m_wake.drain();
        std::vector<Item> left;
        bool any = false;
        for (std::vector<Item> items = std::exchange(m_waiting, {}); !items.empty();) {
            const Item item = items.back();
            items.pop_back();
            const auto [waits, status] = m_disk->with([&](MemoryDisk& disk) {
                const bool cancelled = item.cancelled && !disk.stubborn;
                if (cancelled)
                    return std::pair(false, vmm::block::IoStatus::Cancelled);
                if (disk.held)
                    return std::pair(true, vmm::block::IoStatus::Ok);
                return std::pair(false, perform(disk, *item.request));
            });
            if (waits) {
                left.push_back(item);
            } else {
                item.request->done({status, {}});
                any = true;
            }
        }
        m_waiting.insert(m_waiting.end(), left.rbegin(), left.rend());
        if (any)
            m_listener->completed();
    }
    static vmm::block::IoStatus perform(MemoryDisk& disk, const Io& request)
    {
        using vmm::block::IoKind;
        using vmm::block::IoStatus;
        disk.log.push_back(request.kind);
        if (disk.failing)
            return IoStatus::Failed;
        if (request.kind == IoKind::Write)
            disk.lastWrite = request.durability;
        if (disk.full && (request.kind == IoKind::Write || request.kind == IoKind::WriteZeroes))
            return IoStatus::NoSpace;
        uint64_t at = request.offset;
        const bool moves = request.kind == IoKind::Read || request.kind == IoKind::Write;
        for (size_t i = 0; moves && i < request.segments.size(); ++i) {
            const auto& segment = request.segments[i];
            CHECK(at + segment.size() <= disk.bytes.size()); // the device has checked
            if (request.kind == IoKind::Read)
                std::memcpy(segment.ioPointer(), disk.bytes.data() + at, segment.size());
            else
                std::memcpy(disk.bytes.data() + at, segment.ioPointer(), segment.size());
            at += segment.size();
        }
        const bool ranges = request.kind == IoKind::Discard || request.kind == IoKind::WriteZeroes;
        for (size_t i = 0; ranges && i < request.extents.size(); ++i) {
            const auto& extent = request.extents[i];
            CHECK(extent.offset + extent.length <= disk.bytes.size());
            std::memset(disk.bytes.data() + extent.offset,
                        request.kind == IoKind::WriteZeroes ? 0
                        : request.mayUnmap                  ? 0xdd
                                                            : 0xdc,
                        extent.length);
        }
        return IoStatus::Ok;
    }

    vmm::EventLoop& m_loop;
    const std::shared_ptr<MemoryDisk> m_disk;
    const vmm::EventFd m_wake;
    vmm::block::BlockListener* m_listener = nullptr;
    std::vector<Item> m_waiting;
    std::string m_path = "memory";
};

struct CountingEvents final : vmm::block::StorageEvents {
    void storageFull(const std::string&, const std::string&) override { ++told; }
    std::atomic<int> told{0};
};

/// The device at the rig's place, its queue 0 set up with `kQueueSize` descriptors.
struct BlkRig {
    using Buffer = VirtqueueDriver::Buffer;
    static constexpr uint16_t kQueueSize = 16;
    static constexpr uint64_t kHeader = VirtioRig::kData;
    static constexpr uint64_t kStatus = VirtioRig::kData + 0x800;
    static constexpr uint64_t kBuffer = VirtioRig::kData + 0x1000;
    static constexpr uint64_t kAllFeatures =
        vmm::virtio::VIRTIO_F_VERSION_1 | vmm::virtio::VIRTIO_BLK_F_FLUSH |
        vmm::virtio::VIRTIO_BLK_F_CONFIG_WCE | vmm::virtio::VIRTIO_BLK_F_DISCARD |
        vmm::virtio::VIRTIO_BLK_F_WRITE_ZEROES;
    using MakeDisk = std::function<std::unique_ptr<vmm::block::BlockBackend>(vmm::EventLoop&)>;

    explicit BlkRig(const MakeDisk& makeDisk, vmm::virtio::BlkOptions options = {})
        : rig([&](vmm::EventLoop& loop) {
              options.name = "disk0";
              options.queueSize = kQueueSize;
              auto device =
                  std::make_unique<vmm::virtio::Blk>(loop, makeDisk(loop), std::move(options));
              blk = device.get();
              return device;
          })
    {
        queue.emplace(*rig.board.memory, VirtioRig::kRings, kQueueSize);
    }
    explicit BlkRig(std::shared_ptr<MemoryDisk> disk, vmm::virtio::BlkOptions options = {})
        : BlkRig([&](vmm::EventLoop& loop) { return std::make_unique<MemoryBackend>(loop, disk); },
                 std::move(options))
    {}
    /// Handshake and queue; false when the device does not agree.
    bool go(uint64_t features = kAllFeatures)
    {
        if (!rig.driver->negotiate(features))
            return false;
        rig.driver->setQueue(0, queue->layout());
        rig.driver->go();
        return true;
    }
    /// A request of header, data and status, from descriptor `first` on; its header and status lie
    /// apart from those of others.
    void offer(uint32_t type, uint64_t sector, std::vector<Buffer> data, uint16_t first = 0)
    {
        put(headerAt(first), vmm::virtio::BlkHeader{type, 0, sector});
        put(statusAt(first), uint8_t{0xff});
        data.insert(data.begin(), {headerAt(first), 16, false});
        data.push_back({statusAt(first), 1, true});
        queue->offer(data, first);
    }
    static uint64_t headerAt(uint16_t first) { return kHeader + 16U * first; }
    static uint64_t statusAt(uint16_t first) { return kStatus + first; }
    uint8_t status(uint16_t first = 0) { return get<uint8_t>(statusAt(first)); }
    /// The next request that came back; waits.
    vmm::virtio::UsedElement collect()
    {
        std::optional<vmm::virtio::UsedElement> next;
        CHECK(VirtioRig::eventually([&] { return (next = queue->collect()).has_value(); }));
        return *next;
    }
    /// A request and its end: its status.
    uint8_t ask(uint32_t type, uint64_t sector, std::vector<Buffer> data = {})
    {
        offer(type, sector, std::move(data));
        rig.driver->notify(0);
        used = collect();
        return status();
    }
    bool needsReset() { return (rig.driver->status() & vmm::virtio::DEVICE_NEEDS_RESET) != 0; }

    template <class T>
    void put(uint64_t address, const T& value)
    {
        CHECK(rig.board.memory->write(vmm::memory::GuestPhys(address), value).has_value());
    }
    template <class T>
    T get(uint64_t address)
    {
        return *rig.board.memory->read<T>(vmm::memory::GuestPhys(address));
    }
    void fill(uint64_t address, size_t size, uint8_t value)
    {
        const std::vector<std::byte> bytes(size, std::byte{value});
        CHECK(rig.board.memory->copyIn(vmm::memory::GuestPhys(address), bytes).has_value());
    }
    std::vector<std::byte> bytes(uint64_t address, size_t size)
    {
        std::vector<std::byte> bytes(size);
        CHECK(rig.board.memory->copyOut(vmm::memory::GuestPhys(address), bytes).has_value());
        return bytes;
    }
    vmm::virtio::BlkConfig config()
    {
        vmm::virtio::BlkConfig config;
        auto* at = reinterpret_cast<uint8_t*>(&config);
        for (unsigned i = 0; i < vmm::virtio::kBlkConfigSize; ++i)
            at[i] =
                static_cast<uint8_t>(rig.driver->read(vmm::virtio::CapabilityKind::Device, i, 1));
        return config;
    }
    void setWriteback(bool on)
    {
        rig.driver->write(vmm::virtio::CapabilityKind::Device, 32, on ? 1 : 0, 1);
    }

    vmm::virtio::Blk* blk = nullptr;
    VirtioRig rig;
    std::optional<VirtqueueDriver> queue;
    vmm::virtio::UsedElement used;
};

} // namespace tests
