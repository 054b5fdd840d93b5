# SPDX-License-Identifier: Apache-2.0
"""pool create, set and remove: the file, the kernel, and that what fails leaves no trace in either."""

import os

from harness import check
from harness.registry import test

MIB = 1 << 20
CONFIG = "[pool.web]\nshares = 300\n[pool.team]\nmemory = { limit = \"300MiB\" }\n"


def applied(t):
    t.weir.configure(CONFIG).ok("apply")


def drop_in(t, name):
    return f"{t.folder}/weir.d/{name}.toml"


def everything(t):
    """The kernel's side and the files' side of the configuration."""
    found = dict(t.tree.snapshot())
    for folder, _, names in os.walk(f"{t.folder}/weir.d"):
        for name in names:
            with open(f"{folder}/{name}", "rb") as handle:
                found[f"{folder}/{name}"] = handle.read()
    with open(t.weir.config, "rb") as handle:
        found[t.weir.config] = handle.read()
    return found


def without_trace(t, *command, status, says=()):
    before = everything(t)
    done = t.weir(*command, status=status)
    for word in says:
        check.contains(done.err, word, f"what {command} says")
    check.same(everything(t), before, f"files and kernel after {command}")


@test("pool create: writes weir.d/NAME.toml and the kernel, and apply has nothing left to do")
def create(t):
    applied(t)
    found = t.weir.json("pool", "create", "nightly", "parent=team", "memory.limit=200MiB", "shares=50", "pids.limit=40")
    check.equal(found["file"], drop_in(t, "nightly"), "the file")
    path = t.backend.pool("team", "nightly")
    check.equal(t.tree.number(path, "memory.max"), 200 * MIB, "memory.max")
    check.equal(t.tree.number(path, "pids.max"), 40, "pids.max")
    check.equal(t.weir.json("plan"), {"changes": [], "blocked": []}, "plan afterwards")
    check.equal(t.weir.json("pool", "show", "nightly")["shares"], 50, "shares")
    t.weir.ok("run", "--pool", "nightly", "--", "true")


@test("pool create: what is wrong, taken or impossible leaves no trace")
def create_refused(t):
    applied(t)
    without_trace(t, "pool", "create", "web", status=8, says=("weir.toml:1:", "hint: "))
    without_trace(t, "pool", "create", "x", "shares=many", status=3)
    without_trace(t, "pool", "create", "x", "colour=red", status=3, says=("colour",))
    without_trace(t, "pool", "create", "x", "parent=nobody", status=3, says=("nobody",))
    without_trace(t, "pool", "create", "x", "shares", status=2, says=("KEY=VALUE",))
    without_trace(t, "pool", "create", "x", "=5", status=2)
    without_trace(t, "pool", "create", "x", "memory.reservation=900TiB", status=3)
    without_trace(t, "pool", "create", "x", "memory.limit=-1", status=3)
    for name in ("..", "Web", "a/b", "", "memory.max", "x" * 300, "new\nline", "%s"):
        without_trace(t, "pool", "create", name, status=2)


@test("pool set: changes the drop-in and the kernel, keeps the rest of the file")
def change(t):
    applied(t)
    t.weir.ok("pool", "create", "nightly", "parent=team", "memory.limit=200MiB")
    with open(drop_in(t, "nightly"), "a", encoding="utf-8") as handle:
        handle.write("# asked for by the night shift\n")
    t.weir.ok("pool", "set", "nightly", "memory.limit=100MiB", "shares=7")
    check.equal(t.tree.number(t.backend.pool("team", "nightly"), "memory.max"), 100 * MIB, "memory.max")
    with open(drop_in(t, "nightly"), encoding="utf-8") as handle:
        check.contains(handle.read(), "# asked for by the night shift", "the file")
    check.equal(t.weir.json("plan"), {"changes": [], "blocked": []}, "plan afterwards")
    without_trace(t, "pool", "set", "web", "shares=5", status=8, says=("weir.toml:1:",))
    without_trace(t, "pool", "set", "nobody", "shares=5", status=7)
    without_trace(t, "pool", "set", "nightly", "shares=0", status=3)


@test("pool set: a limit below what is in use is refused and nothing changes")
def below_use(t):
    applied(t)
    t.weir.ok("pool", "create", "nightly", "parent=team", "memory.limit=200MiB", "shares=5")
    t.hold(("team", "nightly"), "holder", 60 * MIB)
    path = t.backend.pool("team", "nightly")
    before = t.tree.settings(path)
    done = t.weir("pool", "set", "nightly", "memory.limit=20MiB", "shares=9", status=1)
    check.contains(done.err, "memory.max", "the file that is refused")
    check.same(t.tree.settings(path), before, "the pool's files")
    check.equal(t.weir.json("pool", "show", "nightly")["shares"], 5, "shares in the file")
    check.equal(t.tree.flat(path, "memory.events", "oom_kill"), 0, "OOM kills")
    check.equal(t.weir.json("verify"), {"drift": []}, "verify")


@test("pool remove: refuses while containers run or children are there; with --kill they end")
def remove(t):
    applied(t)
    t.weir.ok("pool", "create", "crew")
    t.weir.ok("pool", "create", "nightly", "parent=crew")
    one = t.run(("crew", "nightly"), "one", "sleep", "600")
    without_trace(t, "pool", "remove", "crew", status=8, says=("child pools",))
    without_trace(t, "pool", "remove", "nightly", status=8, says=("hint: ",))
    without_trace(t, "pool", "remove", "web", status=8, says=("weir.toml:1:",))
    without_trace(t, "pool", "remove", "nobody", status=7)
    check.equal(one.process.poll(), None, "the container goes on")
    t.weir.ok("pool", "remove", "nightly", "--kill")
    check.equal(one.process.wait(timeout=20), 137, "the container's status")
    check.that(not os.path.exists(drop_in(t, "nightly")), "the file is gone")
    check.that(not t.tree.exists(t.backend.pool("crew", "nightly")), "the slice is gone")
    t.weir.ok("pool", "remove", "crew")
    check.equal(t.weir.json("plan"), {"changes": [], "blocked": []}, "plan afterwards")


@test("pool create: a folder that cannot be written leaves the kernel as it was")
def unwritable(t):
    applied(t)
    with open(f"{t.folder}/weir.d", "w", encoding="utf-8"):
        pass
    before = t.tree.snapshot()
    done = t.weir("pool", "create", "nightly")
    check.that(done.status not in (0, 137, 139), f"it fails: {done}")
    check.same(t.tree.snapshot(), before, "the tree")
