// SPDX-License-Identifier: GPL-3.0-or-later
// MSI-X: capability, vector table and pending bits of one function. PCI Local Bus 3.0
// section 6.8.2.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/handlers.h"
#include "vmm/state/state.h"

namespace vmm::pci {

/// Guest state of a function's MSI-X structures, a field of its device's state. Left out: Message
/// Control, which is in the configuration bytes.
struct MsixState {
    std::vector<uint32_t> table;   ///< four dwords an entry: address, upper address, data, control
    std::vector<uint64_t> pending; ///< one bit a vector
    template <class A>
    void visit(A& a)
    {
        a.field("table", table).field("pending", pending);
    }
};

/// The vectors of one function, in a memory BAR of their own: the table in its first half, the
/// pending bits at its middle. The device
///  - declares the BAR: addMmioBar(bar, msix->barSize(), *msix);
///  - declares the capability: addCapability(offset, msix->capability(bar), Msix::writable());
///  - passes on Message Control when it may have changed: configWritten(), reset, load;
///  - sends, without a lock held; while enabled() it does not drive INTx.
///
/// The vectors' event descriptors are not handed out: a descriptor signalled past this class would
/// get around the guest's masks.
///
/// Owner: the device. Thread: MMIO and setControl() from vCPU threads, send() from any thread,
/// reset() and states with vCPUs stopped.
class Msix final : public bus::MmioHandler {
public:
    static constexpr unsigned kMaxVectors = 2048;
    static constexpr uint8_t kCapabilitySize = 12;
    static constexpr unsigned kControlOffset = 2; ///< Message Control within the capability
    using Capability = std::array<uint8_t, kCapabilitySize>;

    /// `vectors` from 1 to kMaxVectors. Fails when the interrupt controller has no routes left.
    static Result<std::unique_ptr<Msix>> create(bus::InterruptController& interrupts,
                                                unsigned vectors);

    uint64_t barSize() const { return m_barSize; }
    unsigned vectorCount() const { return static_cast<unsigned>(m_vectors.size()); }
    Capability capability(unsigned bar) const;
    static Capability writable();

    /// What Message Control says now: MSI-X Enable and Function Mask. Vectors that became unmasked
    /// send what was pending.
    void setControl(uint16_t control);
    bool enabled() const;
    /// Sends vector `vector`, or notes it as pending while it is masked. False, and nothing is
    /// done, when MSI-X is not enabled or there is no such vector (a number the guest chose).
    bool send(unsigned vector);

    uint64_t readMmio(uint64_t offset, unsigned size) override;
    void writeMmio(uint64_t offset, uint64_t value, unsigned size) override;

    /// Every vector masked, nothing pending, disabled.
    void reset();
    MsixState save() const;
    /// Followed by setControl() with what the loaded configuration says. Invalid for another number
    /// of vectors.
    Result<void> load(const MsixState& state);

private:
    static constexpr unsigned kDwordsPerEntry = 4;
    Msix() = default;
    uint32_t readRegisterLocked(uint64_t offset) const REQUIRES(m_mutex);
    void writeRegisterLocked(uint64_t offset, uint32_t value) REQUIRES(m_mutex);
    bool maskedLocked(unsigned vector) const REQUIRES(m_mutex);
    void updateMessageLocked(unsigned vector) REQUIRES(m_mutex);
    void sendPendingLocked(unsigned vector) REQUIRES(m_mutex);
    void sendAllPendingLocked() REQUIRES(m_mutex);

    uint64_t m_barSize = 0;
    std::vector<std::unique_ptr<bus::MsiVector>> m_vectors; // fixed once created
    mutable Mutex m_mutex;
    uint16_t m_control GUARDED_BY(m_mutex) = 0;
    std::vector<uint32_t> m_table GUARDED_BY(m_mutex);
    std::vector<uint64_t> m_pending GUARDED_BY(m_mutex);
};

} // namespace vmm::pci
