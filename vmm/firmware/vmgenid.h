// SPDX-License-Identifier: GPL-3.0-or-later
// The generation ID: a number in guest memory that changes when a machine goes on from a saved
// state, so that the guest does not use the same random numbers twice. Microsoft, "Virtual Machine
// Generation ID", 2012; QEMU docs/specs/vmgenid (7.2).
//
//   "etc/vmgenid_guid" ─► firmware places it, tells where in "etc/vmgenid_addr" ─┐
//   restored: the new number goes there ◄────────────────────────────────────────┘ ─► general event
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string_view>

#include "vmm/base/result.h"
#include "vmm/firmware/byte_writer.h"
#include "vmm/firmware/fw_cfg.h"
#include "vmm/memory/guest_memory.h"

namespace vmm::firmware {

using GenerationId = std::array<uint8_t, 16>;

inline constexpr std::string_view kGenerationIdFile = "etc/vmgenid_guid";
inline constexpr std::string_view kGenerationIdAddressFile = "etc/vmgenid_addr";
/// The number is not at the page's beginning: UEFI firmware looks there for an ACPI table.
inline constexpr uint32_t kGenerationIdOffset = 40;
inline constexpr size_t kGenerationIdFileSize = 4096; ///< a page of its own, as the paper demands
/// Bit of GPE0 whose method tells the driver.
inline constexpr unsigned kGenerationIdEvent = 5;

/// A fresh random number: a GUID of version 4 in Microsoft's byte order.
GenerationId makeGenerationId();
/// The page with `id` in it.
Bytes generationIdFile(const GenerationId& id);
/// An SSDT with the device \_SB.VGEN and the event's method; the checksum is still zero. The loader
/// adds the page's address to the 32-bit number at `addressAt`.
struct GenerationIdTable {
    Bytes table;
    uint32_t addressAt = 0;
};
GenerationIdTable generationIdTable();

/// The number of one machine. Without state of its own: where the number lies stands in fw_cfg.
/// Owner: Machine. Any thread, no vCPU running.
class VmGenId {
public:
    /// `notify` raises the event. `memory` and `fwCfg` outlive it.
    VmGenId(memory::GuestMemory& memory, FwCfg& fwCfg, std::function<void()> notify);

    /// This machine's; a restored one has its own from the beginning.
    const GenerationId& id() const { return m_id; }
    /// Where firmware placed it; nothing when it did not.
    std::optional<memory::GuestPhys> address() const;
    /// Started without firmware: placeTables() has placed it.
    void placedAt(memory::GuestPhys address);
    /// After a saved machine was loaded, all of it: the guest finds the new number and is told.
    void restored();

private:
    memory::GuestMemory& m_memory;
    FwCfg& m_fwCfg;
    const std::function<void()> m_notify;
    const GenerationId m_id = makeGenerationId();
};

} // namespace vmm::firmware
