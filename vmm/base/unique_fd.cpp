// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/base/unique_fd.h"

#include <cerrno>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/base/bits.h"

namespace vmm {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept
{
    if (this != &other)
        reset(other.release());
    return *this;
}

void UniqueFd::reset(int fd)
{
    if (m_fd >= 0)
        ::close(m_fd);
    m_fd = fd;
}

Result<EventFd> EventFd::create()
{
    UniqueFd fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!fd.valid())
        return Error::fromErrno("eventfd", errno);
    return EventFd(std::move(fd));
}

void EventFd::signal() const
{
    const uint64_t one = 1;
    // EAGAIN means the counter is saturated: the reader is signalled all the same.
    while (::write(m_fd.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
}

bool EventFd::drain() const
{
    uint64_t count = 0;
    ssize_t got = 0;
    do {
        got = ::read(m_fd.get(), &count, sizeof count);
    } while (got < 0 && errno == EINTR);
    return got == static_cast<ssize_t>(sizeof count);
}

Result<MappedRegion> MappedRegion::map(int fd, uint64_t offset, size_t size, int protection,
                                       int flags)
{
    void* data = ::mmap(nullptr, size, protection, flags, fd, static_cast<off_t>(offset));
    if (data == MAP_FAILED)
        return Error::fromErrno("mmap", errno);
    MappedRegion region;
    region.m_data = static_cast<std::byte*>(data);
    region.m_size = size;
    return region;
}

Result<MappedRegion> MappedRegion::anonymous(size_t size, size_t alignment)
{
    const size_t room = size + alignment;
    if (room < size)
        return Error::fromErrno("mmap", ENOMEM);
    MappedRegion whole =
        TRY(map(-1, 0, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE));
    std::byte* const start = whole.m_data;
    const size_t skipped = -reinterpret_cast<uintptr_t>(start) & (alignment - 1);
    if (skipped != 0)
        ::munmap(start, skipped);
    const size_t kept = alignUp(size, static_cast<size_t>(::sysconf(_SC_PAGESIZE)));
    if (skipped + kept < room)
        ::munmap(start + skipped + kept, room - skipped - kept);
    whole.m_data = start + skipped;
    whole.m_size = size;
    return whole;
}

MappedRegion::MappedRegion(MappedRegion&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)), m_size(std::exchange(other.m_size, 0))
{}

MappedRegion& MappedRegion::operator=(MappedRegion&& other) noexcept
{
    if (this != &other) {
        reset();
        m_data = std::exchange(other.m_data, nullptr);
        m_size = std::exchange(other.m_size, 0);
    }
    return *this;
}

void MappedRegion::reset()
{
    if (m_data != nullptr)
        ::munmap(m_data, m_size);
    m_data = nullptr;
    m_size = 0;
}

} // namespace vmm
