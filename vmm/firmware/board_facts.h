// SPDX-License-Identifier: GPL-3.0-or-later
// BoardFacts: what firmware is told about the machine it runs on.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vmm/firmware/boot_order.h"
#include "vmm/memory/guest_memory.h"
#include "vmm/spec/machine_spec.h"

namespace vmm::firmware {

/// Where configuration space appears in memory, as the guest programmed PCIEXBAR.
struct EcamRange {
    bool enabled = false;
    uint64_t base = 0;
    uint64_t size = uint64_t{256} << 20; ///< 1 MiB a bus: 64, 128 or 256 MiB
};

/// What the tables need of the live chipset. Called on vCPU threads with the lock of FwCfg held, so
/// it must not come back to FwCfg. Outlives FwCfg.
class ChipsetView {
public:
    virtual ~ChipsetView() = default;
    virtual EcamRange ecam() const = 0;
};

enum class SuspendToRam { Absent, Present };

/// Everything that shapes the firmware's files. Plain data but the view.
struct BoardFacts {
    const ChipsetView& chipset;
    std::string name = "vitrine";   ///< of the machine; becomes the SMBIOS serial number
    std::array<uint8_t, 16> uuid{}; ///< SMBIOS order; zeros: not set
    uint32_t cpus = 1;              ///< APIC ids are 0 to cpus - 1
    uint32_t sockets = 1;           ///< the CPUs are spread over them evenly
    memory::RamLayout ram{};
    std::vector<BootDrive> drives{}; ///< in the order they are tried
    spec::BootOrder boot = spec::BootOrder::Cdrom;
    /// As CPUID 0x80000008 tells the guest; 0: unknown, the PCI bus gets no window above 4 GiB.
    unsigned physicalAddressBits = 0;
    SuspendToRam suspend = SuspendToRam::Absent; ///< does the board answer SLP_TYP 1 (S3)?
    /// VmGenId's; none: the machine has no such device.
    std::optional<std::array<uint8_t, 16>> generationId{};
};

} // namespace vmm::firmware
