#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Something to drag on an X display, as a file manager or a browser offers it: a small window in the upper left corner. Arguments:
files, or one address. Says `ready` when it shows, and each time `dropped` or `refused`. A program of its own, because the bindings
belong to the system's Python."""
import pathlib
import sys
import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk # noqa: E402

ADDRESS = sys.argv[1] if sys.argv[1].startswith("http") else None


def give(_widget, _context, data, _info, _time):
    if ADDRESS:
        data.set_text(ADDRESS, -1)
    else:
        data.set_uris([pathlib.Path(name).resolve().as_uri() for name in sys.argv[1:]])


def say(word):
    print(word, flush=True)


def main():
    window = Gtk.Window(title="To drag", decorated=False)
    handle = Gtk.EventBox()
    handle.add(Gtk.Label(label="To drag"))
    handle.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
    if ADDRESS:
        handle.drag_source_add_text_targets()
    else:
        handle.drag_source_add_uri_targets()
    handle.connect("drag-data-get", give)
    handle.connect("drag-failed", lambda *_: say("refused"))
    handle.connect("drag-end", lambda _, context: say("dropped") if Gdk.drag_drop_succeeded(context) else None)
    window.add(handle)
    window.set_keep_above(True)
    window.set_default_size(80, 40)
    window.move(0, 0)
    window.connect("map-event", lambda *_: GLib.idle_add(say, "ready") and None)
    window.connect("destroy", Gtk.main_quit)
    window.show_all()
    Gtk.main()


main()
