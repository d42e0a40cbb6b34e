# SPDX-License-Identifier: GPL-3.0-or-later
"""A person at a desktop under Xvfb, with a window manager: what is in the windows, and where, is asked as a screen reader does."""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time
from library_real import command
from library_window import gdbus, running, wait_window
from vitrine import ANSWER_SECONDS, BOOT_SECONDS, COUNTDOWN, program, skip
from window import wait_for, x_display, xdotool

NEEDED = ("Xvfb", "openbox", "xdotool", "wmctrl", "import", "gdbus", "dbus-send")
# Started here, it has its socket in this case's home; the session's would share one with every other session of the user.
EYES_BUS = ["/usr/libexec/at-spi-bus-launcher", "--launch-immediately"]
EYES = ["/usr/bin/python3", str(pathlib.Path(__file__).resolve().with_name("on_screen.py"))]


class Person:
    """Sees what a process shows, presses and clicks; counts what it does."""

    def __init__(self, pid):
        self.pid, self.actions, self.seen = pid, 0, []

    def look(self):
        answer = subprocess.run([*EYES, str(self.pid)], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
        self.seen = json.loads(answer.stdout or "[]") # nothing: the window changed meanwhile
        return self.seen

    def find(self, name):
        """The last thing of that name, which is the uppermost."""
        return next((thing for thing in reversed(self.look()) if re.fullmatch(name, thing["name"])), None)

    def wait(self, name, seconds=ANSWER_SECONDS):
        """Something of that name that has come to rest."""
        def rests():
            thing = self.find(name)
            return thing if thing is not None and thing == self.find(name) else None
        return wait_for(rests, f"{name!r} in the window", seconds)

    def wait_gone(self, name):
        wait_for(lambda: self.find(name) is None or None, f"window without {name!r}")

    def wait_focus(self, name):
        wait_for(lambda: any(thing["focused"] and re.fullmatch(name, thing["name"]) for thing in self.look()) or None,
                 f"keyboard on {name!r}")

    def press(self, *keys):
        for key in keys:
            self.actions += 1
            xdotool("key", key)

    def click(self, thing, times=1):
        self.actions += 1
        xdotool("mousemove", thing["x"], thing["y"])
        xdotool("click", "--repeat", times, "--delay", 50, 1)


@contextlib.contextmanager
def library(*words):
    """The library, who uses it, and its window."""
    with running([program(), *words]) as process:
        person = Person(process.pid)
        try:
            yield process, person, wait_window(process)
        except AssertionError:
            print(f"--- what the library shows\n{person.seen}", file=sys.stderr)
            if kept := os.environ.get("VITRINE_E2E_KEEP"):
                subprocess.run(["import", "-window", "root", kept], check=False)
            raise


def activate(window):
    xdotool("windowactivate", "--sync", window)
    wait_for(lambda: xdotool("getactivewindow") == str(window) or None, "focus of the window")
    time.sleep(1) # Qt waits 100 ms before it tells a window that it lost the focus; until then its guest has the keys


def to_machine(person, window, name):
    """Clicks a machine in the library: it has the keyboard then."""
    activate(window)
    person.click(person.wait(re.escape(name)))
    person.wait_focus(re.escape(name))


def machines():
    return {machine["name"]: machine for machine in json.loads(command("list", "--json"))}


def wait_state(name, state):
    wait_for(lambda: machines().get(name, {}).get("state") == state or None, f"{state} machine {name}", BOOT_SECONDS)


def text_of(name):
    """The guest's screen, or nothing while it has no text."""
    answer = subprocess.run([program(), "ctl", name, "text"], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
    return answer.stdout if answer.returncode == 0 else ""


def boots(name):
    """To GRUB's menu; its countdown shows that it has just begun."""
    print(f"{name}: " + wait_for(lambda: re.search(COUNTDOWN, text_of(name)), f"GRUB's menu in {name}", BOOT_SECONDS)[0])


@contextlib.contextmanager
def screen_reader_bus():
    launcher = subprocess.Popen(EYES_BUS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: gdbus("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus.GetAddress"), "bus of the screen readers")
        yield
    finally:
        launcher.terminate() # ends the bus, too
        launcher.wait(60)


@contextlib.contextmanager
def desktop():
    """A display with a window manager and the bus of the screen readers; gives the display's name."""
    if not pathlib.Path(EYES_BUS[0]).exists():
        skip(f"{EYES_BUS[0]} is missing (Debian package at-spi2-core)")
    if subprocess.run([EYES[0], "-c", "import gi; gi.require_version('Atspi', '2.0')"], check=False).returncode != 0:
        skip("the system's Python cannot ask for what is on the screen (Debian package python3-pyatspi)")
    with x_display() as display:
        os.environ.update(DISPLAY=display, QT_QPA_PLATFORM="xcb", LIBGL_ALWAYS_SOFTWARE="1", QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1")
        os.environ.pop("WAYLAND_DISPLAY", None)
        wait_for(lambda: xdotool("getdisplaygeometry") or None, "display")
        with running(["openbox"], stderr=subprocess.DEVNULL), screen_reader_bus():
            yield display
