#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB's rescue ISO from the CD-ROM drive: menu, pictures, saving and going on in another process, command line, media
change, power button, reset. One boot serves all. Argument: where to leave the saved machine for the window's case."""
import pathlib
import shutil
import sys
import time
import vitrine
from vitrine import ANSWER_SECONDS, BOOT_SECONDS, ISO, MENU, SCREENS, Guest, Picture, command, expect, select

VERSION_LINES = range(0, 32)  # GRUB's version stands there


def check_menu(guest, home):
    text = guest.wait_text(MENU, BOOT_SECONDS)
    expect("GNU GRUB" in text and "Memtest86+" in text, "the menu is not GRUB's")
    select(guest, "down", 1)
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
    before = guest.picture(home / "before.png")
    select(guest, "down", 3)  # the saved one still has entry 2
    guest.quit()
    with Guest(home, "grub", "--restore", saved) as restored:
        restored.wait_text(MENU)
        after = restored.picture(home / "after.png")
        expect(not before.differing_lines(after), "the restored screen differs from the saved one")
        select(restored, "down", 3)
        if target is not None:
            shutil.copyfile(saved, target)
        check_command_line(restored)
        check_medium(restored, home)
        check_power_button(restored)
        check_reset(restored)
        restored.quit()


def check_command_line(guest):
    guest.ctl("key", "c")
    guest.wait_text(r"grub> \s*$", BOOT_SECONDS)
    command(guest, "ls", r"\(cd\)")


def check_medium(guest, home):
    other = home / "other.iso"
    shutil.copyfile(ISO, other)
    guest.ctl("eject")
    expect(guest.json("status")["medium"] == "", "ejected, but status names a medium")
    command(guest, "ls (cd)/", r"(error|disk|Filesystem is unknown)")
    guest.ctl("insert", other)
    expect(guest.json("status")["medium"] == str(other), "status does not name the inserted medium")
    command(guest, "ls (cd)/boot", r"grub/")


def check_power_button(guest):
    """GRUB does not listen, so the button's bit in PM1_STS stays set (ACPI 6.4 table 4.16, bit 8)."""
    def status():
        return pm1_status(guest.json("devices"))
    expect(status() & 0x100 == 0, "the power button's bit is set before the button is pressed")
    guest.ctl("powerdown")
    expect(status() & 0x100, "the power button's bit is not set")


def pm1_status(devices):
    for device in devices:
        for name, value in device["registers"].items():
            if name.replace("_", "-").lower() in ("pm1-sts", "pm1sts", "pm1-status"):
                return int(value, 0)
    raise AssertionError("ctl devices shows no PM1_STS")


def check_reset(guest):
    guest.ctl("reset")
    guest.wait_gone("grub>")
    guest.wait_text(MENU, BOOT_SECONDS)


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
