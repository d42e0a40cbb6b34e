# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that says which keys it sees, and a list of how often the desktop took a shortcut: for the cases about who gets a key."""
import contextlib
from bundle import Bundle, Process
from vitrine import expect

# 16-bit code: "!" to COM1, then each byte of the keyboard controller (scan code set 1) as two hexadecimal digits and a line feed.
#   cli; mov al,'!'; call put; loop: in al,64h; test al,1; jz loop; in al,60h; mov ah,al; shr al,4; call nibble; mov al,ah; and al,15;
#   call nibble; mov al,10; call put; jmp loop; nibble: add al,'0'; cmp al,'9'; jbe put; add al,7; put: mov dx,3f8h; out dx,al; ret
PROGRAM = bytes.fromhex("fa b0 21 e8 26 00 e4 64 a8 01 74 fa e4 60 88 c4 c0 e8 04 e8 0e 00 88 e0 24 0f e8 07 00 b0 0a e8 0a 00 eb e2"
                        "04 30 3c 39 76 02 04 07 ba f8 03 ee c3")
A, E, R, UP = "1E", "12", "13", 0x80  # scan codes of the letters; a key that goes up has the bit UP


def up(code):
    return f"{int(code, 16) | UP:02X}"


class Keys:
    """The machine in its window, and the file the desktop's shortcuts write to."""

    def __init__(self, process, fired):
        self.process, self.bundle, self._fired = process, process.bundle, fired

    def seen(self, code):
        """How often the guest saw this scan code."""
        return self.bundle.said().split().count(code)

    def fired(self, word):
        """How often the desktop's shortcut wrote this word."""
        return self._fired.read_text().split().count(word) if self._fired.exists() else 0

    def to_guest(self, press, code, word=None):
        """`press()` presses a key; the guest sees it, and the desktop does not take it for the shortcut `word`."""
        before, fired = self.seen(up(code)), self.fired(word)
        press()
        self.process.wait(f"key {code} in the guest", lambda: self.seen(up(code)) > before)
        expect(word is None or self.fired(word) == fired, f"the desktop took {word}, too")

    def to_desktop(self, press, code, word):
        before, fired = self.seen(code), self.fired(word)
        press()
        self.process.wait(f"shortcut {word} of the desktop", lambda: self.fired(word) > fired)
        expect(self.fired(word) == fired + 1, f"the desktop took {word} more than once")
        expect(self.seen(code) == before, f"the guest saw {code}, too")


@contextlib.contextmanager
def machine(fired):
    bundle = Bundle("Keyboard", "6b" * 16, **{"[[disk]]": {"file": "disk0.raw"}}, boot={"order": "disk"})
    (bundle.path / "disk0.raw").write_bytes(PROGRAM.ljust(510, b"\0") + b"\x55\xaa" + bytes((1 << 20) - 512))
    with Process(bundle, window=True) as process:
        process.wait("start from the disk", lambda: "!" in bundle.said())
        yield Keys(process, fired)
