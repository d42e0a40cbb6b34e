#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`vitrine --machine`, headless, with the micro-guests of tests/guest: suspended and resumed it counts on without a gap; killed while
it is being suspended, or just after it has gone on, its bundle stays usable and no state is used twice; a second one finds the first;
SIGTERM suspends; an installation ends by itself. Argument: the folder of the micro-guests."""
import pathlib
import signal
import subprocess
import sys
import time
import vitrine
from bundle import Bundle, Process
from vitrine import accel, expect, program

# 16-bit code that writes its text to COM1 and halts: mov si,text; mov dx,0x3f8; lodsb; test al,al; jz; out dx,al; jmp; cli; hlt
PROGRAM = bytes.fromhex("be 14 7c ba f8 03 fc 8c c8 8e d8 ac 84 c0 74 03 ee eb f8 f4") + b"from the disk\n\0"


def disk_that_speaks(path):
    """A disk of 1 MiB whose boot sector says "from the disk" on the serial port."""
    path.write_bytes(PROGRAM.ljust(510, b"\0") + b"\x55\xaa" + bytes((1 << 20) - 512))


def suspend_and_go_on(guests):
    bundle = Bundle("Counter", "0c" * 16, boot={"kernel": str(guests / "counter.elf")})
    with Process(bundle) as run:
        run.wait_count(20)
        run.wait_bus()
        expect(bundle.id in bundle.property("Id"), "the Id on the bus is another")
        expect("true" in bundle.property("Headless"), "Headless is not true")
        load = bundle.call("Load")
        expect(load.count("uint64") == 6, f"Load answered {load}")
        bundle.call("Suspend")
        expect(run.end() == 0, "suspending did not end with status 0")
        last = bundle.counts()[-1]
    expect(bundle.state.exists(), "there is no suspended.state")
    with Process(bundle) as run:
        first, _ = run.wait_count(last + 20)
        expect(first <= last + 2, f"it stopped at {last} and went on at {first}")
        expect(not bundle.state.exists(), "the state is still there while the machine runs")
        expect(not (bundle.path / "resuming.state").exists(), "resuming.state is still there")
        # A second start finds it, with a window or without.
        second = subprocess.run([program(), "--machine", bundle.name, "--headless"], capture_output=True, text=True, timeout=60, check=False)
        expect(second.returncode == 0 and "running already" in second.stderr, f"the second start said {second}")
        run.process.send_signal(signal.SIGTERM)
        expect(run.end() == 0, "SIGTERM did not end it with status 0")
    expect(bundle.state.exists(), "SIGTERM did not suspend it")
    expect("suspended" in bundle.log(), "log.txt does not say that it was suspended")
    return bundle


def killed_while_it_goes_on(bundle):
    """kill -9 at any moment of going on: the state is used once at most."""
    for delay in (0.0, 0.02, 0.05, 0.1, 0.2, 0.4):
        with Process(bundle) as run:
            time.sleep(delay)
            run.process.kill()
            run.end()
        expect(not (bundle.said() and bundle.state.exists()), "the guest went on, and its state is there to be used again")
        if bundle.state.exists():
            continue
        with Process(bundle) as run: # what is left starts afresh
            run.wait_count(5)
            run.wait_bus()
            bundle.call("Suspend")
            run.end()


def killed_while_suspending(bundle):
    for delay in (0.0, 0.005, 0.02, 0.05, 0.1):
        with Process(bundle) as run:
            run.wait_count(3)
            run.wait_bus()
            caller = subprocess.Popen(["dbus-send", "--session", "--print-reply", f"--dest={bundle.bus_name()}", "/org/vitrine/Machine1",
                                       "org.vitrine.Machine1.Suspend"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay)
            run.process.kill()
            run.end()
            caller.wait(30)
        with Process(bundle) as run:
            run.wait_count(3)
            run.process.send_signal(signal.SIGTERM)
            expect(run.end() == 0, "after a kill while suspending it does not suspend any more")


def bad_state(bundle):
    """What cannot be resumed is kept, and said; --fresh leaves it behind."""
    good = bundle.state.read_bytes()
    bundle.state.write_bytes(good[:len(good) // 2])
    refused = subprocess.run([program(), "--machine", bundle.id, "--headless", "--accel", accel()], capture_output=True, text=True,
                             timeout=60, check=False)
    expect(refused.returncode == 1 and "its state was kept" in refused.stderr, f"a broken state: {refused}")
    expect(bundle.state.exists(), "the broken state is gone")
    with Process(bundle, "--fresh") as run:
        first, _ = run.wait_count(5)
        expect(first == 0, f"--fresh went on at {first}")
        expect(not bundle.state.exists(), "the state a fresh start leaves behind is still there")


def install(guests):
    bundle = Bundle("Installer", "1d" * 16, install={"pending": True, "kernel": str(guests / "reset.elf")},
                    boot={"order": "cdrom"}, **{"[[disk]]": {"file": "disk0.raw"}})
    disk_that_speaks(bundle.path / "disk0.raw")
    with Process(bundle) as run:
        run.wait("start from the disk", lambda: "from the disk" in bundle.said())
        run.wait_bus()
        expect("false" in bundle.property("Installing"), "it is still installing")
        bundle.call("Quit")
        expect(run.end() == 0, "it did not end with status 0")
    expect("pending = true" not in bundle.config(), f"the installation is still pending:\n{bundle.config()}")
    expect("install: done" in bundle.log(), "log.txt does not tell of the installation")
    expect((bundle.path / "thumbnail.png").read_bytes().startswith(b"\x89PNG"), "there is no thumbnail")


def installer_without_a_system(guests):
    """An installer that resets before it has installed anything is only reset."""
    bundle = Bundle("Early", "2e" * 16, install={"pending": True, "kernel": str(guests / "reset.elf")},
                    **{"[[disk]]": {"file": "disk0.raw"}})
    (bundle.path / "disk0.raw").write_bytes(bytes(1 << 20))
    with Process(bundle) as run:
        run.wait("four resets", lambda: run.process.poll() is not None, alive=False)
    expect("boot 4" in bundle.said(), f"the guest did not see its own resets: {bundle.said()[-200:]}")
    expect("pending = true" in bundle.config(), "the installation counts as done")


def case(_):
    guests = pathlib.Path(sys.argv[1])
    bundle = suspend_and_go_on(guests)
    killed_while_it_goes_on(bundle)
    killed_while_suspending(bundle)
    bad_state(bundle)
    install(guests)
    installer_without_a_system(guests)


vitrine.main(case, needs=("dbus-send",))
