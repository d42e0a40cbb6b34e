#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real window under Xvfb, with the machine that grub_cdrom.py saved at GRUB's menu: the guest's pixels stand in it
unscaled, keys typed into the window move the selection, a paused machine is dimmed, and discs come and go.
Argument: the saved machine."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time
import vitrine
from vitrine import ANSWER_SECONDS, ISO, MENU, Guest, Picture, expect, selected_entry, skip


@contextlib.contextmanager
def x_display():
    """An X server of its own; its number comes over a pipe, so that two runs never meet."""
    read, write = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset"],
                              pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        number = os.read(read, 16).decode().strip()
        expect(number, "Xvfb did not start")
        yield ":" + number
    finally:
        server.terminate()
        server.wait()


def wait_for(condition, wish, timeout=ANSWER_SECONDS):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if (value := condition()) is not None:
            return value
        time.sleep(1)
    raise AssertionError(f"no {wish} within {timeout} s")


def xdotool(*words):
    return subprocess.run(["xdotool", *map(str, words)], capture_output=True, text=True, timeout=60, check=False).stdout.strip()


def guest_in_window(guest, home, display):
    """Where the guest's screen stands on the display, unscaled, or None."""
    screen = guest.picture(home / "screen.png")
    return Picture.of_window_system(display).find(screen, tolerance=2)


def pause_and_resume(guest, home, display):
    guest.ctl("pause")
    wait_for(lambda: guest_in_window(guest, home, display) is None or None, "a dimmed picture of the paused machine")
    guest.ctl("resume")
    wait_for(lambda: guest_in_window(guest, home, display), "the bright picture of the resumed machine")


def change_disc(guest, home):
    other = home / "other.iso"
    shutil.copyfile(ISO, other)
    guest.ctl("eject")
    expect(not guest.json("status")["medium"], "the disc is still in the drive")
    guest.ctl("insert", other)
    expect(guest.json("status")["medium"] == str(other), "the new disc is not in the drive")


def case(home):
    saved = pathlib.Path(sys.argv[1])
    if not saved.exists():
        skip(f"{saved} is missing: grub_cdrom.py leaves it there")
    with x_display() as display:
        os.environ.update(DISPLAY=display, QT_QPA_PLATFORM="xcb", LIBGL_ALWAYS_SOFTWARE="1")
        os.environ.pop("WAYLAND_DISPLAY", None)
        with Guest(home, "grub", "--restore", saved, window=True) as guest:
            guest.wait_text(MENU)
            window = wait_for(lambda: xdotool("search", "--onlyvisible", "--pid", guest.process.pid).split("\n")[0] or None, "window")
            xdotool("windowfocus", window)
            place = wait_for(lambda: guest_in_window(guest, home, display), "unscaled guest screen in the window")
            print(f"the guest's screen stands at {place}")
            entry = selected_entry(guest.try_text())
            xdotool("mousemove", place[0] + 300, place[1] + 200)
            xdotool("key", "--window", window, "Up") if not xdotool("getwindowfocus") else xdotool("key", "Up")
            guest.wait_until(lambda text: selected_entry(text) == entry - 1, "the selection one entry up", ANSWER_SECONDS)
            wait_for(lambda: guest_in_window(guest, home, display), "moved selection in the window")
            pause_and_resume(guest, home, display)
            change_disc(guest, home)
            guest.quit()


if __name__ == "__main__":
    vitrine.main(case, needs=("Xvfb", "xdotool", "import"))
