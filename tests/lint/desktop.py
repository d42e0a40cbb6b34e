#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Desktop files, AppStream metadata and D-Bus interfaces are valid."""
import shutil
import subprocess
import xml.etree.ElementTree
import tree


def run(command, path):
    if shutil.which(command[0]) is None:
        print(f"skipped: {command[0]} is not installed, {path} is not checked")
        return []
    result = subprocess.run([*command, str(path)], cwd=tree.ROOT, capture_output=True, text=True, check=False)
    output = (result.stdout + result.stderr).strip()
    return [f"{path}: {output or command[0] + ' failed'}"] if result.returncode else []


findings = []
for desktop in tree.files(".desktop"):
    findings += run(["desktop-file-validate"], desktop)
for metainfo in tree.files(".metainfo.xml"):
    findings += run(["appstreamcli", "validate", "--no-net"], metainfo)
for document in tree.files(".xml", ".svg"):
    try:
        xml.etree.ElementTree.parse(tree.ROOT / document)
    except xml.etree.ElementTree.ParseError as error:
        findings.append(f"{document}: {error}")
tree.finish(findings, "desktop files")
