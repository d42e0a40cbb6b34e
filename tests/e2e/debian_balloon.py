#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that Debian does not use goes back to the host: what it frees by itself, and what the balloon asks for; and it comes
back when Debian needs it. Seen in the resident size of the program. Argument: the folder of debian_boot.py."""
import pathlib
import re
import sys
import time
import vitrine
from debian_guest import SavedDebian
from vitrine import expect

MIB = 1 << 20
USED = 256 * MIB


def resident(guest):
    status = pathlib.Path(f"/proc/{guest.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s*(\d+) kB", status).group(1)) << 10


def wait_resident(guest, condition, wish, seconds=60):
    end = time.monotonic() + seconds
    while not condition(size := resident(guest)):
        expect(time.monotonic() < end, f"{wish}: still {size / MIB:.0f} MiB resident after {seconds} s")
        time.sleep(0.5)
    print(f"{wish}: {size / MIB:.0f} MiB resident")
    return size


def total(guest):
    """Memory the guest believes to have."""
    return int(re.search(r"MemTotal:\s*(\d+) kB", guest.run("cat /proc/meminfo")).group(1)) << 10


def check_reporting(guest):
    before = resident(guest)
    guest.run(f"head -c {USED} /dev/urandom >/dev/shm/used", timeout=300)
    used = wait_resident(guest, lambda size: size > before + USED * 3 // 4, "memory used")
    guest.run("rm /dev/shm/used")
    wait_resident(guest, lambda size: size < used - USED * 3 // 4, "memory freed")


def check_balloon(guest):
    full = total(guest)
    disk = guest.disk("scratch-blk")
    guest.run(f"mkfs.ext4 -q {disk} && mount {disk} /mnt && head -c {USED} /dev/urandom >/mnt/cached && sync", timeout=300)
    before = wait_resident(guest, lambda size: size > USED, "memory full of a file's pages")
    guest.ctl("memory", "448M") # of 768
    wait_resident(guest, lambda size: size < before - 32 * MIB, "balloon blown up")
    end = time.monotonic() + 60
    while total(guest) > full - 300 * MIB:
        expect(time.monotonic() < end, f"the guest keeps {total(guest) / MIB:.0f} MiB")
        time.sleep(1)
    guest.ctl("memory", "768M")
    while total(guest) < full - 8 * MIB:
        expect(time.monotonic() < end + 60, f"the guest gets back only {total(guest) / MIB:.0f} MiB")
        time.sleep(1)


def case(home):
    with SavedDebian(home, sys.argv[1]) as guest:
        check_reporting(guest)
        check_balloon(guest)
        guest.quit()


vitrine.main(case)
