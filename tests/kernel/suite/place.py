# SPDX-License-Identifier: Apache-2.0
"""place and release."""

import os
import signal
import subprocess
import time

from harness import check
from harness.backend import detect
from harness.registry import test

POOLS = """
[pool.batch]
[pool.batch.container]
memory = { limit = "300MiB" }
[pool.team]
[pool.nightly]
parent = "team"
"""


cgroup_of = detect().cgroup_of


def applied(t, text=POOLS):
    t.weir.configure(text).ok("apply")


def scope(t, pool, name):
    return f"{t.backend.pool(pool)}/{name}.scope"


@test("place: a running process becomes a container with the pool's limits")
def one_process(t):
    applied(t)
    child = t.spawn(["sleep", "600"])
    placed = t.weir.json("place", "--pool", "batch", "--name", "dump", child.pid)
    check.equal(placed["pids"], 1, "processes placed")
    check.equal(placed["missed"], [], "processes missed")
    check.equal(cgroup_of(child.pid), scope(t, "batch", "dump"), "where the process is")
    check.equal(t.tree.number(scope(t, "batch", "dump"), "memory.max"), 300 << 20, "memory.max")
    check.equal([c["name"] for c in t.weir.json("ps")["containers"]], ["dump"], "ps")
    check.equal(t.weir("verify").status, 0, "verify afterwards")


# Its leader exits, its thread goes on.
HEADLESS = "import ctypes,threading,time\n" \
           "threading.Thread(target=lambda: time.sleep(600)).start()\n" \
           "ctypes.CDLL(None).pthread_exit(None)\n"


def live_threads(pids):
    found = {}
    for pid in pids:
        for tid in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{tid}/stat", encoding="utf-8") as handle:
                if handle.read().rpartition(")")[2].split()[0] not in "ZX":
                    found[f"{pid}/task/{tid}"] = cgroup_of(f"{pid}/task/{tid}")
    return found


@test("place: descendants come along with all their threads, zombies and dead leaders do not hold it up")
def family(t):
    applied(t)
    t.tree.make("outside")
    script = "import os,subprocess,sys,time\n" \
             "if os.fork() == 0:\n  os._exit(0)\n" \
             f"headless = subprocess.Popen([sys.executable, '-c', {HEADLESS!r}])\n" \
             "time.sleep(1); print('ready', flush=True); print(headless.pid, flush=True); time.sleep(600)\n"
    child = t.ready(t.spawn(["python3", "-c", script], "outside"))
    headless = int(child.stdout.readline())
    check.soon(lambda: len(os.listdir(f"/proc/{headless}/task")) == 2 and len(live_threads([headless])) == 1, "its leader is dead")
    placed = t.weir.json("place", "--pool", "batch", "--name", "family", child.pid)
    check.equal(placed["missed"], [], "processes missed")
    where = live_threads([child.pid, headless])
    check.equal(len(where), 2, "threads alive")
    check.equal(set(where.values()), {scope(t, "batch", "family")}, "where they are")
    check.that(not t.tree.populated("outside"), "nobody is where they were")
    t.weir.ok("release", "family", "--kill")
    check.soon(lambda: not os.path.exists(f"/proc/{headless}"), "release --kill ended the one without a leader")


@test("release: --kill ends a process that lost its leader inside of the container")
def lost_leader(t):
    applied(t)
    for command in ("release", "teardown"):
        box = t.run("batch", "headless", "python3", "-c", HEADLESS)
        pid = check.soon(lambda: t.tree.pids(box.path), "it is there")[-1]
        check.soon(lambda: len(os.listdir(f"/proc/{pid}/task")) == 2 and len(live_threads([pid])) == 1, "its leader is dead")
        t.weir.ok(*((command, "headless") if command == "release" else (command,)), "--kill")
        check.that(not os.path.exists(f"/proc/{pid}/task") or not live_threads([pid]), f"{command} --kill ended it")
        check.equal(box.process.wait(20), 137, "the status of weir run")


@test("place: a process whose leader has exited is placed by itself")
def headless_alone(t):
    applied(t)
    t.tree.make("outside")
    child = t.spawn(["python3", "-c", HEADLESS], "outside")
    check.soon(lambda: os.listdir(f"/proc/{child.pid}/task") != [str(child.pid)]
               and len(live_threads([child.pid])) == 1, "its leader is dead")
    t.weir.ok("place", "--pool", "batch", "--name", "alone", child.pid)
    check.that(not t.tree.populated("outside"), "it is where it was")
    check.that(t.tree.populated(scope(t, "batch", "alone")), "it is not in the container")
    t.weir.ok("release", "alone", "--kill")
    check.equal(child.wait(20), -signal.SIGKILL, "how it ended")


@test("place: the orphans of a child that ended before come along, a sibling of the same group does not")
def orphans(t):
    applied(t)
    t.tree.make("outside")
    # The job's only child is a zombie; what that one left behind belongs to the job. The script's
    # other job, begun later in the same process group, does not.
    job = "if os.fork() == 0:\n  if os.fork() == 0: time.sleep(600)\n  os._exit(0)\n" \
          "time.sleep(600)\n"
    script = f"import os,subprocess,sys,time\njob = {('import os,time' + chr(10) + job)!r}\n" \
             "first = subprocess.Popen([sys.executable, '-c', job])\ntime.sleep(1)\n" \
             "second = subprocess.Popen(['sh', '-c', 'sleep 600 & wait'])\ntime.sleep(0.5)\n" \
             "print('ready', flush=True)\nprint(first.pid, second.pid, flush=True)\ntime.sleep(600)\n"
    shell = t.ready(t.spawn(["python3", "-c", script], "outside", start_new_session=True))
    first, second = map(int, shell.stdout.readline().split())
    placed = t.weir.json("place", "--pool", "batch", "--name", "job", first)
    inside = t.tree.pids(scope(t, "batch", "job"))
    check.equal((placed["pids"], placed["missed"], len(inside)), (2, [], 2), "the job and the orphan")
    check.that(first in inside, "the job itself is outside")
    check.equal(len(t.tree.pids("outside")), 3, "the script, its other job and that one's child")
    check.that(second in t.tree.pids("outside"), "the sibling was taken along")
    t.weir.ok("release", "job", "--kill")
    t.tree.kill("outside")


@test("place: a tree of 200 that forks all the time comes whole, or it is said who did not")
def storm(t):
    applied(t)
    unsure = 0
    for number in range(t.count(1, 100)):
        outside, inside = f"outside{number}", scope(t, "batch", f"storm{number}")
        t.tree.make(outside)
        child = t.ready(t.spawn(["weir-storm", "150", "40", "10", "300"], outside, start_new_session=True))
        done = t.weir("place", "--pool", "batch", "--name", f"storm{number}", child.pid, "--json", status=(0, 1))
        said = {entry["pid"] for entry in done.json["missed"]}
        # The kernel's own word: nobody alive is left where all of them came from.
        left = set(t.tree.pids(outside)) if t.tree.populated(outside) else set()
        if 0 not in said:  # 0: some that come and go may be outside
            check.equal(left - said, set(), f"round {number}: outside and not named")
        unsure += 0 in said and not left
        check.equal(done.status, 1 if said else 0, f"exit status of round {number}")
        check.equal(t.tree.read(inside, "cgroup.freeze"), "0", "frozen afterwards")
        t.weir.ok("release", f"storm{number}", "--kill")
        t.tree.kill(outside)
        t.note(f"round {number}: {done.json['pids']} placed, {len(left)} outside, {done.seconds:.1f} s")
    check.at_most(unsure, t.count(1, 5), "rounds in which all came and weir was not sure")


@test("place: a service's or a runtime's processes only with --force")
def foreign(t):
    applied(t)
    for number, cgroup in enumerate(("system.slice/web.service", "machine.slice/libpod-1234.scope", "docker/0123abcd")):
        t.tree.make(cgroup)
        child = t.spawn(["sleep", "600"], cgroup)
        check.soon(lambda c=child, g=cgroup: cgroup_of(c.pid) == g, "it is there")
        refused = t.weir("place", "--pool", "batch", "--name", f"f{number}", child.pid, status=8)
        check.contains(refused.err, "--force", "the hint")
        check.equal(cgroup_of(child.pid), cgroup, "where it is after a refusal")
        check.that(not t.tree.exists(scope(t, "batch", f"f{number}")), "a refused container left its cgroup")
        t.weir.ok("place", "--pool", "batch", "--name", f"f{number}", "--force", child.pid)
        check.equal(cgroup_of(child.pid), scope(t, "batch", f"f{number}"), "where it is with --force")


@test("place: what cannot move is refused with the reason, and nothing is left")
def refused(t):
    applied(t)
    zombie = t.spawn(["true"])
    check.soon(lambda: open(f"/proc/{zombie.pid}/stat", encoding="ascii").read().split()[2] == "Z", "a zombie")
    before = t.tree.snapshot()
    gone = subprocess.Popen(["true"])
    gone.wait()
    child = t.spawn(["sleep", "600"])
    table = ((("1",), 2, "first process"), (("2",), 2, "kernel thread"), ((str(zombie.pid),), 2, "ended"),
             ((str(gone.pid),), 7, "no process"), (("0",), (2, 7), ""), (("-1",), 2, ""), (("x",), 2, ""),
             (("99999999999999999999",), 2, ""), ((str(child.pid), "2"), 2, "kernel thread"))
    for pids, status, words in table:
        done = t.weir("place", "--pool", "batch", "--name", "x", *pids, status=status)
        check.contains(done.err, words, f"the reason for {pids}")
    t.weir("place", "--pool", "batch", "--name", "..", child.pid, status=2)
    t.weir("place", "--pool", "nosuch", "--name", "x", child.pid, status=7)
    t.weir("place", "--pool", "team", "--name", "x", child.pid, status=(2, 8))
    check.same(t.tree.snapshot(), before, "the tree after refusals")


@test("place: killed at any moment, the next command thaws what is in and the rest goes on outside")
def killed(t):
    applied(t)
    for number in range(t.count(6, 60)):
        outside = f"outside{number}"
        t.tree.make(outside)
        child = t.ready(t.spawn(["weir-storm", "60", "0", "0", "300"], outside, start_new_session=True))
        placing = t.weir.start("place", "--pool", "batch", "--name", f"k{number}", child.pid)
        t.started.append(placing)
        time.sleep(0.05 * number)
        placing.kill()
        placing.wait()
        t.weir.ok("ps")
        path = scope(t, "batch", f"k{number}")
        if t.tree.exists(path):
            check.equal(t.tree.read(path, "cgroup.freeze"), "0", f"round {number}: frozen after the next command")
            t.weir("release", f"k{number}", "--kill", status=(0, 7))
        t.tree.kill(outside)
    check.equal(t.weir("verify").status, 0, "verify at the end")


@test("release: gives up a container, but not one with processes unless told to kill")
def release(t):
    applied(t)
    one = t.run("batch", "one", "sleep", "600")
    before = t.tree.snapshot()
    check.contains(t.weir("release", "one", status=8).err, "--kill", "the hint")
    check.same(t.tree.snapshot(), before, "the tree after a refusal")
    t.weir.ok("release", "one", "--kill")
    check.that(not t.tree.exists(one.path), "the cgroup is still there")
    check.equal(one.process.wait(20), 137, "what weir run says")
    t.weir("release", "one", status=7)
    t.weir("release", "../x", status=2)
    child = t.spawn(["sleep", "600"])
    t.weir.ok("place", "--pool", "batch", "--name", "two", child.pid)
    child.kill()
    child.wait()
    t.weir("release", "two", status=(0, 7))
    check.equal(t.weir.json("ps")["containers"], [], "containers left")
