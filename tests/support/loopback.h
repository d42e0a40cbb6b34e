// SPDX-License-Identifier: GPL-3.0-or-later
// Servers and clients on the host's loopback, for tests of network backends.
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <functional>
#include <netinet/in.h>
#include <poll.h>
#include <span>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "vmm/base/unique_fd.h"

namespace vmm::test {

/// The loopback address of a family, with `port`.
inline std::pair<sockaddr_storage, socklen_t> loopbackAddress(bool v6, uint16_t port)
{
    sockaddr_storage storage{};
    if (v6) {
        auto* address = reinterpret_cast<sockaddr_in6*>(&storage);
        address->sin6_family = AF_INET6;
        address->sin6_addr = in6addr_loopback;
        address->sin6_port = htons(port);
        return {storage, sizeof *address};
    }
    auto* address = reinterpret_cast<sockaddr_in*>(&storage);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address->sin_port = htons(port);
    return {storage, sizeof *address};
}

inline uint16_t portOf(int fd)
{
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length);
    return ntohs(storage.ss_family == AF_INET6
                     ? reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port
                     : reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
}

/// A socket bound to a port of the loopback; 0 as `type` of port: any.
inline UniqueFd boundSocket(int type, bool v6 = false, uint16_t port = 0)
{
    UniqueFd fd(::socket(v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0));
    const auto [address, length] = loopbackAddress(v6, port);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
        fd.reset();
    return fd;
}

inline UniqueFd connectedSocket(int type, uint16_t port, bool v6 = false)
{
    UniqueFd fd(::socket(v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0));
    const auto [address, length] = loopbackAddress(v6, port);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
        fd.reset();
    return fd;
}

inline bool writeAll(int fd, std::span<const std::byte> bytes)
{
    while (!bytes.empty()) {
        const ssize_t done = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (done <= 0)
            return false;
        bytes = bytes.subspan(static_cast<size_t>(done));
    }
    return true;
}

/// `size` bytes, or as many as come before the end or ten seconds of silence.
inline std::vector<std::byte> readAll(int fd, size_t size)
{
    std::vector<std::byte> bytes(size);
    size_t got = 0;
    while (got < size) {
        pollfd wait{fd, POLLIN, 0};
        if (::poll(&wait, 1, 10'000) != 1)
            break;
        const ssize_t part = ::recv(fd, bytes.data() + got, size - got, 0);
        if (part <= 0)
            break;
        got += static_cast<size_t>(part);
    }
    bytes.resize(got);
    return bytes;
}

/// Serves TCP connections to the loopback, one after the other, on a thread.
class TcpServer {
public:
    using Serve = std::function<void(int fd)>;
    explicit TcpServer(Serve serve, bool v6 = false)
        : m_listener(boundSocket(SOCK_STREAM, v6)), m_serve(std::move(serve))
    {
        ::listen(m_listener.get(), 16);
        m_thread = std::thread([this] { run(); });
    }
    ~TcpServer()
    {
        ::shutdown(m_listener.get(), SHUT_RDWR); // accept() returns
        m_thread.join();
    }
    uint16_t port() const { return portOf(m_listener.get()); }
    int connections() const { return m_connections; }

    /// Gives back what it gets.
    static void echo(int fd)
    {
        std::byte buffer[65536];
        for (ssize_t got = 0; (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) {
            if (!writeAll(fd, std::span(buffer).first(static_cast<size_t>(got))))
                return;
        }
    }

private:
    void run()
    {
        for (;;) {
            const UniqueFd peer(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!peer.valid())
                return;
            ++m_connections;
            m_serve(peer.get());
        }
    }

    UniqueFd m_listener;
    Serve m_serve;
    std::atomic<int> m_connections{0};
    std::thread m_thread;
};

} // namespace vmm::test
