#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that was written to while its machine was suspended: the machine does not go on from its state, which is kept, and says why;
with the disk as it was it goes on; --fresh starts it. States of before disks were remembered go on. Argument: the folder of the
micro-guests."""
import os
import pathlib
import struct
import subprocess
import sys
import zlib
import vitrine
from bundle import Bundle, Process
from vitrine import accel, expect, program

# 16-bit code that writes its second sector by the BIOS and says "w" on COM1, for ever.
WRITER = bytes.fromhex("31 c0 8e d8 8e c0 b8 01 03 bb 00 7e b9 02 00 ba 80 00 cd 13 b0 77 ba f8 03 ee eb ea")


def writes_all_the_time():
    """Its own writes, up to the moment it is suspended, are no change of somebody else's."""
    bundle = Bundle("Writer", "4e" * 16, boot={"order": "disk"}, **{"[[disk]]": {"file": "disk0.raw"}})
    disk = bundle.path / "disk0.raw"
    disk.write_bytes(WRITER.ljust(510, b"\0") + b"\x55\xaa" + bytes((1 << 20) - 512))
    for _ in range(4):
        changed = os.stat(disk).st_mtime_ns
        with Process(bundle) as run:
            run.wait("its writes", lambda: bundle.said().count("w") > 100 and os.stat(disk).st_mtime_ns > changed)
            run.wait_bus()
            bundle.call("Suspend")
            expect(run.end() == 0 and bundle.state.exists(), "it was not suspended")
    expect(bundle.log().count("resumed: ") == 3, f"it did not go on each time:\n{bundle.log()}")


def suspended(guests, name, machine_id):
    bundle = Bundle(name, machine_id, boot={"kernel": str(guests / "counter.elf")}, **{"[[disk]]": {"file": "disk0.raw"}})
    (bundle.path / "disk0.raw").write_bytes(bytes(1 << 20))
    suspend(bundle, 10)
    return bundle


def suspend(bundle, beyond):
    with Process(bundle) as run:
        first, _ = run.wait_count(beyond)
        run.wait_bus()
        bundle.call("Suspend")
        expect(run.end() == 0 and bundle.state.exists(), "it was not suspended")
        return first, bundle.counts()[-1]


def start(bundle, *options):
    return subprocess.run([program(), "--machine", bundle.id, "--headless", "--accel", accel(), *options], capture_output=True, text=True,
                          timeout=60, check=False)


def refused(bundle, how):
    before = bundle.state.read_bytes()
    result = start(bundle)
    expect(result.returncode == 1, f"it went on with a disk that {how}: {result}")
    expect("its disk disk0.raw was changed" in result.stderr and "its state was kept" in result.stderr, f"it said {result.stderr}")
    expect(bundle.state.read_bytes() == before, "the state is not what it was")
    expect("disk0.raw was changed" in bundle.log(), "log.txt does not say why")


def without_record(state, name):
    """The state file as a version that did not write the record would have left it (vmm/state/state_file.h)."""
    data, at, out, sections = state, 16, bytearray(state[:16]), 0
    while at < len(data):
        kind, _, length = struct.unpack_from("<IIQ", data, at)
        payload = data[at + 16:at + 16 + length]
        at += 16 + length
        if at == len(data): # the end
            payload = struct.pack("<Q", sections)
        elif payload[4:4 + len(name)] == name and struct.unpack_from("<I", payload)[0] == len(name):
            continue
        out += struct.pack("<IIQ", kind, zlib.crc32(payload), len(payload)) + payload
        sections += 1
    expect(len(out) < len(state), "the state has no such record")
    return bytes(out)


def case(_):
    guests = pathlib.Path(sys.argv[1])
    bundle = suspended(guests, "Changed", "5a" * 16)
    disk = bundle.path / "disk0.raw"
    times = os.stat(disk)
    good = disk.read_bytes()
    disk.write_bytes(b"x" + good[1:])
    refused(bundle, "another program wrote to")
    disk.write_bytes(good + bytes(1 << 20))
    os.utime(disk, ns=(times.st_atime_ns, times.st_mtime_ns))
    refused(bundle, "has grown")
    # A backup that keeps whole seconds is what it was; nothing is lost by having been refused.
    disk.write_bytes(good)
    os.utime(disk, (times.st_atime_ns // 10**9, times.st_mtime_ns // 10**9))
    first, last = suspend(bundle, 30)
    expect(first > 0, "it did not go on with the disk as it was")
    # A state of before.
    bundle.state.write_bytes(without_record(bundle.state.read_bytes(), b"disk-files"))
    disk.write_bytes(good)
    first, last = suspend(bundle, last + 20)
    expect(first > 0, "a state without the record does not go on")
    disk.write_bytes(good)
    refused(bundle, "was replaced by an equal one")
    with Process(bundle, "--fresh") as run:
        first, _ = run.wait_count(5)
        expect(first == 0 and not bundle.state.exists(), "--fresh went on")
    writes_all_the_time()


vitrine.main(case, needs=("dbus-send",))
