#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""run_ctest.py BUILD-FOLDER CTEST-ARGUMENT...: runs ctest and shows one line per test, the output of those that fail and
the reason of each skip. ctest's own summary is the last thing printed; its exit status is ours."""
import collections
import os
import re
import subprocess
import sys

OUTPUT = re.compile(r"^(\d+): ?(.*)$")
RESULT = re.compile(r"^\s*\d+/\d+ Test\s+#(\d+): (\S+) \.*\s*(.*)$")
SKIPPED_INSIDE = re.compile(r"^SKIP\s+: (\S+)\s*(.*)$")
CASE = re.compile(r"^(PASS|QDEBUG|Totals|\*{5,}|Config)")
# What says why a test failed: Qt Test's, Python's and the sanitizers' lines, also of a ctest run inside a test.
REASON = re.compile(r"FAIL!|XPASS|Loc: \[|Actual  *\(|Expected  *\(|\w*Error: |ERROR: |SUMMARY: |runtime error|Assertion|"
                    r"WARNING: ThreadSanitizer|\(Failed\)|\(Timeout\)")
MAX_REASONS = 12
MAX_LINES = 400


def reasons(lines):
    """Sentences that tell why something was skipped: Qt Test's, or what the program printed."""
    inside = [m.group(2) or m.group(1) for m in map(SKIPPED_INSIDE.match, lines) if m]
    return inside or [line for line in lines if line.strip() and not CASE.match(line)][-2:]


def show(line, outputs, failures):
    number, name, outcome = RESULT.match(line).groups()
    output = outputs.pop(number, [])
    print(line.rstrip(), flush=True)
    if "Passed" not in outcome and "Skipped" not in outcome:
        print("\n".join("    " + text for text in output))
        failures[name] = [text.strip() for text in output if REASON.search(text)][-MAX_REASONS:]
    elif "Skipped" in outcome:
        print("    skipped: " + " ".join(reasons(output)))
    else:
        for text in output:
            if (match := SKIPPED_INSIDE.match(text)) is not None:
                print(f"    skipped inside: {match.group(1)} {match.group(2)}")
    sys.stdout.flush()


def keep(lines, line):
    """Keeps the first and the last lines of what a test prints."""
    lines.append(line)
    if len(lines) > MAX_LINES:
        del lines[MAX_LINES // 2]


def repeat(failures):
    """The reasons once more where one looks first: right before the summary."""
    for name, lines in failures.items():
        print("\n".join([f"why {name} failed:"] + ["    " + text for text in lines or ["(see its output above)"]]))


def main():
    folder, *arguments = sys.argv[1:]
    jobs = str(os.cpu_count() or 2)
    command = ["ctest", "--test-dir", folder, "--verbose", "--no-tests=error", "-j", jobs, *arguments]
    environment = dict(os.environ, UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")
    outputs, failures = collections.defaultdict(list), {}
    other, summary = [], False
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          env=environment) as ctest:
        for line in ctest.stdout:
            if not summary and "% tests passed" in line and not OUTPUT.match(line): # not that of a ctest run inside a test
                summary = True
                repeat(failures)
            if summary:
                sys.stdout.write(line)
            elif (match := OUTPUT.match(line)) is not None:
                keep(outputs[match.group(1)], match.group(2))
            elif RESULT.match(line):
                show(line, outputs, failures)
            else:
                other.append(line)
    if not summary: # ctest itself could not start
        sys.stdout.writelines(other)
    return ctest.returncode


if __name__ == "__main__":
    sys.exit(main())
