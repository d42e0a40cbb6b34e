// SPDX-License-Identifier: GPL-3.0-or-later
// Reading tar archives and packed files through libarchive.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "vmm/base/result.h"

struct archive;
struct archive_entry;

namespace app::import {

/// One archive, or one packed file, read from its start to its end. Hostile content gives errors,
/// never names outside the archive: names are handed out as text, and nothing is written here.
/// One thread at a time; the descriptor stays the caller's and is rewound.
class ArchiveReader {
public:
    /// A plain tar (no packing around it). `name`: for sentences.
    static vmm::Result<ArchiveReader> openTar(int fd, const std::string& name);
    /// One file packed with gzip, xz, zstd or bzip2, as an archive with a single entry.
    static vmm::Result<ArchiveReader> openPacked(int fd, const std::string& name);

    struct Entry {
        std::string name;
        uint64_t bytes = 0; ///< 0 for a packed file: not known
        bool regular = false;
    };
    /// The next entry; nothing at the end.
    vmm::Result<std::optional<Entry>> next();

    /// Reads on in the entry's content, holes included; 0 at its end.
    vmm::Result<size_t> read(std::span<std::byte> to);

    /// How many bytes of the archive have been taken in.
    uint64_t consumed() const;

private:
    struct Close {
        void operator()(archive* handle) const;
    };
    using Handle = std::unique_ptr<archive, Close>;

    ArchiveReader(Handle handle, std::string name)
        : m_handle(std::move(handle)), m_name(std::move(name))
    {}
    static vmm::Result<ArchiveReader> open(Handle handle, int fd, const std::string& name);
    vmm::Error broken() const;

    Handle m_handle;
    std::string m_name;
};

} // namespace app::import
