// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/console/socket_end.h"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

#include "vmm/base/log.h"

namespace vmm::console {

namespace {

bool hungUp(int socket)
{
    pollfd now{socket, POLLIN, 0};
    return ::poll(&now, 1, 0) > 0 && (now.revents & (POLLHUP | POLLERR)) != 0;
}

} // namespace

Result<std::unique_ptr<SocketEnd>> SocketEnd::create(EventLoop& loop, const std::string& path)
{
    std::unique_ptr<SocketEnd> end(new SocketEnd(loop));
    SocketEnd* self = end.get();
    end->m_listener = TRY(UnixListener::create(
        loop, path, [self](UniqueFd client) { self->accepted(std::move(client)); }));
    return end;
}

void SocketEnd::accepted(UniqueFd client)
{
    if (m_client.valid())
        return; // `client` is closed: one at a time
    auto watch = FdWatch::create(m_loop, client.get(), [this] { ready(); });
    if (!watch)
        return log(LogLevel::Warning, "vmm.console", watch.error().sentence());
    m_watch = *std::move(watch);
    m_client = std::move(client);
    m_inputEnded = false;
    m_watch.arm(0);
    tell();
}

void SocketEnd::ready()
{
    if (!hungUp(m_client.get())) {
        m_watch.arm(0); // for the hang-up, until read() or write() ask for more
    } else {
        m_watch = {}; // it would be ready for ever
        std::byte next{};
        if (m_inputEnded || ::recv(m_client.get(), &next, 1, MSG_PEEK) <= 0)
            drop(); // else what he said before is still to be read
    }
    tell();
}

void SocketEnd::drop()
{
    m_watch = {};
    m_client.reset();
}

size_t SocketEnd::write(std::span<const std::byte> bytes)
{
    if (!m_client.valid() || bytes.empty())
        return 0;
    const ssize_t put = ::send(m_client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN && errno != EINTR) {
        drop();
        return 0;
    }
    const auto taken = static_cast<size_t>(put > 0 ? put : 0);
    if (taken < bytes.size())
        m_watch.add(FdWatch::kWritable);
    return taken;
}

size_t SocketEnd::read(std::span<std::byte> to)
{
    if (!m_client.valid() || m_inputEnded || to.empty())
        return 0;
    const ssize_t got = ::recv(m_client.get(), to.data(), to.size(), 0);
    if (got > 0)
        return static_cast<size_t>(got);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        m_watch.add(FdWatch::kReadable);
        return 0;
    }
    m_inputEnded = true;
    if (got < 0 || hungUp(m_client.get()))
        drop(); // closed for good, not only for sending
    return 0;
}

} // namespace vmm::console
