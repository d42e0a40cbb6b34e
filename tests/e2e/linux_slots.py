#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian 12's own kernel, started without firmware, finds the machine's PCI Express slots, gives them addresses, and takes cards in and
out of them while it runs."""
import pathlib
import re
import time
import vitrine
from linux_guest import PROMPT, Console, initrd
from vitrine import BOOT_SECONDS, Guest, expect, skip

KERNEL = pathlib.Path("/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/linux")
SLOTS = 3
CARD = "0000:01:00.0" # behind the first port


def ranges(console, device):
    """What the kernel has given the function: (first, last) of each region that it has; windows of bridges come last."""
    lines = console.command(f"cat /sys/bus/pci/devices/{device}/resource")
    found = re.findall(r"^0x([0-9a-f]{16}) 0x([0-9a-f]{16}) 0x[0-9a-f]{16}$", lines, re.MULTILINE)
    return [(int(first, 16), int(last, 16)) for first, last in found if int(last, 16) != 0]


def check_ports(console):
    slots = console.command("ls /sys/bus/pci/slots")
    expect(re.search(r"^1\s+2\s+3\s*$", slots, re.MULTILINE), f"the slots: {slots}")
    for index in range(SLOTS):
        port = f"0000:00:1c.{index}"
        driver = console.command(f"readlink /sys/bus/pci/devices/{port}/driver")
        expect("/pcieport" in driver, f"{port} has no driver: {driver}")
        windows = ranges(console, port)
        expect(len(windows) == 3, f"{port} has windows {windows}, not I/O, memory and prefetchable memory")
    messages = console.command("dmesg | grep -i 'pci'")
    expect("OS now controls [PCIeHotplug PME PCIeCapability]" in messages, messages)
    for complaint in ("no space", "failed to assign", "can't claim", "configuration invalid", "conflict"):
        expect(complaint not in messages, f"the kernel complained:\n{messages}")


def wait_for_card(console, there):
    end = time.monotonic() + 60
    while (CARD in console.command("ls /sys/bus/pci/devices")) != there:
        expect(time.monotonic() < end, f"{CARD} is {'not there' if there else 'still there'}:\n{console.command('dmesg | tail')}")
        time.sleep(0.2)


def attach(guest, console, file, paused):
    started = time.monotonic()
    if paused:
        guest.ctl("pause")
    identity = guest.ctl("attach-disk", f"{file},bus=virtio").strip()
    if paused:
        guest.ctl("resume")
    wait_for_card(console, True)
    print(f"card after {time.monotonic() - started:.1f} s")
    expect("0x1042" in console.command(f"cat /sys/bus/pci/devices/{CARD}/device"), "the card is no virtio disk")
    windows = ranges(console, "0000:00:1c.0")
    for first, last in ranges(console, CARD):
        expect(any(low <= first and last <= high for low, high in windows), f"{first:#x} is outside the port's windows")
    return identity


def case(home):
    if not KERNEL.exists():
        skip(f"{KERNEL} is missing (Debian package debian-installer-12-netboot-amd64)")
    ramdisk, disk = home / "initrd.gz", home / "disk.img"
    initrd(ramdisk)
    disk.write_bytes(bytes(1 << 20))
    with Guest(home, "slots", "--memory", "512M", "--slots", SLOTS, "--serial", "pty", "--kernel", KERNEL, "--initrd", ramdisk,
               "--append", "console=ttyS0") as guest:
        console = Console(guest)
        console.wait(PROMPT, BOOT_SECONDS)
        console.command("dmesg -n 1")
        check_ports(console)
        for paused in (False, True): # the second card follows the first at once, into a machine that stands
            identity = attach(guest, console, disk, paused)
            started = time.monotonic()
            guest.ctl("detach", identity)
            print(f"gone after {time.monotonic() - started:.1f} s")
            wait_for_card(console, False)
        console.expect_no_complaint()
        console.power_off()


vitrine.main(case)
