#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small Linux 6.12 that the tests boot: built once out of Debian's source package, with linux-6.12.config, and kept in
${XDG_CACHE_HOME:-~/.cache}/vitrine/tests. Run as a program it builds what is missing. Exit status 77 with a sentence: it cannot here."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import made_once
from made_once import output_of

NAME = "linux-6.12"
SOURCE = pathlib.Path("/usr/src/linux-source-6.12.tar.xz")
FRAGMENT = pathlib.Path(__file__).resolve().with_name("linux-6.12.config")
NEEDED = {"bc": "bc", "bison": "bison", "flex": "flex", "gcc": "gcc", "make": "make", "xz": "xz-utils"}
# Big, and looked into by no build of ours.
NOT_UNPACKED = ("*/drivers/gpu/drm/amd/include/*", "*/tools/testing/*", "*/boot/dts/*")


def folder():
    """Where the kernel of this fragment, source and compiler lies, or will lie."""
    key = hashlib.sha256(FRAGMENT.read_bytes())
    key.update(output_of("dpkg-query", "-W", "-f", "${Version}", "linux-source-6.12").encode())
    key.update(output_of("gcc", "--version").splitlines()[0].encode())
    return made_once.kept(NAME, key)


def missing():
    """A sentence about what a build needs and this machine has not; nothing if it has all."""
    if not SOURCE.exists():
        return f"{SOURCE} is missing (Debian package linux-source-6.12)"
    for tool, package in NEEDED.items():
        if shutil.which(tool) is None:
            return f"{tool} is missing (Debian package {package})"
    if not pathlib.Path("/usr/include/libelf.h").exists():
        return "/usr/include/libelf.h is missing (Debian package libelf-dev)"
    return ""


def image():
    """Path of the kernel, an ELF file, or None where it has not been built."""
    if missing():
        return None
    path = folder() / "vmlinux"
    return path if path.exists() else None


def check_configuration(tree):
    """Kconfig drops silently what it does not know or whose dependencies are off."""
    got = set((tree / ".config").read_text().splitlines())
    for line in FRAGMENT.read_text().splitlines():
        name = line.removeprefix("# ").removesuffix(" is not set").split("=")[0]
        if not name.startswith("CONFIG_"):
            continue
        off = line.startswith("# ") and not any(other.startswith(name + "=") for other in got)
        if line not in got and not off:
            raise RuntimeError(f"{FRAGMENT.name}: Linux does not take the line {line!r}")


def build_in(tree, log):
    """Unpacks, configures and compiles; returns the kernel's path. Takes minutes."""
    def run(*command):
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=True)
    tree.mkdir()
    run("tar", "-C", tree, "-xf", SOURCE, "--strip-components=1", *(f"--exclude={pattern}" for pattern in NOT_UNPACKED))
    make = ("make", "-C", tree, "ARCH=x86_64", "KBUILD_BUILD_USER=vitrine", "KBUILD_BUILD_HOST=vitrine", f"-j{os.cpu_count()}")
    run(*make, f"KCONFIG_ALLCONFIG={FRAGMENT}", "allnoconfig")
    check_configuration(tree)
    run(*make, "vmlinux")
    return tree / "vmlinux"


def build(result):
    """Makes the folder `result`, whole or not at all."""
    tree, log_path = result.with_name(result.name + ".tree"), result.with_name(result.name + ".log")
    finished = result.with_name(result.name + ".finished")
    for left_over in (tree, finished):
        shutil.rmtree(left_over, ignore_errors=True)
    try:
        with open(log_path, "wb") as log:
            kernel = build_in(tree, log)
        finished.mkdir()
        shutil.move(kernel, finished / "vmlinux")
        finished.rename(result)
        log_path.unlink()
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"the test kernel cannot be built: {error.cmd[0]} failed, see {log_path}") from error
    finally:
        shutil.rmtree(tree, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(made_once.make(NAME, missing(), folder, build))
