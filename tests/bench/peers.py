#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vitrine beside QEMU on the same host, in turn, on the same ISO: peers.py VITRINE [--rounds N] [--skip-menu] prints JSON
with the medians, and the median of the ratios of the pairs (below 1: Vitrine needs less).

  first-byte-ms  process start to the first byte firmware writes to the debug port 0x402
  firmware-s     process start to the firmware's last word, "Booting from", on that port
  menu-s         process start to GRUB's whole menu on the text screen
  menu-cpu-s     processor time the process used until then, guest included: what a busy host disturbs least
  memory-kib     memory at that menu beyond the guest's RAM, headless (Pss, shared pages by their part)
  private-kib    the same, only what no other process shares

QEMU: -accel kvm -machine q35 -nodefaults -display none -vga std. Nothing of either is tuned; the screen is read from guest
memory in both cases by the same means, the program's own, equally often."""
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
MENU = ("Change the colors", "highlighted", "command-line") # an entry and both lines below the box: all of it is drawn
RAM_MIB = 256
LIMIT = 600
TEXT_MEMORY = 0xB8000


class Vitrine:
    def __init__(self, program, folder, debug, accel="kvm"):
        self.program = program
        self.name = f"bench-{os.getpid()}"
        self.command = [program, "run", "--headless", "--name", self.name, "--memory", f"{RAM_MIB}M", "--cpus", "1",
                        "--cdrom", str(copy_iso(folder)), "--debugcon", str(debug), "--accel", accel]

    def screen(self):
        result = subprocess.run([self.program, "ctl", self.name, "text"], capture_output=True, text=True, check=False)
        return result.stdout

    def facts(self):
        """What made the guest stop, by kind and device, for finding where the time goes."""
        result = subprocess.run([self.program, "ctl", self.name, "stats", "--json"], capture_output=True, text=True, check=False)
        return {"stats": json.loads(result.stdout)} if result.returncode == 0 else {}


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

    def facts(self):
        return {}


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


def processor_time(pid):
    """Seconds of all threads, user and system (proc(5), stat fields 14 and 15)."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
                result["firmware-s"] = wait(process, lambda: b"\nBooting from" in debug.read_bytes(), 0.05, start)
                result["menu-s"] = wait(process, lambda: shows_menu(peer.screen()), 0.25, start)
                result["menu-cpu-s"] = processor_time(process.pid)
                result |= memory(process.pid) | peer.facts()
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
    for key in (key for key in qemu[0] if isinstance(qemu[0][key], (int, float))):
        ours, theirs = [run[key] for run in vitrine], [run[key] for run in qemu]
        ratios = [mine / other for mine, other in zip(ours, theirs)]
        table[key] = {"vitrine": round(statistics.median(ours), 2), "qemu": round(statistics.median(theirs), 2),
                      "ratio": round(statistics.median(ratios), 3)}
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
