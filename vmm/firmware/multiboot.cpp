// SPDX-License-Identifier: GPL-3.0-or-later
// Multiboot Specification 0.6.96: header (section 3.1), machine state (3.2), boot information
// (3.3).
#include "vmm/firmware/multiboot.h"

#include <algorithm>

#include "vmm/base/bits.h"
#include "vmm/firmware/byte_writer.h"
#include "vmm/firmware/elf_image.h"
#include "vmm/firmware/load_places.h"

namespace vmm::firmware {

namespace {

using Image = std::span<const std::byte>;
using memory::GuestPhys;

constexpr uint32_t kHeaderMagic = 0x1bad'b002;
constexpr uint32_t kLoaderMagic = 0x2bad'b002;
constexpr size_t kSearchSize = 8192;
constexpr uint32_t kPageAlign = 1 << 0;
constexpr uint32_t kMemoryInfo = 1 << 1;
constexpr uint32_t kVideoMode = 1 << 2;
constexpr uint32_t kMustKnow = 0xffff;
constexpr uint32_t kAddressFields = 1 << 16;

constexpr uint64_t kPageSize = 4096;
constexpr uint64_t kOneMiB = uint64_t{1} << 20;
constexpr uint64_t kFourGiB = uint64_t{1} << 32;
constexpr uint64_t kLowMemoryEnd = 0xa'0000;
constexpr LoadPlaces::Window kLowMemory{0x1000, 0x9f000};

Error bad(const char* what)
{
    return {ErrorCode::Invalid, what};
}

uint32_t field(Image image, size_t header, size_t index)
{
    return loadLe<uint32_t>(&image[header + 4 * index]);
}

/// The address fields as a segment (section 3.1.3): the file is one piece with the header inside.
Result<ElfImage> segmentByAddresses(Image image, size_t header)
{
    constexpr size_t kHeaderSize = 32;
    if (image.size() - header < kHeaderSize)
        return bad("the Multiboot header is cut off");
    const uint32_t headerAddress = field(image, header, 3);
    const uint32_t load = field(image, header, 4);
    const uint32_t loadEnd = field(image, header, 5);
    const uint32_t bssEnd = field(image, header, 6);
    const uint32_t before = headerAddress - load;
    if (load > headerAddress || before > header)
        return bad("the addresses in the Multiboot header contradict each other");
    const Image rest = image.subspan(header - before);
    const uint64_t size = loadEnd == 0 ? rest.size() : uint64_t{loadEnd} - load;
    if ((loadEnd != 0 && loadEnd < load) || size > rest.size())
        return bad("the addresses in the Multiboot header point outside the file");
    ElfSegment segment;
    segment.bytes = rest.first(static_cast<size_t>(size));
    segment.address = segment.virtualAddress = load;
    segment.memorySize = std::max(size, bssEnd > load ? uint64_t{bssEnd} - load : 0);
    ElfImage whole;
    whole.entry = field(image, header, 7);
    if (segment.memorySize != 0)
        whole.loads.push_back(segment);
    return whole;
}

struct Texts {
    GuestPhys commandLine;
    GuestPhys moduleName;
    GuestPhys loaderName;
};

Result<GuestPhys> writeText(memory::GuestMemory& memory, LoadPlaces& places,
                            const std::string& text)
{
    constexpr size_t kLongest = 65535;
    if (text.size() > kLongest)
        return bad("the command line is too long");
    const Bytes bytes = ByteWriter().textWithNul(text).take();
    const GuestPhys at = TRY(places.take(bytes.size(), 16, kLowMemory));
    TRY(memory.copyIn(at, bytes));
    return at;
}

/// KiB of RAM from `base` on until the first hole.
uint64_t kibFrom(const std::vector<E820Entry>& map, uint64_t base)
{
    for (const E820Entry& entry : map)
        if (entry.type == E820Type::Ram && entry.base <= base && base - entry.base < entry.size)
            return (std::min(entry.base + entry.size, kFourGiB) - base) >> 10;
    return 0;
}

Bytes mapBytes(const std::vector<E820Entry>& map)
{
    ByteWriter bytes;
    for (const E820Entry& entry : map)
        bytes.u32(20).u64(entry.base).u64(entry.size).u32(static_cast<uint32_t>(entry.type));
    return bytes.take();
}

/// The boot information structure with its module list and memory map behind it.
Result<GuestPhys> writeInformation(memory::GuestMemory& memory, LoadPlaces& places,
                                   const KernelBoot& boot, const Texts& texts, GuestPhys module)
{
    constexpr uint32_t kHasMemory = 1 << 0;
    constexpr uint32_t kHasCommandLine = 1 << 2;
    constexpr uint32_t kHasModules = 1 << 3;
    constexpr uint32_t kHasMap = 1 << 6;
    constexpr uint32_t kHasLoaderName = 1 << 9;
    constexpr size_t kInformationSize = 120;
    constexpr size_t kModuleSize = 16;
    const Bytes map = mapBytes(boot.memoryMap);
    const size_t size = kInformationSize + kModuleSize + map.size();
    const GuestPhys at = TRY(places.take(size, 16, kLowMemory));
    const uint64_t modules = at.value() + kInformationSize;
    const bool hasModule = !boot.initrd.empty();
    ByteWriter info;
    info.u32(kHasMemory | kHasCommandLine | kHasModules | kHasMap | kHasLoaderName);
    info.u32(std::min(kibFrom(boot.memoryMap, 0), kLowMemoryEnd >> 10));
    info.u32(kibFrom(boot.memoryMap, kOneMiB)).u32(0).u32(texts.commandLine.value());
    info.u32(hasModule ? 1 : 0).u32(hasModule ? modules : 0).zeros(16);
    info.u32(map.size()).u32(modules + kModuleSize).zeros(12).u32(texts.loaderName.value());
    info.zeros(kInformationSize - info.size());
    info.u32(module.value()).u32(module.value() + boot.initrd.size());
    info.u32(texts.moduleName.value()).u32(0).bytes(map);
    TRY(memory.copyIn(at, info.view()));
    return at;
}

} // namespace

std::optional<size_t> findMultibootHeader(Image image)
{
    const size_t end = std::min(image.size(), kSearchSize);
    for (size_t at = 0; at + 12 <= end; at += 4)
        if (field(image, at, 0) == kHeaderMagic &&
            field(image, at, 0) + field(image, at, 1) + field(image, at, 2) == 0)
            return at;
    return std::nullopt;
}

Result<KernelEntry> loadMultiboot(memory::GuestMemory& memory, Image image, const KernelBoot& boot)
{
    const auto header = findMultibootHeader(image);
    if (!header)
        return bad("no Multiboot header");
    const uint32_t flags = field(image, *header, 1);
    if ((flags & kVideoMode) != 0)
        return bad("the Multiboot kernel asks for a graphics mode, which needs firmware");
    if ((flags & kMustKnow & ~(kPageAlign | kMemoryInfo)) != 0)
        return bad("the Multiboot header asks for something unknown");
    const ElfImage kernel =
        TRY((flags & kAddressFields) != 0 ? segmentByAddresses(image, *header) : parseElf(image));
    KernelEntry entry;
    entry.entry = GuestPhys(TRY(physicalEntry(kernel)));
    if (entry.entry.value() >= kFourGiB)
        return bad("the entry point lies above 4 GiB");
    LoadPlaces places(boot.memoryMap);
    TRY(places.claimSegments(kernel));
    GuestPhys module;
    if (!boot.initrd.empty()) {
        module = TRY(places.take(boot.initrd.size(), kPageSize, {kOneMiB, kFourGiB}));
        TRY(memory.copyIn(module, boot.initrd));
    }
    Texts texts;
    texts.commandLine = TRY(writeText(
        memory, places,
        boot.commandLine.empty() ? boot.kernelName : boot.kernelName + " " + boot.commandLine));
    texts.moduleName = TRY(writeText(memory, places, boot.initrdName));
    texts.loaderName = TRY(writeText(memory, places, "Vitrine"));
    const GuestPhys info = TRY(writeInformation(memory, places, boot, texts, module));
    TRY(loadSegments(memory, kernel));
    entry.eax = kLoaderMagic;
    entry.ebx = static_cast<uint32_t>(info.value());
    return entry;
}

} // namespace vmm::firmware
