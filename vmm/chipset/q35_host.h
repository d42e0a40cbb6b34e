// SPDX-License-Identifier: GPL-3.0-or-later
// The Q35 memory controller hub as firmware knows it: PAM, PCIEXBAR, RAM and firmware ROM.
// Intel 3 Series Express Chipset Family datasheet (316966-002), section 5.1.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/bus/bus.h"
#include "vmm/chipset/q35_host_regs.h"
#include "vmm/pci/pci_bus.h"
#include "vmm/pci/pci_device.h"
#include "vmm/state/state.h"

namespace vmm::chipset {

/// Guest state of the host bridge. Left out: the ROM, which the guest cannot change, and what is
/// mapped where, which follows from the registers.
struct Q35HostState {
    static constexpr state::Tag kTag{"q35-host", 1, 1};
    pci::PciConfigState pci;
    uint8_t smram = kSmramReset;
    uint8_t esmramc = kEsmramcReset;
    template <class A>
    void visit(A& a)
    {
        a.field("pci", pci).field("smram", smram).field("esmramc", esmramc);
    }
};

/// 00:00.0, 8086:29c0. Decides what vCPUs see as RAM and ROM, and where the ECAM window is.
///
///   0 ..... A0000 ......... C0000 ........... 100000 .... low end ... 4 GiB-ROM .. 4 GiB ...
///   | RAM   | (VGA, holes)  | 13 PAM segments |  RAM      | MMIO       | ROM        | RAM
///
/// A PAM segment shows, for reads and for writes apart, either RAM or what lies "on PCI": the last
/// 128 KiB of the ROM at E0000-FFFFF, nothing at C0000-DFFFF. Reads and writes that cannot be
/// mapped come to the MMIO bus, where this class ignores them or, in the mode "read ROM, write
/// RAM", takes the writes to RAM.
///
/// SMRAM and TSEG are inert: there is no system management mode. Their registers keep what is
/// written and lock as specified.
///
/// Owner: Machine. Thread: configuration and MMIO from vCPU threads, the rest with vCPUs stopped.
class Q35Host final : public pci::PciDevice,
                      public bus::MmioHandler,
                      public bus::Resettable,
                      public state::Stateful<Q35Host, Q35HostState> {
public:
    static constexpr size_t kMaxRomSize = size_t{16} << 20;

    /// Maps RAM as `services.memory` lays it out, and `rom` (copied; its last byte is at
    /// 0xffffffff; empty: none). Invalid when the ROM is too large. `pciBus` outlives the bridge.
    static Result<std::unique_ptr<Q35Host>>
    create(const pci::PciServices& services, pci::PciBus& pciBus, std::span<const std::byte> rom);
    ~Q35Host() override;

    void writeConfig(uint16_t offset, uint32_t value, unsigned size) override;

    /// Accesses to [C0000, 100000) that no direct map takes.
    uint64_t readMmio(uint64_t offset, unsigned size) override;
    void writeMmio(uint64_t offset, uint64_t value, unsigned size) override;

    /// PAM closed, ECAM off: the guest starts in the pristine ROM again.
    void reset() override;
    Q35HostState save() const;
    Result<void> load(const Q35HostState& state);

private:
    Q35Host(const pci::PciServices& services, pci::PciBus& pciBus);
    void defineRegisters();
    Result<void> copyRom(std::span<const std::byte> rom);
    Result<void> mapFixed();
    void configWritten(uint16_t offset, unsigned size) override;
    void writeSmramControl(uint16_t offset, uint8_t value);

    void apply();
    void applyPamLocked() REQUIRES(m_mutex);
    void applyEcamLocked() REQUIRES(m_mutex);
    uint32_t segmentModes() const;
    std::vector<memory::MapRange> pamRanges(uint32_t modes) const;
    memory::MapRange segmentRange(unsigned segment, unsigned mode) const;

    pci::EcamWindow m_ecam;
    MappedRegion m_rom;               // whole pages, the image at the end
    std::atomic<uint32_t> m_modes{0}; // two bits a PAM segment, as mapped now
    Mutex m_mutex;                    // one change of the map at a time
    bool m_pamMapped GUARDED_BY(m_mutex) = false;
    uint64_t m_ecamBar GUARDED_BY(m_mutex) = 0; // PCIEXBAR as mapped now
    std::unique_ptr<bus::Registration> m_ecamMapping GUARDED_BY(m_mutex);
    std::unique_ptr<bus::Registration> m_pamMapping;
    GuestLog m_log{"vmm.chipset.q35_host"};
};

} // namespace vmm::chipset
