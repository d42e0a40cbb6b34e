#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests' own Linux boots until it starts the first user process. On the way, with its CPUs up and drivers still to come,
the machine is saved for kernel_restored.py. Argument: where to."""
import pathlib
import sys
import time
import kernel
import vitrine
from linux_guest import INIT_STARTS, KERNEL_SECONDS, Console, initrd
from vitrine import Guest, accel, skip

IMAGE = kernel.image() # before vitrine.main() makes the home, and with it the cache, another one
CPUS_UP = r"smp: Brought up 1 node, 2 CPUs"
# Without a network card the kernel waits 12 s for one, before the first user process: where it boots in a second, time to save it.
WAIT_FOR_NETWORK = "ip=dhcp"
# Where KVM interprets ring 0 on a busy machine, some steps take longer than the 21 s after which the kernel warns.
NO_STALL_WARNING = "rcupdate.rcu_cpu_stall_suppress=1"
# KVM without hardware behind it has no PCIDs, and refuses a machine that began under the software CPU and uses them.
NO_PCID = "nopcid"


def case(home):
    if IMAGE is None:
        skip(kernel.missing() or "the tests' Linux is not built: kernel.py does that")
    saved = pathlib.Path(sys.argv[1])
    saved.unlink(missing_ok=True)
    ramdisk = home / "initrd"
    initrd(ramdisk, compress=False)
    append = f"console=ttyS0 {NO_STALL_WARNING} {NO_PCID}" + ("" if accel() == "kvm" else f" {WAIT_FOR_NETWORK}")
    started = time.monotonic()
    with Guest(home, "kernel", "--memory", "128M", "--cpus", "2", "--serial", "pty", "--kernel", IMAGE, "--initrd", ramdisk,
               "--append", append) as guest:
        console = Console(guest)
        console.wait(CPUS_UP, KERNEL_SECONDS)
        print(f"CPUs up after {time.monotonic() - started:.0f} s")
        guest.ctl("save", saved)
        console.wait(INIT_STARTS, KERNEL_SECONDS)
        print(f"{INIT_STARTS!r} after {time.monotonic() - started:.0f} s")
        console.expect_no_complaint()
        guest.quit()


vitrine.main(case)
