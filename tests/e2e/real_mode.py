#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program for real mode of our own (tests/guest/real_mode), started from a disk by SeaBIOS, does what DOS and its programs do.
Each of its results, its screen and its pictures are the same whatever runs it. Argument: its image."""
import os
import pathlib
import re
import shutil
import sys
import vitrine
from vitrine import BOOT_SECONDS, SCREENS, Guest, Picture, accel, expect

DISK_BYTES = 16 << 20
LINE = ("Real", " Mode", " 1!")
KEYS = {"f1": "3B00", "up": "48E0", "ctrl-a": "1E01", "alt-x": "2D00", "shift-tab": "0F00", "f11": "8500", "esc": "011B"}
# Sections by key, in the order of the golden results.
ALL_EXTRAS = {"l": "limits", "a": "quotients", "v": "v86"}
# A KVM without hardware behind it takes ZF and SF after AAM and AAD from all of AX (quotients), and lets PUSHF pass in
# virtual-8086 mode with IOPL 0, where it has to fault (v86).
EXTRAS = {"l": "limits"} if accel() == "kvm" else ALL_EXTRAS


def golden_results():
    """The golden lines of the sections that run here."""
    lines = (SCREENS / "real_mode_results.txt").read_text().splitlines()
    return [line for line in lines if line.split()[0] not in ALL_EXTRAS.values() or line.split()[0] in EXTRAS.values()]


def type_keys(guest):
    guest.wait_text(r"line\?", BOOT_SECONDS)
    for end in range(1, len(LINE) + 1):  # the BIOS keeps 15 keys
        guest.ctl("type", LINE[end - 1])
        guest.wait_text(re.escape("line? " + "".join(LINE[:end])))
    guest.ctl("key", "enter")
    guest.wait_text(r"keys\?")
    seen = ""
    for key, code in KEYS.items():
        guest.ctl("key", key)
        seen += " " + code
        if key != "esc":  # after which the screen soon is another one
            guest.wait_text(re.escape("keys?" + seen))


def check_picture(guest, path, name):
    golden = Picture.from_png((SCREENS / name).read_bytes())
    different = guest.picture(path).differing_lines(golden)
    expect(not different, f"the picture differs from {name} in the lines {different[:10]}...")


def check_results(serial):
    golden = golden_results()
    results = serial.read_text(errors="replace").splitlines()
    for got, wanted in zip(results, golden):
        expect(got == wanted, f"the section's results are\n{got}\nand not\n{wanted}")
    expect(len(results) == len(golden), f"{len(results)} sections ran, not {len(golden)}")


def case(home):
    disk, serial = home / "disk.img", home / "serial"
    shutil.copyfile(pathlib.Path(sys.argv[1]), disk)
    os.truncate(disk, DISK_BYTES)
    with Guest(home, "realmode", "--disk", disk, "--boot", "disk", "--serial", f"file:{serial}") as guest:
        type_keys(guest)
        guest.wait_until(lambda _: serial.exists() and b" picture" in serial.read_bytes(), "picture", BOOT_SECONDS)
        check_picture(guest, home / "graphics.png", "real_mode_graphics.png")
        guest.ctl("key", "enter")
        text = guest.wait_text(r"more:\s*$")
        golden = (SCREENS / "real_mode_screen.txt").read_text()
        expect(text.rstrip() == golden.rstrip(), f"the screen is\n{text}\nand not\n{golden}")
        check_picture(guest, home / "text.png", "real_mode_text.png")
        for key, name in EXTRAS.items():
            guest.ctl("key", key)
            guest.wait_text(rf"{name} [0-9A-F]{{4}}\s*\nmore:\s*$")
        guest.ctl("key", "q")
        guest.wait_text(r"bye\s*$")
        check_results(serial)
        guest.quit()


vitrine.main(case)
