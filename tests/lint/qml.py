#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""qmllint finds nothing. Argument: the folder with the built QML modules (their types are generated)."""
import pathlib
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
result = subprocess.run([QMLLINT, "-I", sys.argv[1], *sources], cwd=tree.ROOT, capture_output=True, text=True, check=False)
print(result.stdout + result.stderr, end="")
findings = [line for line in (result.stdout + result.stderr).splitlines() if line.startswith(("Warning", "Error"))]
tree.finish([] if result.returncode == 0 and not findings else findings or ["qmllint failed"], "qmllint")
