// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a stream to a file, leaving holes where it is all zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "vmm/base/result.h"

namespace app::import {

/// Appends to an empty file open for writing, which stays the caller's. One thread.
class SparseWriter {
public:
    /// `path`: for sentences.
    SparseWriter(int fd, std::filesystem::path path) : m_fd(fd), m_path(std::move(path)) {}

    vmm::Result<void> append(std::span<const std::byte> bytes);
    /// Leaves a hole up to `offset`, when that is further on.
    void skipTo(uint64_t offset) { m_at = offset > m_at ? offset : m_at; }
    /// Gives the file its length, holes at the end included.
    vmm::Result<void> finish() const;
    uint64_t bytes() const { return m_at; }

private:
    vmm::Result<void> writeAt(uint64_t offset, std::span<const std::byte> bytes) const;

    int m_fd;
    std::filesystem::path m_path;
    uint64_t m_at = 0;
};

} // namespace app::import
