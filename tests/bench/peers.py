#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vitrine beside QEMU on the same host, in turn, on the same ISO: peers.py VITRINE [--rounds N] [--skip-menu] prints JSON
with the median of each and their ratio (below 1: Vitrine needs less).

  first-byte-ms  process start to the first byte firmware writes to the debug port 0x402
  menu-s         process start to GRUB's menu on the text screen
  memory-kib     private memory at that menu beyond the guest's RAM, headless

QEMU: -accel kvm -machine q35 -nodefaults -display none -vga std. Nothing of either is tuned; the screen is read from guest
memory in both cases by the same means, the program's own."""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = "/usr/lib/grub-rescue/grub-rescue-cdrom.iso"
MENU = "Change the colors"
RAM_MIB = 256
LIMIT = 600
TEXT_MEMORY = 0xB8000


class Vitrine:
    def __init__(self, program, folder, debug):
        self.program = program
        self.name = f"bench-{os.getpid()}"
        self.command = [program, "run", "--headless", "--name", self.name, "--memory", f"{RAM_MIB}M", "--cpus", "1",
                        "--cdrom", str(copy_iso(folder)), "--debugcon", str(debug)]

    def screen(self):
        result = subprocess.run([self.program, "ctl", self.name, "text"], capture_output=True, text=True, check=False)
        return result.stdout


class Qemu:
    def __init__(self, _, folder, debug):
        self.monitor = folder / "monitor"
        self.command = ["qemu-system-x86_64", "-accel", "kvm", "-cpu", "qemu64", "-machine", "q35", "-nodefaults", "-m", str(RAM_MIB),
                        "-display", "none", "-vga", "std", "-cdrom", str(copy_iso(folder)), "-debugcon", f"file:{debug}",
                        "-global", "isa-debugcon.iobase=0x402", "-monitor", f"unix:{self.monitor},server,nowait"]

    def screen(self):
        """The text screen out of guest memory, by the monitor's `xp`."""
        with socket.socket(socket.AF_UNIX) as monitor:
            try:
                monitor.connect(str(self.monitor))
            except OSError:
                return ""
            monitor.settimeout(10)
            answer = read_prompt(monitor)
            monitor.sendall(f"xp /4000bx {TEXT_MEMORY:#x}\n".encode())
            answer = read_prompt(monitor)
        cells = re.findall(r"0x([0-9a-f]{2})\b", re.sub(r"^[0-9a-f]+:", "", answer.partition("\n")[2], flags=re.MULTILINE))
        return "".join(chr(int(cell, 16)) for cell in cells[::2])


def copy_iso(folder):
    """A copy for each, because QEMU refuses an image another program has locked."""
    return shutil.copyfile(SOURCE, folder / "grub.iso")


def read_prompt(monitor):
    data = b""
    while not data.endswith(b"(qemu) "):
        chunk = monitor.recv(65536)
        if not chunk:
            break
        data += chunk
    return data.decode(errors="replace")


def private_memory(pid):
    """KiB only this process has, without the mapping of guest RAM (the one as large as it)."""
    total, size, ram = 0, 0, False
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if (match := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)) is not None:
            size = int(match.group(2), 16) - int(match.group(1), 16)
            ram = size >= RAM_MIB << 20
        elif not ram and line.startswith(("Private_Clean:", "Private_Dirty:")):
            total += int(line.split()[1])
    return total


def measure(kind, program, skip_menu):
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as name:
        folder = pathlib.Path(name)
        debug = folder / "debugcon"
        peer = kind(program, folder, debug)
        start = time.monotonic()
        process = subprocess.Popen(peer.command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        try:
            result = {"first-byte-ms": wait(process, lambda: debug.exists() and debug.stat().st_size > 0, 0.0005, start) * 1000}
            if not skip_menu:
                result["menu-s"] = wait(process, lambda: MENU in peer.screen(), 0.25, start)
                result["memory-kib"] = private_memory(process.pid)
            return result
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait(process, condition, pause, start):
    while not condition():
        if process.poll() is not None:
            sys.exit(f"{process.args[0]} ended: {process.stderr.read().decode(errors='replace')}")
        if time.monotonic() - start > LIMIT:
            sys.exit(f"{process.args[0]}: nothing within {LIMIT} s")
        time.sleep(pause)
    return time.monotonic() - start


def summary(vitrine, qemu):
    table = {}
    for key in vitrine[0]:
        ours, theirs = (statistics.median(run[key] for run in runs) for runs in (vitrine, qemu))
        table[key] = {"vitrine": round(ours, 2), "qemu": round(theirs, 2), "ratio": round(ours / theirs, 3)}
    return table


def main():
    parser = argparse.ArgumentParser(description="Vitrine beside QEMU")
    parser.add_argument("vitrine")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--skip-menu", action="store_true", help="only the first byte, which takes well under a second")
    arguments = parser.parse_args()
    if not os.access("/dev/kvm", os.R_OK | os.W_OK) or shutil.which("qemu-system-x86_64") is None:
        print("skipped: needs /dev/kvm and qemu-system-x86_64")
        sys.exit(77)
    if "DBUS_SESSION_BUS_ADDRESS" not in os.environ:
        os.execvp("dbus-run-session", ["dbus-run-session", "--", sys.executable, *sys.argv])
    runs = {Vitrine: [], Qemu: []}
    for turn in range(arguments.rounds):
        for kind in (Vitrine, Qemu) if turn % 2 == 0 else (Qemu, Vitrine): # neither always runs on a warm cache
            runs[kind].append(measure(kind, os.path.abspath(arguments.vitrine), arguments.skip_menu))
    print(json.dumps({"rounds": arguments.rounds, "results": summary(runs[Vitrine], runs[Qemu]),
                      "runs": {"vitrine": runs[Vitrine], "qemu": runs[Qemu]}}, indent=2))


if __name__ == "__main__":
    main()
