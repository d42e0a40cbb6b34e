// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/virtio/rng.h"

#include <algorithm>
#include <array>
#include <sys/random.h>

namespace vmm::virtio {

Rng::Rng(EventLoop& loop, std::string name)
    : Device(loop,
             {.name = std::move(name), .type = DeviceType::Entropy, .queueSizes = {kQueueSize}})
{}

void Rng::start(const Activation& activation)
{
    m_host = &activation.host;
    m_queue = activation.queues[0];
}

void Rng::handleQueue(unsigned)
{
    m_queue->disableNotification();
    do {
        if (!serveAll(*m_queue))
            return;
    } while (m_queue->enableNotification());
}

/// False: the driver broke the queue.
bool Rng::serveAll(Queue& queue)
{
    std::array<std::byte, kMostBytes> bytes{};
    for (unsigned served = 0; served < kQueueSize; ++served) {
        const auto popped = queue.pop(m_chain);
        if (!popped) {
            m_host->needsReset(popped.error());
            return false;
        }
        if (!*popped)
            break;
        const auto wanted =
            static_cast<size_t>(std::min<uint64_t>(m_chain.writableSize(), kMostBytes));
        // Never blocks or fails once the host has started up, and gives up to 256 bytes at once;
        // more may be cut short by a signal.
        const ssize_t got = ::getrandom(bytes.data(), wanted, 0);
        const auto filled = static_cast<size_t>(std::max<ssize_t>(got, 0));
        ChainCursor cursor(m_chain.writable());
        cursor.copyIn(std::span(bytes).first(filled));
        queue.push(m_chain.head(), static_cast<uint32_t>(filled));
    }
    if (queue.publish())
        m_host->interruptQueue(0);
    return true;
}

void Rng::stop(StopReason, std::function<void()> stopped)
{
    m_queue = nullptr;
    m_host = nullptr;
    stopped();
}

} // namespace vmm::virtio
