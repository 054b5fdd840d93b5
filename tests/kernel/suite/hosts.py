# SPDX-License-Identifier: Apache-2.0
"""Hosts that cannot do it, and hosts that give only a part of themselves: namespaces stand in for them."""

import json

from harness import check
from harness.registry import test

MIB = 1 << 20
GOOD = "[pool.web]\n"
ALICE = ("setpriv", "--reuid=alice", "--regid=alice", "--init-groups")


def in_mount_namespace(t, prepare, *arguments, enter=""):
    """Runs weir where `prepare` (shell) has changed the mounts; `enter` is a cgroup to go into first."""
    script = f"set -e; {prepare}; exec \"$@\""
    command = ["unshare", "--mount", *(("--cgroup",) if enter else ()), "sh", "-c", script, "sh"]
    if enter:
        command = ["sh", "-c", f"echo $$ >{t.tree.path(enter)}/cgroup.procs; exec \"$@\"", "sh", *command]
    return t.weir(*arguments, prefix=command)


def unsupported(done, word, status=4):
    check.equal(done.status, status, f"status of {done}")
    check.contains(done.err, "weir: unsupported: ", "the code name")
    check.contains(done.err, word, "what it names")
    check.contains(done.err, "hint: ", "the remedy")


@test("no cgroup v2 mounted: exit 4 with a hint")
def no_cgroup2(t):
    t.weir.configure(GOOD)
    for command in ("apply",), ("plan",), ("status",):
        unsupported(in_mount_namespace(t, f"umount -l {t.backend.mount}", *command), "cgroup2")
    unsupported(in_mount_namespace(t, f"umount -l {t.backend.mount}", "run", "--pool", "web", "--", "true"), "cgroup2", 125)
    check.equal(json.loads(in_mount_namespace(t, f"umount -l {t.backend.mount}", "host", "--json").out)["cgroup"], None,
                "what host says of cgroups")


@test("only cgroup v1 mounted: exit 4 with a hint")
def cgroup1(t):
    t.weir.configure(GOOD)
    mounts = (f"umount -l {t.backend.mount}; mount -t tmpfs none {t.backend.mount}; mkdir {t.backend.mount}/old; "
              f"mount -t cgroup -o none,name=old none {t.backend.mount}/old")
    unsupported(in_mount_namespace(t, mounts, "apply"), "cgroup")
    unsupported(in_mount_namespace(t, mounts, "--cgroup-root", f"{t.backend.mount}/old", "apply"), "cgroup v2")


@test("a read-only tree: exit 4 with a hint, and nothing is written")
def read_only(t):
    before = t.tree.snapshot()
    t.weir.configure(GOOD)
    unsupported(in_mount_namespace(t, f"mount -o remount,bind,ro {t.backend.mount}", "apply"), t.backend.mount)
    check.same(t.tree.snapshot(), before, "the tree")


@test("a missing controller: exit 4 names it and where to switch it on")
def controller(t):
    t.tree.make("house/flat")
    t.weir.configure(GOOD)
    for given, missing in (("+cpu +pids", "memory"), ("+memory +cpu -pids", "pids"), ("+pids -cpu", "cpu")):
        t.tree.write("house", "cgroup.subtree_control", given)
        before = t.tree.snapshot()
        done = t.weir("--cgroup-root", t.tree.path("house/flat"), "apply")
        unsupported(done, f"the {missing} controller")
        check.contains(done.err.split("hint: ")[1], missing, "the controller in the hint")
        check.same(t.tree.snapshot(), before, "the tree")


@test("without root: apply is exit 4 with a hint, what only reads works")
def not_root(t):
    t.weir.configure(GOOD).ok("apply")
    before = t.tree.snapshot()
    for command in ("apply",), ("teardown", "--kill"):
        unsupported(t.weir(*command, prefix=ALICE), "hint: ")
    check.same(t.tree.snapshot(), before, "the tree")
    for command in ("host",), ("check",):
        t.weir(*command, prefix=ALICE, status=0)


@test("a tree that is delegated to a user: that user applies, runs and tears down in it")
def delegated(t):
    house = t.tree.make("house")
    t.tree.write(house, "cgroup.subtree_control", "+cpu +memory +pids")
    home = t.tree.make("house/alice")
    t.weir.run_any(["chown", "alice", *(t.tree.path(home, file) for file in
                                        ("", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"))], 0)
    t.weir.configure("[pool.a]\n[pool.b]\nmemory = { limit = \"100MiB\" }\n")
    t.weir.run_any(["install", "-d", "-o", "alice", f"{t.folder}/run"], 0)
    flags = ("--cgroup-root", t.tree.path(home), "--run-dir", f"{t.folder}/run")
    t.weir(*flags, "apply", prefix=ALICE, status=0)
    t.weir(*flags, "verify", prefix=ALICE, status=0)
    check.equal(t.tree.number(f"{home}/weir.slice/weir-b.slice", "memory.max"), 100 * MIB, "memory.max of b")
    t.weir(*flags, "teardown", prefix=ALICE, status=0)
    check.equal(t.tree.children(home), [], "cgroups at the end")


@test("inside a limited cgroup namespace host shows what was given, not what the machine has")
def given(t):
    limited = t.tree.make("limited")
    t.tree.write(limited, "memory.max", 700 * MIB)
    t.tree.write(limited, "cpu.max", "75000 100000")
    t.tree.write(limited, "pids.max", 300)
    t.tree.write(limited, "cpuset.cpus", "0")
    mount = f"umount -l {t.backend.mount}; mount -t cgroup2 none {t.backend.mount}"
    t.weir.configure("[host]\nreserve = { cpu = 0.25, memory = \"100MiB\" }\n")
    found = json.loads(in_mount_namespace(t, mount, "host", "--json", enter=limited).out)
    check.equal(found["memory"]["total_bytes"], 700 * MIB, "memory")
    check.equal((found["cpus"]["online"], found["cpus"]["list"]), (1, "0"), "CPUs")
    check.equal(found["capacity"], {"cpu": 0.5, "memory_bytes": 600 * MIB, "pids": 225}, "capacity")
    t.weir.configure(GOOD)
    done = in_mount_namespace(t, mount, "apply", enter=limited)
    check.among(done.status, (1, 4), f"apply where the processes live in the root of the namespace: {done}")
    check.contains(done.err, "hint: ", "the remedy")
    check.contains(done.err, "child cgroup", "the remedy says where to put them")


@test("a delegated tree below limits further up: host takes the lowest of them")
def given_above(t):
    t.tree.make("limited/inner")
    t.tree.write("limited", "memory.max", 500 * MIB)
    t.tree.write("limited", "cpu.max", "60000 100000")
    t.tree.write("limited", "cgroup.subtree_control", "+memory +cpu +pids")
    t.tree.write("limited/inner", "memory.max", 600 * MIB)
    t.weir.configure("[host]\nreserve = { cpu = 0, memory = 0 }\n")
    found = t.weir.json("--cgroup-root", t.tree.path("limited/inner"), "host")
    check.equal(found["memory"]["total_bytes"], 500 * MIB, "memory")
    check.near(found["capacity"]["cpu"], 0.6, 1e-6, "CPU capacity")


@test("init writes a file that check and apply accept, and never overwrites one", ci="plain")
def init(t):
    t.weir.ok("init")
    t.weir.ok("check")
    t.weir.ok("apply")
    check.equal(t.weir.json("verify")["drift"], [], "drift")
    with open(t.weir.config, encoding="utf-8") as handle:
        before = handle.read()
    check.that(t.weir("init").status != 0, "a second init refuses")
    with open(t.weir.config, encoding="utf-8") as handle:
        check.equal(handle.read(), before, "the file")
