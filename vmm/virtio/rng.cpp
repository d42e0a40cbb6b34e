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

bool Rng::handleQueue(unsigned)
{
    std::array<std::byte, kMostBytes> bytes{};
    for (unsigned served = 0; served < kQueueSize; ++served) {
        const auto popped = m_queue->pop(m_chain);
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
        m_queue->push(m_chain.head(), static_cast<uint32_t>(filled));
    }
    if (m_queue->publish())
        m_host->interruptQueue(0);
    return m_queue->enableNotification();
}

void Rng::stop(StopReason, std::function<void()> stopped)
{
    m_queue = nullptr;
    m_host = nullptr;
    stopped();
}

} // namespace vmm::virtio
