// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/os/iso_reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "vmm/base/unique_fd.h"

namespace app::os {

namespace {

/// Installation media have some thousand names and some megabytes of directories; a name is looked
/// for this far, and what lies behind is as good as not there.
constexpr unsigned kMostEntries = 200'000;
constexpr uint64_t kMostOverhead = uint64_t{256} << 20;
constexpr size_t kBlock = size_t{64} << 10;

/// What libarchive reads from: a file that ends when the budget is spent.
struct Source {
    vmm::UniqueFd fd;
    uint64_t budget = 0;
    std::array<char, kBlock> block{};
};

la_ssize_t readBlock(archive* reader, void* context, const void** bytes)
{
    Source& source = *static_cast<Source*>(context);
    *bytes = source.block.data();
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(kBlock, source.budget));
    if (wanted == 0) {
        ::archive_set_error(reader, EFBIG, "it has too much in it to be searched");
        return ARCHIVE_FATAL;
    }
    const ssize_t got = ::read(source.fd.get(), source.block.data(), wanted);
    if (got < 0)
        ::archive_set_error(reader, errno, "not readable");
    source.budget -= static_cast<uint64_t>(std::max<ssize_t>(got, 0));
    return got < 0 ? la_ssize_t{ARCHIVE_FATAL} : got;
}

la_int64_t seekTo(archive*, void* context, la_int64_t offset, int whence)
{
    const off_t at = ::lseek(static_cast<Source*>(context)->fd.get(), offset, whence);
    return at < 0 ? la_int64_t{ARCHIVE_FATAL} : la_int64_t{at};
}

la_int64_t skipBytes(archive*, void* context, la_int64_t count)
{
    // Only what is larger than a block is worth a seek; 0 makes libarchive read instead.
    const int fd = static_cast<Source*>(context)->fd.get();
    const off_t from = ::lseek(fd, 0, SEEK_CUR);
    const off_t end = ::lseek(fd, 0, SEEK_END);
    const off_t to =
        from >= 0 && end >= from ? from + std::min<la_int64_t>(count, end - from) : from;
    if (from < 0 || ::lseek(fd, to, SEEK_SET) != to)
        return ARCHIVE_FATAL;
    return to - from;
}

struct Free {
    void operator()(archive* reader) const { ::archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, Free>;

vmm::Error problem(const std::filesystem::path& image, archive* reader)
{
    const char* said = ::archive_error_string(reader);
    return vmm::Error(vmm::ErrorCode::Invalid,
                      image.string() + ": " + (said != nullptr ? said : "it cannot be read"));
}

vmm::Result<Reader> openImage(const std::filesystem::path& image, Source& source)
{
    source.fd.reset(::open(image.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!source.fd.valid())
        return vmm::Error::fromErrno(image.string(), errno);
    Reader reader(::archive_read_new());
    if (reader == nullptr)
        return vmm::Error(vmm::ErrorCode::Exhausted, "there is no memory to read the disc image");
    ::archive_read_support_format_iso9660(reader.get());
    ::archive_read_set_seek_callback(reader.get(), seekTo);
    if (::archive_read_open2(reader.get(), &source, nullptr, readBlock, skipBytes, nullptr) !=
        ARCHIVE_OK)
        return problem(image, reader.get());
    return reader;
}

vmm::Result<void> readEntry(const std::filesystem::path& image, archive* reader, uint64_t limit,
                            const PartSink& sink)
{
    std::array<char, kBlock> part{};
    uint64_t total = 0;
    for (;;) {
        const la_ssize_t got = ::archive_read_data(reader, part.data(), part.size());
        if (got < 0)
            return problem(image, reader);
        if (got == 0)
            return {};
        total += static_cast<uint64_t>(got);
        if (total > limit)
            return vmm::Error(vmm::ErrorCode::Invalid,
                              image.string() + ": a file in it is larger than it can be");
        TRY(sink(std::span<const char>(part.data(), static_cast<size_t>(got))));
    }
}

} // namespace

vmm::Result<void> readIsoFile(const std::filesystem::path& image, std::string_view inside,
                              uint64_t limit, const PartSink& sink)
{
    const auto source = std::make_unique<Source>();
    source->budget = kMostOverhead + limit;
    const Reader reader = TRY(openImage(image, *source));
    archive_entry* entry = nullptr;
    for (unsigned i = 0; i < kMostEntries; ++i) {
        const int status = ::archive_read_next_header(reader.get(), &entry);
        if (status == ARCHIVE_EOF)
            break;
        if (status < ARCHIVE_WARN)
            return problem(image, reader.get());
        const char* name = ::archive_entry_pathname(entry);
        if (name != nullptr && inside == name && ::archive_entry_filetype(entry) == AE_IFREG)
            return readEntry(image, reader.get(), limit, sink);
    }
    return vmm::Error(vmm::ErrorCode::NotFound,
                      image.string() + ": there is no file " + std::string(inside) + " in it");
}

vmm::Result<std::string> readSmallIsoFile(const std::filesystem::path& image,
                                          std::string_view inside, uint64_t limit)
{
    std::string content;
    TRY(readIsoFile(image, inside, limit, [&content](std::span<const char> part) {
        content.append(part.data(), part.size());
        return vmm::Result<void>();
    }));
    return content;
}

} // namespace app::os
