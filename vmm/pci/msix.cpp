// SPDX-License-Identifier: GPL-3.0-or-later
// MSI-X. PCI Local Bus 3.0 section 6.8.2.
#include "vmm/pci/msix.h"

#include <algorithm>
#include <bit>
#include <fmt/core.h>

#include "vmm/base/bits.h"
#include "vmm/base/check.h"
#include "vmm/bus/bus.h"
#include "vmm/memory/guest_memory.h"
#include "vmm/pci/pci_ids.h"

namespace vmm::pci {

namespace {

constexpr uint64_t kEntrySize = 16;
constexpr unsigned kAddress = 0;
constexpr unsigned kUpperAddress = 1;
constexpr unsigned kData = 2;
constexpr unsigned kVectorControl = 3;
constexpr uint32_t kVectorMask = 1; // Vector Control bit 0; the rest is reserved

} // namespace

Result<std::unique_ptr<Msix>> Msix::create(bus::InterruptController& interrupts, unsigned vectors)
{
    CHECK(vectors >= 1 && vectors <= kMaxVectors);
    std::unique_ptr<Msix> msix(new Msix);
    for (unsigned i = 0; i < vectors; ++i)
        msix->m_vectors.push_back(TRY(interrupts.createMsiVector()));
    msix->m_barSize =
        std::max(memory::GuestMemory::kPageSize, std::bit_ceil(2 * kEntrySize * vectors));
    msix->reset();
    return msix;
}

/// Section 6.8.2.1 to 6.8.2.4: id, next, Message Control, table and PBA place.
Msix::Capability Msix::capability(unsigned bar) const
{
    CHECK(bar < 6);
    Capability bytes{kCapabilityMsix};
    storeLe(&bytes[kControlOffset], static_cast<uint16_t>(vectorCount() - 1));
    storeLe(&bytes[4], uint32_t{bar});
    storeLe(&bytes[8], static_cast<uint32_t>(m_barSize / 2) | bar);
    return bytes;
}

Msix::Capability Msix::writable()
{
    Capability bytes{};
    storeLe(&bytes[kControlOffset], static_cast<uint16_t>(kMsixEnable | kMsixMaskAll));
    return bytes;
}

void Msix::setControl(uint16_t control)
{
    MutexLock lock(m_mutex);
    m_control = control & (kMsixEnable | kMsixMaskAll);
    sendAllPendingLocked();
}

bool Msix::enabled() const
{
    MutexLock lock(m_mutex);
    return (m_control & kMsixEnable) != 0;
}

bool Msix::maskedLocked(unsigned vector) const
{
    return (m_control & kMsixEnable) == 0 || (m_control & kMsixMaskAll) != 0 ||
           (m_table[vector * kDwordsPerEntry + kVectorControl] & kVectorMask) != 0;
}

bool Msix::send(unsigned vector)
{
    // The trigger is called under the lock: after a driver has masked a vector, it does not fire.
    MutexLock lock(m_mutex);
    if ((m_control & kMsixEnable) == 0 || vector >= m_vectors.size())
        return false;
    m_pending[vector / 64] |= uint64_t{1} << (vector % 64);
    sendPendingLocked(vector);
    return true;
}

void Msix::sendPendingLocked(unsigned vector)
{
    const uint64_t mask = uint64_t{1} << (vector % 64);
    uint64_t& word = m_pending[vector / 64];
    if ((word & mask) == 0 || maskedLocked(vector))
        return;
    word &= ~mask;
    m_vectors[vector]->trigger();
}

void Msix::sendAllPendingLocked()
{
    for (unsigned vector = 0; vector < m_vectors.size(); ++vector)
        sendPendingLocked(vector);
}

uint64_t Msix::readMmio(uint64_t offset, unsigned size)
{
    MutexLock lock(m_mutex);
    return bus::readWindow32(
        offset, size, [this](uint64_t at) VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
            return readRegisterLocked(at);
        });
}

void Msix::writeMmio(uint64_t offset, uint64_t value, unsigned size)
{
    MutexLock lock(m_mutex);
    bus::writeWindow32(
        offset, value, size,
        [this](uint64_t at)
            VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) { return readRegisterLocked(at); },
        [this](uint64_t at, uint32_t fresh) VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
            writeRegisterLocked(at, fresh);
        });
}

/// What lies between the table's end and the pending bits, and behind them, reads as zero.
uint32_t Msix::readRegisterLocked(uint64_t offset) const
{
    if (offset / 4 < m_table.size())
        return m_table[offset / 4];
    if (offset < m_barSize / 2)
        return 0;
    const uint64_t byte = offset - m_barSize / 2;
    if (byte / 8 >= m_pending.size())
        return 0;
    return static_cast<uint32_t>(m_pending[byte / 8] >> (byte % 8 * 8));
}

void Msix::writeRegisterLocked(uint64_t offset, uint32_t value)
{
    const uint64_t index = offset / 4;
    if (index >= m_table.size())
        return; // pending bits are read-only (section 6.8.2.10)
    const auto vector = static_cast<unsigned>(index / kDwordsPerEntry);
    switch (index % kDwordsPerEntry) {
    case kAddress:
        value &= ~uint32_t{3}; // DWORD aligned (section 6.8.2.7)
        break;
    case kVectorControl:
        value &= kVectorMask;
        break;
    default:
        break;
    }
    m_table[index] = value;
    updateMessageLocked(vector);
    sendPendingLocked(vector);
}

void Msix::updateMessageLocked(unsigned vector)
{
    const uint32_t* entry = &m_table[size_t{vector} * kDwordsPerEntry];
    // OPTIMIZATION: a route into the interrupt controller is costly to change; a masked vector,
    // which drivers write in four pieces, gets its route when it is unmasked.
    if ((entry[kVectorControl] & kVectorMask) != 0)
        return;
    m_vectors[vector]->setMessage(
        {entry[kAddress] | uint64_t{entry[kUpperAddress]} << 32, entry[kData]});
}

void Msix::reset()
{
    MutexLock lock(m_mutex);
    m_control = 0;
    m_table.assign(m_vectors.size() * kDwordsPerEntry, 0);
    m_pending.assign((m_vectors.size() + 63) / 64, 0);
    for (size_t vector = 0; vector < m_vectors.size(); ++vector)
        m_table[vector * kDwordsPerEntry + kVectorControl] = kVectorMask;
}

MsixState Msix::save() const
{
    MutexLock lock(m_mutex);
    return {m_table, m_pending};
}

Result<void> Msix::load(const MsixState& state)
{
    MutexLock lock(m_mutex);
    if (state.table.size() != m_table.size() || state.pending.size() != m_pending.size())
        return Error(ErrorCode::Invalid,
                     fmt::format("saved MSI-X state is not of {} vectors", m_vectors.size()));
    m_control = 0; // nothing is sent before setControl()
    m_table = state.table;
    m_pending = state.pending;
    if (m_vectors.size() % 64 != 0)
        m_pending.back() &= (uint64_t{1} << (m_vectors.size() % 64)) - 1;
    for (unsigned vector = 0; vector < m_vectors.size(); ++vector) {
        uint32_t* entry = &m_table[size_t{vector} * kDwordsPerEntry];
        entry[kAddress] &= ~uint32_t{3};
        entry[kVectorControl] &= kVectorMask;
        updateMessageLocked(vector);
    }
    return {};
}

} // namespace vmm::pci
