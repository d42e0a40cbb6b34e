// SPDX-License-Identifier: GPL-3.0-or-later
// The ICH9 SMBus host controller with nobody on the bus. Intel ICH9 datasheet (316972-004),
// chapter 19.
#pragma once

#include <array>
#include <cstdint>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/handlers.h"
#include "vmm/chipset/ich9_smbus_regs.h"
#include "vmm/pci/pci_device.h"
#include "vmm/state/state.h"

namespace vmm::chipset {

/// Guest state of the controller; nothing is left out.
struct Ich9SmbusState {
    static constexpr state::Tag kTag{"ich9-smbus", 1, 1};
    pci::PciConfigState pci;
    uint8_t status = 0;
    uint8_t control = 0;
    uint8_t command = 0;
    uint8_t address = 0;
    uint8_t data0 = 0;
    uint8_t data1 = 0;
    uint8_t pec = 0;
    uint8_t auxControl = 0;
    uint8_t blockIndex = 0;
    std::array<uint8_t, 32> block{};
    template <class A>
    void visit(A& a)
    {
        a.field("pci", pci).field("hst-sts", status).field("hst-cnt", control);
        a.field("hst-cmd", command).field("xmit-slva", address).field("hst-d0", data0);
        a.field("hst-d1", data1).field("pec", pec).field("aux-ctl", auxControl);
        a.field("block-index", blockIndex).field("block", block);
    }
};

/// 00:1f.3, 8086:2930. Every transaction ends at once with DEV_ERR, "no device answered", so a
/// driver's probing of addresses finds an empty bus and never waits.
///
/// Owner: Machine. Thread: configuration and ports from vCPU threads, the rest with vCPUs stopped.
class Ich9Smbus final : public pci::PciDevice,
                        public bus::PioHandler,
                        public bus::Resettable,
                        public state::Stateful<Ich9Smbus, Ich9SmbusState> {
public:
    /// Interrupt pin INTB#: connectIntx() with PciBus::intxLine(bdf, kInterruptPinB).
    static constexpr unsigned kInterruptPinB = 2;
    explicit Ich9Smbus(const pci::PciServices& services);

    uint32_t readPort(uint16_t offset, unsigned size) override;
    void writePort(uint16_t offset, uint32_t value, unsigned size) override;
    void reset() override;
    Ich9SmbusState save() const;
    Result<void> load(const Ich9SmbusState& state);

private:
    void writeControlLocked(uint8_t value) REQUIRES(m_mutex);
    uint8_t readBlockLocked() REQUIRES(m_mutex);
    void writeBlockLocked(uint8_t value) REQUIRES(m_mutex);
    uint8_t& blockByteLocked() REQUIRES(m_mutex);
    void publishLocked() REQUIRES(m_mutex);

    mutable Mutex m_mutex;
    Ich9SmbusState m_state GUARDED_BY(m_mutex); // `pci` unused here
};

} // namespace vmm::chipset
