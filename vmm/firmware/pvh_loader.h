// SPDX-License-Identifier: GPL-3.0-or-later
// Starts an ELF kernel without firmware: the PVH boot protocol, for micro-guests and benches.
// Xen docs/misc/pvh.pandoc and public/arch-x86/hvm/start_info.h (4.17); ELF: System V gABI 4.1.
#pragma once

#include <span>
#include <string>

#include "vmm/base/result.h"
#include "vmm/firmware/kernel_boot.h"
#include "vmm/memory/guest_memory.h"

namespace vmm::firmware {

/// Where the first vCPU starts: 32-bit protected mode, flat segments, paging off, EIP = entry,
/// EBX = startInfo.
struct PvhEntry {
    memory::GuestPhys entry;
    memory::GuestPhys startInfo;
};

/// Type of the note of owner "Xen" with the entry point (public/elfnote.h,
/// XEN_ELFNOTE_PHYS32_ENTRY).
inline constexpr uint32_t kNotePhys32Entry = 18;

/// The page with hvm_start_info, the memory map and the command line; segments may not lie there.
inline constexpr memory::GuestPhys kPvhBootPage{0x6000};

/// Loads the segments of the ELF `image` (32 or 64 bits, x86, with the note
/// XEN_ELFNOTE_PHYS32_ENTRY) into guest memory and writes the boot page; the command line has at
/// most 2047 characters. The image is hostile:
/// Invalid with one sentence for whatever does not fit. Any thread, no vCPU running.
Result<PvhEntry> loadPvhImage(memory::GuestMemory& memory, std::span<const std::byte> image,
                              const KernelBoot& boot);

/// As above, from a file of at most 256 MiB; errors begin with its path.
Result<PvhEntry> loadPvhKernel(memory::GuestMemory& memory, const std::string& path,
                               const KernelBoot& boot);

} // namespace vmm::firmware
