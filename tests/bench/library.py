#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vitrine's library beside gnome-boxes on the same host, in turn: library.py VITRINE [--rounds N] [--output FILE] [--pictures FOLDER]
prints JSON with the medians, and the median of the ratios of the pairs (below 1: Vitrine needs less), with no machine and with 50.

  window-ms    process start until there is a window, whatever it shows
  whole-ms     process start until it shows what it goes on to show, its machines with it
  private-kib  memory that no other process shares, once the window rests, of all processes of that program
  idle-cpu-ms  processor time of these within the ten seconds that follow

Each start has an X server, a window manager and a session bus of its own. The screen is read from the server's memory, which
disturbs no client; --pictures keeps what was on it at the end, to see that both show the same machines."""
import argparse
import contextlib
import json
import mmap
import os
import pathlib
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from guests import SKIPPED, median_ratio, processor_time, running

NEEDED = ("Xvfb", "openbox", "dbus-daemon", "gnome-boxes", "libvirtd", "unshare")
GOALS = {"window-ms": 0.5, "whole-ms": 0.5}
MACHINES = (0, 50)
SCREEN = (1280, 800)
EVERY_PIXEL = 97     # of so many is looked at; no divisor of the screen's width, so that columns differ
LOOK_SECONDS = 0.002
REST_SECONDS = 5      # Boxes' machines come seconds after its window
IDLE_SECONDS = 10
LIMIT = 120

BUNDLE = """schema = 1

[machine]
name = "{name}"
id = "{number:032x}"

[resources]
cpus = 2
memory = "2G"

[[disk]]
id = "disk0"
file = "disk0.raw"
bus = "virtio"

[[network]]
id = "nic0"
kind = "user"
"""
DOMAIN = """<domain type='kvm'>
  <name>machine-{number}</name>
  <title>{name}</title>
  <uuid>00000000-0000-4000-8000-{number:012x}</uuid>
  <memory unit='GiB'>2</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>
    <interface type='user'><model type='virtio'/></interface>
    <graphics type='spice'/>
    <video><model type='virtio'/></video>
  </devices>
</domain>
"""


class Vitrine:
    """The library's window, and machines in its folder."""

    def __init__(self, home, program):
        self.home, self.command = home, [program]

    def add(self, number, name):
        bundle = self.home / "data" / "vitrine" / "machines" / f"{name}.vitrine"
        bundle.mkdir(parents=True)
        (bundle / "machine.toml").write_text(BUNDLE.format(name=name, number=number), encoding="utf-8")
        empty_disk(bundle / "disk0.raw")


class Boxes:
    """gnome-boxes, and machines of the libvirt daemon of its session."""

    def __init__(self, home, _):
        self.home, self.command = home, ["gnome-boxes"]
        settings = home / "config" / "glib-2.0" / "settings" / "keyfile" # it was used before: no welcome
        settings.parent.mkdir(parents=True)
        settings.write_text("[org/gnome/boxes]\nfirst-run=false\n", encoding="utf-8")

    def add(self, number, name):
        folder, disk = self.home / "config" / "libvirt" / "qemu", self.home / "data" / "gnome-boxes" / "images" / f"machine-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        disk.parent.mkdir(parents=True, exist_ok=True)
        empty_disk(disk)
        (folder / f"machine-{number}.xml").write_text(DOMAIN.format(name=name, number=number, disk=disk), encoding="utf-8")


class Screen:
    """The root window of an Xvfb with -fbdir, as a file that is mapped: an X window dump (XWDFile.h)."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.dump = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        words = struct.unpack_from(">25I", self.dump)
        header, bits, line, colors = words[0], words[11], words[12], words[19]
        if bits != 32 or line != SCREEN[0] * 4:
            sys.exit(f"Xvfb: {bits} bits a pixel, {line} bytes a line")
        begin = header + colors * 12
        self.pixels = memoryview(self.dump)[begin:begin + line * SCREEN[1]].cast("I")[::EVERY_PIXEL]

    def look(self):
        return self.pixels.tobytes()


def empty_disk(path):
    with open(path, "wb") as disk:
        disk.truncate(1 << 30)


def wait(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"no {what} within {LIMIT} s")
        time.sleep(0.01)


@contextlib.contextmanager
def desktop(home):
    """Its screen, and the environment of a program on it. Everything that was started below it ends with it."""
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as name:
        folder = pathlib.Path(name)
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "WAYLAND_", "DBUS_", "DISPLAY"))}
        environment |= {f"XDG_{kind.upper()}_HOME": str(home / kind) for kind in ("data", "config", "cache", "state")}
        environment |= {"HOME": str(home), "XDG_RUNTIME_DIR": name, "LANGUAGE": "en", "GSETTINGS_BACKEND": "keyfile"}
        geometry = f"{SCREEN[0]}x{SCREEN[1]}x24"
        try:
            with running(["Xvfb", "-displayfd", "1", "-screen", "0", geometry, "-fbdir", name, "-nocursor", "-noreset"], subprocess.PIPE) as server, \
                 running(["dbus-daemon", "--session", "--nofork", "--print-address"], subprocess.PIPE, env=environment) as bus:
                environment["DISPLAY"] = ":" + server.stdout.readline().decode().strip()
                environment["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().decode().strip()
                ready = folder / "ready"
                with running(["openbox", "--startup", f"touch {ready}"], env=environment):
                    wait(ready.exists, "window manager")
                    yield Screen(folder / "Xvfb_screen0"), environment
        finally:
            end_all(name)


def processes_in(runtime, program=None):
    """Processes, of that program if one is given, that were started with this runtime folder, which no others are."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"XDG_RUNTIME_DIR={runtime}\0".encode() in (process / "environ").read_bytes() and program in (None, os.readlink(process / "exe")):
                yield int(process.name)


def end_all(runtime):
    """Daemons that a program started by itself, as libvirt's, outlive it."""
    def none_left():
        left = list(processes_in(runtime))
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left
    wait(none_left, "end of the daemons")


def watch(screen, process, said, start):
    """What the screen showed, each time with the seconds since `start`, until it rests."""
    seen, empty = [(0.0, screen.look())], True
    while empty or time.monotonic() - start - seen[-1][0] < REST_SECONDS:
        now, pixels = time.monotonic() - start, screen.look()
        if pixels != seen[-1][1]:
            seen.append((now, pixels))
            empty = False
        if process.poll() is not None:
            sys.exit(f"{process.args[0]}: ended with {process.returncode}\n{said.read_text(errors='replace')}")
        if now > LIMIT:
            sys.exit(f"{process.args[0]}: no window that rests within {LIMIT} s")
        time.sleep(LOOK_SECONDS)
    return seen


def colors(pixels):
    """Without the byte that a screen does not show."""
    return [pixel & 0xFFFFFF for pixel in memoryview(pixels).cast("I")]


def times(seen):
    """Milliseconds until half of the pixels that are not the empty screen's at the end had changed at all, and until nearly all
    of them were what they stay."""
    empty, final = colors(seen[0][1]), colors(seen[-1][1])
    window = [at for at, color in enumerate(final) if color != empty[at]]
    pictures = [(when * 1000, colors(pixels)) for when, pixels in seen]
    return {"window-ms": next(when for when, now in pictures if sum(now[at] != empty[at] for at in window) >= 0.5 * len(window)),
            "whole-ms": next(when for when, now in pictures if sum(now[at] == final[at] for at in window) >= 0.99 * len(window))}


def private_kib(pid):
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean:", "Private_Dirty:")))


def measure(peer, picture=None, idle=True):
    """One start."""
    with desktop(peer.home) as (screen, environment):
        said = pathlib.Path(environment["XDG_RUNTIME_DIR"]) / "said"
        with open(said, "wb") as errors:
            start = time.monotonic()
            with running(peer.command, stderr=errors, env=environment) as process:
                seen = watch(screen, process, said, start)
                result = times(seen)
                if picture is not None:
                    picture.write_bytes(screen.dump)
                if not idle:
                    return result
                pids = list(processes_in(environment["XDG_RUNTIME_DIR"], os.readlink(f"/proc/{process.pid}/exe")))
                result["private-kib"] = sum(map(private_kib, pids))
                before = sum(map(processor_time, pids))
                time.sleep(IDLE_SECONDS)
                return result | {"idle-cpu-ms": (sum(map(processor_time, pids)) - before) * 1000}


def summary(vitrine, boxes):
    table = {}
    for key in vitrine[0]:
        ours, theirs = [run[key] for run in vitrine], [run[key] for run in boxes]
        table[key] = {"vitrine": round(statistics.median(ours), 2), "gnome-boxes": round(statistics.median(theirs), 2)}
        if key == "idle-cpu-ms": # what nobody uses has no ratio
            table[key] |= {"goal": 0, "met": statistics.median(ours) == 0}
            continue
        table[key]["ratio"] = round(median_ratio(ours, theirs), 3)
        if key in GOALS:
            table[key] |= {"goal": GOALS[key], "met": table[key]["ratio"] <= GOALS[key]}
    return table


def compare(folder, program, count, rounds, pictures):
    """The runs of both with so many machines. Each starts once before, uncounted: what it keeps in caches is there then, as it is
    for somebody who has used it before."""
    peers = {}
    for kind in (Vitrine, Boxes):
        peers[kind] = peer = kind(folder / f"{kind.__name__}-{count}", program)
        for name in ("data", "config", "cache", "state"):
            (peer.home / name).mkdir(parents=True, exist_ok=True)
        for number in range(1, count + 1):
            peer.add(number, f"Machine {number:02}")
        measure(peer, pictures and pictures / f"{kind.__name__.lower()}-{count}.xwd", idle=False)
    runs = {Vitrine: [], Boxes: []}
    for turn in range(rounds):
        for kind in (Vitrine, Boxes) if turn % 2 == 0 else (Boxes, Vitrine):
            runs[kind].append(measure(peers[kind]))
    return runs[Vitrine], runs[Boxes]


def main():
    parser = argparse.ArgumentParser(description="Vitrine's library beside gnome-boxes")
    parser.add_argument("vitrine")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", help="write the JSON here as well")
    parser.add_argument("--pictures", type=pathlib.Path, help="a folder for what both show, as X window dumps")
    arguments = parser.parse_args()
    if missing := [tool for tool in NEEDED if shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin") is None]:
        print(f"skipped: needs {', '.join(missing)}")
        sys.exit(SKIPPED)
    if os.geteuid() == 0: # libvirt has no session for root
        os.execvp("unshare", ["unshare", "--user", "--map-user=1000", "--map-group=1000", sys.executable, *sys.argv])
    report = {"rounds": arguments.rounds, "results": {}, "runs": {}}
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as name:
        for count in MACHINES:
            vitrine, boxes = compare(pathlib.Path(name), os.path.abspath(arguments.vitrine), count, arguments.rounds, arguments.pictures)
            report["results"][f"{count} machines"] = summary(vitrine, boxes)
            report["runs"][f"{count} machines"] = {"vitrine": vitrine, "gnome-boxes": boxes}
    text = json.dumps(report, indent=2)
    if arguments.output is not None:
        pathlib.Path(arguments.output).write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
