// SPDX-License-Identifier: GPL-3.0-or-later
// Starts kernels that follow the Multiboot Specification 0.6.96 (version 1).
#pragma once

#include <optional>
#include <span>

#include "vmm/base/result.h"
#include "vmm/firmware/kernel_boot.h"
#include "vmm/memory/guest_memory.h"

namespace vmm::firmware {

/// Offset of the Multiboot header in the first 8 KiB of `image` (section 3.1), with a checksum that
/// is right.
std::optional<size_t> findMultibootHeader(std::span<const std::byte> image);

/// Loads a kernel with a Multiboot header, by its address fields or as the ELF file it is; the
/// initial ramdisk is module 0. The command line begins with the kernel's name. Invalid or
/// Exhausted with one sentence. Any thread, no vCPU running.
Result<KernelEntry> loadMultiboot(memory::GuestMemory& memory, std::span<const std::byte> image,
                                  const KernelBoot& boot);

} // namespace vmm::firmware
