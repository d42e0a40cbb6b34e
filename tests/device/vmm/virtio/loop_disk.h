// SPDX-License-Identifier: GPL-3.0-or-later
// A disk in memory on an EventLoop whose requests the test can hold, fail and find without space.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "vmm/base/event_loop.h"
#include "vmm/block/block_backend.h"

namespace tests {

/// What a test sees of the disk, also after the device has destroyed its backend. Any thread.
struct LoopDiskFace {
    std::mutex mutex;
    std::vector<std::byte> bytes;
    std::vector<vmm::block::IoKind> log; ///< requests that began, in order
    std::vector<vmm::block::Extent> discards;
    bool stable = false; ///< the last write had to be
    std::atomic<bool> held{false};
    std::atomic<bool> stubborn{false};   ///< what is held does not end when it is cancelled
    std::atomic<bool> doneAnyway{false}; ///< cancelling comes too late
    std::atomic<vmm::block::IoStatus> status{vmm::block::IoStatus::Ok};
    std::atomic<unsigned> waiting{0}; ///< requests that were submitted and have not ended
    std::atomic<unsigned> cancels{0};
    std::atomic<bool> gone{false};
};

/// Carries requests out one loop's turn after they came, or when release() says so.
class LoopDisk final : public vmm::block::BlockBackend {
public:
    LoopDisk(vmm::EventLoop& loop, std::shared_ptr<LoopDiskFace> face, uint64_t sectors,
             bool readOnly = false)
        : m_loop(loop), m_face(std::move(face)), m_sectors(sectors), m_readOnly(readOnly)
    {
        m_face->bytes.resize(sectors * vmm::block::kSectorSize);
    }
    ~LoopDisk() override
    {
        CHECK(m_queue.empty());
        m_face->gone = true;
    }
    uint64_t capacity() const override { return m_sectors; }
    bool readOnly() const override { return m_readOnly; }
    bool canDiscard() const override { return !m_readOnly; }
    bool volatileCache() const override { return true; }
    uint32_t physicalBlockSize() const override { return vmm::block::kSectorSize; }
    const std::string& path() const override { return m_path; }
    void setListener(vmm::block::BlockListener* listener) override { m_listener = listener; }
    vmm::Result<void> resize(std::optional<uint64_t> bytes) override
    {
        const std::lock_guard<std::mutex> lock(m_face->mutex);
        m_sectors = *bytes / vmm::block::kSectorSize;
        m_face->bytes.resize(*bytes);
        if (m_listener != nullptr)
            m_listener->capacityChanged();
        return {};
    }
    std::optional<vmm::block::IoResult> readNow(const vmm::block::IoRequest&) override
    {
        return std::nullopt;
    }
    using BlockBackend::submit;
    void submit(std::span<vmm::block::IoRequest* const> requests) override
    {
        for (vmm::block::IoRequest* request : requests) {
            m_queue.push_back({request, m_generation});
            ++m_face->waiting;
        }
        later();
    }
    void cancel() override
    {
        ++m_face->cancels;
        ++m_generation;
        later();
    }
    void pause() override {}
    void resume() override {}
    /// On the loop: what was held goes on.
    void release()
    {
        m_face->held = false;
        later();
    }

private:
    struct Item {
        vmm::block::IoRequest* request = nullptr;
        uint64_t generation = 0;
    };
    void later()
    {
        m_loop.post([this, alive = std::weak_ptr<int>(m_alive)] {
            if (!alive.expired())
                carryOut();
        });
    }
    /// Cancelled requests end also while others are held.
    void carryOut()
    {
        std::deque<Item> now;
        const bool held = m_face->held;
        for (auto it = m_queue.begin(); it != m_queue.end();) {
            const bool ends = !held || (it->generation != m_generation && !m_face->stubborn);
            if (ends)
                now.push_back(*it);
            it = ends ? m_queue.erase(it) : it + 1;
        }
        for (const Item& item : now) {
            auto status = m_face->status.load();
            if (item.generation != m_generation && !m_face->doneAnyway)
                status = vmm::block::IoStatus::Cancelled;
            perform(*item.request, status);
            --m_face->waiting;
            item.request->done({status, "a sentence"});
        }
        if (!now.empty() && m_listener != nullptr)
            m_listener->completed();
    }
    void perform(const vmm::block::IoRequest& request, vmm::block::IoStatus status)
    {
        using vmm::block::IoKind;
        const std::lock_guard<std::mutex> lock(m_face->mutex);
        m_face->log.push_back(request.kind);
        if (status != vmm::block::IoStatus::Ok)
            return;
        CHECK(request.offset + request.size() <= m_face->bytes.size());
        uint64_t offset = request.offset;
        for (const auto& segment : request.segments) {
            std::byte* at = m_face->bytes.data() + offset;
            if (request.kind == IoKind::Read)
                std::memcpy(segment.ioPointer(), at, segment.size());
            else
                std::memcpy(at, segment.ioPointer(), segment.size());
            offset += segment.size();
        }
        if (request.kind == IoKind::Write)
            m_face->stable = request.durability == vmm::block::IoDurability::Stable;
        for (const auto& extent : request.extents) {
            CHECK(extent.offset + extent.length <= m_face->bytes.size());
            m_face->discards.push_back(extent);
            std::memset(m_face->bytes.data() + extent.offset, 0, extent.length);
        }
    }

    vmm::EventLoop& m_loop;
    std::shared_ptr<LoopDiskFace> m_face;
    std::atomic<uint64_t> m_sectors;
    const bool m_readOnly;
    const std::string m_path = "loop disk";
    vmm::block::BlockListener* m_listener = nullptr;
    uint64_t m_generation = 0;
    std::deque<Item> m_queue;
    std::shared_ptr<int> m_alive = std::make_shared<int>(0);
};

} // namespace tests
