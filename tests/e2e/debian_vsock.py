#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams between Debian and programs of the host over vsock, opened from either side. Argument: the folder of debian_boot.py."""
import os
import socket
import sys
import threading
import vitrine
from debian_guest import SavedDebian
from vitrine import expect

ECHO_PORT, HOST_PORT = 5000, 6000
BYTES = 4 << 20


def connect(path, port):
    """A stream to the guest's port, through the Unix socket that leads to all of them."""
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(60)
    stream.connect(str(path))
    stream.sendall(f"CONNECT {port}\n".encode())
    answer = b""
    while not answer.endswith(b"\n"):
        answer += (byte := stream.recv(1))
        expect(byte, f"the guest does not take a connection to port {port}")
    expect(answer.startswith(b"OK "), f"the answer to CONNECT is {answer}")
    return stream


def receive(stream, count):
    got = bytearray()
    while len(got) < count and (piece := stream.recv(1 << 16)):
        got += piece
    return bytes(got)


def check_echo(guest):
    guest.run(f"socat VSOCK-LISTEN:{ECHO_PORT},fork PIPE >/dev/null 2>&1 & sleep 1")
    content = os.urandom(BYTES)
    streams = [connect(guest.folder.vsock, ECHO_PORT) for _ in range(3)]
    senders = [threading.Thread(target=stream.sendall, args=(content,)) for stream in streams]
    for sender in senders:
        sender.start()
    for stream in streams:
        expect(receive(stream, BYTES) == content, "the echo is not what was sent")
    for sender, stream in zip(senders, streams):
        sender.join()
        stream.close()


def check_call_out(guest):
    path = f"{guest.folder.vsock}_{HOST_PORT}"
    if os.path.exists(path):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(60)
        listener.bind(path)
        listener.listen()
        guest.shell.start(f"echo from the guest | socat -t 30 - VSOCK-CONNECT:2:{HOST_PORT}")
        with listener.accept()[0] as stream:
            stream.settimeout(60)
            expect(receive(stream, 1 << 20) == b"from the guest\n", "the host got something else")
            stream.sendall(b"from the host\n")
        expect(guest.shell.finish() == "from the host\n", "the guest got something else")
    os.unlink(path)
    guest.run(f"socat - VSOCK-CONNECT:2:{HOST_PORT} 2>/dev/null", status=1) # nobody listens any more


def case(home):
    with SavedDebian(home, sys.argv[1]) as guest:
        check_echo(guest)
        check_call_out(guest)
        guest.quit()


vitrine.main(case)
