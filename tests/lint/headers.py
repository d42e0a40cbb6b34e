#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each source names its licence and says what it is; nothing in the tree names a person's home folder."""
import re
import tree

SOURCE = (".h", ".cpp", ".S", ".ld", ".qml", ".py", ".sh", ".cmake", ".asl", "CMakeLists.txt", ".h.in", ".svg", ".xml", ".desktop")
SPDX = "SPDX-License-Identifier: GPL-3.0-or-later"
HOME = re.compile(r"/(?:home|Users)/[a-z][\w.-]*/|/root/")


def is_script(path):
    return (tree.ROOT / path).read_bytes()[:2] == b"#!"


def check(path):
    source = path.name.endswith(SOURCE)
    if not source and path.suffix and not is_script(path):
        return
    lines = tree.text(path).splitlines()
    if (source or is_script(path)) and not any(SPDX in line or "SPDX-License-Identifier: CC0-1.0" in line for line in lines[:5]):
        yield f"{path}: no line `{SPDX}` at its start"
    described_by_header = path.suffix == ".cpp" and (tree.ROOT / path).with_suffix(".h").is_file()
    if path.suffix in (".h", ".cpp") and not described_by_header and not (len(lines) > 1 and lines[1].startswith("// ")):
        yield f"{path}: its second line does not say what it is"
    if path != tree.pathlib.Path("tests/lint/headers.py"):
        for number, line in enumerate(lines, 1):
            if HOME.search(line):
                yield f"{path}:{number}: a path of somebody's home folder"


assert HOME.search('"/home/anna/disk.img"') and not HOME.search("/usr/share/seabios/")
ignored = ("tests/data/", "tests/fuzz/corpus/")
checked = [path for path in tree.files() if not str(path).startswith(ignored) and path.name != "COPYING"]
tree.finish([finding for path in checked for finding in check(path)], "licence lines")
