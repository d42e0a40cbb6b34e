#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine grub_cdrom.py saved at GRUB's menu goes on in another process: same picture, menu, command line, media change,
power button, reset. Argument: the saved machine."""
import pathlib
import shutil
import sys
import time
import vitrine
from vitrine import ISO, MENU, Guest, Picture, command, expect, open_command_line, select, skip, wait_for_menu


def check_goes_on(guest, home, saved):
    guest.wait_text(MENU)
    before = Picture.from_png(saved.with_suffix(".png").read_bytes())
    after = guest.picture(home / "restored.png")
    expect(not before.differing_lines(after), "the restored screen differs from the saved one")
    select(guest, "down", 3)


def check_medium(guest, home):
    other = home / "other.iso"
    shutil.copyfile(ISO, other)
    guest.ctl("eject")
    expect(guest.json("status")["medium"] == "", "ejected, but status names a medium")
    time.sleep(3) # GRUB keeps what it read for two seconds
    command(guest, "ls (cd)/boot/grub/locale", "error", tries=3)
    guest.ctl("insert", other)
    expect(guest.json("status")["medium"] == str(other), "status does not name the inserted medium")
    # The drive tells the change by failing once (UNIT ATTENTION); SeaBIOS and GRUB pass that on.
    command(guest, "ls (cd)/boot", r"grub/", tries=5)


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
    wait_for_menu(guest)


def case(home):
    saved = pathlib.Path(sys.argv[1])
    if not saved.exists():
        skip(f"{saved} is missing: grub_cdrom.py leaves it there")
    with Guest(home, "grub", "--restore", saved) as guest:
        check_goes_on(guest, home, saved)
        open_command_line(guest)
        command(guest, "ls", r"\(cd\)")
        check_medium(guest, home)
        check_power_button(guest)
        check_reset(guest)
        guest.quit()


vitrine.main(case)
