// SPDX-License-Identifier: GPL-3.0-or-later
// Setup header, boot_params and placement. Linux Documentation/arch/x86/boot.rst (6.12); section
// names below are of that document.
#include "vmm/firmware/linux_boot.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "vmm/base/bits.h"
#include "vmm/firmware/byte_writer.h"

namespace vmm::firmware {

namespace {

using Image = std::span<const std::byte>;
using memory::GuestPhys;

// "Details of Header Fields": offsets in the file, and in boot_params all the same.
constexpr size_t kSetupSects = 0x1f1;
constexpr size_t kBootFlag = 0x1fe;
constexpr size_t kJumpLength = 0x201;
constexpr size_t kHeader = 0x202;
constexpr size_t kVersion = 0x206;
constexpr size_t kTypeOfLoader = 0x210;
constexpr size_t kLoadFlags = 0x211;
constexpr size_t kCode32Start = 0x214;
constexpr size_t kRamdiskImage = 0x218;
constexpr size_t kRamdiskSize = 0x21c;
constexpr size_t kCmdLinePtr = 0x228;
constexpr size_t kInitrdAddrMax = 0x22c;
constexpr size_t kKernelAlignment = 0x230;
constexpr size_t kRelocatableKernel = 0x234;
constexpr size_t kXLoadFlags = 0x236;
constexpr size_t kCmdlineSize = 0x238;
constexpr size_t kPrefAddress = 0x258;
constexpr size_t kInitSize = 0x260;
constexpr size_t kHeaderEnd = 0x268;
constexpr size_t kHeaderCapacity = 0x290; // what follows in boot_params is not the header's
// zero-page.rst.
constexpr size_t kAcpiRsdpAddr = 0x70;
constexpr size_t kExtRamdiskImage = 0xc0;
constexpr size_t kExtRamdiskSize = 0xc4;
constexpr size_t kE820Entries = 0x1e8;
constexpr size_t kE820Table = 0x2d0;
constexpr size_t kMaxE820 = 128;

constexpr uint16_t kBootMagic = 0xaa55;
constexpr uint32_t kHeaderMagic = 0x5372'6448; // "HdrS"
constexpr uint8_t kUnknownLoader = 0xff;
constexpr uint8_t kLoadedHigh = 1 << 0;
constexpr uint16_t kKernel64 = 1 << 0; // XLF_KERNEL_64
constexpr uint16_t kAbove4G = 1 << 1;  // XLF_CAN_BE_LOADED_ABOVE_4G
constexpr uint64_t kEntry64 = 0x200;

constexpr uint64_t kPageSize = 4096;
constexpr uint64_t kOneMiB = uint64_t{1} << 20;
constexpr uint64_t kFourGiB = uint64_t{1} << 32;
/// Boot data goes below the extended BIOS data area and above the first page.
constexpr LoadPlaces::Window kLowMemory{0x1000, 0x9f000};

Error bad(std::string what)
{
    return {ErrorCode::Invalid, std::move(what)};
}

/// What the setup header says, with the defaults of protocols that lack a field.
struct SetupHeader {
    size_t setupSize = 0; ///< of the 16-bit part, which is not loaded
    size_t end = 0;       ///< of the header in the file
    uint16_t version = 0;
    uint32_t code32Start = 0x10'0000;
    uint64_t initrdMax = 0x37ff'ffff;
    uint64_t alignment = kOneMiB;
    bool relocatable = false;
    uint16_t xLoadFlags = 0;
    uint32_t commandLineMax = 255;
    uint64_t preferred = kOneMiB;
    uint64_t initSize = 0;
};

/// `header` is the file's beginning, filled up with zeros to kHeaderCapacity.
void readNewFields(SetupHeader& setup, Image header)
{
    if (setup.version >= 0x203)
        setup.initrdMax = loadLe<uint32_t>(&header[kInitrdAddrMax]);
    if (setup.version >= 0x205) {
        setup.alignment = loadLe<uint32_t>(&header[kKernelAlignment]);
        setup.relocatable = header[kRelocatableKernel] != std::byte{0};
    }
    if (setup.version >= 0x206)
        setup.commandLineMax = loadLe<uint32_t>(&header[kCmdlineSize]);
    if (setup.version >= 0x20a) {
        setup.preferred = loadLe<uint64_t>(&header[kPrefAddress]);
        setup.initSize = loadLe<uint32_t>(&header[kInitSize]);
    }
    if (setup.version >= 0x20c)
        setup.xLoadFlags = loadLe<uint16_t>(&header[kXLoadFlags]);
}

Result<SetupHeader> readHeader(Image image)
{
    std::array<std::byte, kHeaderCapacity> header{};
    std::copy_n(image.begin(), std::min(image.size(), header.size()), header.begin());
    SetupHeader setup;
    setup.version = loadLe<uint16_t>(&header[kVersion]);
    if (setup.version < 0x202)
        return bad("its boot protocol is older than 2.02");
    if ((std::to_integer<uint8_t>(header[kLoadFlags]) & kLoadedHigh) == 0)
        return bad("a zImage; only bzImage kernels are started");
    const auto sectors = std::to_integer<size_t>(header[kSetupSects]);
    setup.setupSize = ((sectors == 0 ? 4 : sectors) + 1) * 512;
    setup.end = kHeader + std::to_integer<size_t>(header[kJumpLength]);
    if (setup.setupSize >= image.size() || setup.end > setup.setupSize)
        return bad("the kernel is cut off");
    setup.end = std::min(setup.end, kHeaderCapacity);
    setup.code32Start = loadLe<uint32_t>(&header[kCode32Start]);
    readNewFields(setup, header);
    if (setup.alignment < kPageSize || (setup.alignment & (setup.alignment - 1)) != 0)
        return bad("the alignment in its header is not a power of two");
    return setup;
}

/// Where the protected-mode kernel goes ("Loading the rest of the kernel"), claimed.
Result<GuestPhys> placeKernel(const SetupHeader& setup, uint64_t fileSize, LoadPlaces& places)
{
    const uint64_t size = std::max(setup.initSize, fileSize);
    uint64_t base = setup.relocatable ? setup.preferred : setup.code32Start;
    if (setup.relocatable && (base >= kFourGiB || !places.isFree(base, size)))
        base = alignUp(kOneMiB, setup.alignment);
    if (base < kOneMiB)
        return bad("the kernel wants to lie below 1 MiB");
    if (!places.isFree(base, size) || base + size > kFourGiB)
        return bad(fmt::format("the machine has too little memory: the kernel needs {} MiB "
                               "from {} MiB on",
                               (size + kOneMiB - 1) >> 20, base >> 20));
    TRY(places.claim(base, size, "the kernel"));
    return GuestPhys(base);
}

/// Page tables for the low 4 GiB in pages of 2 MiB ("64-bit boot protocol").
Result<GuestPhys> writePageTables(memory::GuestMemory& memory, LoadPlaces& places)
{
    constexpr uint64_t kTables = 6; // one of each level above, four page directories
    constexpr uint64_t kPresentWritable = 3;
    constexpr uint64_t kLarge = 0x80;
    const GuestPhys root = TRY(places.take(kTables * kPageSize, kPageSize, kLowMemory));
    const uint64_t pointers = root.value() + kPageSize;
    ByteWriter tables;
    tables.u64(pointers | kPresentWritable).align(kPageSize);
    for (uint64_t i = 1; i <= 4; ++i)
        tables.u64((pointers + i * kPageSize) | kPresentWritable);
    tables.align(kPageSize);
    for (uint64_t page = 0; page < 4 * 512; ++page)
        tables.u64(page << 21 | kLarge | kPresentWritable);
    TRY(memory.copyIn(root, tables.view()));
    return root;
}

/// The flat code and data segments both protocols ask for: __BOOT_CS 0x10 and __BOOT_DS 0x18.
Result<void> writeDescriptors(memory::GuestMemory& memory, LoadPlaces& places, KernelEntry& entry)
{
    constexpr uint64_t kCode32 = 0x00cf'9b00'0000'ffff;
    constexpr uint64_t kCode64 = 0x00af'9b00'0000'ffff;
    constexpr uint64_t kData = 0x00cf'9300'0000'ffff;
    ByteWriter table;
    table.u64(0).u64(0).u64(entry.mode == KernelMode::Long64 ? kCode64 : kCode32).u64(kData);
    entry.gdt = TRY(places.take(kPageSize, kPageSize, kLowMemory));
    entry.gdtLimit = static_cast<uint16_t>(table.size() - 1);
    entry.codeSelector = 0x10;
    entry.dataSelector = 0x18;
    return memory.copyIn(entry.gdt, table.view());
}

/// Puts the initial ramdisk as high as the kernel lets it be below 4 GiB, or above when it is too
/// large for that and the kernel looks there (XLF_CAN_BE_LOADED_ABOVE_4G).
Result<GuestPhys> loadInitrd(memory::GuestMemory& memory, LoadPlaces& places, Image initrd,
                             const SetupHeader& setup)
{
    const LoadPlaces::Window low{kOneMiB, std::min(setup.initrdMax, kFourGiB - 1) + 1};
    auto place = places.take(initrd.size(), kPageSize, low);
    if (!place && (setup.xLoadFlags & kAbove4G) != 0)
        place = places.take(initrd.size(), kPageSize, {kFourGiB, UINT64_MAX});
    if (!place)
        return std::move(place).error().within("initial ramdisk");
    TRY(memory.copyIn(*place, initrd));
    return place;
}

/// boot_params but the setup header's fields of the file.
Bytes bootParams(const KernelBoot& boot, GuestPhys commandLine, GuestPhys initrd)
{
    Bytes page(kPageSize);
    const auto put32 = [&](size_t at, uint64_t value) {
        storeLe(&page[at], static_cast<uint32_t>(value));
    };
    storeLe(&page[kAcpiRsdpAddr], boot.rsdp.value());
    page[kE820Entries] = static_cast<std::byte>(boot.memoryMap.size());
    size_t at = kE820Table;
    for (const E820Entry& entry : boot.memoryMap) {
        storeLe(&page[at], entry.base);
        storeLe(&page[at + 8], entry.size);
        put32(at + 16, static_cast<uint32_t>(entry.type));
        at += 20;
    }
    page[kTypeOfLoader] = std::byte{kUnknownLoader};
    put32(kRamdiskImage, initrd.value());
    put32(kRamdiskSize, boot.initrd.size());
    put32(kExtRamdiskImage, initrd.value() >> 32);
    put32(kExtRamdiskSize, uint64_t{boot.initrd.size()} >> 32);
    put32(kCmdLinePtr, commandLine.value());
    return page;
}

/// Command line, initial ramdisk, boot_params, descriptors and page tables. `header` is the part of
/// the file that boot_params repeats; empty: an ELF kernel, which gets a header of its own.
Result<void> finishBoot(memory::GuestMemory& memory, LoadPlaces& places, const KernelBoot& boot,
                        const SetupHeader& setup, Image header, KernelEntry& entry)
{
    if (boot.memoryMap.size() > kMaxE820)
        return bad("the memory map has too many entries");
    const size_t longest = std::min<size_t>(setup.commandLineMax, 65535);
    if (boot.commandLine.size() > longest)
        return bad(
            fmt::format("the command line is longer than the {} characters it takes", longest));
    const auto line = ByteWriter().textWithNul(boot.commandLine).take();
    const GuestPhys lineAt = TRY(places.take(line.size(), 16, kLowMemory));
    TRY(memory.copyIn(lineAt, line));
    GuestPhys initrd;
    if (!boot.initrd.empty())
        initrd = TRY(loadInitrd(memory, places, boot.initrd, setup));
    Bytes params(kPageSize);
    std::copy(header.begin(), header.end(), params.begin() + kSetupSects);
    const Bytes ours = bootParams(boot, lineAt, initrd);
    // Ours wins where both have something: loader, ramdisk, command line.
    for (size_t i = 0; i < params.size(); ++i)
        if (i < kSetupSects || i >= kHeaderCapacity || i == kTypeOfLoader ||
            (i >= kRamdiskImage && i < kRamdiskSize + 4) ||
            (i >= kCmdLinePtr && i < kCmdLinePtr + 4))
            params[i] = ours[i];
    const GuestPhys paramsAt = TRY(places.take(kPageSize, kPageSize, kLowMemory));
    TRY(memory.copyIn(paramsAt, params));
    entry.rsi = paramsAt.value();
    TRY(writeDescriptors(memory, places, entry));
    if (entry.mode == KernelMode::Long64)
        entry.pageTable = TRY(writePageTables(memory, places));
    return {};
}

} // namespace

bool isLinuxImage(Image image)
{
    return image.size() >= kVersion + 2 && loadLe<uint16_t>(&image[kBootFlag]) == kBootMagic &&
           loadLe<uint32_t>(&image[kHeader]) == kHeaderMagic;
}

Result<KernelEntry> loadLinuxImage(memory::GuestMemory& memory, Image image, const KernelBoot& boot)
{
    if (!isLinuxImage(image))
        return bad("not a Linux kernel image");
    const SetupHeader setup = TRY(readHeader(image));
    const Image kernel = image.subspan(setup.setupSize);
    LoadPlaces places(boot.memoryMap);
    const GuestPhys base = TRY(placeKernel(setup, kernel.size(), places));
    KernelEntry entry;
    const bool wide = (setup.xLoadFlags & kKernel64) != 0;
    if (wide && kernel.size() <= kEntry64)
        return bad("the kernel is cut off");
    entry.mode = wide ? KernelMode::Long64 : KernelMode::Protected32;
    entry.entry = base.offsetBy(wide ? kEntry64 : 0);
    Bytes header(image.begin() + kSetupSects, image.begin() + static_cast<ptrdiff_t>(setup.end));
    header.resize(kHeaderCapacity - kSetupSects);
    storeLe(&header[kCode32Start - kSetupSects], static_cast<uint32_t>(base.value()));
    TRY(finishBoot(memory, places, boot, setup, header, entry));
    TRY(memory.copyIn(base, kernel));
    return entry;
}

Result<KernelEntry> loadPlainElf(memory::GuestMemory& memory, const ElfImage& elf,
                                 const KernelBoot& boot)
{
    LoadPlaces places(boot.memoryMap);
    KernelEntry entry;
    entry.mode = elf.wide ? KernelMode::Long64 : KernelMode::Protected32;
    entry.entry = GuestPhys(TRY(physicalEntry(elf)));
    if (entry.entry.value() >= kFourGiB)
        return bad("the entry point lies above 4 GiB");
    TRY(places.claimSegments(elf));
    SetupHeader setup; // what a header would say, for kernels that look at it
    setup.commandLineMax = 2047;
    setup.initrdMax = 0x7fff'ffff;
    ByteWriter header;
    header.zeros(kHeaderEnd - kSetupSects);
    header.patch(kBootFlag - kSetupSects, kBootMagic);
    header.patch(kHeader - kSetupSects, kHeaderMagic);
    header.patch(kVersion - kSetupSects, uint16_t{0x20f});
    header.patch(kLoadFlags - kSetupSects, uint8_t{kLoadedHigh});
    header.patch(kCmdlineSize - kSetupSects, setup.commandLineMax);
    TRY(finishBoot(memory, places, boot, setup, header.view(), entry));
    TRY(loadSegments(memory, elf));
    return entry;
}

} // namespace vmm::firmware
