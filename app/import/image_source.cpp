// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/import/image_source.h"

#include <algorithm>

#include <sys/stat.h>

#include "app/import/archive_reader.h"

namespace app::import {

namespace {

using vmm::Error;
using vmm::ErrorCode;
using Bytes = std::vector<std::byte>;

vmm::Result<Bytes> readPiece(const OpenFile& file, uint64_t offset, size_t most,
                             const std::string& name)
{
    Bytes bytes(most);
    bytes.resize(TRY(readAt(file, offset, bytes, name)));
    return bytes;
}

/// The first bytes of what is packed.
vmm::Result<Bytes> readPacked(const OpenFile& file, const std::string& name)
{
    ArchiveReader reader = TRY(ArchiveReader::openPacked(file.fd.get(), name));
    Bytes bytes;
    if (!TRY(reader.next()))
        return bytes;
    bytes.resize(kHeaderBytes);
    size_t have = 0;
    while (have < bytes.size()) {
        const size_t count = TRY(reader.read(std::span(bytes).subspan(have)));
        if (count == 0)
            break;
        have += count;
    }
    bytes.resize(have);
    return bytes;
}

/// A piece is a file beside the description, never somewhere else, and called like one.
bool plainPieceName(const std::string& name)
{
    constexpr std::string_view kSuffix = ".vmdk";
    if (name.size() <= kSuffix.size() || name.front() == '.')
        return false;
    std::string end = name.substr(name.size() - kSuffix.size());
    std::transform(end.begin(), end.end(), end.begin(), [](char character) {
        return character >= 'A' && character <= 'Z' ? static_cast<char>(character + 32) : character;
    });
    return end == kSuffix && std::none_of(name.begin(), name.end(), [](char character) {
               const auto code = static_cast<unsigned char>(character);
               return code < 0x20 || code >= 0x7f || character == '/' || character == '\\' ||
                      character == ':' || character == '"';
           });
}

std::string problemOf(const ImageHeader& header)
{
    if (!header.problem.empty())
        return header.problem;
    if (header.hasBackingFile)
        return "holds only the changes to another disk image: merge the two first (qemu-img "
               "convert does it), and open the result";
    if (header.hasDataFile)
        return "keeps its content in another file: convert it to a single file first";
    if (header.encrypted)
        return "is encrypted: decrypt it first, and open the result";
    return {};
}

vmm::Result<void> findPieces(ImageSource& source)
{
    std::error_code failure;
    const std::filesystem::path absolute = std::filesystem::absolute(source.path, failure);
    if (failure)
        return Error::fromErrno(source.name, failure.value());
    for (const std::string& piece : source.header.extents) {
        if (!plainPieceName(piece)) {
            source.problem = source.name + " refers to files in other places and is not opened";
            return {};
        }
        const std::filesystem::path path = absolute.parent_path() / piece;
        struct stat facts = {};
        if (::lstat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
            source.problem =
                source.name + " is made of several files, and " + piece + " is missing beside it";
            return {};
        }
        source.pieces.push_back(path);
    }
    return {};
}

} // namespace

vmm::Result<ImageSource> ImageSource::open(const std::filesystem::path& path, std::string name)
{
    ImageSource source;
    source.path = path;
    source.name = std::move(name);
    source.file = TRY(openRegular(path));
    if (source.file.bytes == 0)
        return Error(ErrorCode::Invalid, source.name + " is empty");
    const Bytes start = TRY(readPiece(source.file, 0, kHeaderBytes, source.name));
    source.packing = packingOf(start);
    if (source.packing == Packing::None) {
        const uint64_t last =
            source.file.bytes < kTrailerBytes ? 0 : source.file.bytes - kTrailerBytes;
        const Bytes end = TRY(readPiece(source.file, last, kTrailerBytes, source.name));
        source.header = readImageHeader(start, end);
    } else {
        const Bytes inside = TRY(readPacked(source.file, source.name));
        source.header = readImageHeader(inside, {});
        if (inside.empty())
            return Error(ErrorCode::Invalid, source.name + " is empty");
    }
    if (const std::string problem = problemOf(source.header); !problem.empty())
        source.problem = source.name + ' ' + problem;
    else if (source.header.describesOtherFiles && source.packing != Packing::None)
        source.problem = source.name + " is only the description of a disk made of several files";
    else if (source.header.describesOtherFiles)
        TRY(findPieces(source));
    return source;
}

QemuImage ImageSource::forQemu() const
{
    QemuImage image;
    image.format = header.format;
    image.fd = file.fd.get();
    image.name = name;
    if (header.describesOtherFiles) {
        std::error_code ignored; // open() has asked already
        image.description = std::filesystem::absolute(path, ignored);
        image.pieces = pieces;
    }
    return image;
}

} // namespace app::import
