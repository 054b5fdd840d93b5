# SPDX-License-Identifier: Apache-2.0
"""Memory reservations under pressure from outside."""

import contextlib
import tempfile

from harness import check
from harness.registry import test

MIB = 1 << 20
CACHED, RESERVED = 120 * MIB, 160 * MIB
LRU_GEN = "/sys/kernel/mm/lru_gen/enabled"


def available():
    with open("/proc/meminfo", encoding="utf-8") as handle:
        return next(int(line.split()[1]) * 1024 for line in handle if line.startswith("MemAvailable"))


def make_file(path, size):
    """Holes cost no reading, and fill the page cache all the same."""
    with open(path, "wb") as handle:
        handle.truncate(size)
    return path


def cached(t, pool):
    return t.tree.flat(t.backend.pool(pool), "memory.stat", "file")


def read_in_pool(t, pool, path):
    make_file(path, CACHED)
    t.run(pool, f"reader-{pool}", "sh", "-c", f"dd if={path} of=/dev/null bs=1M 2>/dev/null; exec sleep 600")
    return check.soon(lambda: cached(t, pool) >= CACHED and cached(t, pool), f"{pool} has its file", 30)


def storm(t, folder):
    """Reads far more than there is room for, in a cgroup beside the slice."""
    room = 300 * MIB
    t.burn_outside(None, threads=0, hold=available() - room)
    big = make_file(f"{folder}/big", 3 * room)
    sibling = t.tree.make("outside")
    for _ in range(t.count(1, 10)):
        check.equal(t.spawn(["dd", f"if={big}", "of=/dev/null", "bs=1M"], sibling).wait(120), 0, "the storm")


def pools_in_storm(t, hard):
    t.weir.configure(f"[pool.kept]\nmemory = {{ reservation = {RESERVED}, hard = {hard} }}\n[pool.loose]\n").ok("apply")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        before = {pool: read_in_pool(t, pool, f"{folder}/{pool}") for pool in ("kept", "loose")}
        storm(t, folder)
        after = {pool: cached(t, pool) for pool in before}
    t.note("  ".join(f"{pool}: {before[pool] >> 20} -> {after[pool] >> 20} MiB" for pool in before))
    check.at_least(after["kept"], 0.98 * before["kept"], "page cache of the pool that reserves")
    check.at_most(after["loose"], 0.8 * before["loose"], "page cache of the pool that does not: was there a storm?")


@test("a page-cache storm outside does not reclaim a pool within its hard memory reservation", ci="plain",
      measured=True)
def hard_reservation(t):
    pools_in_storm(t, "true")


@test("a page-cache storm outside does not reclaim a pool within its memory reservation", ci="plain",
      measured=True)
def reservation(t):
    """With the multi-generational LRU the kernel reclaims below memory.low, too (6.12): there it takes `hard`."""
    with classic_lru():
        pools_in_storm(t, "false")


@contextlib.contextmanager
def classic_lru():
    with open(LRU_GEN, encoding="utf-8") as handle:
        before = handle.read().strip()
    try:
        set_lru_gen("0")
        yield
    finally:
        set_lru_gen(before)


def set_lru_gen(value):
    with open(LRU_GEN, "w", encoding="utf-8") as handle:
        handle.write(value)


@test("a container beyond its memory limit is killed as a whole, and its neighbours live")
def oom_group(t):
    t.weir.configure("[pool.a]\n[pool.b]\noom = \"process\"\n").ok("apply")
    neighbour = t.hold("a", "neighbour", 20 * MIB)
    for pool, whole in (("a", True), ("b", False)):
        script = f"sleep 600 & weir-burn --threads 0 --hold {100 * MIB} --seconds 60; echo status $?"
        done = t.weir("run", "--pool", pool, "--name", f"greedy-{pool}", "--memory", "40MiB", "--", "sh", "-c", script)
        if whole:
            check.equal(done.status, 137, "exit status of the group")
        else:
            check.equal((done.status, done.out), (0, "status 137\n"), "the shell outlives the process that was killed")
    check.equal(neighbour.process.poll(), None, "the neighbour")
