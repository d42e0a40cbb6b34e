# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Debian mirror on loopback, made of Debian's packages by apt: the installer's components and a base system, no more.
Its indexes have no signature. Served as an HTTP proxy too, so that whatever server of Debian a guest asks answers."""
import collections
import functools
import gzip
import hashlib
import http.server
import lzma
import os
import pathlib
import re
import subprocess
import threading
import urllib.parse

SUITE = "bookworm"
SOURCE = f"deb http://deb.debian.org/debian {SUITE} main main/debian-installer\n"
BASE = ("?priority(required)", "?priority(important)", "linux-image-amd64", "grub-pc", "initramfs-tools", "busybox", "tasksel",
        "locales", "console-setup", "keyboard-configuration", "eject", "sudo", "installation-report", "laptop-detect", "systemd-sysv",
        "usr-is-merged", "systemd-timesyncd", "os-prober", "discover", "util-linux-locales", "dbus",
        "zstd", "grub-common", "pciutils", "usbutils", "popularity-contest", "unattended-upgrades", "ca-certificates", "dosfstools",
        "qemu-guest-agent", "e2fsprogs")
PRIORITIES = ("required", "important", "standard")
BINARY = "binary-amd64"


class Mirror:
    """Made in `folder`, once: a second run finds the packages there."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.apt = self.folder / "apt"
        self.debs = self.folder / "files"
        self.root = self.folder / "root"
        self.extra = self.folder / "extra" # udebs of the person who runs this, in place of what the archive does not give
        self.missing = [] # names of what neither gave

    def make(self, kernel):
        """`kernel`: the installer's, such as 6.1.0-37-amd64: its modules must be its own."""
        self.prepare_apt()
        self.run_apt("update")
        udebs = wanted_udebs(self.index("main_debian-installer"), kernel)
        debs = self.base_system()
        self.download(udebs + debs)
        udebs, debs = self.downloaded(udebs), self.downloaded(debs)
        archive = self.root / "debian"
        self.make_trusted()
        udebs += self.extras(archive / "pool" / "extra")
        for packages, component in ((udebs, "main/debian-installer"), (debs, "main")):
            self.publish(archive, packages, component)
        for suite in (SUITE, f"{SUITE}-updates"):
            self.finish(archive / "dists" / suite, suite)
        self.finish(self.root / "debian-security" / "dists" / f"{SUITE}-security", f"{SUITE}-security")
        return len(udebs), len(debs), sum(f.stat().st_size for f in self.debs.iterdir())

    def prepare_apt(self):
        for folder in (self.apt / "lists" / "partial", self.apt / "cache" / "archives" / "partial", self.debs):
            folder.mkdir(parents=True, exist_ok=True)
        (self.apt / "status").touch()
        (self.apt / "sources.list").write_text(SOURCE, encoding="ascii")
        (self.apt / "apt.conf").write_text(f"""
Dir::Etc::sourcelist "{self.apt}/sources.list";
Dir::Etc::sourceparts "-";
Dir::State "{self.apt}";
Dir::State::status "{self.apt}/status";
Dir::Cache "{self.apt}/cache";
Acquire::Languages "none";
Acquire::GzipIndexes "false";
""", encoding="utf-8")

    def run_apt(self, *words, complete=True):
        return subprocess.run(["apt-get", "-q", *words], env={**os.environ, "APT_CONFIG": str(self.apt / "apt.conf"), "LC_ALL": "C"},
                              cwd=self.debs, check=complete, capture_output=True, text=True, timeout=1200).stdout

    def index(self, component):
        """apt keeps indexes below the name of their address; which compression is its own choice."""
        found, = self.apt.glob(f"lists/*_{component}_{BINARY}_Packages*")
        text = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", str(found)], check=True, capture_output=True, timeout=120).stdout
        return [stanza(part) for part in text.decode("utf-8").split("\n\n") if part.strip()]

    def base_system(self):
        simulated = self.run_apt("install", "-s", "--no-install-recommends", *BASE)
        names = set(re.findall(r"^Inst (\S+) ", simulated, re.MULTILINE))
        return [package for package in self.index(f"{SUITE}_main") if package["Package"] in names]

    def file_of(self, package):
        """apt names what it downloads by package, version and architecture; None before it did."""
        name = f"{package['Package']}_{package['Version'].replace(':', '%3a')}_{package['Architecture']}"
        return next((file for file in (self.debs / f"{name}.deb", self.debs / f"{name}.udeb") if file.exists()), None)

    def download(self, packages):
        """A few missing ones do not stop apt from getting the rest."""
        wanted = [f"{p['Package']}={p['Version']}" for p in packages if self.file_of(p) is None]
        if wanted:
            self.run_apt("download", *wanted, complete=False)

    def downloaded(self, packages):
        self.missing += [p["Package"] for p in packages if self.file_of(p) is None]
        return [p for p in packages if self.file_of(p) is not None]

    def make_trusted(self):
        """The installer hands debian-installer/allow_unauthenticated on to apt in words that apt has not been content with since 1.5.
        A component of our own tells it, before the new system's packages are asked for."""
        folder = self.extra / "trusted"
        hook, control = folder / "usr/lib/base-installer.d/00trusted", folder / "DEBIAN/control"
        for file in (hook, control):
            file.parent.mkdir(parents=True, exist_ok=True)
        hook.write_text("""#!/bin/sh
mkdir -p /target/etc/apt/apt.conf.d
echo 'Acquire::AllowInsecureRepositories "true";' > /target/etc/apt/apt.conf.d/00trusted
""", encoding="ascii")
        hook.chmod(0o755)
        control.write_text("""Package: mirror-trusted
Version: 1
Section: debian-installer
Priority: standard
Architecture: all
Maintainer: Vitrine <vitrine@vitrine.invalid>
Description: lets apt take packages from a mirror without a signature
""", encoding="ascii")
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", folder, self.extra / "mirror-trusted_1_all.udeb"], check=True,
                       capture_output=True, timeout=60)

    def extras(self, pool):
        """The person's own components, as an archive would describe them."""
        described = []
        pool.mkdir(parents=True, exist_ok=True)
        for file in sorted(self.extra.glob("*.udeb")):
            data = file.read_bytes()
            fields = subprocess.run(["dpkg-deb", "-f", file], check=True, capture_output=True, text=True, timeout=60).stdout
            name = re.sub("_[0-9]+%3a", "_", file.name) # a pool leaves out the epoch
            (pool / name).write_bytes(data)
            described.append(stanza(f"{fields}Filename: pool/extra/{name}\nSize: {len(data)}\n"
                                    f"MD5sum: {hashlib.md5(data).hexdigest()}\nSHA256: {hashlib.sha256(data).hexdigest()}"))
        names = {package["Package"] for package in described}
        self.missing = [name for name in self.missing if name not in names]
        return described

    def publish(self, archive, packages, component):
        text = ""
        for package in packages:
            place = archive / package["Filename"]
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists(): # the person's are there
                os.link(self.file_of(package), place)
            text += package["Text"] + "\n\n"
        write_index(archive / "dists" / SUITE / component / BINARY / "Packages", text)

    @staticmethod
    def finish(dist, suite):
        """Empty indexes for what installers ask for besides, and the list of all (Debian repository format)."""
        for component in ("main", "contrib", "non-free", "non-free-firmware"):
            for index in (f"{BINARY}/Packages", "source/Sources"):
                if not (dist / component / index).exists():
                    write_index(dist / component / index, "")
        for folder in dist.glob(f"**/{BINARY}"): # the installer looks here for its architecture
            (folder / "Release").write_text(f"Archive: oldstable\nComponent: {folder.parent.relative_to(dist)}\nArchitecture: amd64\n",
                                            encoding="ascii")
        lines = ["Origin: Debian", "Label: Debian", f"Suite: {suite.replace(SUITE, 'oldstable')}", f"Codename: {suite}",
                 "Date: Sat, 06 Sep 2025 10:00:00 UTC", "Architectures: amd64", "Components: main contrib non-free non-free-firmware"]
        files = [f for f in sorted(dist.rglob("*")) if f.is_file() and f.parent != dist]
        for title, algorithm in (("MD5Sum", hashlib.md5), ("SHA256", hashlib.sha256)):
            lines.append(f"{title}:")
            lines += [f" {algorithm(f.read_bytes()).hexdigest()} {f.stat().st_size} {f.relative_to(dist)}" for f in files]
        (dist / "Release").write_text("\n".join(lines) + "\n", encoding="ascii")

    def serve(self):
        return Server(self.root)


def stanza(text):
    fields = dict(re.findall(r"^([A-Za-z0-9-]+): *(.*)$", text, re.MULTILINE))
    return {**fields, "Text": text.strip("\n")}


def wanted_udebs(packages, kernel):
    """What anna loads by itself, all modules of the kernel, and what those depend on."""
    other = re.compile(r"-\d+\.\d+\.\d+-\d+-[a-z0-9-]*-di$")
    by_name = collections.defaultdict(list)
    for package in packages:
        if other.search(package["Package"]) and kernel not in package["Package"]:
            continue
        for name in [package["Package"], *re.split(r", *", package.get("Provides", ""))]:
            by_name[re.sub(r" .*", "", name)].append(package)
    open_ends = [p for found in by_name.values() for p in found if p.get("Priority") in PRIORITIES or kernel in p["Package"]]
    wanted = {}
    while open_ends:
        package = open_ends.pop()
        if package["Package"] in wanted:
            continue
        wanted[package["Package"]] = package
        for name in re.findall(r"(?:^|[,|] *)([a-z0-9][a-z0-9.+-]*)", package.get("Depends", "")):
            open_ends += by_name[name]
    return sorted(wanted.values(), key=lambda package: package["Package"])


def write_index(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode("utf-8")
    path.write_bytes(data)
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(data, mtime=0))
    path.with_name(path.name + ".xz").write_bytes(lzma.compress(data))


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves http://ANY/debian/... too, as a proxy's clients write it (RFC 9112 section 3.2.2)."""
    protocol_version = "HTTP/1.1"

    def translate_path(self, path):
        return super().translate_path(urllib.parse.urlsplit(path).path)

    def list_directory(self, path):
        self.send_error(404)

    def log_message(self, format, *args): # pylint: disable=redefined-builtin
        self.server.note(format % args)


class Server:
    """One thread per connection; `asked` has a line per request. Ends with the `with` block."""

    def __init__(self, root):
        self.asked = []
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(root)))
        self.http.note = self.asked.append
        self.port = self.http.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind, error, trace):
        self.http.shutdown()
        self.http.server_close()
