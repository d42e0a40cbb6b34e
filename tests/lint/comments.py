#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every class, struct and free function declared in a public header has a comment before it, and every room a README.
Enumerations may go without: their names say it. So may what one comment above a group of declarations covers."""
import re
import tree

ROOMS = ("vmm", "display", "app", "ui")
TYPE = re.compile(r"^(?:template <[^;]*> )?(?:class|struct)\s+(?:\[\[\w+\]\]\s+|[A-Z_]+\(.*\)\s+)?(\w+)(?:\s+final)?\s*(?:$|:(?!:)|\{)")
FUNCTION = re.compile(r"^(?!(?:using|namespace|return|static_assert|friend|extern|typedef|else|if|for)\b)[\w:<>,&*\[\] ]+[ &*](\w+)\([^;{]*(?:\{|;|$)")
SHOWN = 60


def has_comment(lines, index):
    """A comment stands on the line above, or above attributes, templates and neighbours declared as one group."""
    above = index - 1
    while above >= 0 and lines[above].startswith(("template", "[[", "    ", "requires")):
        above -= 1
    if above < 0 or not lines[above].strip():
        return False
    if lines[above].lstrip().startswith(("///", "//", "*/", " */")) or "///<" in lines[index]:
        return True
    # One comment may stand above several declarations without blank lines between them.
    return is_declaration(lines[above]) and has_comment(lines, above)


def is_declaration(line):
    return bool(TYPE.match(line) or FUNCTION.match(line)) or line.startswith("}") or line.startswith("inline")


def check(path):
    lines = tree.text(path).splitlines()
    for index, line in enumerate(lines):
        match = TYPE.match(line) or FUNCTION.match(line)
        if match and not line.startswith(" ") and not line.rstrip().endswith("\\") and not has_comment(lines, index):
            yield f"{path}:{index + 1}: {match.group(1)} has no comment"


def rooms_without_readme():
    rooms = {path.parent for path in tree.files("CMakeLists.txt") if path.parts[0] in ROOMS and len(path.parts) == 3}
    for room in sorted(rooms):
        if not (tree.ROOT / room / "README.md").is_file():
            yield f"{room}: no README.md"


assert TYPE.match("class Machine {") and FUNCTION.match("Result<uint64_t> parseSize(const std::string& text);")
assert not FUNCTION.match("using Completion = std::function<void(Result<void>)>;")
assert not has_comment(["", "class Bare {"], 1) and has_comment(["/// Good.", "class Good {"], 1)
headers = [path for path in tree.files(".h") if path.parts[0] in ROOMS and not path.name.endswith("_p.h")]
findings = list(rooms_without_readme()) + [finding for path in headers for finding in check(path)]
tree.finish(findings[:SHOWN], "comments and READMEs")
