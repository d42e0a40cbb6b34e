#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vitrine beside QEMU on the same host, in turn, on the same ISO, both on KVM: peers.py VITRINE [--rounds N] [--skip-menu]
prints JSON with the medians, and the median of the ratios of the pairs (below 1: Vitrine needs less).

  first-byte-ms  process start to the first byte firmware writes to the debug port 0x402
  firmware-s     process start to the firmware's last word, "Booting from", on that port
  menu-s         process start to GRUB's whole menu on the text screen
  menu-cpu-s     processor time the process used until then, guest included: what a busy host disturbs least
  memory-kib     memory at that menu beyond the guest's RAM, headless (Pss, shared pages by their part)
  private-kib    the same, only what no other process shares

The screen is read from guest memory in both cases by the same means, the program's own, equally often."""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import sys
import tempfile
import time
from guests import RAM_MIB, SKIPPED, Qemu, Vitrine, in_session_bus, median_ratio, processor_time, running, wait

MENU = ("Change the colors", "highlighted", "command-line") # an entry and both lines below the box: all of it is drawn


def shows_menu(screen):
    return all(part in screen for part in MENU)


def memory(pid):
    """KiB of this process without the mapping of guest RAM (the one as large as it)."""
    pss, private, size, ram = 0, 0, 0, False
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if (match := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)) is not None:
            size = int(match.group(2), 16) - int(match.group(1), 16)
            ram = size >= RAM_MIB << 20
        elif not ram and line.startswith(("Private_Clean:", "Private_Dirty:")):
            private += int(line.split()[1])
        elif not ram and line.startswith("Pss:"):
            pss += int(line.split()[1])
    return {"memory-kib": pss, "private-kib": private}


def measure(kind, program, accel="kvm", skip_menu=False):
    """One start; until GRUB's menu unless that is skipped."""
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as name:
        folder = pathlib.Path(name)
        debug = folder / "debugcon"
        peer = kind(folder, program, accel)
        command = peer.with_iso(debug)
        start = time.monotonic()
        with running(command) as process:
            result = {"first-byte-ms": wait(process, lambda: debug.exists() and debug.stat().st_size > 0, 0.0005, start) * 1000}
            if not skip_menu:
                result["firmware-s"] = wait(process, lambda: b"\nBooting from" in debug.read_bytes(), 0.05, start)
                pause = 0.25 if accel == "kvm" else 0.02
                result["menu-s"] = wait(process, lambda: shows_menu(peer.screen()), pause, start)
                result["menu-cpu-s"] = processor_time(process.pid)
                result |= memory(process.pid) | peer.facts()
            return result


def summary(vitrine, qemu):
    table = {}
    for key in (key for key in qemu[0] if isinstance(qemu[0][key], (int, float))):
        ours, theirs = [run[key] for run in vitrine], [run[key] for run in qemu]
        table[key] = {"vitrine": round(statistics.median(ours), 2), "qemu": round(statistics.median(theirs), 2),
                      "ratio": round(median_ratio(ours, theirs), 3)}
    return table


def main():
    parser = argparse.ArgumentParser(description="Vitrine beside QEMU")
    parser.add_argument("vitrine")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--skip-menu", action="store_true", help="only the first byte, which takes well under a second")
    arguments = parser.parse_args()
    if not os.access("/dev/kvm", os.R_OK | os.W_OK) or shutil.which("qemu-system-x86_64") is None:
        print("skipped: needs /dev/kvm and qemu-system-x86_64")
        sys.exit(SKIPPED)
    in_session_bus()
    runs = {Vitrine: [], Qemu: []}
    for turn in range(arguments.rounds):
        for kind in (Vitrine, Qemu) if turn % 2 == 0 else (Qemu, Vitrine): # neither always runs on a warm cache
            runs[kind].append(measure(kind, os.path.abspath(arguments.vitrine), skip_menu=arguments.skip_menu))
    print(json.dumps({"rounds": arguments.rounds, "results": summary(runs[Vitrine], runs[Qemu]),
                      "runs": {"vitrine": runs[Vitrine], "qemu": runs[Qemu]}}, indent=2))


if __name__ == "__main__":
    main()
