// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes between a serial port (or debug port) and whoever is on the host's end.
#pragma once

#include <cstddef>
#include <span>

namespace vmm::console {

/// Takes what the guest sends. vCPU threads, concurrently; never blocks: what does not fit is
/// dropped by the backend and counted there.
class ByteSink {
public:
    virtual ~ByteSink() = default;
    virtual void writeBytes(std::span<const std::byte> bytes) = 0;
};

/// Takes what the host sends to the guest. Any thread; never blocks.
class ByteReceiver {
public:
    virtual ~ByteReceiver() = default;
    /// How many bytes receiveBytes() would take now.
    virtual size_t receiveSpace() const = 0;
    virtual void receiveBytes(std::span<const std::byte> bytes) = 0;
};

} // namespace vmm::console
