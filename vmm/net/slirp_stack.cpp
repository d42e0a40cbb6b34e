// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/net/slirp_stack.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <fmt/format.h>
#include <glib.h>
#include <libslirp.h>

#include "vmm/base/check.h"
#include "vmm/base/host_time.h"
#include "vmm/net/nat_filter.h"

namespace vmm::net {

namespace {

constexpr uint64_t kMsNs = 1'000'000;
/// TCP repeats itself at least once in this time while it waits for something (64 s at most, RFC
/// 793's bound as BSD has it): a stack that was silent for longer needs no clock until something
/// happens.
constexpr uint64_t kQuietNs = uint64_t{130'000} * kMsNs;
constexpr uint32_t kNothingDueMs = 1000; ///< what libslirp answers when no timer of its runs
constexpr int kBacklog = 128;

/// What GLib's log gets from libslirp is caused by guests and peers.
void logFromSlirp(const char*, GLogLevelFlags, const char* message, void*)
{
    static GuestLog log("vmm.net");
    log.warn(message);
}

in_addr ip4(uint32_t address)
{
    return in_addr{htonl(address)};
}

in6_addr ip6(const nat::Ip6& address)
{
    in6_addr result{};
    std::memcpy(result.s6_addr, address.data(), address.size());
    return result;
}

uint32_t toEpoll(int events)
{
    return ((events & SLIRP_POLL_IN) != 0 ? uint32_t{EPOLLIN} : 0) |
           ((events & SLIRP_POLL_OUT) != 0 ? uint32_t{EPOLLOUT} : 0) |
           ((events & SLIRP_POLL_PRI) != 0 ? uint32_t{EPOLLPRI} : 0);
}

int toSlirp(uint32_t events)
{
    return ((events & EPOLLIN) != 0 ? SLIRP_POLL_IN : 0) |
           ((events & EPOLLOUT) != 0 ? SLIRP_POLL_OUT : 0) |
           ((events & EPOLLPRI) != 0 ? SLIRP_POLL_PRI : 0) |
           ((events & EPOLLERR) != 0 ? SLIRP_POLL_ERR : 0) |
           ((events & EPOLLHUP) != 0 ? SLIRP_POLL_HUP : 0);
}

/// A guest may use half of the descriptors this process may have.
size_t descriptorBudget()
{
    rlimit limit{};
    constexpr size_t kMost = 4096;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 256;
    return std::min<size_t>(kMost, limit.rlim_cur / 2);
}

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

/// `address` was checked to be one of the family; empty is the unspecified one.
SocketAddress socketAddress(bool v6, const std::string& address, uint16_t port)
{
    SocketAddress result;
    if (v6) {
        auto* in6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
        ::inet_pton(AF_INET6, address.c_str(), &in6->sin6_addr);
        result.length = sizeof *in6;
    } else {
        auto* in4 = reinterpret_cast<sockaddr_in*>(&result.storage);
        in4->sin_family = AF_INET;
        in4->sin_port = htons(port);
        ::inet_pton(AF_INET, address.c_str(), &in4->sin_addr);
        result.length = sizeof *in4;
    }
    return result;
}

uint16_t boundPort(int fd)
{
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6
                     ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                     : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

int flagsOf(const Forward& forward)
{
    return (forward.protocol == Forward::Protocol::Udp ? SLIRP_HOSTFWD_UDP : 0) |
           (forward.v6() ? SLIRP_HOSTFWD_V6ONLY : 0);
}

Error openError(const Forward& forward, int number)
{
    if (number == EADDRINUSE)
        return {ErrorCode::Busy, forward.hostText() + " is in use"};
    if (number == EADDRNOTAVAIL)
        return {ErrorCode::NotFound,
                fmt::format("{} is not an address of this computer", forward.hostAddress)};
    if (number == EACCES)
        return {ErrorCode::Permission, forward.hostText() + " may only be opened by root"};
    return Error::fromErrno(forward.hostText() + " cannot be opened", number);
}

} // namespace

/// What libslirp calls; `opaque` is the SlirpStack.
struct SlirpCallbacks {
    static SlirpStack& self(void* opaque) { return *static_cast<SlirpStack*>(opaque); }

    static ssize_t sendPacket(const void* data, size_t size, void* opaque)
    {
        // The frame lies in a local array of libslirp's that nobody reads afterwards.
        auto* bytes = static_cast<std::byte*>(const_cast<void*>(data));
        self(opaque).m_activityNs = hostNs();
        self(opaque).m_sink.frameToGuest({bytes, size});
        return static_cast<ssize_t>(size);
    }
    static void guestError(const char* message, void* opaque) { self(opaque).m_log.warn(message); }
    static int64_t clockNs(void*) { return static_cast<int64_t>(hostNs()); }
    // There is one kind of timer, that of router advertisements, and one of it.
    static void* timerNew(SlirpTimerId, void*, void* opaque) { return opaque; }
    static void timerFree(void*, void* opaque) { self(opaque).m_advertiseNs.reset(); }
    static void timerSet(void*, int64_t atMs, void* opaque)
    {
        self(opaque).m_advertiseNs = static_cast<uint64_t>(atMs) * kMsNs;
    }
    static void registerFd(int fd, void* opaque) { self(opaque).m_polls.add(fd); }
    static void unregisterFd(int fd, void* opaque) { self(opaque).drop(fd); }
    // Only input() makes room in a TCP buffer, and refresh() follows it.
    static void notify(void*) {}

    static int addPoll(int fd, int events, void* opaque)
    {
        SlirpStack& stack = self(opaque);
        if (stack.m_listing != nullptr) {
            stack.m_listing->push_back(fd);
            return fd;
        }
        const auto& listeners = stack.m_listeners;
        const bool listener = std::find(listeners.begin(), listeners.end(), fd) != listeners.end();
        // Who connects from outside shall not use up our descriptors either.
        if (!listener || stack.sockets() < stack.socketBudget())
            stack.m_polls.want(fd, toEpoll(events));
        return fd;
    }
    static int readyEvents(int fd, void* opaque) { return toSlirp(self(opaque).m_polls.ready(fd)); }
    static int nothingReady(int, void*) { return 0; }

    static ssize_t writeState(const void* data, size_t size, void* opaque)
    {
        const auto* bytes = static_cast<const std::byte*>(data);
        auto& to = *static_cast<std::vector<std::byte>*>(opaque);
        to.insert(to.end(), bytes, bytes + size);
        return static_cast<ssize_t>(size);
    }
    static ssize_t readState(void* to, size_t size, void* opaque)
    {
        auto& from = *static_cast<std::span<const std::byte>*>(opaque);
        if (size > from.size())
            return -1;
        std::memcpy(to, from.data(), size);
        from = from.subspan(size);
        return static_cast<ssize_t>(size);
    }

    static const SlirpCb kTable;
};

const SlirpCb SlirpCallbacks::kTable = {
    .send_packet = sendPacket,
    .guest_error = guestError,
    .clock_get_ns = clockNs,
    .timer_new = nullptr,
    .timer_free = timerFree,
    .timer_mod = timerSet,
    .register_poll_fd = registerFd,
    .unregister_poll_fd = unregisterFd,
    .notify = notify,
    .init_completed = nullptr,
    .timer_new_opaque = timerNew,
};

Result<std::unique_ptr<SlirpStack>>
SlirpStack::create(EventLoop& loop, const SlirpStackSettings& settings, Sink& sink)
{
    std::unique_ptr<SlirpStack> stack(new SlirpStack(loop, sink, TRY(PollSet::create())));
    TRY(stack->start(settings));
    return stack;
}

SlirpStack::SlirpStack(EventLoop& loop, Sink& sink, PollSet polls)
    : m_loop(loop), m_sink(sink), m_polls(std::move(polls)), m_socketBudget(descriptorBudget())
{}

Result<void> SlirpStack::start(const SlirpStackSettings& settings)
{
    static std::once_flag logged;
    std::call_once(logged,
                   [] { g_log_set_handler("Slirp", G_LOG_LEVEL_MASK, logFromSlirp, nullptr); });
    m_timer = UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!m_timer.valid())
        return Error::fromErrno("timerfd_create", errno);

    std::vector<const char*> search;
    for (const std::string& domain : settings.dnsSearch)
        search.push_back(domain.c_str());
    search.push_back(nullptr);
    SlirpConfig config{};
    config.version = 4;
    config.restricted = settings.restricted;
    config.in_enabled = true;
    config.vnetwork = ip4(nat::kNetwork);
    config.vnetmask = ip4(nat::kMask);
    config.vhost = ip4(nat::kHost);
    config.in6_enabled = true;
    config.vprefix_addr6 = ip6(nat::kPrefix6);
    config.vprefix_len = nat::kPrefix6Bits;
    config.vhost6 = ip6(nat::kHost6);
    config.vhostname = settings.hostname.empty() ? nullptr : settings.hostname.c_str();
    config.vdhcp_start = ip4(nat::kFirstLease);
    config.vnameserver = ip4(nat::kDns);
    config.vnameserver6 = ip6(nat::kDns6);
    config.vdnssearch = settings.dnsSearch.empty() ? nullptr : search.data();
    config.if_mtu = kSlirpMtu;
    config.if_mru = kSlirpMtu;
    config.disable_host_loopback = !settings.hostLoopback;
    m_slirp = ::slirp_new(&config, &SlirpCallbacks::kTable, this);
    if (m_slirp == nullptr)
        return Error(ErrorCode::Unsupported, "libslirp refuses its settings");
    TRY(m_loop.watch(m_timer.get(), [this] { timerFired(); }));
    return {};
}

SlirpStack::~SlirpStack()
{
    if (m_running)
        m_loop.remove(m_polls.fd());
    if (m_timer.valid())
        m_loop.remove(m_timer.get());
    if (m_slirp != nullptr)
        ::slirp_cleanup(m_slirp);
}

void SlirpStack::setRunning(bool running)
{
    if (running == m_running)
        return;
    m_running = running;
    if (!running) {
        m_loop.remove(m_polls.fd());
        return waitUntil(std::nullopt);
    }
    const auto watched = m_loop.watch(m_polls.fd(), [this] { socketsReady(); });
    CHECK(watched.has_value()); // fails only for descriptors that are none, or are watched already
    m_activityNs = hostNs();
    refresh();
}

void SlirpStack::input(std::span<const std::byte> frame)
{
    m_activityNs = hostNs();
    ::slirp_input(m_slirp, reinterpret_cast<const uint8_t*>(frame.data()),
                  static_cast<int>(frame.size()));
}

void SlirpStack::refresh()
{
    // Tells libslirp the time, and lets go what waited for the guest's hardware address.
    ::slirp_pollfds_poll(m_slirp, 0, SlirpCallbacks::nothingReady, this);
    wishRound();
}

void SlirpStack::wishRound()
{
    uint32_t timeoutMs = UINT32_MAX;
    m_polls.begin();
    ::slirp_pollfds_fill(m_slirp, &timeoutMs, SlirpCallbacks::addPoll, this);
    m_polls.end();
    if (!m_running)
        return;
    const uint64_t now = hostNs();
    std::optional<uint64_t> deadline = m_advertiseNs;
    if (timeoutMs < kNothingDueMs && now - m_activityNs < kQuietNs) {
        const uint64_t due = now + timeoutMs * kMsNs;
        deadline = std::min(deadline.value_or(due), due);
    }
    waitUntil(deadline);
}

/// Sets the timer only where it would fire too late: one that fires too early costs less than
/// setting it anew for each frame.
void SlirpStack::waitUntil(std::optional<uint64_t> deadlineNs)
{
    if (deadlineNs == m_armedNs || (deadlineNs && m_armedNs && *m_armedNs <= *deadlineNs))
        return;
    m_armedNs = deadlineNs;
    itimerspec spec{};
    if (deadlineNs) {
        spec.it_value.tv_sec = static_cast<time_t>(*deadlineNs / 1'000'000'000);
        spec.it_value.tv_nsec = static_cast<long>(*deadlineNs % 1'000'000'000) | 1;
    }
    ::timerfd_settime(m_timer.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void SlirpStack::socketsReady()
{
    m_activityNs = hostNs();
    m_polls.collect();
    ::slirp_pollfds_poll(m_slirp, 0, SlirpCallbacks::readyEvents, this);
    wishRound();
    m_sink.burstDone();
}

void SlirpStack::timerFired()
{
    uint64_t expirations = 0;
    if (::read(m_timer.get(), &expirations, sizeof expirations) < 0)
        return; // set anew in between
    m_armedNs.reset();
    if (!m_running)
        return;
    ::slirp_pollfds_poll(m_slirp, 0, SlirpCallbacks::nothingReady, this);
    if (m_advertiseNs && *m_advertiseNs <= hostNs()) {
        const uint64_t activityNs = m_activityNs;
        ::slirp_handle_timer(m_slirp, SLIRP_TIMER_RA, nullptr);
        m_activityNs = activityNs; // an advertisement waits for nothing
    }
    wishRound();
    m_sink.burstDone();
}

void SlirpStack::drop(int fd)
{
    m_polls.forget(fd);
    m_listeners.erase(std::remove(m_listeners.begin(), m_listeners.end(), fd), m_listeners.end());
}

Result<uint16_t> SlirpStack::open(const Forward& forward)
{
    wishRound(); // knows all sockets there are
    SocketAddress host = socketAddress(forward.v6(), forward.hostAddress, forward.hostPort);
    SocketAddress guest = socketAddress(forward.v6(), forward.guestAddress, forward.guestPort);
    if (::slirp_add_hostxfwd(m_slirp, host.get(), host.length, guest.get(), guest.length,
                             flagsOf(forward)) != 0)
        return openError(forward, errno);
    // libslirp does not say which socket it opened: it is the one it did not ask about before.
    std::vector<int> all;
    uint32_t timeoutMs = UINT32_MAX;
    m_listing = &all;
    ::slirp_pollfds_fill(m_slirp, &timeoutMs, SlirpCallbacks::addPoll, this);
    m_listing = nullptr;
    const auto fresh = std::find_if(all.begin(), all.end(), [&](int fd) {
        const uint16_t port = m_polls.knows(fd) ? uint16_t{0} : boundPort(fd);
        return port != 0 && (forward.hostPort == 0 || port == forward.hostPort);
    });
    if (fresh == all.end())
        return Error(ErrorCode::Io, forward.hostText() + " was opened but cannot be found");
    if (forward.protocol == Forward::Protocol::Tcp)
        ::listen(*fresh, kBacklog); // libslirp's own backlog of 1 makes browsers wait
    m_polls.add(*fresh);
    m_listeners.push_back(*fresh);
    const uint16_t port = boundPort(*fresh);
    wishRound();
    return port;
}

void SlirpStack::close(const Forward& forward)
{
    SocketAddress host = socketAddress(forward.v6(), forward.hostAddress, forward.hostPort);
    ::slirp_remove_hostxfwd(m_slirp, host.get(), host.length, flagsOf(forward));
    wishRound();
}

SlirpStack::Saved SlirpStack::save() const
{
    Saved saved;
    saved.version = static_cast<uint32_t>(::slirp_state_version());
    ::slirp_state_save(m_slirp, SlirpCallbacks::writeState, &saved.bytes);
    return saved;
}

Result<void> SlirpStack::load(const Saved& saved)
{
    const Saved own = save();
    // The first byte says how many connections to services of the NAT's own follow: there are none.
    if (saved.version != own.version || saved.bytes.size() != own.bytes.size() ||
        saved.bytes[0] != std::byte{0})
        return Error(ErrorCode::Invalid, "the saved DHCP leases are not such");
    std::span<const std::byte> from = saved.bytes;
    if (::slirp_state_load(m_slirp, static_cast<int>(saved.version), SlirpCallbacks::readState,
                           &from) < 0)
        return Error(ErrorCode::Invalid, "the saved DHCP leases cannot be read");
    return {};
}

} // namespace vmm::net
