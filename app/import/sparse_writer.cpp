// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/import/sparse_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "app/import/files.h"

namespace app::import {

namespace {

constexpr size_t kHole = 4096;                   // what file systems allocate by
constexpr uint64_t kLongest = uint64_t{1} << 50; // 1 PB: no disk, but zeros packed with malice

bool allZeros(std::span<const std::byte> bytes)
{
    return !bytes.empty() && bytes[0] == std::byte{0} &&
           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

} // namespace

vmm::Result<void> SparseWriter::append(std::span<const std::byte> bytes)
{
    if (bytes.size() > kLongest - m_at)
        return vmm::Error(vmm::ErrorCode::Invalid, "there is no end to its content");
    size_t kept = 0; // in front: not zeros, not written yet
    while (kept < bytes.size()) {
        const size_t block = std::min<uint64_t>(bytes.size() - kept, kHole - (m_at + kept) % kHole);
        if (!allZeros(bytes.subspan(kept, block))) {
            kept += block;
            continue;
        }
        TRY(writeAt(m_at, bytes.first(kept)));
        m_at += kept + block;
        bytes = bytes.subspan(kept + block);
        kept = 0;
    }
    TRY(writeAt(m_at, bytes));
    m_at += bytes.size();
    return {};
}

vmm::Result<void> SparseWriter::finish() const
{
    if (::ftruncate(m_fd, static_cast<off_t>(m_at)) != 0)
        return writeError(m_path, errno, m_at);
    return {};
}

vmm::Result<void> SparseWriter::writeAt(uint64_t offset, std::span<const std::byte> bytes) const
{
    while (!bytes.empty()) {
        const ssize_t count =
            ::pwrite(m_fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return writeError(m_path, count < 0 ? errno : EIO, 0);
        offset += static_cast<uint64_t>(count);
        bytes = bytes.subspan(static_cast<size_t>(count));
    }
    return {};
}

} // namespace app::import
