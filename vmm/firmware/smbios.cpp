// SPDX-License-Identifier: GPL-3.0-or-later
// SMBIOS structures (DSP0134 2.8.0 section 7) and the 32-bit entry point (section 5.2.1).
#include "vmm/firmware/smbios.h"

#include <algorithm>
#include <string>

#include <fmt/core.h>

namespace vmm::firmware {

namespace {

constexpr std::string_view kMaker = "Vitrine";
constexpr std::string_view kProduct = "vitrine-q35";
constexpr uint16_t kMemoryArrayHandle = 0x1000;
constexpr uint16_t kNoErrorInformation = 0xfffe;
constexpr uint16_t kNoCache = 0xffff;
constexpr uint64_t kDimmSize = uint64_t{16} << 30;
constexpr size_t kAnchorSize = 31;
constexpr size_t kIntermediateStart = 16;

/// One structure under construction: formatted bytes, then the strings they number from 1.
class Structure {
public:
    Structure(uint8_t type, uint16_t handle) { m_body.u8(type).u8(0).u16(handle); }
    ByteWriter& body() { return m_body; }
    /// Writes the number of a new string.
    Structure& string(std::string_view text)
    {
        if (text.empty()) {
            m_body.u8(0);
            return *this;
        }
        m_strings.textWithNul(text);
        m_body.u8(++m_count);
        return *this;
    }
    Bytes finish()
    {
        m_body.patch(1, static_cast<uint8_t>(m_body.size()));
        if (m_count == 0)
            m_strings.u8(0);
        m_strings.u8(0);
        return m_body.bytes(m_strings.view()).take();
    }

private:
    ByteWriter m_body;
    ByteWriter m_strings;
    uint8_t m_count = 0;
};

/// The structures with what the entry point tells of them.
class Table {
public:
    void add(Structure structure)
    {
        const Bytes bytes = structure.finish();
        m_largest = std::max(m_largest, bytes.size());
        ++m_count;
        m_bytes.bytes(bytes);
    }
    Bytes anchor() const
    {
        ByteWriter anchor;
        anchor.text("_SM_", 4).u8(0).u8(kAnchorSize).u8(2).u8(8).u16(m_largest).u8(0).zeros(5);
        anchor.text("_DMI_", 5).u8(0).u16(m_bytes.size()).u32(0).u16(m_count).u8(0x28);
        Bytes bytes = anchor.take();
        const auto all = std::span(bytes);
        bytes[21] = static_cast<std::byte>(zeroSumChecksum(all.subspan(kIntermediateStart)));
        bytes[4] = static_cast<std::byte>(zeroSumChecksum(all));
        return bytes;
    }
    Bytes take() { return m_bytes.take(); }

private:
    ByteWriter m_bytes;
    size_t m_largest = 0;
    uint16_t m_count = 0;
};

/// Type 0 (section 7.1).
Structure biosInformation()
{
    constexpr uint64_t kCharacteristicsUnknown = 1 << 3;
    constexpr uint8_t kUpdatable = 1 << 2; // "targeted content distribution", Windows asks for it
    constexpr uint8_t kVirtualMachine = 1 << 4;
    Structure bios(0, 0x0000);
    bios.string(kMaker).string("1");
    bios.body().u16(0xe800);
    bios.string("01/01/2026").body().u8(0).u64(kCharacteristicsUnknown);
    bios.body().u8(0).u8(kUpdatable | kVirtualMachine).u8(0).u8(0).u8(0xff).u8(0xff);
    return bios;
}

/// Type 1 (section 7.2).
Structure systemInformation(const BoardFacts& facts)
{
    constexpr uint8_t kWokenByPowerSwitch = 6;
    Structure system(1, 0x0100);
    system.string(kMaker).string(kProduct).string("1").string(facts.name);
    system.body().bytes(std::as_bytes(std::span(facts.uuid))).u8(kWokenByPowerSwitch);
    system.string("").string("Virtual Machine");
    return system;
}

/// Type 3 (section 7.4).
Structure chassis()
{
    constexpr uint8_t kOther = 1;
    constexpr uint8_t kSafe = 3;
    constexpr uint8_t kSecurityUnknown = 2;
    Structure enclosure(3, 0x0300);
    enclosure.string(kMaker).body().u8(kOther);
    enclosure.string(kProduct).string("").string("");
    enclosure.body().u8(kSafe).u8(kSafe).u8(kSafe).u8(kSecurityUnknown).u32(0).u8(0).u8(0);
    enclosure.body().u8(0).u8(0);
    enclosure.string("");
    return enclosure;
}

/// Type 4 (section 7.5), one a socket.
Structure processor(uint32_t socket, uint32_t cores)
{
    constexpr uint8_t kCentralProcessor = 3;
    constexpr uint8_t kFamilyOther = 1;
    constexpr uint8_t kPopulatedEnabled = 0x41;
    constexpr uint8_t kUpgradeOther = 1;
    constexpr uint16_t k64Bit = 1 << 2;
    const uint8_t count = static_cast<uint8_t>(std::min<uint32_t>(cores, UINT8_MAX));
    Structure cpu(4, static_cast<uint16_t>(0x0400 + socket));
    cpu.string(fmt::format("CPU {}", socket)).body().u8(kCentralProcessor).u8(kFamilyOther);
    cpu.string(kMaker).body().u64(0);
    cpu.string(kProduct).body().u8(0).u16(0).u16(0).u16(0); // voltage and speeds unknown
    cpu.body().u8(kPopulatedEnabled).u8(kUpgradeOther).u16(kNoCache).u16(kNoCache).u16(kNoCache);
    cpu.string("").string("").string("");
    cpu.body().u8(count).u8(count).u8(count).u16(k64Bit).u16(kFamilyOther);
    return cpu;
}

/// Type 16 (section 7.17).
Structure memoryArray(uint64_t ramSize, size_t dimms)
{
    constexpr uint8_t kSystemBoard = 3;
    constexpr uint8_t kSystemMemory = 3;
    constexpr uint8_t kNoCorrection = 3;
    constexpr uint64_t kUseExtended = 0x80000000;
    const uint64_t kib = ramSize >> 10;
    const bool extended = kib >= kUseExtended;
    Structure array(16, kMemoryArrayHandle);
    array.body().u8(kSystemBoard).u8(kSystemMemory).u8(kNoCorrection);
    array.body().u32(extended ? kUseExtended : kib).u16(kNoErrorInformation).u16(dimms);
    array.body().u64(extended ? ramSize : 0);
    return array;
}

/// Type 17 (section 7.18); a module is at most kDimmSize, so its size in MiB fits.
Structure memoryDevice(size_t index, uint64_t size)
{
    constexpr uint16_t kWidthUnknown = 0xffff;
    constexpr uint8_t kDimm = 9;
    constexpr uint8_t kRam = 7;
    constexpr uint16_t kDetailOther = 1 << 1;
    Structure dimm(17, static_cast<uint16_t>(0x1100 + index));
    dimm.body().u16(kMemoryArrayHandle).u16(kNoErrorInformation);
    dimm.body().u16(kWidthUnknown).u16(kWidthUnknown).u16(size >> 20).u8(kDimm).u8(0);
    dimm.string(fmt::format("DIMM {}", index)).string("").body().u8(kRam).u16(kDetailOther).u16(0);
    dimm.string(kMaker).string("").string("").string("");
    dimm.body().u8(0).u32(0).u16(0).u16(0).u16(0).u16(0);
    return dimm;
}

/// Type 19 (section 7.20).
Structure mappedAddress(uint16_t index, uint64_t base, uint64_t size)
{
    Structure mapped(19, static_cast<uint16_t>(0x1300 + index));
    mapped.body().u32(base >> 10).u32((base + size - 1) >> 10).u16(kMemoryArrayHandle).u8(1);
    mapped.body().u64(0).u64(0);
    return mapped;
}

void addMemory(Table& table, const memory::RamLayout& ram)
{
    const uint64_t size = ram.lowSize + ram.highSize;
    const auto dimms = static_cast<size_t>((size + kDimmSize - 1) / kDimmSize);
    table.add(memoryArray(size, dimms));
    for (size_t i = 0; i < dimms; ++i)
        table.add(memoryDevice(i, std::min(kDimmSize, size - i * kDimmSize)));
    table.add(mappedAddress(0, 0, ram.lowSize));
    if (ram.highSize > 0)
        table.add(mappedAddress(1, memory::RamLayout::kHighBase, ram.highSize));
}

} // namespace

SmbiosFiles smbiosFiles(const BoardFacts& facts)
{
    Table table;
    table.add(biosInformation());
    table.add(systemInformation(facts));
    table.add(chassis());
    for (uint32_t socket = 0; socket < facts.sockets; ++socket)
        table.add(processor(socket, facts.cpus / facts.sockets));
    addMemory(table, facts.ram);
    Structure boot(32, 0x2000); // section 7.33: no errors
    boot.body().zeros(7);
    table.add(std::move(boot));
    table.add(Structure(127, 0x7f00));
    Bytes anchor = table.anchor();
    return {std::move(anchor), table.take()};
}

} // namespace vmm::firmware
