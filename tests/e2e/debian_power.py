#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ACPI power button shuts Debian down: its services end, file systems are unmounted, and the program ends. Argument: the
folder of debian_boot.py."""
import sys
import vitrine
from debian_guest import SavedDebian, expect_clean, host
from vitrine import expect


def case(home):
    with SavedDebian(home, sys.argv[1]) as guest:
        for name, file in guest.folder.disks.items():
            disk = guest.disk(f"scratch-{name}")
            guest.run(f"mkfs.ext4 -q {disk} && mkdir /mnt/{name} && mount {disk} /mnt/{name}")
            # Not written back: that is the shutdown's business.
            guest.run(f"echo kept >/mnt/{name}/file")
        guest.ctl("powerdown")
        expect(guest.process.wait(120) == 0, "the program did not end with status 0")
        for file in guest.folder.disks.values():
            expect_clean(file)
            expect("kept\n" in host("debugfs", "-R", "cat /file", file), "what was written before is not there")


vitrine.main(case, needs=("e2fsck", "debugfs"))
