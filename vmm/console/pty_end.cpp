// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/console/pty_end.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <termios.h>
#include <unistd.h>

namespace vmm::console {

namespace {

/// What poll(2) says of the master now.
short look(int master)
{
    pollfd wait{master, POLLIN, 0};
    return ::poll(&wait, 1, 0) > 0 ? wait.revents : short{0};
}

/// Nobody has the terminal open, and nothing typed before he left is still to be read.
bool gone(short seen)
{
    return (seen & (POLLHUP | POLLIN)) == POLLHUP;
}

} // namespace

Result<std::unique_ptr<PtyEnd>> PtyEnd::create(EventLoop& loop)
{
    std::unique_ptr<PtyEnd> end(new PtyEnd);
    TRY(end->open());
    PtyEnd* self = end.get();
    end->m_watch = TRY(FdWatch::create(loop, end->m_master.get(), [self] { self->ready(); }));
    end->m_openWatch = TRY(FdWatch::create(loop, end->m_opens.get(), [self] { self->opened(); }));
    end->m_openWatch.arm(FdWatch::kReadable);
    return end;
}

Result<void> PtyEnd::open()
{
    m_master = UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    std::array<char, 128> name{};
    if (!m_master.valid() || ::grantpt(m_master.get()) != 0 || ::unlockpt(m_master.get()) != 0 ||
        ::ptsname_r(m_master.get(), name.data(), name.size()) != 0)
        return Error::fromErrno("pseudo-terminal", errno);
    m_name = name.data();
    m_opens = UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    // A terminal that nobody ever opened does not read as hung up: it is opened and closed here.
    const UniqueFd peer(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!peer.valid() || !m_opens.valid() ||
        ::inotify_add_watch(m_opens.get(), name.data(), IN_OPEN) < 0)
        return Error::fromErrno(m_name, errno);
    termios settings{};
    if (::tcgetattr(peer.get(), &settings) != 0)
        return Error::fromErrno(m_name, errno);
    ::cfmakeraw(&settings);
    if (::tcsetattr(peer.get(), TCSANOW, &settings) != 0)
        return Error::fromErrno(m_name, errno);
    return {};
}

/// Somebody opened it; whether he still has it open the master says.
void PtyEnd::opened()
{
    std::array<std::byte, 4096> events{};
    while (::read(m_opens.get(), events.data(), events.size()) > 0) {
    }
    m_openWatch.arm(FdWatch::kReadable);
    ready();
}

void PtyEnd::ready()
{
    const short seen = look(m_master.get());
    m_connected = !gone(seen);
    if ((seen & POLLHUP) == 0) // a hung-up master would be ready all the time
        m_watch.arm(0);
    tell();
}

void PtyEnd::failed(int error, unsigned wanted)
{
    if (error == EAGAIN || error == EINTR)
        m_watch.add(wanted);
    else
        m_connected = false; // EIO: nobody has it open
}

size_t PtyEnd::write(std::span<const std::byte> bytes)
{
    if (!m_connected || bytes.empty())
        return 0;
    const ssize_t put = ::write(m_master.get(), bytes.data(), bytes.size());
    if (put < 0) {
        failed(errno, FdWatch::kWritable);
        return 0;
    }
    if (static_cast<size_t>(put) < bytes.size())
        m_watch.add(FdWatch::kWritable);
    return static_cast<size_t>(put);
}

size_t PtyEnd::read(std::span<std::byte> to)
{
    if (!m_connected || to.empty())
        return 0;
    const ssize_t got = ::read(m_master.get(), to.data(), to.size());
    if (got <= 0)
        failed(got == 0 ? EIO : errno, FdWatch::kReadable);
    return got > 0 ? static_cast<size_t>(got) : 0;
}

} // namespace vmm::console
