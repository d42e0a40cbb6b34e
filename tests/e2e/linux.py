#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian 12's own kernel, started without firmware, reaches a busybox shell on the serial console. Argument: how many CPUs."""
import gzip
import os
import pathlib
import re
import select
import sys
import time
import vitrine
from vitrine import BOOT_SECONDS, Guest, expect, skip

KERNEL = pathlib.Path("/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/linux")
BUSYBOX = pathlib.Path("/bin/busybox")
INIT = b"""#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox --install -s /bin
exec setsid sh -c 'exec sh </dev/ttyS0 >/dev/ttyS0 2>&1'
"""
PROMPT = r"/ # (?:\x1b\[6n)?$"


def initrd(path):
    """An initial ramdisk of busybox and one script (cpio "newc", Linux Documentation/driver-api/early-userspace/buffer-format.rst)."""
    entries = [(name, 0o040755, b"") for name in ("bin", "dev", "proc", "sys")]
    entries += [("bin/busybox", 0o100755, BUSYBOX.read_bytes()), ("init", 0o100755, INIT), ("TRAILER!!!", 0, b"")]
    archive = bytearray()
    for number, (name, mode, content) in enumerate(entries):
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        archive += b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        archive += b"\0" * (-len(archive) % 4)
        archive += content
        archive += b"\0" * (-len(archive) % 4)
    path.write_bytes(gzip.compress(bytes(archive), 1))


class Console:
    """The guest's serial port, through the pseudo terminal the program names."""

    def __init__(self, guest):
        end = time.monotonic() + 30
        while not (found := re.search(r"serial: (/dev/pts/\d+)", guest.log())):
            expect(time.monotonic() < end, "the program names no pseudo terminal")
            time.sleep(0.1)
        self.guest = guest
        self.fd = os.open(found.group(1), os.O_RDWR | os.O_NOCTTY)
        self.text = ""

    def wait(self, pattern, timeout):
        end = time.monotonic() + timeout
        while not re.search(pattern, self.text):
            expect(time.monotonic() < end, f"no {pattern!r} on the console within {timeout} s:\n{self.text[-3000:]}")
            expect(self.guest.process.poll() is None, f"the program ended with {self.guest.process.returncode}")
            if select.select([self.fd], [], [], 1)[0]:
                self.text += os.read(self.fd, 65536).decode(errors="replace").replace("\r", "")
        return self.text

    def command(self, line):
        """Types a line at the prompt; what it printed."""
        self.text = ""
        os.write(self.fd, line.encode() + b"\n")
        return self.wait(r"\n(?:.*\n)*" + PROMPT, 60)


def case(home):
    cpus = int(sys.argv[1])
    for needed, package in ((KERNEL, "debian-installer-12-netboot-amd64"), (BUSYBOX, "busybox-static")):
        if not needed.exists():
            skip(f"{needed} is missing (Debian package {package})")
    ramdisk = home / "initrd.gz"
    initrd(ramdisk)
    started = time.monotonic()
    with Guest(home, "linux", "--memory", "512M", "--cpus", cpus, "--serial", "pty", "--kernel", KERNEL, "--initrd", ramdisk,
               "--append", "console=ttyS0") as guest:
        console = Console(guest)
        console.wait(PROMPT, BOOT_SECONDS)
        print(f"shell after {time.monotonic() - started:.0f} s")
        expect("x86_64" in console.command("uname -m"), "uname -m does not say x86_64")
        seen = len(re.findall(r"^processor\s*:", console.command("cat /proc/cpuinfo"), re.MULTILINE))
        expect(seen == cpus, f"Linux found {seen} CPUs, not {cpus}")
        sums = console.command("dd if=/dev/zero bs=64k count=64 2>/dev/null | sha256sum")
        expect("bb9f8df61474d25e71fa00722318cd387396ca1736605e1248821cc0de3d3af8" in sums, f"4 MiB of zeroes: {sums}")
        # poweroff goes through ACPI: the program ends.
        os.write(console.fd, b"poweroff -f\n")
        expect(guest.process.wait(60) == 0, "poweroff does not end the program with status 0")
        expect("unchecked MSR access" not in console.text and "Call Trace" not in console.text, "the kernel complained")


vitrine.main(case)
