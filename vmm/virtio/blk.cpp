// SPDX-License-Identifier: GPL-3.0-or-later
// The block device's life: configuration, start, queues, stop and state. Requests are in
// blk_request.cpp.
#include "vmm/virtio/blk.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fmt/core.h>

#include "vmm/base/check.h"
#include "vmm/virtio/blk_limits.h"

namespace vmm::virtio {

using block::kSectorSize;

uint64_t Blk::featuresOf(const block::BlockBackend& disk, const BlkOptions& options)
{
    uint64_t features =
        VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_TOPOLOGY | VIRTIO_BLK_F_FLUSH;
    features |=
        disk.readOnly() ? VIRTIO_BLK_F_RO : VIRTIO_BLK_F_CONFIG_WCE | VIRTIO_BLK_F_WRITE_ZEROES;
    if (disk.canDiscard())
        features |= VIRTIO_BLK_F_DISCARD;
    if (options.queues > 1)
        features |= VIRTIO_BLK_F_MQ;
    return features;
}

Blk::Blk(EventLoop& loop, std::unique_ptr<block::BlockBackend> disk, BlkOptions options)
    : Device(loop, {.name = options.name,
                    .type = DeviceType::Block,
                    .features = featuresOf(*disk, options),
                    .queueSizes = std::vector<uint16_t>(options.queues, options.queueSize),
                    .configSize = kBlkConfigSize}),
      m_options(std::move(options)),
      m_writeback(disk->volatileCache()),
      m_lines(m_options.queues),
      m_disk(std::move(disk))
{
    CHECK(m_options.queues >= 1 && m_options.queues <= kMostQueues && m_options.queueSize >= 4);
    m_flush.kind = block::IoKind::Flush;
    m_flush.done = [this](const block::IoResult&) {
        m_flushing = false;
        --m_inFlight;
    };
    m_disk->setListener(this);
}

Blk::~Blk() = default;

// --- configuration ---

void Blk::readConfig(uint32_t offset, std::span<std::byte> to)
{
    const uint32_t physical = m_disk->physicalBlockSize() / kSectorSize;
    BlkConfig config;
    config.capacity = m_disk->capacity();
    config.segMax = m_options.queueSize - 2U; // besides header and status
    config.blkSize = kSectorSize;
    config.physicalBlockExp = static_cast<uint8_t>(std::countr_zero(physical));
    config.minIoSize = static_cast<uint16_t>(std::min<uint32_t>(physical, 0xffff));
    config.writeback = m_writeback ? 1 : 0;
    config.numQueues = m_options.queues;
    if ((facts().features & VIRTIO_BLK_F_DISCARD) != 0) {
        config.maxDiscardSectors = kMaxDiscardSectors;
        config.maxDiscardSeg = kMaxDiscardRanges;
        config.discardSectorAlignment = physical;
    }
    if ((facts().features & VIRTIO_BLK_F_WRITE_ZEROES) != 0) {
        config.maxWriteZeroesSectors = kMaxZeroSectors;
        config.maxWriteZeroesSeg = kMaxZeroRanges;
        config.writeZeroesMayUnmap = 1;
    }
    std::memcpy(to.data(), std::as_bytes(std::span(&config, 1)).data() + offset, to.size());
}

/// The cache mode is all a driver can write (section 5.2.5.2).
void Blk::writeConfig(uint32_t offset, std::span<const std::byte> from)
{
    constexpr uint32_t at = offsetof(BlkConfig, writeback);
    if (offset > at || at - offset >= from.size() ||
        (facts().features & VIRTIO_BLK_F_CONFIG_WCE) == 0)
        return;
    const bool wanted = from[at - offset] != std::byte{0};
    if (m_writeback.exchange(wanted) && !wanted)
        loop().post([this] { flushForWritethrough(); });
}

/// What was written before is in the host's cache still, and the driver will not flush any more.
void Blk::flushForWritethrough()
{
    if (m_host == nullptr || m_stopped || m_flushing)
        return;
    m_flushing = true;
    ++m_inFlight;
    m_batch.push_back(&m_flush);
    submitBatch();
}

/// Do completed writes wait for a flush? Section 5.2.6.2: by what the driver set, or by whether it
/// can flush at all.
bool Blk::caches() const
{
    return agreed(VIRTIO_BLK_F_CONFIG_WCE) ? m_writeback.load() : agreed(VIRTIO_BLK_F_FLUSH);
}

void Blk::capacityChanged()
{
    if (m_host != nullptr)
        m_host->configChanged();
    else
        m_resized = true;
}

// --- life ---

void Blk::start(const Activation& activation)
{
    m_host = &activation.host;
    m_agreed = activation.features;
    m_broken = m_toldFull = false;
    for (unsigned i = 0; i < m_lines.size(); ++i) {
        m_lines[i].ring = activation.queues[i];
        fill(m_lines[i], i);
    }
    if (std::exchange(m_resized, false))
        m_host->configChanged();
    for (Line& line : m_lines)
        redo(line);
    if (agreed(VIRTIO_BLK_F_CONFIG_WCE) && !m_writeback)
        flushForWritethrough(); // the one before may have been given up for a pause
    submitBatch();
    publish();
}

void Blk::fill(Line& line, unsigned index)
{
    line.pool.resize(line.ring != nullptr ? line.ring->size() : 0);
    line.free.clear();
    line.taken = 0;
    for (auto& request : line.pool) {
        if (request == nullptr) {
            request = std::make_unique<Request>();
            request->queue = index;
            request->io.done = [this, owner = request.get()](const block::IoResult& result) {
                done(*owner, result);
            };
        }
        line.free.push_back(request.get());
    }
}

/// What was taken from the queue before, and not done.
void Blk::redo(Line& line)
{
    const std::vector<uint16_t> heads = std::exchange(line.unfinished, {});
    if (line.ring == nullptr)
        return;
    for (const uint16_t head : heads) {
        if (m_broken)
            return;
        if (line.free.empty())
            return broken(Error(ErrorCode::Invalid, "more requests than the queue can have"));
        Request& request = *line.free.back();
        if (const auto read = line.ring->reread(head, request.chain); !read)
            return broken(read.error());
        begin(request);
    }
}

bool Blk::handleQueue(unsigned index)
{
    Line& line = m_lines[index];
    if (m_broken || m_stopped)
        return false;
    line.ring->disableNotification();
    for (unsigned i = 0; i < line.ring->size() && line.taken < line.pool.size(); ++i) {
        Request& request = *line.free.back();
        if (!take(line, request))
            break;
        begin(request);
        if (m_broken)
            break;
    }
    submitBatch();
    m_disk->poll(); // what the host had in its cache is done already
    publish();
    if (m_broken)
        return false;
    const bool more = line.ring->enableNotification();
    // Each request has a descriptor of its own, unless the driver offers some again.
    if (more && line.taken == line.pool.size())
        broken(Error(ErrorCode::Invalid, "more requests than the queue can have"));
    return more && !m_broken;
}

bool Blk::take(Line& line, Request& request)
{
    const auto popped = line.ring->pop(request.chain);
    if (!popped)
        broken(popped.error());
    return popped && *popped;
}

void Blk::broken(const Error& error)
{
    m_broken = true;
    m_host->needsReset(error);
}

void Blk::submitBatch()
{
    if (m_batch.empty())
        return;
    m_disk->submit(m_batch);
    m_batch.clear();
}

void Blk::publish()
{
    for (unsigned i = 0; i < m_lines.size(); ++i) {
        Line& line = m_lines[i];
        if (std::exchange(line.pushed, false) && line.ring->publish())
            m_host->interruptQueue(i);
    }
}

void Blk::completed()
{
    submitBatch(); // what a completion began
    if (m_host != nullptr)
        publish();
    if (m_stopped && m_inFlight == 0)
        finishStop();
}

void Blk::stop(StopReason reason, std::function<void()> stopped)
{
    m_stopReason = reason;
    m_stopped = std::move(stopped);
    if (m_inFlight == 0)
        return finishStop();
    // What the disk does not end now it is given again when we start, if ever.
    m_disk->cancel();
}

void Blk::finishStop()
{
    for (Line& line : m_lines)
        line.ring = nullptr;
    m_host = nullptr;
    std::exchange(m_stopped, {})();
}

void Blk::reset()
{
    for (Line& line : m_lines)
        line.unfinished.clear();
    m_writeback = m_disk->volatileCache();
    m_agreed = 0;
}

// --- state ---

state::Record Blk::saveState() const
{
    BlkState state;
    state.writeback = m_writeback;
    for (const Line& line : m_lines)
        state.queues.push_back({line.unfinished});
    return state::save(state);
}

Result<void> Blk::loadState(const state::Record& record)
{
    auto state = TRY(state::load<BlkState>(record));
    if (state.queues.size() != m_lines.size())
        return Error(ErrorCode::Invalid,
                     fmt::format("{} queues instead of {}", state.queues.size(), m_lines.size()));
    for (const BlkState::QueueSlot& slot : state.queues) {
        if (slot.unfinished.size() > m_options.queueSize)
            return Error(ErrorCode::Invalid, "more unfinished requests than a queue can have");
    }
    m_writeback = state.writeback;
    for (size_t i = 0; i < m_lines.size(); ++i)
        m_lines[i].unfinished = std::move(state.queues[i].unfinished);
    return {};
}

} // namespace vmm::virtio
