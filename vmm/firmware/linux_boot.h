// SPDX-License-Identifier: GPL-3.0-or-later
// The Linux/x86 boot protocol without its 16-bit part: bzImage files and plain ELF kernels with
// boot_params. Linux Documentation/arch/x86/boot.rst and zero-page.rst (6.12).
#pragma once

#include <span>

#include "vmm/base/result.h"
#include "vmm/firmware/elf_image.h"
#include "vmm/firmware/kernel_boot.h"
#include "vmm/firmware/load_places.h"
#include "vmm/memory/guest_memory.h"

namespace vmm::firmware {

/// Has `image` the setup header's magic numbers (section "The Real-Mode Kernel Header")?
bool isLinuxImage(std::span<const std::byte> image);

/// Loads a bzImage of protocol 2.02 or later: the protected-mode kernel where it prefers to be, or
/// from 1 MiB on; boot_params, command line, and the initial ramdisk as high as the kernel allows.
/// Kernels with a 64-bit entry point start there. Invalid or Exhausted with one sentence. Any
/// thread, no vCPU running.
Result<KernelEntry> loadLinuxImage(memory::GuestMemory& memory, std::span<const std::byte> image,
                                   const KernelBoot& boot);

/// Loads an ELF kernel that says nothing about how to start it, as an uncompressed Linux: in 64-bit
/// mode when the file has 64 bits and in protected mode otherwise, with RSI pointing to
/// boot_params.
Result<KernelEntry> loadPlainElf(memory::GuestMemory& memory, const ElfImage& elf,
                                 const KernelBoot& boot);

} // namespace vmm::firmware
