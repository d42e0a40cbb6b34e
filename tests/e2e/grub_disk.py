#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB's rescue USB image as a disk on the AHCI controller, chosen in the firmware's boot menu beside a CD-ROM drive."""
import re
import shutil
import vitrine
from vitrine import ANSWER_SECONDS, BOOT_SECONDS, ISO, USB_IMAGE, Guest, command, expect, open_command_line, wait_for_menu


def choose_disk(guest):
    """SeaBIOS lists what can be booted; the disk's line has no DVD/CD in it."""
    guest.wait_until(lambda text: "for boot menu" in text or "Select boot device" in text, "the firmware's boot menu", BOOT_SECONDS)
    if "Select boot device" not in guest.try_text():
        guest.ctl("key", "esc")
    text = guest.wait_text(r"Select boot device:(?:.*\n)+.*2\. ", ANSWER_SECONDS)
    entries = re.findall(r"^\s*(\d+)\. (.+?)\s*$", text, re.MULTILINE)
    expect(any("DVD/CD" in name for _, name in entries), f"the boot menu lists no CD-ROM drive: {entries}")
    disks = [number for number, name in entries if "DVD/CD" not in name and ("ata" in name.lower() or "ahci" in name.lower())]
    expect(disks, f"the boot menu lists no disk: {entries}")
    guest.ctl("key", disks[0])


def case(home):
    disk = home / "disk.img"
    shutil.copyfile(USB_IMAGE, disk)
    with Guest(home, "grubdisk", "--cdrom", ISO, "--disk", disk, "--boot", "menu") as guest:
        choose_disk(guest)
        wait_for_menu(guest)
        open_command_line(guest)
        command(guest, "ls", r"\(hd0")
        guest.quit()


vitrine.main(case)
