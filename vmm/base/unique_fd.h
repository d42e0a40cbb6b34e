// SPDX-License-Identifier: GPL-3.0-or-later
// Owners of file descriptors and mappings: the only classes that call close() and munmap().
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "vmm/base/result.h"

namespace vmm {

/// Owns one file descriptor; move-only. Any thread, one at a time.
class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : m_fd(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept;
    ~UniqueFd() { reset(); }

    int get() const { return m_fd; }
    bool valid() const { return m_fd >= 0; }
    int release() { return std::exchange(m_fd, -1); }
    void reset(int fd = -1);

private:
    int m_fd = -1;
};

/// An eventfd(2): non-blocking, close-on-exec. signal() and drain() from any thread.
class EventFd {
public:
    static Result<EventFd> create();

    void signal() const;
    /// True when it had been signalled since the last drain().
    bool drain() const;
    int fd() const { return m_fd.get(); }

private:
    explicit EventFd(UniqueFd fd) : m_fd(std::move(fd)) {}
    UniqueFd m_fd;
};

/// Owns one mmap(2) mapping; move-only.
class MappedRegion {
public:
    MappedRegion() = default;
    /// Maps `size` bytes of `fd` from `offset`, shared; `protection` and `flags` as in mmap(2).
    /// With `fd` -1 and MAP_ANONYMOUS in `flags`, fresh zeroed memory.
    static Result<MappedRegion> map(int fd, uint64_t offset, size_t size, int protection,
                                    int flags);
    /// Fresh zeroed memory to read and write, taken from the host only as it is touched; begins at
    /// a multiple of `alignment`, a power of two of at least a page.
    static Result<MappedRegion> anonymous(size_t size, size_t alignment);
    MappedRegion(MappedRegion&& other) noexcept;
    MappedRegion& operator=(MappedRegion&& other) noexcept;
    ~MappedRegion() { reset(); }

    std::byte* data() const { return m_data; }
    size_t size() const { return m_size; }
    void reset();

private:
    std::byte* m_data = nullptr;
    size_t m_size = 0;
};

} // namespace vmm
