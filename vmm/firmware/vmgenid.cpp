// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/firmware/vmgenid.h"

#include <algorithm>
#include <string>
#include <sys/random.h>

#include "vmm/base/check.h"
#include "vmm/firmware/acpi_table.h"
#include "vmm/firmware/aml.h"

namespace vmm::firmware {

GenerationId makeGenerationId()
{
    GenerationId id{};
    // Up to 256 bytes come whole.
    CHECK(::getrandom(id.data(), id.size(), 0) == static_cast<ssize_t>(id.size()));
    // RFC 4122 section 4.4; the first three fields are little-endian. The version also keeps UEFI
    // firmware, which takes these bytes for the length of a table, from believing in one.
    id[7] = static_cast<uint8_t>((id[7] & 0x0f) | 0x40);
    id[8] = static_cast<uint8_t>((id[8] & 0x3f) | 0x80);
    return id;
}

Bytes generationIdFile(const GenerationId& id)
{
    Bytes page(kGenerationIdFileSize);
    const auto bytes = std::as_bytes(std::span(id));
    std::copy(bytes.begin(), bytes.end(), page.begin() + kGenerationIdOffset);
    return page;
}

GenerationIdTable generationIdTable()
{
    // The low half is below 4 GiB: that is where firmware places what 32-bit numbers point to.
    const Bytes low = aml::dword(kGenerationIdOffset);
    AcpiTable table("SSDT", 2);
    table.bytes(aml::scope(
        "\\_SB_", aml::device("VGEN", aml::join({
                                          aml::name("_HID", aml::text("VITR0001")),
                                          aml::name("_CID", aml::text("VM_Gen_Counter")),
                                          aml::name("_DDN", aml::text("VM_Gen_Counter")),
                                          aml::name("ADDR", aml::package({low, aml::integer(0)})),
                                      }))));
    table.bytes(
        aml::scope("\\_GPE", aml::method("_E05", aml::notify("\\_SB_.VGEN", aml::integer(0x80)))));
    static_assert(kGenerationIdEvent == 5);
    GenerationIdTable result{table.finish(), 0};
    const auto found =
        std::search(result.table.begin(), result.table.end(), low.begin(), low.end());
    CHECK(found != result.table.end());
    result.addressAt = static_cast<uint32_t>(found - result.table.begin()) + 1; // behind the prefix
    return result;
}

VmGenId::VmGenId(memory::GuestMemory& memory, FwCfg& fwCfg, std::function<void()> notify)
    : m_memory(memory), m_fwCfg(fwCfg), m_notify(std::move(notify))
{}

std::optional<memory::GuestPhys> VmGenId::address() const
{
    const Bytes file = m_fwCfg.writableFile(std::string(kGenerationIdAddressFile));
    const uint64_t address = file.size() == sizeof(uint64_t) ? loadLe<uint64_t>(file.data()) : 0;
    return address != 0 ? std::optional(memory::GuestPhys(address)) : std::nullopt;
}

void VmGenId::placedAt(memory::GuestPhys address)
{
    m_fwCfg.setWritableFile(std::string(kGenerationIdAddressFile),
                            ByteWriter().u64(address.value()).take());
}

void VmGenId::restored()
{
    const auto place = address();
    // The guest may have written any address: where no RAM is there is nobody to tell.
    if (place && m_memory.copyIn(*place, std::as_bytes(std::span(m_id))))
        m_notify();
}

} // namespace vmm::firmware
