# SPDX-License-Identifier: Apache-2.0
"""Random comings and goings, watched from the kernel: nothing is ever promised twice."""

import collections
import os
import random
import signal
import subprocess
import threading
import time

from harness import check
from harness.context import memory_total
from harness.registry import test
from harness.weir import end

MIB = 1 << 20
UNIT = 16 * MIB
CAPACITY = 24
KEYS = (b"memory_request", b"memory_limit")


Booking = collections.namedtuple("Booking", "container amount covered remains")


def in_all(bookings):
    """What one container takes of the host: what it was admitted with, and what its moves left behind beyond that. The cgroup
    that a move is about to fill says that it is not the container yet, and has the same amount, none of it covered."""
    request = max((booking.amount for booking in bookings if not booking.remains), default=None)
    if request is None:
        return max(booking.amount for booking in bookings)
    return request + sum(booking.amount - booking.covered for booking in bookings
                         if booking.remains and (booking.covered or booking.amount != request))


class Auditor(threading.Thread):
    """Adds up what the containers that exist at one moment were admitted with, as their cgroups say."""

    def __init__(self, tree, top):
        super().__init__(daemon=True)
        self.tree, self.top, self.stop = tree, top, threading.Event()
        self.most, self.samples, self.fullest = {}, 0, {}

    @staticmethod
    def record_of(path):
        """What the cgroup's record says: whose it is, with how much, and whether the container itself is there."""
        lines = dict(line.split(b" ", 1) for line in os.getxattr(path, "trusted.weir.container").splitlines() if b" " in line)
        return Booking(lines[b"name"], next((int(lines[key]) for key in KEYS if key in lines), 0),
                       int(lines.get(b"covered", 0)), b"remains" in lines)

    def look(self):
        """Sums by pool, or None when somebody came, went or changed meanwhile: then it was no moment. On its way from one
        pool to another a container is booked in both, and once in all."""
        seen, sums, everybody = {}, {}, {}
        for folder, names, _ in os.walk(self.tree.path(self.top)):
            for name in names:
                path = f"{folder}/{name}"
                if name.endswith(".scope"):
                    booking = self.record_of(path)
                    seen[path] = os.stat(path).st_ino, booking
                    sums[folder] = sums.get(folder, 0) + booking.amount
                    everybody.setdefault(booking.container, []).append(booking)
        if any((os.stat(path).st_ino, self.record_of(path)) != then for path, then in seen.items()):
            return None
        return {**sums, "all": sum(in_all(bookings) for bookings in everybody.values())}, seen

    def run(self):
        while not self.stop.is_set():
            try:
                moment = self.look()
            except OSError:
                continue
            if moment is not None:
                self.samples += 1
                self.remember(*moment)
            time.sleep(0.002)

    def remember(self, sums, seen):
        for pool, amount in sums.items():
            if amount > self.most.get(pool, -1):
                self.most[pool], self.fullest[pool] = amount, [(path, *then, self.life_of(path)) for path, then in seen.items()]

    @staticmethod
    def life_of(path):
        """For whoever reads why a sum is too high."""
        try:
            with open(f"{path}/cgroup.events", encoding="utf-8") as events:
                return os.getxattr(path, "trusted.weir.container").decode(), events.readline().strip()
        except OSError as error:
            return str(error)

    def check(self, pool, units, what):
        shown = "".join(f"\n  {line}" for line in self.fullest.get(pool, []))
        check.at_most(self.most.get(pool, 0), units * UNIT, f"{what}; then there were:{shown}\n")


class Churn:
    POOLS = ("one", "two", "three")

    def __init__(self, t, seed):
        self.t, self.random, self.number, self.running = t, random.Random(seed), 0, []
        self.done = {}

    def note(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    def name(self):
        self.number += 1
        return f"c{self.number}"

    def run(self):
        flags = ("--wait=5s",) if self.random.random() < 0.5 else ()
        command = ("run", "--pool", self.random.choice(self.POOLS), "--name", self.name(), "--memory-request",
                   self.random.randint(1, 6) * UNIT, *flags, "--", "sleep", f"{self.random.random() * 12:.2f}")
        child = self.t.weir.start(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.t.started.append(child)
        self.running.append(child)

    def place(self):
        child = self.t.spawn(["sleep", f"{self.random.random() * 12:.2f}"])
        self.t.weir("place", "--pool", self.random.choice(self.POOLS), "--name", self.name(), child.pid,
                    status=(0, 1, 2, 5, 7, 8))

    def release(self):
        alive = self.t.weir.json("ps")["containers"]
        if alive:
            self.t.weir("release", self.random.choice(alive)["name"], "--kill", status=(0, 1, 7, 8))

    def move(self):
        alive = self.t.weir.json("ps")["containers"]
        if alive:
            self.t.weir("move", self.random.choice(alive)["name"], "--to", self.random.choice(self.POOLS),
                        status=(0, 1, 5, 7, 8))

    def kill(self):
        if self.running:
            child = self.random.choice(self.running)
            child.send_signal(self.random.choice((signal.SIGKILL, signal.SIGTERM)))
            self.running.remove(child)

    def change(self):
        self.t.weir("pool", "set", "three", f"memory.reservation={self.random.randint(0, 6) * 16}MiB",
                    status=(0, 1, 3, 5, 8))

    def step(self):
        what = self.random.choices(("run", "place", "release", "kill", "move", "change"), (8, 2, 2, 3, 3, 1))[0]
        getattr(self, what)()
        self.note(what)
        self.running = [child for child in self.running if child.poll() is None]


@test("admission: what is admitted never exceeds the capacity or a pool's limit, whatever comes, goes and is killed",
      timeout=150, ci="newest")
def churn(t):
    t.weir.configure(f"[host]\nreserve = {{ cpu = 0, memory = {memory_total() - CAPACITY * UNIT} }}\n"
                     f"[pool.one]\nexpandable = true\nmemory = {{ reservation = {6 * UNIT}, limit = {14 * UNIT} }}\n"
                     f"[pool.one.container]\nmemory = {{ request = {2 * UNIT} }}\n"
                     f"[pool.two]\nmemory = {{ reservation = {8 * UNIT} }}\n"
                     f"[pool.two.container]\nmemory = {{ request = {2 * UNIT} }}\n").ok("apply")
    t.weir.ok("pool", "create", "three", "memory.reservation=32MiB", "expandable=true")
    auditor, churn_of, deadline = Auditor(t.tree, t.backend.top), Churn(t, 11), time.monotonic() + t.count(40, 600)
    auditor.start()
    try:
        while time.monotonic() < deadline:
            churn_of.step()
    finally:
        auditor.stop.set()
        auditor.join()
    t.note(f"{churn_of.done}, {auditor.samples} samples, at most {auditor.most['all'] // UNIT} of {CAPACITY} units")
    check.at_least(auditor.samples, 50, "moments at which the kernel was read")
    auditor.check("all", CAPACITY, "admitted in all")
    check.at_least(auditor.most["all"], CAPACITY * UNIT // 4, "admitted in all: it was hardly used")
    for pool, most in (("one", 14), ("two", 8)):
        auditor.check(t.tree.path(t.backend.pool(pool)), most, f"admitted in {pool}")
    for child in churn_of.running:
        end(child, signal.SIGTERM)
    check.soon(lambda: t.weir.json("ps")["containers"] == [], "all ended", 30)
    for pool in t.weir.json("pool", "list")["pools"]:
        check.equal((pool["containers"], pool["memory"]["reserved_bytes"]), (0, 0), f"{pool['name']} at the end")
    check.equal([drift for drift in t.weir.json("verify", status=(0, 10))["drift"] if drift["file"] == "weir.books"], [],
                "sums at the end")
