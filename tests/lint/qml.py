#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""qmllint finds nothing, and every Text says that it is plain: a machine's name may come from somebody else, and what looks like markup
would be taken for it, pictures from the network included. Argument: the folder with the built QML modules (their types are generated).

Qt 6.4 has no way to say that a delegate belongs to its file (ComponentBehavior came with 6.5), so qmllint calls each use of
an outer id there unqualified: those are let through when the file has that id, a misspelt one is not.
"""
import pathlib
import re
import subprocess
import sys
import tree

QMLLINT = pathlib.Path("/usr/lib/qt6/bin/qmllint")
sources = [str(path) for path in tree.files(".qml") if path.parts[0] == "ui"]
if not QMLLINT.exists():
    tree.skip("qmllint is not installed: QML is not checked")
if not sources:
    tree.skip("there is no QML yet")
if not pathlib.Path(sys.argv[1]).is_dir():
    tree.skip("the QML modules are not built: QML is not checked")
UNQUALIFIED = re.compile(r"^Warning: (.+?):(\d+):(\d+): Unqualified access")


def block(text, start):
    """What stands between the brace that opens before `start` and its like."""
    depth = 1
    for end in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return text[start:end]
    return text[start:]


def not_plain(name):
    text = (tree.ROOT / name).read_text()
    for found in re.finditer(r"\bText\s*{", text):
        if "textFormat: Text.PlainText" not in block(text, found.end()):
            yield f"{name}:{text.count(chr(10), 0, found.start()) + 1}: a Text without `textFormat: Text.PlainText`"


def is_own_id(finding):
    if not (place := UNQUALIFIED.match(finding)):
        return False
    text = (tree.ROOT / place[1]).read_text()
    line = text.splitlines()[int(place[2]) - 1]
    word = re.match(r"\w+", line[int(place[3]) - 1:])
    return word is not None and re.search(rf"^\s*(?:\w+ {{ )?id: {word[0]}\b", text, re.MULTILINE) is not None


# An id inside a contentItem makes it at once instead of later: it is wanted at once.
result = subprocess.run([QMLLINT, "--deferred-property-id", "disable", "-I", sys.argv[1], *sources], cwd=tree.ROOT, capture_output=True, text=True, check=False)
warned = [line for line in (result.stdout + result.stderr).splitlines() if line.startswith(("Warning", "Error"))]
findings = [line for line in warned if not is_own_id(line)]
if findings:
    print(result.stdout + result.stderr, end="")
findings += [finding for source in sources for finding in not_plain(source)]
tree.finish(findings or ([] if result.returncode == 0 or warned else ["qmllint failed"]), "qmllint")
