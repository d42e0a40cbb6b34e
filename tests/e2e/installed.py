#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `cmake --install` leaves, used as a desktop and its shells use it: the manual page is what the program prints, bash, zsh and fish
complete by what was installed, types, icons and metadata are what a desktop understands, the bus starts the installed library for both
searches, its window opens, and so does the demonstration's. Argument: the build folder."""
import configparser
import contextlib
import gzip
import os
import pathlib
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree
import vitrine
from bundle import Bundle
from library_window import gdbus, running, wait_window
from vitrine import expect
from window import wait_for, x_display, xdotool

MACHINE = "5c" * 16
APPLICATION = "org.vitrine.Vitrine"
# Types that younger databases than Debian 12's (shared-mime-info 2.2) know.
YOUNGER_TYPES = {"application/vnd.efi.iso"}
MIME_PACKAGE = "{http://www.freedesktop.org/standards/shared-mime-info}mime-type"
BASH = """source "$1"; complete -p vitrine || exit 1; COMP_WORDS=("${@:2}"); COMP_CWORD=$(($# - 2)); _vitrine; printf '%s\\n' "${COMPREPLY[@]}" """
ZSH = r"""zmodload zsh/zpty && zpty shell zsh -f -i || exit 1
zpty -w shell "PROMPT=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; bindkey '^I' list-choices; echo R''EADY"
zpty -r -m shell said '*READY*' || exit 1
zpty -w -n shell "$2"$'\t'
zpty -r -m shell said "*$3*" && print -r -- "$said"
"""


def output(*words, **options):
    result = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=200, check=False, **options)
    expect(result.returncode == 0, f"{' '.join(map(str, words[:4]))}: status {result.returncode}: {result.stdout}{result.stderr}")
    return result.stdout


def key_file(path):
    """Its only group, or the first of a desktop file."""
    file = configparser.RawConfigParser(delimiters=["="], strict=False)
    file.optionxform = str
    file.read_string(path.read_text())
    return file[file.sections()[0]]


def manual(share, program):
    page = gzip.decompress((share / "man/man1/vitrine.1.gz").read_bytes()).decode()
    expect(page == output(program, "help", "--manual"), "the installed manual page is not what the program prints")
    output("mandoc", "-T", "lint", "-W", "warning", input=page)
    released = xml.etree.ElementTree.parse(share / f"metainfo/{APPLICATION}.metainfo.xml").find("releases/release").get("date")
    expect(page.startswith(f".TH VITRINE 1 {released} "), f"the manual page has another date than the release: {page[:60]}")


def completions(share):
    bash = share / "bash-completion/completions/vitrine"
    zsh = share / "zsh/site-functions"
    fish = share / "fish/vendor_completions.d/vitrine.fish"
    output("bash", "-n", bash)
    output("zsh", "-n", zsh / "_vitrine")
    output("fish", "--no-config", "--no-execute", fish)
    for line, wanted in (("vitrine st", "start stop"), ("vitrine start Ins", "Installed"), ("vitrine ctl Installed scr", "screenshot")):
        said = {"bash": output("bash", "-c", BASH, "bash", bash, *line.split(" ")),
                "zsh": output("zsh", "-f", "-c", ZSH, "zsh", zsh, line, "*".join(wanted.split())),
                "fish": output("fish", "--no-config", "-c", f"source '{fish}'; complete -C '{line}'")}
        for shell, words in said.items():
            words = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", words)
            expect(all(word in re.findall(r"\w+", words) for word in wanted.split()), f"{shell} completes {line!r} with {words!r}")


def types(share):
    ours = {node.get("type") for node in xml.etree.ElementTree.parse(share / f"mime/packages/{APPLICATION}.xml").iter(MIME_PACKAGE)}
    output("update-mime-database", share / "mime")
    output("update-desktop-database", "--quiet", share / "applications")
    system = pathlib.Path("/usr/share/mime")
    known = ours | YOUNGER_TYPES | set((system / "types").read_text().split())
    known |= {line.split()[0] for line in (system / "aliases").read_text().splitlines()}
    cache = (share / "applications/mimeinfo.cache").read_text()
    claimed = key_file(share / f"applications/{APPLICATION}.desktop")["MimeType"].strip(";").split(";")
    for name in claimed:
        expect(name in known, f"no database knows the type {name}")
        expect(f"\n{name}={APPLICATION}.desktop;" in cache, f"{name} does not lead to Vitrine")
    expect(ours <= set(claimed), f"the desktop file does not claim {ours}")
    for name in ours:
        expect(f":{name}:" in (share / "mime/globs2").read_text(), f"no file name leads to {name}")


def icons(share):
    """Each name used leads to a file in a folder that the theme is searched in (Icon Theme Specification 0.13)."""
    theme = pathlib.Path("/usr/share/icons/hicolor/index.theme").read_text()
    folders = set(re.search(r"^Directories=(.*)$", theme, re.MULTILINE).group(1).split(","))
    installed = {}
    for path in (share / "icons/hicolor").rglob("*.svg"):
        folder = path.parent.relative_to(share / "icons/hicolor")
        expect(str(folder) in folders, f"no desktop looks for icons in {folder}")
        expect(xml.etree.ElementTree.parse(path).getroot().tag.endswith("}svg"), f"{path.name} is no SVG")
        installed[path.stem] = folder.name
    for file in ("applications", "krunner/dbusplugins"):
        name = key_file(share / file / f"{APPLICATION}.desktop")["Icon"]
        expect(installed.get(name) == "apps" and installed.get(name + "-symbolic") == "apps", f"there is no icon {name}")
    expect(installed.get("application-vnd.vitrine.machine") == "mimetypes", "exported machines have no icon")


@contextlib.contextmanager
def bus(share):
    """A session bus that finds what is installed, as behind a login; what it starts inherits this environment."""
    os.environ["XDG_DATA_DIRS"] = f"{share}:/usr/local/share:/usr/share"
    with running(["dbus-daemon", "--session", "--nofork", "--print-address"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                 text=True) as daemon:
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = daemon.stdout.readline().strip()
        yield


def searches(share):
    gnome = key_file(share / f"gnome-shell/search-providers/{APPLICATION}.search-provider.ini")
    expect((share / "applications" / gnome["DesktopId"]).is_file(), "GNOME's search names a desktop file that is not there")
    kde = key_file(share / f"krunner/dbusplugins/{APPLICATION}.desktop")
    asked = ((gnome["BusName"], gnome["ObjectPath"], "org.gnome.Shell.SearchProvider2.GetInitialResultSet", "['installed']"),
             (kde["X-Plasma-DBusRunner-Service"], kde["X-Plasma-DBusRunner-Path"], "org.kde.krunner1.Match", "installed"))
    for call in asked:
        wait_for(lambda: MACHINE in (gdbus(*call) or "") or None, f"machine found by {call[2]}")


def from_prefix(pid, prefix):
    """The process is the installed program, with the installed module."""
    expect(os.readlink(f"/proc/{pid}/exe") == str(prefix / "bin/vitrine"), f"{os.readlink(f'/proc/{pid}/exe')} was started")
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
    loaded = set(re.findall(r"\S*/vitrine-library\.so", maps))
    expect(loaded == {str(prefix / "lib/vitrine/modules/vitrine-library.so")}, f"loaded from {loaded}")


def library_by_bus(share, prefix):
    searches(share)
    answer = gdbus("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.GetConnectionUnixProcessID", APPLICATION)
    pid = int(re.search(r"uint32 (\d+)", answer).group(1))
    try:
        from_prefix(pid, prefix)
        gdbus(APPLICATION, "/org/vitrine/Vitrine", "org.freedesktop.Application.Activate", "{}")
        wait_for(lambda: xdotool("search", "--onlyvisible", "--pid", pid) or None, "window of the library")
    finally:
        os.kill(pid, signal.SIGKILL)


def demonstration(prefix):
    with running([str(prefix / "bin/vitrine"), "--demo"]) as demo:
        wait_window(demo)
        from_prefix(demo.pid, prefix)


def case(home):
    prefix = home / "prefix"
    output("cmake", "--install", sys.argv[1], "--prefix", prefix, "--strip")
    share = prefix / "share"
    os.environ["PATH"] = f"{prefix / 'bin'}:{os.environ['PATH']}"
    Bundle("Installed", MACHINE)
    manual(share, prefix / "bin/vitrine")
    types(share)
    icons(share)
    output("desktop-file-validate", share / f"applications/{APPLICATION}.desktop")
    output("appstreamcli", "validate-tree", "--no-net", prefix)
    completions(share)
    with x_display() as display:
        os.environ.update(DISPLAY=display, QT_QPA_PLATFORM="xcb", LIBGL_ALWAYS_SOFTWARE="1")
        os.environ.pop("WAYLAND_DISPLAY", None)
        with running(["openbox"], stderr=subprocess.DEVNULL):
            with bus(share):
                demonstration(prefix)
                library_by_bus(share, prefix)


if __name__ == "__main__":
    vitrine.main(case, needs=("cmake", "mandoc", "bash", "zsh", "fish", "update-mime-database", "update-desktop-database",
                              "desktop-file-validate", "appstreamcli", "Xvfb", "openbox", "xdotool", "gdbus", "dbus-daemon"))
