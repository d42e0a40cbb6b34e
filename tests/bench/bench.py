#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""All measurements as one JSON: bench.py --vitrine PROGRAM --exit-bench PROGRAM --guest exits.elf [--rounds N]
[--menu-rounds N] [--output FILE]. README.md says what the figures mean. Exit status 0 even when a goal is missed: a figure
from a busy host is no reason to fail, and `goal` says what was wanted."""
import argparse
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
GOALS = {"pio-read": 1.05, "mmio-read": 1.05, "ioeventfd-write": 1.05, "first-byte-ms": 0.5, "menu-s": 0.7, "memory-kib": 0.25}


def measure(*command):
    """The JSON a measuring program prints; ends with its reason and status when it cannot measure."""
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode != 0:
        print(result.stdout.strip())
        sys.exit(result.returncode)
    return json.loads(result.stdout)


def with_goals(results):
    table = {}
    for name, result in results.items():
        table[name] = dict(result)
        if name in GOALS:
            table[name] |= {"goal": GOALS[name], "met": result["ratio"] <= GOALS[name]}
    return table


def main():
    parser = argparse.ArgumentParser(description="Vitrine beside a bare KVM loop and QEMU")
    parser.add_argument("--vitrine", required=True)
    parser.add_argument("--exit-bench", required=True)
    parser.add_argument("--guest", required=True)
    parser.add_argument("--rounds", type=int, default=15, help="pairs of starts to the first byte")
    parser.add_argument("--menu-rounds", type=int, default=3, help="pairs of boots to GRUB's menu; 0: none")
    parser.add_argument("--output", help="write the JSON here as well")
    arguments = parser.parse_args()
    exits = measure(arguments.exit_bench, arguments.guest)
    peers = [sys.executable, HERE / "peers.py", arguments.vitrine]
    start = measure(*peers, "--rounds", arguments.rounds, "--skip-menu")
    results = {name: value for name, value in exits.items() if isinstance(value, dict)} | start["results"]
    report = {"host": {"kernel": os.uname().release, "cpus": os.cpu_count(), "load": os.getloadavg()[0]}}
    runs = {"start": start["runs"]}
    if arguments.menu_rounds > 0:
        menu = measure(*peers, "--rounds", arguments.menu_rounds)
        results |= {name: value for name, value in menu["results"].items() if name != "first-byte-ms"}
        runs["menu"] = menu["runs"]
    text = json.dumps(report | {"results": with_goals(results), "runs": runs}, indent=2)
    if arguments.output is not None:
        pathlib.Path(arguments.output).write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
