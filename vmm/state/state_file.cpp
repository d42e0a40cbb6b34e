// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/state/state_file.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>
#include <zlib.h>

#include "vmm/base/bits.h"
#include "vmm/base/check.h"

namespace vmm::state {

namespace {

constexpr std::array<char, 8> kMagic = {'V', 'I', 'T', 'R', 'I', 'N', 'E', '\x1a'};
constexpr uint32_t kFormatVersion = 1;
constexpr size_t kHeaderSize = 16;
constexpr size_t kSectionHeadSize = 16;
constexpr uint64_t kMaxRecord = uint64_t{256} << 20;
constexpr uint32_t kMaxName = 256;
constexpr size_t kPage = 4096;

enum Kind : uint32_t { kRecord = 1, kRam = 2, kEnd = 3 };

uint32_t checksum(uint32_t seed, std::span<const std::byte> bytes)
{
    if (bytes.empty())
        return seed; // zlib takes a null buffer for "start anew"
    return static_cast<uint32_t>(
        ::crc32_z(seed, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/// Reads sections one after the other, bounded by what the file really holds.
class Source {
public:
    Source(std::string path, UniqueFd fd, uint64_t size)
        : m_path(std::move(path)), m_fd(std::move(fd)), m_left(size)
    {}
    Error damaged(std::string_view what) const
    {
        return {ErrorCode::Invalid, fmt::format("{}: damaged saved machine: {}", m_path, what)};
    }
    bool atEnd() const { return m_left == 0; }
    Result<void> read(std::span<std::byte> to)
    {
        if (to.size() > m_left)
            return damaged("it ends too early");
        for (size_t done = 0; done < to.size();) {
            const ssize_t got = ::read(m_fd.get(), to.data() + done, to.size() - done);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                return Error::fromErrno(m_path, errno);
            if (got == 0)
                return damaged("it ends too early");
            done += static_cast<size_t>(got);
        }
        m_left -= to.size();
        return {};
    }
    uint64_t left() const { return m_left; }

private:
    std::string m_path;
    UniqueFd m_fd;
    uint64_t m_left;
};

Result<void> readHeader(Source& source)
{
    std::array<std::byte, kHeaderSize> header;
    TRY(source.read(header));
    if (std::memcmp(header.data(), kMagic.data(), kMagic.size()) != 0)
        return source.damaged("it is no machine saved by Vitrine");
    if (loadLe<uint32_t>(&header[8]) != kFormatVersion || loadLe<uint32_t>(&header[12]) != 0)
        return source.damaged("its format version is unknown");
    return {};
}

struct Section {
    uint32_t kind = 0;
    std::vector<std::byte> payload;
};

Result<void> checkLength(const Source& source, uint32_t kind, uint64_t length)
{
    const bool fits = length <= source.left();
    const bool good = (kind == kRecord && length <= kMaxRecord) ||
                      (kind == kRam && length > 8 && length - 8 <= FileWriter::kMaxRun) ||
                      (kind == kEnd && length == 8);
    if (!fits || !good)
        return source.damaged("a section has an impossible kind or length");
    return {};
}

Result<void> readSection(Source& source, Section& section)
{
    std::array<std::byte, kSectionHeadSize> head;
    TRY(source.read(head));
    section.kind = loadLe<uint32_t>(&head[0]);
    const auto length = loadLe<uint64_t>(&head[8]);
    TRY(checkLength(source, section.kind, length));
    section.payload.resize(length);
    TRY(source.read(section.payload));
    if (checksum(0, section.payload) != loadLe<uint32_t>(&head[4]))
        return source.damaged("a checksum is wrong");
    return {};
}

Result<NamedRecord> parseRecord(const Source& source, std::span<const std::byte> payload)
{
    if (payload.size() < 4)
        return source.damaged("a record has no name");
    const auto nameLength = loadLe<uint32_t>(payload.data());
    payload = payload.subspan(4);
    if (nameLength > kMaxName || nameLength > payload.size())
        return source.damaged("a record's name is too long");
    NamedRecord named;
    named.participant.assign(reinterpret_cast<const char*>(payload.data()), nameLength);
    auto record = decode(payload.subspan(nameLength));
    if (!record)
        return source.damaged(record.error().sentence());
    named.record = std::move(*record);
    return named;
}

Result<void> handRam(const Source& source, std::span<const std::byte> payload, const RamSink& ram)
{
    const auto offset = loadLe<uint64_t>(payload.data());
    const auto pages = payload.subspan(8);
    if (offset % kPage != 0 || pages.size() % kPage != 0)
        return source.damaged("a stretch of RAM is not made of whole pages");
    return ram(offset, pages);
}

} // namespace

Result<FileWriter> FileWriter::create(const std::string& path)
{
    std::error_code failed;
    if (std::filesystem::is_other(path, failed)) // root would lose a device to the rename
        return Error(ErrorCode::Invalid, path + " is a device or pipe, and no file to save to");
    std::string temporary = path + ".XXXXXX";
    UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd.valid())
        return Error::fromErrno(path, errno);
    FileWriter writer(path, std::move(temporary), std::move(fd));
    std::array<std::byte, kHeaderSize> header{};
    std::memcpy(header.data(), kMagic.data(), kMagic.size());
    storeLe<uint32_t>(&header[8], kFormatVersion);
    TRY(writer.writeAll(header));
    return writer;
}

FileWriter::FileWriter(FileWriter&& other) noexcept
    : m_path(std::move(other.m_path)),
      m_temporary(std::exchange(other.m_temporary, {})),
      m_fd(std::move(other.m_fd)),
      m_sections(other.m_sections)
{}

FileWriter::~FileWriter()
{
    if (!m_temporary.empty())
        ::unlink(m_temporary.c_str());
}

Result<void> FileWriter::writeAll(std::span<const std::byte> bytes)
{
    while (!bytes.empty()) {
        const ssize_t put = ::write(m_fd.get(), bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return Error::fromErrno(m_path, errno);
        bytes = bytes.subspan(static_cast<size_t>(put));
    }
    return {};
}

Result<void> FileWriter::writeSection(uint32_t kind, std::span<const std::byte> head,
                                      std::span<const std::byte> body)
{
    std::array<std::byte, kSectionHeadSize> section;
    storeLe<uint32_t>(&section[0], kind);
    storeLe<uint32_t>(&section[4], checksum(checksum(0, head), body));
    storeLe<uint64_t>(&section[8], head.size() + body.size());
    TRY(writeAll(section));
    TRY(writeAll(head));
    TRY(writeAll(body));
    ++m_sections;
    return {};
}

Result<void> FileWriter::writeRecord(const std::string& participant, const Record& record)
{
    CHECK(participant.size() <= kMaxName);
    std::vector<std::byte> head(4);
    storeLe<uint32_t>(head.data(), static_cast<uint32_t>(participant.size()));
    const auto name = std::as_bytes(std::span(participant));
    head.insert(head.end(), name.begin(), name.end());
    return writeSection(kRecord, head, encode(record));
}

Result<void> FileWriter::writeRam(uint64_t offset, std::span<const std::byte> pages)
{
    CHECK(!pages.empty() && pages.size() <= kMaxRun && pages.size() % kPage == 0);
    std::array<std::byte, 8> head;
    storeLe<uint64_t>(head.data(), offset);
    return writeSection(kRam, head, pages);
}

Result<void> FileWriter::finish()
{
    std::array<std::byte, 8> count;
    storeLe<uint64_t>(count.data(), m_sections);
    TRY(writeSection(kEnd, count, {}));
    if (::fsync(m_fd.get()) != 0)
        return Error::fromErrno(m_path, errno);
    if (::rename(m_temporary.c_str(), m_path.c_str()) != 0)
        return Error::fromErrno(m_path, errno);
    m_temporary.clear();
    const std::filesystem::path folder = std::filesystem::path(m_path).parent_path();
    const UniqueFd directory(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid() || ::fsync(directory.get()) != 0)
        return Error::fromErrno(folder.empty() ? "." : folder.string(), errno);
    return {};
}

Result<void> readFile(const std::string& path, const RecordSink& record, const RamSink& ram)
{
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid())
        return Error::fromErrno(path, errno);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0)
        return Error::fromErrno(path, errno);
    if (!S_ISREG(status.st_mode))
        return Error(ErrorCode::Invalid, fmt::format("{}: not a regular file", path));
    Source source(path, std::move(fd), static_cast<uint64_t>(status.st_size));
    TRY(readHeader(source));
    Section section;
    for (uint64_t count = 0;; ++count) {
        TRY(readSection(source, section));
        if (section.kind == kRecord) {
            TRY(record(TRY(parseRecord(source, section.payload))));
        } else if (section.kind == kRam) {
            TRY(handRam(source, section.payload, ram));
        } else {
            if (loadLe<uint64_t>(section.payload.data()) != count || !source.atEnd())
                return source.damaged("its end does not fit");
            return {};
        }
    }
}

} // namespace vmm::state
