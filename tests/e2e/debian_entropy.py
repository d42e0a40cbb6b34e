#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian takes entropy from the virtio device, and it looks like some. Argument: the folder of debian_boot.py."""
import base64
import collections
import sys
import zlib
import vitrine
from debian_guest import SavedDebian
from vitrine import expect

BYTES = 65536


def read(guest):
    return base64.b64decode(guest.run(f"head -c {BYTES} /dev/hwrng | base64 -w 76"))


def case(home):
    with SavedDebian(home, sys.argv[1]) as guest:
        current = guest.run("cat /sys/class/misc/hw_random/rng_current").strip()
        expect(current.startswith("virtio_rng"), f"the kernel's source of entropy is {current!r}")
        first, second = read(guest), read(guest)
        expect(len(first) == BYTES and first != second, "the device says the same twice, or not enough")
        # Of 65536 random bytes each value occurs 256 times, give or take 16; eight times that is no accident.
        counts = collections.Counter(first)
        expect(all(128 < counts[value] < 384 for value in range(256)), f"values are not equally frequent: {counts}")
        expect(len(zlib.compress(first, 9)) > BYTES, "it can be compressed")
        guest.quit()


vitrine.main(case)
