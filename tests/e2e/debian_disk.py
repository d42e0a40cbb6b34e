#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian makes an ext4 file system on a virtio disk, fills it and trims it; the host finds the same files and no fault in it,
and gets the space back. Arguments: the folder of debian_boot.py; blk or scsi."""
import sys
import vitrine
from debian_guest import SavedDebian, allocated, expect_clean, host
from vitrine import expect

BIG = 64 << 20
# Files of all sizes, a tree, and a list of their sums.
FILL = f"""head -c {BIG} /dev/urandom >big && mkdir tree && cp -a /etc /usr/lib/systemd /usr/share/perl tree &&
find . -type f ! -name sums -print0 | xargs -0 md5sum >sums && wc -l <sums"""


def check_on_host(disk, folder):
    """What the guest wrote, read out of the disk's file without it."""
    expect_clean(disk)
    folder.mkdir()
    host("debugfs", "-R", f"rdump / {folder}", disk)
    said = host("sh", "-c", f"cd {folder} && md5sum --quiet --check sums && wc -l <sums")
    expect(int(said) > 300, f"only {said} files")


def case(home):
    which = sys.argv[2]
    with SavedDebian(home, sys.argv[1]) as guest:
        file = guest.folder.disks[which]
        disk = guest.disk(f"scratch-{which}")
        guest.run(f"mkfs.ext4 -q {disk} && mount {disk} /mnt")
        print(f"{disk}: {guest.run(f'(cd /mnt && {FILL})', timeout=300).strip()} files")
        guest.run("umount /mnt", timeout=300)
        check_on_host(file, home / "files")
        full = allocated(file)
        expect(full > BIG, f"the guest wrote {BIG} bytes and the disk's file has {full}")
        guest.run(f"mount {disk} /mnt && rm /mnt/big && sync")
        print(guest.run("fstrim -v /mnt").strip())
        trimmed = allocated(file)
        print(f"{full >> 20} MiB allocated, {trimmed >> 20} after the trim")
        expect(trimmed < full - BIG * 9 // 10, "the trim did not reach the disk's file")
        guest.run("(cd /mnt && echo 3 >/proc/sys/vm/drop_caches && grep -v big$ sums | md5sum --quiet --check)")
        guest.run("umount /mnt")
        expect_clean(file)
        guest.quit()


vitrine.main(case, needs=("e2fsck", "debugfs"))
