// SPDX-License-Identifier: GPL-3.0-or-later
// The socket device: its streams and the host's programs. Virtio 1.2 section 5.10.
#include "vmm/virtio/vsock.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fmt/core.h>
#include <sys/socket.h>

#include "vmm/base/log.h"
#include "vmm/base/on_loop.h"

namespace vmm::virtio {

namespace {

constexpr size_t kLongestSuffix = 11; // "_" and a port
constexpr size_t kLongestLine = 32;   // "CONNECT 4294967295\r\n" is shorter

/// The port of "CONNECT port"; nothing else may stand there.
std::optional<uint32_t> connectPort(std::string_view line)
{
    constexpr std::string_view kWord = "CONNECT ";
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    if (!line.starts_with(kWord))
        return std::nullopt;
    line.remove_prefix(kWord.size());
    uint32_t port = 0;
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), port);
    if (parsed.ec != std::errc() || parsed.ptr != line.data() + line.size())
        return std::nullopt;
    return port;
}

} // namespace

// --- made and torn down ---

Vsock::Vsock(EventLoop& loop, std::string name, uint64_t cid, EventFd wake)
    : Device(loop, {.name = std::move(name),
                    .type = DeviceType::Vsock,
                    .features = VIRTIO_VSOCK_F_STREAM,
                    .queueSizes = {kQueueSize, kQueueSize, kQueueSize},
                    .configSize = sizeof(uint64_t)}),
      m_cid(cid),
      m_wake(std::move(wake))
{}

Result<std::unique_ptr<Vsock>> Vsock::create(EventLoop& loop, std::string name, uint64_t cid,
                                             const std::string& path)
{
    using vmm::console::UnixListener;
    if (cid < kVsockFirstGuest || cid > kVsockLastGuest)
        return Error(ErrorCode::Invalid,
                     fmt::format("{}: the address of a guest is {} to {}, not {}", name,
                                 kVsockFirstGuest, kVsockLastGuest, cid));
    if (path.size() + kLongestSuffix > UnixListener::kMaxPath)
        return Error(ErrorCode::Invalid,
                     fmt::format("{}: the path of a guest's sockets has up to {} bytes", path,
                                 UnixListener::kMaxPath - kLongestSuffix));
    std::unique_ptr<Vsock> vsock(new Vsock(loop, std::move(name), cid, TRY(EventFd::create())));
    Vsock* self = vsock.get();
    vsock->m_watch = TRY(FdWatch::create(loop, vsock->m_wake.fd(), [self] { self->work(); }));
    vsock->m_watch.arm(FdWatch::kReadable);
    std::optional<Result<std::unique_ptr<UnixListener>>> listener;
    onLoop(loop, [&] { // a caller comes after m_listener is set
        listener = UnixListener::create(loop, path,
                                        [self](UniqueFd socket) { self->call(std::move(socket)); });
        if (*listener)
            vsock->m_listener = **std::move(listener);
    });
    if (!*listener)
        return std::move(*listener).error();
    return vsock;
}

Vsock::~Vsock()
{
    m_watch = {};
    onLoop(loop(), [this] { // sockets call from the loop until they are gone
        m_listener.reset();
        m_callers.clear();
        close();
    });
}

/// Ends every stream without a word to the guest.
void Vsock::close()
{
    m_ready.clear();
    m_connections.clear();
    m_lingering.clear();
    m_resets.clear();
    m_outputWaits = false;
}

// --- programs of the host ---

void Vsock::call(UniqueFd socket)
{
    if (m_callers.size() >= kMaxCallers)
        return; // closed
    const auto caller = m_callers.emplace(m_callers.end());
    caller->socket = std::move(socket);
    auto watch =
        FdWatch::create(loop(), caller->socket.get(), [this, caller] { callerReady(caller); });
    if (!watch) {
        m_callers.erase(caller);
        return;
    }
    caller->watch = *std::move(watch);
    callerReady(caller);
}

/// Takes the line byte by byte: what follows it is for the guest.
void Vsock::callerReady(std::list<Caller>::iterator caller)
{
    char byte = 0;
    ssize_t got = 0;
    while (caller->line.size() < kLongestLine &&
           (got = ::recv(caller->socket.get(), &byte, 1, 0)) == 1) {
        if (byte == '\n') {
            caller->watch = {};
            connectGuest(caller);
            m_callers.erase(caller);
            return;
        }
        caller->line += byte;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        caller->watch.arm(FdWatch::kReadable);
    else
        m_callers.erase(caller);
}

/// Without a stream the caller's socket is closed with the caller.
void Vsock::connectGuest(std::list<Caller>::iterator caller)
{
    const auto port = connectPort(caller->line);
    if (!port || queue(kVsockInput) == nullptr)
        return;
    VsockKey key{m_nextPort, *port};
    while (m_connections.contains(key)) // fewer than there are ports
        key.hostPort = ++m_nextPort;
    ++m_nextPort;
    VsockConnection* connection =
        add(key, std::move(caller->socket), VsockConnection::Phase::Offered);
    if (connection == nullptr)
        return;
    schedule(*connection);
    m_wake.signal();
}

VsockConnection* Vsock::add(VsockKey key, UniqueFd socket, VsockConnection::Phase phase)
{
    if (m_connections.size() + m_lingering.size() >= kMaxConnections)
        return nullptr;
    auto slot = std::make_shared<VsockConnection*>(nullptr);
    auto made = VsockConnection::create(loop(), key, std::move(socket), phase,
                                        [this, slot] { socketReady(**slot); });
    if (!made)
        return nullptr;
    *slot = made->get();
    return m_connections.emplace(key, *std::move(made)).first->second.get();
}

// --- streams ---

void Vsock::socketReady(VsockConnection& connection)
{
    const bool offered = connection.phase() == VsockConnection::Phase::Offered;
    const bool alive = !offered && connection.flush();
    if (connection.lingering) {
        if (!alive || connection.flushed())
            remove(connection);
        return;
    }
    if (alive)
        schedule(connection);
    else
        removeWithReset(connection);
    work();
}

/// It may have something to say.
void Vsock::schedule(VsockConnection& connection)
{
    if (!std::exchange(connection.queued, true))
        m_ready.push_back(&connection);
}

void Vsock::remove(VsockConnection& connection)
{
    std::erase(m_ready, &connection);
    if (connection.lingering)
        std::erase_if(m_lingering,
                      [&connection](const auto& one) { return one.get() == &connection; });
    else
        m_connections.erase(VsockKey(connection.key()));
}

void Vsock::removeWithReset(VsockConnection& connection)
{
    if (!connection.unknown())
        m_resets.push_back({.key = connection.key()});
    remove(connection);
}

/// To the guest the stream has ended; its last bytes may still be on their way.
void Vsock::letLinger(VsockConnection& connection)
{
    m_resets.push_back({.key = connection.key()});
    if (connection.flushed())
        return remove(connection);
    std::erase(m_ready, &connection);
    auto node = m_connections.extract(connection.key());
    connection.lingering = true;
    m_lingering.push_back(std::move(node.mapped()));
}

// --- the device ---

void Vsock::readConfig(uint32_t offset, std::span<std::byte> to)
{
    std::memcpy(to.data(), reinterpret_cast<const std::byte*>(&m_cid) + offset, to.size());
}

void Vsock::start(const Activation& activation)
{
    m_host = &activation.host;
    m_broken = false;
    m_queues.assign(activation.queues.begin(), activation.queues.end());
    for (const auto& [key, connection] : m_connections)
        schedule(*connection); // what came while it was paused
}

void Vsock::stop(StopReason, std::function<void()> stopped)
{
    m_host = nullptr;
    m_queues.clear();
    stopped();
}

void Vsock::reset()
{
    onLoop(loop(), [this] {
        close();
        m_eventOwed = false;
    });
}

state::Record Vsock::saveState() const
{
    VsockState state;
    state.guestCid = m_cid;
    return state::save(state);
}

Result<void> Vsock::loadState(const state::Record& record)
{
    TRY(state::load<VsockState>(record)); // the address is the description's
    onLoop(loop(), [this] {
        close();
        m_eventOwed = true;
    });
    return {};
}

} // namespace vmm::virtio
