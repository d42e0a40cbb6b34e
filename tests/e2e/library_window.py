#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The library's window under Xvfb with a window manager: a bundle written by hand appears in it; its guest is started over the bus as
the desktop's search does, boots, and is killed with -9, which the library says before it starts it again; the library is killed with
-9, and the guest goes on, seen by the next library; a second library hands on what it was given; closing the window leaves guests."""
import contextlib
import os
import re
import signal
import subprocess
import time
import vitrine
from bundle import Bundle
from vitrine import ANSWER_SECONDS, BOOT_SECONDS, COUNTDOWN, ISO, Picture, accel, expect, program
from window import wait_for, x_display, xdotool

MACHINE = "3f" * 16
SEARCH = ("org.vitrine.Vitrine", "/org/vitrine/Vitrine/SearchProvider", "org.gnome.Shell.SearchProvider2")


@contextlib.contextmanager
def running(words, **options):
    process = subprocess.Popen(words, **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def gdbus(name, path, method, *arguments):
    """What a call answers, as GVariant text; None when nobody is there."""
    result = subprocess.run(["gdbus", "call", "--session", "--timeout", "30", "--dest", name, "--object-path", path, "--method", method,
                             *arguments], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
    return result.stdout.strip() if result.returncode == 0 else None


def guest_pid(bundle):
    """The process behind the machine's name, or None."""
    answer = gdbus("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.GetConnectionUnixProcessID", bundle.bus_name())
    return int(re.search(r"uint32 (\d+)", answer).group(1)) if answer else None


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_window(library):
    def window():
        expect(library.poll() is None, f"the library ended with {library.returncode}")
        return xdotool("search", "--onlyvisible", "--pid", library.pid).split("\n")[0] or None
    return wait_for(window, "window of the library")


def found(terms):
    answer = gdbus(SEARCH[0], SEARCH[1], SEARCH[2] + ".GetInitialResultSet", f"['{terms}']")
    return answer and MACHINE in answer or None


def start(bundle, not_pid=None):
    """Chooses the machine in the desktop's search; its process."""
    expect(gdbus(SEARCH[0], SEARCH[1], SEARCH[2] + ".ActivateResult", MACHINE, "[]", "0") is not None, "the search's choice is not taken")
    return wait_for(lambda: (pid := guest_pid(bundle)) != not_pid and pid or None, "process of the guest")


def kill_guest(bundle, pid, monitor):
    """kill -9; the library must tell the person."""
    before = monitor.read_text().count("stopped unexpectedly")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: monitor.read_text().count("stopped unexpectedly") > before or None, "word from the library that the guest stopped")
    expect(guest_pid(bundle) is None, "the killed guest's name is still on the bus")


def boots(bundle):
    text = wait_for(lambda: re.search(COUNTDOWN, bundle.call("Text", check=False)), "GRUB's menu", BOOT_SECONDS)
    print(f"the guest says: {text.group(0)}")


def first_library(home, display, monitor):
    """Ends with the library killed and the guest running; the guest's process."""
    with running([program()]) as library:
        wait_window(library)
        time.sleep(2) # its opening animation
        empty = Picture.of_window_system(display)
        bundle = Bundle("GRUB rescue", MACHINE, resources={"cpus": 1, "memory": "128M", "accel": accel()},
                        boot={"order": "cdrom"}, **{"[[cdrom]]": {"file": str(ISO)}})
        wait_for(lambda: found("grub"), "hand-made machine in the library")
        wait_for(lambda: Picture.of_window_system(display).differing_lines(empty) or None, "change in the window")
        pid = start(bundle)
        boots(bundle)
        kill_guest(bundle, pid, monitor)
        pid = start(bundle, pid)
        library.kill()
        library.wait()
    time.sleep(3)
    expect(alive(pid) and "running" in bundle.property("State"), "the guest did not outlive its library")
    return bundle, pid


def second_library(home, bundle, pid, monitor):
    """Finds the guest that runs already, takes what another start was given, and leaves by its close button."""
    with running([program()]) as library:
        window = wait_window(library)
        wait_for(lambda: found("grub"), "machine in the library")
        letter = home / "letter.txt"
        letter.write_text("a letter\n" * 100)
        third = subprocess.run([program(), str(letter)], timeout=60, check=False)
        expect(third.returncode == 0, f"the second start ended with {third.returncode}")
        expect(library.poll() is None, "the first library ended with the second start")
        kill_guest(bundle, pid, monitor) # not its child
        pid = start(bundle, pid)
        wait_for(lambda: xdotool("search", "--onlyvisible", "--pid", pid) or None, "window of the guest")
        time.sleep(2) # which takes the focus as it comes
        xdotool("windowactivate", "--sync", window)
        wait_for(lambda: xdotool("getactivewindow") == window or None, "focus of the library's window")
        time.sleep(1) # Qt waits 100 ms before it tells a window that it lost the focus; until then the guest has the keys
        xdotool("key", "alt+F4")
        expect(library.wait(60) == 0, f"the library ended with {library.returncode}")
    expect(alive(pid) and guest_pid(bundle) == pid, "the guest ended with the library's window")
    bundle.call("Quit")
    wait_for(lambda: not alive(pid) or None, "end of the guest")


def case(home):
    with x_display() as display:
        os.environ.update(DISPLAY=display, QT_QPA_PLATFORM="xcb", LIBGL_ALWAYS_SOFTWARE="1")
        os.environ.pop("WAYLAND_DISPLAY", None)
        monitor = home / "notifications.txt"
        with open(monitor, "wb") as log, running(["openbox"], stderr=subprocess.DEVNULL), \
                running(["dbus-monitor", "--session", "interface=org.freedesktop.Notifications"], stdout=log):
            bundle, pid = first_library(home, display, monitor)
            try:
                second_library(home, bundle, pid, monitor)
            finally:
                if left := guest_pid(bundle):
                    os.kill(left, signal.SIGKILL)


if __name__ == "__main__":
    vitrine.main(case, needs=("Xvfb", "openbox", "xdotool", "import", "gdbus", "dbus-monitor", "dbus-send"))
