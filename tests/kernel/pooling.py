#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does pooling pay? One recorded load in three pools, under hard static caps, under plain weights and under weir, in turns.

Each job of the trace is a process that uses its CPU time, started at its arrival by `weir run` in all three, so that they
differ in the pools alone:

- static caps: each pool has what weir reserves for it as its hard limit, as where nobody may share;
- plain weights: three equal weights, nothing reserved, everybody starts at once, no agent;
- weir: the reservations, without limits; jobs that do not fit wait; the agent runs.

Throughput is what has ended when the recording ends, response is end minus arrival, and a reservation is missed where a
pool that wanted it all the time got less than 95 % of it in some window of ten seconds. A pool wants its reservation while
a job of it has arrived and not ended, from the first one's start.
"""

import argparse
import csv
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from harness import backend  # noqa: E402
from harness.weir import Weir  # noqa: E402

SECONDS, WINDOW, TOLERANCE, GAIN = 60, 10, 0.05, 1.1
RESERVED = {"web": 0.8, "ci": 0.5, "batch": 0.4}
# What starts jobs has 0.3 of two CPUs for itself: a start costs a quarter of a second in an emulated guest. As on a host
# of services, it is one rival of the pools, not as many as it has processes: a cgroup with what makes up 0.3 of two CPUs
# beside the greatest weight.
STARTER, STARTER_WEIGHT = "starter", 1800
HOST = "[host]\nreserve = { cpu = 0.3 }\n"


def pools(text):
    return HOST + "".join(f"[pool.{name}]\n{text.format(cores=cores)}" for name, cores in RESERVED.items())


# Each container asks for what makes as many run at a time as the reservation has room for.
REQUESTS = {"web": 0.8, "ci": 0.25, "batch": 0.2}
ROWS = {
    "static caps": pools("cpu = {{ limit = {cores} }}\n"),
    "plain weights": pools(""),
    "weir": pools('mode = "dynamic"\npolicy = "fifo"\nexpandable = false\ncpu = {{ reservation = {cores} }}\n') +
    "".join(f"[pool.{name}.container]\ncpu = {{ request = {cores} }}\n" for name, cores in REQUESTS.items()),
}


class Job:
    def __init__(self, row):
        self.arrival, self.work, self.threads = float(row["arrival"]), row["cpu_s"], row["threads"]
        self.pool, self.memory = row["pool"], row["memory"]
        self.arrived = self.started = self.ended = self.failure = None

    def run(self, weir, flags):
        """From its own thread."""
        self.arrived = time.monotonic()
        with tempfile.TemporaryFile() as words:
            child = weir.start("run", "--pool", self.pool, *flags, "--", "weir-burn", "--threads", self.threads, "--hold",
                               self.memory, "--cpu", self.work, stderr=words)
            if child.stdout.readline() == b"ready\n":
                self.started = time.monotonic()
            child.stdout.read()
            status = child.wait()
            if status == 0 and self.started:
                self.ended = time.monotonic()
            else:
                words.seek(0)
                self.failure = f"{self.pool}, arrived at {self.arrival}: status {status}: {words.read().decode().strip()}"


class Meter(threading.Thread):
    """What each pool has used, twice a second."""

    def __init__(self, where):
        super().__init__(daemon=True)
        self.where, self.stop, self.samples = where, threading.Event(), []

    def run(self):
        while not self.stop.wait(0.5):
            used = {pool: self.where.tree.flat(self.where.pool(pool), "cpu.stat", "usage_usec") / 1e6 for pool in RESERVED}
            self.samples.append((time.monotonic(), used))


def busy_times(jobs):
    """From the start of the first to the end of the last of jobs that overlap."""
    out = []
    for job in sorted(jobs, key=lambda job: job.arrived):
        if out and job.arrived <= out[-1][1]:
            out[-1] = out[-1][0], max(out[-1][1], job.ended)
        else:
            out.append((job.started, job.ended))
    return out


def worst_window(samples, jobs, pool):
    """The least that the pool got of its reservation in a window in which it wanted it, and when; nothing: it never did."""
    shares = []
    for begin, end in busy_times(jobs):
        inside = [(at, used[pool]) for at, used in samples if begin <= at <= end]
        for number, (at, used) in enumerate(inside):
            later = next(((then, more) for then, more in inside[number:] if then - at >= WINDOW), None)
            if later:
                shares.append(((later[1] - used) / (later[0] - at) / RESERVED[pool], at))
    return min(shares, default=None)


def play(weir, where, name, trace):
    """One run of the whole load; its figures."""
    weir.configure(ROWS[name]).ok("apply")
    agent = weir.start("agent", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) if name == "weir" else None
    if agent:
        time.sleep(3)  # it has looked around
    jobs, meter = [Job(row) for row in trace], Meter(where)
    threads = [threading.Thread(target=job.run, args=(weir, ["--wait"] if agent else [])) for job in jobs]
    meter.start()
    begin = time.monotonic()
    for job, thread in zip(jobs, threads):
        time.sleep(max(0, begin + job.arrival - time.monotonic()))
        thread.start()
    for thread in threads:
        thread.join()
    meter.stop.set()
    meter.join()
    if agent:
        agent.terminate()
        agent.wait(60)
    where.clean()
    failures = [job.failure for job in jobs if job.failure]
    if failures:
        raise SystemExit(f"pooling.py: {name}: " + "\n".join(failures))
    out = {"throughput": sum(job.ended <= begin + SECONDS for job in jobs) * 60 / SECONDS,
           "response": statistics.mean(job.ended - job.arrived for job in jobs),
           "last": max(job.ended for job in jobs) - begin}
    for pool in RESERVED:
        mine = [job for job in jobs if job.pool == pool]
        out[f"response {pool}"] = statistics.mean(job.ended - job.arrived for job in mine)
        worst = worst_window(meter.samples, mine, pool)
        out[f"worst {pool}"] = (worst[0], worst[1] - begin) if worst else (None, None)
    return out


def worst_of(runs, pool):
    return min((run[f"worst {pool}"] for run in runs if run[f"worst {pool}"][0] is not None), default=(None, None))


def line_of(name, runs):
    median = {key: statistics.median(run[key] for run in runs) for key in ("throughput", "response", "last")}
    shares = ""
    for pool in RESERVED:
        share, at = worst_of(runs, pool)
        shares += f"{'-':>15}" if share is None else f"{share:8.0%} at{at:4.0f}"
    return f"  {name:<14}{median['throughput']:10.1f}{median['response']:10.1f}{median['last']:10.1f}{shares}"


def verdicts(runs):
    """What is claimed, and whether it holds."""
    def median(name, key):
        return statistics.median(run[key] for run in runs[name])
    for name, gain in (("static caps", GAIN), ("plain weights", 1)):
        yield f"throughput, of {name}", median("weir", "throughput") / median(name, "throughput"), gain
        yield f"mean response of {name}, of weir's", median(name, "response") / median("weir", "response"), gain
    kept = min(share for share, _ in (worst_of(runs["weir"], pool) for pool in RESERVED) if share is not None)
    yield "the least part of a reservation in ten seconds, weir", kept, 1 - TOLERANCE


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="of each row; the medians count (5)")
    parser.add_argument("--row", choices=ROWS, action="append", help="this one only, to look at it")
    parser.add_argument("--trace", default=HERE.parent / "traces/three-pools.csv", help="jobs as `weir simulate` reads them")
    options = parser.parse_args()
    with open(options.trace, encoding="utf-8") as handle:
        trace = list(csv.DictReader(handle))
    where = backend.detect()
    where.clean()
    if where.name == "cgroupfs":
        where.tree.write("", "cgroup.subtree_control", "+cpu")
        where.tree.make_if_missing(STARTER)
        where.tree.write(STARTER, "cpu.weight", STARTER_WEIGHT)
        where.tree.enter(STARTER)
        where.strangers = (*where.strangers, STARTER)
    folder = tempfile.mkdtemp(prefix="weir-pooling-")
    runs = {name: [] for name in options.row or ROWS}
    try:
        for number in range(options.runs):
            for name, done in runs.items():
                done.append(play(Weir(folder, where.flags), where, name, trace))
                print(f"run {number + 1}, {name}: {done[-1]}", flush=True)
    finally:
        where.clean()
        shutil.rmtree(folder)
    print(f"\n{len(trace)} jobs in {SECONDS} s, median of {options.runs}; least part of its reservation that a pool which wanted "
          "it got in 10 s, and when\n")
    print(f"  {'':<14}{'jobs/min':>10}{'response':>10}{'last end':>10}" + "".join(f"{pool:>15}" for pool in RESERVED))
    for name, done in runs.items():
        print(line_of(name, done))
    if options.row:
        return 0
    met = True
    print()
    for what, figure, goal in verdicts(runs):
        met = met and figure >= goal
        print(f"  {what}: {figure:.2f} (at least {goal:.2f}: {'met' if figure >= goal else 'MISSED'})")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
