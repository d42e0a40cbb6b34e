# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of the case's own: nothing but loopback, and servers for HTTP and DNS on it that a guest reaches through NAT."""
import hashlib
import http.server
import os
import shutil
import socket
import socketserver
import struct
import subprocess
import sys
import threading
from vitrine import expect, skip


def enter(home_of_resolver):
    """Starts this script again with a network and a resolv.conf of its own, once; ports below 1024 are free there. Skips where
    users may not make namespaces."""
    if "VITRINE_E2E_NETWORK" in os.environ:
        return
    unshare = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode != 0:
        skip("a network of its own needs user namespaces, which are not allowed here")
    os.environ["VITRINE_E2E_NETWORK"] = "1"
    setup = ('ip link set lo up && printf "nameserver 127.0.0.1\\nnameserver ::1\\n" >"$1/resolv.conf" && '
             'mount --bind "$1/resolv.conf" "$(readlink -f /etc/resolv.conf)" && shift && exec "$@"')
    os.execvp("unshare", [*unshare, "sh", "-ec", setup, "sh", str(home_of_resolver), sys.executable, *sys.argv])


class HttpServer:
    """Serves one file, and takes one, on loopback of both families with one port."""

    def __init__(self, content):
        self.taken = threading.Event()
        self.taken_sum = None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_PUT(self):
                left, summed = int(self.headers["Content-Length"]), hashlib.md5()
                if self.headers.get("Expect"):
                    self.send_response_only(100)
                    self.end_headers()
                while left > 0 and (piece := self.rfile.read(min(left, 1 << 20))):
                    summed.update(piece)
                    left -= len(piece)
                outer.taken_sum = summed.hexdigest()
                self.send_response(201)
                self.send_header("Content-Length", "0")
                self.end_headers()
                outer.taken.set()

            def log_message(self, *_):
                pass

        class Server6(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6

        first = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = first.server_address[1]
        self.servers = [first, Server6(("::1", self.port), Handler)]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()


class DnsServer:
    """Answers questions for A and AAAA of the names it has, on loopback of both families (RFC 1035 section 4)."""

    def __init__(self, names):
        self.asked = []
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                question, sock = self.request
                if (answer := outer.answer(question, names)) is not None:
                    sock.sendto(answer, self.client_address)

        class Server6(socketserver.ThreadingUDPServer):
            address_family = socket.AF_INET6

        for kind, address in ((socketserver.ThreadingUDPServer, "127.0.0.1"), (Server6, "::1")):
            server = kind((address, 53), Handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def answer(self, packet, names):
        identity, _, questions = struct.unpack_from(">HHH", packet)
        expect(questions == 1, f"{questions} questions at once")
        labels, at = [], 12
        while length := packet[at]:
            labels.append(packet[at + 1:at + 1 + length].decode())
            at += 1 + length
        name, kind = ".".join(labels).lower(), struct.unpack_from(">H", packet, at + 1)[0]
        self.asked.append((name, kind))
        family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
        known = names.get(name, {})
        records = [socket.inet_pton(family, known[kind])] if kind in known else []
        flags = 0x8580 | (0 if known else 3) # an answer with authority, recursion available; or: no such name
        body = packet[12:at + 5]
        for record in records:
            body += struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(record)) + record
        return struct.pack(">HHHHHH", identity, flags, 1, len(records), 0, 0) + body
