// SPDX-License-Identifier: GPL-3.0-or-later
// The console device: its ports, configuration and state. Virtio 1.2 section 5.3.
#include "vmm/virtio/console.h"

#include <algorithm>
#include <cstring>
#include <fmt/core.h>
#include <optional>

#include "vmm/base/on_loop.h"

namespace vmm::virtio {

namespace {

constexpr size_t kEmergencyBytes = 4096; // the driver may write faster than a terminal takes
constexpr size_t kPiece = 16384;

std::vector<uint16_t> queueSizes()
{
    return std::vector<uint16_t>(2 + 2 * size_t{Console::kMaxPorts}, Console::kQueueSize);
}

} // namespace

// --- made and torn down ---

Console::Console(EventLoop& loop, std::string name, EventFd wake)
    : Device(loop, {.name = std::move(name),
                    .type = DeviceType::Console,
                    .features = VIRTIO_CONSOLE_F_SIZE | VIRTIO_CONSOLE_F_MULTIPORT |
                                VIRTIO_CONSOLE_F_EMERG_WRITE,
                    .queueSizes = queueSizes(),
                    .configSize = sizeof(ConsoleConfig)}),
      m_buffer(kPiece),
      m_emergency(kEmergencyBytes),
      m_wake(std::move(wake))
{
    MutexLock lock(m_mutex);
    m_config.maxPorts = kMaxPorts;
}

Result<std::unique_ptr<Console>> Console::create(EventLoop& loop, std::string name,
                                                 std::vector<ConsolePort> ports)
{
    std::unique_ptr<Console> console(new Console(loop, std::move(name), TRY(EventFd::create())));
    Console* self = console.get();
    console->m_watch = TRY(FdWatch::create(loop, console->m_wake.fd(), [self] { self->woken(); }));
    console->m_watch.arm(FdWatch::kReadable);
    for (ConsolePort& port : ports)
        TRY(console->addPort(std::move(port)));
    return console;
}

Console::~Console()
{
    m_watch = {};
    // The ends call from the loop until they are gone.
    onLoop(loop(), [this] {
        for (Port& port : m_ports)
            port.end.reset();
    });
}

// --- ports ---

Result<void> Console::checkPort(const ConsolePort& port) const
{
    const bool plain = std::all_of(port.name.begin(), port.name.end(),
                                   [](char c) { return c > ' ' && c < 0x7f && c != '/'; });
    if (!plain || port.name.size() > kMaxName || (port.name.empty() && !port.console))
        return Error(ErrorCode::Invalid,
                     fmt::format("\"{}\": the name of a port has 1 to {} letters, digits and "
                                 "signs, no / among them",
                                 port.name, kMaxName));
    for (const Port& other : m_ports)
        if (other.end != nullptr && !port.name.empty() && other.state.name == port.name)
            return Error(ErrorCode::Busy,
                         fmt::format("{}: there is a port of that name already", port.name));
    return {};
}

Result<unsigned> Console::addPort(ConsolePort port)
{
    std::optional<Result<unsigned>> placed;
    onLoop(loop(), [&] { placed = place(std::move(port)); });
    return *std::move(placed);
}

/// Port 0 is for a console.
Result<unsigned> Console::place(ConsolePort wanted)
{
    TRY(checkPort(wanted));
    for (unsigned i = wanted.console ? 0 : 1; i < kMaxPorts; ++i) {
        Port& port = m_ports[i];
        if (port.end != nullptr)
            continue;
        const auto removal = static_cast<uint8_t>(port.state.owed & kRemove);
        port.state = {};
        port.state.present = true;
        port.state.name = std::move(wanted.name);
        port.state.console = wanted.console;
        port.state.owed = static_cast<uint8_t>(removal | (m_driverReady ? kAdd : 0));
        port.end = std::move(wanted.end);
        port.end->listen([this, i] { endChanged(i); });
        endChanged(i);
        return i;
    }
    return Error(ErrorCode::Exhausted, fmt::format("a console has {} ports", kMaxPorts));
}

Result<void> Console::removePort(unsigned port)
{
    bool found = false;
    onLoop(loop(), [&] {
        found = port < kMaxPorts && m_ports[port].end != nullptr;
        if (!found)
            return;
        remove(m_ports[port]);
        endChanged(port);
    });
    if (!found)
        return Error(ErrorCode::NotFound, fmt::format("the console has no port {}", port));
    return {};
}

void Console::remove(Port& port)
{
    const bool tell = port.state.announced || (port.state.owed & kRemove) != 0;
    port.end.reset();
    port.state = {};
    port.state.owed = tell ? kRemove : 0;
}

void Console::resize(unsigned port, uint16_t columns, uint16_t rows)
{
    onLoop(loop(), [&] {
        if (port >= kMaxPorts || m_ports[port].end == nullptr || !m_ports[port].state.console)
            return;
        ConsoleState::Port& state = m_ports[port].state;
        state.columns = columns;
        state.rows = rows;
        state.owed |= state.ready ? kSize : 0;
        if (port == 0) {
            MutexLock lock(m_mutex);
            m_config.columns = columns;
            m_config.rows = rows;
        }
        if (port == 0 && m_host != nullptr && !multiport())
            m_host->configChanged();
        if (sendOwed() == Round::More)
            m_wake.signal();
    });
}

// --- configuration ---

void Console::readConfig(uint32_t offset, std::span<std::byte> to)
{
    MutexLock lock(m_mutex);
    std::memcpy(to.data(), reinterpret_cast<const std::byte*>(&m_config) + offset, to.size());
}

/// Output without queues, for drivers that cannot set any up: one character a write (section
/// 5.3.6). All else is read only.
void Console::writeConfig(uint32_t offset, std::span<const std::byte> from)
{
    if (offset != offsetof(ConsoleConfig, emergencyWrite) || from.empty())
        return;
    size_t taken = 0;
    {
        MutexLock lock(m_mutex);
        taken = m_emergency.push(from.first(1));
    }
    m_dropped.fetch_add(1 - taken, std::memory_order_relaxed);
    m_wake.signal();
}

void Console::emergencyOutput()
{
    std::vector<std::byte> bytes;
    {
        MutexLock lock(m_mutex);
        bytes.assign(m_emergency.front().begin(), m_emergency.front().end());
    }
    auto* end = m_ports[0].end.get();
    size_t done = end != nullptr ? end->write(bytes) : 0;
    if (end == nullptr || !end->connected()) {
        m_dropped.fetch_add(bytes.size() - done, std::memory_order_relaxed);
        done = bytes.size();
    }
    MutexLock lock(m_mutex);
    m_emergency.pop(done);
}

// --- the loop's thread ---

void Console::start(const Activation& activation)
{
    m_host = &activation.host;
    m_broken = false;
    m_features = activation.features;
    m_queues.assign(activation.queues.begin(), activation.queues.end());
    for (unsigned i = 0; i < kMaxPorts; ++i)
        noteConnection(i); // may have changed while nobody could be told
}

void Console::stop(StopReason, std::function<void()> stopped)
{
    m_host = nullptr;
    m_queues.clear();
    stopped();
}

void Console::reset()
{
    onLoop(loop(), [this] {
        m_driverReady = false;
        m_features = 0;
        m_more = 0;
        for (Port& port : m_ports) {
            ConsoleState::Port fresh;
            fresh.present = port.end != nullptr;
            fresh.name = port.state.name;
            fresh.console = port.state.console;
            fresh.columns = port.state.columns;
            fresh.rows = port.state.rows;
            port.state = fresh.present ? fresh : ConsoleState::Port{};
        }
    });
}

bool Console::handleQueue(unsigned index)
{
    if (index == kConsoleControlInput)
        return sendOwed() == Round::More;
    if (index == kConsoleControlOutput)
        return takeControl() == Round::More;
    const unsigned port = index < 2 ? 0 : index / 2 - 1;
    return (index % 2 == 0 ? input(port) : output(port)) == Round::More;
}

/// Whatever may go on at this port goes on.
void Console::endChanged(unsigned port)
{
    noteConnection(port);
    if (port == 0)
        emergencyOutput();
    const Round out = output(port);
    const Round in = input(port);
    noteConnection(port); // reading and writing find out too
    const Round owed = sendOwed();
    if (out == Round::More || in == Round::More || owed == Round::More) {
        m_more |= 1U << port;
        m_wake.signal();
    }
}

void Console::noteConnection(unsigned port)
{
    ConsoleState::Port& state = m_ports[port].state;
    if (m_ports[port].end != nullptr && state.ready &&
        state.hostOpen != m_ports[port].end->connected())
        state.owed |= kOpen;
}

void Console::woken()
{
    m_wake.drain();
    m_watch.arm(FdWatch::kReadable);
    emergencyOutput();
    const uint32_t more = std::exchange(m_more, 0U);
    for (unsigned i = 0; i < kMaxPorts; ++i)
        if ((more >> i & 1) != 0)
            endChanged(i);
    if (sendOwed() == Round::More)
        m_wake.signal();
}

// --- state ---

state::Record Console::saveState() const
{
    ConsoleState state;
    onLoop(loop(), [&] {
        state.driverReady = m_driverReady;
        for (const Port& port : m_ports)
            state.ports.push_back(port.state);
    });
    return state::save(state);
}

Result<void> Console::loadState(const state::Record& record)
{
    const auto state = TRY(state::load<ConsoleState>(record));
    if (state.ports.size() != kMaxPorts)
        return Error(ErrorCode::Invalid,
                     fmt::format("{} ports instead of {}", state.ports.size(), kMaxPorts));
    onLoop(loop(), [&] {
        m_driverReady = state.driverReady;
        for (unsigned i = 0; i < kMaxPorts; ++i) {
            Port& port = m_ports[i];
            const ConsoleState::Port& saved = state.ports[i];
            const bool known = saved.announced || (saved.owed & kRemove) != 0;
            if (saved.present == (port.end != nullptr) && saved.name == port.state.name &&
                saved.console == port.state.console) {
                port.state = saved;
                port.state.owed &= kAll;
            } else { // the machine was given other ports than it had: to the driver, a change
                port.state.owed = static_cast<uint8_t>(
                    (known ? kRemove : 0) | (port.end != nullptr && m_driverReady ? kAdd : 0));
            }
        }
    });
    return {};
}

} // namespace vmm::virtio
