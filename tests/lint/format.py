#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""C++ is formatted as .clang-format says."""
import shutil
import subprocess
import tree

if shutil.which("clang-format") is None:
    tree.skip("clang-format is not installed: formatting is not checked")
sources = [str(path) for path in tree.files(".h", ".cpp")]
findings = []
for start in range(0, len(sources), 40):
    result = subprocess.run(["clang-format", "--dry-run", "-Werror", *sources[start:start + 40]], cwd=tree.ROOT,
                            capture_output=True, text=True, check=False)
    findings += sorted({line.split(":")[0] + ": run clang-format -i on it" for line in result.stderr.splitlines()
                        if "-Wclang-format-violations" in line})
tree.finish(findings, "clang-format")
