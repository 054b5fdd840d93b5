#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the kernel tests inside a throw-away guest, as root: see README.md.

Writes a line pass|fail|skip, the name of the test and its seconds, with tabs between, into the results as each test
ends; details of a failure go to stdout. Ends with 0 only if every test passed.
"""

import argparse
import importlib
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from harness import backend, registry  # noqa: E402
from harness.context import Context  # noqa: E402

SOAK_FACTOR = 60
SHOWN_COMMANDS = 4


def load_tests(only, belongs=lambda test: True):
    for path in sorted((HERE / "suite").glob("*.py")):
        importlib.import_module(f"suite.{path.stem}")
    names = [test.name for test in registry.TESTS]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SystemExit(f"run.py: two tests have the same name: {twice}")
    return [test for test in registry.TESTS if only in test.name and belongs(test)]


def raise_timeout(*_):
    raise TimeoutError("the test took too long")


def show_processes():
    """What runs at the moment a test fails, without the kernel's own threads."""
    signal.alarm(0)
    columns = "pid,ppid,pgid,sid,stat,wchan:24,ignored,blocked,cgroup,args"
    listed = subprocess.run(["ps", "-ww", "--ppid", "2", "-p", "2", "--deselect", "-o", columns],
                            stdout=subprocess.PIPE, text=True, check=False)
    print(listed.stdout, end="")


def run_one(test, where, size):
    """True when it passed; what went wrong is printed with weir's last words."""
    context = Context(where, size)
    signal.alarm(int(test.timeout * (1 if size == "ci" else SOAK_FACTOR)))
    try:
        with context:
            try:
                test.function(context)
            except Exception:
                show_processes()
                raise
        return True
    except Exception:
        traceback.print_exc(file=sys.stdout)
        for done in context.log[-SHOWN_COMMANDS:]:
            print(f"  {done}")
        return False
    finally:
        signal.alarm(0)


def run_all(tests, where, size, results):
    failed = 0
    for test in tests:
        begin = time.monotonic()
        passed = run_one(test, where, size)
        took = time.monotonic() - begin
        failed += not passed
        results.write(f"{'pass' if passed else 'fail'}\t{test.name}\t{took:.1f}\n")
        results.flush()
        print(f"{'ok  ' if passed else 'FAIL'} {took:6.1f} s  {test.name}", flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed", flush=True)
    return 1 if failed or not tests else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=("ci", "soak"), default="ci")
    parser.add_argument("--results", type=Path, metavar="FILE")
    parser.add_argument("--only", default="", metavar="SUBSTRING", help="tests whose name contains it")
    parser.add_argument("--named", type=Path, metavar="FILE", help="tests whose names are lines of this file")
    parser.add_argument("--boot", default="", metavar="ARGS", help="tests of a guest with these kernel arguments")
    parser.add_argument("--all", action="store_true", help="also those that CI size leaves to other guests")
    parser.add_argument("--measured", choices=("yes", "no"), help="only tests that need the host's processors, or only others")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        print("\n".join(test.name for test in load_tests(options.only)))
        return 0
    if os.geteuid() != 0:
        raise SystemExit("run.py: needs root, in a throw-away guest (tests/vm)")
    where = backend.detect()
    # Who asks for tests by name gets them wherever they can run.
    named = set(options.named.read_text(encoding="utf-8").splitlines()) if options.named else None
    every = options.all or options.only or options.named or options.size == "soak"
    tests = load_tests(options.only, lambda test: test.can_run(options.boot, where.name) and (
        every or test.is_for(where.name, os.uname().release)) and options.measured in (None, test.measured_word) and (
            named is None or test.name in named))
    signal.signal(signal.SIGALRM, raise_timeout)
    results = open(options.results, "w", encoding="utf-8") if options.results else open(os.devnull, "w")
    with results:
        return run_all(tests, where, options.size, results)


if __name__ == "__main__":
    sys.exit(main())
