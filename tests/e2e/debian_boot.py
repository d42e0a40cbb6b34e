#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian 12 boots, by its own kernel, systemd and drivers, to a shell with all units up, and is saved there for the other
cases. Argument: the folder for that."""
import sys
import time
import vitrine
from debian_guest import Folder, Shell, needed_image
from vitrine import Guest, expect

# What it would log is nobody's to read; the disk stays as it is, for other machines start from it too.
APPEND = "root=LABEL=debian ro volatile-root console=ttyS0 net.ifnames=0 quiet systemd.show_status=false"


def case(home):
    image = needed_image()
    folder = Folder(sys.argv[1])
    folder.path.mkdir(exist_ok=True)
    folder.saved.unlink(missing_ok=True)
    folder.empty_disks()
    started = time.monotonic()
    with Guest(home, "debian", "--memory", "768M", "--cpus", "4", "--serial", "pty",
               *folder.devices(),
               "--kernel", image.kernel, "--initrd", image.initrd, "--append", APPEND) as guest:
        shell = Shell(guest)
        shell.wait_ready()
        print(f"shell after {time.monotonic() - started:.0f} s")
        state = shell.run("systemctl is-system-running --wait", status=None).strip()
        expect(state == "running", f"systemd says {state}:\n" + shell.run("systemctl --failed --no-pager"))
        shell.run("dmesg")
        shell.expect_no_complaint()
        shell.run("sync; echo 3 >/proc/sys/vm/drop_caches")
        guest.ctl("save", folder.saved)
        print(f"saved after {time.monotonic() - started:.0f} s: {folder.saved.stat().st_blocks >> 11} MiB")
        guest.quit()


vitrine.main(case)
