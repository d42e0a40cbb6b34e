// SPDX-License-Identifier: GPL-3.0-or-later
// Which kind of kernel a file is, and reading it.
#include "vmm/firmware/kernel_loader.h"

#include <cstring>

#include "vmm/firmware/elf_image.h"
#include "vmm/firmware/iso_file.h"
#include "vmm/firmware/linux_boot.h"
#include "vmm/firmware/multiboot.h"
#include "vmm/firmware/pvh_loader.h"
#include "vmm/firmware/read_file.h"

namespace vmm::firmware {

namespace {

constexpr uint64_t kMaxKernel = uint64_t{1} << 30;
constexpr uint64_t kMaxInitrd = uint64_t{2} << 30;

bool isElf(std::span<const std::byte> image)
{
    return image.size() >= 4 && std::memcmp(image.data(), "\177ELF", 4) == 0;
}

/// A file, or one inside an ISO image.
Result<Bytes> readBootFile(const std::string& path, uint64_t limit)
{
    if (const auto parts = isoPathFrom(path))
        return readFromIso(*parts, limit);
    return readFile(path, limit);
}

Result<KernelEntry> startPvh(memory::GuestMemory& memory, std::span<const std::byte> image,
                             const KernelBoot& boot)
{
    const PvhEntry pvh = TRY(loadPvhImage(memory, image, boot));
    KernelEntry entry;
    entry.entry = pvh.entry;
    entry.ebx = static_cast<uint32_t>(pvh.startInfo.value());
    return entry;
}

} // namespace

Result<KernelEntry> loadKernelImage(memory::GuestMemory& memory, std::span<const std::byte> image,
                                    const KernelBoot& boot)
{
    if (isLinuxImage(image))
        return loadLinuxImage(memory, image, boot);
    const bool multiboot = findMultibootHeader(image).has_value();
    if (!isElf(image) && multiboot)
        return loadMultiboot(memory, image, boot);
    if (!isElf(image))
        return Error(ErrorCode::Invalid,
                     "neither a Linux bzImage nor an ELF file nor a Multiboot kernel");
    const ElfImage elf = TRY(parseElf(image));
    if (findElfNote(elf, "Xen", kNotePhys32Entry))
        return startPvh(memory, image, boot);
    return multiboot ? loadMultiboot(memory, image, boot) : loadPlainElf(memory, elf, boot);
}

Result<KernelEntry> loadKernel(memory::GuestMemory& memory, const KernelFiles& files,
                               KernelBoot boot)
{
    const Bytes image = TRY(readBootFile(files.kernel, kMaxKernel));
    Bytes initrd;
    if (!files.initrd.empty()) {
        initrd = TRY(readBootFile(files.initrd, kMaxInitrd));
        if (initrd.empty())
            return Error(ErrorCode::Invalid, files.initrd + ": the initial ramdisk is empty");
    }
    boot.initrd = initrd;
    boot.kernelName = files.kernel;
    boot.initrdName = files.initrd;
    auto entry = loadKernelImage(memory, image, boot);
    if (!entry)
        return std::move(entry).error().within(files.kernel);
    return entry;
}

} // namespace vmm::firmware
