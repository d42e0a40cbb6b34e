#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot media that other people made come up: a memory tester, a network boot loader, an ISOLINUX disc, UEFI firmware
and GRUB on it, Debian's installer. Argument: one of KINDS. They come from the Debian packages named in `boot`."""
import pathlib
import re
import subprocess
import sys
import vitrine
from vitrine import BOOT_SECONDS, Guest, accel, expect, skip

MEMTEST = "/usr/lib/memtest86+/memtest86+{}.iso"
IPXE = "/usr/lib/ipxe/ipxe.iso"
OVMF = "/usr/share/OVMF/OVMF_CODE_4M.fd"
GRUB_EFI = "/usr/lib/grub/x86_64-efi/fat.mod"
ISOLINUX = ("/usr/lib/ISOLINUX/isolinux.bin", "/usr/lib/syslinux/modules/bios/ldlinux.c32")
INSTALLER = "/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64"


def existing(package, *paths):
    """The paths, as one if it is one; skips the case where one of them is missing."""
    for path in map(pathlib.Path, paths):
        if not path.exists():
            skip(f"{path} is missing (Debian package {package})")
    return paths[0] if len(paths) == 1 else paths


def wait_serial(guest, path, pattern):
    """Waits until what the guest sent to its serial port matches."""
    return guest.wait_until(lambda _: path.exists() and re.search(pattern, path.read_text(errors="replace")),
                            f"{pattern!r} on the serial port", BOOT_SECONDS)


def memtest(home, which):
    """Both CPUs test 64 MB. Where the CPU is fast, three whole tests (they count from 0)."""
    image = existing("memtest86+", MEMTEST.format(which))
    with Guest(home, "memtest", "--memory", "64M", "--cpus", "2", "--cdrom", image) as guest:
        text = guest.wait_text(r"Test #\d" if accel() == "kvm" else "Test #3", BOOT_SECONDS)
        expect("2 Cores" in text and "(PAR)" in text, "the tests do not use both CPUs")
        expect(re.search(r"Errors: 0\s", text), "the tests report errors")
        guest.quit()


def ipxe(home):
    """Its shell takes commands. Without a network card DHCP has nothing to ask with."""
    with Guest(home, "ipxe", "--cdrom", existing("ipxe", IPXE)) as guest:
        guest.wait_text("Press Ctrl-B for the iPXE command line", BOOT_SECONDS)
        guest.ctl("key", "ctrl-b")
        guest.wait_text(r"iPXE>\s*$", BOOT_SECONDS)
        guest.ctl("type", "dhcp")
        guest.ctl("key", "enter")
        guest.wait_text(r"iPXE> dhcp\s*\n(?:.*\n)*iPXE>\s*$", BOOT_SECONDS)
        guest.quit()


def isolinux(home):
    """A disc of our own: the loader reads its settings from it, and says so when a kernel is not on it."""
    disc = home / "disc"
    disc.mkdir()
    for path in existing("isolinux and syslinux-common", *ISOLINUX):
        (disc / pathlib.Path(path).name).write_bytes(pathlib.Path(path).read_bytes())
    (disc / "isolinux.cfg").write_text("SAY A disc made for this test\nPROMPT 1\nDEFAULT absent\n")
    image = home / "disc.iso"
    subprocess.run(["genisoimage", "-quiet", "-o", image, "-b", "isolinux.bin", "-c", "boot.cat", "-no-emul-boot",
                    "-boot-load-size", "4", "-boot-info-table", disc], check=True, timeout=60)
    with Guest(home, "isolinux", "--cdrom", image) as guest:
        guest.wait_text(r"A disc made for this test\s*\nboot:\s*$", BOOT_SECONDS)
        guest.ctl("key", "enter")
        guest.wait_text(r"absent(?:.*\n)*boot:\s*$", BOOT_SECONDS)
        guest.quit()


def ovmf(home):
    """UEFI firmware: its shell on the serial port and, in graphics, on the screen."""
    existing("ovmf", OVMF)
    serial = home / "serial"
    with Guest(home, "ovmf", "--firmware", "uefi", "--serial", f"file:{serial}") as guest:
        wait_serial(guest, serial, "UEFI Interactive Shell(?s:.*)Shell> ")
        picture = guest.picture(home / "shell.png")
        expect(picture.width >= 640 and picture.brightness(picture.rows) > 0, "the shell is not on the screen")
        guest.quit()


def make_efi_disk(home):
    """A file system without partitions, as removable disks have it; UEFI 2.10 section 3.5.1.1 names the file that is started."""
    disk, loader, words, early = home / "disk.img", home / "BOOTX64.EFI", home / "words.txt", home / "early.cfg"
    early.write_text("serial --unit=0\nterminal_output serial\necho GRUB began on $root\ncat ($root)/words.txt\n")
    words.write_text("These words are on the disk.\n")
    with open(disk, "wb") as file:
        file.truncate(34 << 20) # FAT32 has to have so many clusters
    for command in (("grub-mkimage", "-O", "x86_64-efi", "-p", "/", "-c", early, "-o", loader, "fat", "serial", "terminal", "echo", "cat"),
                    ("mformat", "-i", disk, "-F", "::"), ("mmd", "-i", disk, "::/EFI", "::/EFI/BOOT"),
                    ("mcopy", "-i", disk, loader, "::/EFI/BOOT/BOOTX64.EFI"), ("mcopy", "-i", disk, words, "::/words.txt")):
        subprocess.run(command, check=True, timeout=60)
    return disk


def grub_efi(home):
    """UEFI firmware starts GRUB from a virtio disk, and GRUB reads that disk through the firmware."""
    existing("ovmf", OVMF)
    existing("grub-efi-amd64-bin", GRUB_EFI)
    disk, serial = make_efi_disk(home), home / "serial"
    with Guest(home, "grubefi", "--firmware", "uefi", "--disk", f"{disk},bus=virtio", "--serial", f"file:{serial}") as guest:
        wait_serial(guest, serial, r"GRUB began on hd0\s+These words are on the disk\.")
        guest.quit()


def installer(home):
    """Debian's installer for a text terminal, up to its first question."""
    kernel, initrd = existing("debian-installer-12-netboot-amd64", f"{INSTALLER}/linux", f"{INSTALLER}/initrd.gz")
    serial = home / "serial"
    with Guest(home, "installer", "--memory", "1G", "--kernel", kernel, "--initrd", initrd, "--append", "console=ttyS0",
               "--serial", f"file:{serial}") as guest:
        wait_serial(guest, serial, "Select a language")
        guest.quit()


KINDS = {"memtest-x64": lambda home: memtest(home, "x64"), "memtest-ia32": lambda home: memtest(home, "ia32"),
         "ipxe": ipxe, "isolinux": isolinux, "ovmf": ovmf, "grub-efi": grub_efi, "installer": installer}
NEEDED = {"isolinux": ["genisoimage"], "grub-efi": ["grub-mkimage", "mformat"]}

vitrine.main(KINDS[sys.argv[1]], needs=NEEDED.get(sys.argv[1], []))
