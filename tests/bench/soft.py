#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The software CPU beside QEMU's TCG and others on the same host, in turn: soft.py VITRINE --guest instructions.elf
[--native instructions_native] [--parts menu,shell,loops] [--peers vitrine-soft,qemu-tcg,...] [--rounds N] [--repeat N]
[--output FILE] prints a table (README.md says what the figures mean) and writes JSON. --check instead proves, once and
without timing, that the guest's loops have the results the host CPU gets."""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import instruction_loops
import peers
from guests import ISO, LIMIT, SKIPPED, Qemu, Vitrine, give_up, in_session_bus, median_ratio, processor_time, running

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from linux_guest import PROMPT, initrd # pylint: disable=wrong-import-position

KERNEL = pathlib.Path("/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/linux")
GUESTS = {"vitrine-soft": (Vitrine, "soft"), "vitrine-kvm": (Vitrine, "kvm"), "qemu-tcg": (Qemu, "tcg"), "qemu-kvm": (Qemu, "kvm")}
# What is compared with what, and the goal for the median of the ratios.
PAIRS = {("vitrine-soft", "qemu-tcg"): {"shell-s": 4}, ("vitrine-soft", "qemu-kvm"): {"menu-s": 0.1}}


def menu(name, arguments):
    kind, accel = GUESTS[name]
    result = peers.measure(kind, arguments.vitrine, accel)
    return {key: result[key] for key in ("menu-s", "menu-cpu-s")}


def shell(name, arguments):
    """Process start to the prompt of busybox' shell."""
    kind, accel = GUESTS[name]
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
        peer = kind(pathlib.Path(folder), arguments.vitrine, accel)
        command = peer.with_kernel(arguments.kernel, "console=ttyS0", arguments.initrd, memory=512)
        start, seen = time.monotonic(), ""
        with running(command, subprocess.PIPE) as process:
            while not re.search(PROMPT, seen):
                data = os.read(process.stdout.fileno(), 65536)
                if not data or time.monotonic() - start > LIMIT:
                    give_up(process, f"no shell:\n{seen[-1000:]}")
                seen += data.decode(errors="replace").replace("\r", "")
            return {"shell-s": time.monotonic() - start, "shell-cpu-s": processor_time(process.pid)}


def loop_results(name, arguments, words):
    if name == "native":
        return instruction_loops.run([arguments.native, words])
    kind, accel = GUESTS[name]
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
        peer = kind(pathlib.Path(folder), arguments.vitrine, accel)
        return instruction_loops.run(peer.with_kernel(arguments.guest, words), instruction_loops.STATUS)


def loops(name, arguments):
    """On KVM and natively only what runs in ring 3: not every KVM can do the rest."""
    privileged = name in ("vitrine-soft", "qemu-tcg")
    words = f"repeat={arguments.repeat}" + ("" if privileged else f" {instruction_loops.USER_LOOPS}")
    return instruction_loops.figures(loop_results(name, arguments, words))


def check(arguments):
    """Every loop under the software CPU has the length and the result it has on the host CPU."""
    stepped = subprocess.run([arguments.native, "step"], stdout=subprocess.PIPE, text=True, check=False)
    print(stepped.stdout)
    if stepped.returncode not in (0, SKIPPED):
        sys.exit("a loop has not as many instructions as it says")
    # Two rounds: one piece of code after another is seen for the first time.
    guest = [(name, *numbers[2:]) for name, *numbers in loop_results("vitrine-soft", arguments, "repeat=2")]
    native = [(name, *numbers[2:]) for name, *numbers in loop_results("native", arguments, "repeat=2")]
    wrong = [f"{mine}, on the host CPU {right}" for mine, right in zip(guest, native) if mine != right]
    if wrong or len(guest) != len(native) or len(native) < 10:
        sys.exit("\n".join(wrong) or f"{len(guest)} loops ran, not {len(native)}")
    print(f"{len(guest)} results are those of the host CPU")


def results_of(runs):
    """By figure: the median of each peer, and the median ratio of each pair with its goal."""
    table = {}
    for name, rounds in runs.items():
        for key in rounds[0]:
            table.setdefault(key, {})[name] = statistics.median(run[key] for run in rounds)
    for (ours, theirs), goals in PAIRS.items():
        for key, row in table.items():
            if ours in row and theirs in row:
                ratio = median_ratio([run[key] for run in runs[ours]], [run[key] for run in runs[theirs]])
                row[f"{ours}/{theirs}"] = {"ratio": ratio} | ({"goal": goals[key], "met": ratio <= goals[key]} if key in goals else {})
    return table


def print_table(results, names):
    pairs = [pair for pair in PAIRS if set(pair) <= set(names)]
    print(f"{'':24}" + "".join(f"{name:>22}" for name in names) + "".join(f"{'/'.join(pair):>24}" for pair in pairs))
    for key, row in results.items():
        line = f"{key:24}"
        for name in names:
            line += f"{shown(key, row[name]) if name in row else '-':>22}"
        for pair in pairs:
            line += f"{row['/'.join(pair)]['ratio']:24.3f}" if "/".join(pair) in row else f"{'-':>24}"
        print(line)


def shown(key, value):
    """A time an instruction takes also as a rate."""
    rate = f" ({1000 / value:.0f} M/s)" if key.endswith("-ns") and value > 0 else ""
    return f"{value:.2f}{rate}"


def needed(arguments, parts, names):
    """What is missing, in words."""
    if shutil.which("qemu-system-x86_64") is None and any(name.startswith("qemu") for name in names):
        return "needs qemu-system-x86_64"
    if any(name.endswith("kvm") for name in names) and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "needs /dev/kvm"
    if "shell" in parts and not pathlib.Path(arguments.kernel).exists():
        return f"needs {arguments.kernel} (Debian package debian-installer-12-netboot-amd64)"
    if "menu" in parts and not pathlib.Path(ISO).exists():
        return f"needs {ISO} (Debian package grub-rescue-pc)"
    return None


def measure_all(arguments, parts, names):
    """A list of runs by peer, one figure table each; who goes first changes every round."""
    able = {"menu": GUESTS, "shell": ("vitrine-soft", "qemu-tcg"), "loops": names}
    measures = {"menu": menu, "shell": shell, "loops": loops}
    runs = {name: [] for name in names}
    for turn in range(arguments.rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            runs[name].append({})
        for part in parts:
            for name in names if turn % 2 == 0 else reversed(names):
                if name in able[part]:
                    runs[name][-1] |= measures[part](name, arguments)
    return runs


def parse():
    parser = argparse.ArgumentParser(description="The software CPU beside QEMU")
    parser.add_argument("vitrine", type=os.path.abspath)
    parser.add_argument("--guest", required=True, help="instructions.elf")
    parser.add_argument("--native", help="instructions_native; with it `native` is a peer for the loops")
    parser.add_argument("--kernel", default=KERNEL, help="Linux for the shell part")
    parser.add_argument("--parts", default="menu,shell,loops")
    parser.add_argument("--peers", default="vitrine-soft,qemu-tcg", help=", ".join(GUESTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=400, help="half million instructions a loop")
    parser.add_argument("--output", help="write the JSON here")
    parser.add_argument("--check", action="store_true", help="results instead of times")
    return parser.parse_args()


def main():
    arguments = parse()
    in_session_bus()
    if arguments.check:
        return check(arguments)
    parts, names = arguments.parts.split(","), arguments.peers.split(",")
    if (missing := needed(arguments, parts, names)) is not None:
        print(f"skipped: {missing}")
        sys.exit(SKIPPED)
    if arguments.native and "loops" in parts:
        names.append("native")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
        arguments.initrd = pathlib.Path(folder) / "initrd.gz"
        initrd(arguments.initrd)
        runs = measure_all(arguments, parts, names)
    results = results_of(runs)
    print_table(results, names)
    if arguments.output is not None:
        host = {"kernel": os.uname().release, "cpus": os.cpu_count(), "load": load}
        report = {"host": host, "rounds": arguments.rounds, "results": results, "runs": runs}
        pathlib.Path(arguments.output).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
