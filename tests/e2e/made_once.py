# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests boot and no package has: made once, kept in ${XDG_CACHE_HOME:-~/.cache}/vitrine/tests, named by what it is made of."""
import fcntl
import os
import pathlib
import subprocess
import time

SKIP = 77


class Unavailable(RuntimeError):
    """It cannot be made here and now, and nothing is wrong with how: a sentence."""


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def kept(name, key):
    """Where the thing called `name` lies, or will lie; `key` is a hash of everything it is made of."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    return cache / "vitrine" / "tests" / f"{name}-{key.hexdigest()[:16]}"


def make(name, missing, folder, build):
    """Calls build(folder()) unless that folder is there; whoever comes second finds it. `missing`: why it cannot be made here, or
    nothing. The exit status of the program that was run for it."""
    if missing:
        print(missing)
        return SKIP
    result = folder()
    result.parent.mkdir(parents=True, exist_ok=True)
    with open(result.parent / f"{name}.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not result.exists():
            print(f"Making {name} for the tests, once; it takes minutes: {result}", flush=True)
            started = time.monotonic()
            try:
                build(result)
            except (OSError, RuntimeError) as error:
                print(error)
                return SKIP if isinstance(error, Unavailable) else 1
            print(f"made in {time.monotonic() - started:.0f} s")
    return 0
