#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets a key under Wayland (sway without screens, with shortcuts of its own): the guest while its window has the focus, the desktop
in another window, and at the second press for combinations the person has kept."""
import contextlib
import os
import pathlib
import subprocess
import time
import vitrine
from keyboard import machine
from vitrine import expect, skip

FIRST = "01"  # wtype's keyboard has its keys in the order they are named; the guest sees the first as this
NOBODY = 65534
CONFIG = """output HEADLESS-1 resolution 1280x900
bindsym Mod4+r exec sh -c 'echo r >> "{0}"'
bindsym Mod4+e exec sh -c 'echo e >> "{0}"'
"""


def unprivileged(folder):
    """sway does not run as root: how to start it, with a folder of its own."""
    if os.geteuid() != 0:
        return []
    for path in (folder, *folder.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    folder.parent.chmod(0o711)
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


@contextlib.contextmanager
def compositor(home, fired):
    """sway, and a keyboard in its seat as long as it runs."""
    folder = fired.parent
    (folder / "config").write_text(CONFIG.format(fired))
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "WLR_BACKENDS": "headless",
                   "WLR_RENDERER": "pixman", "WLR_LIBINPUT_NO_DEVICES": "1", "LIBSEAT_BACKEND": "noop"}
    with open(home / "sway.log", "wb") as log:
        sway = subprocess.Popen([*unprivileged(folder), "sway", "-c", str(folder / "config")], env=environment, stdout=log, stderr=log)
    keyboard = None
    try:
        end = time.monotonic() + 20
        while not (sockets := [path for path in folder.glob("wayland-?") if path.is_socket()]) or not list(folder.glob("sway-ipc.*")):
            if sway.poll() is not None or time.monotonic() > end:
                skip(f"sway does not run here: {(home / 'sway.log').read_text(errors='replace')[-300:]}")
            time.sleep(0.05)
        os.environ.update(WAYLAND_DISPLAY=str(sockets[0]), SWAYSOCK=str(next(folder.glob("sway-ipc.*"))), QT_QPA_PLATFORM="wayland",
                          QT_QUICK_BACKEND="software")
        os.environ.pop("DISPLAY", None)
        keyboard = subprocess.Popen(["wtype", "-s", "1000000"])
        yield
    finally:
        for process in (keyboard, sway):
            if process is not None:
                process.terminate()
                process.wait(20)


def swaymsg(*words):
    return subprocess.run(["swaymsg", *words], capture_output=True, text=True, timeout=60, check=False).stdout


def press(letter):
    return lambda: subprocess.run(["wtype", "-M", "logo", "-k", letter, "-m", "logo"], timeout=60, check=True)


def again(keys, wish, action, condition):
    """Until the compositor and the window have heard of each other's last change, which nothing outside tells."""
    def once():
        action()
        time.sleep(0.3)
        return condition()

    keys.process.wait(wish, once)


def policy(keys):
    again(keys, "shortcut in the guest", press("r"), lambda: keys.seen(FIRST) > 0)
    keys.to_guest(press("r"), FIRST, "r")
    keys.to_guest(press("e"), FIRST, "e")
    swaymsg("workspace", "2") # the window loses the focus
    keys.to_desktop(press("r"), FIRST, "r")
    swaymsg("workspace", "1")
    seen = keys.seen(FIRST)
    again(keys, "shortcut in the guest again", press("r"), lambda: keys.seen(FIRST) > seen)
    keys.to_guest(press("e"), FIRST, "e")
    swaymsg("workspace", "2")
    kept = pathlib.Path(os.environ["XDG_CONFIG_HOME"]) / "vitrine" / "vitrine.ini"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("[keyboard]\nkept=Meta+R\n")
    swaymsg("workspace", "1")
    seen = keys.seen(FIRST)
    again(keys, "other shortcut in the guest", press("e"), lambda: keys.seen(FIRST) > seen)
    seen, fired = keys.seen(FIRST), keys.fired("r")
    again(keys, "kept shortcut of the desktop", press("r"), lambda: keys.fired("r") > fired)
    expect(keys.seen(FIRST) == seen, "the guest saw a combination that is kept")


def case(home):
    folder = home / "sway"
    folder.mkdir(mode=0o700)
    fired = folder / "fired"
    with compositor(home, fired), machine(fired) as keys:
        policy(keys)


vitrine.main(case, needs=("sway", "swaymsg", "wtype", "setpriv", "dbus-send"))
