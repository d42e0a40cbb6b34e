#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests' own Linux boots until it starts the first user process: with its root on a virtio disk, an address by DHCP, and its
messages on the virtio console too. On the way, with its CPUs up and drivers still to come, the machine is saved for
kernel_restored.py. Arguments: where to, with the disk beside it; the disk's bus, virtio or scsi."""
import pathlib
import sys
import time
import kernel
import vitrine
from linux_guest import HVC0, INIT_STARTS, KERNEL_SECONDS, Console, root_disk
from vitrine import Guest, expect, skip

IMAGE = kernel.image() # before vitrine.main() makes the home, and with it the cache, another one
CPUS_UP = r"smp: Brought up 1 node, 2 CPUs"
ROOTS = {"virtio": "vda", "scsi": "sda"}
# Where KVM interprets ring 0 on a busy machine, some steps take longer than the 21 s after which the kernel warns.
NO_STALL_WARNING = "rcupdate.rcu_cpu_stall_suppress=1"
# KVM without hardware behind it has no PCIDs, and refuses a machine that began under the software CPU and uses them.
NO_PCID = "nopcid"


def case(home):
    if IMAGE is None:
        skip(kernel.missing() or "the tests' Linux is not built: kernel.py does that")
    saved = pathlib.Path(sys.argv[1])
    saved.unlink(missing_ok=True)
    bus = sys.argv[2]
    disk, socket = saved.with_suffix(".img"), saved.with_suffix(".hvc0")
    root_disk(disk)
    append = f"root=/dev/{ROOTS[bus]} rootwait rw init=/init ip=dhcp console=ttyS0 console=hvc0 {NO_STALL_WARNING} {NO_PCID}"
    started = time.monotonic()
    with Guest(home, "kernel", "--memory", "128M", "--cpus", "2", "--serial", "pty", "--kernel", IMAGE, "--disk", f"{disk},bus={bus}",
               "--console", f"socket={socket}", "--append", append) as guest:
        console, hvc0 = Console(guest), HVC0(socket)
        console.wait(CPUS_UP, KERNEL_SECONDS)
        print(f"CPUs up after {time.monotonic() - started:.0f} s")
        guest.ctl("save", saved)
        console.wait(INIT_STARTS, KERNEL_SECONDS)
        print(f"{INIT_STARTS!r} after {time.monotonic() - started:.0f} s")
        for message in ("IP-Config: Complete", f"EXT4-fs ({ROOTS[bus]}): mounted filesystem", "ipaddr=10.0.2.15"):
            expect(message in console.text, f"no {message!r} in\n{console.text}")
        console.expect_no_complaint()
        guest.quit()
    expect(INIT_STARTS in hvc0.end(), f"the virtio console says only:\n{hvc0.text}")


vitrine.main(case, needs=("mke2fs",))
