// SPDX-License-Identifier: GPL-3.0-or-later
// machine.toml: any text is read or refused; a change that is made reads back, and what Vitrine
// does not know stays. The first byte chooses the change.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "app/library/config_document.h"
#include "app/library/toml_text.h"
#include "vmm/base/check.h"

using namespace app::library;
using namespace vmm::spec;

namespace {

constexpr const char* kFile = "f.vitrine/machine.toml";

void makeChange(MachineConfig& config, uint8_t how)
{
    MachineSpec& machine = config.hardware;
    if ((how & 1) != 0)
        machine.name = "\"Neu\" \\ ü";
    if ((how & 2) != 0)
        machine.cpus = machine.cpus == 5 ? 6 : 5;
    if ((how & 4) != 0 && !machine.drives.empty())
        machine.drives.erase(machine.drives.begin());
    if ((how & 8) != 0)
        machine.drives.insert(machine.drives.begin(),
                              {DriveKind::Disk, "disk9.raw", DriveBus::VirtioBlk});
    if ((how & 16) != 0)
        std::reverse(machine.drives.begin(), machine.drives.end());
    if ((how & 32) != 0)
        config.notes = "two\nlines \"\"\" and a \\";
    if ((how & 64) != 0)
        config.groups = {"a", "b\"c"};
    if ((how & 128) != 0)
        machine.nics.clear();
}

/// Everything in sections that are not ours.
std::multiset<std::string> unknown(const std::string& text)
{
    const std::set<std::string> ours = {"",        "machine", "resources", "boot",
                                        "disk",    "cdrom",   "network",   "console",
                                        "devices", "install", "window"};
    std::multiset<std::string> found;
    const auto parsed = TomlText::parse(text, kFile);
    CHECK(parsed.has_value());
    for (const TomlSection& section : parsed->sections())
        for (const TomlEntry& entry : section.entries)
            if (!ours.contains(section.name))
                found.insert(section.name + "\n" + entry.key + "\n" +
                             parsed->text().substr(entry.begin, entry.end - entry.begin));
    return found;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size < 1)
        return 0;
    const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
    auto document = ConfigDocument::parse(text, kFile);
    if (!document) {
        CHECK(!document.error().sentence().empty());
        return 0;
    }
    const std::string before = document->text();
    MachineConfig config = document->config();
    CHECK(document->change(config).has_value()); // no change at all
    CHECK(document->text() == before);
    makeChange(config, data[0]);
    if (!document->change(config)) {
        CHECK(document->text() == before);
        return 0;
    }
    CHECK(unknown(before) == unknown(document->text()));
    const auto again = ConfigDocument::parse(document->text(), kFile);
    CHECK(again.has_value());
    CHECK(again->config().name() == config.name());
    CHECK(again->config().hardware.drives.size() == config.hardware.drives.size());
    return 0;
}
