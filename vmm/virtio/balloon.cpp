// SPDX-License-Identifier: GPL-3.0-or-later
// The memory balloon. Virtio 1.2 section 5.5.
#include "vmm/virtio/balloon.h"

#include <algorithm>
#include <cstring>

#include "vmm/base/bits.h"

namespace vmm::virtio {

namespace {

constexpr unsigned kStatisticsQueue = 2;
constexpr uint64_t kFeatures = VIRTIO_BALLOON_F_STATS_VQ | VIRTIO_BALLOON_F_DEFLATE_ON_OOM |
                               VIRTIO_BALLOON_F_PAGE_POISON | VIRTIO_BALLOON_F_PAGE_REPORTING;

/// Where bytes of a configuration access lie in the structure; the transport checked the bounds.
template <class Config>
auto* bytesAt(Config& config, uint32_t offset)
{
    using Byte = std::conditional_t<std::is_const_v<Config>, const std::byte, std::byte>;
    return reinterpret_cast<Byte*>(&config) + offset;
}

/// Reads an array of struct virtio_balloon_stat: unknown tags and what is left over are ignored,
/// of two values the last one counts.
void parseStatistics(std::span<const std::byte> bytes, BalloonStatistics& to)
{
    to.values = {};
    for (; bytes.size() >= kBalloonStatSize; bytes = bytes.subspan(kBalloonStatSize)) {
        const auto tag = loadLe<uint16_t>(bytes.data());
        if (tag < to.values.size())
            to.values[tag] = loadLe<uint64_t>(bytes.data() + kBalloonStatValue);
    }
}

} // namespace

Balloon::Balloon(EventLoop& loop, std::string name, memory::GuestMemory& memory)
    : Device(loop, {.name = std::move(name),
                    .type = DeviceType::Balloon,
                    .features = kFeatures,
                    .queueSizes = std::vector<uint16_t>(kQueues, kQueueSize),
                    .configSize = sizeof(BalloonConfig)}),
      m_memory(memory)
{}

uint32_t Balloon::ramPages() const
{
    return static_cast<uint32_t>(m_memory.ramSize() / kBalloonPageSize);
}

// --- for the machine ---

void Balloon::setTarget(uint64_t bytes)
{
    const auto pages =
        static_cast<uint32_t>(std::min<uint64_t>(bytes / kBalloonPageSize, ramPages()));
    {
        MutexLock lock(m_mutex);
        if (std::exchange(m_config.numPages, pages) == pages)
            return;
    }
    loop().post([this] {
        if (m_host != nullptr)
            m_host->configChanged();
    });
}

uint64_t Balloon::target() const
{
    MutexLock lock(m_mutex);
    return m_config.numPages * kBalloonPageSize;
}

uint64_t Balloon::actual() const
{
    MutexLock lock(m_mutex);
    return std::min(m_config.actual, ramPages()) * kBalloonPageSize;
}

void Balloon::requestStatistics()
{
    loop().post([this] {
        if (m_host != nullptr && roleOf(kStatisticsQueue) == Role::Statistics)
            returnStatistics();
    });
}

BalloonStatistics Balloon::statistics() const
{
    MutexLock lock(m_mutex);
    return m_statistics;
}

BalloonCounters Balloon::counters() const
{
    MutexLock lock(m_mutex);
    return {.inflated = m_counts.inflated,
            .deflated = m_counts.deflated,
            .reported = m_counts.reported,
            .givenBack = m_counts.givenBack,
            .refused = m_counts.refused,
            .failed = m_counts.failed,
            .statistics = m_statisticsTaken};
}

// --- for the driver ---

void Balloon::readConfig(uint32_t offset, std::span<std::byte> to)
{
    MutexLock lock(m_mutex);
    const BalloonConfig& config = m_config;
    std::memcpy(to.data(), bytesAt(config, offset), to.size());
}

/// What is not the driver's to write stays as it is.
void Balloon::writeConfig(uint32_t offset, std::span<const std::byte> from)
{
    MutexLock lock(m_mutex);
    BalloonConfig written = m_config;
    std::memcpy(bytesAt(written, offset), from.data(), from.size());
    m_config.actual = written.actual;
    m_config.poisonValue = written.poisonValue;
}

void Balloon::start(const Activation& activation)
{
    m_host = &activation.host;
    m_features = activation.features;
    std::copy(activation.queues.begin(), activation.queues.end(), m_queues.begin());
}

void Balloon::stop(StopReason reason, std::function<void()> stopped)
{
    for (size_t i = 0; i < kQueues; ++i) {
        // What is not finished comes again: giving pages back twice changes nothing, and a buffer
        // of statistics is still the driver's last word.
        if (m_requests[i].active && reason == StopReason::Pause)
            m_queues[i]->unpop(1);
        m_requests[i].active = false;
    }
    m_queues = {};
    m_host = nullptr;
    stopped();
}

void Balloon::reset()
{
    MutexLock lock(m_mutex);
    m_config.actual = 0;
    m_config.poisonValue = 0;
    m_statistics = {};
}

/// Section 5.5.2 numbers the queues from 0 to 4, there or not. Drivers of Linux before 6.11 number
/// those that there are: without hints the reporting queue is 3 then, without statistics 2. Nothing
/// else is in these places, so both are understood.
Balloon::Role Balloon::roleOf(unsigned index) const
{
    if (index == 0)
        return Role::Inflate;
    if (index == 1)
        return Role::Deflate;
    if (index == kStatisticsQueue && (m_features & VIRTIO_BALLOON_F_STATS_VQ) != 0)
        return Role::Statistics;
    return (m_features & VIRTIO_BALLOON_F_PAGE_REPORTING) != 0 ? Role::Report : Role::None;
}

bool Balloon::handleQueue(unsigned index)
{
    switch (roleOf(index)) {
    case Role::Inflate:
        return inflate(index);
    case Role::Deflate:
        return deflate(index);
    case Role::Statistics:
        return takeStatistics(index);
    case Role::Report:
        return report(index);
    case Role::None:
        break;
    }
    return false;
}

/// Sees to it that a request is at hand; false when there is none.
bool Balloon::next(unsigned index)
{
    Request& request = m_requests[index];
    if (request.active)
        return true;
    const auto popped = m_queues[index]->pop(request.chain);
    if (!popped)
        m_host->needsReset(popped.error());
    request.active = popped.has_value() && *popped;
    return request.active;
}

/// Gives the request back to the driver.
bool Balloon::finish(unsigned index)
{
    m_queues[index]->push(m_requests[index].chain.head(), 0);
    m_requests[index].active = false;
    if (m_queues[index]->publish())
        m_host->interruptQueue(index);
    return endTurn(index);
}

/// True when there is more to do.
bool Balloon::endTurn(unsigned index)
{
    return m_requests[index].active || m_queues[index]->enableNotification();
}

bool Balloon::inflate(unsigned index)
{
    Request& request = m_requests[index];
    const bool fresh = !request.active;
    if (!next(index))
        return endTurn(index);
    if (fresh)
        request.rest = ChainCursor(request.chain.readable());
    std::array<uint32_t, kPagesATurn> pages{};
    const auto count = static_cast<size_t>(
        std::min<uint64_t>(request.rest.left() / sizeof(uint32_t), pages.size()));
    const auto taken = std::span(pages).first(count);
    request.rest.copyOut(std::as_writable_bytes(taken));
    m_counts.inflated += count * kBalloonPageSize;
    giveBackPages(taken);
    return request.rest.left() >= sizeof(uint32_t) || finish(index);
}

/// Nothing is to be done: a page that is touched is there again.
bool Balloon::deflate(unsigned index)
{
    if (!next(index))
        return endTurn(index);
    const uint64_t pages = m_requests[index].chain.readableSize() / sizeof(uint32_t);
    m_counts.deflated += pages * kBalloonPageSize;
    return finish(index);
}

bool Balloon::report(unsigned index)
{
    Request& request = m_requests[index];
    const bool fresh = !request.active;
    if (!next(index))
        return endTurn(index);
    if (fresh)
        request.rest = ChainCursor(request.chain.writable());
    const uint64_t bytes = std::min(request.rest.left(), kBytesATurn);
    m_pieces.clear();
    request.rest.take(bytes, m_pieces);
    m_counts.reported += bytes;
    uint32_t poison = 0;
    if ((m_features & VIRTIO_BALLOON_F_PAGE_POISON) != 0) {
        MutexLock lock(m_mutex);
        poison = m_config.poisonValue;
    }
    // The driver expects to find its pattern again (section 5.5.6.7.2), and what was given back
    // reads as zeros.
    if (poison == 0)
        for (const memory::GuestSlice& piece : m_pieces)
            giveBack(piece);
    return request.rest.left() != 0 || finish(index);
}

/// Neighbours together: a call for each page takes four times as long. What is no RAM (ROM, video
/// memory) is not the balloon's to take.
void Balloon::giveBackPages(std::span<uint32_t> pages)
{
    std::sort(pages.begin(), pages.end());
    const auto isRam = [this](uint32_t page) {
        return m_memory.contains(memory::GuestPhys(page * kBalloonPageSize), kBalloonPageSize);
    };
    const auto* const end = std::unique(pages.data(), pages.data() + pages.size());
    for (const uint32_t* first = pages.data(); first != end;) {
        if (!isRam(*first)) {
            m_counts.refused += kBalloonPageSize;
            ++first;
            continue;
        }
        const uint32_t* past = first + 1;
        while (past != end && *past == *(past - 1) + 1 && isRam(*past))
            ++past;
        const auto size = static_cast<uint64_t>(past - first) * kBalloonPageSize;
        const auto slice = m_memory.slice(memory::GuestPhys(*first * kBalloonPageSize), size);
        if (slice)
            giveBack(*slice);
        else
            m_counts.refused += size;
        first = past;
    }
}

void Balloon::giveBack(const memory::GuestSlice& slice)
{
    const auto bytes = slice.discard();
    if (bytes) {
        m_counts.givenBack += *bytes;
        return;
    }
    m_counts.failed += slice.size();
    m_log.warn(bytes.error().sentence());
}

// --- statistics ---

/// The driver's buffer is kept until new statistics are wanted: giving it back asks for them
/// (section 5.5.6.3). A driver that offers more than the one buffer it may have waits with the
/// rest.
bool Balloon::takeStatistics(unsigned index)
{
    Request& request = m_requests[index];
    if (request.active)
        return false;
    if (next(index)) {
        std::array<std::byte, 256 * kBalloonStatSize> bytes{};
        ChainCursor cursor(request.chain.readable());
        const auto size = static_cast<size_t>(std::min<uint64_t>(cursor.left(), bytes.size()));
        cursor.copyOut(std::span(bytes).first(size));
        MutexLock lock(m_mutex);
        parseStatistics(std::span(bytes).first(size), m_statistics);
        ++m_statistics.round;
        ++m_statisticsTaken;
    }
    return m_queues[index]->enableNotification() && !request.active;
}

void Balloon::returnStatistics()
{
    if (!m_requests[kStatisticsQueue].active)
        return;
    if (finish(kStatisticsQueue))
        takeStatistics(kStatisticsQueue);
}

// --- state ---

state::Record Balloon::saveState() const
{
    MutexLock lock(m_mutex);
    return state::save(BalloonState{m_config.numPages, m_config.actual, m_config.poisonValue});
}

Result<void> Balloon::loadState(const state::Record& record)
{
    const auto state = TRY(state::load<BalloonState>(record));
    if (state.target > ramPages())
        return Error(ErrorCode::Invalid, "a balloon larger than the machine's memory");
    MutexLock lock(m_mutex);
    m_config.numPages = state.target;
    m_config.actual = state.actual; // as the driver's word as ever
    m_config.poisonValue = state.poisonValue;
    m_statistics = {};
    return {};
}

} // namespace vmm::virtio
