// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/firmware/iso_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/core.h>
#include <memory>
#include <sys/stat.h>

namespace vmm::firmware {

namespace {

/// How many names are looked at: an installation medium has some thousand. libarchive keeps half a
/// KiB for each, and directories that hold each other have names without end.
constexpr unsigned kMostEntries = 100'000;
constexpr size_t kBlock = size_t{64} << 10;

struct Free {
    void operator()(archive* reader) const { ::archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, Free>;

bool isFile(const std::string& path)
{
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

Error problem(const IsoPath& path, archive* reader)
{
    const char* said = ::archive_error_string(reader);
    return Error(ErrorCode::Invalid,
                 fmt::format("{}: {}", path.image, said != nullptr ? said : "cannot be read"));
}

/// The data of the entry the reader stands at.
Result<Bytes> readEntry(archive* reader, const IsoPath& path, uint64_t limit)
{
    Bytes bytes;
    for (;;) {
        const size_t had = bytes.size();
        bytes.resize(had + kBlock);
        const la_ssize_t part = ::archive_read_data(reader, bytes.data() + had, kBlock);
        if (part < 0)
            return problem(path, reader);
        bytes.resize(had + static_cast<size_t>(part));
        if (part == 0)
            return bytes;
        if (bytes.size() > limit)
            return Error(ErrorCode::Invalid, fmt::format("{}:/{}: larger than {} MiB", path.image,
                                                         path.inside, limit >> 20));
    }
}

} // namespace

std::optional<IsoPath> isoPathFrom(const std::string& path)
{
    const size_t colon = path.find(":/");
    if (colon == std::string::npos || isFile(path))
        return std::nullopt;
    IsoPath parts{path.substr(0, colon), path.substr(colon + 2)};
    if (parts.inside.empty() || !isFile(parts.image))
        return std::nullopt;
    return parts;
}

Result<Bytes> readFromIso(const IsoPath& path, uint64_t limit)
{
    const Reader reader(::archive_read_new());
    if (reader == nullptr)
        return Error(ErrorCode::Exhausted, "there is no memory to read the image");
    ::archive_read_support_format_iso9660(reader.get());
    if (::archive_read_open_filename(reader.get(), path.image.c_str(), kBlock) != ARCHIVE_OK)
        return problem(path, reader.get());
    archive_entry* entry = nullptr;
    for (unsigned i = 0; i < kMostEntries; ++i) {
        const int status = ::archive_read_next_header(reader.get(), &entry);
        if (status == ARCHIVE_EOF)
            break;
        if (status < ARCHIVE_WARN)
            return problem(path, reader.get());
        const char* name = ::archive_entry_pathname(entry);
        if (name != nullptr && path.inside == name && ::archive_entry_filetype(entry) == AE_IFREG)
            return readEntry(reader.get(), path, limit);
    }
    return Error(ErrorCode::NotFound,
                 fmt::format("{}: there is no file {} in it", path.image, path.inside));
}

} // namespace vmm::firmware
