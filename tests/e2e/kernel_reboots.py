#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests' own Linux reboots twenty times, each time with its root on a virtio disk, an address by DHCP and its messages on the
virtio console, and counts the boots on that disk. No argument."""
import time
import kernel
import vitrine
from debian_guest import expect_clean, host
from linux_guest import Console, HVC0, root_disk
from vitrine import Guest, expect, skip

IMAGE = kernel.image() # before vitrine.main() makes the home, and with it the cache, another one
REBOOTS = 20
INIT = f"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
boots=$(/bin/busybox cat /boots 2>/dev/null)
boots=$((boots + 1))
echo $boots >/boots
/bin/busybox mount -o remount,ro /
echo "boot $boots" >/dev/ttyS0
if [ $boots -gt {REBOOTS} ]; then /bin/busybox poweroff -f; else /bin/busybox reboot -f; fi
"""


def case(home):
    if IMAGE is None:
        skip(kernel.missing() or "the tests' Linux is not built: kernel.py does that")
    disk = home / "root.img"
    root_disk(disk, INIT.encode())
    started = time.monotonic()
    with Guest(home, "kernel", "--memory", "128M", "--cpus", "2", "--serial", "pty", "--kernel", IMAGE, "--disk", f"{disk},bus=virtio",
               "--console", f"socket={home / 'hvc0'}", "--append", "root=/dev/vda rw init=/init ip=dhcp console=hvc0") as guest:
        console, hvc0 = Console(guest), HVC0(home / "hvc0")
        console.wait(rf"boot {REBOOTS + 1}\n", 400)
        expect(guest.process.wait(60) == 0, "the program did not end with status 0")
        print(f"{REBOOTS} reboots in {time.monotonic() - started:.0f} s")
    wanted = [f"boot {number}" for number in range(1, REBOOTS + 2)]
    expect(console.text.split("\n")[:-1] == wanted, f"the kernel booted otherwise:\n{console.text}")
    text = hvc0.end()
    for message in ("IP-Config: Complete", "Run /init as init process"):
        expect(text.count(message) >= REBOOTS, f"{message!r} was said {text.count(message)} times")
    expect_clean(disk)
    expect(host("debugfs", "-R", "cat /boots", disk).split()[-1] == str(REBOOTS + 1), "the disk has another count")


vitrine.main(case, needs=("mke2fs", "e2fsck", "debugfs"))
