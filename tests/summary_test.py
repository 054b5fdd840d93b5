#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What counts as passed and as failed in the sum of a test run."""

import contextlib
import importlib
import io
import itertools
import sys
import tempfile
import unittest
from pathlib import Path

import summary

KERNEL_TESTS = Path(__file__).resolve().parent / "kernel"
sys.dont_write_bytecode = True


class Guests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def guest(self, name, results, status="0"):
        folder = Path(self.folder.name) / name
        folder.mkdir()
        (folder / "results.tsv").write_text("".join(f"{verdict}\t{test}\t1.0\n" for test, verdict in results.items()))
        (folder / "status").write_text(status)
        return folder

    def sum(self, *folders):
        total = summary.Sum()
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            for folder in folders:
                summary.add_kernel(total, folder)
            status = summary.report(total)
        return status, out.getvalue()

    def test_all_passed(self):
        status, out = self.sum(self.guest("6.1", {"a": "pass", "b": "pass"}))
        self.assertEqual(status, 0)
        self.assertTrue(out.endswith("\n2 passed, 0 failed\n"), out)

    def test_failed_and_skipped(self):
        status, out = self.sum(self.guest("6.1", {"a": "fail", "b": "skip"}, "1"))
        self.assertEqual(status, 1)
        self.assertTrue(out.endswith("\n0 passed, 1 failed, 1 skipped\n"), out)
        self.assertEqual(self.sum(self.guest("6.12", {"a": "skip"}))[0], 1)

    def test_cut_off(self):
        self.assertEqual(self.sum(self.guest("6.1", {"a": "pass"}, "124"))[0], 1)
        self.assertEqual(self.sum(self.guest("6.12", {}))[0], 1)

    def test_passed_alone(self):
        first = self.guest("6.1", {"a": "pass", "b": "fail", "c": "fail"}, "1")
        self.guest("6.1-again", {"b": "pass", "c": "fail"}, "1")
        status, out = self.sum(first)
        self.assertEqual(status, 1)
        self.assertIn("unsteady: kernel 6.1: b", out)
        self.assertIn("failed: kernel 6.1: c", out)
        self.assertTrue(out.endswith("\n2 passed, 1 failed\n"), out)

    def test_too_many_passed_alone(self):
        names = "abcd"
        for count, wanted in ((3, 0), (4, 1)):
            first = self.guest(f"{count}", {name: "fail" for name in names[:count]}, "1")
            self.guest(f"{count}-again", {name: "pass" for name in names[:count]})
            self.assertEqual(self.sum(first)[0], wanted)


class Division(unittest.TestCase):
    def test_no_guest_is_booted_for_nothing(self):
        """A guest without results is a failure: every one must have tests, whatever is added."""
        sys.path.insert(0, str(KERNEL_TESTS))
        registry = importlib.import_module("harness.registry")
        for path in sorted((KERNEL_TESTS / "suite").glob("*.py")):
            importlib.import_module(f"suite.{path.stem}")
        for backend, kernel, measured in itertools.product(("cgroupfs", "systemd"), ("6.1", "6.12"), ("yes", "no")):
            found = [test for test in registry.TESTS if test.can_run("", backend) and test.is_for(backend, kernel)
                     and test.measured_word == measured]
            self.assertTrue(found, f"{backend} on {kernel}, measured: {measured}")


if __name__ == "__main__":
    unittest.main()
