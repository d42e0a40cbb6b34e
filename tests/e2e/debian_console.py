#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtio console under load: a port carries data both ways while a shell on hvc0 prints, and nobody loses a byte, also when
the reader is slow. Argument: the folder of debian_boot.py."""
import hashlib
import os
import socket
import sys
import threading
import time
import vitrine
from debian_guest import SavedDebian
from vitrine import expect

PORT = "/dev/virtio-ports/org.vitrine.test"
BYTES = 8 << 20
LINES = 20000


def connect(path):
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(120)
    stream.connect(str(path))
    return stream


class Reader(threading.Thread):
    """Reads until `end` came, after a while in which it does not."""

    def __init__(self, stream, finished, lazy_seconds):
        super().__init__(daemon=True)
        self.stream, self.finished, self.lazy_seconds, self.got = stream, finished, lazy_seconds, bytearray()
        self.start()

    def run(self):
        time.sleep(self.lazy_seconds)
        while not self.finished(self.got) and (piece := self.stream.recv(4096)):
            self.got += piece


def check_terminal(terminal):
    """A login on hvc0: a command of ours runs there, and every line it prints comes."""
    terminal.sendall(b"echo there\n")
    first = Reader(terminal, lambda got: b"there" in got, 0)
    first.join(60)
    expect(not first.is_alive(), f"no shell on hvc0, only {bytes(first.got)}")
    terminal.sendall(f"seq -f 'line %.0f' {LINES}; echo end of lines\n".encode())
    return Reader(terminal, lambda got: b"\nend of lines" in got.replace(b"\r", b""), 2)


def case(home):
    content = os.urandom(BYTES)
    with SavedDebian(home, sys.argv[1]) as guest:
        terminal = connect(guest.folder.console)
        lines = check_terminal(terminal)
        port = connect(guest.folder.port)
        guest.shell.start(f"exec 3<>{PORT}; head -c {BYTES} /dev/urandom >/dev/shm/out; md5sum </dev/shm/out\n"
                          f"head -c {BYTES} <&3 | md5sum & cat /dev/shm/out >&3; wait")
        from_guest = Reader(port, lambda got: len(got) >= BYTES, 3)
        port.sendall(content)
        sums = guest.shell.finish(timeout=300).split()[::2]
        from_guest.join(120)
        expect(sums[1] == hashlib.md5(content).hexdigest(), "the guest got something else than was sent")
        expect(hashlib.md5(from_guest.got).hexdigest() == sums[0], f"the host got something else, {len(from_guest.got)} bytes")
        lines.join(120)
        wanted = "".join(f"line {number}\n" for number in range(1, LINES + 1))
        expect(wanted in lines.got.decode().replace("\r", ""), "lines of the terminal are missing")
        guest.quit()


vitrine.main(case)
