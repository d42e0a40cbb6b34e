#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Linux that kernel_boot.py saved under the other backend goes on in the middle of its boot: under KVM to the first user
process, under the software CPU to a shell. Argument: the saved machine."""
import pathlib
import re
import sys
import time
import vitrine
from linux_guest import INIT_STARTS, KERNEL_SECONDS, PROMPT, Console
from vitrine import Guest, accel, expect, skip


def check_shell(console):
    """Both CPUs work, timers expire, and the machine goes off as asked."""
    console.wait(PROMPT, KERNEL_SECONDS)
    expect("Linux" in console.command("uname -a"), "uname -a does not say Linux")
    bound = console.command("ls /sys/bus/platform/drivers/vmgenid")
    expect(re.search(r"^\w+:\d\d\b", bound, re.MULTILINE), f"the generation ID has no driver: {bound}")
    for cpu in (0, 1):
        said = console.command(f"taskset {1 << cpu} sh -c 'sleep 1; grep -c ^processor /proc/cpuinfo'")
        expect("\n2\n" in said, f"CPU {cpu} does not answer: {said}")
    console.power_off()


def case(home):
    saved = pathlib.Path(sys.argv[1])
    if not saved.exists():
        skip(f"{saved} is missing: kernel_boot.py leaves it there")
    started = time.monotonic()
    with Guest(home, "kernel", "--restore", saved) as guest:
        console = Console(guest)
        console.wait(INIT_STARTS, KERNEL_SECONDS)
        print(f"{INIT_STARTS!r} {time.monotonic() - started:.0f} s after the start")
        if accel() == "soft":
            check_shell(console)
        else:
            guest.quit()
        console.expect_no_complaint()


vitrine.main(case)
