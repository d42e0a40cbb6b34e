// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: the input is a kernel file.
#include <cstddef>
#include <cstdint>
#include <span>

#include "vmm/firmware/pvh_loader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace vmm::firmware;
    constexpr vmm::memory::RamLayout kRam{uint64_t{2} << 20, uint64_t{1} << 20};
    const auto memory = vmm::memory::GuestMemory::create(kRam);
    if (!memory)
        return 0;
    const KernelBoot boot{kernelMemoryMap(kRam, {}), "fuzz"};
    static_cast<void>(loadPvhImage(**memory, std::as_bytes(std::span(data, size)), boot));
    return 0;
}
