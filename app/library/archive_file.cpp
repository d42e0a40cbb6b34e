// SPDX-License-Identifier: GPL-3.0-or-later
// libarchive 3.6: pax interchange format (POSIX.1-2017 "pax", GNU sparse 1.0), zstd (RFC 8878).
#include "app/library/archive_file.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/library/bundle_files.h"
#include "app/library/file_ops.h"
#include "app/library/sparse_copy.h"
#include "app/library/toml_text.h"

namespace app::library {

namespace fs = std::filesystem;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::UniqueFd;

namespace {

constexpr size_t kChunk = size_t{1} << 20;
constexpr size_t kMaxEntries = 4096;
constexpr size_t kMaxDepth = 4;
constexpr size_t kMaxName = 255;                    // bytes of a file's name, as Linux has it
constexpr uint64_t kMaxFile = uint64_t{64} << 40;   // of a disk, holes and all
constexpr uint64_t kSpaceLeft = uint64_t{64} << 20; // on the file system, whatever comes

using Writer = std::unique_ptr<archive, decltype(&archive_write_free)>;
using Reader = std::unique_ptr<archive, decltype(&archive_read_free)>;
using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

Error failed(archive* from, const fs::path& file)
{
    const char* why = archive_error_string(from);
    const bool full = archive_errno(from) == ENOSPC;
    return {full ? ErrorCode::Exhausted : ErrorCode::Io,
            fmt::format("{}: {}", file.filename().string(), why == nullptr ? "not usable" : why)};
}

// --- writing

/// What one archive is written with.
struct Writing {
    archive* out;
    const fs::path& file;
    CopyProgress progress;
    std::vector<char> buffer;
    std::vector<char> zeros;
};

Result<void> put(Writing& writing, const char* data, size_t size)
{
    while (size > 0) {
        const la_ssize_t written = archive_write_data(writing.out, data, size);
        if (written <= 0)
            return failed(writing.out, writing.file);
        data += written;
        size -= static_cast<size_t>(written);
    }
    return {};
}

Entry newEntry(const std::string& name, mode_t kind, uint64_t size)
{
    constexpr mode_t kFileMode = 0600;
    constexpr mode_t kFolderMode = 0700;
    Entry entry(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), kind);
    archive_entry_set_perm(entry.get(), kind == AE_IFDIR ? kFolderMode : kFileMode);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    archive_entry_set_mtime(entry.get(), ::time(nullptr), 0);
    return entry;
}

Result<void> begin(Writing& writing, const Entry& entry)
{
    // A warning is about how a name is encoded for other programs.
    if (archive_write_header(writing.out, entry.get()) < ARCHIVE_WARN)
        return failed(writing.out, writing.file);
    return {};
}

/// The writer wants holes as zeros too, and leaves them out by its map.
Result<void> putHole(Writing& writing, uint64_t begin, uint64_t end)
{
    for (; begin < end; begin += std::min<uint64_t>(end - begin, writing.zeros.size())) {
        TRY(writing.progress.advance(0));
        TRY(put(writing, writing.zeros.data(),
                static_cast<size_t>(std::min<uint64_t>(end - begin, writing.zeros.size()))));
    }
    return {};
}

Result<void> putRun(Writing& writing, int fd, uint64_t begin, uint64_t end)
{
    while (begin < end) {
        const auto size =
            static_cast<size_t>(std::min<uint64_t>(end - begin, writing.buffer.size()));
        const ssize_t got = ::pread(fd, writing.buffer.data(), size, static_cast<off_t>(begin));
        if (got < 0)
            return Error::fromErrno("not readable", errno);
        if (got == 0)
            return putHole(writing, begin, end); // it became shorter meanwhile
        TRY(put(writing, writing.buffer.data(), static_cast<size_t>(got)));
        begin += static_cast<uint64_t>(got);
        TRY(writing.progress.advance(static_cast<uint64_t>(got)));
    }
    return {};
}

using Runs = std::vector<std::pair<uint64_t, uint64_t>>;

Result<Runs> runsOf(int fd)
{
    Runs runs;
    TRY(forEachData(fd, [&](uint64_t begin, uint64_t end) -> Result<void> {
        runs.emplace_back(begin, end);
        return {};
    }));
    return runs;
}

Result<void> putFile(Writing& writing, const fs::path& from, const std::string& name)
{
    const UniqueFd fd(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status = {};
    if (!fd.valid() || ::fstat(fd.get(), &status) != 0)
        return Error::fromErrno(from.string(), errno);
    const auto size = static_cast<uint64_t>(status.st_size);
    const Runs runs = TRY(runsOf(fd.get()));
    const Entry entry = newEntry(name, AE_IFREG, size);
    for (const auto& [first, last] : runs)
        archive_entry_sparse_add_entry(entry.get(), static_cast<la_int64_t>(first),
                                       static_cast<la_int64_t>(last - first));
    if (runs.empty() && size > 0)
        archive_entry_sparse_add_entry(entry.get(), 0, 0); // nothing but a hole
    TRY(begin(writing, entry));
    uint64_t at = 0;
    for (const auto& [first, last] : runs) {
        TRY(putHole(writing, at, first));
        TRY(putRun(writing, fd.get(), first, last));
        at = last;
    }
    return putHole(writing, at, size);
}

Result<void> putAll(Writing& writing, const CopyPlan& plan, const std::string& folder,
                    const std::string& config)
{
    TRY(begin(writing, newEntry(folder + "/", AE_IFDIR, 0)));
    TRY(begin(writing, newEntry(folder + "/" + kConfigFile, AE_IFREG, config.size())));
    TRY(put(writing, config.data(), config.size()));
    for (const auto& [from, name] : plan.files)
        TRY(putFile(writing, from, folder + "/" + name.string()));
    if (archive_write_close(writing.out) != ARCHIVE_OK)
        return failed(writing.out, writing.file);
    return {};
}

/// Closing an unfinished archive fills it up with zeros, as many as the file lacks. With a
/// descriptor that takes none it ends with the first; archive_write_fail() would leak.
void stopWriting(int fd)
{
    const UniqueFd nowhere(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (nowhere.valid())
        ::dup3(nowhere.get(), fd, O_CLOEXEC);
}

// --- reading

/// The path below the bundle's folder; empty for the folder itself. `folder` is the first entry's.
Result<fs::path> safePath(const std::string& name, std::string& folder)
{
    const Error refused(ErrorCode::Invalid,
                        fmt::format("it names a file that is not one of a machine: {:.80}", name));
    fs::path below;
    size_t depth = 0;
    for (size_t at = 0; at < name.size();) {
        const size_t slash = std::min(name.find('/', at), name.size());
        const std::string part = name.substr(at, slash - at);
        at = slash + 1;
        if (part.empty() || part.starts_with('.') || part.size() > kMaxName || ++depth > kMaxDepth)
            return refused;
        if (depth > 1)
            below /= part;
        else if (folder.empty() && part.ends_with(Bundle::kSuffix))
            folder = part;
        else if (part != folder)
            return refused;
    }
    return depth == 0 ? Result<fs::path>(refused) : Result<fs::path>(below);
}

std::string nameOf(archive_entry* entry)
{
    const char* name = archive_entry_pathname_utf8(entry);
    if (name == nullptr)
        name = archive_entry_pathname(entry);
    return name == nullptr ? std::string() : std::string(name);
}

/// What one archive is taken apart with.
struct Reading {
    archive* in;
    const fs::path& file;
    const fs::path& to;
    uint64_t fileBytes;
    Job& job;
    std::string folder;
    uint64_t unchecked = UINT64_MAX; ///< bytes written since somebody looked at the space left
};

Result<void> checkSpace(Reading& reading, size_t next)
{
    constexpr uint64_t kEvery = uint64_t{16} << 20;
    reading.unchecked =
        reading.unchecked > UINT64_MAX - next ? UINT64_MAX : reading.unchecked + next;
    if (reading.unchecked < kEvery)
        return {};
    reading.unchecked = 0;
    struct statvfs space = {};
    if (::statvfs(reading.to.c_str(), &space) == 0 &&
        static_cast<uint64_t>(space.f_bavail) * space.f_frsize < kSpaceLeft)
        return Error(ErrorCode::Exhausted, "there is not enough space on the disk");
    return {};
}

bool allZeros(const char* data, size_t size)
{
    return size > 0 && data[0] == 0 && std::equal(data, data + size - 1, data + 1);
}

/// Writes a block; parts that are zeros stay holes.
Result<void> writeBlock(int fd, const char* data, size_t size, uint64_t offset)
{
    constexpr size_t kHole = 4096;
    for (size_t at = 0; at < size;) {
        const size_t step = std::min(size - at, kHole - (offset + at) % kHole);
        if (!allZeros(data + at, step) &&
            ::pwrite(fd, data + at, step, static_cast<off_t>(offset + at)) !=
                static_cast<ssize_t>(step))
            return Error::fromErrno("not writable", errno == 0 ? ENOSPC : errno);
        at += step;
    }
    return {};
}

Result<void> takeData(Reading& reading, int fd, uint64_t size)
{
    const void* data = nullptr;
    size_t got = 0;
    la_int64_t offset = 0;
    for (;;) {
        const int status = archive_read_data_block(reading.in, &data, &got, &offset);
        if (status == ARCHIVE_EOF)
            break;
        if (status < ARCHIVE_WARN)
            return failed(reading.in, reading.file);
        if (offset < 0 || static_cast<uint64_t>(offset) > size ||
            got > size - static_cast<uint64_t>(offset))
            return Error(ErrorCode::Invalid, "a file in it is larger than it says");
        const auto read = static_cast<uint64_t>(archive_filter_bytes(reading.in, -1));
        TRY(reading.job.step(read, reading.fileBytes));
        TRY(checkSpace(reading, got));
        TRY(writeBlock(fd, static_cast<const char*>(data), got, static_cast<uint64_t>(offset)));
    }
    if (::ftruncate(fd, static_cast<off_t>(size)) != 0)
        return Error::fromErrno("not writable", errno);
    return {};
}

Result<void> takeFile(Reading& reading, archive_entry* entry, const fs::path& path)
{
    const la_int64_t size = archive_entry_size(entry);
    const uint64_t most = path == kConfigFile ? TomlText::kMaxBytes : kMaxFile;
    if (size < 0 || static_cast<uint64_t>(size) > most)
        return Error(ErrorCode::Invalid, fmt::format("{} in it is too large", path.string()));
    const fs::path target = reading.to / path;
    TRY(ensureFolder(target.parent_path()));
    const UniqueFd fd(
        ::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid() && errno == EEXIST)
        return Error(ErrorCode::Invalid, fmt::format("{} is in it twice", path.string()));
    if (!fd.valid())
        return Error::fromErrno(target.string(), errno);
    return takeData(reading, fd.get(), static_cast<uint64_t>(size));
}

Result<void> takeEntry(Reading& reading, archive_entry* entry)
{
    const std::string name = nameOf(entry);
    const fs::path path = TRY(safePath(name, reading.folder));
    const auto kind = archive_entry_filetype(entry);
    if (archive_entry_hardlink(entry) != nullptr || (kind != AE_IFREG && kind != AE_IFDIR))
        return Error(ErrorCode::Invalid, fmt::format("{:.80} in it is a link or a device", name));
    if (kind == AE_IFDIR)
        return ensureFolder(reading.to / path);
    if (path.empty())
        return Error(ErrorCode::Invalid, "it holds a file where a machine's folder should be");
    return takeFile(reading, entry, path);
}

Result<void> takeAll(Reading& reading)
{
    for (size_t count = 0;; ++count) {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(reading.in, &entry);
        if (status == ARCHIVE_EOF)
            return count > 0 ? Result<void>() : Error(ErrorCode::Invalid, "it is empty");
        if (status < ARCHIVE_WARN)
            return Error(ErrorCode::Invalid,
                         "it is not a machine that Vitrine exported, or broken");
        if (count >= kMaxEntries)
            return Error(ErrorCode::Invalid, "it holds too many files");
        TRY(reading.job.step(static_cast<uint64_t>(archive_filter_bytes(reading.in, -1)),
                             reading.fileBytes));
        TRY(takeEntry(reading, entry));
    }
}

/// A device, pipe or folder of that name stays what it is; even root would otherwise lose it.
Result<void> checkTarget(const fs::path& file)
{
    std::error_code failed;
    const fs::file_status target = fs::status(file, failed);
    if (fs::exists(target) && !fs::is_regular_file(target))
        return Error(ErrorCode::Invalid,
                     fmt::format("{} is there already, and is not a plain file", file.string()));
    return {};
}

} // namespace

Result<void> writeArchive(const CopyPlan& plan, const std::string& folder,
                          const std::string& config, const fs::path& file, Job& job)
{
    TRY(checkTarget(file));
    const fs::path fresh = file.parent_path() / ("." + file.filename().string() + ".new");
    ::unlink(fresh.c_str()); // what a killed writer left
    const UniqueFd fd(::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd.valid())
        return Error::fromErrno(file.string(), errno);
    const Writer out(archive_write_new(), archive_write_free);
    Writing writing{out.get(), file, CopyProgress{job}, std::vector<char>(kChunk),
                    std::vector<char>(kChunk)};
    for (const auto& [from, name] : plan.files)
        writing.progress.total += dataBytes(from);
    Result<void> written;
    if (archive_write_set_format_pax(out.get()) != ARCHIVE_OK ||
        archive_write_add_filter_zstd(out.get()) != ARCHIVE_OK ||
        archive_write_open_fd(out.get(), fd.get()) != ARCHIVE_OK)
        written = failed(out.get(), file);
    if (written)
        written = putAll(writing, plan, folder, config);
    if (written && ::fsync(fd.get()) != 0)
        written = Error::fromErrno(file.string(), errno);
    if (written && ::rename(fresh.c_str(), file.c_str()) != 0)
        written = Error::fromErrno(file.string(), errno);
    if (written)
        return syncPath(file.parent_path());
    stopWriting(fd.get());
    ::unlink(fresh.c_str());
    return written;
}

Result<void> readArchive(const fs::path& file, const fs::path& to, Job& job)
{
    const auto [fd, bytes] = TRY(openRegular(file));
    const Reader in(archive_read_new(), archive_read_free);
    if (archive_read_support_format_tar(in.get()) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(in.get()) != ARCHIVE_OK ||
        archive_read_open_fd(in.get(), fd.get(), kChunk) != ARCHIVE_OK)
        return Error(ErrorCode::Invalid,
                     file.filename().string() + ": it is not a machine that Vitrine exported");
    Reading reading{in.get(), file, to, bytes, job, {}};
    auto taken = takeAll(reading);
    if (!taken && taken.error().code() != ErrorCode::Cancelled)
        return std::move(taken).error().within(file.filename().string());
    return taken;
}

} // namespace app::library
