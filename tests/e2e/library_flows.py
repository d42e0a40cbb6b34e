#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do with the library, by keyboard and mouse under Xvfb with a window manager; what is in the windows, and where, is asked
as a screen reader does. Argument, one of:
first_run: with nothing there yet, a disc given as an argument and one chosen in the window boot within three actions.
guests: two guests at once; one is killed, which the library says, and started by its button while the other goes on; closing a window
    suspends, and Enter goes on where it was.
keeping: a machine is renamed, cloned, deleted, and the deletion taken back.
trying: a disc is just tried; its machine has no disk, and is gone when its window is closed, unless it is kept.
forward: a port forward added to a running guest in its preferences is used."""
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
import kernel
import vitrine
from bundle import Bundle
from library_real import bundle as folder_of, command, names, wait_names
from library_window import alive, guest_pid
from linux_guest import INIT_STARTS, KERNEL_SECONDS, root_disk
from person import NEEDED, Person, activate, boots, desktop, library, machines, text_of, to_machine, wait_state
from vitrine import COUNTDOWN, ISO, Picture, accel, expect, selected_entry, skip
from window import wait_for, xdotool

IMAGE = kernel.image() # before vitrine.main() makes the home, and with it the cache, another one
START = "Create and start" # the button of a new machine's sheet
PAGE = "served by the guest"
SERVER = f"""#!/bin/busybox sh
/bin/busybox mkdir /dev/shown
echo '{PAGE}' >/dev/shown/index.html
exec /bin/busybox httpd -f -p 80 -h /dev/shown
"""


def select(window, name, key, entry):
    """Presses a key in the guest's window until the selection is there; GRUB counts no more then."""
    def there():
        text = text_of(name)
        return selected_entry(text) == entry and not re.search(COUNTDOWN, text) or None
    def pressed():
        activate(window)
        xdotool("key", key)
        with contextlib.suppress(AssertionError):
            return wait_for(there, f"entry {entry} selected in {name}", 15)
    wait_for(pressed, f"entry {entry} selected in {name}")


def window_of(pid, name):
    """The only window of a guest's process."""
    found = wait_for(lambda: xdotool("search", "--onlyvisible", "--pid", pid).split() or None, f"window of {name}")
    expect(found == xdotool("search", "--onlyvisible", "--name", f"^{re.escape(name)}$").split(), f"{name} has the windows {found}")
    return found[0]


def pid_of(name):
    return wait_for(lambda: guest_pid(Known(machines()[name]["id"])), f"process of {name}")


class Known(Bundle):
    """A bundle that somebody else made."""

    def __init__(self, machine_id):
        self.id = machine_id


def grub_seen(display, home, name):
    """The guest's screen stands in its window."""
    def pictures():
        command("ctl", name, "screenshot", home / "screen.png")
        return Picture.of_window_system(display), Picture.from_png((home / "screen.png").read_bytes())
    def seen():
        shown, screen = pictures()
        return shown.find(screen, tolerance=2)
    try:
        print(f"{name}'s screen stands at {wait_for(seen, 'GRUB in the window of the guest')}")
    except AssertionError as error:
        shown, screen = pictures()
        windows = subprocess.run(["wmctrl", "-lG"], capture_output=True, text=True, check=False).stdout
        raise AssertionError(f"{error}; of {screen.height} lines {shown.lines_of(screen)} are there; windows:\n{windows}") from error


def power_off(name):
    command("stop", name, "--force")
    wait_state(name, "off")


def to_menu(person, process, display, home):
    """The last action of both ways in: Enter, in the sheet that has come."""
    person.wait(START)
    person.wait_focus("Name of the machine")
    person.press("Return")
    name = wait_for(lambda: names() or None, "machine made of the disc")[0]
    wait_state(name, "running")
    boots(name)
    expect(person.actions <= 3, f"it took {person.actions} actions")
    print(f"booted after {person.actions} actions")
    select(window_of(pid_of(name), name), name, "Down", 1)
    grub_seen(display, home, name)
    power_off(name)
    expect(process.poll() is None, "the library ended with the guest")


def first_run(home, display):
    with library(str(ISO)) as (process, person, _):
        person.actions = 1
        to_menu(person, process, display, home)
    (home / "other").mkdir()
    vitrine.private_home(home / "other")
    downloads = home / "other" / "home" / "Downloads"
    downloads.mkdir()
    shutil.copyfile(ISO, downloads / "rescue.iso")
    with library() as (process, person, _):
        person.wait_focus("Choose a file…")
        person.press("Return")
        person.click(person.wait(r"rescue\.iso"), times=2)
        to_menu(person, process, display, home)


def grub(name, number):
    return Bundle(name, f"{number:x}" * 32, resources={"cpus": 1, "memory": "128M", "accel": accel()}, boot={"order": "cdrom"},
                  window={"on-close": "suspend"}, **{"[[cdrom]]": {"file": str(ISO)}})


def start(person, window, bundle):
    to_machine(person, window, bundle.name)
    person.press("Return")
    pid = wait_for(lambda: guest_pid(bundle), f"process of {bundle.name}")
    boots(bundle.name)
    select(window_of(pid, bundle.name), bundle.name, "Down", 1)
    return pid


def kill_second(person, window, first, second, pids):
    os.kill(pids[1], 9)
    print(person.wait(".*stopped unexpectedly.*")["name"])
    wait_state(second.name, "off")
    activate(window)
    person.click(person.wait(f"Restart: {second.name}"))
    restarted = wait_for(lambda: guest_pid(second), f"process of {second.name}")
    expect(restarted != pids[1], "the killed process is still there")
    boots(second.name)
    select(window_of(pids[0], first.name), first.name, "Down", 2) # it never began anew: it counts no more
    expect(alive(pids[0]) and guest_pid(first) == pids[0], "the other guest did not go on")


def close_and_go_on(person, window, bundle, pid):
    subprocess.run(["wmctrl", "-i", "-c", window_of(pid, bundle.name)], timeout=60, check=True)
    wait_state(bundle.name, "suspended")
    wait_for(lambda: not alive(pid) or None, "end of the closed guest")
    to_machine(person, window, bundle.name)
    person.press("Return")
    pid = wait_for(lambda: guest_pid(bundle), f"process of {bundle.name}")
    wait_state(bundle.name, "running")
    text = wait_for(lambda: text_of(bundle.name) or None, "screen of the resumed guest")
    expect(selected_entry(text) == 2 and not re.search(COUNTDOWN, text), f"it did not go on where it was:\n{text}")
    select(window_of(pid, bundle.name), bundle.name, "Down", 3)


def guests(_home, _display):
    first, second = grub("First", 1), grub("Second", 2)
    with library() as (process, person, window):
        pids = [start(person, window, bundle) for bundle in (first, second)]
        expect(len({process.pid, *pids}) == 3, f"they share a process: {pids}")
        kill_second(person, window, first, second, pids)
        close_and_go_on(person, window, first, pids[0])
        for bundle in (first, second):
            power_off(bundle.name)


def contents(folder):
    """What can be lost of a machine: its disk, and all of its description but name and identity."""
    text = (folder / "machine.toml").read_text()
    kept = [line for line in text.splitlines() if not re.match(r"(name|id|mac) = ", line)]
    return (folder / "disk0.raw").read_bytes(), kept


def clone(person, home, name, copy):
    person.press("Menu")
    person.click(person.wait("Clone"))
    wait_names(name, copy)
    known = machines()
    expect(known[name]["id"] != known[copy]["id"], "the clone has its original's identity")
    expect(contents(folder_of(home, name)) == contents(folder_of(home, copy)), "the clone is no copy")


def delete_and_undo(person, home, window, name, others):
    folder = folder_of(home, name)
    before = machines()[name], contents(folder)
    to_machine(person, window, name)
    person.press("Delete")
    wait_names(*others)
    trash = home / "data" / "Trash" / "files"
    expect(not folder.exists() and len(list(trash.iterdir())) == 1, f"it is not in the trash: {list(trash.iterdir())}")
    person.wait(f"“{re.escape(name)}” is in the trash") # a deletion is on the disk before the window knows
    person.press("ctrl+z")
    wait_names(name, *others)
    expect((machines()[name], contents(folder)) == before, "it came back as another")
    expect(not list(trash.iterdir()), f"left in the trash: {list(trash.iterdir())}")


def keeping(home, _display):
    original = Bundle("Original", "3" * 32, **{"[[disk]]": {"file": "disk0.raw"}})
    (original.path / "disk0.raw").write_bytes(b"something to keep\n" * 512)
    with library() as (_, person, window):
        to_machine(person, window, "Original")
        person.press("F2")
        person.wait_focus("New name of Original")
        xdotool("type", "Renamed")
        person.press("Return")
        wait_names("Renamed")
        expect(machines()["Renamed"]["id"] == original.id, "the renamed machine is another")
        person.wait_focus("Renamed")
        clone(person, home, "Renamed", "Renamed (2)")
        delete_and_undo(person, home, window, "Renamed", ["Renamed (2)"])
        delete_and_undo(person, home, window, "Renamed (2)", ["Renamed"])


def tried(home, answer):
    """Tries a disc and answers what is asked when its window is closed; the machine's name."""
    with library(str(ISO)) as (_, person, _window):
        person.click(person.wait("Just try it"))
        person.click(person.wait("Try it"))
        name = wait_for(lambda: names() or None, "machine made of the disc")[0]
        boots(name)
        expect(not list(folder_of(home, name).glob("*.raw")), "what is only tried has a disk")
        pid = pid_of(name)
        subprocess.run(["wmctrl", "-i", "-c", window_of(pid, name)], timeout=60, check=True)
        guest = Person(pid)
        guest.click(guest.wait(answer))
        wait_for(lambda: not alive(pid) or None, "end of the closed guest")
        return name


def trying(home, _display):
    tried(home, "Delete")
    wait_names()
    name = tried(home, "Keep")
    expect(names() == [name] and command("get", name, "disposable") == "false\n", "what was kept will go all the same")


def server():
    """A machine that serves a page: the tests' Linux with busybox."""
    bundle = Bundle("Server", "5" * 32, resources={"cpus": 1, "memory": "128M", "accel": accel()},
                    boot={"kernel": str(IMAGE), "command-line": "root=/dev/vda rootwait rw init=/init ip=dhcp console=ttyS0"},
                    **{"[[disk]]": {"file": "disk0.raw"}, "[[network]]": {"kind": "user"}})
    root_disk(bundle.path / "disk0.raw", SERVER.encode())
    return bundle


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetched(port):
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
        return answer.read().decode()


def add_forward(person, port):
    """In the window of preferences that has just come."""
    person.wait("Pages")
    for _ in range(3):
        person.press("ctrl+Next")
    person.click(person.wait("Port of this computer"))
    person.wait_focus("Port of this computer")
    xdotool("type", str(port))
    person.press("Return")
    person.wait_focus("Port of the machine")
    xdotool("type", "80")
    person.press("Return")
    person.wait(f"Remove the forward of port {port}")


def forward(_home, _display):
    if IMAGE is None:
        skip(kernel.missing() or "the tests' Linux is not built: kernel.py does that")
    bundle, port = server(), free_port()
    with library() as (_, person, window):
        to_machine(person, window, "Server")
        person.press("Return")
        wait_for(lambda: guest_pid(bundle), "process of Server")
        wait_for(lambda: INIT_STARTS in bundle.said() or None, f"{INIT_STARTS!r} on the guest's serial port", KERNEL_SECONDS)
        expect(fetched(port) is None, "somebody serves on the port already")
        activate(window)
        person.press("ctrl+f", "alt+Return")
        add_forward(person, port)
        wait_for(lambda: PAGE in (fetched(port) or "") or None, "page of the guest, through the forward")
        expect(f":{port}-:80\"" in bundle.config(), f"the forward is not kept:\n{bundle.config()}")
        power_off("Server")


def end(name):
    with contextlib.suppress(AssertionError):
        command("stop", "--force", "--", name)


def case(home):
    with desktop() as display:
        try:
            {"first_run": first_run, "guests": guests, "keeping": keeping, "trying": trying, "forward": forward}[sys.argv[1]](home, display)
        finally:
            for machine in machines().values():
                end(machine["id"])


vitrine.main(case, needs=NEEDED)
