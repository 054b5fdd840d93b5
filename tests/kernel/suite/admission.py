# SPDX-License-Identifier: Apache-2.0
"""Admission: who may come in, who is refused and why, and that nothing is promised twice."""

import json
import os
import signal

from harness import check
from harness.context import memory_total
from harness.registry import test

MIB = 1 << 20
UNIT = 64 * MIB
AUDIT = "/var/log/weir/audit.jsonl"


def host_of(units, more=""):
    """Leaves exactly `units` of memory for pools."""
    return f"[host]\nreserve = {{ cpu = 0, memory = {memory_total() - units * UNIT} }}\n{more}"


# The published example: 11 of 12 units are reserved. Only the first pool is full.
VSPHERE = """
[pool.rp1]
expandable = {expandable}
memory = {{ reservation = {rp1} }}
[pool.rp2]
memory = {{ reservation = {rp2} }}
[pool.rp3]
memory = {{ reservation = {rp3} }}
"""


def vsphere(t, expandable):
    pools = VSPHERE.format(expandable=expandable, rp1=4 * UNIT, rp2=4 * UNIT, rp3=3 * UNIT)
    t.weir.configure(host_of(12) + pools).ok("apply")


def vm(t, pool, name, units):
    return t.run(pool, name, "sleep", "600", flags=("--memory-request", units * UNIT))


def refused(t, pool, units, *flags, status=125):
    done = t.weir("run", "--pool", pool, "--name", "late", "--memory-request", units * UNIT, *flags, "--", "true",
                  status=status)
    check.that(done.err.startswith("weir: no-capacity: "), f"code name: {done.err!r}")
    check.equal(len(done.err.splitlines()), 2, f"an error and a hint: {done.err!r}")
    return done.err.splitlines()[0]


def memory_of(t, pool):
    shown = t.weir.json("pool", "show", pool)["memory"]
    return tuple(shown[key] // UNIT for key in ("reserved_bytes", "free_bytes", "borrowed_bytes"))


@test("admission: vSphere's example: refused without borrowing, one admitted with it, a second refused")
def published(t):
    vsphere(t, "false")
    vm(t, "rp1", "a", 2), vm(t, "rp1", "b", 2), vm(t, "rp2", "c", 2)
    said = refused(t, "rp1", 1)
    for part in ("'rp1'", "'late'", "64MiB of memory", "64MiB missing", "may not borrow", "a (128MiB)", "b (128MiB)"):
        check.contains(said, part, "the refusal")
    check.equal(memory_of(t, "rp1"), (4, 0, 0), "reserved, free and borrowed of rp1")

    vsphere(t, "true")
    check.equal(memory_of(t, "rp1"), (4, 1, 0), "rp1 when it may borrow")
    vm(t, "rp1", "d", 1)
    check.equal(memory_of(t, "rp1"), (5, 0, 1), "rp1 with one borrowed")
    check.equal(memory_of(t, "rp2"), (2, 2, 0), "rp2, which keeps what it reserves")
    check.equal(t.weir.json("pool", "show", "rp1")["lender"], "host", "who lends")
    for name in "rp1", "ctr:d":
        found = t.weir.json("explain", name)
        check.equal(found["borrowed"], {"cpu": 0.0, "memory_bytes": UNIT, "from": "host"}, f"explain {name}")
        check.contains(found["reason"], "borrowed 64MiB of memory from the host", "the sentence")
    status = t.weir.json("status")
    check.equal(status["pools"][0]["memory"]["borrowed_bytes"], UNIT, "status")
    check.equal(status["host"]["unreserved"]["memory_bytes"], 0, "what the host has left")
    for part in ("pool 'rp1' (320MiB)", "pool 'rp2' (256MiB)", "pool 'rp3' (192MiB)", "64MiB missing"):
        check.contains(refused(t, "rp1", 1), part, "the second refusal")
    check.equal(t.weir("verify").status, 0, "verify")


@test("admission: what can never fit says so, a status of one's own tells it from failure, and JSON has the code")
def never(t):
    vsphere(t, "true")
    check.contains(refused(t, "rp1", 6), "never can", "more than is reserved and unreserved")
    check.contains(refused(t, "rp2", 5, "--refused-status", "77", status=77), "never can", "may not borrow")
    done = t.weir("run", "--pool", "rp2", "--memory-request", 5 * UNIT, "--json", "--", "true", status=125)
    error = json.loads(done.err)["error"]
    check.equal((error["code"], error["exit"]), ("no-capacity", 5), "the error in JSON")
    check.equal(t.weir.json("ps")["containers"], [], "containers")
    check.equal([path for path in t.tree.walk(t.backend.top) if path.endswith(".scope")], [], "cgroups left")


@test("admission: place asks as run does, and CPU is counted like memory")
def placed(t):
    t.weir.configure("[pool.a]\nexpandable = false\nmax_containers = 2\ncpu = { reservation = 0.5 }\n"
                     "[pool.a.container]\ncpu = { request = 0.3 }\n").ok("apply")
    children = [t.spawn(["sleep", "600"]) for _ in range(2)]
    t.weir.ok("place", "--pool", "a", "--name", "one", children[0].pid)
    done = t.weir("place", "--pool", "a", "--name", "two", children[1].pid, status=5)
    check.contains(done.err, "0.3 cores of CPU asked for, 0.2 cores free", "the refusal")
    check.that(not t.tree.exists(f"{t.backend.pool('a')}/two.scope"), "it left a cgroup")
    t.weir.ok("run", "--pool", "a", "--cpu-request", "0.2", "--", "true")
    t.run("a", "three", "sleep", "600", flags=("--cpu-request", "0.01"))
    done = t.weir("run", "--pool", "a", "--cpu-request", "0.01", "--", "true", status=125)
    check.contains(done.err, "max_containers", "the third container")
    t.weir.ok("release", "one", "--kill")
    t.weir.ok("run", "--pool", "a", "--cpu-request", "0.4", "--", "true")


@test("admission: a request of 0 reserves nothing, whatever the limit is")
def nothing_requested(t):
    t.weir.configure("[pool.a]\nexpandable = false\ncpu = { reservation = 0.3 }\n").ok("apply")
    t.weir("run", "--pool", "a", "--cpus", "0.5", "--", "true", status=125)  # by default it is the limit
    t.run("a", "free", "sleep", "600", flags=("--cpus", "0.5", "--cpu-request", "0", "--memory", "64MiB", "--memory-request", "0"))
    (free,) = t.weir.json("ps")["containers"]
    check.equal((free["cpu"]["request"], free["cpu"]["limit"]), (0, 0.5), "its CPU")
    check.equal((free["memory"]["request_bytes"], free["memory"]["limit_bytes"]), (0, 64 << 20), "its memory")
    t.weir("run", "--pool", "a", "--cpus", "0", "--", "true", status=2)


@test("admission: what a container held is given back, whoever ended it and whoever removed its cgroup")
def given_back(t):
    t.weir.configure(host_of(8) + f"[pool.a]\nexpandable = false\nmemory = {{ reservation = {4 * UNIT} }}\n").ok("apply")
    endings = {
        "the command ends": lambda c: os.kill(t.tree.pids(c.path)[0], signal.SIGTERM),
        "cgroup.kill": lambda c: t.tree.write(c.path, "cgroup.kill", 1),
        "weir run is killed, then its command": lambda c: (c.process.kill(), c.process.wait(),
                                                           t.tree.write(c.path, "cgroup.kill", 1)),
        "release --kill": lambda c: t.weir.ok("release", c.name, "--kill"),
    }
    for number, (how, ending) in enumerate(endings.items()):
        container = vm(t, "a", f"full{number}", 4)
        refused(t, "a", 1)
        ending(container)
        check.soon(lambda c=container: not (t.tree.exists(c.path) and t.tree.populated(c.path)), f"{how}: it ended", 20)
        container.process.wait(20)
        t.weir.ok("run", "--pool", "a", "--memory-request", 4 * UNIT, "--", "true")
        check.equal(memory_of(t, "a"), (0, 4, 0), f"after '{how}'")
    # Removed by somebody else, and a stranger's cgroup made beside it: the number of cgroups is the same.
    container = vm(t, "a", "gone", 4)
    container.process.kill()
    container.process.wait()
    t.tree.kill(container.path)
    stranger = f"{t.backend.pool('a')}/stranger"
    t.tree.make(stranger)
    vm(t, "a", "next", 3)
    refused(t, "a", 2)
    t.tree.kill(stranger)
    check.equal(t.weir("verify").status, 0, "verify")


@test("admission: sums that were tampered with are drift, and neither refuse wrongly nor admit too much for long")
def tampered(t):
    t.weir.configure(host_of(8) + f"[pool.a]\nexpandable = false\nmemory = {{ reservation = {4 * UNIT} }}\n").ok("apply")
    vm(t, "a", "one", 2)
    slice_path = t.tree.path(t.backend.pool("a"))
    sums = os.getxattr(slice_path, "trusted.weir.books").decode()
    check.contains(sums, f"memory_requests {2 * UNIT}\n", "the sums")
    os.setxattr(slice_path, "trusted.weir.books", sums.replace(str(2 * UNIT), str(4 * UNIT)).encode())
    drift = t.weir.json("verify", status=10)["drift"]
    check.equal([(entry["cgroup"], entry["file"]) for entry in drift], [(t.backend.pool("a"), "weir.books")], "drift")
    t.weir.ok("run", "--pool", "a", "--memory-request", 2 * UNIT, "--", "true")
    os.setxattr(slice_path, "trusted.weir.books", sums.replace(str(2 * UNIT), "0").encode())
    check.equal(t.weir.json("verify", "--repair")["drift"][0]["repaired"], True, "repaired")
    refused(t, "a", 3)
    for damaged in (b"", b"\xff" * 100, b"weir 1\nleaves -1\n", b"weir 1\nmemory_requests 99999999999999999999\n"):
        os.setxattr(slice_path, "trusted.weir.books", damaged)
        refused(t, "a", 3)
        t.weir.ok("run", "--pool", "a", "--memory-request", 2 * UNIT, "--", "true")


@test("admission: each change and each refusal is a line of the audit log")
def audit(t):
    if os.path.exists(AUDIT):
        os.remove(AUDIT)
    t.weir.configure("[pool.a]\nmemory = { limit = \"100MiB\" }\n").ok("apply")
    t.run("a", "one", "sleep", "600", flags=("--memory", "60MiB"))
    t.weir("run", "--pool", "a", "--name", "two", "--memory", "60MiB", "--", "echo", "secret", status=125)
    child = t.spawn(["sleep", "600"])
    t.weir.ok("place", "--pool", "a", "--name", "three", child.pid)
    t.weir("release", "one", status=8)
    t.weir.ok("release", "one", "--kill")
    t.weir.ok("pool", "create", "b")
    t.weir("pool", "set", "b", "shares=0", status=3)
    with open(AUDIT, encoding="utf-8") as handle:
        lines = [json.loads(line) for line in handle]
    check.equal([(line["what"], line["pool"], line["container"], line["result"]) for line in lines],
                [("apply", None, None, "done"), ("run", "a", "one", "done"), ("run", "a", "two", "no-capacity"),
                 ("place", "a", "three", "done"), ("release", "a", "one", "conflict"), ("release", "a", "one", "done"),
                 ("pool create", "b", None, "done"), ("pool set", "b", None, "config")], "the log")
    check.shape(lines, [{"time": str, "who": {"uid": int, "pid": int, "command": str}, "what": str, "result": str,
                         "reason": (str, type(None))}])
    check.contains(lines[2]["reason"], "20MiB missing", "the reason of the refusal")
    check.that("secret" not in lines[2]["who"]["command"], "the command's own words are in the log")
    check.equal(os.stat(AUDIT).st_mode & 0o777, 0o640, "mode of the log")


@test("admission: a decision costs the same in a pool of a thousand as in one of ten", ci="newest", measured=True)
def cost(t):
    """Without the weight writes that follow, which are printed beside it."""
    t.weir.configure("[pool.a]\n[pool.b]\n").ok("apply")
    pool, found, most = t.backend.pool("a"), {}, t.count(250, 1000)
    for number in range(most):
        path = t.tree.make(f"{pool}/c{number}.scope")
        os.setxattr(t.tree.path(path), "trusted.weir.container",
                    f"weir 1\nname c{number}\ncpu_request 1000\nmemory_request 4096\n".encode())
        if number + 1 in (10, most):
            words = t.weir.run_any(["weir-admission-cost", t.weir.config, "a"], status=0).out.split()
            found[number + 1] = dict(zip(words[::2], map(int, words[1::2])))
    few, many = found[10], found[most]
    t.note(f"decision {few['decision']} µs with 10, {many['decision']} µs with {most}; "
           f"weight writes {few['weights']} and {many['weights']} µs")
    for number in range(most):
        os.rmdir(t.tree.path(f"{pool}/c{number}.scope"))
    check.equal((few["refused"], many["refused"]), (0, 0), "refusals")
    check.at_most(many["decision"], 2 * few["decision"] + 50, "µs for a decision in the full pool")
