# SPDX-License-Identifier: GPL-3.0-or-later
"""Linux as a guest: an initial ramdisk with busybox, and its shell on the serial port."""
import gzip
import os
import pathlib
import re
import select
import shutil
import socket
import subprocess
import threading
import time
from vitrine import expect, skip

BUSYBOX = pathlib.Path("/bin/busybox")
INIT = b"""#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox --install -s /bin
exec setsid sh -c 'exec sh </dev/ttyS0 >/dev/ttyS0 2>&1'
"""
PROMPT = r"/ # (?:\x1b\[6n)?$"
INIT_STARTS = "Run /init as init process"
KERNEL_SECONDS = 420 # where KVM interprets ring 0 on a busy machine


def initrd(path, compress=True):
    """An initial ramdisk of busybox and one script (cpio "newc", Linux Documentation/driver-api/early-userspace/buffer-format.rst).
    Where KVM interprets ring 0, unpacking a compressed one takes half a minute."""
    if not BUSYBOX.exists():
        skip(f"{BUSYBOX} is missing (Debian package busybox-static)")
    entries = [(name, 0o040755, b"") for name in ("bin", "dev", "proc", "sys")]
    entries += [("bin/busybox", 0o100755, BUSYBOX.read_bytes()), ("init", 0o100755, INIT), ("TRAILER!!!", 0, b"")]
    archive = bytearray()
    for number, (name, mode, content) in enumerate(entries):
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        archive += b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        archive += b"\0" * (-len(archive) % 4)
        archive += content
        archive += b"\0" * (-len(archive) % 4)
    path.write_bytes(gzip.compress(bytes(archive), 1) if compress else archive)


def root_disk(path, init=INIT):
    """A disk image with an ext4 file system of busybox and one script, /init."""
    if not BUSYBOX.exists():
        skip(f"{BUSYBOX} is missing (Debian package busybox-static)")
    tree = path.with_name(path.name + ".tree")
    for name in ("bin", "dev", "proc", "sys"):
        (tree / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(BUSYBOX, tree / "bin" / "busybox")
    (tree / "init").write_bytes(init)
    (tree / "init").chmod(0o755)
    with open(path, "wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, path], check=True, stdin=subprocess.DEVNULL)
    shutil.rmtree(tree)


class HVC0(threading.Thread):
    """What a guest says on its virtio console, through the Unix socket the program made for it."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.stream = socket.socket(socket.AF_UNIX)
        self.stream.connect(str(path))
        self.text = ""
        self.start()

    def run(self):
        while piece := self.stream.recv(65536):
            self.text += piece.decode(errors="replace").replace("\r", "")

    def end(self):
        """All of it, when the program has ended."""
        self.join(30)
        return self.text


class Console:
    """The guest's serial port, through the pseudo terminal the program names."""

    def __init__(self, guest):
        end = time.monotonic() + 30
        while not (found := re.search(r"serial: (/dev/pts/\d+)", guest.log())):
            expect(time.monotonic() < end, "the program names no pseudo terminal")
            time.sleep(0.1)
        self.guest = guest
        self.fd = os.open(found.group(1), os.O_RDWR | os.O_NOCTTY)
        self.text = ""

    def wait(self, pattern, timeout):
        end = time.monotonic() + timeout
        while not re.search(pattern, self.text):
            expect(time.monotonic() < end, f"no {pattern!r} on the console within {timeout} s:\n{self.text[-3000:]}")
            expect(self.guest.process.poll() is None, f"the program ended with {self.guest.process.returncode}")
            if select.select([self.fd], [], [], 1)[0]:
                self.text += os.read(self.fd, 65536).decode(errors="replace").replace("\r", "")
        return self.text

    def command(self, line):
        """Types a line at the prompt; what it printed."""
        self.text = ""
        os.write(self.fd, line.encode() + b"\n")
        return self.wait(r"\n(?:.*\n)*" + PROMPT, 60)

    def power_off(self):
        """poweroff goes through ACPI: the program ends."""
        os.write(self.fd, b"poweroff -f\n")
        expect(self.guest.process.wait(60) == 0, "poweroff does not end the program with status 0")

    def expect_no_complaint(self):
        for complaint in ("unchecked MSR access", "Call Trace", "WARNING: "):
            expect(complaint not in self.text, f"the kernel complained:\n{self.text[-3000:]}")
