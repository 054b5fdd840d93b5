# SPDX-License-Identifier: Apache-2.0
"""A pool that gets less memory than it uses: what can go goes, what cannot stays, and nobody is killed."""

import contextlib
import itertools
import os
import random
import subprocess
import tempfile
import time

from harness import check
from harness.context import memory_total
from harness.registry import test
from harness.sampler import Sampler

MIB = 1 << 20
SCRATCH = os.environ.get("WEIR_SCRATCH_DISK", "")


def limited(t, host="", **pools):
    return t.weir.configure(host + "".join(f'[pool.{name}]\nmemory = {{ limit = "{size}MiB" }}\n' for name, size in pools.items()))


def cache(t, pool, folder, size):
    """A container that has read a file of this size, and does nothing more."""
    path = f"{folder}/{pool}"
    with open(path, "wb") as handle:
        handle.truncate(size)
    t.run(pool, f"reader-{pool}", "sh", "-c", f"dd if={path} of=/dev/null bs=1M 2>/dev/null; exec sleep 600")
    where = t.backend.pool(pool)
    check.soon(lambda: t.tree.flat(where, "memory.stat", "file") >= size, f"{pool} has its file", 60)
    return where


def at_one_moment(t, pools):
    """The sum of their limits; nothing where one changed between the looks."""
    look = lambda: [t.tree.number(pool, "memory.max") for pool in pools]
    first = look()
    return sum(first) if look() == first else None


def kills(t, *pools):
    return sum(t.tree.flat(pool, "memory.events", key) for pool in pools for key in ("oom", "oom_kill"))


@test("shrink: what can be reclaimed makes room for a lower limit; what cannot is refused, and all stays as it was")
def once(t):
    limited(t, a=300, b=300).ok("apply")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        a, b = cache(t, "a", folder, 290 * MIB), t.backend.pool("b")
        check.at_least(t.tree.number(a, "memory.current"), 290 * MIB, "in use before")
        holder = t.hold("b", "holder", 280 * MIB)
        limited(t, a=200, b=200)
        done = t.weir("apply", status=1)
        check.contains(done.err, f"{b}/memory.max", "what is refused")
        missing = t.tree.number(b, "memory.current") - 200 * MIB
        check.contains(done.err, "is in use and cannot be taken back", "why")
        check.contains(done.err, "more than the limit", "how much is missing")
        check.at_least(missing, 80 * MIB, "what is missing")
        check.equal(t.tree.number(a, "memory.max"), 200 * MIB, "the limit of what could be reclaimed")
        check.at_most(t.tree.number(a, "memory.current"), 200 * MIB, "in use afterwards")
        check.equal(t.tree.number(b, "memory.max"), 300 * MIB, "the limit of what could not")
        check.equal([t.tree.read(pool, "memory.high") for pool in (a, b)], ["max", "max"], "memory.high")
        check.equal(kills(t, a, b), 0, "out of memory")
        check.equal(holder.process.poll(), None, "the one that holds")


@test("shrink: pools that grow and shrink at random under load kill nobody and never have more than there is",
      timeout=900, ci="newest", measured=True)
def random_pairs(t):
    total, use = 480, 60
    host = f"[host]\nreserve = {{ cpu = 0.5, memory = {memory_total() - total * MIB} }}\n"
    limited(t, host, a=total // 2, b=total // 2).ok("apply")
    a, b = pools = [t.backend.pool(name) for name in ("a", "b")]
    rnd = random.Random(7)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        for name in ("a", "b"):
            t.hold(name, f"holder-{name}", use * MIB)
            path = f"{folder}/{name}"
            with open(path, "wb") as handle:
                handle.truncate(400 * MIB)
            t.run(name, f"reads-{name}", "sh", "-c", f"while :; do dd if={path} of=/dev/null bs=1M 2>/dev/null; sleep 0.5; done")
        refused = 0
        with t.urgent(), Sampler(lambda: at_one_moment(t, pools), 0.001) as limits:
            for _ in range(t.count(20, 100)):
                of_a = rnd.randint(2 * use, total - 2 * use)
                done = limited(t, host, a=of_a, b=total - of_a)("apply", status=(0, 1), timeout=120)
                refused += done.status
                if done.status == 0:
                    check.equal(t.tree.number(a, "memory.max"), of_a * MIB, "memory.max of a")
        check.equal(kills(t, *pools), 0, "out of memory")
    t.note(f"{refused} refused, sum of limits at most {limits.most >> 20} of {total} MiB in {limits.count} samples")
    check.at_most(limits.most, total * MIB, "the sum of the limits at any moment")
    check.at_least(limits.count, 100, "samples")
    check.at_most(refused, t.count(20, 100) // 2, "how often it was refused")


def hook_times(count):
    """Whole-process times of a hook that books its container, and so needs the books, in order of size."""
    config = (b'{"ociVersion":"1.0.2","process":{"args":["true"]},"linux":{"cgroupsPath":"/elsewhere/x",'
              b'"resources":{"memory":{"limit":8388608}}}}')
    times = []
    for _ in range(count):
        begin = time.monotonic()
        subprocess.run(["weir-hook", "precreate"], input=config, stdout=subprocess.DEVNULL, check=True)
        times.append(time.monotonic() - begin)
    return sorted(times)


def again(what):
    """Does something over and over while hooks are timed."""
    numbers = itertools.count(1)
    return Sampler(lambda: what(next(numbers)))


@test("shrink: one that cannot come to an end keeps no hook waiting", ci="newest", measured=True)
def endless(t):
    """Beside a shrink a hook must be no slower than beside an apply that shrinks nothing."""
    host = '[host]\ndefault_pool = "b"\n'
    limited(t, host, a=300, b=100).ok("apply")
    count = 400  # the p99 of fewer is the slowest or the next, which is chance
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        path = f"{folder}/mapped"
        with open(path, "wb") as handle:
            handle.truncate(280 * MIB)
        # Page cache that comes back as fast as it goes.
        t.run("a", "hot", "sh", "-c", f"while :; do dd if={path} of=/dev/null bs=4M 2>/dev/null; done")
        check.soon(lambda: t.tree.flat(t.backend.pool("a"), "memory.stat", "file") >= 250 * MIB, "it has its file", 60)
        alone = hook_times(count)

        def apply(number):
            limited(t, host, a=300, b=100 + number % 2).ok("apply")

        def shrink(number):
            limited(t, host, a=(300, 200)[number % 2], b=100)("apply", status=(0, 1))
        with again(apply):
            beside_apply = hook_times(count)
        with again(shrink):
            beside_shrink = hook_times(count)
    at = lambda times, part: times[int(len(times) * part)]  # noqa: E731
    t.note("hook alone / beside an apply / beside a shrink, ms: " + ", ".join(
        f"p{part * 100:.0f} " + " / ".join(f"{at(times, part) * 1000:.0f}" for times in (alone, beside_apply, beside_shrink))
        for part in (0.5, 0.99)))
    # A pause as long as the shrink's patience would be seconds.
    check.at_most(at(beside_shrink, 0.99), t.count(2, 1.25) * at(beside_apply, 0.99), "p99 beside a shrink")


@contextlib.contextmanager
def swap_space():
    """The guest's scratch disk as swap."""
    subprocess.run(["mkswap", SCRATCH], stdout=subprocess.DEVNULL, check=True)
    subprocess.run(["swapon", SCRATCH], check=True)
    try:
        yield
    finally:
        subprocess.run(["swapoff", SCRATCH], check=True)


@test("shrink: anonymous memory makes room where there is swap and the pool may use it, and only there", ci="plain")
def swapping(t):
    pools = ('[pool.a]\nmemory = {{ limit = "{0}MiB", swap = "150MiB" }}\n'
             '[pool.b]\nmemory = {{ limit = "{0}MiB", swap = "0" }}\n')
    t.weir.configure(pools.format(300)).ok("apply")
    a, b = t.backend.pool("a"), t.backend.pool("b")
    holders = [t.hold(pool, f"holder-{pool}", 280 * MIB) for pool in ("a", "b")]
    t.weir.configure(pools.format(200))
    check.contains(t.weir("apply", status=1).err, f"{a}/memory.max", "without swap neither can give way")
    check.equal([t.tree.number(pool, "memory.max") for pool in (a, b)], [300 * MIB] * 2, "the limits without swap")
    with swap_space():
        done = t.weir("apply", status=1)
        check.contains(done.err, f"{b}/memory.max", "the one that may not swap")
        check.equal([t.tree.number(pool, "memory.max") for pool in (a, b)], [200 * MIB, 300 * MIB], "the limits with swap")
        check.at_least(t.tree.number(a, "memory.swap.current"), 70 * MIB, "what was swapped out")
        check.equal(kills(t, a, b), 0, "out of memory")
        for holder in holders:
            check.equal(holder.process.poll(), None, "who holds it")
            t.weir.ok("release", holder.name, "--kill")
