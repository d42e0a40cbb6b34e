// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/net/tap.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>
#include <linux/if_tun.h>

namespace vmm::net {

namespace {

unsigned offloadFlags(const Offloads& taken)
{
    if (!taken.checksum)
        return 0;
    return static_cast<unsigned>(TUN_F_CSUM | (taken.tso4 ? TUN_F_TSO4 : 0) |
                                 (taken.tso6 ? TUN_F_TSO6 : 0));
}

/// The interface's MTU; 1500 where it lives in a network of its own and cannot be asked.
uint16_t interfaceMtu(const std::string& name)
{
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (!socket.valid() || ::ioctl(socket.get(), SIOCGIFMTU, &request) != 0)
        return 1500;
    return static_cast<uint16_t>(std::clamp(request.ifr_mtu, 68, 65535));
}

/// 0, or why the interface does not take the descriptor: the flags must be those it was made with.
int attachTo(int fd, const std::string& interface, int flags)
{
    ifreq request{};
    interface.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = static_cast<short>(flags);
    return ::ioctl(fd, TUNSETIFF, &request) == 0 ? 0 : errno;
}

} // namespace

Result<std::vector<UniqueFd>> Tap::open(const std::string& interface)
{
    // TUNSETIFF makes an interface when there is none, where it may: a typing error is no wish for
    // one.
    if (interface.empty() || interface.size() >= IFNAMSIZ ||
        ::if_nametoindex(interface.c_str()) == 0)
        return Error(ErrorCode::NotFound,
                     fmt::format("there is no network interface \"{}\"", interface));
    std::vector<UniqueFd> queues;
    queues.emplace_back(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!queues[0].valid())
        return Error::fromErrno("/dev/net/tun", errno);
    constexpr int kFlags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    int why = attachTo(queues[0].get(), interface, kFlags);
    if (why == EINVAL) // made for several queues
        why = attachTo(queues[0].get(), interface, kFlags | IFF_MULTI_QUEUE);
    if (why == 0)
        return queues;
    if (why == EPERM)
        return Error(ErrorCode::Permission,
                     fmt::format("the network interface {} was not made for this user", interface));
    if (why == EBUSY)
        return Error(ErrorCode::Busy, fmt::format("the network interface {} is in use", interface));
    return Error::fromErrno(
        fmt::format("the network interface {} cannot be used as a tap", interface), why);
}

Result<std::unique_ptr<Tap>> Tap::create(EventLoop& loop, std::vector<UniqueFd> queues)
{
    if (queues.empty())
        return Error(ErrorCode::Invalid, "a tap needs at least one descriptor");
    std::unique_ptr<Tap> tap(new Tap(loop));
    for (UniqueFd& fd : queues) {
        Queue queue;
        queue.fd = std::move(fd);
        tap->m_queues.push_back(std::move(queue));
    }
    for (size_t i = 0; i < tap->m_queues.size(); ++i)
        TRY(tap->check(i));
    TRY(tap->prepare());
    return tap;
}

/// Whether the descriptor is a tap's, the same one's as the first.
Result<void> Tap::check(size_t index)
{
    Queue& queue = m_queues[index];
    const int fd = queue.fd.get();
    ifreq request{};
    if (::ioctl(fd, TUNGETIFF, &request) != 0)
        return Error(ErrorCode::Invalid, fmt::format("descriptor {} is no tap interface", fd));
    const auto flags = static_cast<unsigned short>(request.ifr_flags);
    const std::string name(request.ifr_name, ::strnlen(request.ifr_name, IFNAMSIZ));
    if ((flags & IFF_TAP) == 0)
        return Error(ErrorCode::Invalid,
                     fmt::format("{} carries IP packets (tun), not Ethernet frames (tap)", name));
    const size_t headerSize = (flags & IFF_VNET_HDR) != 0 ? sizeof(FrameHeader) : 0;
    if (index == 0) {
        m_name = name;
        m_headerSize = headerSize;
    }
    if (name != m_name || headerSize != m_headerSize)
        return Error(ErrorCode::Invalid,
                     fmt::format("descriptors of {} and {} cannot make one card", m_name, name));
    if (m_queues.size() > 1 && (flags & IFF_MULTI_QUEUE) == 0)
        return Error(ErrorCode::Invalid, fmt::format("{} was not opened for several queues", name));
    queue.attached = (flags & IFF_DETACH_QUEUE) == 0;
    return {};
}

Result<void> Tap::prepare()
{
    for (Queue& queue : m_queues) {
        const int fd = queue.fd.get();
        queue.writeFd = UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
        const int flags = ::fcntl(fd, F_GETFL);
        if (!queue.writeFd.valid() || flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
            return Error::fromErrno(m_name, errno);
        auto size = static_cast<int>(m_headerSize);
        if (m_headerSize != 0 && ::ioctl(fd, TUNSETVNETHDRSZ, &size) != 0)
            return Error::fromErrno(m_name + ": header size", errno);
    }
    m_mtu = interfaceMtu(m_name);
    if (m_headerSize == 0)
        return {};
    constexpr Offloads kAll{.checksum = true, .tso4 = true, .tso6 = true};
    m_canTake = kAll;
    const int fd = m_queues[0].fd.get();
    if (::ioctl(fd, TUNSETOFFLOAD, offloadFlags(kAll)) == 0)
        m_canGive = kAll;
    ::ioctl(fd, TUNSETOFFLOAD, 0U);
    return {};
}

Tap::~Tap()
{
    m_loop.runAndWait([this] { stop(); });
}

Result<void> Tap::attach(Queue& queue, bool attached)
{
    if (queue.attached == attached)
        return {};
    ifreq request{};
    request.ifr_flags = attached ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE;
    if (::ioctl(queue.fd.get(), TUNSETQUEUE, &request) != 0)
        return Error::fromErrno(m_name + ": number of queues", errno);
    queue.attached = attached;
    return {};
}

Result<void> Tap::start(FrameReceiver& receiver, const Offloads& taken, unsigned pairs)
{
    for (size_t i = 0; i < m_queues.size(); ++i) {
        const bool used = i < pairs;
        if (m_queues.size() > 1)
            TRY(attach(m_queues[i], used));
        // A macvtap keeps what is taken for each queue, a tap for all.
        if (m_headerSize != 0 && used &&
            ::ioctl(m_queues[i].fd.get(), TUNSETOFFLOAD, offloadFlags(taken)) != 0)
            return Error::fromErrno(m_name + ": offloads", errno);
    }
    m_receiver = &receiver;
    for (unsigned pair = 0; pair < m_queues.size(); ++pair) {
        m_queues[pair].wanted = pair < pairs;
        setWatched(pair, pair < pairs);
    }
    return {};
}

void Tap::stop()
{
    m_receiver = nullptr;
    for (unsigned pair = 0; pair < m_queues.size(); ++pair) {
        setWatched(pair, false);
        if (std::exchange(m_queues[pair].writing, false))
            m_loop.remove(m_queues[pair].writeFd.get());
    }
}

void Tap::setWatched(unsigned pair, bool watched)
{
    Queue& queue = m_queues[pair];
    if (queue.watched == watched || (watched && queue.broken))
        return;
    if (watched)
        watched = m_loop.watch(queue.fd.get(), [this, pair] { readable(pair); }).has_value();
    else
        m_loop.remove(queue.fd.get());
    queue.watched = watched;
}

void Tap::readable(unsigned pair)
{
    Queue& queue = m_queues[pair];
    if (!m_receiver->readable(pair) || queue.broken) {
        queue.wanted = false;
        setWatched(pair, false);
    }
}

void Tap::receiverReady(unsigned pair)
{
    if (m_receiver == nullptr || pair >= m_queues.size() || !m_queues[pair].attached)
        return;
    m_queues[pair].wanted = true;
    setWatched(pair, true);
}

SendStatus Tap::send(unsigned pair, const FrameHeader& header, std::span<const iovec> pieces)
{
    Queue& queue = m_queues[pair];
    FrameHeader copy = header;
    m_pieces.clear();
    if (m_headerSize != 0)
        m_pieces.push_back({&copy, m_headerSize});
    m_pieces.insert(m_pieces.end(), pieces.begin(), pieces.end());
    if (m_pieces.size() > IOV_MAX)
        return SendStatus::Sent; // dropped: no driver makes frames of that many pieces
    ssize_t done = 0;
    do
        done = ::writev(queue.fd.get(), m_pieces.data(), static_cast<int>(m_pieces.size()));
    while (done < 0 && errno == EINTR);
    // What the interface does not want (it is down, or the frame is odd) is dropped.
    if (done >= 0 || errno != EAGAIN)
        return SendStatus::Sent;
    if (!queue.writing)
        queue.writing = m_loop
                            .watch(
                                queue.writeFd.get(), [this, pair] { writable(pair); },
                                EventLoop::Wait::Writable)
                            .has_value();
    return queue.writing ? SendStatus::Full : SendStatus::Sent;
}

void Tap::writable(unsigned pair)
{
    m_loop.remove(m_queues[pair].writeFd.get());
    m_queues[pair].writing = false;
    m_receiver->writable(pair);
}

std::optional<NetBackend::Received> Tap::receive(unsigned pair, std::span<const iovec> pieces)
{
    Queue& queue = m_queues[pair];
    Received received;
    std::byte spill{}; // written where the frame does not fit: the kernel does not say its size
    pieces = pieces.first(std::min<size_t>(pieces.size(), IOV_MAX - 2));
    m_pieces.clear();
    if (m_headerSize != 0)
        m_pieces.push_back({&received.header, m_headerSize});
    m_pieces.insert(m_pieces.end(), pieces.begin(), pieces.end());
    m_pieces.push_back({&spill, 1});
    ssize_t got = 0;
    do
        got = ::readv(queue.fd.get(), m_pieces.data(), static_cast<int>(m_pieces.size()));
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno != EAGAIN) {
        queue.broken = true;
        m_log.warn(Error::fromErrno(m_name + " does not give frames any more", errno).sentence());
    }
    if (got < static_cast<ssize_t>(m_headerSize))
        return std::nullopt;
    received.bytes = static_cast<size_t>(got) - m_headerSize;
    return received;
}

} // namespace vmm::net
