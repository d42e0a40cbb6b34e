#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person meets on an X display, as a screen reader is told it (AT-SPI): a JSON list of everything that shows, each with role,
name, description, its place on the screen and whether it has the keyboard. Argument: the process it belongs to. A program of its own,
because the bindings belong to the system's Python."""
import json
import sys
import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib # noqa: E402


def look(node, found):
    states = node.get_state_set()
    if not states.contains(Atspi.StateType.SHOWING):
        return
    place = node.get_extents(Atspi.CoordType.SCREEN)
    found.append({"role": node.get_role_name(), "name": node.get_name(), "description": node.get_description(),
                  "x": place.x + place.width // 2, "y": place.y + place.height // 2,
                  "focused": states.contains(Atspi.StateType.FOCUSED)})
    for index in range(node.get_child_count()):
        if child := node.get_child_at_index(index):
            look(child, found)


def windows_of(pid):
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(index)
        try:
            if application and application.get_process_id() == pid:
                yield from (application.get_child_at_index(window) for window in range(application.get_child_count()))
        except GLib.Error: # it was killed
            continue


def main():
    found = []
    for window in windows_of(int(sys.argv[1])):
        look(window, found)
    print(json.dumps(found))


try:
    main()
except GLib.Error as error: # something went away while it was looked at
    sys.exit(str(error))
