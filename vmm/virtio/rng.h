// SPDX-License-Identifier: GPL-3.0-or-later
// The entropy device. Virtio 1.2 section 5.4.
#pragma once

#include "vmm/virtio/device.h"

namespace vmm::virtio {

/// Fills what the driver offers with random bytes of the host. Threads as Device says.
class Rng final : public Device {
public:
    static constexpr uint16_t kQueueSize = 64;
    /// What one request gets at most; the driver asks again (section 5.4.6.1: "one or more").
    static constexpr uint32_t kMostBytes = 4096;

    Rng(EventLoop& loop, std::string name);

    void readConfig(uint32_t, std::span<std::byte>) override {}
    void writeConfig(uint32_t, std::span<const std::byte>) override {}
    void start(const Activation& activation) override;
    bool handleQueue(unsigned index) override;
    void stop(StopReason reason, std::function<void()> stopped) override;
    void reset() override {}

private:
    DeviceHost* m_host = nullptr;
    Queue* m_queue = nullptr;
    DescriptorChain m_chain;
};

} // namespace vmm::virtio
