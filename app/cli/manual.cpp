// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/manual.h"

#include <fmt/core.h>

#include "app/cli/command_tables.h"
#include "app/cli/library_words.h"
#include "app/cli/version.h"

namespace app::cli {

namespace {

/// The day of kVersion, as in packaging/linux/org.vitrine.Vitrine.metainfo.xml.
constexpr const char* kReleased = "2026-11-22";

/// Words as troff prints them: no escapes, no requests, plain hyphens (groff_man_style(7)).
std::string plain(std::string_view words)
{
    std::string text;
    for (const char c : words) {
        const bool lineStart = text.empty() || text.back() == '\n';
        if (lineStart && (c == '.' || c == '\''))
            text += "\\&";
        if (c == '\\')
            text += "\\e";
        else if (c == '-')
            text += "\\-";
        else
            text += c;
    }
    return text;
}

std::string paragraph(std::string_view left, std::string_view right)
{
    return fmt::format(".TP\n.B {}\n{}\n", plain(left), plain(right));
}

std::string optionWords(std::string_view name, std::string_view value)
{
    return value.empty() ? fmt::format("--{}", name) : fmt::format("--{} {}", name, value);
}

std::string verbWords(std::string_view name, std::string_view arguments)
{
    return arguments.empty() ? std::string(name) : fmt::format("{} {}", name, arguments);
}

std::string commandSection(const CommandRow& command)
{
    std::string text = fmt::format(".SS {}\n{}\n", plain(command.usage), plain(command.help));
    if (command.kind == CommandKind::Run)
        for (const OptionRow& option : runOptions())
            text += paragraph(optionWords(option.name, option.value), option.help);
    if (command.kind == CommandKind::Ctl) {
        for (const VerbRow& verb : ctlVerbs())
            text += paragraph(verbWords(verb.name, verb.arguments), verb.help);
        for (const session::HardwareWord& word : session::hardwareWords())
            text += paragraph(verbWords(word.verb, word.arguments), word.help);
    }
    return text;
}

std::string wordSection(const LibraryWord& word)
{
    std::string text =
        fmt::format(".SS vitrine {}{}\n{}\n", plain(verbWords(word.name, word.arguments)),
                    word.options.empty() ? "" : " [OPTION]...", plain(word.help));
    for (const LibraryOption& option : word.options)
        text += paragraph(optionWords(option.name, option.value), option.help);
    return text;
}

std::string section(std::string_view title, std::span<const HelpRow> rows)
{
    std::string text = fmt::format(".SH {}\n", title);
    for (const HelpRow& row : rows)
        text += paragraph(row.left, row.right);
    return text;
}

} // namespace

std::string manualPage()
{
    std::string text =
        fmt::format(".TH VITRINE 1 {} \"Vitrine {}\" \"User Commands\"\n", kReleased, kVersion);
    text +=
        ".SH NAME\nvitrine \\- virtual machines on the desktop\n"
        ".SH SYNOPSIS\n.B vitrine\n[FILE|ADDRESS]...\n.br\n.B vitrine\nCOMMAND [OPTION]...\n"
        ".SH DESCRIPTION\n"
        "Without a command, vitrine shows the library of machines, and opens what it is given: "
        "a disc image,\na disk image of any usual format, an appliance, an exported machine, or "
        "the address of one.\n";
    text += section("OPTIONS", programOptions());
    for (const HelpRow& row : commonOptions())
        text += paragraph(row.left, row.right);
    text += ".SH COMMANDS\n";
    for (const LibraryWord& word : libraryWords())
        text += wordSection(word);
    for (const CommandRow& command : commands())
        text += commandSection(command);
    text += fmt::format(".SH EXIT STATUS\n{}\n", plain(statusHelp()));
    text += ".SH FILES\n" +
            paragraph("$XDG_DATA_HOME/vitrine/machines/NAME.vitrine",
                      "a machine: machine.toml, its disks, and what its runs left behind") +
            paragraph("$XDG_CONFIG_HOME/vitrine/library.toml", "more folders with machines") +
            paragraph("$XDG_CACHE_HOME/vitrine/downloads", "media from the network");
    return text;
}

} // namespace app::cli
