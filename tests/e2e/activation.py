#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The library as a desktop starts it: by the bus, with the service file we install (Desktop Entry Specification 1.5, "D-Bus
Activation"); the actions of the desktop file, in a library that runs and in one that does not; and by the command line."""
import contextlib
import os
import pathlib
import subprocess
import time
import vitrine
from library_window import gdbus, running
from vitrine import Picture, expect, program
from window import wait_for, x_display, xdotool

LIBRARY = ("org.vitrine.Vitrine", "/org/vitrine/Vitrine", "org.freedesktop.Application.")
SERVICE = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "linux" / "org.vitrine.Vitrine.service.in"
RING = 60  # lines of the screen that a ring around what has the keyboard covers, at most
CALM = 2  # seconds an opening or closing sheet needs at most


def call(method, *arguments):
    expect(gdbus(LIBRARY[0], LIBRARY[1], LIBRARY[2] + method, *arguments, "{}") is not None, f"{method} is not answered")


@contextlib.contextmanager
def bus(home):
    """A session bus that knows our service file."""
    services = home / "data" / "dbus-1" / "services"
    services.mkdir(parents=True)
    (services / "org.vitrine.Vitrine.service").write_text(SERVICE.read_text().replace("@VITRINE_PROGRAM@", str(program())))
    daemon = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    try:
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = daemon.stdout.readline().strip()
        yield
    finally:
        daemon.terminate()
        daemon.wait()


def windows():
    return xdotool("search", "--onlyvisible", "--name", "^(Vitrine|Open .*)$").split()


def has_owner():
    return "true" in gdbus("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", LIBRARY[0])


def quit_library():
    xdotool("key", "ctrl+q")
    wait_for(lambda: not has_owner() or None, "end of the library")


def calm_picture(display):
    """What is on the screen when nothing moves any more."""
    def still():
        before = Picture.of_window_system(display)
        time.sleep(CALM)
        after = Picture.of_window_system(display)
        return None if after.differing_lines(before) else after
    return wait_for(still, "end of the window's motion")


def like(display, plain):
    return len(Picture.of_window_system(display).differing_lines(plain)) < RING


def actions(display):
    call("Activate")
    wait_for(lambda: windows() or None, "window of the library")
    plain = calm_picture(display)
    call("ActivateAction", "explode", "[]")
    expect(not calm_picture(display).differing_lines(plain), "an action nobody knows changed the window")
    for act in (lambda: call("ActivateAction", "download", "[]"),
                lambda: subprocess.run([program(), "--action", "download"], timeout=60, check=True)):
        act()
        wait_for(lambda: not like(display, plain) or None, "the systems to download")
        calm_picture(display)
        xdotool("key", "Escape")
        wait_for(lambda: like(display, plain) or None, "the library without the sheet")
    quit_library()


def first_start_by_action(display):
    """Where the desktop has no file dialog of its own, as here, Qt's lies inside the window, and goes away like a sheet."""
    call("ActivateAction", "open-file", "[]")
    wait_for(lambda: windows() or None, "window of the library")
    asking = calm_picture(display)
    xdotool("key", "Escape")
    wait_for(lambda: not like(display, asking) or None, "end of the file dialog")
    quit_library()


def case(home):
    with x_display() as display:
        os.environ.update(DISPLAY=display, QT_QPA_PLATFORM="xcb", LIBGL_ALWAYS_SOFTWARE="1")
        os.environ.pop("WAYLAND_DISPLAY", None)
        with running(["openbox"], stderr=subprocess.DEVNULL), bus(home):
            actions(display)
            first_start_by_action(display)


if __name__ == "__main__":
    vitrine.main(case, needs=("Xvfb", "openbox", "xdotool", "import", "gdbus", "dbus-daemon"))
