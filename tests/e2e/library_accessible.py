#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The library for people who do not see it or use no mouse, through AT-SPI and with pretended machines: in the window, each menu, sheet
and page of preferences, everything that can be used has a name and a role, is told what it is asked to do, and is reached by Tab, which
comes round; Escape closes, and the keyboard is where it was."""
import re
import subprocess
import time
import vitrine
from person import EYES, NEEDED, activate, desktop, library
from vitrine import ANSWER_SECONDS, expect
from window import wait_for

USED = {"push button", "check box", "switch", "toggle button", "radio button", "text", "password text", "combo box", "slider",
        "spin button", "list item", "page tab", "menu item", "list", "page tab list", "link"}
# One of them has the keyboard, and the arrow keys go to the others.
ARROWS = {"radio button", "list item", "page tab", "menu item"}
HOLDERS = {"list", "page tab list", "scroll area"} # may be told of as focusable besides their items
DISABLED = "Not available now"
TYPE_NAMES = re.compile(r"(V|Bar|Action)?(Button|Switch|Check|Combo|Field|Slider|Item|TextField|Slider|Popup)(_QMLTYPE_\d+)?", re.IGNORECASE)

MENUS = { # its button, and what is in it
    "New machine": ("Open a file…", "Download a system…", "Empty machine…", "Add a folder with machines…"),
    "Sort and groups": ("Name", "Last used", "State"),
    "Menu": ("Preferences of Vitrine", "Check this computer", "Keyboard shortcuts", "About Vitrine", "Quit"),
}
SHEETS = { # how it opens: a key, or a menu's button and item; its name, and what must be in it
    "shortcuts": (("F1",), "Keyboard shortcuts", ("Close",)),
    "about": (("Menu", "About Vitrine"), "About Vitrine", ("Close",)),
    "preferences": (("Menu", "Preferences of Vitrine"), "Preferences of Vitrine",
                    ("Add a folder with machines", "Add a combination of keys", "Delete what was downloaded")),
    "host": (("Menu", "Check this computer"), "This computer", ("Close",)),
    "catalogue": (("New machine", "Download a system…"), "Download a system", ("Close",)),
    "new": (("New machine", "Empty machine…"), "New machine", ("Name of the machine", "Memory", "Processors", "Disk size", "Create and start")),
}
PAGES = { # of a machine's preferences
    "Overview": ("Processors", "Disks"),
    "Resources": ("Processors", "Memory"),
    "Media": (),
    "Network": (),
    "Boot and firmware": (),
    "Closing": (),
    "Devices": (),
    "Logs": (),
    "Edit configuration": (),
}


def do(person, action, role, name):
    """As a screen reader's user does, who has no pointer."""
    def done():
        return subprocess.run([*EYES, str(person.pid), "do", action, role, name], capture_output=True, timeout=ANSWER_SECONDS,
                              check=False).returncode == 0 or None
    wait_for(done, f"{action} of {role} {name!r}")


def rested(person):
    """What is in the windows, once nothing moves."""
    def same():
        seen = person.look()
        return seen if seen and seen == person.look() else None
    return wait_for(same, "window at rest")


def uppermost(seen):
    """What lies in the last thing to have opened."""
    return [thing for thing in seen if thing["inside"] == seen[-1]["inside"]]


def check_names(where, things):
    for thing in things:
        used = thing["focusable"] or set(thing["actions"]) - {"SetFocus"}
        if not used:
            continue
        what = f"{where}: {thing['role']} {thing['name']!r}"
        expect(thing["name"].strip(), f"{where}: a {thing['role']} without a name at {thing['x']}, {thing['y']}")
        expect(not TYPE_NAMES.fullmatch(thing["name"]), f"{what} is called after its type")
        expect(thing["role"] in USED | HOLDERS | {"dialog", "popup menu", "frame"}, f"{what} has no role of something that can be used: {thing}")


def check_has(where, things, names):
    for name in names:
        expect(any(thing["name"] == name for thing in things), f"{where}: no {name!r} among {[thing['name'] for thing in things]}")


def focus(things):
    """Of what has the keyboard, the innermost: lists say that they have it, too."""
    found = [(thing["role"], thing["name"]) for thing in things if thing["focused"] and thing["role"] not in ("dialog", "frame", "popup menu")]
    return found[-1] if found else None


def tab_round(person, where):
    """Each stop of Tab, from one back to the same."""
    stops = []
    while True:
        stop = focus(uppermost(rested(person)))
        expect(stop is not None, f"{where}: the keyboard is nowhere after {stops}")
        if stop in stops:
            expect(stop == stops[0], f"{where}: Tab comes to {stop} again before it came round: {stops}")
            return stops
        stops.append(stop)
        person.press("Tab")
        time.sleep(0.2)


def check_tab(person, where):
    things = uppermost(rested(person))
    stops = tab_round(person, where)
    roles = {role for role, _ in stops}
    for thing in things:
        if not thing["focusable"] or thing["description"] == DISABLED or thing["role"] in HOLDERS | {"dialog", "frame"}:
            continue
        reached = (thing["role"], thing["name"]) in stops or thing["role"] in ARROWS and thing["role"] in roles
        expect(reached, f"{where}: Tab does not come to the {thing['role']} {thing['name']!r}, only to {stops}")
    print(f"{where}: {len(things)} things, Tab stops {len(stops)} times")


def check_place(person, where, names):
    things = uppermost(rested(person))
    check_names(where, things)
    check_has(where, things, names)


def check_menus(person):
    for button, items in MENUS.items():
        do(person, "Press", "push button", button)
        person.wait(re.escape(items[0]))
        check_place(person, f"menu {button}", items)
        person.press("Escape")
        person.wait_gone(re.escape(items[0]))


def open_sheet(person, way):
    if len(way) == 1:
        person.press(way[0])
        return
    do(person, "Press", "push button", way[0])
    person.wait(re.escape(way[1]))
    do(person, "Press", "menu item", way[1])


def check_sheets(person):
    for name, (way, title, names) in SHEETS.items():
        before = focus(rested(person))
        open_sheet(person, way)
        wait_for(lambda: any(thing["role"] == "dialog" and re.fullmatch(title, thing["name"]) for thing in person.look()) or None,
                 f"sheet {title!r}")
        check_place(person, f"sheet {name}", names)
        check_tab(person, f"sheet {name}")
        person.press("Escape")
        wait_for(lambda: all(thing["role"] != "dialog" for thing in person.look()) or None, f"end of the sheet {title!r}")
        expect(focus(rested(person)) == before, f"sheet {name}: the keyboard was on {before}, and is on {focus(person.seen)}")


def check_preferences(person):
    person.press("alt+Return")
    person.wait("Preferences of .*")
    for page, names in PAGES.items():
        do(person, "Press", "page tab", page)
        wait_for(lambda: any(thing["name"] == page and thing["role"] == "page tab" and thing["checked"] for thing in person.look()) or None,
                 f"page {page}")
        check_place(person, f"page {page}", names)
        check_tab(person, f"page {page}")
    person.press("Escape")
    person.wait_gone("Preferences of .*")


def case(_):
    with desktop(), library("--demo") as (_, person, window):
        activate(window)
        person.wait("Machines")
        check_place(person, "window", ("New machine", "Search machines", "Sort and groups", "Menu"))
        check_tab(person, "window")
        check_menus(person)
        check_sheets(person)
        check_preferences(person)


vitrine.main(case, needs=NEEDED)
