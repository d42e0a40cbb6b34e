// SPDX-License-Identifier: GPL-3.0-or-later
// What a kernel started without firmware is told, and the state its first vCPU begins in.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vmm/firmware/e820.h"
#include "vmm/memory/address.h"

namespace vmm::firmware {

/// What the kernel is told. Plain data.
struct KernelBoot {
    std::vector<E820Entry> memoryMap; ///< at most 64 entries, sorted; PVH also takes none
    std::string commandLine;
    std::span<const std::byte> initrd{}; ///< empty: none
    memory::GuestPhys rsdp{};            ///< where the ACPI tables begin; 0: there are none
    std::string kernelName{};            ///< first word of a multiboot kernel's command line
    std::string initrdName{};            ///< command line of the multiboot module
};

/// Modes a kernel may be entered in; segments are flat, interrupts off, A20 open.
enum class KernelMode : uint8_t {
    Protected32, ///< paging off
    Long64,      ///< low 4 GiB mapped one to one
};

/// The first vCPU's registers; all others are zero.
struct KernelEntry {
    KernelMode mode = KernelMode::Protected32;
    memory::GuestPhys entry;
    uint32_t eax = 0;
    uint32_t ebx = 0;
    uint64_t rsi = 0;
    uint16_t codeSelector = 0x08;
    uint16_t dataSelector = 0x10;
    memory::GuestPhys gdt{};
    uint16_t gdtLimit = 0;         ///< 0: the kernel must load its own before it loads a segment
    memory::GuestPhys pageTable{}; ///< CR3; only in Long64
};

} // namespace vmm::firmware
