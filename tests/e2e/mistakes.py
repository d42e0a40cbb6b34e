#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes a person can make: one sentence on stderr that names what is wrong, a status that is not 0, nothing left behind."""
import os
import subprocess
import vitrine
from vitrine import Guest, ISO, expect, program


def check(words, *arguments):
    before = sorted(os.listdir(os.environ["XDG_RUNTIME_DIR"]))
    result = subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)
    shown = " ".join(map(str, arguments))
    expect(result.returncode != 0, f"{shown}: status 0")
    lines = result.stderr.strip().splitlines()
    expect(len(lines) == 1, f"{shown}: {len(lines)} lines instead of one sentence: {result.stderr}")
    for word in words:
        expect(word in lines[0], f"{shown}: {word!r} is not in: {lines[0]}")
    expect(sorted(os.listdir(os.environ["XDG_RUNTIME_DIR"])) == before, f"{shown}: left something in the runtime folder")
    print(f"{shown}\n    {lines[0]}")


def case(home):
    garbage = home / "garbage.iso"
    garbage.write_bytes(b"not an image " * 5000)
    short = home / "short.bin"
    short.write_bytes(b"\x90" * 12345)
    state = home / "broken.state"
    state.write_bytes(b"VITRINE" + bytes(5000))
    headless = ("run", "--headless")
    check(["/nowhere.iso"], *headless, "--cdrom", "/nowhere.iso")
    check(["/nowhere.img"], *headless, "--disk", "/nowhere.img")
    check([str(garbage)], *headless, "--cdrom", garbage)
    check([str(home)], *headless, "--disk", home)
    check(["/nowhere.bin"], *headless, "--firmware", "/nowhere.bin")
    check([str(short)], *headless, "--firmware", short)
    check([str(state)], *headless, "--restore", state)
    check(["memory"], *headless, "--memory", "1K")
    check(["12Q"], *headless, "--memory", "12Q")
    check(["memory"], *headless, "--memory", "1000000G")
    check(["--cpus"], *headless, "--cpus", "none")
    check(["sideways"], *headless, "--boot", "sideways")
    check(["nobody"], "ctl", "nobody", "status")
    with Guest(home, "taken", "--cdrom", ISO) as guest:
        guest.wait_until(lambda _: "control: on" in guest.log(), "control of the first machine", 60)
        check(["taken"], *headless, "--name", "taken")
        listed = subprocess.run([program(), "list"], capture_output=True, text=True, timeout=60, check=True).stdout
        expect("taken" in listed, f"vitrine list does not show the machine: {listed!r}")
        guest.quit()


vitrine.main(case)
