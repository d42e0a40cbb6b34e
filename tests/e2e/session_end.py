#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The computer goes down: guests of the library are saved while logind waits for them, and no longer; while one is being installed the
computer does not fall asleep. logind is fake_logind.cpp on a bus of its own. Arguments: that program, the folder of the micro-guests."""
import contextlib
import os
import pathlib
import queue
import subprocess
import sys
import threading
import vitrine
from bundle import Bundle, Process
from vitrine import ANSWER_SECONDS, expect


class Logind:
    """The fake; what it says is read as it comes."""

    def __init__(self, file):
        self.process = subprocess.Popen([sys.argv[1], str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._lines = queue.Queue()
        threading.Thread(target=lambda: [self._lines.put(line.strip()) for line in self.process.stdout], daemon=True).start()
        self.hear("ready")

    def hear(self, wish):
        """The next thing it says is this."""
        try:
            line = self._lines.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            line = "nothing"
        expect(line == wish, f"logind was to say '{wish}', it said '{line}'")

    def go_down(self):
        self.process.stdin.write("shutdown\n")
        self.process.stdin.flush()


@contextlib.contextmanager
def logind(file):
    fake = Logind(file)
    try:
        yield fake
    finally:
        fake.process.stdin.close()
        fake.process.wait(20)


@contextlib.contextmanager
def system_bus():
    bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"], stdout=subprocess.PIPE, text=True)
    try:
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = bus.stdout.readline().strip()
        yield
    finally:
        bus.terminate()
        bus.wait(20)


def saved_in_time(bundle, window, paused, beyond):
    """The last number the guest counted to. It went on from `beyond`."""
    with logind(bundle.state) as fake, Process(bundle, window=window) as run:
        first, _ = run.wait_count(beyond)
        expect(first <= beyond, f"it did not go on: {first}")
        fake.hear("take shutdown delay")
        if paused:
            run.wait_bus()
            bundle.call("Pause")
        fake.go_down()
        fake.hear("drop shutdown delay with") # its state is complete before the computer may go on
        expect(run.end() == 0, "saving did not end with status 0")
        return bundle.counts()[-1]


def no_sleep_during_an_installation(guests):
    bundle = Bundle("Installer", "8d" * 16, install={"pending": True, "kernel": str(guests / "counter.elf")})
    with logind(bundle.state) as fake, Process(bundle) as run:
        fake.hear("take shutdown delay")
        fake.hear("take sleep block")
        run.wait_count(5)
        run.wait_bus()
        bundle.call("Quit")
        expect(run.end() == 0, "it did not end with status 0")


def installed(guests):
    """The end of an installation lets the computer sleep again, while the machine runs."""
    sector = b"\xfa\xf4".ljust(510, b"\0") + b"\x55\xaa"  # cli; hlt
    bundle = Bundle("Installed", "9d" * 16, install={"pending": True, "kernel": str(guests / "reset.elf")},
                    **{"[[disk]]": {"file": "disk0.raw"}})
    (bundle.path / "disk0.raw").write_bytes(sector + bytes((1 << 20) - 512))
    with logind(bundle.state) as fake, Process(bundle) as run:
        fake.hear("take shutdown delay")
        fake.hear("take sleep block")
        fake.hear("drop sleep block without")
        run.wait_bus()
        bundle.call("Quit")
        expect(run.end() == 0, "it did not end with status 0")
        fake.hear("drop shutdown delay without")


def case(_):
    guests = pathlib.Path(sys.argv[2])
    os.environ.update(QT_QPA_PLATFORM="offscreen", QT_QUICK_BACKEND="software")
    bundle = Bundle("Counter", "7c" * 16, boot={"kernel": str(guests / "counter.elf")})
    with system_bus():
        count = saved_in_time(bundle, False, False, 20)
        count = saved_in_time(bundle, True, False, count + 20)
        saved_in_time(bundle, False, True, count + 20)
        no_sleep_during_an_installation(guests)
        installed(guests)


vitrine.main(case, needs=("dbus-send", "dbus-daemon"))
