#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package of what is built: it holds every file a desktop looks for, says what it needs, installs into and leaves an empty
root, names no folder of the machine that built it, pleases lintian, and its program works from wherever it was unpacked.
Argument: the build folder."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FILES = """bin/vitrine
lib/vitrine/modules/vitrine-library.so lib/vitrine/modules/vitrine-window.so lib/vitrine/modules/vitrine-maker.so
share/applications/org.vitrine.Vitrine.desktop share/bash-completion/completions/vitrine share/zsh/site-functions/_vitrine
share/fish/vendor_completions.d/vitrine.fish share/dbus-1/services/org.vitrine.Vitrine.service
share/dbus-1/interfaces/org.vitrine.Machine1.xml share/doc/vitrine/copyright share/doc/vitrine/changelog.gz
share/gnome-shell/search-providers/org.vitrine.Vitrine.search-provider.ini share/krunner/dbusplugins/org.vitrine.Vitrine.desktop
share/icons/hicolor/scalable/apps/org.vitrine.Vitrine.svg share/icons/hicolor/symbolic/apps/org.vitrine.Vitrine-symbolic.svg
share/icons/hicolor/scalable/mimetypes/application-vnd.vitrine.machine.svg share/man/man1/vitrine.1.gz
share/metainfo/org.vitrine.Vitrine.metainfo.xml share/mime/packages/org.vitrine.Vitrine.xml""".split()
NEEDS = ("libqt6core6", "libosinfo-1.0-0", "seabios", "osinfo-db", "qml6-module-qtquick-controls", "libqt6svg6")


def output(*words):
    result = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=200, check=False)
    expect(result.returncode == 0, f"{' '.join(map(str, words[:4]))}: status {result.returncode}: {result.stdout}{result.stderr}")
    return result.stdout


def expect(condition, sentence):
    if not condition:
        sys.exit(sentence)


def dependencies(package):
    """All are packages of this system, which built it: no name is misspelt."""
    depends = [part.split()[0] for part in output("dpkg-deb", "-f", package, "Depends").split(", ")]
    for need in NEEDS:
        expect(need in depends, f"the package does not depend on {need}")
    installed = set(re.findall(r"[^\s,()]+", output("dpkg-query", "-W", "-f", "${Package} ${Provides} ")))
    for name in depends:
        expect(name in installed, f"the package depends on {name}, which is not installed here")


def comes_and_goes(package, root):
    """Installs it into an empty root and purges it again: it brings no scripts, which such a root could not run."""
    database = root / "var/lib/dpkg"
    for folder in ("info", "updates", "triggers"):
        (database / folder).mkdir(parents=True)
    for file in ("status", "available"):
        (database / file).touch()
    dpkg = ["dpkg", f"--root={root}", f"--log={root}/var/log", "--force-not-root", "--force-depends"]
    output("fakeroot", *dpkg, "--install", package)
    expect((root / "usr/bin/vitrine").is_file(), "the package did not install its program")
    output("fakeroot", *dpkg, "--purge", "vitrine")
    left = [path for path in root.rglob("*") if "var" not in path.relative_to(root).parts]
    expect(not left, f"the package left {left}")


def no_path_of_builder(build, tree):
    """Nor in what users run, the preset release, any of the sources."""
    cache = (build / "CMakeCache.txt").read_text()
    folders = [build]
    if re.search(r"^CMAKE_BUILD_TYPE:\w+=Release$", cache, re.MULTILINE):
        folders.append(pathlib.Path(re.search(r"^CMAKE_HOME_DIRECTORY:\w+=(.*)$", cache, re.MULTILINE).group(1)))
    for file in [tree / "usr/bin/vitrine", *tree.rglob("*.so")]:
        for folder in folders:
            expect(f"{folder}/".encode() not in file.read_bytes(), f"{file.name} names the folder {folder}")


def main(build):
    for tool in ("cpack", "dpkg-deb", "dpkg-shlibdeps", "dpkg", "fakeroot", "lintian"):
        if shutil.which(tool) is None:
            print(f"{tool} is not installed")
            sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="vitrine-package-") as folder:
        output("cpack", "-G", "DEB", "--config", build / "CPackConfig.cmake", "-B", folder)
        package, = pathlib.Path(folder).glob("*.deb")
        tree = pathlib.Path(folder) / "tree"
        output("dpkg-deb", "-x", package, tree)
        for file in FILES:
            expect((tree / "usr" / file).is_file(), f"{file} is not in the package")
        dependencies(package)
        comes_and_goes(package, pathlib.Path(folder) / "root")
        no_path_of_builder(build, tree)
        output("lintian", "--fail-on", "error,warning", package)
        service = (tree / "usr/share/dbus-1/services/org.vitrine.Vitrine.service").read_text()
        expect("Exec=/usr/bin/vitrine\n" in service, f"the bus would start another program: {service}")
        expect(output(tree / "usr/bin/vitrine", "--version").startswith("vitrine "), "the unpacked program does not tell its version")


main(pathlib.Path(sys.argv[1]).resolve())
