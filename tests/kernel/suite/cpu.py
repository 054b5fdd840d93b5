# SPDX-License-Identifier: Apache-2.0
"""CPU time under load, measured with cpu.stat in the middle of it."""

import statistics
import time

from harness import check
from harness.registry import test

WARM_UP = 3
POINTS = 0.02  # two percentage points


def start_pools(t, threads):
    for pool, count in threads.items():
        t.burn(pool, threads=count)


def kill_pools(t, pools):
    for pool in pools:
        t.tree.write(t.backend.pool(pool), "cgroup.kill", 1)
    for pool in pools:
        check.soon(lambda: not t.tree.populated(t.backend.pool(pool)), f"{pool} is empty")


def parts(found):
    return [value / sum(found) for value in found]


@test("three busy pools get CPU as entitled, within 2 percentage points", ci="plain", measured=True)
def three_pools(t):
    shares = {"a": 100, "b": 200, "c": 300}
    t.weir.configure("".join(f"[pool.{name}]\nshares = {count}\n" for name, count in shares.items())).ok("apply")
    entitled = {pool["name"]: pool["cpu"]["entitlement"] for pool in t.weir.json("pool", "list")["pools"]}
    capacity = t.weir.json("host")["capacity"]["cpu"]
    check.near(sum(entitled.values()), capacity, 1e-5, "sum of the entitlements")
    samples = []
    for _ in range(t.count(3, 15)):
        start_pools(t, {name: t.cpus + 1 for name in shares})
        time.sleep(WARM_UP)
        samples.append(parts(t.cores([t.backend.pool(name) for name in shares], 5)))
        kill_pools(t, shares)
    found = [statistics.median(column) for column in zip(*samples)]
    t.note("shares: " + "  ".join(f"{value:.1%}" for value in found) + f"  (of {len(samples)} runs)")
    for name, part in zip(shares, found):
        check.near(part, entitled[name] / capacity, POINTS, f"share of {name}")


# `a` reserves a core of every two; the others have ten times as many threads.
RESERVED = """
[pool.a]
cpu = {{ reservation = {cores} }}
[pool.b]
shares = 400
[pool.c]
shares = 500
"""


def reserve(t):
    cores = t.cpus / 2
    t.weir.configure(RESERVED.format(cores=cores)).ok("apply")
    return cores


def check_reservation(t, cores, what):
    time.sleep(WARM_UP)
    found = t.median_cores([t.backend.pool(name) for name in "abc"], 3, t.count(1, 11))
    t.note(f"{what}: a {found[0]:.3f} of {cores:g} reserved, b {found[1]:.3f}, c {found[2]:.3f} cores")
    check.at_least(found[0], cores - POINTS * t.cpus, f"cores of the pool that reserves, {what}")


@test("a pool gets its reservation while the others have ten times as many threads", ci="newest", measured=True)
def ten_times(t):
    cores = reserve(t)
    start_pools(t, {"a": t.cpus, "b": 10 * t.cpus, "c": 10 * t.cpus})
    check_reservation(t, cores, "the others with ten times the threads")


@test("a pool gets its reservation while spinners run outside since before apply", ci="newest",
      measured=True)
def outside_before(t):
    sibling = t.tree.make("outside")
    t.burn_outside("", threads=10 * t.cpus)
    t.burn_outside(sibling, threads=10 * t.cpus)
    with t.urgent():
        cores = reserve(t)
        start_pools(t, {"a": t.cpus, "b": t.cpus})
        check_reservation(t, cores, "threads outside since before apply")


@test("a pool gets its reservation while spinners run outside since after apply", ci="plain",
      measured=True)
def outside_after(t):
    """A cgroup beside the slice may hold any number; in the root, each weighs: one for each CPU is allowed for."""
    cores = reserve(t)
    t.burn_outside(t.tree.make("outside"), threads=10 * t.cpus)
    t.burn_outside("", processes=t.cpus)
    with t.urgent():
        start_pools(t, {"a": t.cpus, "b": t.cpus})
        check_reservation(t, cores, "threads outside since after apply")


@test("many spinners beside weir.slice since after apply: verify names its weight, apply restores the reservation",
      timeout=150, ci="plain", measured=True)
def outside_root_many(t):
    cores = reserve(t)
    t.burn_outside("", threads=10 * t.cpus)
    with t.urgent():
        start_pools(t, {"a": t.cpus, "b": t.cpus})
        apply_again(t)
        check_reservation(t, cores, "threads beside the slice, applied again")


def apply_again(t):
    found = t.weir.json("verify", status=10)["drift"]
    check.equal([(d["cgroup"], d["file"]) for d in found], [(t.backend.top, "cpu.weight")], "drift")
    t.weir.ok("apply")


@test("a CPU limit holds for a pool and for a container", measured=True)
def limits(t):
    t.weir.configure("[pool.a]\ncpu = { limit = 0.5 }\n[pool.b]\n").ok("apply")
    t.burn("a", threads=2)
    path = t.run("b", "capped", "weir-burn", "--threads", "2", "--seconds", "600", flags=("--cpus", "0.25")).path
    time.sleep(1)
    found = t.median_cores([t.backend.pool("a"), path], 4, t.count(1, 11))
    t.note(f"limit 0.5: {found[0]:.3f}, limit 0.25: {found[1]:.3f} cores")
    check.near(found[0], 0.5, 0.05, "cores of the pool")
    check.near(found[1], 0.25, 0.05, "cores of the container")


@test("containers of one pool share it by their entitlement", ci="plain", measured=True)
def containers(t):
    t.weir.configure("[pool.a]\n").ok("apply")
    for name, request in (("big", t.cpus / 2), ("small", 0.1)):
        t.run("a", name, "weir-burn", "--threads", str(2 * t.cpus), "--seconds", "600",
              flags=("--cpu-request", str(request)))
    found = {c["name"]: c for c in t.weir.json("ps")["containers"]}
    paths = [found[name]["path"] for name in ("big", "small")]
    entitled = parts([found[name]["cpu"]["entitlement"] for name in ("big", "small")])
    time.sleep(WARM_UP)
    measured = parts(t.median_cores(paths, 5, t.count(1, 11)))
    t.note(f"entitled {entitled[0]:.1%} and {entitled[1]:.1%}, found {measured[0]:.1%} and {measured[1]:.1%}")
    check.near(measured[0], entitled[0], 0.03, "share of the bigger one")


SLEEPER = """
import sys, time
worst, end = 0, time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    begin = time.monotonic()
    time.sleep(0.01)
    worst = max(worst, time.monotonic() - begin)
    for number in range(30000):
        pass
print(worst, file=open(sys.argv[2], "w"))
"""


def wakes_in_time(t, *flags):
    """Linux 6.1 makes who wakes below a throttled cgroup wait in proportion to its siblings' weights: half a minute and
    more where those are 10000, and these are not."""
    t.weir.configure("[pool.ci]\ncpu = { limit = 1 }\n").ok("apply")
    for number in range(2):
        busy = t.run("ci", f"busy{number}", "weir-burn", "--threads", "1", "--seconds", "600", flags=flags)
        t.ready(busy.process)
    result = f"{t.folder}/worst"
    t.weir.ok("run", "--pool", "ci", "--", "python3", "-c", SLEEPER, t.count(30, 120), result, timeout=t.count(200, 400))
    with open(result, encoding="utf-8") as handle:
        worst = float(handle.read())
    t.note(f"the longest of its sleeps of 0.01 s took {worst:.2f} s")
    check.at_most(worst, 8, "seconds a sleep of 0.01 s took")


@test("cpu: who sleeps and wakes in a busy pool at its limit is not made to wait", ci="oldest")
def wakes_beside_equals(t):
    wakes_in_time(t)


@test("cpu: nor who does beside containers that reserved twice its part", ci="oldest")
def wakes_beside_heavier(t):
    wakes_in_time(t, "--cpus", 0.4, "--cpu-request", 0.4)
