// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes on their way: first in, first out, never more than a limit.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace vmm::console {

/// A bounded queue of bytes. Takes memory as it fills and gives it back when it is empty. One
/// thread at a time.
class ByteQueue {
public:
    explicit ByteQueue(size_t limit) : m_limit(limit) {}
    size_t size() const { return m_bytes.size() - m_start; }
    bool empty() const { return size() == 0; }
    size_t space() const { return m_limit - size(); }
    /// The bytes in order; until the next call.
    std::span<const std::byte> front() const { return std::span(m_bytes).subspan(m_start); }
    /// Appends what fits and says how much that was.
    size_t push(std::span<const std::byte> bytes)
    {
        const size_t take = std::min(bytes.size(), space());
        if (m_start >= size()) { // each byte is moved at most once for each one taken
            m_bytes.erase(m_bytes.begin(), m_bytes.begin() + static_cast<std::ptrdiff_t>(m_start));
            m_start = 0;
        }
        m_bytes.insert(m_bytes.end(), bytes.begin(),
                       bytes.begin() + static_cast<std::ptrdiff_t>(take));
        return take;
    }
    /// Forgets the first `bytes`, no more than there are.
    void pop(size_t bytes)
    {
        m_start += bytes;
        if (m_start == m_bytes.size())
            clear();
    }
    /// Moves up to to.size() bytes to `to` and says how many.
    size_t take(std::span<std::byte> to)
    {
        const size_t count = std::min(to.size(), size());
        std::copy_n(front().begin(), count, to.begin());
        pop(count);
        return count;
    }
    void clear()
    {
        m_bytes = {};
        m_start = 0;
    }

private:
    size_t m_limit;
    size_t m_start = 0; ///< of what is still there in m_bytes
    std::vector<std::byte> m_bytes;
};

} // namespace vmm::console
