// SPDX-License-Identifier: GPL-3.0-or-later
// Starts a kernel file without firmware, whatever kind it is.
#pragma once

#include <span>
#include <string>

#include "vmm/base/result.h"
#include "vmm/firmware/kernel_boot.h"
#include "vmm/memory/guest_memory.h"

namespace vmm::firmware {

/// The files of a direct start.
struct KernelFiles {
    std::string kernel; ///< at most 1 GiB
    std::string initrd; ///< at most 2 GiB; empty: none
};

/// Loads `image` into guest memory with everything it is told: a Linux bzImage, an ELF file with a
/// PVH note, a Multiboot kernel or any other ELF file, asked in this order. The image is hostile:
/// one sentence for whatever does not fit. Any thread, no vCPU running.
Result<KernelEntry> loadKernelImage(memory::GuestMemory& memory, std::span<const std::byte> image,
                                    const KernelBoot& boot);

/// As above, from files; fills in `boot.initrd` and the names. Errors begin with the path.
Result<KernelEntry> loadKernel(memory::GuestMemory& memory, const KernelFiles& files,
                               KernelBoot boot);

} // namespace vmm::firmware
