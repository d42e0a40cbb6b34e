#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A restored Debian finds a new generation ID, told by ACPI, and stirs its random numbers; two machines that go on from the
same state are two. What the machine tells in fw_cfg can be read. Argument: the folder of debian_boot.py."""
import sys
import vitrine
from debian_guest import SavedDebian
from vitrine import expect

FILES = "/sys/firmware/qemu_fw_cfg"
FORKED = "crng reseeded due to virtual machine fork"


def own_number(home):
    """The generation ID of a machine that goes on from the saved one."""
    with SavedDebian(home, sys.argv[1]) as guest:
        log = guest.run("dmesg")
        expect(log.count(FORKED) == 1, f"the kernel does not say once that it goes on somewhere else:\n{log[-2000:]}")
        guest.run("modprobe qemu_fw_cfg")
        expect(guest.run(f"cat {FILES}/rev").strip() == "3", "fw_cfg has another revision")
        names = guest.run(f"cd {FILES}/by_name && find -L . -name raw").split()
        for name in ("etc/e820", "etc/table-loader", "etc/vmgenid_guid", "etc/vmgenid_addr"):
            expect(f"./{name}/raw" in names, f"fw_cfg has no {name}: {names}")
        number = guest.run(f"od -An -tx1 -j40 -N16 {FILES}/by_name/etc/vmgenid_guid/raw").strip()
        guest.quit()
    return number


def case(home):
    first, second = own_number(home), own_number(home)
    expect(len(first.split()) == 16 and first != second, f"two machines have the generation IDs {first} and {second}")


vitrine.main(case)
