#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may include whom. A room that is not in the table, or an include its row does not allow, is a finding."""
import re
import tree

# A room -> what its files may include besides its own. A prefix ending in / means every room below it.
CORE = ["vmm/base", "vmm/memory", "vmm/state", "vmm/bus", "vmm/pci"]
BACKEND = ["vmm/base", "vmm/memory", "vmm/state", "vmm/console"]
UI = ["ui/models", "ui/components", "ui/theme", "app/library", "app/host", "vmm/base"]
ALLOWED = {
    "vmm/base": [],
    "vmm/memory": ["vmm/base"],
    "vmm/state": ["vmm/base"],
    "vmm/input": ["vmm/base"],
    "vmm/console": ["vmm/base", "vmm/input"],
    "vmm/spec": ["vmm/base", "vmm/state"],
    "vmm/bus": ["vmm/base", "vmm/memory", "vmm/state"],
    "vmm/pci": ["vmm/base", "vmm/memory", "vmm/state", "vmm/bus"],
    "vmm/cpu": ["vmm/base", "vmm/memory", "vmm/state", "vmm/bus"],
    "vmm/kvm": ["vmm/base", "vmm/memory", "vmm/state", "vmm/bus", "vmm/cpu"],
    "vmm/irqchip": ["vmm/base", "vmm/memory", "vmm/state", "vmm/bus", "vmm/cpu"],
    "vmm/soft": ["vmm/base", "vmm/memory", "vmm/state", "vmm/bus", "vmm/cpu"],
    "vmm/gdb": ["vmm/base", "vmm/memory", "vmm/state", "vmm/cpu"],
    "vmm/block": BACKEND,
    "vmm/gpu": BACKEND,
    "vmm/firmware": CORE,
    "vmm/chipset": CORE + ["vmm/input", "vmm/console"],
    "vmm/pci_devices": CORE + ["vmm/block", "vmm/scsi", "vmm/gpu", "vmm/console"],
    "vmm/net": BACKEND,
    "vmm/scsi": BACKEND + ["vmm/block"],
    "vmm/virtio": CORE + ["vmm/block", "vmm/net", "vmm/scsi", "vmm/console"],
    "vmm/machine": ["vmm/"],
    "display/core": ["vmm/console", "vmm/input", "vmm/base"],
    "display/local": ["display/core", "vmm/console", "vmm/input", "vmm/base"],
    "display/input": ["display/core", "vmm/console", "vmm/input", "vmm/base"],
    "display/item": ["display/core", "display/input", "vmm/console", "vmm/input", "vmm/base"],
    "app/host": ["vmm/base"],
    "app/session": ["vmm/machine", "vmm/console", "vmm/base", "vmm/spec", "vmm/input", "display/core", "display/local", "app/host", "app/library"],
    "app/os": ["vmm/base"],
    "app/library": ["app/os", "vmm/spec", "vmm/state", "vmm/base"],
    "app/install": ["app/os", "app/library", "app/host", "vmm/spec", "vmm/base"],
    "app/import": ["app/library", "vmm/spec", "vmm/base"],
    "app/making": ["app/os", "app/library", "app/install", "app/import", "vmm/spec", "vmm/base"],
    "app/download": ["vmm/base"],
    "app/services": ["app/library", "app/host", "vmm/base"],
    "app/cli": ["app/host", "app/session", "app/os", "app/library", "app/install", "app/import", "vmm/spec", "vmm/base"],
    "app/main": ["vmm/", "display/", "app/", "ui/"],
    "ui/theme": [],
    "ui/components": ["ui/theme"],
    "ui/models": ["ui/theme", "ui/components", "display/core", "display/item", "display/input", "app/session", "app/library", "app/os",
                  "app/install", "app/host", "vmm/spec"],
    "ui/collection": UI,
    "ui/assistants": UI,
    "ui/properties": UI,
    "ui/shell": UI + ["ui/collection", "ui/assistants", "ui/properties"],
    "ui/viewer": ["ui/models", "ui/components", "ui/theme", "display/core", "display/item", "display/input", "app/session", "app/host"],
}
# Exceptions a room had reason to make; each says why.
EXTRA = {
    "vmm/firmware": ["vmm/spec"], # what firmware is told (boot order, sizes) is the machine's description, plain data
    "vmm/net": ["vmm/spec"], # a forward as it is written in a machine's description, plain data
}
LAYERS = ("vmm", "display", "app", "ui", "usbredir")
# Rooms in which no Qt header may appear.
QT_FREE = ("vmm/", "usbredir/", "display/core", "app/session", "app/cli", "app/host", "app/os", "app/library", "app/install", "app/import", "app/making")
# A header -> the only room that may include it.
ONLY_IN = {
    "linux/kvm.h": "vmm/kvm",
    "libusb.h": "usbredir/host",
    "libusb-1.0/libusb.h": "usbredir/host",
    "virglrenderer.h": "vmm/gpu",
    "libslirp.h": "vmm/net",
    "liburing.h": "vmm/block",
    "slirp/libslirp.h": "vmm/net",
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)
QT_HEADER = re.compile(r"^(Q[A-Z]\w*|Qt\w*(/.*)?|q[a-z]\w*\.h)$")
GLIB_HEADER = re.compile(r"^(glib|gio|gobject|gmodule)([-./]|$)")


def room_of(name):
    return "/".join(name.split("/")[:2])


def matches(room, prefixes):
    return any(room.startswith(prefix) if prefix.endswith("/") else room == prefix for prefix in prefixes)


def check_room(room, header):
    """A sentence when this room may not include this header of the tree, else None."""
    target = room_of(header)
    if target == room or matches(target, ALLOWED[room] + EXTRA.get(room, [])):
        return None
    return f"{room} may not include {target}"


def check_foreign(room, path, header):
    if QT_HEADER.match(header) and room.startswith(QT_FREE):
        return f"{room} may not use Qt"
    if GLIB_HEADER.match(header) and path.suffix == ".h":
        return "GLib never appears in a header"
    if header in ONLY_IN and ONLY_IN[header] != room:
        return f"only {ONLY_IN[header]} may include it"
    return None


def check_include(room, path, kind, header):
    if header.split("/")[0] in LAYERS and "/" in header:
        return check_room(room, header)
    if kind == '"' and (tree.ROOT / path.parent / header).is_file() and "/" not in header:
        return "includes are written from the root of the repository"
    return check_foreign(room, path, header)


def check_file(path):
    room = room_of(str(path))
    if room not in ALLOWED:
        return [f"{path}: the room {room} is not in the table of tests/lint/includes.py"]
    findings = []
    for kind, header in INCLUDE.findall(tree.text(path)):
        if problem := check_include(room, path, kind, header):
            findings.append(f'{path}: {header}: {problem}')
    return findings


def self_test():
    """The check must be able to fail."""
    kvm_in_bus = check_foreign("vmm/bus", tree.pathlib.Path("a.cpp"), "linux/kvm.h")
    assert kvm_in_bus and check_foreign("vmm/kvm", tree.pathlib.Path("a.cpp"), "linux/kvm.h") is None
    assert check_room("vmm/chipset", "vmm/pci_devices/vga.h") and check_room("vmm/machine", "vmm/kvm/kvm.h") is None
    assert check_room("ui/viewer", "vmm/machine/machine.h")
    assert check_foreign("vmm/base", tree.pathlib.Path("a.cpp"), "QString")
    assert check_foreign("ui/models", tree.pathlib.Path("a.h"), "glib-2.0/glib.h")


self_test()
sources = [path for path in tree.files(".h", ".cpp", ".h.in") if path.parts[0] in LAYERS]
tree.finish([finding for path in sources for finding in check_file(path)], "include table")
