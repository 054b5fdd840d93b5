# SPDX-License-Identifier: Apache-2.0
"""weir killed right before its n-th system call that changes something: the next command finishes, undoes or reports."""

import os
import random

from harness import check
from harness.registry import test

POOLS = """
[pool.web]
memory = { reservation = "8MiB", limit = "400MiB" }
pids = { limit = 300 }
[pool.batch]
shares = 300
[pool.team]
cpu = { limit = 1 }
[pool.nightly]
parent = "team"
"""
CHANGED = POOLS.replace("8MiB", "16MiB").replace("400MiB", "200MiB").replace("300", "200").replace("[pool.nightly]",
                                                                                                   "[pool.release]")


def stopped_at(t, number, *command):
    """Runs weir until right before its call of this number; 0: to the end. Gives back its status and how many it made."""
    count = f"{t.folder}/calls"
    done = t.weir(*command, prefix=("weir-stop-at", str(number), count))
    with open(count, encoding="ascii") as handle:
        return done, int(handle.read())


def moments(t, calls, soak):
    """All of them at full size, else the first, the last and some between."""
    every = range(1, calls + 1)
    if t.size != "ci":
        return every
    dice = random.Random(calls)
    return sorted({1, calls, *dice.sample(every, min(soak, calls))})


def frozen(t):
    return [path for path in t.tree.walk(t.backend.top) if t.tree.read_if_there(path, "cgroup.freeze") == "1"
            and t.tree.populated(path)]


def check_repaired(t, what):
    """Nothing is frozen, and weir itself brings the tree to what the file promises."""
    t.weir.ok("ps")
    check.equal(frozen(t), [], f"{what}: frozen after the next command")
    t.weir.ok("apply")
    check.equal(t.weir.json("verify")["drift"], [], f"{what}: drift after the next apply")
    left = [name for name in os.listdir("/run/weir/private") if name.startswith("job-")]
    check.equal(left, [], f"{what}: journal entries left")


@test("stopped at any change of apply: the next one finishes it", timeout=180, ci="plain")
def during_apply(t):
    for before, after in ((None, POOLS), (POOLS, CHANGED)):
        def prepare(first=before, then=after):
            t.weir("teardown", status=(0, 3))
            if first:
                t.weir.configure(first).ok("apply")
            t.weir.configure(then)
        t.weir.configure(after)
        prepare()
        done, calls = stopped_at(t, 0, "apply")
        check.equal(done.status, 0, f"apply to its end: {done}")
        check.at_least(calls, 8, "changes of an apply")
        for number in moments(t, calls, 3):
            prepare()
            check.equal(stopped_at(t, number, "apply")[0].status, 137, f"apply stopped at {number}")
            check_repaired(t, f"apply at {number} of {calls}")


@test("stopped at any change of teardown: the next one finishes it", timeout=120, ci="plain")
def during_teardown(t):
    t.weir.configure(POOLS).ok("apply")
    calls = stopped_at(t, 0, "teardown")[1]
    for number in moments(t, calls, 3):
        t.weir.ok("apply")
        check.equal(stopped_at(t, number, "teardown")[0].status, 137, f"teardown stopped at {number}")
        t.weir.ok("teardown")
        check.equal(t.backend.leftovers(), [], f"left after a teardown that was stopped at {number} of {calls}")


@test("stopped at any change of run: the command runs or never did, and its cgroup goes", timeout=180, ci="plain")
def during_run(t):
    t.weir.configure(POOLS).ok("apply")
    web = t.backend.pool("web")
    done, calls = stopped_at(t, 0, "run", "--pool", "web", "--name", "one", "--memory", "20MiB", "--", "true")
    check.equal(done.status, 0, f"run to its end: {done}")
    for number in moments(t, calls, 6):
        stopped_at(t, number, "run", "--pool", "web", "--name", "one", "--memory", "20MiB", "--", "true")
        check.soon(lambda: not t.tree.populated(web), f"run at {number}: the command ended", 10)
        check_repaired(t, f"run at {number} of {calls}")
        check.equal(t.tree.children(web), [], f"run at {number} of {calls}: cgroups left")


def everybody(t):
    """pid -> cgroup of every process below the tree."""
    return {pid: path for path in t.tree.walk(t.backend.top) for pid in t.tree.pids_if_there(path)}


@test("stopped at any change of place: nobody stays frozen, everybody is where they were or in the container",
      timeout=180, ci="plain")
def during_place(t):
    t.weir.configure(POOLS).ok("apply")

    def start():
        t.tree.make_if_missing("outside")
        child = t.spawn(["sh", "-c", "sleep 600 & sleep 600 & echo ready; wait"], "outside", start_new_session=True)
        return t.ready(child)
    child = start()
    calls = stopped_at(t, 0, "place", "--pool", "web", "--name", "one", child.pid)[1]
    t.weir.ok("release", "one", "--kill")
    for number in moments(t, calls, 5):
        child = start()
        stopped_at(t, number, "place", "--pool", "web", "--name", "one", child.pid)
        check_repaired(t, f"place at {number} of {calls}")
        inside, outside = len(everybody(t)), len(t.tree.pids("outside"))
        check.equal(inside + outside, 3, f"place at {number} of {calls}: processes alive")
        t.weir("release", "one", "--kill", status=(0, 7))
        t.tree.kill("outside")


@test("stopped at any change of move: the container is whole in one pool and runs", timeout=240)
def during_move(t):
    t.weir.configure(POOLS).ok("apply")
    box = t.run("web", "box", "sh", "-c", "sleep 600 & sleep 600 & wait", flags=("--memory", "100MiB"))
    check.soon(lambda: len(everybody(t)) == 3, "three processes")
    pools = {"web": t.backend.pool("web"), "batch": t.backend.pool("batch")}
    calls = stopped_at(t, 0, "move", "box", "--to", "batch")[1]
    check.at_least(calls, 10, "changes of a move")
    for number in moments(t, calls, 8):
        was = next(name for name, path in pools.items() if any(p.startswith(path) for p in everybody(t).values()))
        target = "batch" if was == "web" else "web"
        stopped_at(t, number, "move", "box", "--to", target)
        check_repaired(t, f"move at {number} of {calls}")
        there = {path for path in everybody(t).values()}
        listed = t.weir.json("ps")["containers"]
        check.equal([c["name"] for c in listed], ["box"], f"move at {number} of {calls}: containers")
        check.that(all(path.startswith(listed[0]["path"]) for path in there),
                   f"move at {number} of {calls}: {there} is not in {listed[0]['path']}")
        check.equal(len(everybody(t)), 3, f"move at {number} of {calls}: processes")
    check.equal(box.process.poll(), None, "the container goes on")
    t.weir.ok("release", "box", "--kill")
    check.equal(box.process.wait(20), 137, "the container's status")


@test("stopped at any change of release: the container is there or gone", timeout=120, ci="plain")
def during_release(t):
    t.weir.configure(POOLS).ok("apply")
    web = t.backend.pool("web")
    t.run("web", "one", "sleep", "600")
    calls = stopped_at(t, 0, "release", "one", "--kill")[1]
    for number in moments(t, calls, 3):
        t.run("web", "one", "sleep", "600")
        stopped_at(t, number, "release", "one", "--kill")
        check_repaired(t, f"release at {number} of {calls}")
        t.weir("release", "one", "--kill", status=(0, 7))
        check.soon(lambda: t.weir.ok("ps") and not t.tree.children(web), f"release at {number}: the cgroup is gone")
