// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: the input is an ISO image from its volume descriptors on (sector 16); what lies in
// front of them nobody reads.
#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>

#include <fmt/core.h>

#include "vmm/base/check.h"
#include "vmm/base/unique_fd.h"
#include "vmm/firmware/iso_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace vmm::firmware;
    constexpr off_t kDescriptors = 16 * 2048;
    constexpr uint64_t kLimit = uint64_t{1} << 20;
    const vmm::UniqueFd file(::memfd_create("fuzz.iso", MFD_CLOEXEC));
    if (!file.valid() ||
        ::pwrite(file.get(), data, size, kDescriptors) != static_cast<ssize_t>(size))
        return 0;
    const std::string image = fmt::format("/proc/self/fd/{}", file.get());
    for (const char* inside : {"boot/vmlinuz", "BOOT/VMLINUZ.;1", "no such file"}) {
        const auto bytes = readFromIso({image, inside}, kLimit);
        CHECK(!bytes || bytes->size() <= kLimit);
    }
    return 0;
}
