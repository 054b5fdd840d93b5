# SPDX-License-Identifier: Apache-2.0
"""Hosts that systemd manages: its own commands, its reloads, and units that are in the way."""

import os
import shutil
import signal
import subprocess
import time

from harness import check
from harness.context import connections
from harness.registry import test
from harness.weir import end
from suite.doctor import cured, findings

MIB = 1 << 20
POOLS = """
[pool.web]
shares = 300
expandable = true
cpus = "0-1"
cpu = { limit = 1.5 }
memory = { reservation = "64MiB", limit = "512MiB", swap = "16MiB" }
pids = { limit = 2000 }
io = [{ path = "SCRATCH", write_bps = { limit = "5MB" } }]
[pool.team]
[pool.nightly]
parent = "team"
memory = { limit = "300MiB" }
[pool.batch]
shares = 50
"""


def systemctl(*arguments, status=0):
    done = subprocess.run(["systemctl", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    if status is not None:
        check.equal(done.returncode, status, f"systemctl {' '.join(arguments)}: {done.stdout}")
    return done.stdout


def shown(unit, *properties):
    out = systemctl("show", unit, *(f"-p{name}" for name in properties))
    return dict(line.split("=", 1) for line in out.splitlines())


def limits(t):
    """Every setting below weir.slice but for the weights of the top slice, which follow what runs outside."""
    return {(path, file): value for (path, file), value in t.tree.snapshot(t.backend.top).items()
            if (path, file) not in ((t.backend.top, "cpu.weight"), (t.backend.top, "attributes"))
            and file != "cgroup.subtree_control"}


def pools(t):
    return POOLS.replace("SCRATCH", "/dev/vdd")


@test("systemd: daemon-reload and daemon-reexec move nothing and change no limit", on="systemd")
def reload(t):
    t.weir.configure(pools(t)).ok("apply")
    names = [f"job{number}" for number in range(t.count(4, 50))]
    started = [t.run(("team", "nightly") if number % 2 else "web", name, "weir-burn", "--threads", "1", "--processes", "2",
                     "--seconds", "600", flags=("--memory", "16MiB", "--memory-request", "8MiB", "--cpus", "0.1", "--cpu-request", "0.01"))
               for number, name in enumerate(names)]
    t.weir.ok("verify")
    before, where = limits(t), {one.path: set(t.tree.pids(one.path)) for one in started}
    check.that(all(where.values()), "every container has processes")
    for command in "daemon-reload", "daemon-reexec", "daemon-reload":
        systemctl(command)
        check.same(limits(t), before, f"the tree after {command}")
        check.equal({one.path: set(t.tree.pids(one.path)) for one in started}, where, f"processes after {command}")
        check.equal(t.weir.json("verify")["drift"], [], f"drift after {command}")
    check.equal(t.weir.json("apply")["changes"], [], "what apply would change")


@test("systemd: systemctl shows pools and containers with their limits", on="systemd")
def shown_by_systemctl(t):
    t.weir.configure(pools(t)).ok("apply")
    one = t.run("web", "one", "sleep", "600", flags=("--memory", "100MiB", "--cpus", "0.5"))
    web = shown("weir-web.slice", "ActiveState", "Slice", "MemoryMax", "MemoryLow", "TasksMax", "CPUQuotaPerSecUSec",
                "AllowedCPUs", "MemorySwapMax", "ControlGroup")
    check.equal(web, {"ActiveState": "active", "Slice": "weir.slice", "MemoryMax": str(512 * MIB),
                      "MemoryLow": str(64 * MIB), "TasksMax": "2000", "CPUQuotaPerSecUSec": "1.500000s",
                      "AllowedCPUs": "0-1", "MemorySwapMax": str(16 * MIB),
                      "ControlGroup": "/weir.slice/weir-web.slice"}, "weir-web.slice")
    check.contains(systemctl("show", "weir-web.slice", "-pIOWriteBandwidthMax"), "5000000", "its io limit")
    scope = shown("one.scope", "ActiveState", "Slice", "Delegate", "MemoryMax", "ControlGroup")
    check.equal(scope, {"ActiveState": "active", "Slice": "weir-web.slice", "Delegate": "yes",
                        "MemoryMax": str(100 * MIB), "ControlGroup": f"/{one.path}"}, "one.scope")
    status = systemctl("status", "weir-web.slice")
    check.contains(status, "one.scope", "systemctl status of the pool")
    check.contains(status, "sleep 600", "systemctl status of the pool")
    listed = subprocess.run(["systemd-cgls", "--no-pager", "/weir.slice"], stdout=subprocess.PIPE, text=True, check=True)
    check.contains(listed.stdout, "one.scope", "systemd-cgls")
    top = subprocess.run(["systemd-cgtop", "-b", "-n1", "--depth=4"], stdout=subprocess.PIPE, text=True, check=True)
    check.contains(top.stdout, "weir.slice/weir-web.slice", "systemd-cgtop")


@test("systemd: a container has the controllers weir needs, io where its pool has it, and none is switched on for it alone",
      on="systemd")
def delegated(t):
    t.weir.configure(pools(t)).ok("apply")
    plain, disk = t.run(("team", "nightly"), "plain", "sleep", "600"), t.run("web", "disk", "sleep", "600")
    controllers = lambda path, file: set(t.tree.read(path, file).split())
    check.equal(controllers(plain.path, "cgroup.controllers"), {"cpu", "memory", "pids"}, "controllers of a container")
    check.equal(controllers(t.backend.pool("team", "nightly"), "cgroup.subtree_control"), {"cpu", "memory", "pids"},
                "controllers that its pool hands down")
    check.equal(controllers(disk.path, "cgroup.controllers"), {"cpu", "memory", "pids", "io"},
                "controllers of one in a pool with io")
    check.equal(shown("plain.scope", "Delegate")["Delegate"], "yes", "plain.scope")


@test("systemd: a container whose processes live beside the cgroup they were born in is waited for, too", on="systemd")
def lives_beside(t):
    t.weir.configure(pools(t)).ok("apply")
    box = t.run("web", "box", "weir-storm", "200", "0", "0", "600")
    born = f"{box.path}/container"
    pids = check.soon(lambda: len(t.tree.pids(born)) == 201 and t.tree.pids(born), "all of them")
    beside = t.tree.make(f"{box.path}/beside")
    for pid in pids:
        t.tree.enter(beside, pid)
    t.weir.ok("release", "box", "--kill")
    check.that(not t.tree.exists(box.path), "its scope is still there")
    check.equal(box.process.wait(timeout=30), 137, "exit status")


@test("systemd: verify shows file, kernel and systemd beside each other, and repairs both", on="systemd")
def three_columns(t):
    t.weir.configure(pools(t)).ok("apply")
    web = t.backend.pool("web")
    # By systemctl: both have it.
    systemctl("set-property", "--runtime", "weir-web.slice", "MemoryMax=300M")
    check.soon(lambda: t.tree.number(web, "memory.max") == 300 * MIB, "systemd wrote it")
    # Behind systemd's back: only the kernel has it.
    t.tree.write(web, "pids.max", 77)
    drift = {entry["file"]: entry for entry in t.weir.json("verify", status=10)["drift"]}
    check.equal({file: (entry["cgroup"], entry["wanted"], entry["kernel"], entry["systemd"])
                 for file, entry in drift.items()},
                {"memory.max": (web, str(512 * MIB), str(300 * MIB), str(300 * MIB)),
                 "pids.max": (web, "2000", "77", "2000")}, "drift")
    check.contains(t.weir("verify", status=10).out, "SYSTEMD", "the table")
    repaired = t.weir.json("verify", "--repair")["drift"]
    check.that(all(entry["repaired"] for entry in repaired), f"repaired: {repaired}")
    # What only systemd has: the kernel is right until the next reload.
    systemctl("set-property", "--runtime", "weir-web.slice", "TasksMax=55")
    check.soon(lambda: t.tree.number(web, "pids.max") == 55, "systemd wrote it")
    t.tree.write(web, "pids.max", 2000)
    found = t.weir.json("verify", status=10)["drift"]
    check.equal([(e["file"], e["kernel"], e["systemd"]) for e in found], [("pids.max", "2000", "55")], "drift")
    t.weir.ok("apply")
    systemctl("daemon-reload")
    check.equal(t.tree.number(web, "pids.max"), 2000, "pids.max after a reload")
    t.weir.ok("verify")


@test("systemd: a slice that only was referred to, and one with a unit file, are taken over", on="systemd")
def implicit(t):
    # A slice of weir's that is gone is no obstacle, even when systemd was reloaded while it was there.
    t.weir.configure(pools(t)).ok("apply")
    systemctl("daemon-reload")
    t.weir.ok("teardown")
    child = t.spawn(["systemd-run", "--quiet", "--scope", "--slice=weir-web.slice", "sleep", "600"])
    check.soon(lambda: t.tree.populated("weir.slice/weir-web.slice") or child.poll() is not None, "the scope is there")
    check.equal(child.poll(), None, f"systemd-run: {t.said(child) if child.poll() is not None else ''}")
    scope = next(path for path in t.tree.children("weir.slice/weir-web.slice") if path.endswith(".scope"))
    t.weir.configure(POOLS.replace("SCRATCH", "/dev/vdd")).ok("apply")
    check.equal(shown("weir-web.slice", "MemoryMax")["MemoryMax"], str(512 * MIB), "MemoryMax")
    t.weir.ok("verify")
    systemctl("daemon-reload")
    t.weir.ok("verify")
    check.equal(t.tree.number(scope, "cpu.weight") > 0, True, "systemd gave the scope the cpu controller")
    done = t.weir("teardown", status=8)
    check.contains(done.err, "1 container is still running", "what is in the way")
    check.equal([c["path"] for c in t.weir.json("ps")["containers"]], [scope], "it is listed")
    check.equal(child.poll(), None, "the process that was adopted")
    child.terminate()
    child.wait(20)
    check.soon(lambda: t.weir("teardown").status == 0, "teardown afterwards")
    systemctl("start", "weir-web.slice")
    check.equal(shown("weir-web.slice", "MemoryMax")["MemoryMax"], "infinity", "nothing of weir's stays behind")
    systemctl("stop", "weir-web.slice")
    theirs = ("/etc/systemd/system/weir-web.slice", "/etc/systemd/system/weir-web.slice.d/theirs.conf")
    try:
        for path in theirs:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as handle:
                handle.write("[Unit]\nDescription=theirs\n")
        systemctl("daemon-reload")
        t.weir.ok("apply")
        found = shown("weir-web.slice", "MemoryMax", "Description")
        check.equal(found, {"MemoryMax": str(512 * MIB), "Description": "theirs"}, "a slice with files of its own")
        t.weir.ok("teardown")
        check.equal([os.path.exists(path) for path in theirs], [True, True], "the administrator's files")
        systemctl("start", "weir-web.slice")
        check.equal(shown("weir-web.slice", "MemoryMax")["MemoryMax"], "infinity", "nothing of weir's stays behind")
    finally:
        systemctl("stop", "weir-web.slice", status=None)
        os.unlink(theirs[0])
        shutil.rmtree(os.path.dirname(theirs[1]), ignore_errors=True)
        systemctl("daemon-reload")


@test("systemd: stopping weir.slice by hand, systemctl kill and a failed scope do not confuse weir", on="systemd")
def by_hand(t):
    t.weir.configure(pools(t)).ok("apply")
    one = t.run("web", "one", "sleep", "600")
    systemctl("kill", "--signal=KILL", "weir-web.slice")
    check.equal(one.process.wait(30), 137, "what weir run returns")
    check.soon(lambda: not t.tree.exists(one.path), "its cgroup is gone")
    t.weir.ok("verify")
    two = t.run("web", "two", "sleep", "600")
    systemctl("stop", "weir.slice")
    check.equal(two.process.wait(30), 143, "what weir run returns")
    check.that(not t.tree.exists(t.backend.pool("web")), "systemd removed the pools")
    refused = t.weir("run", "--pool", "web", "--", "true", status=125)
    check.contains(refused.err, "weir apply", "the remedy")
    check.equal(t.weir("verify").status, 10, "verify says so")
    t.weir.ok("apply")
    t.weir.ok("verify")
    # A unit of the same name that failed, and one that runs.
    subprocess.run(["systemd-run", "--quiet", "--unit=three.scope", "--scope", "-pRuntimeMaxSec=1", "sleep", "60"],
                   check=False, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    check.soon(lambda: shown("three.scope", "ActiveState")["ActiveState"] == "failed", "three.scope has failed")
    t.weir.ok("run", "--pool", "web", "--name", "three", "--", "true")
    four = t.spawn(["systemd-run", "--quiet", "--unit=four.scope", "--scope", "sleep", "600"])
    check.soon(lambda: shown("four.scope", "ActiveState")["ActiveState"] == "active", "four.scope runs")
    refused = t.weir("run", "--pool", "web", "--name", "four", "--", "true", status=125)
    check.contains(refused.err, "four.scope", "whose name it is")
    check.equal(four.poll(), None, "the stranger's scope goes on")


@test("systemd: an OOM kill ends the whole container, and its name is free again", on="systemd")
def oom(t):
    t.weir.configure(pools(t)).ok("apply")
    for _ in range(2):
        done = t.weir("run", "--pool", "web", "--name", "eater", "--memory", "40MiB", "--",
                      "sh", "-c", "sleep 600 & weir-burn --threads 0 --hold 100000000 --seconds 60")
        check.equal(done.status, 137, "status")
        check.that(not t.tree.exists(f"{t.backend.pool('web')}/eater.scope"), "its cgroup is gone")


@test("systemd: killed between any two steps, weir run leaves no scope and no process", on="systemd")
def killed(t):
    t.weir.configure(pools(t)).ok("apply")
    for number in range(t.count(8, 200)):
        child = t.weir.start("run", "--pool", "web", "--name", f"k{number}", "--", "true")
        time.sleep(0.04 * (number % 8))
        child.kill()
        child.wait(20)
    t.weir.ok("verify")
    left = t.tree.children(t.backend.pool("web"))
    check.equal(left, [], f"scopes that are left: {[systemctl('status', path.split('/')[-1], status=None) for path in left]}")


@test("systemd: doctor finds unit files that set what weir sets, and systemd-oomd at work on pools", on="systemd")
def others(t):
    t.weir.configure(pools(t)).ok("apply")
    check.equal(findings(t), {}, "findings before")
    folder = "/etc/systemd/system/weir-web.slice.d"
    files = (f"{folder}/theirs.conf", "/run/systemd/system/weir-batch.slice")
    try:
        for path, key in zip(files, ("MemoryMax=77M", "TasksMax=77")):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as handle:
                handle.write(f"[Unit]\nDescription=theirs\n[Slice]\n{key}\n")
            systemctl("daemon-reload")
            found = findings(t)["conflicting-unit"]
            check.contains(found["what"], f"{path} sets {key.split('=')[0]}", "what it says")
            cured(t, "conflicting-unit")
            t.weir.ok("verify")
        # Rules are of no account while nobody follows them.
        systemctl("set-property", "--runtime", "weir-web.slice", "ManagedOOMMemoryPressure=kill")
        systemctl("set-property", "--runtime", "--", "-.slice", "ManagedOOMSwap=kill")
        check.equal(findings(t), {}, "findings without systemd-oomd")
        t.weir.run_any(["systemd-run", "--quiet", "--unit=systemd-oomd.service", "sleep", "600"], 0)
        for _ in range(2):
            cured(t, "oomd", again=True)
        check.equal(findings(t), {}, "findings after both")
    finally:
        systemctl("stop", "systemd-oomd.service", status=None)
        systemctl("revert", "weir-web.slice", "--", "-.slice", status=None)
        shutil.rmtree(folder, ignore_errors=True)
        for name in (files[1], f"{files[1]}.off"):
            if os.path.exists(name):
                os.unlink(name)
        systemctl("daemon-reload")


@test("systemd: neither who waits for room nor who waits for its command to end is connected to systemd", on="systemd")
def unconnected(t):
    t.weir.configure("[pool.web]\nmax_containers = 1\n").ok("apply")
    holder = t.run("web", "holder", "sleep", "600")
    late = t.weir.start("run", "--pool", "web", "--name", "late", "--wait", "--", "true")
    t.started.append(late)
    check.soon(lambda: t.weir.json("queue")["queue"], "somebody waits", 30)
    for pid in (holder.process.pid, late.pid):
        check.soon(lambda p=pid: connections(p) == [], f"connections of {pid}: {connections(pid)}", 20)
    end(holder.process, signal.SIGTERM)
    check.equal(late.wait(60), 0, "the one that waited")


@test("systemd: weir run costs no more than systemd-run --scope", on="systemd", measured=True)
def cost(t):
    t.weir.configure("[pool.web]\n").ok("apply")
    weir, peer = [], []
    for _ in range(t.count(9, 41)):
        for samples, command in ((weir, t.weir.command("run", "--pool", "web", "--", "true")),
                                 (peer, ["systemd-run", "--quiet", "--scope", "--slice=weir-web.slice", "true"])):
            begin = time.monotonic()
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
            samples.append(time.monotonic() - begin)
    ratio = sorted(weir)[len(weir) // 2] / sorted(peer)[len(peer) // 2]
    t.note(f"weir run / systemd-run: {ratio:.2f}")
    check.at_most(ratio, 1.0 if t.size == "soak" else 2.0, "weir run / systemd-run --scope; the goal is 1.0")


@test("systemd: in a delegated service weir owns what it was given, and doctor says how to be given more", on="systemd")
def delegated(t):
    unit = "/etc/systemd/system/given.service"
    try:
        with open(unit, "w", encoding="utf-8") as handle:
            handle.write("[Service]\nUser=alice\nSlice=lonely.slice\nDelegate=memory\nExecStart=/bin/sh -c 'd=/sys/fs/cgroup$(cut -d: -f3 "
                         "/proc/self/cgroup); mkdir $d/self; echo $$$$ >$d/self/cgroup.procs; exec sleep 600'\n")
        systemctl("daemon-reload")
        systemctl("start", "given.service")
        root = t.tree.path("lonely.slice/given.service")
        flags = ("--cgroup-root", root, "--run-dir", f"{t.folder}/run")
        t.weir.run_any(["install", "-d", "-o", "alice", f"{t.folder}/run"], 0)
        t.weir.configure("[pool.a]\nmemory = { limit = \"100MiB\" }\n")
        alice = ("setpriv", "--reuid=alice", "--regid=alice", "--init-groups")
        refused = t.weir(*flags, "apply", prefix=alice, status=4)
        check.contains(refused.err, "cpu controller", "what is missing")
        remedies = {}
        for _ in range(3):
            found = t.weir.json(*flags, "doctor", prefix=alice, status=(0, 1))["findings"]
            missing = [f for f in found if f["id"] == "controller-missing" and f["severity"] == "problem"]
            if not missing:
                break
            remedies[missing[0]["remedy"]] = missing[0]["what"]
            t.weir.run_any(["sh", "-c", missing[0]["remedy"]], 0)
            check.soon(lambda: t.tree.exists("lonely.slice/given.service/self"), "the service runs again")
        check.equal(len(remedies), 1, f"one remedy for all: {remedies}")
        check.contains(next(iter(remedies)), "given.service.d", "the drop-in")
        t.weir(*flags, "apply", prefix=alice, status=0)
        t.weir(*flags, "verify", prefix=alice, status=0)
        limit = "lonely.slice/given.service/weir.slice/weir-a.slice"
        check.equal(t.tree.number(limit, "memory.max"), 100 * MIB, "memory.max")
        systemctl("daemon-reload")
        t.weir(*flags, "verify", prefix=alice, status=0)
        t.weir(*flags, "teardown", prefix=alice, status=0)
        # Beside it, in a unit that nobody delegated, weir writes nothing.
        refused = t.weir("--cgroup-root", t.tree.path("system.slice"), "apply", status=4)
        check.contains(refused.err, "has not delegated", "the reason")
    finally:
        systemctl("stop", "given.service", status=None)
        systemctl("stop", "lonely.slice", status=None)
        t.weir.run_any(["rm", "-rf", unit, f"{unit}.d"])
        systemctl("daemon-reload")
