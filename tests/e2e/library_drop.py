#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is dropped on the library's window, from another program, with the actions counted. Argument, one of:
disc: with nothing there yet, an ISO image; the machine appears, its sheet opens, Enter boots it to GRUB's menu.
debian: the disk image of the tests' Debian, which becomes a machine and comes to its login; somebody logs in and turns it off.
kinds: an address as text, an exported machine, a folder and a text file, which are refused with a sentence."""
import contextlib
import http.server
import pathlib
import re
import subprocess
import sys
import threading
import time
import vitrine
from debian_guest import needed_image
from library_real import command, names, wait_names
from person import NEEDED, activate, boots, desktop, library, machines, wait_state
from vitrine import BOOT_SECONDS, ISO, expect, skip
from window import wait_for, xdotool

SOURCE = ["/usr/bin/python3", str(pathlib.Path(__file__).resolve().with_name("drag_source.py"))]
START = "Create and start" # the button of a new machine's sheet
MOST_ACTIONS = 3
LOGIN_SECONDS = 600


def words_of(source):
    """What it says, as it comes."""
    said = []
    def read():
        for line in source.stdout:
            said.append(line.strip())
    threading.Thread(target=read, daemon=True).start()
    return said


def drag(window, *words):
    """Picked up, carried over the window, let go there; one action. Tells what became of it."""
    with subprocess.Popen([*SOURCE, *map(str, words)], stdout=subprocess.PIPE, text=True) as source:
        try:
            said = words_of(source)
            wait_for(lambda: "ready" in said or None, "something to drag")
            place = dict(line.split("=") for line in xdotool("getwindowgeometry", "--shell", window).splitlines())
            x, y = int(place["X"]) + int(place["WIDTH"]) // 2, int(place["Y"]) + int(place["HEIGHT"]) // 2
            xdotool("mousemove", 20, 20)
            xdotool("mousedown", 1)
            for step in range(1, 11): # a hand moves; a jump starts no drag
                xdotool("mousemove", 20 + (x - 20) * step // 10, 20 + (y - 20) * step // 10)
                time.sleep(0.05)
            time.sleep(1) # until the window has said whether it wants it
            xdotool("mousemove_relative", 3, 0)
            time.sleep(1)
            xdotool("mouseup", 1)
            wait_for(lambda: set(said) & {"dropped", "refused"} or None, "end of the drag")
            return said[-1]
        finally:
            source.terminate()


def start_dropped(person, window):
    person.actions = 1 # the drop
    person.wait(START)
    activate(window)
    person.press("Return")
    expect(person.actions <= MOST_ACTIONS, f"{person.actions} actions")


def disc(_home):
    with library() as (_, person, window):
        person.wait("Drop a disc image here")
        expect(drag(window, ISO) == "dropped", "the disc was not taken")
        start_dropped(person, window)
        name = wait_for(lambda: next(iter(names()), None), "machine")
        wait_state(name, "running")
        boots(name)
        print(f"{person.actions} actions")


def logs_in(name):
    """Types at the guest's login, whose screen has no text; done once the guest has turned itself off, as nobody can without."""
    for text in ("root", "poweroff"):
        with contextlib.suppress(AssertionError): # it is off
            command("ctl", name, "type", text)
            command("ctl", name, "key", "enter")
    time.sleep(5)
    return machines()[name]["state"] == "off" or None


def debian(home):
    image = needed_image().disk
    disk = home / "debian.img"
    subprocess.run(["cp", "--sparse=always", image, disk], check=True, timeout=60)
    with library() as (_, person, window):
        person.wait("Drop a disc image here")
        expect(drag(window, disk) == "dropped", "the disk image was not taken")
        start_dropped(person, window)
        name = wait_for(lambda: next(iter(names()), None), "machine", BOOT_SECONDS)
        wait_state(name, "running")
        started = time.monotonic()
        wait_for(lambda: logs_in(name), "machine that somebody logged in to and turned off", LOGIN_SECONDS)
        print(f"{person.actions} actions, logged in and off after {time.monotonic() - started:.0f} s")
        expect(disk.exists(), "the person's own image is gone")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: Quiet(*given, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def kinds(home):
    files = home / "files"
    (files / "folder").mkdir(parents=True)
    (files / "letter.txt").write_text("Dear all\n")
    (files / "tiny.iso").write_bytes(ISO.read_bytes())
    command("new", "--name", "Kept", "--disk", "1M")
    command("export", "Kept", files / "kept.vitrine.tar.zst")
    with library() as (_, person, window), served(files) as address:
        person.wait("Kept")
        for refused in ("folder", "letter.txt"):
            drag(window, files / refused)
            person.wait(f".*{re.escape(refused)}.*")
            expect(names() == ["Kept"], f"{refused} became a machine: {names()}")
        expect(drag(window, files / "kept.vitrine.tar.zst") == "dropped", "the exported machine was not taken")
        wait_names("Kept", "Kept (2)")
        expect(drag(window, f"{address}/tiny.iso") == "dropped", "the address was not taken")
        person.wait(START, BOOT_SECONDS)
        medium = home / "cache" / "vitrine" / "downloads" / "tiny.iso"
        expect(medium.read_bytes() == ISO.read_bytes(), "what was downloaded is not what was served")


def case(home):
    if subprocess.run([SOURCE[0], "-c", "import gi; gi.require_version('Gtk', '3.0')"], check=False).returncode != 0:
        skip("there is nothing to drag with (Debian package gir1.2-gtk-3.0)")
    with desktop():
        try:
            {"disc": disc, "debian": debian, "kinds": kinds}[sys.argv[1]](home)
        finally:
            for machine in machines().values():
                if machine["state"] != "off":
                    command("stop", machine["id"], "--force")


vitrine.main(case, needs=NEEDED)
