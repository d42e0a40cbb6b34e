// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/import/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <cerrno>

#include <unistd.h>

namespace app::import {

namespace {

using vmm::Error;
using vmm::ErrorCode;

constexpr size_t kBlock = 256 * 1024;

} // namespace

void ArchiveReader::Close::operator()(archive* handle) const
{
    ::archive_read_free(handle);
}

vmm::Result<ArchiveReader> ArchiveReader::openTar(int fd, const std::string& name)
{
    Handle handle(::archive_read_new());
    if (handle != nullptr)
        ::archive_read_support_format_tar(handle.get());
    return open(std::move(handle), fd, name);
}

vmm::Result<ArchiveReader> ArchiveReader::openPacked(int fd, const std::string& name)
{
    Handle handle(::archive_read_new());
    if (handle != nullptr) {
        ::archive_read_support_filter_gzip(handle.get());
        ::archive_read_support_filter_xz(handle.get());
        ::archive_read_support_filter_zstd(handle.get());
        ::archive_read_support_filter_bzip2(handle.get());
        ::archive_read_support_format_raw(handle.get());
        // A packed empty file is one, too.
        ::archive_read_support_format_empty(handle.get());
    }
    return open(std::move(handle), fd, name);
}

vmm::Result<ArchiveReader> ArchiveReader::open(Handle handle, int fd, const std::string& name)
{
    if (handle == nullptr)
        return Error(ErrorCode::Exhausted, "there is not enough memory to read " + name);
    if (::lseek(fd, 0, SEEK_SET) != 0)
        return Error::fromErrno(name, errno);
    ArchiveReader reader(std::move(handle), name);
    if (::archive_read_open_fd(reader.m_handle.get(), fd, kBlock) != ARCHIVE_OK)
        return reader.broken();
    return reader;
}

vmm::Result<std::optional<ArchiveReader::Entry>> ArchiveReader::next()
{
    archive_entry* found = nullptr;
    const int outcome = ::archive_read_next_header(m_handle.get(), &found);
    if (outcome == ARCHIVE_EOF)
        return std::optional<Entry>();
    // A warning is about a name in no known character set: the bytes are there all the same.
    if (outcome != ARCHIVE_OK && outcome != ARCHIVE_WARN)
        return broken();
    Entry entry;
    if (const char* name = ::archive_entry_pathname(found))
        entry.name = name;
    if (const la_int64_t bytes = ::archive_entry_size(found); bytes > 0)
        entry.bytes = static_cast<uint64_t>(bytes);
    entry.regular =
        ::archive_entry_filetype(found) == AE_IFREG && ::archive_entry_hardlink(found) == nullptr;
    return std::optional<Entry>(std::move(entry));
}

vmm::Result<size_t> ArchiveReader::read(std::span<std::byte> to)
{
    const la_ssize_t count = ::archive_read_data(m_handle.get(), to.data(), to.size());
    if (count < 0)
        return broken();
    return static_cast<size_t>(count);
}

uint64_t ArchiveReader::consumed() const
{
    const la_int64_t bytes = ::archive_filter_bytes(m_handle.get(), -1);
    return bytes > 0 ? static_cast<uint64_t>(bytes) : 0;
}

Error ArchiveReader::broken() const
{
    const char* const reason = ::archive_error_string(m_handle.get());
    std::string sentence = m_name + " is damaged or not complete";
    if (reason != nullptr)
        sentence += std::string(" (") + reason + ")";
    return {ErrorCode::Invalid, sentence};
}

} // namespace app::import
