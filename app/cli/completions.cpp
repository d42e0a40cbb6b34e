// SPDX-License-Identifier: GPL-3.0-or-later
// Completion scripts for shells. They ask `vitrine list` for names of machines.
#include <fmt/core.h>

#include "app/cli/command_tables.h"
#include "app/cli/library_words.h"
#include "app/cli/manual.h"

namespace app::cli {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

/// One thing that can follow `vitrine`.
struct Completion {
    std::string name;
    std::string_view help;
    std::vector<std::string> options;
    std::vector<std::string> verbs; ///< behind a machine's name
    bool machine = false;           ///< its first argument is one
};

std::vector<Completion> completions()
{
    std::vector<Completion> all;
    for (const LibraryWord& word : libraryWords()) {
        Completion one{
            std::string(word.name), word.help, {}, {}, word.arguments.starts_with("NAME")};
        for (const LibraryOption& option : word.options)
            one.options.push_back(fmt::format("--{}", option.name));
        all.push_back(std::move(one));
    }
    for (const CommandRow& command : commands()) {
        Completion one{
            std::string(command.name), command.help, {}, {}, command.kind == CommandKind::Ctl};
        if (command.kind == CommandKind::Run)
            for (const OptionRow& option : runOptions())
                one.options.push_back(fmt::format("--{}", option.name));
        if (command.kind == CommandKind::Ctl) {
            for (const VerbRow& verb : ctlVerbs())
                one.verbs.emplace_back(verb.name);
            for (const session::HardwareWord& word : session::hardwareWords())
                one.verbs.emplace_back(word.verb);
        }
        all.push_back(std::move(one));
    }
    for (Completion& one : all)
        one.options.insert(one.options.end(), {"--json", "--help"});
    return all;
}

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

/// Words of ours have no quotes but the apostrophe.
std::string shellQuoted(std::string_view text)
{
    std::string safe = "'";
    for (const char c : text)
        safe += c == '\'' ? std::string("'\\''") : c == '\n' ? std::string(" ") : std::string(1, c);
    return safe + "'";
}

/// Names may have spaces: each is a line, and is quoted where it is put.
std::string forBash()
{
    std::string names;
    std::string cases;
    for (const Completion& one : completions()) {
        names += (names.empty() ? "" : " ") + one.name;
        cases += fmt::format("    {}) options='{}'; verbs='{}'; machine={} ;;\n", one.name,
                             joined(one.options), joined(one.verbs), one.machine ? 1 : 0);
    }
    return fmt::format(R"sh(# bash completion for vitrine
_vitrine()
{{
    local current=${{COMP_WORDS[COMP_CWORD]}} options= verbs= machine=0 IFS=$' \t\n'
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W '{} --machine --action --demo --version --help' -f -- "$current")
        return
    fi
    case ${{COMP_WORDS[1]}} in
{}    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    elif [ "$machine" = 1 ] && [ "$COMP_CWORD" -eq 2 ]; then
        local name
        while IFS= read -r name; do
            [[ $name == "$current"* ]] && COMPREPLY+=("$(printf %q "$name")")
        done < <(vitrine list --names 2>/dev/null)
    elif [ -n "$verbs" ] && [ "$COMP_CWORD" -eq 3 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    fi
}}
complete -o filenames -F _vitrine vitrine
)sh",
                       names, cases);
}

std::string forZsh()
{
    std::string commandsText;
    std::string cases;
    for (const Completion& one : completions()) {
        commandsText +=
            fmt::format("        {}\n", shellQuoted(fmt::format("{}:{}", one.name, one.help)));
        cases += fmt::format("    ({}) options=({}); verbs=({}); machine={} ;;\n", one.name,
                             joined(one.options), joined(one.verbs), one.machine ? 1 : 0);
    }
    return fmt::format(R"sh(#compdef vitrine
# zsh completion for vitrine
_vitrine()
{{
    local -a commands options verbs names
    local machine=0
    commands=(
{})
    if (( CURRENT == 2 )); then
        _describe command commands
        _files
        return
    fi
    case $words[2] in
{}    esac
    if [[ $words[CURRENT] == -* ]]; then
        compadd -- $options
    elif (( machine && CURRENT == 3 )); then
        names=("${{(@f)$(vitrine list --names 2>/dev/null)}}")
        compadd -- $names
    elif (( $#verbs && CURRENT == 4 )); then
        compadd -- $verbs
    else
        _files
    fi
}}
_vitrine "$@"
)sh",
                       commandsText, cases);
}

std::string forFish()
{
    std::string text = "# fish completion for vitrine\n";
    for (const Completion& one : completions()) {
        text += fmt::format("complete -c vitrine -n __fish_use_subcommand -a {} -d {}\n", one.name,
                            shellQuoted(one.help));
        const auto seen = fmt::format("'__fish_seen_subcommand_from {}'", one.name);
        for (const std::string& option : one.options)
            text += fmt::format("complete -c vitrine -n {} -l {}\n", seen, option.substr(2));
        if (one.machine)
            text += fmt::format("complete -c vitrine -f -n {} -a '(vitrine list --names)'\n", seen);
        for (const std::string& verb : one.verbs)
            text += fmt::format("complete -c vitrine -f -n {} -a {}\n", seen, verb);
    }
    return text;
}

} // namespace

Result<std::string> completionFor(std::string_view shell)
{
    if (shell == "bash")
        return forBash();
    if (shell == "zsh")
        return forZsh();
    if (shell == "fish")
        return forFish();
    return Error(ErrorCode::Invalid, "completions are made for bash, zsh and fish");
}

} // namespace app::cli
