// SPDX-License-Identifier: GPL-3.0-or-later
// What a virtio device offers its transport, and what it is handed back. Virtio 1.2 section 2.
//
//   made ─► reset() ─► start() ─► handleQueue() … ─► stop() ─► stopped: start() again, or reset()
//
// The driver's handshake, interrupts and where registers lie are the transport's; the device never
// learns of PCI. Paused and saved machines stop the device too: what it was doing it has finished
// or given up when it says that it has stopped.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "vmm/base/event_loop.h"
#include "vmm/base/result.h"
#include "vmm/virtio/queue.h"

namespace vmm::virtio {

/// Device types (section 5).
enum class DeviceType : uint16_t {
    Net = 1,
    Block = 2,
    Console = 3,
    Entropy = 4,
    Balloon = 5,
    Scsi = 8,
    Vsock = 19
};

/// What a device is, once and for all.
struct DeviceFacts {
    std::string name; ///< in statistics, states and log lines
    DeviceType type = DeviceType::Entropy;
    uint64_t features = 0;            ///< of its type; the transport adds those of queues
    std::vector<uint16_t> queueSizes; ///< the largest each queue may be, powers of two
    uint32_t configSize = 0;          ///< bytes of device configuration (section 2.5)
};

/// What a device asks of its transport. Any thread.
class DeviceHost {
public:
    virtual ~DeviceHost() = default;
    /// Interrupts the driver for queue `index`: Queue::publish() said that it wants one.
    virtual void interruptQueue(unsigned index) = 0;
    /// The device's configuration changed (section 2.5).
    virtual void configChanged() = 0;
    /// The driver broke the rules: nothing more is taken from it until it resets the device
    /// (section 2.1.2, DEVICE_NEEDS_RESET).
    virtual void needsReset(const Error& reason) = 0;
};

/// What the driver agreed to and set up.
struct Activation {
    DeviceHost& host;
    uint64_t features = 0;
    /// As many as queueSizes; null where the driver set up none. They live until stopped.
    std::span<Queue* const> queues;
};

/// Why a device shall stop.
enum class StopReason : uint8_t {
    Pause, ///< finish what was taken
    Reset  ///< give up what can be given up; the driver wants nothing back
};

/// A virtio device behind any transport. start(), handleQueue() and stop() on the thread of
/// loop(); configuration accesses on vCPU threads, which must not block; reset() and the rest while
/// it does not run.
class Device {
public:
    virtual ~Device() = default;

    const DeviceFacts& facts() const { return m_facts; }
    /// The device's thread; outlives the device.
    EventLoop& loop() const { return m_loop; }

    /// `offset` and size lie inside configSize.
    virtual void readConfig(uint32_t offset, std::span<std::byte> to) = 0;
    virtual void writeConfig(uint32_t offset, std::span<const std::byte> from) = 0;

    /// The driver is ready; requests may be waiting in any queue, each gets a handleQueue().
    virtual void start(const Activation& activation) = 0;
    /// The driver notified queue `index`, which is set up. Takes no more than a queue holds, so
    /// that a driver that never stops cannot keep the loop; true: more may wait, to be called again
    /// when others on the loop had their turn.
    virtual bool handleQueue(unsigned index) = 0;
    /// Takes nothing more, and calls `stopped` on the loop's thread when nothing is under way that
    /// would touch guest memory or the queues; at once, or later.
    virtual void stop(StopReason reason, std::function<void()> stopped) = 0;
    /// Back to what it was when made, but for its backend.
    virtual void reset() = 0;

protected:
    Device(EventLoop& loop, DeviceFacts facts) : m_loop(loop), m_facts(std::move(facts)) {}

private:
    EventLoop& m_loop;
    const DeviceFacts m_facts;
};

} // namespace vmm::virtio
