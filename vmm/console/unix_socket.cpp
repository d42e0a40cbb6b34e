// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/console/unix_socket.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace vmm::console {

namespace {

Result<sockaddr_un> addressOf(const std::string& path)
{
    if (path.empty() || path.size() > UnixListener::kMaxPath ||
        path.find('\0') != std::string::npos)
        return Error(ErrorCode::Invalid, fmt::format("{}: the path of a socket has 1 to {} bytes",
                                                     path, UnixListener::kMaxPath));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

Result<UniqueFd> newSocket()
{
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.valid())
        return Error::fromErrno("socket", errno);
    return fd;
}

UniqueFd openSpare()
{
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

} // namespace

Result<UniqueFd> connectUnix(const std::string& path)
{
    const sockaddr_un address = TRY(addressOf(path));
    UniqueFd fd = TRY(newSocket());
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return Error::fromErrno(path, errno);
    return fd;
}

Result<std::unique_ptr<UnixListener>> UnixListener::create(EventLoop& loop, std::string path,
                                                           std::function<void(UniqueFd)> accepted)
{
    std::unique_ptr<UnixListener> listener(new UnixListener(std::move(path)));
    TRY(listener->bind());
    listener->m_spare = openSpare();
    UnixListener* self = listener.get();
    listener->m_watch =
        TRY(FdWatch::create(loop, listener->m_socket.get(),
                            [self, accepted = std::move(accepted)] { self->accept(accepted); }));
    listener->m_watch.arm(FdWatch::kReadable);
    return listener;
}

UnixListener::~UnixListener()
{
    struct stat now {};
    if (m_inode != 0 && ::lstat(m_path.c_str(), &now) == 0 && now.st_dev == m_device &&
        now.st_ino == m_inode)
        ::unlink(m_path.c_str());
}

Result<void> UnixListener::bind()
{
    const sockaddr_un address = TRY(addressOf(m_path));
    const std::string folder = std::filesystem::path(m_path).parent_path().string();
    // Two that start at once look and bind one after the other.
    const UniqueFd turn(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!turn.valid() || ::flock(turn.get(), LOCK_EX) != 0)
        return Error::fromErrno(m_path, errno);
    TRY(clearPath());
    m_socket = TRY(newSocket());
    // Linux gives the new path the socket's own mode, so that it is never open to others.
    struct stat made {};
    if (::fchmod(m_socket.get(), S_IRUSR | S_IWUSR) != 0 ||
        ::bind(m_socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::lstat(m_path.c_str(), &made) != 0)
        return Error::fromErrno(m_path, errno);
    m_device = made.st_dev;
    m_inode = made.st_ino;
    if (::listen(m_socket.get(), SOMAXCONN) != 0)
        return Error::fromErrno(m_path, errno);
    return {};
}

/// Removes a socket that a program left behind.
Result<void> UnixListener::clearPath()
{
    struct stat old {};
    if (::lstat(m_path.c_str(), &old) != 0)
        return {}; // bind() says what else may be wrong
    if (!S_ISSOCK(old.st_mode))
        return Error(ErrorCode::Invalid, fmt::format("{}: is there already and no socket", m_path));
    const sockaddr_un address = TRY(addressOf(m_path));
    const UniqueFd probe = TRY(newSocket());
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
        errno == EAGAIN)
        return Error(ErrorCode::Busy, fmt::format("{}: another program listens there", m_path));
    if (errno != ECONNREFUSED || ::unlink(m_path.c_str()) != 0)
        return Error::fromErrno(m_path, errno);
    return {};
}

/// One at a time: the others on the loop get their turn.
void UnixListener::accept(const std::function<void(UniqueFd)>& accepted)
{
    UniqueFd client(::accept4(m_socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client.valid() && (errno == EMFILE || errno == ENFILE)) {
        m_spare.reset(); // else the same client would come up for ever
        UniqueFd refused(::accept4(m_socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
        refused.reset();
        m_spare = openSpare();
    }
    m_watch.arm(FdWatch::kReadable);
    if (client.valid())
        accepted(std::move(client));
}

} // namespace vmm::console
