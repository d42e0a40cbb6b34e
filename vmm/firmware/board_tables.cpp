// SPDX-License-Identifier: GPL-3.0-or-later
// Carries out the commands of "etc/table-loader" and completes the SMBIOS entry point.
#include "vmm/firmware/board_tables.h"

#include <algorithm>
#include <map>
#include <string>

#include "vmm/base/bits.h"
#include "vmm/firmware/acpi_tables.h"
#include "vmm/firmware/loader_script.h"
#include "vmm/firmware/smbios.h"
#include "vmm/firmware/vmgenid.h"

namespace vmm::firmware {

namespace {

using memory::GuestPhys;

constexpr uint64_t kSegmentBase = 0xf'0000;
constexpr uint64_t kSegmentEnd = 0x10'0000;
constexpr uint64_t kSmbiosAnchor = kSegmentBase + 0x100;
constexpr uint64_t kSmbiosTables = kSegmentBase + 0x200;

/// A file with the address it goes to.
struct PlacedFile {
    Bytes bytes;
    uint64_t address = 0;
};
using PlacedFiles = std::map<std::string, PlacedFile, std::less<>>;

/// One command of the script, which is our own and therefore right.
class CommandReader {
public:
    explicit CommandReader(std::span<const std::byte> command) : m_command(command) {}
    uint32_t number(size_t at) const { return loadLe<uint32_t>(&m_command[at]); }
    uint8_t byte(size_t at) const { return std::to_integer<uint8_t>(m_command[at]); }
    std::string name(size_t at) const
    {
        const auto text = m_command.subspan(at, LoaderScript::kFileNameSize);
        const auto end = std::find(text.begin(), text.end(), std::byte{0});
        return {reinterpret_cast<const char*>(text.data()),
                static_cast<size_t>(end - text.begin())};
    }

private:
    std::span<const std::byte> m_command;
};

PlacedFile& fileNamed(PlacedFiles& files, const std::string& name)
{
    const auto file = files.find(name);
    CHECK(file != files.end());
    return file->second;
}

void addPointer(PlacedFiles& files, const CommandReader& command)
{
    constexpr size_t kFile = 4;
    constexpr size_t kTarget = kFile + LoaderScript::kFileNameSize;
    constexpr size_t kOffset = kTarget + LoaderScript::kFileNameSize;
    PlacedFile& file = fileNamed(files, command.name(kFile));
    const uint64_t target = fileNamed(files, command.name(kTarget)).address;
    const size_t at = command.number(kOffset);
    const size_t width = command.byte(kOffset + 4);
    CHECK((width == 4 || width == 8) && at + width <= file.bytes.size());
    std::byte* place = &file.bytes[at];
    if (width == 4)
        storeLe(place, static_cast<uint32_t>(loadLe<uint32_t>(place) + target));
    else
        storeLe(place, loadLe<uint64_t>(place) + target);
}

void addChecksum(PlacedFiles& files, const CommandReader& command)
{
    constexpr size_t kFile = 4;
    constexpr size_t kOffset = kFile + LoaderScript::kFileNameSize;
    PlacedFile& file = fileNamed(files, command.name(kFile));
    const size_t at = command.number(kOffset);
    const size_t start = command.number(kOffset + 4);
    const size_t length = command.number(kOffset + 8);
    CHECK(at < file.bytes.size() && start + length <= file.bytes.size());
    const auto covered = std::span(file.bytes).subspan(start, length);
    file.bytes[at] = static_cast<std::byte>(zeroSumChecksum(covered));
}

void runScript(const Bytes& script, PlacedFiles& files)
{
    enum class Command : uint32_t { AddPointer = 2, AddChecksum = 3 };
    for (size_t at = 0; at + LoaderScript::kCommandSize <= script.size();
         at += LoaderScript::kCommandSize) {
        const std::span<const std::byte> all(script);
        const CommandReader command(all.subspan(at, LoaderScript::kCommandSize));
        switch (static_cast<Command>(command.number(0))) {
        case Command::AddPointer:
            addPointer(files, command);
            break;
        case Command::AddChecksum:
            addChecksum(files, command);
            break;
        default: // places are given by us; zeros fill the script up
            break;
        }
    }
}

/// The last page of the RAM below 4 GiB, behind the tables.
uint64_t generationIdPage(const BoardFacts& facts)
{
    return facts.ram.lowSize - kGenerationIdFileSize;
}

Result<void> placeAcpi(memory::GuestMemory& memory, const BoardFacts& facts, uint64_t tablesAt)
{
    AcpiFiles acpi = acpiFiles(facts);
    PlacedFiles files;
    files.emplace(kAcpiTablesFile, PlacedFile{std::move(acpi.tables), tablesAt});
    files.emplace(kAcpiRsdpFile, PlacedFile{std::move(acpi.rsdp), kSegmentBase});
    if (facts.generationId)
        files.emplace(kGenerationIdFile,
                      PlacedFile{generationIdFile(*facts.generationId), generationIdPage(facts)});
    runScript(acpi.loader, files);
    for (const auto& [name, file] : files)
        TRY(memory.copyIn(GuestPhys(file.address), file.bytes));
    return {};
}

Result<void> placeSmbios(memory::GuestMemory& memory, const BoardFacts& facts)
{
    constexpr size_t kChecksum = 4;
    constexpr size_t kIntermediate = 16;
    constexpr size_t kIntermediateChecksum = 21;
    constexpr size_t kTableAddress = 24;
    SmbiosFiles files = smbiosFiles(facts);
    if (files.tables.size() > kSegmentEnd - kSmbiosTables)
        return Error(ErrorCode::Exhausted, "the SMBIOS tables of this machine are too long");
    storeLe(&files.anchor[kTableAddress], static_cast<uint32_t>(kSmbiosTables));
    files.anchor[kIntermediateChecksum] = files.anchor[kChecksum] = std::byte{0};
    const auto all = std::span(files.anchor);
    files.anchor[kIntermediateChecksum] =
        static_cast<std::byte>(zeroSumChecksum(all.subspan(kIntermediate)));
    files.anchor[kChecksum] = static_cast<std::byte>(zeroSumChecksum(all));
    TRY(memory.copyIn(GuestPhys(kSmbiosAnchor), files.anchor));
    return memory.copyIn(GuestPhys(kSmbiosTables), files.tables);
}

/// The map with [base, lowSize) reserved, and the segment F0000.
std::vector<E820Entry> mapWithout(const BoardFacts& facts, uint64_t base)
{
    std::vector<E820Entry> map = kernelMemoryMap(facts.ram, facts.chipset.ecam());
    for (E820Entry& entry : map)
        if (entry.type == E820Type::Ram && entry.base + entry.size == facts.ram.lowSize)
            entry.size = base - entry.base;
    map.push_back({base, facts.ram.lowSize - base, E820Type::Reserved});
    map.push_back({kSegmentBase, kSegmentEnd - kSegmentBase, E820Type::Reserved});
    std::sort(map.begin(), map.end(),
              [](const E820Entry& a, const E820Entry& b) { return a.base < b.base; });
    return map;
}

} // namespace

Result<PlacedTables> placeTables(memory::GuestMemory& memory, const BoardFacts& facts)
{
    constexpr uint64_t kTablesSize = uint64_t{64} << 10;
    constexpr uint64_t kLeastRam = uint64_t{2} << 20;
    if (facts.ram.lowSize < kLeastRam)
        return Error(ErrorCode::Exhausted, "the machine has too little memory for its tables");
    const uint64_t tables = facts.ram.lowSize - kTablesSize;
    TRY(placeAcpi(memory, facts, tables));
    TRY(placeSmbios(memory, facts));
    PlacedTables placed{GuestPhys(kSegmentBase), mapWithout(facts, tables), {}};
    if (facts.generationId)
        placed.generationId = GuestPhys(generationIdPage(facts) + kGenerationIdOffset);
    return placed;
}

} // namespace vmm::firmware
