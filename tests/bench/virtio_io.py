#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtio disks and network cards beside QEMU and the host itself: virtio_io.py VITRINE --guest virtio_io.elf [--rounds N]
[--ms N] [--jobs JOB ...] [--folder FOLDER] [--output FILE] prints a table of medians and of the median ratios of the pairs
(README.md says what the figures mean). --check instead runs every job once, shortly and without timing, and looks whether
requests came back without errors."""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from guests import SKIPPED, Qemu, Vitrine, give_up, in_session_bus, median_ratio, running
from instruction_loops import timed_lines

STATUS = 33 # of the guest
DISK_MIB = 1024
BLOCK_JOBS = ["randread:4096:1", "randread:4096:32", "randwrite:4096:1", "randwrite:4096:32", "read:131072:8", "write:131072:8"]
NET_JOBS = ["download", "upload", "ping:64"]
# What the median ratio, ours / theirs, is to reach: more is better.
GOALS = {"qemu": {"block": 1.3, "net": 1.2}, "fio": {"block": 0.8}}
NET = ("download", "upload", "ping")


def name_of(job):
    return job.partition(":")[0]


def is_net(job):
    return name_of(job) in NET


# --- the host's side of the network ---


def download(connection):
    """As many bytes as the guest takes, without a copy in this program."""
    source = os.memfd_create("bench")
    os.ftruncate(source, 8 << 20)
    try:
        while True:
            os.sendfile(connection.fileno(), source, 0, 8 << 20)
    finally:
        os.close(source)


def upload(connection):
    buffer = bytearray(1 << 20)
    while connection.recv_into(buffer):
        pass


def ping(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while data := connection.recv(65536):
        connection.sendall(data)


def serve(listener, handler):
    while True:
        connection, _ = listener.accept()

        def handle(connection=connection):
            with connection, contextlib.suppress(OSError): # the guest resets connections when its time is up
                handler(connection)

        threading.Thread(target=handle, daemon=True).start()


def start_servers():
    """Their ports, by the name of the job."""
    ports = {}
    for handler in (download, upload, ping):
        listener = socket.create_server(("127.0.0.1", 0))
        ports[handler.__name__] = listener.getsockname()[1]
        threading.Thread(target=serve, args=(listener, handler), daemon=True).start()
    return ports


# --- one job in one guest ---


def word_of(job, ports):
    """The job as the guest's command line has it: with the server's port."""
    if not is_net(job):
        return job
    name, _, rest = job.partition(":")
    return f"{name}:{ports[name]}" + (f":{rest}" if rest else "")


def host_cpu(pid):
    """Seconds of processor time the process used but for the guest's own: all of every thread, of those that run the guest what
    the kernel did for them."""
    tick = os.sysconf("SC_CLK_TCK")
    threads = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError): # it may have ended
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            runtime = int((task / "schedstat").read_text().split()[0]) / 1e9
            threads[task.name] = (runtime, int(fields[12]) / tick, int(fields[40]) > 0)
    return threads


def cpu_between(before, after):
    spent = 0.0
    for task, (runtime, system, runs_guest) in after.items():
        old = before.get(task, (0, 0, False))
        spent += system - old[1] if runs_guest else runtime - old[0]
    return spent


def command_of(kind, folder, arguments, words, disk):
    peer = kind(folder, os.path.abspath(arguments.vitrine))
    command = peer.with_kernel(arguments.guest, words)
    if kind is Vitrine:
        return command + (["--disk", f"{disk},bus=virtio,cache=direct", "--nic", "none"] if disk else ["--nic", "user"])
    # As good as it gets there: a thread of its own, io_uring past the page cache; firmware that does nothing but boot.
    command += ["-bios", "qboot.rom"]
    if not disk:
        return command + ["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,disable-legacy=on,rx_queue_size=1024"]
    return command + ["-object", "iothread,id=io", "-blockdev",
                      f"driver=file,node-name=disk,filename={disk},cache.direct=on,aio=io_uring", "-device",
                      "virtio-blk-pci,drive=disk,disable-legacy=on,iothread=io"]


def run(kind, arguments, job, disk, milliseconds):
    """Operations and bytes a second, processor seconds of the host an operation, errors."""
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
        words = f"ms={milliseconds} {word_of(job, arguments.ports)}"
        command = command_of(kind, pathlib.Path(folder), arguments, words, None if is_net(job) else disk)
        result = None
        with running(command, subprocess.PIPE) as process:
            for line, _, _ in timed_lines(process):
                words = line.split()
                if words[:1] == ["begin"]:
                    before = host_cpu(process.pid)
                elif words[:1] == ["end"]:
                    spent = cpu_between(before, host_cpu(process.pid))
                    operations, size, nanoseconds, errors = map(int, words[2:])
                    unit = size >> 10 if name_of(job) in ("download", "upload") else operations
                    result = {"operations-s": operations * 1e9 / nanoseconds, "bytes-s": size * 1e9 / nanoseconds,
                              "cpu-us": spent * 1e6 / max(unit, 1), "errors": errors}
                elif words[:1] == ["impossible"]:
                    give_up(process, line)
            if process.wait(20) != STATUS or result is None:
                give_up(process, f"exit status {process.returncode}, not {STATUS}")
        return result


def fio(job, disk, milliseconds):
    """The same on the host's file, without a machine."""
    kind, size, depth = job.split(":")
    command = ["fio", "--name=bench", f"--filename={disk}", f"--rw={kind}", f"--bs={size}", f"--iodepth={depth}", "--direct=1",
               "--ioengine=io_uring", "--time_based", f"--runtime={milliseconds}ms", "--randrepeat=0", "--output-format=json"]
    report = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)["jobs"][0]
    side = report["read" if "read" in kind else "write"]
    cpu = (report["usr_cpu"] + report["sys_cpu"]) / 100 * report["job_runtime"] / 1000
    return {"operations-s": side["iops"], "bytes-s": side["bw_bytes"], "cpu-us": cpu * 1e6 / max(side["total_ios"], 1), "errors": 0}


# --- all of it ---


def value(job, result):
    """The figure of a job: operations a second, or bytes where they matter."""
    small = job.startswith("rand") or name_of(job) == "ping"
    return result["operations-s" if small else "bytes-s"]


def summary(runs):
    table = {}
    for job, peers in runs.items():
        entry = {f"{peer}": round(statistics.median(value(job, one) for one in results), 1) for peer, results in peers.items()}
        entry |= {f"{peer}-cpu-us": round(statistics.median(one["cpu-us"] for one in results), 2) for peer, results in peers.items()}
        ours = [value(job, one) for one in peers["vitrine"]]
        for peer in (peer for peer in peers if peer != "vitrine"):
            ratio = median_ratio(ours, [value(job, one) for one in peers[peer]])
            goal = GOALS[peer]["net" if is_net(job) else "block"]
            entry |= {f"ratio-{peer}": round(ratio, 2), f"goal-{peer}": goal, f"met-{peer}": ratio >= goal}
        table[job] = entry
    return table


def print_table(results):
    print(f"{'job':20} {'unit':7} {'vitrine':>9} {'qemu':>9} {'fio':>9} {'/qemu':>6} {'/fio':>6}  host CPU us each (vitrine, qemu, fio)")
    for job, entry in results.items():
        small = job.startswith("rand") or name_of(job) == "ping"
        unit, divisor = ("1/s", 1) if small else ("MB/s", 1e6)

        def shown(key, divisor=divisor, entry=entry):
            return f"{entry[key] / divisor:.0f}" if key in entry else "-"

        cpu = " ".join(f"{entry.get(f'{peer}-cpu-us', '-'):>8}" for peer in ("vitrine", "qemu", "fio"))
        print(f"{job:20} {unit:7} {shown('vitrine'):>9} {shown('qemu'):>9} {shown('fio'):>9} {entry.get('ratio-qemu', '-'):>6} "
              f"{entry.get('ratio-fio', '-'):>6}  {cpu}")


def measure(arguments, disk):
    runs = {job: {"vitrine": [], "qemu": []} | ({} if is_net(job) else {"fio": []}) for job in arguments.jobs}
    with_fio = shutil.which("fio") is not None
    for turn in range(arguments.rounds):
        for job, peers in runs.items():
            order = list(peers) if turn % 2 == 0 else list(reversed(peers)) # nobody always comes first
            for peer in order:
                if peer == "fio" and with_fio:
                    peers[peer].append(fio(job, disk, arguments.ms))
                elif peer != "fio":
                    kind = Vitrine if peer == "vitrine" else Qemu
                    peers[peer].append(run(kind, arguments, job, disk, arguments.ms))
    if not with_fio:
        for peers in runs.values():
            peers.pop("fio", None)
    report = {"host": {"kernel": os.uname().release, "cpus": os.cpu_count(), "load": os.getloadavg()[0]}, "ms": arguments.ms,
              "rounds": arguments.rounds, "results": summary(runs), "runs": runs}
    print_table(report["results"])
    if arguments.output is not None:
        pathlib.Path(arguments.output).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def check(arguments, disk):
    for job in arguments.jobs:
        result = run(Vitrine, arguments, job, disk, 50)
        if result["errors"] != 0 or result["bytes-s"] == 0 or result["operations-s"] == 0:
            sys.exit(f"{job}: {result}")
        print(f"{job}: works")


def make_disk(path, mebibytes):
    """Written all over: a hole is read without a disk."""
    with open(path, "wb") as file:
        for _ in range(mebibytes):
            file.write(os.urandom(1 << 20))
        os.fsync(file.fileno())


def main():
    parser = argparse.ArgumentParser(description="Virtio disks and network cards beside QEMU and the host")
    parser.add_argument("vitrine")
    parser.add_argument("--guest", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ms", type=int, default=1000, help="of each job")
    parser.add_argument("--jobs", nargs="+", default=BLOCK_JOBS + NET_JOBS)
    parser.add_argument("--folder", default="/var/tmp", help="where the disk image is to lie")
    parser.add_argument("--output", help="write JSON here")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if not os.access("/dev/kvm", os.R_OK | os.W_OK) or (not arguments.check and shutil.which("qemu-system-x86_64") is None):
        print("skipped: needs /dev/kvm" + ("" if arguments.check else " and qemu-system-x86_64"))
        sys.exit(SKIPPED)
    in_session_bus()
    arguments.ports = start_servers()
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-", dir=arguments.folder) as folder:
        disk = os.path.join(folder, "disk.raw")
        if not all(is_net(job) for job in arguments.jobs):
            make_disk(disk, 16 if arguments.check else DISK_MIB)
        (check if arguments.check else measure)(arguments, disk)


if __name__ == "__main__":
    main()
