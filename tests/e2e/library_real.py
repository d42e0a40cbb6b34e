#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The library's window given what people have, under Xvfb with a window manager: an appliance with two disks becomes a machine
as its description says, a damaged one leaves nothing; a machine is exported, and the file opened again; the last deletion is
taken back; an address is downloaded from a slow server, quitting meanwhile asks first, and the next start goes on where the
first broke off, until Enter starts what was downloaded."""
import contextlib
import hashlib
import http.server
import json
import os
import re
import subprocess
import tarfile
import threading
import time
import vitrine
from library_window import running, wait_window
from vitrine import ANSWER_SECONDS, ISO, expect, program
from window import wait_for, x_display, xdotool

MIB = 1 << 20
DISKS = (8 * MIB, 4 * MIB)
ITEMS = ((3, "<rasd:VirtualQuantity>2</rasd:VirtualQuantity>"),
         (4, "<rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:VirtualQuantity>384</rasd:VirtualQuantity>"),
         (20, "<rasd:Address>0</rasd:Address>"),
         (17, "<rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/d0</rasd:HostResource><rasd:Parent>3</rasd:Parent>"),
         (17, "<rasd:AddressOnParent>1</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/d1</rasd:HostResource><rasd:Parent>3</rasd:Parent>"),
         (10, "<rasd:Connection>NAT</rasd:Connection>"), (10, "<rasd:Connection>NAT</rasd:Connection>"))
RASD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
OVF = "http://schemas.dmtf.org/ovf/envelope/1"


def make_appliance(home, name, damaged):
    """NAME.ova with two disks; one of a damaged one is not what the manifest says."""
    folder = home / f"{name}-parts"
    folder.mkdir()
    for number, size in enumerate(DISKS):
        raw = folder / "raw"
        raw.write_bytes(f"disk {number}\n".encode() * 100)
        os.truncate(raw, size)
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw,
                        folder / f"disk{number}.vmdk"], check=True, timeout=60)
    files = "".join(f'<File ovf:id="f{i}" ovf:href="disk{i}.vmdk"/>' for i in range(2))
    disks = "".join(f'<Disk ovf:diskId="d{i}" ovf:fileRef="f{i}" ovf:capacity="{size}"/>' for i, size in enumerate(DISKS))
    items = "".join(f"<Item><rasd:InstanceID>{i + 1}</rasd:InstanceID><rasd:ResourceType>{kind}</rasd:ResourceType>{more}</Item>"
                    for i, (kind, more) in enumerate(ITEMS))
    (folder / "box.ovf").write_text(
        f'<?xml version="1.0"?><Envelope xmlns="{OVF}" xmlns:ovf="{OVF}" xmlns:rasd="{RASD}"><References>{files}</References>'
        f'<DiskSection><Info>disks</Info>{disks}</DiskSection><VirtualSystem ovf:id="box"><Info>a box</Info><Name>Toolbox</Name>'
        f'<VirtualHardwareSection><Info>hardware</Info>{items}</VirtualHardwareSection></VirtualSystem></Envelope>')
    names = ["box.ovf", "disk0.vmdk", "disk1.vmdk"]
    sums = {part: hashlib.sha256((folder / part).read_bytes()).hexdigest() for part in names}
    if damaged:
        sums["disk1.vmdk"] = "0" * 64
    (folder / "box.mf").write_text("".join(f"SHA256({part})= {value}\n" for part, value in sums.items()))
    with tarfile.open(home / f"{name}.ova", "w", format=tarfile.USTAR_FORMAT) as archive:
        for part in ("box.ovf", "box.mf", "disk0.vmdk", "disk1.vmdk"):
            archive.add(folder / part, part)
    return home / f"{name}.ova"


class SlowServer(http.server.ThreadingHTTPServer):
    """Gives one file out, slowly until told otherwise, from any byte on; remembers where it began."""

    def __init__(self, data):
        super().__init__(("127.0.0.1", 0), Handler)
        self.data, self.pause, self.began = data, 0.5, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self):
        return f"http://127.0.0.1:{self.server_port}/live.iso"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        data = self.server.data
        wanted = re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        self.server.began.append(start)
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("ETag", '"one"')
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        with contextlib.suppress(OSError): # it is broken off
            for at in range(start, len(data), 1 << 16):
                self.wfile.write(data[at:at + (1 << 16)])
                time.sleep(self.server.pause)

    def log_message(self, *_):
        pass


def command(*words):
    result = subprocess.run([program(), *map(str, words)], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
    expect(result.returncode == 0, f"{' '.join(map(str, words))}: {result.stderr.strip()}")
    return result.stdout


def names():
    return sorted(machine["name"] for machine in json.loads(command("list", "--json")))


def wait_names(*wanted):
    try:
        wait_for(lambda: names() == sorted(wanted) or None, f"machines called {wanted}")
    except AssertionError as error:
        raise AssertionError(f"{error}, but {names()}") from error


def bundle(home, name):
    return home / "data" / "vitrine" / "machines" / f"{name}.vitrine"


def press(window, *keys):
    xdotool("windowactivate", "--sync", window)
    wait_for(lambda: xdotool("getactivewindow") == window or None, "focus of the library's window")
    for key in keys:
        time.sleep(0.5)
        xdotool("key", key)


def press_until(window, key, condition, wish):
    """For a sheet that nobody can see coming from outside: Enter does nothing to an empty library."""
    def pressed():
        press(window, key)
        time.sleep(2)
        return condition() or None
    return wait_for(pressed, wish)


def check_appliance(home, window):
    subprocess.run([program(), str(make_appliance(home, "box", damaged=False))], timeout=60, check=True) # handed on
    toml = bundle(home, "Toolbox") / "machine.toml"
    press_until(window, "Return", toml.exists, "machine made of the appliance")
    text = toml.read_text()
    for wanted, count in (("cpus = 2", 1), ('memory = "384M"', 1), ("[[disk]]", 2), ("[[network]]", 2)):
        expect(text.count(wanted) == count, f"{wanted!r} is not {count} times in:\n{text}")
    for number, size in enumerate(DISKS):
        data = (toml.parent / f"disk{number}.raw").read_bytes()
        expect(len(data) == size and data.startswith(f"disk {number}\n".encode()), f"disk{number}.raw is not the appliance's")
    wait_for(lambda: "running" in command("list") or None, "start of the appliance")
    command("stop", "Toolbox", "--force")
    wait_for(lambda: "running" not in command("list") or None, "end of the appliance")


def check_damaged_appliance(home, window):
    subprocess.run([program(), str(make_appliance(home, "damaged", damaged=True))], timeout=60, check=True)
    time.sleep(5) # its sheet
    press(window, "Return")
    time.sleep(5)
    expect(names() == ["Toolbox"], f"a damaged appliance became a machine: {names()}")
    left = os.listdir(bundle(home, "Toolbox").parent)
    expect(left == ["Toolbox.vitrine"], f"a damaged appliance left something: {left}")


def check_export(home, window):
    command("export", "Toolbox", home / "box.vitrine.tar.zst")
    subprocess.run([program(), str(home / "box.vitrine.tar.zst")], timeout=60, check=True)
    wait_names("Toolbox", "Toolbox (2)")
    for disk in ("disk0.raw", "disk1.raw"):
        same = [(bundle(home, name) / disk).read_bytes() for name in names()]
        expect(same[0] == same[1], f"{disk} was changed by its journey")


def check_undo(window):
    time.sleep(3) # a sheet's way out
    press(window, "Delete")
    wait_for(lambda: len(names()) == 1 or None, "deleted machine")
    # Once more if need be: a deletion is on the disk before the window knows, and more than one is not taken back.
    press_until(window, "ctrl+z", lambda: len(names()) > 1, "deleted machine that came back")
    wait_names("Toolbox", "Toolbox (2)")


def check_download(home, server, library, window):
    subprocess.run([program(), server.url()], timeout=60, check=True)
    part = home / "cache" / "vitrine" / "downloads" / "live.iso.part"
    wait_for(lambda: part.exists() and part.stat().st_size > 1 << 18 or None, "beginning of the download")
    press(window, "ctrl+q", "Escape")
    time.sleep(2)
    expect(library.poll() is None, "Ctrl+Q did not ask while a download was under way")
    press(window, "ctrl+q", "Tab", "Return")
    expect(library.wait(60) == 0, f"the library ended with {library.returncode}")
    expect(part.exists(), "quitting threw away what was downloaded")


def check_resume(home, server):
    server.pause = 0
    total = hashlib.sha256(server.data).hexdigest()
    with running([program(), f"{server.url()}#sha256={total}"]) as library:
        window = wait_window(library)
        medium = home / "cache" / "vitrine" / "downloads" / "live.iso"
        wait_for(lambda: medium.exists() or None, "downloaded medium")
        expect(medium.read_bytes() == server.data, "what was downloaded is not what the server has")
        expect(server.began[0] == 0 and server.began[-1] > 0, f"the download did not go on: {server.began}")
        known = names()
        time.sleep(3) # its sheet
        press(window, "Return")
        wait_for(lambda: len(names()) > len(known) or None, "machine made of what was downloaded")
        wait_for(lambda: "running" in command("list") or None, "start of what was downloaded")
        name = (set(names()) - set(known)).pop()
        expect(str(medium) in (bundle(home, name) / "machine.toml").read_text(), "the machine has another medium")
        command("stop", name, "--force")
        wait_for(lambda: "running" not in command("list") or None, "end of the machine")
        press(window, "ctrl+q")
        expect(library.wait(60) == 0, f"the library ended with {library.returncode}")


def case(home):
    server = SlowServer(ISO.read_bytes())
    with x_display() as display:
        os.environ.update(DISPLAY=display, QT_QPA_PLATFORM="xcb", LIBGL_ALWAYS_SOFTWARE="1")
        os.environ.pop("WAYLAND_DISPLAY", None)
        wait_for(lambda: xdotool("getdisplaygeometry") or None, "display")
        with running(["openbox"], stderr=subprocess.DEVNULL):
            with running([program()]) as library:
                window = wait_window(library)
                check_appliance(home, window)
                check_damaged_appliance(home, window)
                check_export(home, window)
                check_undo(window)
                check_download(home, server, library, window)
            check_resume(home, server)


if __name__ == "__main__":
    vitrine.main(case, needs=("Xvfb", "openbox", "xdotool", "import", "qemu-img"))
