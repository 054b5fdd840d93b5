#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sums the results of a test run: one last line for all, and above it what failed and where its log is.

Host tests come from meson's testlog.json, counted by doctest case; the kernels' from the folder each guest
left: results.tsv with lines of pass|fail|skip, a name and the seconds it took, with tabs between, and status, the
guest's exit status. What took longest in each guest stands first. The guests of the two kernels run beside each
other: what failed there and passed in the folder with "-again" behind its name, where it ran alone, is named as
unsteady and has passed, but for more than MOST_UNSTEADY of them.
"""

import argparse
import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

DOCTEST_TOTALS = re.compile(
    r"^\[doctest\] test cases:\s*(\d+) \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped", re.MULTILINE)
SHOWN_SLOWEST = 5
MOST_UNSTEADY = 3
DOCTEST_CASE = re.compile(r"^\s*(?:TEST CASE|SCENARIO):\s*(.*)$")
DOCTEST_ERROR = re.compile(r"^\S.*: (?:FATAL )?ERROR: |^(?:Failed|Didn't fail|Should have failed)")


@dataclass
class Sum:
    passed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)
    wrong_skips: list = field(default_factory=list)
    unsteady: list = field(default_factory=list)

    def fail(self, name, log):
        self.failures.append((name, log))

    def line(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {len(self.failures)} failed{skipped}"


def add_meson(total, log):
    """One count for each doctest case, or for each program that has none."""
    if not log.exists():
        total.fail("host tests: no results", log)
        return
    text_log = log.with_suffix(".txt")
    for line in log.read_text().splitlines():
        add_program(total, json.loads(line), text_log)


def add_program(total, test, log):
    name = test["name"]
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    totals = DOCTEST_TOTALS.search(test.get("stdout", ""))
    if totals is None:
        if test["result"] == "SKIP":
            total.skipped += 1
        elif good:
            total.passed += 1
        else:
            total.fail(f"{name} ({test['result'].lower()})", log)
        return
    _, passed, failed, skipped = map(int, totals.groups())
    total.passed += passed
    total.skipped += skipped
    names = failed_cases(test["stdout"])
    for number in range(failed):
        total.fail(f"{name}: {names[number] if number < len(names) else 'a test case'}", log)
    if not good and failed == 0:
        total.fail(f"{name} ({test['result'].lower()})", log)


def failed_cases(text):
    """Doctest names a case before the first thing that went wrong in it."""
    names = []
    current = None
    for line in text.splitlines():
        case = DOCTEST_CASE.match(line)
        if case:
            current = case[1]
        elif current and current not in names and DOCTEST_ERROR.match(line):
            names.append(current)
    return names


def add_kernel(total, folder):
    """A guest that left no results, or ended badly with good ones, has failed."""
    kernel = f"kernel {folder.name}"
    log = folder / "vm-console.log"
    results = folder / "results.tsv"
    status = read_status(folder / "status")
    lines = lines_of(results)
    passed_alone = {name for verdict, name, _ in lines_of(folder.with_name(f"{folder.name}-again") / "results.tsv")
                    if verdict == "pass"}
    show_slowest(kernel, [(float(seconds), name) for _, name, seconds in lines])
    clean = True
    for verdict, name, _ in lines:
        if verdict == "pass":
            total.passed += 1
        elif verdict == "skip":
            clean = False
            total.skipped += 1
            total.wrong_skips.append(f"{kernel}: {name}")
        else:
            clean = False
            if name in passed_alone:
                total.unsteady.append((f"{kernel}: {name}", log))
            else:
                total.fail(f"{kernel}: {name}", log)
    if not lines:
        total.fail(f"{kernel}: no results (exit status {status})", log)
    elif clean and status != "0":
        total.fail(f"{kernel}: the tests ended with exit status {status}", log)


def lines_of(results):
    return [fields_of(line) for line in results.read_text().splitlines()] if results.exists() else []


def fields_of(line):
    """A guest that is cut off may leave half a line."""
    verdict, name, seconds = (line.split("\t") + ["", ""])[:3]
    return verdict, name, seconds or "0"


def show_slowest(kernel, tests):
    print(f"{kernel}: {len(tests)} tests in {sum(seconds for seconds, _ in tests):.0f} s")
    for seconds, name in sorted(tests, reverse=True)[:SHOWN_SLOWEST]:
        print(f"  {seconds:6.1f} s  {name}")


def read_status(path):
    return path.read_text().strip() if path.exists() else "missing"


def settle_unsteady(total):
    if len(total.unsteady) > MOST_UNSTEADY:
        total.failures.extend(total.unsteady)
        return
    total.passed += len(total.unsteady)
    for name, log in total.unsteady:
        print(f"unsteady: {name} (failed beside the other guest, see {log}; passed alone)")


def report(total):
    settle_unsteady(total)
    for name, log in total.failures:
        print(f"failed: {name} (see {log})")
    for name in total.wrong_skips:
        print(f"skipped, which counts as failed: {name}")
    print(total.line(), flush=True)
    return 1 if total.failures or total.wrong_skips else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meson", type=Path, action="append", default=[], metavar="TESTLOG.JSON")
    parser.add_argument("--kernel", type=Path, action="append", default=[], metavar="DIR")
    options = parser.parse_args()
    total = Sum()
    for log in options.meson:
        add_meson(total, log)
    for folder in options.kernel:
        add_kernel(total, folder)
    return report(total)


if __name__ == "__main__":
    sys.exit(main())
