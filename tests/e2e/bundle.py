# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines of the library as a test makes them: a bundle written by hand, its process, and what it says on the bus."""
import os
import pathlib
import re
import subprocess
import time
from vitrine import ANSWER_SECONDS, accel, expect, program

SETTLE_SECONDS = 60


def escaped(text):
    """As app/session/bus_names.cpp."""
    return "".join(c if c.isalpha() or (c.isdigit() and i) else f"_{ord(c):02x}" for i, c in enumerate(text))


class Bundle:
    """NAME.vitrine in the default folder of the library below this case's home."""

    def __init__(self, name, machine_id, **sections):
        self.name, self.id = name, machine_id
        self.path = pathlib.Path(os.environ["XDG_DATA_HOME"]) / "vitrine" / "machines" / f"{name}.vitrine"
        self.path.mkdir(parents=True)
        self.serial = self.path / "serial.txt"
        self.state = self.path / "suspended.state"
        sections = {"machine": {"name": name, "id": machine_id}, "resources": {"cpus": 1, "memory": "64M", "balloon": "none"},
                    "devices": {"serial": "file:serial.txt", "test": True}, **sections}
        self.write(sections)

    def write(self, sections):
        text = "schema = 1\n"
        for section, values in sections.items():
            text += f"\n{section if section.startswith('[') else '[' + section + ']'}\n"
            for key, value in values.items():
                word = str(value).lower() if isinstance(value, (bool, int)) else f'"{value}"'
                text += f"{key} = {word}\n"
        (self.path / "machine.toml").write_text(text)

    def config(self):
        return (self.path / "machine.toml").read_text()

    def log(self):
        path = self.path / "log.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def said(self):
        """What the guest wrote to its serial port since it was started or resumed."""
        return self.serial.read_text(errors="replace") if self.serial.exists() else ""

    def counts(self):
        """The numbers of the guest `counter` that are complete."""
        return [int(n) for n in re.findall(r"count (\d+)\r?\n", self.said())]

    def bus_name(self):
        return "org.vitrine.Vitrine.Machine." + escaped(self.id)

    def call(self, method, *arguments, check=True):
        """Calls the machine's process; the answer as text."""
        result = subprocess.run(
            ["dbus-send", "--session", "--print-reply", "--reply-timeout=90000", f"--dest={self.bus_name()}",
             "/org/vitrine/Machine1", f"org.vitrine.Machine1.{method}", *arguments],
            capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
        expect(result.returncode == 0 or not check, f"{method}: {result.stderr.strip()}")
        return result.stdout + result.stderr

    def property(self, name):
        result = subprocess.run(
            ["dbus-send", "--session", "--print-reply=literal", f"--dest={self.bus_name()}", "/org/vitrine/Machine1",
             "org.freedesktop.DBus.Properties.Get", "string:org.vitrine.Machine1", f"string:{name}"],
            capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
        return result.stdout.strip()


class Process:
    """One `vitrine --machine`; killed with the `with` block if it still runs."""

    def __init__(self, bundle, *options, window=False):
        self.bundle = bundle
        bundle.serial.unlink(missing_ok=True) # what an earlier run said
        mode = [] if window else ["--headless"]
        self.process = subprocess.Popen([program(), "--machine", bundle.id, "--accel", accel(), *mode, *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.process.poll() is None:
            self.process.kill()
        self.output = self.process.communicate()[0]
        if error is not None:
            print(f"--- what it printed\n{self.output}\n--- log.txt\n{self.bundle.log()}\n--- serial.txt\n{self.bundle.said()[-500:]}")

    def wait(self, wish, condition, seconds=SETTLE_SECONDS, alive=True):
        end = time.monotonic() + seconds
        while not (found := condition()):
            expect(not alive or self.process.poll() is None, f"ended with {self.process.returncode} while waiting for {wish}")
            expect(time.monotonic() < end, f"no {wish} within {seconds} s")
            time.sleep(0.05)
        return found

    def wait_count(self, beyond):
        """Waits until the guest has counted beyond a number; the first and last it said since its start."""
        self.wait(f"count beyond {beyond}", lambda: (c := self.bundle.counts()) and c[-1] > beyond)
        counts = self.bundle.counts()
        return counts[0], counts[-1]

    def wait_bus(self):
        self.wait("name on the bus", lambda: "variant" in self.bundle.property("Id"))

    def end(self, seconds=SETTLE_SECONDS):
        """Waits for the process; its exit status."""
        return self.process.wait(seconds)
