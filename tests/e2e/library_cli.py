#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The library by the command line alone: a machine is made of a disc, started, looked at, given a forward, renamed, suspended, resumed,
cloned, exported, deleted and imported; what goes wrong has a sentence and a status of its own, also without a session bus. The manual
page and the completions are whole."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
from vitrine import ISO, accel, expect, main, program

NO_SUCH, BUSY, WRONG = 3, 4, 2


def run(*words, status=0):
    result = subprocess.run([program(), *words], capture_output=True, text=True, timeout=120, check=False)
    expect(result.returncode == status, f"vitrine {' '.join(words)}: status {result.returncode}, not {status}: {result.stdout}{result.stderr}")
    return result.stdout if status == 0 else result.stderr


def machines():
    return {machine["name"]: machine for machine in json.loads(run("list", "--json"))}


def wait_for(condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        expect(time.monotonic() < deadline, f"within a minute: {what}")
        time.sleep(0.2)


def pid_of(identity):
    """By the arguments of all processes, which may end meanwhile."""
    for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes()
        except OSError:
            continue
        if f"--machine\0{identity}".encode() in words:
            return int(process.parent.name)
    raise AssertionError("the machine has no process")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def shows_menu(name):
    """On its way there the screen is in a graphics mode and has no text."""
    def shown():
        result = subprocess.run([program(), "ctl", name, "text"], capture_output=True, text=True, timeout=60, check=False)
        return "GNU GRUB" in result.stdout
    wait_for(shown, f"{name} shows no menu")


def life_of_a_machine(folder):
    run("new", "--name", "First machine", "--cdrom", str(ISO), "--disk", "64M", "--memory", "128M", "--cpus", "1")
    expect(machines()["First machine"]["state"] == "off", "a new machine is not off")
    expect(run("get", "First machine", "memory") == "128M\n", "its memory is another")
    run("start", "First machine", "--headless", "--accel", accel())
    shows_menu("First machine")
    expect(machines()["First machine"]["state"] == "running", "it is not listed as running")
    expect("running" in run("delete", "First machine", status=BUSY), "deleting it was not refused")
    port = free_port()
    run("forward", "First machine", "add", f"{port}:22")
    with socket.create_connection(("127.0.0.1", port), timeout=10):
        pass # nobody answers in GRUB; but the port is there
    expect(str(port) in run("forward", "First machine"), "the forward is not kept")
    run("forward", "First machine", "remove", f"tcp:{port}:22")
    expect(run("forward", "First machine") == "", "the forward written another way was not removed")
    expect(json.loads(run("pause", "First machine", "--json")) == {"ok": True}, "pausing says nothing in JSON")
    expect(machines()["First machine"]["state"] == "paused", "it is not paused")
    run("resume", "First machine")
    run("ctl", "First machine", "key", "down")
    run("set", "First machine", "name=Renamed")
    expect(machines()["Renamed"]["state"] == "running", "a machine renamed while it runs is listed by its old name")
    run("suspend", "Renamed")
    expect(machines()["Renamed"]["state"] == "suspended", "it is not suspended")
    run("set", "Renamed", "name=Second", "notes=a note")
    run("forward", "Second", "add", f"{port}:22")
    run("start", "Second", "--headless", "--accel", accel())
    expect("GNU GRUB" in run("ctl", "Second", "text"), "it did not go on where it was")
    with socket.create_connection(("127.0.0.1", port), timeout=10):
        pass # the forward that it was given while it was suspended
    run("stop", "Second", "--force")
    expect(machines()["Second"]["state"] == "off", "it is not off")
    run("clone", "Second", "Third")
    run("set", "Third", "nic0.link=down", "disk0.cache=direct")
    expect(run("get", "Third", "nic0.link") == "down\n" and run("get", "Second", "nic0.link") == "up\n", "the cards are mixed up")
    exported = str(folder / "second.vitrine.tar.zst")
    run("export", "Second", exported)
    identity = machines()["Second"]["id"]
    run("delete", "Second")
    expect(set(machines()) == {"Third"}, f"left are {set(machines())}")
    run("import", exported)
    expect(run("get", "Second", "notes") == "a note\n", "the note did not come along")
    expect(machines()["Second"]["id"] == identity and machines()["Third"]["id"] != identity, "the ids are mixed up")


def mistakes(folder):
    expect("no machine" in run("start", "Nobody", status=NO_SUCH), "an unknown machine has no sentence")
    expect("not a size" in run("set", "Third", "memory=much", status=1), "a bad value has no sentence")
    expect("needs NAME" in run("start", status=WRONG), "a missing name has no sentence")
    expect("no key" in run("set", "Third", "size=1G", status=1), "an unknown key has no sentence")
    expect("interface" in run("set", "Third", "nic0.kind=tap", status=1), "a tap without an interface has no sentence")
    expect("name has" in run("set", "Third", "name=", status=1), "no name at all has no sentence")
    expect("say host port" in run("forward", "Third", "add", "ssh", status=1), "a bad forward has no sentence")
    expect("ssh" not in run("forward", "Third"), "the bad forward was kept")
    for words in (["list"], ["help", "--manual"]): # less and more than a buffer
        with open("/dev/full", "wb") as full:
            lost = subprocess.run([program(), *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
        expect(lost.returncode == 1 and "could not be written" in lost.stderr, f"an answer that was lost is a success: {lost}")
    with open("/dev/full", "wb") as full:
        unheard_of = subprocess.run([program(), "start", "Nobody"], stdout=full, stderr=full, timeout=120, check=False)
    expect(unheard_of.returncode == NO_SUCH, f"who cannot complain ends with {unheard_of.returncode}")
    nothing = folder / "nothing.iso"
    nothing.write_bytes(b"nothing at all" * 100)
    expect("nothing.iso" in run("new", "--cdrom", str(nothing), status=1), "a bad disc's sentence does not name it")
    expect("--express" in run("new", "--cdrom", str(ISO), "--drivers", str(folder), status=1), "drivers for nothing have no sentence")
    expect(set(machines()) == {"Second", "Third"}, "a machine was made of nothing")
    bundle = pathlib.Path(machines()["Third"]["bundle"])
    config = bundle / "machine.toml"
    config.write_text(config.read_text(encoding="utf-8").replace('memory = "128M"', 'memory = "plenty"'), encoding="utf-8")
    said = run("start", "Third", "--headless", status=1)
    expect("machine.toml line" in said and "memory" in said, f"a broken file's sentence is {said}")


def broken_while_it_runs():
    """It is still the machine of that name, once, and can be stopped."""
    run("start", "Second", "--headless", "--accel", accel())
    config = pathlib.Path(machines()["Second"]["bundle"]) / "machine.toml"
    good = config.read_text(encoding="utf-8")
    config.write_text("[machine\n", encoding="utf-8")
    listed = [machine for machine in json.loads(run("list", "--json")) if machine["name"] == "Second"]
    expect(len(listed) == 1 and listed[0]["state"] == "running" and "line 1" in listed[0]["problem"], f"it is listed as {listed}")
    run("ctl", "Second", "status")
    run("stop", "--force", "Second")
    wait_for(lambda: machines()["Second"]["state"] == "broken", "it is off, and broken")
    config.write_text(good, encoding="utf-8")


def unheard():
    """A machine outlives a full disk below what it prints."""
    with open("/dev/full", "wb") as full:
        machine = subprocess.Popen([program(), "run", "--headless", "--name", "unheard", "--accel", accel(), "--cdrom", str(ISO)],
                                   stdout=full, stderr=full)
    try:
        wait_for(lambda: machine.poll() is not None or "unheard" in machines(), "the machine is listed or ended")
        wait_for(lambda: machine.poll() is not None or machines()["unheard"]["state"] == "running", "it runs or ended")
        run("ctl", "unheard", "quit")
        expect(machine.wait(60) == 0, f"it ended with {machine.returncode}")
    finally:
        machine.kill()
        machine.wait()


def without_a_bus():
    """What did not start is not said to have started; what did runs without control."""
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    run("set", "Second", "firmware=/nowhere.bin")
    expect("/nowhere.bin" in run("start", "Second", "--headless", "--accel", accel(), status=1), "without a bus a failed start has no sentence")
    run("set", "Second", "firmware=bios")
    said = run("start", "Second", "--headless", "--accel", accel(), status=1)
    expect("Second was started, but" in said and "session bus" in said, f"without a bus a start says {said}")
    expect("session bus" in run("stop", "Second", status=1), "stopping it without a bus has no sentence")
    expect("no machine" in run("stop", "Nobody", status=NO_SUCH), "without a bus an unknown machine has no sentence")
    os.kill(pid_of(machines()["Second"]["id"]), signal.SIGTERM)
    wait_for(lambda: machines()["Second"]["state"] == "suspended", "SIGTERM suspends it")


def texts():
    page = run("help", "--manual")
    for name in ("new", "start", "ctl", "run", "list"):
        expect(f".SS vitrine {name}" in page, f"the manual page says nothing of {name}")
    if shutil.which("man"):
        said = subprocess.run(["man", "--warnings", "-l", "-"], input=page, capture_output=True, text=True, check=True)
        expect(said.stderr == "", f"man says {said.stderr}")
    script = run("help", "--completion", "bash")
    words = f"{script}\nvitrine() {{ {program()} \"$@\"; }}\nCOMP_WORDS=(vitrine start Se); COMP_CWORD=2; _vitrine; echo \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=True)
    expect(done.stdout.strip() == "Second", f"bash completes {done.stdout}{done.stderr}")
    for shell in ("zsh", "fish"):
        expect("forward" in run("help", "--completion", shell), f"the completions of {shell} are not whole")


def case(home):
    try:
        life_of_a_machine(home)
        texts()
        mistakes(home)
        broken_while_it_runs()
        unheard()
        without_a_bus()
    finally:
        for machine in machines().values():
            subprocess.run([program(), "stop", "--force", "--", machine.get("id", "")], capture_output=True, check=False)


if __name__ == "__main__":
    main(case)
