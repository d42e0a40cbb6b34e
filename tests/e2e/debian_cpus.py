#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""All four CPUs of Debian are online and each does work that is bound to it. Argument: the folder of debian_boot.py."""
import re
import sys
import vitrine
from debian_guest import SavedDebian
from vitrine import expect

CPUS = 4
ZEROES = "58f06dd588d8ffb3beb46ada6309436b" # md5sum of 32 MiB of zeroes


def busy(guest):
    """How long each CPU has run programs, in hundredths of a second."""
    lines = re.findall(r"^cpu\d+ (\d+)", guest.run("cat /proc/stat"), re.MULTILINE)
    return [int(user) for user in lines]


def case(home):
    with SavedDebian(home, sys.argv[1]) as guest:
        expect(guest.run("cat /sys/devices/system/cpu/online").strip() == f"0-{CPUS - 1}", "not all CPUs are online")
        before = busy(guest)
        said = guest.run("for cpu in 0 1 2 3; do\n"
                         "  taskset -c $cpu sh -c 'head -c 32M /dev/zero | md5sum' &\n"
                         "done; wait", timeout=300)
        expect(said.split().count(ZEROES) == CPUS, f"the CPUs disagree about md5sums:\n{said}")
        worked = [now - then for now, then in zip(busy(guest), before)]
        print(f"worked, in hundredths of a second: {worked}")
        expect(len(worked) == CPUS and min(worked) > 0, f"a CPU did not work: {worked}")
        guest.quit()


vitrine.main(case)
