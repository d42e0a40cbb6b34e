// SPDX-License-Identifier: GPL-3.0-or-later
// The SCSI host's life, configuration and state. Virtio 1.2 sections 5.6.2 to 5.6.5.
#include "vmm/virtio/scsi.h"

#include <algorithm>
#include <cstring>
#include <fmt/core.h>

#include "vmm/base/check.h"
#include "vmm/virtio/scsi_request.h"

namespace vmm::virtio {

using namespace scsi_queue;

namespace {

DeviceFacts factsOf(const ScsiOptions& options)
{
    DeviceFacts facts;
    facts.name = options.name;
    facts.type = DeviceType::Scsi;
    facts.features = VIRTIO_SCSI_F_HOTPLUG | VIRTIO_SCSI_F_CHANGE;
    facts.queueSizes.assign(kRequests, Scsi::kControlQueueSize);
    facts.queueSizes.insert(facts.queueSizes.end(), options.requestQueues, Scsi::kRequestQueueSize);
    facts.configSize = sizeof(VirtioScsiConfig);
    return facts;
}

} // namespace

Scsi::Scsi(EventLoop& loop, ScsiOptions options)
    : Device(loop, factsOf(options)),
      m_options(std::move(options)),
      m_pushed(facts().queueSizes.size()),
      m_requests(facts().queueSizes.size())
{
    CHECK(m_options.requestQueues >= 1 && m_options.requestQueues <= kMaxRequestQueues);
    for (size_t i = kRequests; i < m_requests.size(); ++i)
        m_requests[i].resize(kRequestQueueSize);
}

Scsi::~Scsi() = default;

void Scsi::readConfig(uint32_t offset, std::span<std::byte> to)
{
    VirtioScsiConfig config;
    config.numQueues = m_options.requestQueues;
    config.segMax = kRequestQueueSize - 2; // header and answer take a descriptor each
    config.maxSectors = 0xffff;
    config.cmdPerLun = kRequestQueueSize / 2;
    config.eventInfoSize = sizeof(ScsiEvent);
    config.senseSize = m_senseSize;
    config.cdbSize = m_cdbSize;
    config.maxTarget = 255;
    const auto bytes = std::as_bytes(std::span(&config, 1)).subspan(offset, to.size());
    std::copy(bytes.begin(), bytes.end(), to.begin());
}

/// Only sense_size and cdb_size are the driver's; absurd values are ignored.
void Scsi::writeConfig(uint32_t offset, std::span<const std::byte> from)
{
    std::array<std::byte, sizeof(VirtioScsiConfig)> image{};
    readConfig(0, image);
    std::copy(from.begin(), from.end(), image.begin() + offset);
    VirtioScsiConfig config;
    std::memcpy(&config, image.data(), sizeof config);
    if (config.senseSize <= kMaxSizes)
        m_senseSize = config.senseSize;
    if (config.cdbSize >= 1 && config.cdbSize <= kMaxSizes)
        m_cdbSize = config.cdbSize;
}

void Scsi::start(const Activation& activation)
{
    m_host = &activation.host;
    m_features = activation.features;
    m_queues.assign(activation.queues.begin(), activation.queues.end());
    m_taking = true;
    m_paused = m_fullTold = false;
    for (const ScsiState::Held& held : std::exchange(m_again, {})) {
        Queue* queue = m_queues[held.queue];
        auto request = freshRequest();
        if (queue == nullptr)
            return broken(Error(ErrorCode::Invalid, "a request of a queue that does not exist"));
        if (const auto read = queue->reread(held.head, request->chain); !read)
            return broken(read.error());
        if (!accept(held.queue, std::move(request)))
            return;
    }
    submitBatches();
    publish();
}

bool Scsi::handleQueue(unsigned index)
{
    if (!m_taking)
        return false;
    if (index == kControl)
        return handleControl();
    return index == kEvent ? handleEvents() : handleRequests(index);
}

void Scsi::broken(const Error& error)
{
    m_taking = false;
    submitBatches();
    publish();
    m_host->needsReset(error);
}

void Scsi::stop(StopReason reason, std::function<void()> stopped)
{
    m_taking = false;
    m_stopReason = reason;
    m_stopped = std::move(stopped);
    if (reason == StopReason::Reset)
        m_tmfs.clear();
    // What backends do not end now (a throttled one may keep requests for as long as the clock
    // stands) begins anew at the next start, if ever.
    for (const auto& queue : m_requests) {
        for (const auto& request : queue) {
            if (request == nullptr)
                continue;
            if (reason == StopReason::Reset)
                request->waiters.clear();
            if (request->backend != nullptr)
                request->backend->cancel();
        }
    }
    settle();
}

/// When nothing is in flight any more, a stop that waits for that is over. What is left are
/// commands that wait for the next start.
void Scsi::settle()
{
    if (!m_stopped || m_inFlight != 0)
        return;
    for (size_t index = kRequests; index < m_requests.size(); ++index) {
        for (const auto& request : m_requests[index]) {
            if (request == nullptr)
                continue;
            if (m_stopReason == StopReason::Pause)
                m_again.push_back(
                    {static_cast<uint16_t>(index), static_cast<uint16_t>(request->chain.head())});
            recycle(*request);
        }
    }
    publish();
    m_host = nullptr;
    m_queues.clear();
    m_paused = m_stopReason == StopReason::Pause;
    std::exchange(m_stopped, nullptr)();
}

void Scsi::reset()
{
    m_senseSize = kSenseSize;
    m_cdbSize = kCdbSize;
    m_features = 0;
    m_again.clear();
    m_fullTold = m_eventsMissed = m_paused = false;
    for (const auto& target : m_targets) {
        if (target == nullptr)
            continue;
        target->subscribed = false;
        target->unit->reset(scsi::Attention::PowerOn);
    }
}

} // namespace vmm::virtio
