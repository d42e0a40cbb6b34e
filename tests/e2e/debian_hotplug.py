#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk comes while Debian runs, grows, and goes while programs write to it; the next one works as well. Argument: the folder
of debian_boot.py."""
import os
import sys
import time
import vitrine
from debian_guest import SavedDebian, empty_disk, expect_clean
from vitrine import expect

MIB = 1 << 20


def attach(guest, file, serial):
    """Attaches the file and waits until the guest has a disk of it; the machine's id of it, and the guest's name."""
    identity = guest.ctl("attach-disk", f"{file},bus=virtio,serial={serial}").strip()
    guest.run(f"for i in $(seq 60); do grep -qs {serial} /sys/block/*/serial && exit; sleep 1; done; exit 1")
    return identity, guest.disk(serial)


def size(guest, disk):
    return int(guest.run(f"blockdev --getsize64 {disk}"))


def check_growing(guest, file, identity, disk):
    guest.run(f"mkfs.ext4 -q {disk} && mount {disk} /mnt && head -c 8M /dev/urandom >/mnt/file && md5sum /mnt/file >/mnt/sum")
    for wish, bytes_wanted in ((["512M"], 512 * MIB), ([], 768 * MIB)):
        if not wish:
            os.truncate(file, bytes_wanted) # somebody made it larger
        guest.ctl("resize", identity, *wish)
        end = time.monotonic() + 30
        while size(guest, disk) != bytes_wanted:
            expect(time.monotonic() < end, f"the disk has {size(guest, disk)} bytes, not {bytes_wanted}")
        expect(file.stat().st_size == bytes_wanted, "the file has another size than the disk")
    guest.run(f"resize2fs {disk} && md5sum --quiet --check /mnt/sum", timeout=180)
    guest.run("umount /mnt")
    expect_clean(file)


def check_unplug(guest, identity, disk):
    """It goes under a program that writes."""
    guest.run(f"(while dd if=/dev/zero of={disk} bs=64k count=4096 oflag=direct 2>/dev/null; do :; done) >/dev/null & sleep 2")
    guest.ctl("detach", identity)
    guest.run(f"for i in $(seq 60); do test -b {disk} || exit 0; sleep 1; done; exit 1")
    guest.run("wait; umount /mnt", status=None)


def case(home):
    first, second = home / "first.img", home / "second.img"
    empty_disk(first, 256 * MIB)
    empty_disk(second, 256 * MIB)
    with SavedDebian(home, sys.argv[1]) as guest:
        identity, disk = attach(guest, first, "hot-one")
        check_growing(guest, first, identity, disk)
        check_unplug(guest, identity, disk)
        os.unlink(first) # the program has let go of it
        identity, disk = attach(guest, second, "hot-two")
        guest.run(f"mkfs.ext4 -q {disk} && mount {disk} /mnt && cp -a /etc /mnt && umount /mnt")
        guest.ctl("detach", identity)
        expect_clean(second)
        guest.quit()


vitrine.main(case, needs=("e2fsck",))
