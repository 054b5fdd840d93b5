# SPDX-License-Identifier: Apache-2.0
"""move: a container goes to another pool as a whole, with all it was set, or stays where it was."""

import os
import signal
import tempfile
import time

from harness import check
from harness.registry import test
from harness.sampler import Sampler

MIB = 1 << 20
POOLS = """
[pool.web]
[pool.batch]
shares = 300
[pool.team]
[pool.nightly]
parent = "team"
"""


def applied(t, text=POOLS):
    t.weir.configure(text).ok("apply")


def path_of(t, name):
    """Where weir says that the container is."""
    found = [c["path"] for c in t.weir.json("ps")["containers"] if c["name"] == name]
    check.equal(len(found), 1, f"containers called {name}")
    return found[0]


def everybody(t, cgroup):
    """Processes in a cgroup and below it; a scope of systemd also shows those of its `container`."""
    return sorted({pid for path in t.tree.walk(cgroup) for pid in t.tree.pids_if_there(path)})


@test("move: a container of run goes to another pool with its settings and its memory limit divided", ci="plain")
def one(t):
    applied(t)
    box = t.hold("web", "box", 40 * MIB, flags=("--memory", "200MiB", "--cpus", "1.5"))
    home = t.backend.home(box.path)
    pid = t.tree.pids(home)[0]
    t.tree.write(box.path, "cgroup.max.descendants", 17)
    os.setxattr(t.tree.path(box.path), "user.note", b"kept")
    before = t.tree.number(box.path, "memory.current")
    dry = t.weir.json("move", "box", "--to", "nightly", "--dry-run")
    check.equal(t.tree.pids(home)[0], pid, "the process after a dry run")
    moved = t.weir.json("move", "box", "--to", "nightly")
    check.shape(moved, {"container": "box".__eq__, "from": "web".__eq__, "to": "nightly".__eq__, "pids": (1).__eq__,
                        "frozen_ms": int, "memory_bytes": int, "left_behind_bytes": int, "reclaimed_bytes": int})
    check.equal(dry["pids"], 1, "pids of the dry run")
    now = path_of(t, "box")
    check.equal(t.backend.cgroup_of(pid), now, "where the process is")
    check.that(now.startswith(t.backend.pool("team", "nightly") + "/"), f"{now} is in the new pool")
    check.near(moved["memory_bytes"], before, 4 * MIB, "memory before")
    check.at_least(moved["left_behind_bytes"], 38 * MIB, "memory left behind")
    allowed = t.tree.number(now, "memory.max")
    check.near(allowed, 200 * MIB - moved["left_behind_bytes"], 2 * MIB, "memory.max of the new cgroup")
    check.equal(t.tree.read(now, "cpu.max"), "150000 100000", "cpu.max")
    check.equal(t.tree.number(now, "cgroup.max.descendants"), 17, "a setting weir does not make")
    check.equal(os.getxattr(t.tree.path(now), "user.note"), b"kept", "an attribute weir does not make")
    check.equal(t.tree.read(now, "cgroup.freeze"), "0", "frozen afterwards")
    listed = t.weir.json("ps")["containers"][0]
    check.near(listed["memory"]["left_behind_bytes"], moved["left_behind_bytes"], 2 * MIB, "left behind in ps")
    check.equal(t.weir.json("verify")["drift"], [], "drift after a move")
    box.process.send_signal(signal.SIGTERM)
    check.equal(box.process.wait(20), 143, "the container's status")
    t.weir.ok("ps")
    for pool in (t.backend.pool("web"), t.backend.pool("team", "nightly")):
        check.soon(lambda p=pool: t.weir.ok("ps") and not t.tree.children(p), f"{pool} is empty")


@test("move: there and back keeps the container, the name is found, run ends as it would have")
def back(t):
    applied(t)
    box = t.run("web", "box", "sleep", "600")
    for number in range(4):
        t.weir.ok("move", "box", "--to", ("batch", "web")[number % 2])
    check.that(path_of(t, "box").startswith(t.backend.pool("web") + "/"), "it is back")
    t.weir("run", "--pool", "batch", "--name", "box", "--", "true", status=125)
    t.weir.ok("release", "box", "--kill")
    check.equal(box.process.wait(20), 137, "the container's status")
    t.weir.ok("run", "--pool", "batch", "--name", "box", "--", "true")


@test("move: what it refuses stays as it was", ci="plain")
def refused(t):
    applied(t, POOLS + "[pool.small]\npids = { limit = 2 }\n")
    box = t.run("web", "box", "sh", "-c", "sleep 600 & sleep 600 & sleep 600 & wait")
    check.soon(lambda: len(everybody(t, box.path)) == 4, "four processes")
    before = t.tree.snapshot()
    for arguments, status, words in ((("box", "--to", "web"), 8, "already"), (("box", "--to", "nowhere"), 7, "no pool"),
                                     (("nobody", "--to", "web"), 7, "no container"),
                                     (("box", "--to", "team"), 2, "child pools"),
                                     (("box", "--to", "small"), 5, "processes")):
        done = t.weir("move", *arguments, status=status)
        check.contains(done.err, words, f"the reason for {arguments}")
    check.same(t.tree.snapshot(), before, "the tree after refusals")
    t.weir.ok("move", "box", "--to", "small", "--force")
    check.equal(len(everybody(t, path_of(t, "box"))), 4, "processes with --force")


@test("move: threaded cgroups inside are refused with the reason; nested ones are made again", ci="plain")
def nested(t):
    applied(t)
    box = t.run("web", "box", "sh", "-c", "sleep 600 & wait")
    main, child = check.soon(lambda: len(everybody(t, box.path)) == 2 and everybody(t, box.path), "two processes")
    for name, pid in (("inner", main), ("other", child)):
        t.tree.make(f"{box.path}/{name}")
        t.tree.enter(f"{box.path}/{name}", pid)
    t.tree.write(box.path, "cgroup.subtree_control", "+pids +memory")
    t.tree.write(f"{box.path}/inner", "pids.max", 44)
    t.tree.make(f"{box.path}/inner/deep")
    t.weir.ok("move", "box", "--to", "batch")
    now = path_of(t, "box")
    check.equal([t.tree.pids(f"{now}/inner"), t.tree.pids(f"{now}/other")], [[main], [child]], "who is where")
    check.equal(t.tree.number(f"{now}/inner", "pids.max"), 44, "pids.max inside")
    check.that(t.tree.exists(f"{now}/inner/deep"), "the deepest one")
    t.tree.write(f"{now}/inner/deep", "cgroup.type", "threaded")
    before = t.tree.snapshot()
    check.contains(t.weir("move", "box", "--to", "web", status=8).err, "threads", "the reason")
    check.same(t.tree.snapshot(), before, "the tree after a refusal")


def storming(without="ZX"):
    """pid -> cgroup of every process of weir-storm but for those in these states."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as stat, open(f"/proc/{pid}/cgroup", encoding="utf-8") as cgroup:
                name, state = stat.read().split(") ")[0:2]
                if name.endswith("(weir-storm") and state[0] not in without:
                    found[int(pid)] = cgroup.read().strip().removeprefix("0::/")
        except OSError:
            continue
    return found


def charged(t):
    """What the leaves of "box" hold together, at least: no two of them can be read at one moment, and what is taken back
    from one of them meanwhile goes to the other."""
    pools = [t.backend.pool(pool) for pool in ("web", "batch")]
    leaves = [path for pool in pools for path in t.tree.children(pool) if os.path.basename(path).startswith("box")]

    def held(path):
        return int(t.tree.read_if_there(path, "memory.current") or 0)
    before = [held(path) for path in leaves]
    return sum(map(min, before, [held(path) for path in leaves]))


def counted(t, cgroup):
    """(threads, pids.current, of which have ended and wait for their parent) while the container stands still."""
    t.tree.freeze(cgroup)
    try:
        dead = [pid for pid, where in storming("RSDTtIPW").items() if where.startswith(cgroup)]
        # As a set: a scope and the child in which its processes are show the same ones.
        threads = {thread for path in t.tree.walk(cgroup) for thread in t.tree.read(path, "cgroup.threads").split()}
        return len(threads), t.tree.number(cgroup, "pids.current"), len(dead)
    finally:
        t.tree.write(cgroup, "cgroup.freeze", 0)


@test("move: a container that forks as fast as it can goes there and back as a whole", timeout=300, ci="newest")
def forks(t):
    applied(t)
    sizes = t.count(("20", "4", "3"), ("250", "18", "32"))
    box = t.run("web", "box", "weir-storm", *sizes, "3600", flags=("--memory", "200MiB"))
    check.soon(lambda: len(storming()) >= int(sizes[0]), "the storm has begun", 60)
    for number in range(t.count(10, 100)):
        source = path_of(t, "box")
        with Sampler(lambda: charged(t), 0.05) as memory:
            moved = t.weir.json("move", "box", "--to", ("batch", "web")[number % 2], timeout=120)
        check.at_most(memory.most, 200 * MIB, "memory of both at any moment")
        now = path_of(t, "box")
        check.at_least(moved["pids"], int(sizes[0]), "processes that were moved")
        for _ in range(2):
            check.equal(everybody(t, source) if t.tree.exists(source) else [], [], "who is still in the source")
            outside = {pid: where for pid, where in storming().items() if not where.startswith(now)}
            check.equal(outside, {}, "who is somewhere else")
            time.sleep(0.1)
        threads, current, dead = counted(t, now)
        # Whoever reaps orphans does not stand still.
        check.that(threads <= current <= threads + dead, f"pids.current: {current}, {threads} live, {dead} dead")
        check.at_least(threads, int(sizes[0]), "threads that live")
        check.equal(t.tree.flat(now, "memory.events", "oom_kill"), 0, "out-of-memory kills")
    check.equal(box.process.poll(), None, "weir run")


@test("move: what is left behind and what comes anew never exceed the limit together, at its edge, too", timeout=400, ci="newest")
def at_the_edge(t):
    applied(t)
    limit = 100 * MIB
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        with open(f"{folder}/file", "wb") as handle:
            handle.truncate(2 * limit)
        box = t.run("web", "box", "sh", "-c", f"weir-burn --threads 0 --hold {40 * MIB} --seconds 3600 & "
                    f"while :; do dd if={folder}/file of=/dev/null bs=1M 2>/dev/null; done", flags=("--memory", "100MiB"))
        check.soon(lambda: t.tree.number(box.path, "memory.current") >= 0.9 * limit, "it is at its limit", 60)
        with Sampler(lambda: charged(t)) as memory:
            for number in range(t.count(6, 60)):
                moved = t.weir.json("move", "box", "--to", ("batch", "web")[number % 2], timeout=120)
                check.at_least(moved["pids"], 2, "processes that were moved")
                time.sleep(0.5)
                t.weir.ok("ps")
                sums = [d for d in t.weir.json("verify", status=(0, 10))["drift"] if d["file"] == "weir.books"]
                check.equal(sums, [], "the sums while what was left behind drains")
        now = path_of(t, "box")
        check.equal(t.tree.flat(now, "memory.events", "oom_kill"), 0, "out-of-memory kills")
        t.note(f"at most {memory.most / MIB:.1f} of {limit >> 20} MiB in {memory.count} samples")
        check.at_most(memory.most, limit, "memory of both at any moment")
        check.at_least(memory.count, 100, "samples")
        # Nothing holds the file open when its folder goes.
        t.weir.ok("release", "box", "--kill")


@test("move: weir killed while a container forks: the next command leaves it whole, in one pool, and running", timeout=400,
      ci="newest")
def killed(t):
    applied(t)
    t.run("web", "box", "weir-storm", "30", "6", "4", "3600")
    check.soon(lambda: len(storming()) >= 30, "the storm has begun", 60)
    pools = [t.backend.pool(name) for name in ("web", "batch")]
    rounds = t.count(4, 100)
    for number in range(rounds):
        here = [t.backend.pool("web"), t.backend.pool("batch")].index(os.path.dirname(path_of(t, "box")))
        child = t.weir.start("move", "box", "--to", ("batch", "web")[here])
        time.sleep(0.05 + 1.5 * number / rounds)
        child.kill()
        child.wait(30)
        now = path_of(t, "box")
        check.equal(len([pool for pool in pools if t.tree.populated(pool)]), 1, "pools that have processes")
        outside = {pid: where for pid, where in storming().items() if not where.startswith(now)}
        check.equal(outside, {}, "who is somewhere else")
        check.soon(lambda: t.tree.flat(now, "cgroup.events", "frozen") == 0, "it runs", 20)
        check.at_least(len(storming()), 30, "processes that live")
    t.weir.ok("verify")
