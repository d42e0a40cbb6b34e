#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets a key under X11 (Xvfb, openbox with shortcuts of its own): the guest while its window has the focus; the desktop after
Ctrl+Alt, in another window, and for combinations the person has kept, also when they were kept while the window was open. And the
clipboard's text, typed."""
import os
import pathlib
import subprocess
import time
import vitrine
from keyboard import A, E, R, machine
from vitrine import expect

RC = """<openbox_config xmlns="http://openbox.org/3.4/rc"><keyboard>{}</keyboard></openbox_config>"""
BINDING = """<keybind key="{}"><action name="Execute"><command>sh -c 'echo {} &gt;&gt; "{}"'</command></action></keybind>"""


def xdotool(*words):
    return subprocess.run(["xdotool", *map(str, words)], capture_output=True, text=True, timeout=60, check=False).stdout.split()


def key(*names):
    return lambda: xdotool("key", *names)


def focused(keys, window, title):
    subprocess.run(["wmctrl", "-i", "-a", window], check=False, timeout=60)
    keys.process.wait(f"focus of {title}", lambda: xdotool("getwindowfocus") == [window])
    time.sleep(1) # Qt waits 100 ms before it tells a window that it lost the focus; until then the guest has the keys


def keep(*chords):
    file = pathlib.Path(os.environ["XDG_CONFIG_HOME"]) / "vitrine" / "vitrine.ini"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"[keyboard]\nkept={', '.join(chords)}\n")


def policy(keys):
    window = keys.process.wait("window", lambda: xdotool("search", "--onlyvisible", "--name", "^Keyboard$"))[0]
    focused(keys, window, "the machine")
    keys.to_guest(key("a"), A)
    keys.to_guest(key("super+r"), R, "r")
    key("Control_L+Alt_L")()  # to the toolbar
    keys.to_desktop(key("super+r"), R, "r")
    key("Escape")()  # back to the guest
    keys.to_guest(key("super+r"), R, "r")
    other = subprocess.Popen(["xev", "-name", "Other"], stdout=subprocess.DEVNULL)
    try:
        second = keys.process.wait("another window", lambda: xdotool("search", "--onlyvisible", "--name", "^Other$"))[0]
        focused(keys, second, "the other window")
        keys.to_desktop(key("super+r"), R, "r")
        keep("Meta+R")
        focused(keys, window, "the machine again")
        keys.to_desktop(key("super+r"), R, "r")
        keys.to_guest(key("super+e"), E, "e")
        keys.to_guest(key("a"), A)
    finally:
        other.terminate()
        other.wait(20)
    by_pointer(keys, window)


def by_pointer(keys, window):
    """A click takes the pointer, too; Ctrl+Alt gives both back, the next click takes them again."""
    xdotool("mousemove", "--window", window, 300, 300, "click", 1)
    keys.to_guest(key("super+e"), E, "e")
    key("Control_L+Alt_L")()
    keys.to_desktop(key("super+e"), E, "e")
    keys.to_guest(key("a"), A)
    xdotool("mousemove", "--window", window, 310, 310, "click", 1)
    keys.to_guest(key("super+e"), E, "e")
    key("Control_L+Alt_L")()


def typed_clipboard(keys):
    """"ea" from the clipboard."""
    clip = subprocess.Popen(["xclip", "-selection", "clipboard", "-quiet"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        clip.stdin.write(b"eea")
        clip.stdin.close()
        e, a = keys.seen(E), keys.seen(A)
        keys.process.wait("an owner of the clipboard", lambda: subprocess.run(
            ["xclip", "-selection", "clipboard", "-o"], capture_output=True, timeout=60, check=False).stdout == b"eea")
        key("ctrl+alt+v")()
        keys.process.wait("the clipboard's text in the guest", lambda: (keys.seen(E) - e, keys.seen(A) - a) == (2, 1))
    finally:
        clip.terminate()
        clip.wait(20)


def case(home):
    fired, rc = home / "fired", home / "rc.xml"
    rc.write_text(RC.format("".join(BINDING.format(f"W-{word}", word, fired) for word in "re")))
    read, write = os.pipe() # the server says its number there: two runs never meet
    screen = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
                              pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    os.environ.update(DISPLAY=":" + os.read(read, 16).decode().strip(), QT_QPA_PLATFORM="xcb", QT_QUICK_BACKEND="software")
    manager = subprocess.Popen(["openbox", "--config-file", str(rc)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with machine(fired) as keys:
            policy(keys)
            typed_clipboard(keys)
            expect(keys.process.process.poll() is None, "it has ended")
    finally:
        for process in (manager, screen):
            process.terminate()
            process.wait(20)


vitrine.main(case, needs=("Xvfb", "openbox", "xdotool", "wmctrl", "xev", "xclip", "dbus-send"))
