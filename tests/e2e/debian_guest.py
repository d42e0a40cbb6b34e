# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian of debian_image.py as a guest, and root's shell on its serial port. Cases go on from the machine that
debian_boot.py saved at the shell, in a folder with the disks that machine has besides the one with Debian."""
import os
import pathlib
import re
import debian_image
from linux_guest import Console
from vitrine import Guest, expect, skip

IMAGE = debian_image.image() # before vitrine.main() makes the home, and with it the cache, another one
SHELL = r"A shell is ready on /dev/ttyS0"
BOOT_SECONDS = 300 # 25 s on an idle machine
COMMAND_SECONDS = 90
SCRATCH = 1 << 30 # bytes of an empty disk


def needed_image():
    if IMAGE is None:
        skip(debian_image.missing() or "the tests' Debian is not made: debian_image.py does that")
    return IMAGE


class Shell(Console):
    """Root's shell. Nothing else prints where it does: the kernel is told to be silent, the terminal not to echo."""

    def __init__(self, guest):
        super().__init__(guest)
        self.typed = 0

    def wait_ready(self):
        self.wait(SHELL, BOOT_SECONDS)
        self.run("dmesg --console-off")

    def start(self, lines):
        """Types lines that may go on; finish() gives their output."""
        self.typed += 1
        self.text = ""
        self.write(f"{{ {lines}\n}} </dev/null 2>&1; echo \"<{self.typed} said $?>\"\n")

    def finish(self, timeout=COMMAND_SECONDS, status=0):
        mark = rf"<{self.typed} said (\d+)>\n"
        self.wait(mark, timeout)
        output, got = re.split(mark, self.text)[:2]
        expect(status is None or int(got) == status, f"the shell says {got}, after printing:\n{output}")
        return output

    def run(self, lines, timeout=COMMAND_SECONDS, status=0):
        """What the lines print, when they have ended with this status (None: with any)."""
        self.start(lines)
        return self.finish(timeout, status)

    def write(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.fd, data):]


class Folder:
    """Where the saved machine lies, with the disks it has."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.saved = self.path / "saved.state"
        self.blk = self.path / "blk.img"    # on virtio-blk
        self.scsi = self.path / "scsi.img"  # on virtio-scsi

    def empty_disks(self):
        for disk in (self.blk, self.scsi):
            empty_disk(disk)


def empty_disk(path, size=SCRATCH):
    with open(path, "wb") as file:
        file.truncate(size)


class SavedDebian(Guest):
    """The Debian that debian_boot.py left in the folder, with its shell; its disks besides the first are empty."""

    def __init__(self, home, folder, *arguments):
        folder = Folder(folder)
        if not folder.saved.exists():
            skip(f"{folder.saved} is missing: debian_boot.py leaves it there")
        folder.empty_disks()
        super().__init__(home, "debian", "--restore", folder.saved, *arguments)
        self.folder = folder
        self.shell = None

    def __enter__(self):
        super().__enter__()
        try:
            self.shell = Shell(self)
            self.shell.run("true")
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def run(self, lines, timeout=COMMAND_SECONDS, status=0):
        return self.shell.run(lines, timeout, status)
