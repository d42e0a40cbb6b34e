// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/library/config_document.h"

#include <algorithm>
#include <fmt/core.h>

#include "app/library/config_edit.h"
#include "app/library/config_fields.h"

namespace app::library {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using namespace vmm::spec;

namespace {

constexpr const char* kSchemaKey = "schema";

bool isOurs(std::string_view name)
{
    const auto fields = machineFields();
    return std::any_of(fields.begin(), fields.end(),
                       [&](const auto& field) { return field.section == name; });
}

bool isList(std::string_view name)
{
    return name == kDiskSection || name == kCdromSection || name == kNicSection ||
           name == kConsoleSection;
}

/// Reads what `section` says into `target`; keys nobody knows are left alone.
template <class T>
Result<void> readSection(const TomlText& text, const TomlSection& section,
                         std::span<const ConfigField<T>> fields, std::string_view name, T& target)
{
    for (const TomlEntry& entry : section.entries)
        for (const ConfigField<T>& field : fields) {
            if (field.section != name || field.key != entry.key)
                continue;
            if (auto read = field.read(entry.value, target); !read)
                return text.wrong(entry.line,
                                  fmt::format("{}: {}", entry.key, read.error().sentence()));
        }
    return {};
}

Result<void> readDevice(const TomlText& text, const TomlSection& section, MachineSpec& hardware)
{
    if (section.name == kNicSection)
        return readSection(text, section, nicFields(), {}, hardware.nics.emplace_back());
    if (section.name == kConsoleSection)
        return readSection(text, section, consoleFields(), {},
                           hardware.consolePorts.emplace_back());
    DriveSpec& drive = hardware.drives.emplace_back();
    if (section.name == kDiskSection) {
        drive.kind = DriveKind::Disk;
        drive.bus = DriveBus::VirtioBlk;
    }
    return readSection(text, section, driveFields(), {}, drive);
}

/// Reads one section and checks the machine it makes together with those before it, so that what is
/// wrong has a line.
Result<void> readOne(const TomlText& text, const TomlSection& section, MachineConfig& config)
{
    if (isList(section.name)) {
        if (!section.list)
            return text.wrong(section.line, fmt::format("write it as [[{}]]", section.name));
        TRY(readDevice(text, section, config.hardware));
    } else if (isOurs(section.name)) {
        if (section.list)
            return text.wrong(section.line, fmt::format("write it as [{}]", section.name));
        TRY(readSection(text, section, machineFields(), section.name, config));
    } else {
        return {};
    }
    if (auto good = checkConfig(config); !good)
        return text.wrong(section.line, good.error().sentence());
    return {};
}

/// PCIe slots come before what is put into them, wherever the file says how many there are.
Result<MachineConfig> startingPoint(const TomlText& text)
{
    MachineConfig config;
    config.hardware.nics.clear();
    const TomlSection* devices = text.find("devices");
    if (devices == nullptr || devices->list)
        return config;
    MachineConfig said;
    TRY(readSection(text, *devices, machineFields(), devices->name, said));
    config.hardware.rootPorts = std::min(said.hardware.rootPorts, MachineSpec::kMaxRootPorts);
    return config;
}

Result<MachineConfig> readConfig(const TomlText& text)
{
    MachineConfig config = TRY(startingPoint(text));
    for (const TomlEntry& entry : text.sections().front().entries)
        if (isOurs(entry.key) || isList(entry.key))
            return text.wrong(entry.line, fmt::format("{}: not a table", entry.key));
    for (const TomlSection& section : text.sections())
        TRY(readOne(text, section, config));
    const TomlSection* machine = text.find("machine");
    if (machine == nullptr || machine->find("name") == nullptr)
        return text.wrong(machine == nullptr ? 1 : machine->line,
                          "the machine has no name; write name = \"...\" below [machine]");
    config.hardware.nameDevices();
    return config;
}

Result<int64_t> schemaOf(const TomlText& text)
{
    const TomlEntry* entry = text.sections().front().find(kSchemaKey);
    if (entry == nullptr)
        return text.wrong(1, fmt::format("write schema = {} here", MachineConfig::kSchema));
    const auto* schema = std::get_if<int64_t>(&entry->value);
    if (schema == nullptr || *schema < 0)
        return text.wrong(entry->line, "schema: not a whole number");
    if (*schema > MachineConfig::kSchema)
        return Error(ErrorCode::Unsupported,
                     fmt::format("{} line {}: a newer version of Vitrine wrote this (schema {})",
                                 text.file(), entry->line, *schema));
    return *schema;
}

Result<void> migrate(TomlText& text, std::span<const ConfigMigration> migrations)
{
    int64_t schema = TRY(schemaOf(text));
    const auto unknown = text.wrong(
        text.sections().front().find(kSchemaKey)->line,
        fmt::format("schema {} is not known; write schema = {}", schema, MachineConfig::kSchema));
    for (const ConfigMigration& migration : migrations) {
        if (migration.from != schema)
            continue;
        TRY(migration.apply(text));
        ++schema;
        TRY(text.set(0, kSchemaKey, schema));
    }
    if (schema != MachineConfig::kSchema)
        return unknown;
    return {};
}

} // namespace

std::span<const ConfigMigration> configMigrations()
{
    return {};
}

Result<void> checkConfig(const MachineConfig& config)
{
    constexpr size_t kMaxNotes = size_t{64} << 10;
    if (config.notes.size() > kMaxNotes)
        return Error(ErrorCode::Invalid, "the notes are longer than 64 KiB");
    for (const NicSpec& nic : config.hardware.nics) {
        if (nic.kind == NicKind::Tap && nic.tapInterface.empty())
            return Error(ErrorCode::Invalid, "a network card on a tap needs its interface");
    }
    return config.hardware.check();
}

Result<ConfigDocument> ConfigDocument::parse(std::string text, std::string file,
                                             std::span<const ConfigMigration> migrations)
{
    ConfigDocument document(TRY(TomlText::parse(std::move(text), std::move(file))));
    TRY(migrate(document.m_text, migrations));
    document.m_config = TRY(readConfig(document.m_text));
    return document;
}

Result<ConfigDocument> ConfigDocument::make(const MachineConfig& config, std::string file)
{
    const std::string start =
        fmt::format("# A machine of Vitrine. You may change this file while the machine is off;\n"
                    "# comments and keys that Vitrine does not know stay as they are.\n"
                    "{} = {}\n",
                    kSchemaKey, MachineConfig::kSchema);
    ConfigDocument document(TRY(TomlText::parse(start, std::move(file))));
    document.m_config.hardware.nics.clear();
    TRY(document.change(config));
    return document;
}

Result<void> ConfigDocument::change(const MachineConfig& wanted)
{
    MachineConfig config = wanted;
    config.hardware.nameDevices();
    TRY(checkConfig(config));
    TomlText text = m_text;
    TRY(editConfig(text, m_config, config));
    // What was written is what counts: it must read back as what was asked for.
    MachineConfig back = TRY(readConfig(text));
    if (!sameConfig(back, config))
        return Error(ErrorCode::Invalid,
                     fmt::format("{}: cannot be made to say what was asked for", text.file()));
    m_text = std::move(text);
    m_config = std::move(back);
    return {};
}

} // namespace app::library
