#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""simulate.py WEIR TRACES: `weir simulate` from outside: schedules worked out by hand, bad traces, JSON, pools."""

import gzip
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

WEIR, TRACES = sys.argv[1], Path(sys.argv[2])
HEAD = "id,arrival,cpu_s,memory\n"
S1 = "id,arrival,cpu_s,memory,priority\nA,0,8,0,1\nB,1,4,0,2\nC,2,1,0,3\nD,3,2,0,1\n"
# docs/allocator.md, example S1: when each job ends on one core.
S1_ENDS = {
    "fifo": (8, 12, 13, 15),
    "round-robin": (15, 11, 4, 9),
    "fair": (15, 12, 17 / 3, 29 / 3),
    "priority": (13, 6, 3, 15),
    "priority-no-preempt": (8, 13, 9, 15),
    "srpt": (15, 8, 3, 5),
}
FIGURES = ["jobs", "response", "slowdown", "wait", "throughput", "utilisation"]
# Content, name, line, words of the reason.
BAD = [
    (HEAD + "A,0,1,0\nB,0,-1,0\n", "negative.csv", 3, "cpu_s -1 is below"),
    (HEAD + "A,0,1,-5\n", "memory.csv", 2, "memory -5 is below 0"),
    (HEAD + "A,5,1,0\nB,4,1,0\n", "unsorted.csv", 3, "sort the trace"),
    (HEAD + "A,0,nan,0\n", "nan.csv", 2, "'nan' is not a number"),
    (HEAD + "A,0,inf,0\n", "inf.csv", 2, "'inf' is not a number"),
    (HEAD + "A,0,1\n", "short.csv", 2, "3 fields where the header has 4"),
    ("name,when\n", "header.csv", 1, "unknown column 'name'"),
    ("", "empty.csv", 0, "the trace has no job"),
    (HEAD, "headless.csv", 1, "the trace has no job"),
    (HEAD + "1," * 10_000_000 + "\n", "wide.csv", 2, "a line of more than 65536 bytes"),
    (HEAD + "A,\0,1,0\n", "binary.csv", 2, "a zero byte"),
    ("1 2 3\n", "short.swf", 1, ""),
    ('{"id":"A"\n', "open.jsonl", 1, ""),
    ("plain text", "plain.csv.gz", 1, "broken gzip data"),
]


def run(*words, env=None):
    clean = {name: value for name, value in os.environ.items() if name != "WEIR_CONFIG"}
    return subprocess.run([WEIR, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=clean | (env or {}), timeout=60)


class Simulate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def simulate(self, trace, *words, env=None):
        done = run("simulate", trace, "--cpus", "1", "--memory", "1GiB", "--json", *words, env=env)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)["policies"]

    def refused(self, status, *words):
        """The one line of the error."""
        done = run("simulate", *words)
        lines = done.stderr.splitlines()
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assertLessEqual(len(lines), 2, lines)
        self.assertTrue(len(lines) == 1 or lines[1].startswith("hint: "), lines)
        return done.stderr

    def test_s1_ends_when_it_must(self):
        trace = self.file("s1.csv", S1)
        shown = self.simulate(trace, "--jobs", "--policy", ",".join(S1_ENDS))
        self.assertEqual([entry["policy"] for entry in shown], list(S1_ENDS))
        for entry in shown:
            self.assertEqual(list(entry["finish"]), list("ABCD"))
            for got, wanted in zip(entry["finish"].values(), S1_ENDS[entry["policy"]]):
                self.assertAlmostEqual(got, wanted, places=9, msg=entry["policy"])
        slow = self.simulate(trace, "--jobs", "--policy", "round-robin", "--slice", "2s")
        self.assertEqual(list(slow[0]["finish"].values()), [15, 11, 5, 9])

    def test_json_has_its_fields(self):
        entry = self.simulate(self.file("s1.csv", S1), "--policy", "fifo")[0]
        self.assertEqual(list(entry), ["policy", "all", "pools", "jain", "reservations_broken", "moves"])
        self.assertEqual(list(entry["all"]), FIGURES)
        self.assertEqual(list(entry["pools"][0]), ["pool", *FIGURES])
        for spread in ("response", "slowdown", "wait"):
            self.assertEqual(list(entry["all"][spread]), ["mean", "p50", "p95", "p99"])
        self.assertEqual(entry["all"]["response"]["mean"], 10.5)
        self.assertEqual(entry["all"]["slowdown"]["mean"], 5.1875)

    def test_bad_traces(self):
        for content, name, line, reason in BAD:
            with self.subTest(name):
                path = self.file(name, content)
                said = self.refused(1, path, "--cpus", "1", "--memory", "1GiB")
                self.assertIn(f"weir: failed: {path}:{line}: ", said)
                self.assertIn(reason, said)
                self.assertLess(len(said), 600)

    def test_truncated_and_damaged_gzip(self):
        packed = (TRACES / "batch-mix.swf.gz").read_bytes()
        cut = self.file("cut.swf.gz", packed[:len(packed) // 2])
        self.assertRegex(self.refused(1, cut), rf"{cut}:[1-9]\d+: the gzip data ends too early")
        bent = self.file("bent.swf.gz", packed[:500] + bytes(200) + packed[700:])
        self.assertRegex(self.refused(1, bent), rf"{bent}:\d+: ")
        self.assertRegex(self.refused(1, self.file("none.csv.gz", b"")), "ends too early")

    def test_gzip_in_members_and_without_its_name(self):
        halves = gzip.compress(S1[:50].encode()) + gzip.compress(S1[50:].encode())
        self.assertEqual(self.simulate(self.file("halves.csv.gz", halves))[0]["all"]["jobs"], 4)
        self.assertEqual(self.simulate(self.file("unnamed.csv", halves))[0]["all"]["jobs"], 4)

    def test_a_bomb_is_bounded(self):
        bomb = gzip.compress(HEAD.encode() + b"\n" * 25_000_000)
        self.assertIn("more than 20000000 lines", self.refused(1, self.file("bomb.csv.gz", bomb)))

    def test_what_is_no_trace_file(self):
        os.mkfifo(self.folder / "fifo")
        for name, reason in (("fifo", "is not a regular file"), ("", "is a directory"), ("none", "No such file")):
            self.assertIn(reason, self.refused(1, self.folder / name))
        self.assertIn("No such file", self.refused(1, self.file("a.csv", S1), "-o", self.folder / "none/a.html"))
        self.assertIn("not a regular file", self.refused(1, self.folder / "a.csv", "-o", "/dev/null"))

    def test_wrong_usage(self):
        trace = self.file("s1.csv", S1)
        self.assertIn("did you mean 'round-robin'?", self.refused(2, trace, "--policy", "fair,round-robbin"))
        for words in (("--policy", ""), ("--cpus", "-1"), ("--memory", "lots"), ("--slice", "0s"), ("--nonsense",)):
            self.refused(2, trace, *words)
        self.refused(2)

    def test_pools_come_from_a_configuration_that_was_named(self):
        config = self.file("weir.toml", "[host]\ndefault_pool = \"b\"\n[pool.a]\nshares = 100\n[pool.b]\nshares = 300\n")
        config.chmod(0o600)
        trace = self.file("t.csv", "id,arrival,cpu_s,memory,threads,pool\nA,0,1,0,4,a\nB,0,3,0,4,default\n")
        entry = self.simulate(trace, "--policy", "fair", "--config", config, "--jobs")[0]
        self.assertEqual([pool["pool"] for pool in entry["pools"]], ["a", "b"])
        self.assertEqual(entry["finish"], {"A": 4, "B": 4})
        entry = self.simulate(trace, "--policy", "fair", env={"WEIR_CONFIG": str(config)})[0]
        self.assertEqual(len(entry["pools"]), 2)
        entry = self.simulate(trace, "--policy", "fair")[0]
        self.assertEqual([pool["pool"] for pool in entry["pools"]], ["default"])
        bad = self.file("bad.toml", "[pool.a]\nsharse = 1\n")
        self.assertEqual(run("simulate", trace, "--config", bad).returncode, 3)

    def test_demand_of_several_pools_adds_up_in_one(self):
        trace = self.file("d.csv", "time,pool,cpu,memory\n0,a,0.25,0\n0,b,0.5,0\n10,a,0,0\n20,b,0,0\n")
        used = self.simulate(trace, "--policy", "fair")[0]["all"]["utilisation"]
        self.assertAlmostEqual(used, (0.75 * 10 + 0.5 * 10) / 20, places=6)

    def test_tables(self):
        done = run("simulate", self.file("s1.csv", S1), "--cpus", "1", "--memory", "1GiB", "--jobs")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for word in ("RESPONSE", "SLOWDOWN", "WAIT", "JAIN", "BROKEN", "MOVES", "JOBS/S", "USED", "round-robin"):
            self.assertIn(word, done.stdout)
        self.assertLessEqual(max(len(line) for line in done.stdout.split("\n\n")[0].splitlines()), 80)

    def test_a_million_jobs_scale(self):
        """A tenth of them here, in a tenth of the time and some patience for a busy machine."""
        lines = "".join(f"j{i},{i}.5,0.8,0\n" for i in range(100_000))
        trace = self.file("many.csv", HEAD + lines)
        done = run("simulate", trace, "--cpus", "1", "--memory", "1GiB", "--policy", "fair", "--json", "--jobs")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len(json.loads(done.stdout)["policies"][0]["finish"]), 100_000)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
