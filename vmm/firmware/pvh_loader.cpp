// SPDX-License-Identifier: GPL-3.0-or-later
// PVH loading: segments, entry point, hvm_start_info version 1 with its memory map.
#include "vmm/firmware/pvh_loader.h"

#include <algorithm>
#include <array>

#include "vmm/firmware/pvh_elf.h"
#include "vmm/firmware/read_file.h"

namespace vmm::firmware {

namespace {

constexpr uint64_t kMaxKernel = uint64_t{256} << 20;
constexpr uint32_t kNotePhys32Entry = 18;
constexpr uint32_t kStartInfoMagic = 0x336ec578;
constexpr uint32_t kStartInfoVersion = 1;
constexpr uint64_t kStartInfoSize = 56;
constexpr uint64_t kMapEntrySize = 24;
constexpr size_t kMaxMapEntries = 64;
constexpr size_t kMaxCommandLine = 2047;
constexpr uint64_t kBootPageSize = 4096;
static_assert(kStartInfoSize + kMaxMapEntries * kMapEntrySize + kMaxCommandLine + 1 <=
              kBootPageSize);

Error bad(const char* what)
{
    return Error(ErrorCode::Invalid, what);
}

bool overlaps(uint64_t a, uint64_t aSize, uint64_t b, uint64_t bSize)
{
    return a < b + bSize && b < a + aSize;
}

/// Segments that overlap could be made to clear the same memory over and over, and have no meaning.
Result<void> checkPlaces(memory::GuestMemory& memory, std::vector<ElfSegment> loads)
{
    if (loads.empty())
        return bad("nothing to load");
    std::sort(loads.begin(), loads.end(),
              [](const ElfSegment& a, const ElfSegment& b) { return a.address < b.address; });
    uint64_t end = 0;
    for (const ElfSegment& segment : loads) {
        if (!memory.slice(memory::GuestPhys(segment.address), segment.memorySize))
            return bad("a segment lies outside the machine's memory");
        if (segment.address < end)
            return bad("two segments overlap");
        if (overlaps(segment.address, segment.memorySize, kPvhBootPage.value(), kBootPageSize))
            return bad("a segment lies on the boot page at 0x6000");
        end = segment.address + segment.memorySize;
    }
    return {};
}

Result<void> loadSegment(memory::GuestMemory& memory, const ElfSegment& segment)
{
    static constexpr std::array<std::byte, 65536> kZeros{};
    const auto slice = TRY(memory.slice(memory::GuestPhys(segment.address), segment.memorySize));
    slice.copyIn(0, segment.bytes);
    for (size_t done = segment.bytes.size(); done < slice.size();) {
        const size_t size = std::min(slice.size() - done, kZeros.size());
        slice.copyIn(done, std::span(kZeros).first(size));
        done += size;
    }
    return {};
}

/// hvm_start_info, hvm_memmap_table_entry[] and the command line, in this order on the boot page.
Result<void> writeBootPage(memory::GuestMemory& memory, const PvhBoot& boot)
{
    if (boot.memoryMap.size() > kMaxMapEntries)
        return bad("the memory map has too many entries");
    if (boot.commandLine.size() > kMaxCommandLine)
        return bad("the command line is too long");
    const uint64_t map = kPvhBootPage.value() + kStartInfoSize;
    const uint64_t commandLine = map + boot.memoryMap.size() * kMapEntrySize;
    ByteWriter page;
    page.u32(kStartInfoMagic).u32(kStartInfoVersion).u32(0).u32(0).u64(0); // no flags, no modules
    page.u64(commandLine).u64(0);                                          // no RSDP
    page.u64(map).u32(boot.memoryMap.size()).u32(0);
    for (const E820Entry& entry : boot.memoryMap)
        page.u64(entry.base).u64(entry.size).u32(static_cast<uint32_t>(entry.type)).u32(0);
    page.textWithNul(boot.commandLine).align(kBootPageSize);
    return memory.copyIn(kPvhBootPage, page.view());
}

Result<PvhEntry> load(memory::GuestMemory& memory, std::span<const std::byte> image,
                      const PvhBoot& boot)
{
    const ElfImage elf = TRY(parseElf(image));
    const auto entry = findElfNote(elf, "Xen", kNotePhys32Entry);
    if (!entry)
        return bad("no entry point for PVH (ELF note Xen, type 18)");
    const bool inside = std::any_of(elf.loads.begin(), elf.loads.end(), [&](const auto& segment) {
        return *entry >= segment.address && *entry - segment.address < segment.memorySize;
    });
    if (!inside || *entry > UINT32_MAX)
        return bad("the entry point lies outside the loaded segments");
    TRY(checkPlaces(memory, elf.loads));
    for (const ElfSegment& segment : elf.loads)
        TRY(loadSegment(memory, segment));
    TRY(writeBootPage(memory, boot));
    return PvhEntry{memory::GuestPhys(*entry), kPvhBootPage};
}

} // namespace

Result<PvhEntry> loadPvhImage(memory::GuestMemory& memory, std::span<const std::byte> image,
                              const PvhBoot& boot)
{
    auto entry = load(memory, image, boot);
    if (!entry)
        return std::move(entry).error().within("not a kernel this machine can start");
    return entry;
}

Result<PvhEntry> loadPvhKernel(memory::GuestMemory& memory, const std::string& path,
                               const PvhBoot& boot)
{
    const Bytes image = TRY(readFile(path, kMaxKernel));
    auto entry = loadPvhImage(memory, image, boot);
    if (!entry)
        return std::move(entry).error().within(path);
    return entry;
}

} // namespace vmm::firmware
