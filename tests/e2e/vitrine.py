# SPDX-License-Identifier: GPL-3.0-or-later
"""The real program, driven as a person or a script would: started in a session bus and home of its own, controlled
with `vitrine ctl`, looked at as text and as pictures. Python's standard library only.

A case is a script that calls `main(case)`; VITRINE names the program (default: build/vitrine), VITRINE_ACCEL what runs the guest. Exit status 77 with a sentence: skipped."""
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib

SKIP = 77
ISO = pathlib.Path("/usr/lib/grub-rescue/grub-rescue-cdrom.iso")
USB_IMAGE = pathlib.Path("/usr/lib/grub-rescue/grub-rescue-usb.img")
BOOT_SECONDS = 420  # GRUB's menu takes 40-60 s where KVM interprets ring 0, twice that on a busy machine
ANSWER_SECONDS = 90
CHARACTER = (9, 16)  # pixels of a character of the VGA's text mode 3
SCREENS = pathlib.Path(__file__).resolve().parent.parent / "data" / "screens"


def skip(reason):
    print(reason)
    sys.exit(SKIP)


def expect(condition, sentence):
    """Fails the case with a sentence; `assert` would not survive python3 -O."""
    if not condition:
        raise AssertionError(sentence)


def main(case, needs=()):
    """Runs the case in a temporary home below a session bus of its own."""
    if accel() == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        skip("/dev/kvm is missing or may not be used: this case boots a machine")
    for tool in ("dbus-run-session", *needs):
        if shutil.which(tool) is None:
            skip(f"{tool} is not installed")
    for image in (ISO, USB_IMAGE):
        if not image.exists():
            skip(f"{image} is missing (Debian package grub-rescue-pc)")
    if "VITRINE_E2E_BUS" not in os.environ:
        os.environ["VITRINE_E2E_BUS"] = "1"
        os.execvp("dbus-run-session", ["dbus-run-session", "--", sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory(prefix="vitrine-e2e-") as folder:
        home = pathlib.Path(folder)
        private_home(home)
        started = time.monotonic()
        case(home)
        print(f"passed after {time.monotonic() - started:.0f} s")


def private_home(home):
    for variable, name in (("XDG_RUNTIME_DIR", "runtime"), ("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config"),
                           ("XDG_CACHE_HOME", "cache"), ("XDG_STATE_HOME", "state"), ("HOME", "home")):
        (home / name).mkdir(mode=0o700)
        os.environ[variable] = str(home / name)
    os.environ["LANGUAGE"] = "en" # cases look for the sources' words


def accel():
    """What the machines of this case run on: kvm, or soft."""
    return os.environ.get("VITRINE_ACCEL", "kvm")


def program():
    return os.environ.get("VITRINE") or str(SCREENS.parents[2] / "build" / "vitrine")


class Guest:
    """One `vitrine run`; ends with the `with` block."""

    def __init__(self, home, name, *arguments, window=False):
        self.name = name
        self.log_path = home / f"{name}-{time.monotonic_ns()}.log"
        mode = ["--accel", accel()] + ([] if window else ["--headless"])
        if "--restore" not in arguments:
            mode += ["--name", name]
            mode += [] if "--memory" in arguments else ["--memory", "256M"]
            mode += [] if "--cpus" in arguments else ["--cpus", "1"]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([program(), "run", *mode, *map(str, arguments)], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is not None:
            print(f"--- {self.name}: what it printed\n{self.log()}", file=sys.stderr)
            print(f"--- {self.name}: its screen\n{self.try_text()}", file=sys.stderr)
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def ctl(self, *words, timeout=ANSWER_SECONDS):
        """Standard output of `vitrine ctl NAME words...`; a failure fails the case."""
        result = subprocess.run([program(), "ctl", self.name, *map(str, words)], capture_output=True, text=True,
                                timeout=timeout, check=False)
        expect(result.returncode == 0, f"ctl {' '.join(map(str, words))}: {result.stderr.strip()}")
        return result.stdout

    def json(self, *words):
        return json.loads(self.ctl(*words, "--json"))

    def try_text(self):
        """The screen's text, or nothing while there is none (starting, or a graphics mode)."""
        try:
            result = subprocess.run([program(), "ctl", self.name, "text"], capture_output=True, text=True,
                                    timeout=ANSWER_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return ""
        return result.stdout if result.returncode == 0 else ""

    def wait_text(self, pattern, timeout=ANSWER_SECONDS):
        """Waits until the screen's text matches; returns the text."""
        return self.wait_until(lambda text: re.search(pattern, text), f"{pattern!r} on the screen", timeout)

    def wait_gone(self, pattern, timeout=ANSWER_SECONDS):
        return self.wait_until(lambda text: text and not re.search(pattern, text), f"{pattern!r} gone from the screen", timeout)

    def wait_until(self, condition, wish, timeout):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            expect(self.process.poll() is None, f"{self.name} ended with {self.process.returncode} while waiting for {wish}")
            text = self.try_text()
            if condition(text):
                return text
            time.sleep(0.5)
        raise AssertionError(f"no {wish} within {timeout} s")

    def state(self):
        return self.json("status")["state"]

    def picture(self, path):
        """The guest's screen as a Picture, through a PNG file at `path`, once nothing on it has moved for a second."""
        previous = None
        for _ in range(30):
            self.ctl("screenshot", path)
            if (data := path.read_bytes()) == previous:
                return Picture.from_png(data)
            previous = data
            time.sleep(1)
        raise AssertionError("the screen does not come to rest")

    def quit(self):
        """Takes the power away; the program must end with status 0."""
        self.ctl("quit")
        expect(self.process.wait(60) == 0, f"{self.name} ended with {self.process.returncode}")


class Picture:
    """Pixels as rows of RGB bytes."""

    def __init__(self, width, height, rows):
        self.width, self.height, self.rows = width, height, rows

    @staticmethod
    def from_png(data):
        """8 bit RGB or RGBA without interlacing (PNG 1.2 sections 3 and 6)."""
        expect(data[:8] == b"\x89PNG\r\n\x1a\n", "not a PNG file")
        width, height, depth, color, _, _, interlace = struct.unpack(">IIBBBBB", data[16:29])
        expect(depth == 8 and color in (2, 6) and interlace == 0, f"PNG of depth {depth}, color type {color}")
        packed, at = b"", 8
        while at < len(data):
            length, kind = struct.unpack(">I4s", data[at:at + 8])
            if kind == b"IDAT":
                packed += data[at + 8:at + 8 + length]
            at += 12 + length
        size = 3 if color == 2 else 4
        return Picture(width, height, [to_rgb(row, size) for row in unfilter(zlib.decompress(packed), width * size, size)])

    @staticmethod
    def of_window_system(display):
        """What an X display shows, through ImageMagick's import."""
        data = subprocess.run(["import", "-silent", "-display", display, "-window", "root", "-depth", "8", "ppm:-"],
                              capture_output=True, check=True, timeout=60).stdout
        magic, width, height, depth, pixels = re.match(rb"(P6)\s+(\d+)\s+(\d+)\s+(\d+)\s(.*)", data, re.DOTALL).groups()
        expect(magic == b"P6" and depth == b"255", "import wrote another format")
        stride = int(width) * 3
        return Picture(int(width), int(height), [pixels[y * stride:(y + 1) * stride] for y in range(int(height))])

    def differing_lines(self, other, tolerance=0, without=()):
        """Numbers of the lines that differ by more than `tolerance` in a channel; whole picture if the sizes differ."""
        if (self.width, self.height) != (other.width, other.height):
            return list(range(max(self.height, other.height)))
        return [y for y in range(self.height) if y not in without and not close(self.rows[y], other.rows[y], tolerance)]

    def text_line(self, number):
        """The pixels of one line of text (text mode 3)."""
        return self.rows[number * CHARACTER[1]:(number + 1) * CHARACTER[1]]

    def brightness(self, rows):
        """Mean of all channels, 0-255."""
        return sum(map(sum, rows)) / sum(map(len, rows))

    def find(self, other, tolerance=0):
        """Where `other` stands in this picture, as (x, y), or None; its colours may differ by `tolerance`."""
        # The line with most different pixels is looked for first; only where it fits is the rest compared.
        key = max(range(other.height), key=lambda y: len(set(other.rows[y][i:i + 3] for i in range(0, len(other.rows[y]), 3))) * 1000 + lit(other.rows[y]))
        for y in range(key, self.height - other.height + key + 1):
            for x in candidates(self.rows[y], other.rows[key], tolerance):
                top = y - key
                if all(close(self.rows[top + i][x * 3:x * 3 + other.width * 3], other.rows[i], tolerance) for i in range(other.height)):
                    return x, top
        return None

    def lines_of(self, other):
        """How many of the lines of `other` stand somewhere in this picture."""
        return sum(1 for line in other.rows if any(line in row for row in self.rows))


def lit(row):
    return sum(1 for i in range(3, len(row), 3) if row[i:i + 3] != row[i - 3:i])


def candidates(row, wanted, tolerance):
    for x in range((len(row) - len(wanted)) // 3 + 1):
        if close(row[x * 3:x * 3 + len(wanted)], wanted, tolerance):
            yield x


def close(a, b, tolerance):
    if a == b:
        return True
    return tolerance > 0 and len(a) == len(b) and all(abs(x - y) <= tolerance for x, y in zip(a, b))


def to_rgb(row, size):
    if size == 3:
        return bytes(row)
    rgb = bytearray(len(row) // 4 * 3)
    rgb[0::3], rgb[1::3], rgb[2::3] = row[0::4], row[1::4], row[2::4]
    return bytes(rgb)


def unfilter(data, stride, size):
    """Undoes the filters of PNG section 6."""
    previous = bytearray(stride)
    for start in range(0, len(data), stride + 1):
        kind, row = data[start], bytearray(data[start + 1:start + 1 + stride])
        for i in range(stride if kind else 0):
            left = row[i - size] if i >= size else 0
            corner = previous[i - size] if i >= size else 0
            row[i] = (row[i] + predict(kind, left, previous[i], corner)) & 0xFF
        yield row
        previous = row


def predict(kind, left, up, corner):
    if kind == 1:
        return left
    if kind == 2:
        return up
    if kind == 3:
        return (left + up) // 2
    distances = (abs(up - corner), abs(left - corner), abs(left + up - 2 * corner))
    return (left, up, corner)[distances.index(min(distances))]


# --- GRUB's rescue image, the guest of these cases ---

MENU = r"Change the colors(?:.*\n)*.*command-line" # the whole menu is drawn
COUNTDOWN = r"automatically in \d+s"
PROMPT = r"grub>\s*$" # and nothing typed after it
FIRST_LINE = 4  # line of the screen with the menu's first entry


def selected_entry(text):
    """Number of the menu's selected entry (GRUB marks it with a star), or None."""
    for number, line in enumerate(text.splitlines()):
        if re.match(r"\W*\*\w", line):
            return number - FIRST_LINE
    return None


def wait_for_menu(guest):
    """Waits until a machine has booted to the menu, and stops the countdown by moving down to its second entry."""
    guest.wait_text(COUNTDOWN, BOOT_SECONDS)
    select(guest, "down", 1)
    guest.wait_gone(COUNTDOWN)


def select(guest, key, entry):
    guest.ctl("key", key)
    guest.wait_until(lambda text: selected_entry(text) == entry, f"entry {entry} selected", ANSWER_SECONDS)


def open_command_line(guest):
    guest.ctl("key", "c")
    guest.wait_text(PROMPT, BOOT_SECONDS)


def type_command(guest, line):
    """Types a line at GRUB's prompt in pieces, each once the one before is on the screen: the BIOS keeps 15 keys, and GRUB may
    be slow to take them."""
    for end in range(4, len(line) + 4, 4):
        guest.ctl("type", line[end - 4:end])
        guest.wait_text(re.escape("grub> " + line[:end].rstrip()) + r"\s*$")
    guest.ctl("key", "enter")


def command(guest, line, answer, tries=1):
    """Types a command and waits for its answer below the typed line and for the next prompt. Tries it again when the
    answer is another one, after GRUB has forgotten what it read (two seconds)."""
    for left in reversed(range(tries)):
        type_command(guest, line)
        text = guest.wait_text(PROMPT) # its own line has "grub> " and more
        got = text.rpartition("grub> " + line)[2] # all of the screen when the answer scrolled the line away
        if re.search(answer, got):
            return
        time.sleep(3)
        expect(left > 0, f"{line!r} answered {got.strip()!r}, not {answer!r}")
