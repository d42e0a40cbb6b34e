#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person meets on an X display, as a screen reader is told it (AT-SPI): a JSON list of everything that shows, each with role,
name, description, what it lies in, its place on the screen, what can be done with it and whether it has the keyboard. Argument: the
process it belongs to. With `do ACTION ROLE NAME` behind it: what a screen reader's user does with the uppermost thing of that role and
name. A program of its own, because the bindings belong to the system's Python."""
import json
import sys
import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib # noqa: E402

PLACES = ("frame", "dialog", "popup menu") # where the keyboard stays until they close


def actions_of(node):
    """In the order of their numbers."""
    offered = node.get_action_iface()
    return [Atspi.Action.get_action_name(offered, index) for index in range(Atspi.Action.get_n_actions(offered))] if offered else []


def look(node, inside, found):
    """Each with its node, for whoever wants to do something."""
    states = node.get_state_set()
    if not states.contains(Atspi.StateType.SHOWING):
        return
    place, role, name = node.get_extents(Atspi.CoordType.SCREEN), node.get_role_name(), node.get_name()
    inside = f"{role} {name}" if role in PLACES else inside
    found.append(({"role": role, "name": name, "description": node.get_description(), "inside": inside, "actions": actions_of(node),
                   "x": place.x + place.width // 2, "y": place.y + place.height // 2,
                   "focusable": states.contains(Atspi.StateType.FOCUSABLE), "focused": states.contains(Atspi.StateType.FOCUSED),
                   "checked": states.contains(Atspi.StateType.CHECKED)}, node))
    for index in range(node.get_child_count()):
        if child := node.get_child_at_index(index):
            look(child, inside, found)


def windows_of(pid):
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(index)
        try:
            if application and application.get_process_id() == pid:
                yield from (application.get_child_at_index(window) for window in range(application.get_child_count()))
        except GLib.Error: # it was killed
            continue


def act(found, action, role, name):
    for thing, node in reversed(found):
        if (thing["role"], thing["name"]) == (role, name) and action in thing["actions"]:
            return Atspi.Action.do_action(node.get_action_iface(), thing["actions"].index(action))
    return False


def main():
    found = []
    for window in windows_of(int(sys.argv[1])):
        look(window, "", found)
    if sys.argv[2:3] == ["do"]:
        sys.exit(0 if act(found, *sys.argv[3:]) else f"nothing there can be done: {sys.argv[3:]}")
    print(json.dumps([thing for thing, _ in found]))


try:
    main()
except GLib.Error as error: # something went away while it was looked at
    sys.exit(str(error))
