# SPDX-License-Identifier: GPL-3.0-or-later
"""What every lint test needs: the files of the tree and a common ending."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP = 77


def files(*suffixes):
    """Paths relative to the root, of files git knows or would add; everything but build folders without git."""
    git = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         capture_output=True, check=False)
    if git.returncode == 0:
        names = [os.fsdecode(name) for name in git.stdout.split(b"\0") if name]
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
        names = [name for name in names if not name.startswith(("build", ".git/"))]
    paths = [pathlib.Path(name) for name in sorted(set(names)) if (ROOT / name).is_file()]
    return [path for path in paths if not suffixes or path.name.endswith(suffixes)]


def text(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def finish(findings, what):
    """Prints the findings; exit status 1 when there are any."""
    for finding in findings:
        print(finding)
    print(f"{what}: {len(findings)} finding(s)")
    sys.exit(1 if findings else 0)


def skip(reason):
    print(reason)
    sys.exit(SKIP)
