#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package of what is built: it holds every file a desktop looks for, says what it needs, and its program works from
wherever it was unpacked. Argument: the build folder."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

FILES = """bin/vitrine lib/vitrine/vitrine-library.so lib/vitrine/vitrine-window.so lib/vitrine/vitrine-maker.so
share/applications/org.vitrine.Vitrine.desktop share/bash-completion/completions/vitrine share/zsh/site-functions/_vitrine
share/fish/vendor_completions.d/vitrine.fish share/dbus-1/services/org.vitrine.Vitrine.service
share/dbus-1/interfaces/org.vitrine.Machine1.xml share/doc/vitrine/copyright share/doc/vitrine/changelog.gz
share/gnome-shell/search-providers/org.vitrine.Vitrine.search-provider.ini share/krunner/dbusplugins/org.vitrine.Vitrine.desktop
share/icons/hicolor/scalable/apps/org.vitrine.Vitrine.svg share/icons/hicolor/symbolic/apps/org.vitrine.Vitrine-symbolic.svg
share/icons/hicolor/scalable/mimetypes/application-vnd.vitrine.machine.svg share/man/man1/vitrine.1.gz
share/metainfo/org.vitrine.Vitrine.metainfo.xml share/mime/packages/org.vitrine.Vitrine.xml""".split()
NEEDS = ("libqt6core6", "libosinfo-1.0-0", "seabios", "osinfo-db", "qml6-module-qtquick-controls", "libqt6svg6")


def output(*words):
    return subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=200, check=True).stdout


def expect(condition, sentence):
    if not condition:
        sys.exit(sentence)


def main(build):
    for tool in ("cpack", "dpkg-deb", "dpkg-shlibdeps"):
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
        depends = [part.split()[0] for part in output("dpkg-deb", "-f", package, "Depends").split(", ")]
        for need in NEEDS:
            expect(need in depends, f"the package does not depend on {need}")
        service = (tree / "usr/share/dbus-1/services/org.vitrine.Vitrine.service").read_text()
        expect("Exec=/usr/bin/vitrine\n" in service, f"the bus would start another program: {service}")
        expect(output(tree / "usr/bin/vitrine", "--version").startswith("vitrine "), "the unpacked program does not tell its version")


main(pathlib.Path(sys.argv[1]))
