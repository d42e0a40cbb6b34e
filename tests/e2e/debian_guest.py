# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian of debian_image.py as a guest, and root's shell on its serial port. Cases go on from the machine that
debian_boot.py saved at the shell, in a folder with the disks that machine has besides the one with Debian."""
import os
import pathlib
import re
import subprocess
import debian_image
from linux_guest import Console
from vitrine import Guest, expect, skip

IMAGE = debian_image.image() # before vitrine.main() makes the home, and with it the cache, another one
SHELL = r"A shell is ready on /dev/ttyS0"
BOOT_SECONDS = 300 # 25 s on an idle machine
COMMAND_SECONDS = 90
GUEST_CID = 42
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
        """Types lines that may go on, for a shell of their own; finish() gives their output."""
        self.typed += 1
        self.text = ""
        self.write(f"({lines}\n) </dev/null 2>&1; echo \"<{self.typed} said $?>\"\n")

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
    """Where the saved machine lies, with what it has outside of the guest."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.saved = self.path / "saved.state"
        self.disks = {"blk": self.path / "blk.img", "scsi": self.path / "scsi.img"} # on virtio-blk and virtio-scsi
        self.console = self.path / "hvc0" # Unix socket of the virtio console
        self.port = self.path / "port"    # Unix socket of its port "org.vitrine.test"
        self.vsock = self.path / "vsock"  # Unix socket of the socket device

    def devices(self):
        """The options of `vitrine run` for a machine with all of it, and Debian's disk, which it only reads."""
        disks = [f"{path},bus={bus},serial=scratch-{name}" for (name, path), bus in
                 zip(self.disks.items(), ("virtio", "scsi"))]
        return [option for disk in (f"{needed_image().disk},bus=virtio,readonly", *disks) for option in ("--disk", disk)] + [
            "--nic", "user", "--console", f"socket={self.console}", "--console", f"socket={self.port},name=org.vitrine.test",
            "--vsock", f"{GUEST_CID},socket={self.vsock}"]

    def empty_disks(self):
        for disk in self.disks.values():
            empty_disk(disk)


def empty_disk(path, size=SCRATCH):
    with open(path, "wb") as file:
        file.truncate(size)


def allocated(path):
    """Bytes a sparse file takes."""
    return path.stat().st_blocks * 512


def host(*command, status=0):
    """What a command of the host prints; another exit status fails the case."""
    result = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                            stdin=subprocess.DEVNULL)
    expect(result.returncode == status, f"{' '.join(map(str, command))}: status {result.returncode}\n{result.stdout}")
    return result.stdout


def expect_clean(disk):
    """The ext4 file system in this file has no fault and was unmounted."""
    host("e2fsck", "-fn", disk)
    said = host("dumpe2fs", "-h", disk)
    expect(re.search(r"Filesystem state: +clean\n", said) and "needs_recovery" not in said, f"not unmounted:\n{said}")


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

    def disk(self, serial):
        """The guest's name of the disk with this serial number, "/dev/vdb"."""
        said = self.run("udevadm settle; lsblk --nodeps --noheadings --paths --raw --output NAME,SERIAL")
        names = [line.split()[0] for line in said.splitlines() if line.split()[1:] == [serial]]
        expect(len(names) == 1, f"not one disk with the serial number {serial}:\n{said}")
        return names[0]

    def quit(self):
        self.run("dmesg")
        self.shell.expect_no_complaint()
        super().quit()
