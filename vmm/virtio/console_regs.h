// SPDX-License-Identifier: GPL-3.0-or-later
// What a console's driver reads and writes. Virtio 1.2 section 5.3. Little-endian, as we are.
#pragma once

#include <cstdint>

namespace vmm::virtio {

// Section 5.3.3.
constexpr uint64_t VIRTIO_CONSOLE_F_SIZE = uint64_t{1} << 0;
constexpr uint64_t VIRTIO_CONSOLE_F_MULTIPORT = uint64_t{1} << 1;
constexpr uint64_t VIRTIO_CONSOLE_F_EMERG_WRITE = uint64_t{1} << 2;

/// struct virtio_console_config (section 5.3.4).
struct ConsoleConfig {
    uint16_t columns = 0;
    uint16_t rows = 0;
    uint32_t maxPorts = 0;
    uint32_t emergencyWrite = 0;
};
static_assert(sizeof(ConsoleConfig) == 12);

/// struct virtio_console_control (section 5.3.6.2).
struct ConsoleControl {
    uint32_t port = 0;
    uint16_t event = 0;
    uint16_t value = 0;
};
static_assert(sizeof(ConsoleControl) == 8);

/// Behind a ConsoleControl of VIRTIO_CONSOLE_RESIZE: struct virtio_console_resize.
struct ConsoleResize {
    uint16_t columns = 0;
    uint16_t rows = 0;
};
static_assert(sizeof(ConsoleResize) == 4);

enum ConsoleEvent : uint16_t {
    VIRTIO_CONSOLE_DEVICE_READY = 0,
    VIRTIO_CONSOLE_DEVICE_ADD = 1,
    VIRTIO_CONSOLE_DEVICE_REMOVE = 2,
    VIRTIO_CONSOLE_PORT_READY = 3,
    VIRTIO_CONSOLE_CONSOLE_PORT = 4,
    VIRTIO_CONSOLE_RESIZE = 5,
    VIRTIO_CONSOLE_PORT_OPEN = 6,
    VIRTIO_CONSOLE_PORT_NAME = 7
};

// Section 5.3.2: port 0's queues, then those of control messages, then the other ports'.
constexpr unsigned kConsoleControlInput = 2;
constexpr unsigned kConsoleControlOutput = 3;
/// The queue the device fills with what port `port` gets.
constexpr unsigned consoleInputQueue(unsigned port)
{
    return port == 0 ? 0 : 2 * port + 2;
}
/// The queue with what port `port` sends.
constexpr unsigned consoleOutputQueue(unsigned port)
{
    return consoleInputQueue(port) + 1;
}

} // namespace vmm::virtio
