// SPDX-License-Identifier: GPL-3.0-or-later
// PVH loading: segments, entry point, hvm_start_info version 1 with its memory map.
#include "vmm/firmware/pvh_loader.h"

#include <algorithm>

#include "vmm/firmware/elf_image.h"
#include "vmm/firmware/load_places.h"
#include "vmm/firmware/read_file.h"

namespace vmm::firmware {

namespace {

constexpr uint64_t kMaxKernel = uint64_t{256} << 20;
constexpr uint32_t kStartInfoMagic = 0x336ec578;
constexpr uint32_t kStartInfoVersion = 1;
constexpr uint64_t kStartInfoSize = 56;
constexpr uint64_t kMapEntrySize = 24;
constexpr uint64_t kModuleSize = 32;
constexpr size_t kMaxMapEntries = 64;
constexpr size_t kMaxCommandLine = 2047;
constexpr uint64_t kBootPageSize = 4096;
static_assert(kStartInfoSize + kMaxMapEntries * kMapEntrySize + kModuleSize + kMaxCommandLine + 1 <=
              kBootPageSize);

Error bad(const char* what)
{
    return Error(ErrorCode::Invalid, what);
}

/// The boot page is claimed first, so that its place has a sentence of its own.
Result<void> checkPlaces(LoadPlaces& places, const ElfImage& elf)
{
    const uint64_t page = kPvhBootPage.value();
    for (const ElfSegment& segment : elf.loads)
        if (segment.address < page + kBootPageSize && segment.memorySize > 0 &&
            (segment.address >= page || segment.memorySize > page - segment.address))
            return bad("a segment lies on the boot page at 0x6000");
    TRY(places.claim(page, kBootPageSize, "the boot page"));
    return places.claimSegments(elf);
}

/// The initial ramdisk as the only module, as high as 32-bit code reaches.
Result<memory::GuestPhys> loadInitrd(memory::GuestMemory& memory, LoadPlaces& places,
                                     std::span<const std::byte> initrd)
{
    constexpr LoadPlaces::Window kBelow4GiB{uint64_t{1} << 20, uint64_t{1} << 32};
    auto place = places.take(initrd.size(), kBootPageSize, kBelow4GiB);
    if (!place)
        return std::move(place).error().within("initial ramdisk");
    TRY(memory.copyIn(*place, initrd));
    return place;
}

/// hvm_start_info, hvm_memmap_table_entry[], hvm_modlist_entry and the command line, in this order
/// on the boot page.
Result<void> writeBootPage(memory::GuestMemory& memory, const KernelBoot& boot,
                           memory::GuestPhys initrd)
{
    if (boot.memoryMap.size() > kMaxMapEntries)
        return bad("the memory map has too many entries");
    if (boot.commandLine.size() > kMaxCommandLine)
        return bad("the command line is too long");
    const uint64_t map = kPvhBootPage.value() + kStartInfoSize;
    const uint64_t modules = map + boot.memoryMap.size() * kMapEntrySize;
    const uint64_t commandLine = modules + kModuleSize;
    const bool hasInitrd = !boot.initrd.empty();
    ByteWriter page;
    page.u32(kStartInfoMagic).u32(kStartInfoVersion).u32(0).u32(hasInitrd ? 1 : 0);
    page.u64(hasInitrd ? modules : 0).u64(commandLine).u64(boot.rsdp.value());
    page.u64(map).u32(boot.memoryMap.size()).u32(0);
    for (const E820Entry& entry : boot.memoryMap)
        page.u64(entry.base).u64(entry.size).u32(static_cast<uint32_t>(entry.type)).u32(0);
    page.u64(initrd.value()).u64(boot.initrd.size()).u64(0).u64(0);
    page.textWithNul(boot.commandLine).align(kBootPageSize);
    return memory.copyIn(kPvhBootPage, page.view());
}

Result<PvhEntry> load(memory::GuestMemory& memory, std::span<const std::byte> image,
                      const KernelBoot& boot)
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
    LoadPlaces places(boot.memoryMap.empty() ? kernelMemoryMap(memory.layout(), {})
                                             : boot.memoryMap);
    TRY(checkPlaces(places, elf));
    memory::GuestPhys initrd;
    if (!boot.initrd.empty())
        initrd = TRY(loadInitrd(memory, places, boot.initrd));
    TRY(loadSegments(memory, elf));
    TRY(writeBootPage(memory, boot, initrd));
    return PvhEntry{memory::GuestPhys(*entry), kPvhBootPage};
}

} // namespace

Result<PvhEntry> loadPvhImage(memory::GuestMemory& memory, std::span<const std::byte> image,
                              const KernelBoot& boot)
{
    auto entry = load(memory, image, boot);
    if (!entry)
        return std::move(entry).error().within("not a kernel this machine can start");
    return entry;
}

Result<PvhEntry> loadPvhKernel(memory::GuestMemory& memory, const std::string& path,
                               const KernelBoot& boot)
{
    const Bytes image = TRY(readFile(path, kMaxKernel));
    auto entry = loadPvhImage(memory, image, boot);
    if (!entry)
        return std::move(entry).error().within(path);
    return entry;
}

} // namespace vmm::firmware
