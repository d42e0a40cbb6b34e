// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: the input is a kernel file of any kind; its first byte says how long the initial
// ramdisk and the command line are.
#include <cstddef>
#include <cstdint>
#include <span>

#include "vmm/firmware/kernel_loader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace vmm::firmware;
    constexpr vmm::memory::RamLayout kRam{uint64_t{8} << 20, uint64_t{1} << 20};
    if (size == 0)
        return 0;
    const auto memory = vmm::memory::GuestMemory::create(kRam);
    if (!memory)
        return 0;
    const Bytes initrd(size_t{data[0] & 15U} * 10000);
    KernelBoot boot{kernelMemoryMap(kRam, {}), std::string(size_t{data[0]} >> 4 << 8, 'x')};
    boot.initrd = initrd;
    boot.kernelName = "fuzz";
    const auto image = std::as_bytes(std::span(data, size)).subspan(1);
    static_cast<void>(loadKernelImage(**memory, image, boot));
    return 0;
}
