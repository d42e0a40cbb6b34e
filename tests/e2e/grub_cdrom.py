#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB's rescue ISO boots from the CD-ROM drive: menu as text and as a picture, moving in it, pausing, and saving there.
Argument: where to leave the saved machine for the cases that go on from it."""
import pathlib
import shutil
import sys
import time
import vitrine
from vitrine import ANSWER_SECONDS, ISO, SCREENS, Guest, Picture, expect, select, wait_for_menu

VERSION_LINES = range(0, 32)  # GRUB's version stands there


def check_menu(guest, home):
    wait_for_menu(guest)
    text = guest.try_text()
    expect("GNU GRUB" in text and "Memtest86+" in text, "the menu is not GRUB's")
    select(guest, "down", 2)
    select(guest, "up", 1)
    picture = guest.picture(home / "second.png")
    golden = Picture.from_png((SCREENS / "grub_second_entry.png").read_bytes())
    different = picture.differing_lines(golden, tolerance=4, without=VERSION_LINES)
    expect(not different, f"the picture of the menu differs from the golden one in the lines {different[:10]}...")


def check_bar_moves(guest, home):
    """The bright bar moves by exactly one line of text."""
    second = guest.picture(home / "second.png")
    select(guest, "down", 2)
    third = guest.picture(home / "third.png")
    lines = {y // 16 for y in second.differing_lines(third)}
    expect(lines == {5, 6}, f"the selection changed the text lines {sorted(lines)}, not 5 and 6")
    expect(third.brightness(third.text_line(6)) > 3 * third.brightness(third.text_line(5)), "the bar is not on entry 2")


def check_pause(guest):
    guest.ctl("pause")
    expect(guest.state() == "paused", f"paused, but the state is {guest.state()}")
    guest.ctl("resume")
    expect(guest.state() == "running", f"resumed, but the state is {guest.state()}")


def check_save(guest, home, target):
    saved = home / "grub.state"
    guest.ctl("save", saved, timeout=ANSWER_SECONDS * 2)
    expect(guest.state() == "running", "the machine does not go on after it was saved")
    expect(saved.stat().st_size < 128 << 20, "zero pages seem to be stored")
    guest.picture(home / "saved.png")
    select(guest, "down", 3)  # the saved one still has entry 2
    guest.quit()
    if target is not None:
        shutil.copyfile(saved, target)
        shutil.copyfile(home / "saved.png", target.with_suffix(".png"))


def case(home):
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
    started = time.monotonic()
    with Guest(home, "grub", "--cdrom", ISO) as guest:
        check_menu(guest, home)
        print(f"menu after {time.monotonic() - started:.0f} s")
        check_bar_moves(guest, home)
        check_pause(guest)
        check_save(guest, home, target)


vitrine.main(case)
