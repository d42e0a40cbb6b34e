// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/gdb_target.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace vmm::machine {

namespace {

/// A socket that listens on the loopback interface.
Result<UniqueFd> listenAtPort(uint16_t port)
{
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const std::string name = fmt::format("--gdb: port {}", port);
    if (!fd.valid())
        return Error::fromErrno(name, errno);
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd.get(), 1) != 0)
        return Error::fromErrno(name, errno);
    return fd;
}

/// A socket at `path` that only this user may connect to; it must not exist.
Result<UniqueFd> listenAtPath(const std::string& path)
{
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    if (!fd.valid() || path.size() >= sizeof address.sun_path)
        return Error::fromErrno(path, fd.valid() ? ENAMETOOLONG : errno);
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ::fchmod(fd.get(), S_IRUSR | S_IWUSR); // the socket file takes these bits
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        return Error::fromErrno(path, errno);
    if (::listen(fd.get(), 1) != 0) {
        const int number = errno;
        ::unlink(path.c_str());
        return Error::fromErrno(path, number);
    }
    return fd;
}

Error notMemory(uint64_t address)
{
    return {ErrorCode::OutOfBounds, fmt::format("no memory at {:#x}", address)};
}

} // namespace

Result<std::unique_ptr<GdbDoor>>
GdbDoor::open(const gdb::Address& address, EventLoop& loop, DebuggedMachine& machine, Board& board,
              const std::vector<std::unique_ptr<VcpuThread>>& vcpus)
{
    std::unique_ptr<GdbDoor> door(new GdbDoor(loop, machine, board, vcpus));
    TRY(door->listen(address));
    return door;
}

Result<void> GdbDoor::listen(const gdb::Address& address)
{
    if (address.path.empty()) {
        m_listener = TRY(listenAtPort(address.port));
    } else {
        m_listener = TRY(listenAtPath(address.path));
        m_path = address.path;
    }
    return m_loop.watch(m_listener.get(), [this] { accept(); });
}

GdbDoor::~GdbDoor()
{
    if (m_peer.valid())
        m_loop.remove(m_peer.get());
    if (m_listener.valid())
        m_loop.remove(m_listener.get());
    if (!m_path.empty())
        ::unlink(m_path.c_str());
}

void GdbDoor::accept()
{
    UniqueFd peer(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!peer.valid() || m_peer.valid())
        return; // one at a time: the second is closed at once
    const int on = 1;
    ::setsockopt(peer.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!m_loop.watch(peer.get(), [this] { receive(); }))
        return;
    m_peer = std::move(peer);
    m_machine.debuggerStops();
    m_server = std::make_unique<gdb::Server>(static_cast<gdb::Target&>(*this));
}

void GdbDoor::receive()
{
    std::array<char, 4096> bytes;
    const ssize_t count = ::recv(m_peer.get(), bytes.data(), bytes.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0)
        return hangUp();
    send(m_server->receive({bytes.data(), static_cast<size_t>(count)}));
    if (m_server && m_server->over())
        hangUp();
}

/// A peer that does not take its answers is dropped: the control thread waits for nobody.
void GdbDoor::send(const std::string& bytes)
{
    if (bytes.empty() || !m_peer.valid())
        return;
    if (::send(m_peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size()))
        hangUp();
}

void GdbDoor::hangUp()
{
    if (!m_peer.valid())
        return;
    m_loop.remove(m_peer.get());
    m_peer = UniqueFd();
    const auto server = std::move(m_server);
    server->detach();
}

void GdbDoor::stopped(unsigned cpu, const cpu::DebugHit& hit)
{
    if (m_server && m_server->running())
        send(m_server->stopped(cpu, hit));
}

void GdbDoor::halted(gdb::Signal signal)
{
    if (m_server && m_server->running())
        send(m_server->halted(signal));
}

void GdbDoor::ended()
{
    if (!m_server || m_server->over())
        return; // it killed the machine itself, and is in the middle of saying so
    send(m_server->ended());
    hangUp();
}

void GdbDoor::resumed()
{
    if (m_server)
        m_server->resumed();
}

Result<cpu::CpuState> GdbDoor::readState(unsigned cpu)
{
    return m_vcpus[cpu]->vcpu().saveState();
}

Result<void> GdbDoor::writeState(unsigned cpu, const cpu::CpuState& state)
{
    return m_vcpus[cpu]->vcpu().loadState(state);
}

Result<void> GdbDoor::setDebug(unsigned cpu, const cpu::DebugRequest& request)
{
    return m_vcpus[cpu]->vcpu().setDebug(request);
}

/// The server asks for parts of one page, and ranges are made of whole pages.
Result<void> GdbDoor::readPhysical(uint64_t address, std::span<std::byte> to)
{
    for (const memory::MapRange& range : m_board.directMap()) {
        const uint64_t inside = address - range.base.value();
        if (inside >= range.size || to.size() > range.size - inside)
            continue;
        std::memcpy(to.data(), range.host + inside, to.size());
        return {};
    }
    return notMemory(address);
}

Result<void> GdbDoor::writePhysical(uint64_t address, std::span<const std::byte> from)
{
    memory::GuestMemory& memory = m_board.memory();
    for (const memory::MapRange& range : m_board.directMap()) {
        const uint64_t inside = address - range.base.value();
        if (inside >= range.size || range.access != memory::MapAccess::ReadWrite)
            continue;
        const auto offset = static_cast<uint64_t>(range.host + inside - memory.hostBase());
        if (offset >= memory.ramSize())
            break;
        const uint64_t low = memory.layout().lowSize;
        const uint64_t place = offset < low ? offset : offset - low + memory::RamLayout::kHighBase;
        return memory.copyIn(memory::GuestPhys(place), from);
    }
    return notMemory(address);
}

} // namespace vmm::machine
