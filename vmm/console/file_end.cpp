// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/console/file_end.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

namespace vmm::console {

Result<std::unique_ptr<FileEnd>> FileEnd::create(EventLoop& loop, const std::string& path)
{
    UniqueFd output(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!output.valid())
        return Error::fromErrno(path, errno);
    return create(loop, std::move(output), UniqueFd());
}

Result<std::unique_ptr<FileEnd>> FileEnd::createStdio(EventLoop& loop)
{
    UniqueFd output(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
    if (!output.valid())
        return Error::fromErrno("standard output", errno);
    // Closed: no input.
    return create(loop, std::move(output), UniqueFd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)));
}

Result<std::unique_ptr<FileEnd>> FileEnd::create(EventLoop& loop, UniqueFd output, UniqueFd input)
{
    std::unique_ptr<FileEnd> end(new FileEnd(TRY(EventFd::create()), TRY(EventFd::create())));
    end->m_output = std::move(output);
    end->m_input = std::move(input);
    FileEnd* self = end.get();
    end->m_watch = TRY(FdWatch::create(loop, end->m_news.fd(), [self] {
        self->m_news.drain();
        self->m_watch.arm(FdWatch::kReadable);
        self->tell();
    }));
    end->m_watch.arm(FdWatch::kReadable);
    end->m_writer = std::thread([self] { self->writeLoop(); });
    ::pthread_setname_np(end->m_writer.native_handle(), "port-out");
    if (end->m_input.valid()) {
        end->m_reader = std::thread([self] { self->readLoop(); });
        ::pthread_setname_np(end->m_reader.native_handle(), "port-in");
    }
    return end;
}

FileEnd::~FileEnd()
{
    m_watch = {};
    m_quit.signal();
    {
        MutexLock lock(m_mutex);
        m_ending = true;
    }
    m_wakeWriter.notify_all();
    m_wakeReader.notify_all();
    for (std::thread* thread : {&m_writer, &m_reader})
        if (thread->joinable())
            thread->join();
}

size_t FileEnd::write(std::span<const std::byte> bytes)
{
    size_t taken = 0;
    {
        MutexLock lock(m_mutex);
        taken = m_out.push(bytes);
        m_wantsRoom = taken < bytes.size();
    }
    m_wakeWriter.notify_one();
    return taken;
}

size_t FileEnd::read(std::span<std::byte> to)
{
    size_t taken = 0;
    {
        MutexLock lock(m_mutex);
        taken = m_in.take(to);
        m_wantsBytes = m_in.empty();
    }
    m_wakeReader.notify_one();
    return taken;
}

void FileEnd::finish(std::span<const std::byte> bytes)
{
    MutexLock lock(m_mutex);
    m_last.assign(bytes.begin(), bytes.end());
}

bool FileEnd::waitFor(int fd, short events) const
{
    std::array<pollfd, 2> waits = {{{fd, events, 0}, {m_quit.fd(), POLLIN, 0}}};
    while (::poll(waits.data(), waits.size(), -1) < 0 && errno == EINTR) {
    }
    return waits[0].revents != 0;
}

void FileEnd::readLoop()
{
    std::array<std::byte, 4096> bytes{};
    for (;;) {
        {
            MutexLock lock(m_mutex);
            lock.wait(m_wakeReader, [this]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
                return m_ending || m_in.space() >= 4096;
            });
            if (m_ending)
                return;
        }
        if (!waitFor(m_input.get(), POLLIN))
            return;
        const ssize_t got = ::read(m_input.get(), bytes.data(), bytes.size());
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            return; // end of input
        MutexLock lock(m_mutex);
        m_in.push(std::span(bytes).first(static_cast<size_t>(std::max<ssize_t>(got, 0))));
        if (std::exchange(m_wantsBytes, false))
            m_news.signal();
    }
}

void FileEnd::writeLoop()
{
    std::vector<std::byte> bytes;
    for (;;) {
        {
            MutexLock lock(m_mutex);
            lock.wait(m_wakeWriter, [this]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
                return m_ending || !m_out.empty();
            });
            if (m_out.empty())
                break;
            bytes.resize(m_out.size());
            m_out.take(bytes);
            if (std::exchange(m_wantsRoom, false))
                m_news.signal();
        }
        writeOut(bytes);
    }
    MutexLock lock(m_mutex);
    bytes.swap(m_last);
    lock.unlock();
    writeOut(bytes);
}

void FileEnd::writeOut(std::span<const std::byte> bytes)
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

} // namespace vmm::console
