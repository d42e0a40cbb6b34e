#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""By hand, for it takes up to an hour: Debian 12 is installed without questions on the software CPU, from a mirror on loopback made of
Debian's packages, and the new system's first user logs in. Argument: a folder for the mirror, which the next run finds there, for the
installer's words (installer.log) and its last picture. Says how long each step took, and what the installer said last when it goes no
further. Components that the archive apt uses does not give may lie in FOLDER/extra as .udeb files."""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
import debian_mirror
import vitrine
from vitrine import expect, program, skip

NETBOOT = pathlib.Path("/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64")
NAME, USER, PASSWORD, HOST = "Express", "anna", "correct horse", "colibri"
GUESTS_HOST = "10.0.2.2" # our loopback, as the guest reaches it
SILENCE = 900 # seconds without a word from the installer: it waits for an answer; GRUB's and the kernel's packages take minutes
LONGEST = 7200 # seconds


class Syslog(threading.Thread):
    """What the installer sends to the address it is given (log_host, log_port: RFC 3164 in UDP)."""

    def __init__(self, log):
        super().__init__(daemon=True)
        self.log = open(log, "w", encoding="utf-8", buffering=1) # pylint: disable=consider-using-with
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.started = self.heard = time.monotonic()
        self.lines = []
        self.start()

    def run(self):
        while True:
            line = self.socket.recv(65536).decode(errors="replace").strip()
            self.heard = time.monotonic()
            self.lines.append(line)
            print(f"{self.heard - self.started:7.1f} {line}", file=self.log)
            if step := re.search(r"main-menu\[\d+\]: INFO: Menu item '(\S+)' (selected|succeeded)", line):
                print(f"{self.heard - self.started:6.0f} s  {step[1]} {step[2]}")
            elif re.search(r"ERROR|WARNING \*\*|[Ff]ailed", line):
                print(f"{self.heard - self.started:6.0f} s  {line[:200]}")


def medium(folder):
    """The installer of the package, below the label and the names of a Debian 12 medium."""
    tree, image = folder / "medium" / "install.amd", folder / "debian-12.iso"
    tree.mkdir(parents=True)
    (tree / "vmlinuz").write_bytes((NETBOOT / "linux").read_bytes())
    (tree / "initrd.gz").write_bytes((NETBOOT / "initrd.gz").read_bytes())
    subprocess.run(["genisoimage", "-quiet", "-R", "-J", "-V", "Debian 12.11.0 amd64 n", "-o", image, tree.parent], check=True)
    return image


def installers_kernel():
    """Its version, from the header of the image (Linux' x86 boot protocol: kernel_version)."""
    data = (NETBOOT / "linux").read_bytes()
    at = int.from_bytes(data[0x20e:0x210], "little") + 0x200
    return data[at:at + 128].split(b" ")[0].decode("ascii")


def run(*words, **more):
    result = subprocess.run([program(), *map(str, words)], capture_output=True, text=True, timeout=120, check=False, **more)
    expect(result.returncode == 0, f"vitrine {' '.join(map(str, words))}: {result.stderr}")
    return result.stdout


def make_machine(home, image, port, syslog):
    """As a person would; then the words that belong to this mirror and to nobody's answers: it has no signature, we listen, and ten
    minutes of packing a ramdisk for every computer there is prove nothing."""
    run("new", "--name", NAME, "--cdrom", image, "--disk", "8G", "--memory", "1G", "--cpus", os.environ.get("VITRINE_GUEST_CPUS", "2"),
        "--express", f"user={USER},host-name={HOST},proxy=http://{GUESTS_HOST}:{port}/", input=PASSWORD + "\n")
    config, = home.glob("data/**/machine.toml")
    config.write_text(re.sub(r'(command-line = ".*)"', rf'\1 debian-installer/allow_unauthenticated=true '
                             rf'base-installer/initramfs-tools/driver-policy=dep log_host={GUESTS_HOST} log_port={syslog.port}"', config.read_text()))
    return config


def wait_installed(config, syslog):
    """The bundle says that nothing is pending any more once the guest has restarted into what was installed."""
    while "pending = true" in config.read_text():
        now = time.monotonic()
        silent = now - max(syslog.heard, syslog.started) > SILENCE
        if silent or now - syslog.started > LONGEST or json.loads(run("list", "--json"))[0]["state"] == "off":
            picture = pathlib.Path(sys.argv[1]).resolve() / "last.png"
            subprocess.run([program(), "ctl", NAME, "screenshot", picture], check=False, timeout=60)
            raise AssertionError(f"the installation went no further; its screen is {picture}, its last words:\n" + "\n".join(syslog.lines[-30:]))
        time.sleep(5)
    print(f"{time.monotonic() - syslog.started:6.0f} s  installed")


def log_in(server):
    """Types name and password, and lets the shell ask our server: what nobody can do who has not logged in."""
    for _ in range(40):
        for text in (USER, PASSWORD, f"exec 3<>/dev/tcp/{GUESTS_HOST}/{server.port} && printf 'GET /logged-in HTTP/1.0\\r\\n\\r\\n' >&3"):
            run("ctl", NAME, "type", text)
            run("ctl", NAME, "key", "enter")
            time.sleep(5)
        if any("/logged-in" in line for line in server.asked):
            return
    raise AssertionError("nobody could log in to what was installed")


def case(home):
    if not NETBOOT.exists():
        skip("the Debian package debian-installer-12-netboot-amd64 is not installed")
    if len(sys.argv) != 2:
        skip("needs a folder for the mirror")
    mirror = debian_mirror.Mirror(pathlib.Path(sys.argv[1]).resolve())
    components, packages, size = mirror.make(installers_kernel())
    print(f"the mirror has {components} components of the installer and {packages} packages, {size >> 20} MiB")
    if mirror.missing:
        print(f"the archive did not give {', '.join(mirror.missing)}: those that the installer's ramdisk lacks will be missed")
    with mirror.serve() as server:
        syslog = Syslog(mirror.folder / "installer.log")
        config = make_machine(home, medium(home), server.port, syslog)
        try:
            run("start", NAME, "--headless", "--accel", vitrine.accel())
            wait_installed(config, syslog)
            expect(not list(config.parent.glob("express*")), "the answers are still in the bundle")
            log_in(server)
            print(f"{time.monotonic() - syslog.started:6.0f} s  logged in")
        finally:
            print(f"{len(server.asked)} requests, the last: {server.asked[-3:]}")
            subprocess.run([program(), "stop", NAME, "--force"], check=False, timeout=60)


os.environ.setdefault("VITRINE_ACCEL", "soft")
vitrine.main(case, needs=("genisoimage", "apt-get"))
