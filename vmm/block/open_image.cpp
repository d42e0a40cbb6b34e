// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/block/open_image.h"

#include <fmt/core.h>

#include "vmm/block/raw_file.h"

namespace vmm::block {

namespace {

constexpr uint32_t kCdBlock = 2048;

Result<ImageFacts> probe(const RawFile& file)
{
    const auto read = [&file](uint64_t offset, std::span<std::byte> to) {
        return file.readAt(offset, to);
    };
    return probeImage(read, file.size());
}

Error foreign(const std::string& path, ImageKind kind)
{
    return Error(ErrorCode::Unsupported,
                 fmt::format("{}: a {} image; only raw disk images are supported, convert it with "
                             "qemu-img convert -O raw",
                             path, foreignFormatName(kind)));
}

} // namespace

Result<std::unique_ptr<BlockBackend>> openDisk(const std::string& path)
{
    auto file = TRY(RawFile::open(path, OpenMode::ReadWrite));
    const ImageFacts facts = TRY(probe(*file));
    if (!foreignFormatName(facts.kind).empty())
        return foreign(path, facts.kind);
    return std::unique_ptr<BlockBackend>(std::move(file));
}

Result<std::unique_ptr<BlockBackend>> openCdrom(const std::string& path, ImageFacts* facts)
{
    auto file = TRY(RawFile::open(path, OpenMode::ReadOnly, kCdBlock));
    const ImageFacts found = TRY(probe(*file));
    if (found.kind != ImageKind::Optical)
        return Error(ErrorCode::Invalid, fmt::format("{}: not a CD or DVD image", path));
    if (facts != nullptr)
        *facts = found;
    return std::unique_ptr<BlockBackend>(std::move(file));
}

} // namespace vmm::block
