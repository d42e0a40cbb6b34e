#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that Debian does not use goes back to the host: what it frees by itself, what the balloon is told to take, and what
the policy takes while the computer is short of memory; and it comes back when Debian needs it, or when the computer has plenty.
Seen in the resident size of the program. How much memory the computer has, and how hard it is to get, the program reads from
files of this case. Argument: the folder of debian_boot.py."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import vitrine
from debian_guest import SavedDebian
from vitrine import expect, skip

MIB = 1 << 20
RAM = 768 * MIB
USED = 256 * MIB
COMPUTER = {"meminfo": "/proc/meminfo", "pressure": "/proc/pressure/memory"}


def enter():
    """Starts this script again where the computer's memory is what the files in a folder say, once. Skips where users may not
    make namespaces."""
    if folder := os.environ.get("VITRINE_E2E_COMPUTER"):
        return pathlib.Path(folder)
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode != 0:
        skip("a computer short of memory needs user namespaces, which are not allowed here")
    for path in COMPUTER.values():
        if not pathlib.Path(path).exists():
            skip(f"{path} is missing: this kernel does not tell who waits for memory")
    with tempfile.TemporaryDirectory(prefix="vitrine-e2e-") as name:
        folder = pathlib.Path(name)
        tell_computer(folder, stall=0)
        # Read-only, as a trigger written to it would stay in the file.
        setup = "".join(f'mount --bind "$1/{file}" {path}; mount -o remount,bind,ro {path}\n' for file, path in COMPUTER.items())
        result = subprocess.run([*unshare, "sh", "-ec", setup + 'shift; exec "$@"', "sh", name, sys.executable, *sys.argv],
                                env={**os.environ, "VITRINE_E2E_COMPUTER": name}, check=False)
        sys.exit(result.returncode)


def tell_computer(folder, stall):
    """The computer has plenty of memory, but somebody waits for some of it `stall` percent of the time."""
    texts = {"meminfo": f"MemTotal: {16 << 20} kB\nMemFree: {8 << 20} kB\nMemAvailable: {12 << 20} kB\n",
             "pressure": f"some avg10={stall:05.2f} avg60=0.00 avg300=0.00 total=0\n"}
    for name, text in texts.items():
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT)
        os.write(descriptor, text.encode()) # one write of one length: nobody reads half of it
        os.close(descriptor)


def resident(guest):
    status = pathlib.Path(f"/proc/{guest.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s*(\d+) kB", status).group(1)) << 10


def wait_for(measure, condition, wish, seconds=90):
    """What `measure` gives once it meets the condition."""
    started = time.monotonic()
    while not condition(size := measure()):
        expect(time.monotonic() < started + seconds, f"{wish}: still {size / MIB:.0f} MiB after {seconds} s")
        time.sleep(0.5)
    print(f"{wish}: {size / MIB:.0f} MiB after {time.monotonic() - started:.1f} s")
    return size


def wait_resident(guest, condition, wish):
    return wait_for(lambda: resident(guest), condition, wish + ", resident")


def wait_balloon(guest, condition, wish):
    return wait_for(lambda: guest.json("stats")["balloon.actual"], condition, wish + ", balloon")


def fill_memory(guest, size=USED):
    guest.run(f"head -c {size} /dev/urandom >/dev/shm/used", timeout=300)


def fill_cache(guest):
    """Pages of a file, which the guest can do without. Returns the resident size with them, and the file's sum."""
    summed = guest.run("md5sum /mnt/cached", timeout=300)
    return resident(guest), summed


def check_reporting(guest):
    before = resident(guest)
    fill_memory(guest)
    used = wait_resident(guest, lambda size: size > before + USED * 3 // 4, "memory used")
    guest.run("rm /dev/shm/used")
    wait_resident(guest, lambda size: size < used - USED * 3 // 4, "memory freed")


def check_told(guest):
    """More is taken than the guest has free, so that it lets go of its file's pages."""
    taken = RAM - 256 * MIB
    full, summed = fill_cache(guest)
    guest.ctl("memory", "256M")
    wait_balloon(guest, lambda size: size == taken, "told to take")
    wait_resident(guest, lambda size: size < full - USED // 3, "told to take")
    expect(fill_cache(guest)[1] == summed, "the file's content is another one")
    guest.ctl("memory", "768M")
    wait_balloon(guest, lambda size: size == 0, "told to give back")
    fill_memory(guest)
    guest.run("rm /dev/shm/used")


def check_policy(guest, computer):
    """64 MiB every two seconds, until the guest has little to spare; an eighth of its memory when it needs some, or every five
    seconds when the computer has had plenty for half a minute (vmm/machine/memory_policy.h)."""
    full, _ = fill_cache(guest)
    tell_computer(computer, stall=40)
    taken = wait_balloon(guest, lambda size: size >= RAM // 2, "the computer is short")
    wait_resident(guest, lambda size: size < full - USED // 4, "the computer is short")
    fill_memory(guest, 192 * MIB)
    left = wait_balloon(guest, lambda size: size <= taken - RAM // 8, "the guest needs some")
    tell_computer(computer, stall=0)
    wait_balloon(guest, lambda size: size < left, "the computer has plenty")
    guest.run("rm /dev/shm/used")
    wait_balloon(guest, lambda size: size == 0, "the computer has plenty, all")


def case(home):
    computer = pathlib.Path(os.environ["VITRINE_E2E_COMPUTER"])
    with SavedDebian(home, sys.argv[1]) as guest:
        disk = guest.disk("scratch-blk")
        guest.run(f"mkfs.ext4 -q {disk} && mount {disk} /mnt && head -c {USED} /dev/urandom >/mnt/cached && sync", timeout=300)
        check_reporting(guest)
        check_policy(guest, computer)
        check_told(guest) # ends the policy
        guest.quit()


enter()
vitrine.main(case)
