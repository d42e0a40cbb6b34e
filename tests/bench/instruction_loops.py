# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the loops of tests/bench/instructions in a guest or natively and times them from outside."""
import os
import select
import subprocess
import sys
import time
from guests import LIMIT, SKIPPED, give_up, processor_time, running

STATUS = 33 # of the guest
USER_LOOPS = "integer memory crossing branchy sse string first-seen"


def run(command, status=0):
    """One list per loop that ran, in order: name, wall seconds, processor seconds, instructions, operations, checksum."""
    with running(command, subprocess.PIPE) as process:
        results = []
        for line, wall, processor in timed_lines(process):
            words = line.split()
            if words[:1] == ["run"]:
                name, begin = words[1], (wall, processor)
            elif words == ["done"]:
                spent = (wall - begin[0], processor - begin[1])
            elif len(words) == 3:
                results.append([name, *spent, *map(int, words)])
        if process.wait(20) == SKIPPED:
            print("skipped: there is no memory that may be written and executed")
            sys.exit(SKIPPED)
        if process.returncode != status:
            give_up(process, f"exit status {process.returncode}, not {status}")
    return results


def timed_lines(process):
    """The lines of its output, each with the time and the processor time at which it was there."""
    end = time.monotonic() + LIMIT
    rest = b""
    while True:
        if not select.select([process.stdout], [], [], max(0, end - time.monotonic()))[0]:
            give_up(process, f"nothing within {LIMIT} s")
        wall, processor = time.monotonic(), processor_time(process.pid)
        data = os.read(process.stdout.fileno(), 4096)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace"), wall, processor


def figures(results):
    """By loop: nanoseconds of processor and wall time an instruction or, where that is what the loop is about, an operation.
    first-seen-ns is what an instruction costs in addition the first time."""
    sums = {}
    for name, *numbers in results:
        sums[name] = [old + new for old, new in zip(sums.get(name, [0] * 4), numbers[:4])]
    table = {}
    for name, (wall, processor, instructions, operations) in sums.items():
        count = operations if name in ("string", "system-call", "page-table") else instructions
        table[f"{name}-ns"] = processor / count * 1e9
        table[f"{name}-wall-ns"] = wall / count * 1e9
    for kind in ("ns", "wall-ns"):
        if f"seen-again-{kind}" in table:
            table[f"first-seen-{kind}"] -= table[f"seen-again-{kind}"]
    return table
