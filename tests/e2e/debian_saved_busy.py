#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian is saved while it writes to both virtio disks as fast as it can, and goes on in another process without noticing: every
file is what was written, and the file systems have no fault. Argument: the folder of debian_boot.py."""
import sys
import time
import vitrine
from debian_guest import SavedDebian, Shell, expect_clean
from vitrine import Guest, expect

# Files come and go, each with its sum kept apart, in memory; what is read back is read from the disk.
WRITER = """n=0
while ! test -e /run/enough; do
  n=$((n + 1)); head -c 300000 /dev/urandom | tee /mnt/$name/$((n % 40)) | md5sum >/run/$name.$((n % 40))
  test $((n % 7)) = 0 && sync /mnt/$name
done; echo $n >/run/$name.count"""
CHECK = """sync; echo 3 >/proc/sys/vm/drop_caches
for sum in /run/$name.[0-9]*; do md5sum </mnt/$name/${sum##*.} | cmp - $sum || exit 1; done; cat /run/$name.count"""
ROUNDS = 3


def start_writers(guest):
    for name in guest.folder.disks:
        disk = guest.disk(f"scratch-{name}")
        guest.run(f"mkfs.ext4 -q {disk} && mkdir /mnt/{name} && mount {disk} /mnt/{name}")
        guest.run(f"name={name}\n({WRITER}) >/run/{name}.log 2>&1 &")


def save_and_end(guest, saved):
    """Nothing may run after the saving: it would write to the disks what the saved machine does not know of."""
    time.sleep(4)
    guest.ctl("pause")
    guest.ctl("save", saved)
    Guest.quit(guest)


def wait_control(guest):
    end = time.monotonic() + 30
    while "control: on" not in guest.log():
        expect(time.monotonic() < end, "the program cannot be controlled")
        time.sleep(0.1)


def case(home):
    states = [home / f"busy-{number}.state" for number in range(ROUNDS)]
    with SavedDebian(home, sys.argv[1]) as guest:
        folder = guest.folder
        start_writers(guest)
        save_and_end(guest, states[0])
    for saved, following in zip(states, states[1:] + [None]):
        with Guest(home, "debian", "--restore", saved) as guest:
            shell = Shell(guest)
            wait_control(guest)
            guest.ctl("resume")
            shell.run("true")
            if following is not None:
                save_and_end(guest, following)
                continue
            time.sleep(2)
            shell.run("touch /run/enough")
            for name in folder.disks:
                shell.run(f"for i in $(seq 60); do test -e /run/{name}.count && break; sleep 1; done; cat /run/{name}.log")
                print(f"{name}: {shell.run(f'name={name}; {CHECK}').strip()} files written and the last of them read")
                shell.run(f"umount /mnt/{name}")
                expect_clean(folder.disks[name])
            shell.run("dmesg")
            shell.expect_no_complaint()
            expect(guest.state() == "running", "the machine does not run")
            guest.quit()


vitrine.main(case, needs=("e2fsck",))
