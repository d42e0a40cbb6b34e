// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/net/passt.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "vmm/base/bits.h"
#include "vmm/base/log.h"
#include "vmm/net/frame_copy.h"
#include "vmm/net/packet.h"

namespace vmm::net {

namespace {

constexpr size_t kLength = sizeof(uint32_t);
constexpr size_t kMaxFrame = kEthernetHeader + 65535;
/// Two of the largest frames: one to deliver while the next arrives.
constexpr size_t kInput = 2 * (kLength + kMaxFrame);

} // namespace

Result<std::unique_ptr<Passt>> Passt::connect(EventLoop& loop, const std::string& path, Gone gone)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return Error(ErrorCode::Invalid, path + ": too long for a socket's path");
    path.copy(address.sun_path, path.size());
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.valid())
        return Error::fromErrno("socket", errno);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        return Error::fromErrno(path + ": nobody to carry frames there", errno);
    std::unique_ptr<Passt> passt(
        new Passt(loop, std::move(socket), "passt " + path, std::move(gone)));
    TRY(passt->prepare());
    return passt;
}

Result<std::unique_ptr<Passt>> Passt::adopt(EventLoop& loop, UniqueFd socket, Gone gone)
{
    int type = 0;
    socklen_t length = sizeof type;
    sockaddr_storage peer{};
    socklen_t peerLength = sizeof peer;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &length) != 0 ||
        type != SOCK_STREAM ||
        ::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&peer), &peerLength) != 0)
        return Error(ErrorCode::Invalid,
                     fmt::format("descriptor {} is no connected stream socket", socket.get()));
    std::string description = fmt::format("passt on descriptor {}", socket.get());
    std::unique_ptr<Passt> passt(
        new Passt(loop, std::move(socket), std::move(description), std::move(gone)));
    TRY(passt->prepare());
    return passt;
}

Passt::Passt(EventLoop& loop, UniqueFd socket, std::string description, Gone gone)
    : m_loop(loop),
      m_socket(std::move(socket)),
      m_description(std::move(description)),
      m_gone(std::move(gone)),
      m_input(kInput),
      m_frame(kMaxFrame)
{}

Result<void> Passt::prepare()
{
    m_writeFd = UniqueFd(::fcntl(m_socket.get(), F_DUPFD_CLOEXEC, 0));
    const int flags = ::fcntl(m_socket.get(), F_GETFL);
    if (!m_writeFd.valid() || flags < 0 ||
        ::fcntl(m_socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return Error::fromErrno(m_description, errno);
    return {};
}

Passt::~Passt()
{
    m_loop.runAndWait([this] { stop(); });
}

Result<void> Passt::start(FrameReceiver& receiver, const Offloads&, unsigned)
{
    m_receiver = &receiver;
    setReading(true);
    return {};
}

void Passt::stop()
{
    m_receiver = nullptr;
    setReading(false);
    setWriting(false);
}

void Passt::setReading(bool reading)
{
    reading = reading && !m_broken;
    if (reading == m_reading)
        return;
    if (reading)
        reading = m_loop.watch(m_socket.get(), [this] { readable(); }).has_value();
    else
        m_loop.remove(m_socket.get());
    m_reading = reading;
}

void Passt::setWriting(bool writing)
{
    writing = writing && !m_broken;
    if (writing == m_writing)
        return;
    if (writing)
        writing = m_loop
                      .watch(
                          m_writeFd.get(), [this] { writable(); }, EventLoop::Wait::Writable)
                      .has_value();
    else
        m_loop.remove(m_writeFd.get());
    m_writing = writing;
}

/// Once a call; what is left makes the descriptor readable again.
void Passt::readable()
{
    std::memmove(m_input.data(), m_input.data() + m_begin, m_end - m_begin);
    m_end -= m_begin;
    m_begin = 0;
    const ssize_t got = ::recv(m_socket.get(), m_input.data() + m_end, m_input.size() - m_end, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got < 0)
        return lost(Error::fromErrno(m_description, errno));
    if (got == 0)
        return lost(Error(ErrorCode::Io, m_description + " closed the connection"));
    m_end += static_cast<size_t>(got);
    setReading(deliverWhole());
    if (m_receiver != nullptr)
        m_receiver->delivered();
}

/// Delivers the frames that are there in whole; false where the card has no room, or the peer sends
/// nonsense.
bool Passt::deliverWhole()
{
    while (m_end - m_begin >= kLength) {
        const size_t size = loadBe<uint32_t>(&m_input[m_begin]);
        if (size < kEthernetHeader || size > kMaxFrame) {
            lost(Error(ErrorCode::Invalid,
                       fmt::format("{} sent a frame of {} bytes", m_description, size)));
            return false;
        }
        if (m_end - m_begin < kLength + size)
            return true;
        if (!m_receiver->deliver({}, std::span(m_input).subspan(m_begin + kLength, size)))
            return false;
        m_begin += kLength + size;
    }
    return true;
}

void Passt::receiverReady(unsigned)
{
    if (m_receiver == nullptr || m_broken)
        return;
    setReading(deliverWhole());
    m_receiver->delivered();
}

SendStatus Passt::send(unsigned, const FrameHeader& header, std::span<const iovec> pieces)
{
    if (m_broken || sizeOf(pieces) > kMaxFrame)
        return SendStatus::Sent; // into the void
    if (!m_output.empty()) {
        setWriting(true);
        return m_broken ? SendStatus::Sent : SendStatus::Full;
    }
    iovec whole{};
    if ((header.flags & FrameHeader::kNeedsChecksum) != 0 || pieces.size() + 1 > IOV_MAX) {
        const std::span<std::byte> frame = copyFrame(pieces, m_frame);
        completeChecksum(frame, header);
        whole = {frame.data(), frame.size()};
        pieces = std::span(&whole, 1);
    }
    std::byte length[kLength];
    const size_t size = sizeOf(pieces);
    storeBe(length, static_cast<uint32_t>(size));
    m_pieces.clear();
    m_pieces.push_back({length, kLength});
    m_pieces.insert(m_pieces.end(), pieces.begin(), pieces.end());
    msghdr message{};
    message.msg_iov = m_pieces.data();
    message.msg_iovlen = m_pieces.size();
    const ssize_t done = ::sendmsg(m_socket.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && (errno == EAGAIN || errno == EINTR)) {
        setWriting(true);
        return m_writing ? SendStatus::Full : SendStatus::Sent;
    }
    if (done < 0) {
        giveUp(Error::fromErrno(m_description, errno));
        return SendStatus::Sent;
    }
    // A frame that was begun must be ended, whatever happens to the guest's memory meanwhile.
    size_t skip = static_cast<size_t>(done);
    for (const iovec& piece : m_pieces) {
        const size_t skipped = std::min(skip, piece.iov_len);
        const auto* rest = static_cast<const std::byte*>(piece.iov_base) + skipped;
        m_output.insert(m_output.end(), rest, rest + (piece.iov_len - skipped));
        skip -= skipped;
    }
    if (!m_output.empty())
        setWriting(true);
    return SendStatus::Sent;
}

void Passt::writable()
{
    if (!m_output.empty()) {
        const ssize_t done =
            ::send(m_socket.get(), m_output.data(), m_output.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done < 0 && errno != EAGAIN && errno != EINTR)
            return lost(Error::fromErrno(m_description, errno));
        m_output.erase(m_output.begin(), m_output.begin() + std::max<ssize_t>(done, 0));
        if (!m_output.empty())
            return;
    }
    setWriting(false);
    m_receiver->writable(0);
}

/// The card may be waiting for room, which would be for ever.
void Passt::lost(const Error& reason)
{
    giveUp(reason);
    m_receiver->writable(0);
}

void Passt::giveUp(const Error& reason)
{
    if (m_broken)
        return;
    m_broken = true;
    setReading(false);
    setWriting(false);
    m_output.clear();
    log(LogLevel::Warning, "vmm.net", reason.sentence());
    if (m_gone)
        m_gone(reason);
}

} // namespace vmm::net
