# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual machines the benches compare: how each is started, looked at and ended. Nothing of any is tuned."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

ISO = "/usr/lib/grub-rescue/grub-rescue-cdrom.iso"
RAM_MIB = 256
LIMIT = 600
SKIPPED = 77
DEBUG_EXIT = "isa-debug-exit,iobase=0x501,iosize=4"
TEXT_MEMORY = 0xB8000


class Vitrine:
    """`vitrine run`, with its files in `folder`."""

    def __init__(self, folder, program, accel="kvm"):
        self.folder, self.program = folder, program
        self.name = f"bench-{os.getpid()}"
        self.command = [program, "run", "--headless", "--name", self.name, "--cpus", "1", "--accel", accel]

    def with_iso(self, debug):
        return [*self.command, "--memory", f"{RAM_MIB}M", "--cdrom", copy_iso(self.folder), "--debugcon", str(debug)]

    def with_kernel(self, kernel, append, initrd=None, memory=RAM_MIB):
        """The guest's serial port is standard output; tests' port for the exit status."""
        command = [*self.command, "--memory", f"{memory}M", "--serial", "stdio", "--test-devices", "--kernel", str(kernel), "--append", append]
        return command + (["--initrd", str(initrd)] if initrd else [])

    def screen(self):
        result = subprocess.run([self.program, "ctl", self.name, "text"], capture_output=True, text=True, check=False)
        return result.stdout

    def facts(self):
        """What made the guest stop, by kind and device, for finding where the time goes."""
        result = subprocess.run([self.program, "ctl", self.name, "stats", "--json"], capture_output=True, text=True, check=False)
        return {"stats": json.loads(result.stdout)} if result.returncode == 0 else {}


class Qemu:
    """qemu-system-x86_64, with its files in `folder`."""

    def __init__(self, folder, _, accel="kvm"):
        self.folder = folder
        self.monitor = folder / "monitor"
        self.command = ["qemu-system-x86_64", "-accel", accel, "-cpu", "qemu64", "-machine", "q35", "-nodefaults", "-display", "none"]

    def with_iso(self, debug):
        return [*self.command, "-m", str(RAM_MIB), "-vga", "std", "-cdrom", copy_iso(self.folder), "-debugcon", f"file:{debug}",
                "-global", "isa-debugcon.iobase=0x402", "-monitor", f"unix:{self.monitor},server,nowait"]

    def with_kernel(self, kernel, append, initrd=None, memory=RAM_MIB):
        command = [*self.command, "-m", str(memory), "-serial", "stdio", "-device", DEBUG_EXIT, "-kernel", str(kernel), "-append", append]
        return command + (["-initrd", str(initrd)] if initrd else [])

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
    return str(shutil.copyfile(ISO, folder / "grub.iso"))


def read_prompt(monitor):
    data = b""
    while not data.endswith(b"(qemu) "):
        chunk = monitor.recv(65536)
        if not chunk:
            break
        data += chunk
    return data.decode(errors="replace")


@contextlib.contextmanager
def running(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=None):
    """The process, ended with the block."""
    process = subprocess.Popen(command, stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL, env=env)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def give_up(process, reason):
    said = process.stderr.read().decode(errors="replace") if process.poll() is not None else ""
    sys.exit(f"{process.args[0]}: {reason}\n{said}")


def wait(process, condition, pause, start):
    """Seconds from `start` until the condition holds."""
    while not condition():
        if process.poll() is not None:
            give_up(process, "ended")
        if time.monotonic() - start > LIMIT:
            give_up(process, f"nothing within {LIMIT} s")
        time.sleep(pause)
    return time.monotonic() - start


def processor_time(pid):
    """Seconds of processor time all threads of a process have used, the guest's included; to the nanosecond, which
    /proc/PID/stat is not (clock_getcpuclockid(3): this is the number it gives for a process on Linux)."""
    return time.clock_gettime((~pid << 3) | 2)


def median_ratio(ours, theirs):
    """The median of each round's own ratio: whatever slows the host for a while slows both of a pair."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs))


def in_session_bus():
    """Starts the script again below a session bus of its own if there is none: `vitrine ctl` finds its machine there."""
    if "DBUS_SESSION_BUS_ADDRESS" not in os.environ:
        os.execvp("dbus-run-session", ["dbus-run-session", "--", sys.executable, *sys.argv])
