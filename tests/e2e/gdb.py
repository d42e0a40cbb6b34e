# SPDX-License-Identifier: GPL-3.0-or-later
"""GDB itself debugs the firmware and boot loader of a machine: a breakpoint where SeaBIOS enters the boot sector,
registers, memory, single steps, and on to GRUB's menu. The reset makes sure that the machine is not past it already."""
import re
import subprocess

import vitrine

BOOT_SECTOR = 0x7C00
COMMANDS = (
    "set pagination off", "set confirm off", "set architecture i386:x86-64",
    "target remote {door}", f"hbreak *{BOOT_SECTOR:#x}", "monitor phys on", "monitor phys off", "maintenance packet Qqemu.PhyMemMode:0",
    "info threads", "shell {program} ctl debugged reset", "maintenance flush register-cache", "continue", "print/x $pc", "print/x $cr0", f"x/2xb {BOOT_SECTOR:#x}", "stepi", "print/x $pc",
    "info registers rip rsp cs cr3 mxcsr", "delete", "detach",
)


def case(home):
    door = home / "gdb"
    with vitrine.Guest(home, "debugged", "--cdrom", vitrine.ISO, "--gdb", f"unix:{door}") as guest:
        guest.wait_until(lambda text: text and door.exists(), "the debugger's socket", 60)
        commands = [part for line in COMMANDS for part in ("-ex", line.format(door=door, program=vitrine.program()))]
        result = subprocess.run(["gdb", "-nx", "-batch", *commands], capture_output=True, text=True, timeout=vitrine.BOOT_SECONDS,
                                check=False)
        said = result.stdout + result.stderr
        print(said)
        vitrine.expect(re.search(r"Thread 1 .*CPU 0", said), "GDB lists no vCPU")
        values = re.findall(r"^\$\d+ = (0x[0-9a-f]+)", said, re.MULTILINE)
        vitrine.expect(len(values) == 3, "GDB printed something else than three values")
        vitrine.expect(int(values[0], 16) == BOOT_SECTOR, "the machine did not stop at the boot sector")
        vitrine.expect(int(values[1], 16) & 1 == 0, "the boot sector runs in real mode")
        vitrine.expect(int(values[2], 16) != BOOT_SECTOR, "the step did not move")
        guest.wait_text("GNU GRUB", vitrine.BOOT_SECONDS)
        guest.quit()
        vitrine.expect(not door.exists(), "the socket stayed behind")


vitrine.main(case, needs=["gdb"])
