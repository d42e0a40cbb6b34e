// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/block/open_image.h"

#include <fmt/core.h>

#include "vmm/block/loop_file.h"
#include "vmm/block/raw_file.h"

namespace vmm::block {

namespace {

constexpr uint32_t kCdBlock = 2048;

Result<ImageFacts> probe(const DiskFile& file)
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

Result<std::unique_ptr<BlockBackend>> backendOf(std::unique_ptr<DiskFile> file, EventLoop* loop,
                                                IoEngine engine)
{
    if (loop != nullptr)
        return std::unique_ptr<BlockBackend>(
            TRY(LoopFile::create(std::move(file), *loop, engine == IoEngine::Best)));
    return std::unique_ptr<BlockBackend>(TRY(RawFile::create(std::move(file))));
}

} // namespace

Result<std::unique_ptr<BlockBackend>> openDisk(const std::string& path, const DiskOptions& options)
{
    auto file = TRY(DiskFile::open(path, options.mode, options.cache, kSectorSize));
    const ImageFacts facts = TRY(probe(*file));
    if (!foreignFormatName(facts.kind).empty())
        return foreign(path, facts.kind);
    file->setCounts(options.counts);
    return backendOf(std::move(file), options.loop, options.engine);
}

Result<std::unique_ptr<BlockBackend>> openCdrom(const std::string& path, ImageFacts* facts,
                                                EventLoop* loop, IoCounts* counts)
{
    auto file = TRY(DiskFile::open(path, OpenMode::ReadOnly, CacheMode::Writeback, kCdBlock));
    const ImageFacts found = TRY(probe(*file));
    if (found.kind != ImageKind::Optical)
        return Error(ErrorCode::Invalid, fmt::format("{}: not a CD or DVD image", path));
    if (facts != nullptr)
        *facts = found;
    file->setCounts(counts);
    return backendOf(std::move(file), loop, IoEngine::Best);
}

} // namespace vmm::block
