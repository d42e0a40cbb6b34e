// SPDX-License-Identifier: GPL-3.0-or-later
// Programs the board's bridges as firmware leaves them, for kernels started without it.
#pragma once

#include "vmm/bus/bus.h"
#include "vmm/pci/pci_bus.h"

namespace vmm::firmware {

/// RAM at C0000-FFFFF, configuration space in memory at 0xb0000000, the power management block at
/// port 0x600 and the PCI interrupts on 10 and 11, as SeaBIOS does; the ACPI tables say the same.
/// Bridges get bus numbers. Base addresses of PCI devices and windows of bridges stay unset: the
/// operating system places them. vCPUs stopped.
void setUpChipset(pci::PciBus& bus);
/// The 8259A pair at vectors 8 and 0x70 with nothing masked, as a PC's firmware has it. Where the
/// hypervisor keeps the pair to itself, nobody answers these ports and it stays as it was.
void setUpInterrupts(bus::PioBus& ports);

} // namespace vmm::firmware
