// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/import/disk_image.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/import/archive_reader.h"
#include "app/import/image_source.h"
#include "app/import/sparse_writer.h"
#include "app/library/sparse_copy.h"

namespace app::import {

namespace {

using vmm::Error;
using vmm::ErrorCode;

std::filesystem::path folderOf(const std::filesystem::path& file)
{
    return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

/// At least this much will be written: formats that pack nothing take as much as their content.
uint64_t leastNeeded(const ImageSource& source, uint64_t virtualBytes)
{
    struct stat facts = {};
    if (::fstat(source.file.fd.get(), &facts) != 0)
        return 0;
    return std::min(virtualBytes, static_cast<uint64_t>(facts.st_blocks) * 512);
}

/// Everything inside a packed file, to an empty one.
vmm::Result<void> unpackTo(const ImageSource& source, const NewFile& to, Part part)
{
    ArchiveReader reader = TRY(ArchiveReader::openPacked(source.file.fd.get(), source.name));
    SparseWriter writer(to.fd(), to.path());
    std::vector<std::byte> buffer(size_t{256} * 1024);
    if (TRY(reader.next())) {
        while (const size_t count = TRY(reader.read(buffer))) {
            TRY(writer.append(std::span(buffer).first(count)));
            TRY(part.step(reader.consumed(), source.file.bytes));
        }
    }
    return writer.finish();
}

/// Shares the blocks where the file system can; otherwise leaves out holes and zeros.
vmm::Result<void> copyRaw(const ImageSource& source, const NewFile& to, Part part)
{
    if (::ioctl(to.fd(), FICLONE, source.file.fd.get()) == 0)
        return {};
    TRY(checkRoom(folderOf(to.path()), leastNeeded(source, source.file.bytes)));
    SparseWriter writer(to.fd(), to.path());
    std::vector<std::byte> buffer(size_t{256} * 1024);
    TRY(library::forEachData(
        source.file.fd.get(), [&](uint64_t begin, uint64_t end) -> vmm::Result<void> {
            writer.skipTo(begin);
            while (writer.bytes() < end) {
                const auto block = std::span(buffer).first(
                    static_cast<size_t>(std::min<uint64_t>(buffer.size(), end - writer.bytes())));
                const size_t count = TRY(readAt(source.file, writer.bytes(), block, source.name));
                if (count == 0)
                    return Error(ErrorCode::Invalid, source.name + " became shorter meanwhile");
                TRY(writer.append(block.first(count)));
                TRY(part.step(writer.bytes(), source.file.bytes));
            }
            return {};
        }));
    writer.skipTo(source.file.bytes);
    return writer.finish();
}

vmm::Result<void> convertForeign(const ImageSource& source, const NewFile& to, Part part)
{
    const QemuImage image = source.forQemu();
    const uint64_t bytes = TRY(qemuVirtualBytes(image));
    TRY(checkRoom(folderOf(to.path()), leastNeeded(source, bytes)));
    // Says at once when the file system has no files that long.
    if (::ftruncate(to.fd(), static_cast<off_t>(bytes)) != 0)
        return writeError(to.path(), errno, bytes);
    auto converted = qemuConvert(image, to.fd(), part);
    if (!converted && converted.error().code() == ErrorCode::Exhausted)
        return writeError(to.path(), ENOSPC, bytes);
    return converted;
}

/// What is packed in another format has to lie unpacked beside the target meanwhile.
vmm::Result<void> convertPacked(const ImageSource& source, const NewFile& to, Part part)
{
    std::filesystem::path between = to.path();
    between += ".unpacked";
    const NewFile file = TRY(NewFile::create(between));
    TRY(unpackTo(source, file, part.slice(0.0, 0.5)));
    const ImageSource inside = TRY(ImageSource::open(between, source.name));
    if (!inside.problem.empty())
        return Error(ErrorCode::Unsupported, inside.problem);
    if (inside.packing != Packing::None || inside.header.describesOtherFiles)
        return Error(ErrorCode::Unsupported, source.name + " is packed more than once");
    return convertForeign(inside, to, part.slice(0.5, 1.0));
}

vmm::Result<void> fill(const ImageSource& source, const NewFile& to, Part part)
{
    const bool raw = source.header.format == "raw";
    if (source.packing != Packing::None)
        return raw ? unpackTo(source, to, part) : convertPacked(source, to, part);
    return raw ? copyRaw(source, to, part) : convertForeign(source, to, part);
}

} // namespace

vmm::Result<ImageFacts> inspectImage(const std::filesystem::path& file)
{
    const ImageSource source = TRY(ImageSource::open(file, shownName(file)));
    ImageFacts facts;
    facts.format = source.header.format;
    facts.virtualBytes = source.header.virtualBytes;
    facts.packed = source.packing != Packing::None;
    facts.encrypted = source.header.encrypted;
    facts.hasBackingFile = source.header.hasBackingFile || source.header.hasDataFile;
    facts.problem = source.problem;
    if (facts.packed || !facts.problem.empty())
        return facts;
    facts.virtualBytes =
        facts.format == "raw" ? source.file.bytes : TRY(qemuVirtualBytes(source.forQemu()));
    return facts;
}

vmm::Result<void> convertPart(const std::filesystem::path& file, const std::string& name,
                              const std::string& format, const std::filesystem::path& target,
                              Part part)
{
    const ImageSource source = TRY(ImageSource::open(file, name));
    if (!source.problem.empty())
        return Error(ErrorCode::Unsupported, source.problem);
    if (source.header.format != format)
        return Error(ErrorCode::Invalid, name + " is no longer the file it was: it has become " +
                                             source.header.format + " instead of " + format);
    TRY(part.step(0, 1));
    NewFile to = TRY(NewFile::create(target));
    TRY(fill(source, to, part));
    TRY(part.step(1, 1));
    return to.keep();
}

vmm::Result<void> convertImage(const std::filesystem::path& file, const std::string& format,
                               const std::filesystem::path& target, library::Job& job)
{
    return convertPart(file, shownName(file), format, target, Part(job));
}

} // namespace app::import
