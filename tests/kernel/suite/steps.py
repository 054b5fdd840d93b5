# SPDX-License-Identifier: Apache-2.0
"""weir killed just before each of its changes, one after the other: the next command finishes or undoes what it left."""

import json
import os
import tempfile

from harness import check
from harness.registry import test
from suite.move import everybody, path_of

MIB = 1 << 20
POOLS = """
[host]
default_pool = "web"
[pool.web]
memory = { reservation = "64MiB", limit = "512MiB" }
[pool.batch]
cpu = { limit = 1 }
pids = { limit = 500 }
[pool.night]
parent = "batch"
memory = { limit = "256MiB" }
"""
OTHER = POOLS.replace("512MiB", "400MiB").replace("500", "400") + "shares = 300\n"


class Steps:
    """Runs one command of weir again and again, each time with another of its changes as its last."""

    def __init__(self, t, at_ci):
        self.t, self.at_ci = t, at_ci
        self.report = f"{t.folder}/kill-at"

    def killed(self, at, command, given=None, program=None):
        """(status, what it was about to do) of a command that dies before its change number `at`; 0: it lives."""
        whole = ["weir-kill-at", str(at), self.report, *(program or self.t.weir.command(*command))]
        with tempfile.TemporaryFile() as words:
            words.write(given or b"")
            words.seek(0)
            status = self.t.weir.run_any(whole, timeout=240, stdin=words).status
        with open(self.report, encoding="utf-8") as handle:
            return status, handle.read().strip()

    def through(self, command, prepare, afterwards, given=None, program=None, status=0):
        prepare(0)
        ended, count = self.killed(0, command(0), given, program)
        check.equal(ended, status, "status of one that is not killed")
        afterwards(0)
        total = int(count)
        check.at_least(total, 3, "changes")
        stride = max(1, self.t.count(-(-total // self.at_ci), 1))
        died = []
        for at in range(1, total + 1, stride):
            prepare(at)
            ended, doing = self.killed(at, command(at), given, program)
            if ended == 137:
                died.append(doing)
            try:
                afterwards(at)
            except (check.Failed, TimeoutError) as error:
                raise check.Failed(f"killed before change {at} of {total} ({doing}): {error}") from error
        self.t.note(f"{total} changes, died before {len(died)} of them")
        # The number of changes differs a little from run to run: the last ones may not come.
        check.at_least(len(died), (total // stride) * 3 // 4, "how often it died")

    def repaired(self):
        """What every next command must find or make."""
        t = self.t
        t.weir.ok("ps")
        frozen = [path for path in t.tree.walk(t.backend.top) if t.tree.read_if_there(path, "cgroup.freeze") == "1"]
        check.equal(frozen, [], "who stands still")
        sums = [one for one in t.weir.json("verify", status=(0, 10))["drift"] if one["file"] == "weir.books"]
        check.equal(sums, [], "sums")
        t.weir.ok("apply")
        check.equal(t.weir.json("verify")["drift"], [], "drift after the next apply")


def names(t):
    return [container["name"] for container in t.weir.json("ps")["containers"]]


def scopes(t):
    return [path for path in t.tree.walk(t.backend.top) if path.endswith(".scope")]


def nobody(t):
    for name in names(t):
        t.weir("release", name, "--kill", status=(0, 1))
    check.soon(lambda: not names(t), "nobody is left", 30)
    check.equal(scopes(t), [], "cgroups left")


@test("steps: apply killed before each of its changes: the next one finishes it, or takes it down", ci="plain", timeout=400)
def during_apply(t):
    steps = Steps(t, 4)

    def nothing(_):
        t.weir.ok("teardown")

    def other_pools(_):
        t.weir.configure(OTHER).ok("apply")
        t.weir.configure(POOLS)

    def taken_down(_):
        t.weir.ok("teardown")
        check.equal(t.backend.leftovers(), [], "left after teardown")
    t.weir.configure(POOLS)
    for prepare in (nothing, other_pools):
        steps.through(lambda _: ("apply",), prepare, lambda _: steps.repaired())
    steps.through(lambda _: ("apply",), nothing, taken_down)


@test("steps: teardown --kill killed before each of its changes: the next one finishes it", ci="plain", timeout=400)
def during_teardown(t):
    def prepare(_):
        t.weir.configure(POOLS).ok("apply")
        t.weir("run", "--pool", "web", "--name", "box", "--", "true")
        t.started.append(t.weir.start("run", "--pool", "web", "--name", "one", "--", "sleep", "600"))
        check.soon(lambda: "one" in names(t), "a container", 30)

    def afterwards(_):
        t.weir.ok("teardown", "--kill")
        check.equal(t.backend.leftovers(), [], "left after teardown")
        t.started.pop().wait(30)
    Steps(t, 4).through(lambda _: ("teardown", "--kill"), prepare, afterwards)


@test("steps: run killed before each of its changes: its command runs in the pool or not at all", timeout=400)
def during_run(t):
    t.weir.configure(POOLS).ok("apply")
    steps, order = Steps(t, 5), f"{t.folder}/order"

    def afterwards(at):
        steps.repaired()
        check.among(names(t), ([], [f"box{at}"]), "containers")
        check.soon(lambda: not names(t), "its command ends", 30)
        steps.repaired()
        check.equal(scopes(t), [], "cgroups left")
        if os.path.exists(order):
            with open(order, encoding="utf-8") as handle:
                check.that(all("weir-web.slice/" in line for line in handle), "it ran somewhere else")
    steps.through(lambda at: ("run", "--pool", "web", "--name", f"box{at}", "--memory", "64MiB", "--", "sh", "-c",
                              f"cat /proc/self/cgroup >>{order}; sleep 0.5"), lambda _: None, afterwards)


@test("steps: place killed before each of its changes: its processes are in the pool or where they were", timeout=400)
def during_place(t):
    t.weir.configure(POOLS).ok("apply")
    steps = Steps(t, 5)
    children = {}

    def prepare(at):
        children[at] = t.spawn(["sh", "-c", "sleep 600 & exec sleep 600"])
        check.soon(lambda: len(family(children[at].pid)) == 2, "a child", 20)

    def afterwards(at):
        steps.repaired()
        alive = family(children[at].pid)
        check.equal(len(alive), 2, "processes")
        inside = everybody(t, t.backend.pool("web"))
        check.that(not inside or names(t) == [f"box{at}"], f"a container without a name: {inside}, {names(t)}")
        check.that(not names(t) or inside, f"a name without processes: {names(t)}")
        nobody(t)
        for pid in alive:
            if os.path.exists(f"/proc/{pid}"):
                os.kill(pid, 9)
        children[at].wait()
    steps.through(lambda at: ("place", "--pool", "web", "--name", f"box{at}", children[at].pid), prepare, afterwards)


def family(pid):
    """A process and its children that are no zombies."""
    out = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as handle:
                state, parent = handle.read().rsplit(") ", 1)[1].split()[0:2]
        except OSError:
            continue
        if state != "Z" and pid in (int(name), int(parent)):
            out.append(int(name))
    return out


@test("steps: move killed before each of its changes: the container is whole, in one pool, and runs", timeout=600)
def during_move(t):
    t.weir.configure(POOLS).ok("apply")
    steps, pools = Steps(t, 5), ("web", "night")
    slices = [t.backend.pool("web"), t.backend.pool("batch", "night")]
    box = t.run("web", "box", "sh", "-c", "sleep 3600 & sleep 3600 & exec sleep 3600", flags=("--memory", "64MiB"))
    check.soon(lambda: len(everybody(t, slices[0])) == 3, "three processes", 30)

    def here():
        return pools.index(next(c["pool"] for c in t.weir.json("ps")["containers"] if c["name"] == "box"))

    def afterwards(_):
        steps.repaired()
        check.equal(names(t), ["box"], "containers")
        check.equal(sorted(len(everybody(t, path)) for path in slices), [0, 3], "processes in either pool")
        check.equal(len(everybody(t, slices[here()])), 3, "processes where ps says")
        check.soon(lambda: not left_behind(t), "nothing is left behind", 30)
        check.equal(t.tree.number(path_of(t, "box"), "memory.max"), 64 * MIB, "its limit")
    steps.through(lambda _: ("move", "box", "--to", pools[1 - here()]), lambda _: None, afterwards)
    check.equal(box.process.poll(), None, "weir run")


def left_behind(t):
    t.weir.ok("ps")
    return len(scopes(t)) > 1


@test("steps: release --kill killed before each of its changes: the next one ends the container", timeout=400)
def during_release(t):
    t.weir.configure(POOLS).ok("apply")
    steps = Steps(t, 4)

    def prepare(at):
        t.run("web", f"box{at}", "sh", "-c", "sleep 600 & exec sleep 600")

    def afterwards(at):
        steps.repaired()
        nobody(t)
        steps.repaired()
        t.started.pop().wait(30)
        check.equal(names(t), [], f"box{at} is gone")
    steps.through(lambda at: ("release", f"box{at}", "--kill"), prepare, afterwards)


def description(t, name):
    return json.dumps({"ociVersion": "1.0.2", "process": {"args": ["true"], "cwd": "/"},
                       "linux": {"cgroupsPath": f"/{t.folder.strip('/').replace('/', '-')}/{name}",
                                 "resources": {"memory": {"limit": 60 * MIB}}}}).encode()


@test("steps: weir-hook precreate killed before each of its changes: nothing stays booked", ci="plain", on="cgroupfs",
      timeout=400)
def during_precreate(t):
    t.weir.configure(POOLS).ok("apply")
    steps = Steps(t, 4)

    def afterwards(_):
        steps.repaired()
        shown = lambda: t.weir.json("pool", "show", "web")  # noqa: E731
        check.soon(lambda: shown()["memory"]["reserved_bytes"] == 0, "what was booked is given back", 60)
        check.equal(names(t), [], "containers")
    steps.through(lambda _: (), lambda _: None, afterwards, given=description(t, "one"), program=["weir-hook", "precreate"])
