#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The password of an express installation and a real keyring: no file of the machine holds it, the installer gets its hash, the keyring
has it as long as the machine can come back, and loses it when the machine has left the trash. A locked keyring with nobody to ask keeps
no machine from being made."""
import contextlib
import json
import os
import re
import shutil
import subprocess
import vitrine
from library_window import running, wait_window
from vitrine import expect, program
from window import wait_for, x_display

USER, PASSWORD = "anna", "corRect-horse7"
KEYRING = ("gnome-keyring-daemon", "--foreground", "--components=secrets")


def run(*words, **more):
    result = subprocess.run([program(), *words], capture_output=True, text=True, timeout=150, check=False, **more)
    expect(result.returncode == 0, f"vitrine {' '.join(words)}: {result.stderr}")
    return result


def ask_keyring(*words):
    return subprocess.run(["secret-tool", *words], capture_output=True, text=True, timeout=60, check=False).stdout


def kept(machine):
    return ask_keyring("lookup", "machine", machine, "user", USER)


@contextlib.contextmanager
def keyring(*options):
    """Unlocked with a password on its standard input, if it is to be; it has one collection then."""
    with running([*KEYRING, *options], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        daemon.stdin.write(b"of the person")
        daemon.stdin.close()
        owner = ["gdbus", "call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/", "--method",
                 "org.freedesktop.DBus.GetConnectionUnixProcessID", "org.freedesktop.secrets"]
        wait_for(lambda: str(daemon.pid) in subprocess.run(owner, capture_output=True, text=True, timeout=60, check=False).stdout or None,
                 "keyring on the bus")
        yield


def make_machine(name, medium):
    """Its id and its folder, and what was said."""
    said = run("new", "--name", name, "--cdrom", str(medium), "--disk", "64M", "--memory", "128M", "--cpus", "1", "--express",
               f"user={USER},host-name=colibri", "--json", input=PASSWORD + "\n")
    made = json.loads(said.stdout)
    return made["id"], made["bundle"], said.stderr


def check_files(bundle):
    """The password is nowhere; its hash is what the installer will set."""
    hashes = set()
    for folder, _, files in os.walk(bundle):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            expect(PASSWORD.encode() not in data, f"{name} holds the password")
            hashes |= set(re.findall(rb"passwd/user-password-crypted password (\$6\$\S+)", data))
    hashed, = hashes
    again = subprocess.run(["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", PASSWORD, hashed], capture_output=True, check=True, timeout=60)
    expect(again.stdout == hashed, "the installer's hash is of another password")


def library_starts(done, what):
    with running([program()]) as library:
        wait_window(library)
        wait_for(done, what)


def leaves_with_its_machine(home, medium):
    machine, bundle, said = make_machine("Kept", medium)
    expect(said == "" and kept(machine) == PASSWORD, f"the keyring has {kept(machine)!r}: {said}")
    check_files(bundle)
    other, _, _ = make_machine("Another", medium)
    trashed = json.loads(run("delete", "Kept", "--json").stdout)["trashed"]
    emptied = json.loads(run("delete", "Another", "--json").stdout)["trashed"]
    shutil.rmtree(emptied) # the person empties the trash of one
    with x_display() as os.environ["DISPLAY"]:
        library_starts(lambda: not kept(other) or None, "keyring without the machine that is gone for good")
        expect(kept(machine) == PASSWORD, "the password of a machine in the trash is lost")
        shutil.rmtree(trashed)
        library_starts(lambda: not kept(machine) or None, "empty keyring")


def locked(medium):
    _, bundle, said = make_machine("Locked", medium)
    expect("could not be kept in the keyring" in said, f"nothing was said of the locked keyring: {said!r}")
    check_files(bundle)


def case(home):
    medium, tree = home / "debian-12.iso", home / "medium" / "install.amd"
    tree.mkdir(parents=True)
    for name in ("vmlinuz", "initrd.gz"):
        (tree / name).write_text(name)
    subprocess.run(["genisoimage", "-quiet", "-R", "-J", "-V", "Debian 12.11.0 amd64 n", "-o", medium, tree.parent], check=True, timeout=60)
    (home / "data" / "keyrings").mkdir(mode=0o700)
    with keyring("--unlock"):
        leaves_with_its_machine(home, medium)
    with keyring():
        locked(medium)


for desktop in ("DISPLAY", "WAYLAND_DISPLAY"):
    os.environ.pop(desktop, None) # the bus starts the keyring's window, which shall find none
vitrine.main(case, needs=("gnome-keyring-daemon", "secret-tool", "genisoimage", "Xvfb", "openbox", "xdotool"))
