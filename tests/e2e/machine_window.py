#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window of a machine of the library, under Xvfb with a window manager: its name is the machine's, a second start brings it up,
and closing it does what the configuration says at that moment. Argument: the folder of the micro-guests."""
import os
import pathlib
import subprocess
import sys
import vitrine
from bundle import Bundle, Process
from vitrine import expect, program

TOOLS = ("Xvfb", "openbox", "xdotool", "xprop", "wmctrl", "dbus-send")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout


def windows(name):
    return run("xdotool", "search", "--onlyvisible", "--name", f"^{name}$").split()


def press_close(window):
    """Asks the window manager to close it, as its button does."""
    run("wmctrl", "-i", "-c", window)


def set_on_close(bundle, action):
    lines = [line for line in bundle.config().splitlines() if not line.startswith("on-close")]
    lines.insert(lines.index("[window]") + 1, f'on-close = "{action}"')
    (bundle.path / "machine.toml").write_text("\n".join(lines) + "\n")


def opened(bundle):
    process = Process(bundle, window=True)
    process.wait_count(20)
    process.wait_bus()
    return process, process.wait("window", lambda: windows(bundle.name))[0]


def closing(bundle):
    process, window = opened(bundle)
    with process:
        classes = run("xprop", "-id", window, "WM_CLASS").split(" = ")[1].split(", ")
        expect(len(classes) == 2 and all(bundle.id in name for name in classes), f"docks cannot tell its window from others by {classes}")
        second = subprocess.run([program(), "--machine", bundle.name], capture_output=True, text=True, timeout=60, check=False)
        expect(second.returncode == 0, f"the second start said {second}")
        press_close(window)
        expect(process.end() == 0 and bundle.state.exists(), "closing did not suspend it")
    set_on_close(bundle, "keep")
    process, window = opened(bundle)
    with process:
        press_close(window)
        process.wait("window gone", lambda: not windows(bundle.name))
        bundle.call("Present")
        window = process.wait("window back", lambda: windows(bundle.name))[0]
        set_on_close(bundle, "suspend")
        press_close(window)
        expect(process.end() == 0 and bundle.state.exists(), "closing did not suspend it after it was hidden")


def case(_):
    guests = pathlib.Path(sys.argv[1])
    read, write = os.pipe() # the server says its number there: two runs never meet
    screen = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
                              pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    os.environ.update(DISPLAY=":" + os.read(read, 16).decode().strip(), QT_QPA_PLATFORM="xcb", QT_QUICK_BACKEND="software")
    manager = subprocess.Popen(["openbox"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        closing(Bundle("Counter", "3f" * 16, boot={"kernel": str(guests / "counter.elf")}, window={"on-close": "suspend"}))
    finally:
        for process in (manager, screen):
            process.terminate()
            process.wait(20)


vitrine.main(case, needs=TOOLS)
