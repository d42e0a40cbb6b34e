// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/serial_backend.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <termios.h>
#include <unistd.h>

namespace vmm::machine {

Result<std::unique_ptr<SerialBackend>> SerialBackend::create(spec::SerialKind kind,
                                                             const std::string& path)
{
    std::unique_ptr<SerialBackend> backend(new SerialBackend(TRY(EventFd::create())));
    if (kind == spec::SerialKind::Stdio) {
        backend->m_output = UniqueFd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
        backend->m_input = UniqueFd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)); // closed: no input
    } else if (kind == spec::SerialKind::Pty) {
        TRY(backend->openPty());
    } else {
        backend->m_output =
            UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    }
    if (!backend->m_output.valid())
        return Error::fromErrno(path.empty() ? "standard output" : path, errno);
    SerialBackend* self = backend.get();
    backend->m_writer = std::thread([self] { self->writeLoop(); });
    ::pthread_setname_np(backend->m_writer.native_handle(), "serial-out");
    return backend;
}

Result<void> SerialBackend::openPty()
{
    UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    std::array<char, 128> name{};
    if (!master.valid() || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0 ||
        ::ptsname_r(master.get(), name.data(), name.size()) != 0)
        return Error::fromErrno("pseudo-terminal for the serial port", errno);
    // Without an open other end the master reads as hung up all the time.
    m_ptyPeer = UniqueFd(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios settings{};
    if (m_ptyPeer.valid() && ::tcgetattr(m_ptyPeer.get(), &settings) == 0) {
        ::cfmakeraw(&settings);
        ::tcsetattr(m_ptyPeer.get(), TCSANOW, &settings);
    }
    m_ptyName = name.data();
    m_input = UniqueFd(::fcntl(master.get(), F_DUPFD_CLOEXEC, 0));
    m_output = std::move(master);
    return {};
}

SerialBackend::~SerialBackend()
{
    disconnect();
    m_quit.signal();
    {
        MutexLock lock(m_mutex);
        m_ending = true;
    }
    m_wake.notify_all();
    if (m_writer.joinable())
        m_writer.join();
}

void SerialBackend::connect(console::ByteReceiver& receiver)
{
    if (!m_input.valid())
        return;
    m_reader = std::thread([this, &receiver] { readLoop(receiver); });
    ::pthread_setname_np(m_reader.native_handle(), "serial-in");
}

void SerialBackend::disconnect()
{
    if (!m_reader.joinable())
        return;
    m_quit.signal();
    m_reader.join();
}

bool SerialBackend::waitFor(int fd, short events) const
{
    std::array<pollfd, 2> waits = {{{fd, events, 0}, {m_quit.fd(), POLLIN, 0}}};
    while (::poll(waits.data(), waits.size(), -1) < 0 && errno == EINTR) {
    }
    return waits[0].revents != 0;
}

void SerialBackend::readLoop(console::ByteReceiver& receiver)
{
    constexpr int kRetryMs =
        10; // a guest that does not fetch is asked again, and nothing typed is lost
    std::array<std::byte, 256> bytes{};
    pollfd quit{m_quit.fd(), POLLIN, 0};
    while (::poll(&quit, 1, 0) == 0) {
        if (!waitFor(m_input.get(), POLLIN))
            return;
        const size_t space = std::min(bytes.size(), receiver.receiveSpace());
        if (space == 0) {
            ::poll(&quit, 1, kRetryMs);
            continue;
        }
        const ssize_t got = ::read(m_input.get(), bytes.data(), space);
        if (got > 0)
            receiver.receiveBytes(std::span(bytes).first(static_cast<size_t>(got)));
        else if (got == 0 || (errno != EINTR && errno != EAGAIN))
            return; // end of input
    }
}

void SerialBackend::writeBytes(std::span<const std::byte> bytes)
{
    {
        MutexLock lock(m_mutex);
        const size_t take = std::min(bytes.size(), kBuffer - m_pending.size());
        m_pending.insert(m_pending.end(), bytes.begin(),
                         bytes.begin() + static_cast<std::ptrdiff_t>(take));
        m_dropped.fetch_add(bytes.size() - take, std::memory_order_relaxed);
    }
    m_wake.notify_one();
}

void SerialBackend::writeLoop()
{
    for (;;) {
        std::vector<std::byte> bytes;
        {
            MutexLock lock(m_mutex);
            lock.wait(m_wake, [this]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
                return m_ending || !m_pending.empty();
            });
            if (m_pending.empty())
                return;
            bytes.swap(m_pending);
        }
        writeOut(bytes);
    }
}

void SerialBackend::writeOut(std::span<const std::byte> bytes)
{
    constexpr size_t kPiece =
        4096; // what a pipe that polls writable takes without blocking (PIPE_BUF)
    while (!bytes.empty() && waitFor(m_output.get(), POLLOUT)) {
        const ssize_t put = ::write(m_output.get(), bytes.data(), std::min(bytes.size(), kPiece));
        if (put > 0)
            bytes = bytes.subspan(static_cast<size_t>(put));
        else if (put < 0 && errno != EINTR && errno != EAGAIN)
            break;
    }
    m_dropped.fetch_add(bytes.size(), std::memory_order_relaxed);
}

} // namespace vmm::machine
