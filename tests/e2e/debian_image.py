#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian 12 that the tests boot: a disk image with GRUB, and its kernel and initial ramdisk beside it. Made once out of
Debian's packages with mmdebstrap, as image/ says, and kept in ${XDG_CACHE_HOME:-~/.cache}/vitrine/tests. Run as a program it
makes what is missing. Exit status 77 with a sentence: it cannot here."""
import hashlib
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import made_once
from made_once import output_of

NAME = "debian-12"
RECIPE = pathlib.Path(__file__).resolve().with_name("image")
RELEASE = "bookworm"
GRUB = pathlib.Path("/usr/lib/grub/i386-pc")
GRUB_MODULES = ("biosdisk", "part_msdos", "ext2", "normal", "linux", "serial", "terminal", "echo", "test")
NEEDED = {"apt-cache": "apt", "mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs", "fakeroot": "fakeroot", "tar": "tar",
          "grub-mkimage": "grub-common"}
SECTOR = 512
PARTITION = 1 << 20       # where the partition begins; GRUB's core lies in front of it
DISK = 608 << 20          # apparent size: what the files need and some room
FILE_SYSTEM_ID = "76697472-696e-4562-8964-656269616e31" # any fixed one
EPOCH = "1700000000"      # for files that would carry the time of the build


def lines_of(name):
    lines = (RECIPE / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def sources():
    """This system's own sources of Debian packages, as lines for apt."""
    wish = "$(SITE)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)"
    found = output_of("apt-get", "indextargets", "--format", wish, "Created-By: Packages").splitlines()
    parts = [line.split("|") for line in found]
    return [f"deb {site} {release} {component}" for site, release, component, origin in parts
            if origin == "Debian" and release.startswith(RELEASE)]


def versions():
    """What apt would install now, one line a package, "name version"."""
    said = output_of("apt-cache", "show", "--no-all-versions", *lines_of("packages.txt")).splitlines()
    return [line for line in said if line.startswith(("Package:", "Version:"))]


def folder():
    """Where the image of this recipe and these packages lies, or will lie."""
    key = hashlib.sha256(pathlib.Path(__file__).read_bytes())
    for path in sorted(path for path in RECIPE.rglob("*") if path.is_file()):
        key.update(f"{path.relative_to(RECIPE)} {path.stat().st_mode & 0o111:o}\0".encode() + path.read_bytes())
    key.update("\n".join(versions()).encode())
    return made_once.kept(NAME, key)


def missing():
    """A sentence about what making the image needs and this machine has not; nothing if it has all."""
    for tool, package in NEEDED.items():
        if shutil.which(tool) is None:
            return f"{tool} is missing (Debian package {package})"
    if os.geteuid() != 0 and shutil.which("newuidmap") is None:
        return "newuidmap is missing, and without it only root can install packages into a folder (Debian package uidmap)"
    if not (GRUB / "boot.img").exists():
        return f"{GRUB} is missing (Debian package grub-pc-bin)"
    if not sources():
        return f"apt has no source of Debian's {RELEASE} packages"
    try:
        versions()
    except subprocess.CalledProcessError:
        return "apt knows no packages for the guest image: apt-get update"
    return ""


class Image:
    """The finished files."""

    def __init__(self, where):
        self.disk = where / "disk.img"       # MBR, GRUB, one ext4 partition labelled "debian"
        self.bzimage = where / "vmlinuz"     # Debian's kernel as it is
        self.kernel = where / "vmlinux"      # the same, unpacked: starts seconds earlier where a CPU is interpreted
        self.initrd = where / "initrd"


def image():
    """The Image, or None where it has not been made."""
    if missing():
        return None
    where = folder()
    return Image(where) if where.exists() else None


def install_packages(archive, run):
    """A root file system out of packages, as a tar archive."""
    run("mmdebstrap", "--variant=essential", "--format=tar", f"--include={','.join(lines_of('packages.txt'))}",
        '--aptopt=APT::Install-Recommends "false"', "--dpkgopt=force-confold",
        *(f"--dpkgopt=path-exclude={path}" for path in lines_of("left_out.txt")),
        f"--essential-hook=tar -C {RECIPE}/root --owner=0 --group=0 --mode=u=rwX,go=rX -cf - . | "
        'tar -C "$1" --no-overwrite-dir -xf -',
        f"--customize-hook={RECIPE}/finish \"$1\"", RELEASE, archive, "-", stdin="\n".join(sources()))


def make_file_system(archive, tree, disk, run):
    """Unpacks the archive into `tree`, and makes the ext4 file system of it inside the disk. fakeroot, because files belong to
    root and users may make images too."""
    tree.mkdir()
    blocks = (DISK - PARTITION) // 4096
    run("fakeroot", "sh", "-ec", 'tar -C "$1" --exclude="./dev/*" -xf "$2"\n'
        'exec mke2fs -q -t ext4 -L debian -U "$4" -m 0 -N 32768 -J size=8 -E "offset=$5,hash_seed=$4,lazy_itable_init=0,'
        'lazy_journal_init=0,root_owner=0:0,nodiscard" -b 4096 -d "$1" "$3" "$6"',
        "sh", tree, archive, disk, FILE_SYSTEM_ID, str(PARTITION), str(blocks))


def make_bootable(disk, work, run):
    """Puts GRUB into the disk's first sectors: boot.img expects its core in sector 1, and the core's first sector has been told
    where the rest of it lies, in the sectors after (GRUB 2.06, grub-core/boot/i386/pc/boot.S and diskboot.S)."""
    core = work / "core.img"
    run("grub-mkimage", "--format=i386-pc", f"--output={core}", "--prefix=(,msdos1)/boot/grub", *GRUB_MODULES)
    if core.stat().st_size > PARTITION - SECTOR:
        raise RuntimeError("GRUB's core does not fit in front of the partition")
    entry = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", PARTITION // SECTOR, (DISK - PARTITION) // SECTOR)
    with open(disk, "r+b") as file:
        file.write((GRUB / "boot.img").read_bytes()[:440] + b"Vitr\0\0" + entry + bytes(48) + b"\x55\xaa")
        file.write(core.read_bytes())


def unpack_kernel(bzimage, path):
    """The ELF file inside a bzImage (Linux Documentation/x86/boot.rst: setup_sects, payload_offset, payload_length)."""
    data = bzimage.read_bytes()
    code = (data[0x1f1] + 1) * SECTOR
    offset, length = struct.unpack_from("<II", data, 0x248)
    payload = data[code + offset:code + offset + length]
    path.write_bytes(lzma.LZMADecompressor().decompress(payload)) # Debian's are xz; the size after it is not part of it


def build_in(work, log):
    def run(*command, stdin=None):
        subprocess.run(command, input=stdin, text=True, stdin=None if stdin else subprocess.DEVNULL, stdout=log,
                       stderr=subprocess.STDOUT, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH})
    work.mkdir()
    archive, tree, finished = work / "root.tar", work / "root", work / "finished"
    finished.mkdir()
    made = Image(finished)
    install_packages(archive, run)
    with open(made.disk, "wb") as file:
        file.truncate(DISK)
    make_file_system(archive, tree, made.disk, run)
    make_bootable(made.disk, work, run)
    shutil.copyfile(tree / "boot" / "vmlinuz", made.bzimage)
    shutil.copyfile(tree / "boot" / "initrd", made.initrd)
    unpack_kernel(made.bzimage, made.kernel)
    return finished


def build(result):
    """Makes the folder `result`, whole or not at all."""
    work, log_path = result.with_name(result.name + ".work"), result.with_name(result.name + ".log")
    shutil.rmtree(work, ignore_errors=True)
    try:
        with open(log_path, "wb") as log:
            finished = build_in(work, log)
        finished.rename(result)
        log_path.unlink()
    except subprocess.CalledProcessError as error:
        if failed := re.search(r"^E: Failed to fetch .*", log_path.read_text(errors="replace"), re.MULTILINE):
            raise made_once.Unavailable(f"packages cannot be fetched: {failed.group()}") from error
        raise RuntimeError(f"the guest image cannot be made: {error.cmd[0]} failed, see {log_path}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(made_once.make(NAME, missing(), folder, build))
