// SPDX-License-Identifier: GPL-3.0-or-later
// ConfigDocument: machine.toml as text and as a MachineConfig, kept together.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "app/library/machine_config.h"
#include "app/library/toml_text.h"
#include "vmm/base/result.h"

namespace app::library {

/// Makes a file of schema `from` one of `from` + 1.
struct ConfigMigration {
    int64_t from;
    vmm::Result<void> (*apply)(TomlText& text);
};

/// The migrations there are, oldest first. Schema 1 is the first there was.
std::span<const ConfigMigration> configMigrations();

/// A machine.toml. Comments, the order of keys and keys that are not ours outlive every change.
/// Plain value; any thread.
class ConfigDocument {
public:
    /// Reads and checks. `file` begins each error: "NAME.vitrine/machine.toml line 12: memory: not
    /// a size". Unsupported when a newer Vitrine wrote it. An older schema is brought up to date in
    /// memory. `config().id` may be empty: somebody wrote the file by hand.
    static vmm::Result<ConfigDocument>
    parse(std::string text, std::string file,
          std::span<const ConfigMigration> migrations = configMigrations());
    /// A new text that says `config`, laid out for people.
    static vmm::Result<ConfigDocument> make(const MachineConfig& config, std::string file);

    const MachineConfig& config() const { return m_config; }
    const std::string& text() const { return m_text.text(); }

    /// Makes the text say `config`; touches only what differs. Nothing changes on error: `config`
    /// fails its check, or the text is written in a way that cannot be changed.
    vmm::Result<void> change(const MachineConfig& config);

private:
    explicit ConfigDocument(TomlText text) : m_text(std::move(text)) {}

    TomlText m_text;
    MachineConfig m_config;
};

/// One sentence when `config` says something that cannot be kept or run.
vmm::Result<void> checkConfig(const MachineConfig& config);

} // namespace app::library
