// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/virtio/vsock_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace vmm::virtio {

namespace {

constexpr uint32_t kMostData = 64U << 10; // of one packet
constexpr size_t kPieces = 32;            // of guest memory in one system call

bool again(int error)
{
    return error == EAGAIN || error == EINTR;
}

/// As many of the slices as one system call takes, as it wants them.
size_t fill(std::array<iovec, kPieces>& vectors, const std::vector<memory::GuestSlice>& slices)
{
    const size_t count = std::min(slices.size(), vectors.size());
    for (size_t i = 0; i < count; ++i)
        vectors[i] = {slices[i].ioPointer(), slices[i].size()};
    return count;
}

} // namespace

VsockConnection::VsockConnection(VsockKey key, UniqueFd socket, Phase phase)
    : m_key(key), m_socket(std::move(socket)), m_phase(phase)
{}

Result<std::unique_ptr<VsockConnection>> VsockConnection::create(EventLoop& loop, VsockKey key,
                                                                 UniqueFd socket, Phase phase,
                                                                 std::function<void()> ready)
{
    std::unique_ptr<VsockConnection> connection(new VsockConnection(key, std::move(socket), phase));
    connection->m_watch = TRY(FdWatch::create(loop, connection->m_socket.get(), std::move(ready)));
    connection->m_watch.arm(0);
    return connection;
}

// --- from the guest ---

void VsockConnection::noteCredit(const VsockHeader& header)
{
    m_guestBuffer = header.bufferSize;
    m_guestForwarded = header.forwarded;
}

/// What the guest has room for. A count that cannot be gives none: a guest that lies gets nothing.
uint32_t VsockConnection::credit() const
{
    const uint32_t underway = m_sent - m_guestForwarded;
    return underway < m_guestBuffer ? m_guestBuffer - underway : 0;
}

/// The guest took the host's offer, and the host is told in the manner of its CONNECT.
bool VsockConnection::answered()
{
    if (m_phase != Phase::Offered)
        return false;
    m_phase = Phase::Open;
    const std::string line = fmt::format("OK {}\n", m_key.hostPort);
    return ::send(m_socket.get(), line.data(), line.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(line.size());
}

ssize_t VsockConnection::writeFrom(ChainCursor& body, uint32_t bytes)
{
    m_pieces.clear();
    ChainCursor ahead = body;
    ahead.take(bytes, m_pieces);
    std::array<iovec, kPieces> vectors{};
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = fill(vectors, m_pieces);
    const ssize_t put = ::sendmsg(m_socket.get(), &message, MSG_NOSIGNAL);
    body.skip(static_cast<uint64_t>(std::max<ssize_t>(put, 0)));
    return put;
}

/// `bytes` of the body, no more than it has.
bool VsockConnection::receive(ChainCursor& body, uint32_t bytes)
{
    if (m_phase != Phase::Open || m_guestSendsNoMore || bytes > m_toHost.space())
        return false; // more than it has credit for (section 5.10.6.3.1)
    while (m_toHost.empty() && bytes > 0) {
        const ssize_t put = writeFrom(body, bytes);
        if (put < 0 && !again(errno))
            return false;
        if (put <= 0)
            break;
        bytes -= static_cast<uint32_t>(put);
        m_forwarded += static_cast<uint32_t>(put);
    }
    if (bytes > 0) {
        std::array<std::byte, 4096> piece{};
        while (bytes > 0) {
            const auto part = std::span(piece).first(std::min<size_t>(piece.size(), bytes));
            body.copyOut(part);
            m_toHost.push(part);
            bytes -= static_cast<uint32_t>(part.size());
        }
        m_watch.add(FdWatch::kWritable);
    }
    return flush();
}

bool VsockConnection::flush()
{
    while (!m_toHost.empty()) {
        const auto front = m_toHost.front();
        const ssize_t put = ::send(m_socket.get(), front.data(), front.size(), MSG_NOSIGNAL);
        if (put < 0 && !again(errno))
            return false;
        if (put <= 0) {
            m_watch.add(FdWatch::kWritable);
            break;
        }
        m_toHost.pop(static_cast<size_t>(put));
        m_forwarded += static_cast<uint32_t>(put);
    }
    if (m_forwarded - m_toldForwarded >= kBuffer / 2)
        m_owesCredit = true;
    if (m_toHost.empty() && m_guestSendsNoMore)
        ::shutdown(m_socket.get(), SHUT_WR);
    return true;
}

bool VsockConnection::shutDown(uint32_t flags)
{
    m_guestTakesNoMore = m_guestTakesNoMore || (flags & VIRTIO_VSOCK_SHUTDOWN_RCV) != 0;
    m_guestSendsNoMore = m_guestSendsNoMore || (flags & VIRTIO_VSOCK_SHUTDOWN_SEND) != 0;
    return flush();
}

// --- to the guest ---

VsockHeader VsockConnection::packet(uint16_t operation, uint32_t length, uint32_t flags)
{
    VsockHeader header;
    header.sourcePort = m_key.hostPort;
    header.destinationPort = m_key.guestPort;
    header.length = length;
    header.type = VIRTIO_VSOCK_TYPE_STREAM;
    header.operation = operation;
    header.flags = flags;
    header.bufferSize = kBuffer;
    header.forwarded = m_toldForwarded = m_forwarded;
    m_owesCredit = false;
    return header;
}

std::optional<VsockHeader> VsockConnection::nextPacket(const DescriptorChain& chain)
{
    if (std::exchange(m_owesOpening, false))
        return packet(m_phase == Phase::Offered ? VIRTIO_VSOCK_OP_REQUEST
                                                : VIRTIO_VSOCK_OP_RESPONSE);
    if (auto header = data(chain))
        return header;
    if (m_owesCredit)
        return packet(VIRTIO_VSOCK_OP_CREDIT_UPDATE);
    return std::nullopt;
}

std::optional<VsockHeader> VsockConnection::data(const DescriptorChain& chain)
{
    if (m_phase != Phase::Open || m_hostEnded || m_guestTakesNoMore)
        return std::nullopt;
    const uint64_t room = chain.writableSize() - sizeof(VsockHeader);
    if (room == 0)
        return std::nullopt;
    const uint32_t most = credit();
    if (most == 0) {
        // Once: a guest whose program does not read has nothing else to say, and tells when it has.
        if (std::exchange(m_askedCredit, true))
            return std::nullopt;
        return packet(VIRTIO_VSOCK_OP_CREDIT_REQUEST);
    }
    m_askedCredit = false;
    const auto bytes = static_cast<uint32_t>(std::min<uint64_t>({room, most, kMostData}));
    const ssize_t got = readInto(chain, bytes);
    if (got < 0 && again(errno)) {
        m_watch.add(FdWatch::kReadable);
        return std::nullopt;
    }
    if (got <= 0)
        return hostEnded(got < 0);
    m_sent += static_cast<uint32_t>(got);
    return packet(VIRTIO_VSOCK_OP_RW, static_cast<uint32_t>(got));
}

/// The host sends no more; when its socket is closed for good it takes no more either.
std::optional<VsockHeader> VsockConnection::hostEnded(bool gone)
{
    m_hostEnded = true;
    pollfd now{m_socket.get(), POLLIN, 0};
    gone = gone || (::poll(&now, 1, 0) > 0 && (now.revents & (POLLHUP | POLLERR)) != 0);
    return packet(VIRTIO_VSOCK_OP_SHUTDOWN, 0,
                  VIRTIO_VSOCK_SHUTDOWN_SEND | (gone ? VIRTIO_VSOCK_SHUTDOWN_RCV : 0));
}

ssize_t VsockConnection::readInto(const DescriptorChain& chain, uint32_t bytes)
{
    m_pieces.clear();
    ChainCursor body(chain.writable());
    body.skip(sizeof(VsockHeader));
    body.take(bytes, m_pieces);
    std::array<iovec, kPieces> vectors{};
    const size_t count = fill(vectors, m_pieces);
    const ssize_t got = ::readv(m_socket.get(), vectors.data(), static_cast<int>(count));
    for (size_t i = 0; got > 0 && i < count; ++i)
        m_pieces[i].markDirty();
    return got;
}

} // namespace vmm::virtio
