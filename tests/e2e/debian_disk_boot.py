#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""SeaBIOS starts GRUB from a disk, GRUB starts Debian from it, and Debian runs on it until the power button is pressed.
Argument: ahci, virtio or scsi, the disk's bus."""
import shutil
import sys
import time
import vitrine
from debian_guest import Shell, expect_clean, host, needed_image
from debian_image import PARTITION
from vitrine import Guest, expect


DRIVERS = {"ahci": "sd", "virtio": "virtio_blk", "scsi": "sd"}


def case(home):
    bus = sys.argv[1]
    disk = home / "disk.img"
    host("cp", "--sparse=always", needed_image().disk, disk)
    started = time.monotonic()
    with Guest(home, "debian", "--memory", "512M", "--cpus", "2", "--serial", "pty", "--disk", f"{disk},bus={bus}",
               "--boot", "disk") as guest:
        shell = Shell(guest)
        shell.wait("GRUB starts Debian", 60)
        print(f"GRUB after {time.monotonic() - started:.0f} s")
        shell.wait_ready()
        print(f"shell after {time.monotonic() - started:.0f} s")
        driver = shell.run("basename $(readlink /sys/block/$(lsblk -no PKNAME $(findmnt -no SOURCE /))/device/driver)").strip()
        expect(driver == DRIVERS[bus], f"the root disk's driver is {driver}")
        shell.run("echo kept >/etc/kept; dmesg")
        shell.expect_no_complaint()
        guest.ctl("powerdown")
        expect(guest.process.wait(120) == 0, "the program did not end with status 0")
    expect_clean(f"{disk}?offset={PARTITION}")


vitrine.main(case, needs=("e2fsck",))
