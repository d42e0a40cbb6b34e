#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian 12's own kernel, started without firmware, reaches a busybox shell on the serial console. Argument: how many CPUs."""
import pathlib
import re
import sys
import time
import vitrine
from linux_guest import PROMPT, Console, initrd
from vitrine import BOOT_SECONDS, Guest, expect, skip

KERNEL = pathlib.Path("/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/linux")


def case(home):
    cpus = int(sys.argv[1])
    if not KERNEL.exists():
        skip(f"{KERNEL} is missing (Debian package debian-installer-12-netboot-amd64)")
    ramdisk = home / "initrd.gz"
    initrd(ramdisk)
    started = time.monotonic()
    with Guest(home, "linux", "--memory", "512M", "--cpus", cpus, "--serial", "pty", "--kernel", KERNEL, "--initrd", ramdisk,
               "--append", "console=ttyS0") as guest:
        console = Console(guest)
        console.wait(PROMPT, BOOT_SECONDS)
        print(f"shell after {time.monotonic() - started:.0f} s")
        console.expect_no_complaint()
        expect("x86_64" in console.command("uname -m"), "uname -m does not say x86_64")
        seen = len(re.findall(r"^processor\s*:", console.command("cat /proc/cpuinfo"), re.MULTILINE))
        expect(seen == cpus, f"Linux found {seen} CPUs, not {cpus}")
        sums = console.command("dd if=/dev/zero bs=64k count=64 2>/dev/null | sha256sum")
        expect("bb9f8df61474d25e71fa00722318cd387396ca1736605e1248821cc0de3d3af8" in sums, f"4 MiB of zeroes: {sums}")
        console.power_off()


vitrine.main(case)
