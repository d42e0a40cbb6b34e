#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills a program that works on a library (-9) at 200 random moments. After each death every machine opens, is whole and is
there once, and nothing is left half. library_killed.py WORKER [DEATHS [SEED]]"""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

LONGEST_LIFE = 0.06  # seconds; an operation takes some milliseconds
PATIENCE = 60  # seconds, for what should take a moment


def live_and_die(worker, places, seed, life, environment):
    """Starts the worker, and kills it after so many seconds of work."""
    process = subprocess.Popen([worker, "work", *places, str(seed)], stdout=subprocess.PIPE, env=environment)
    try:
        if process.stdout.readline() != b"working\n":
            sys.exit(f"the worker with seed {seed} did not start, or found a machine gone")
        time.sleep(life)
        if process.poll() is not None:
            sys.exit(f"the worker with seed {seed} ended by itself: {process.returncode}")
    finally:
        process.kill()
        process.wait(PATIENCE)
        process.stdout.close()


def main():
    worker = sys.argv[1]
    deaths = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    print(f"{deaths} deaths, seed {seed}")
    chance = random.Random(seed)
    root = pathlib.Path(tempfile.mkdtemp(prefix="vitrine-killed-"))
    shared = pathlib.Path("/dev/shm")
    other_root = pathlib.Path(tempfile.mkdtemp(prefix="vitrine-killed-", dir=shared if os.access(shared, os.W_OK) else None))
    other = other_root / "machines"
    other.mkdir()
    print("second folder on", "another file system" if other.stat().st_dev != root.stat().st_dev else "the same file system")
    environment = dict(os.environ, XDG_DATA_HOME=str(root / "data"), XDG_CONFIG_HOME=str(root / "config"))
    places = (str(root), str(other))
    try:
        for death in range(deaths):
            live_and_die(worker, places, seed + death, chance.uniform(0, LONGEST_LIFE), environment)
            result = subprocess.run([worker, "check", *places], capture_output=True, text=True, timeout=PATIENCE, env=environment)
            if result.returncode != 0:
                sys.exit(f"after death {death} of seed {seed}: {result.stderr}")
    finally:
        shutil.rmtree(root, ignore_errors=True)
        shutil.rmtree(other_root, ignore_errors=True)
    print("every machine outlived them all")


main()
