// SPDX-License-Identifier: GPL-3.0-or-later
// A disk in memory whose io thread the test can hold: for what happens while a request is in
// flight.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "vmm/block/block_backend.h"

namespace tests {

/// What a test sees of a disk, also after the device has destroyed its backend. Thread-safe.
struct FakeDisk {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::byte> bytes;
    std::vector<vmm::block::IoKind> log;      ///< requests begun, in order
    std::vector<vmm::block::Extent> discards; ///< extents dropped
    bool held = false;    ///< the io thread waits before it carries out a request
    bool waiting = false; ///< it does so now
    bool failing = false; ///< requests end with an I/O error
    bool stable = false;  ///< the last write had to be stable

    void hold()
    {
        const std::lock_guard<std::mutex> lock(mutex);
        held = true;
    }
    void release()
    {
        {
            const std::lock_guard<std::mutex> lock(mutex);
            held = false;
        }
        changed.notify_all();
    }
    /// Waits until a request stands in front of the held io thread.
    bool waitForRequest()
    {
        std::unique_lock<std::mutex> lock(mutex);
        return changed.wait_for(lock, std::chrono::seconds(5), [this] { return waiting; });
    }
};

class FakeBackend final : public vmm::block::BlockBackend {
public:
    static constexpr uint64_t kStored = 80000; ///< sectors past this one are not kept
    FakeBackend(std::shared_ptr<FakeDisk> disk, uint64_t sectors, bool readOnly = false)
        : m_disk(std::move(disk)), m_sectors(sectors), m_readOnly(readOnly)
    {
        m_disk->bytes.resize(std::min<uint64_t>(sectors, kStored) * vmm::block::kSectorSize);
        m_thread = std::thread([this] { run(); });
    }
    ~FakeBackend() override
    {
        cancel();
        {
            const std::lock_guard<std::mutex> lock(m_disk->mutex);
            m_stop = true;
        }
        m_disk->changed.notify_all();
        m_thread.join();
    }
    uint64_t capacity() const override { return m_sectors; }
    bool readOnly() const override { return m_readOnly; }
    bool canDiscard() const override { return !m_readOnly; }
    bool volatileCache() const override { return true; }
    uint32_t physicalBlockSize() const override { return vmm::block::kSectorSize; }
    void setListener(vmm::block::BlockListener*) override {}
    vmm::Result<void> resize(std::optional<uint64_t>) override { return {}; }
    const std::string& path() const override { return m_path; }
    std::optional<vmm::block::IoResult> readNow(const vmm::block::IoRequest&) override
    {
        return std::nullopt;
    }
    using BlockBackend::submit;
    void submit(std::span<vmm::block::IoRequest* const> requests) override
    {
        {
            const std::lock_guard<std::mutex> lock(m_disk->mutex);
            for (vmm::block::IoRequest* request : requests)
                m_queue.push_back({request, m_generation});
        }
        m_disk->changed.notify_all();
    }
    void cancel() override
    {
        const std::lock_guard<std::mutex> lock(m_disk->mutex);
        ++m_generation;
    }
    void pause() override {}
    void resume() override {}

private:
    using IoStatus = vmm::block::IoStatus;
    struct Item {
        vmm::block::IoRequest* request = nullptr;
        uint64_t generation = 0;
    };
    void run()
    {
        std::unique_lock<std::mutex> lock(m_disk->mutex);
        for (;;) {
            m_disk->changed.wait(lock, [this] { return m_stop || !m_queue.empty(); });
            if (m_queue.empty())
                return;
            Item item = std::move(m_queue.front());
            m_queue.pop_front();
            m_disk->log.push_back(item.request->kind);
            m_disk->waiting = true;
            m_disk->changed.notify_all();
            m_disk->changed.wait(lock, [this] { return m_stop || !m_disk->held; });
            m_disk->waiting = false;
            IoStatus status = IoStatus::Ok;
            if (item.generation != m_generation)
                status = IoStatus::Cancelled;
            else if (m_disk->failing)
                status = IoStatus::Failed;
            else
                perform(*item.request);
            lock.unlock();
            item.request->done({status, {}});
            lock.lock();
        }
    }
    void perform(const vmm::block::IoRequest& request)
    {
        using vmm::block::IoKind;
        uint64_t offset = request.offset;
        for (const auto& segment : request.segments) {
            if (offset + segment.size() > m_disk->bytes.size())
                return;
            std::byte* at = m_disk->bytes.data() + offset;
            if (request.kind == IoKind::Read)
                std::memcpy(segment.ioPointer(), at, segment.size());
            else
                std::memcpy(at, segment.ioPointer(), segment.size());
            offset += segment.size();
        }
        if (request.kind == IoKind::Write)
            m_disk->stable = request.durability == vmm::block::IoDurability::Stable;
        for (const auto& extent : request.extents) {
            m_disk->discards.push_back(extent);
            if (extent.offset + extent.length <= m_disk->bytes.size())
                std::memset(m_disk->bytes.data() + extent.offset, 0, extent.length);
        }
    }

    std::shared_ptr<FakeDisk> m_disk;
    uint64_t m_sectors;
    bool m_readOnly;
    std::string m_path = "fake";
    uint64_t m_generation = 0; // this and the next two under m_disk->mutex
    std::deque<Item> m_queue;
    bool m_stop = false;
    std::thread m_thread;
};

} // namespace tests
