# SPDX-License-Identifier: Apache-2.0
"""explain, in prepared situations: what binds, how much CPU is left at each level, and who killed."""

from harness import check
from harness.registry import test

MIB = 1 << 20

POOLS = """
[pool.web]
shares = 300
memory = { limit = "200MiB" }
[pool.ci]
shares = 100
cpu = { limit = 0.5 }
[pool.team]
memory = { limit = "150MiB" }
[pool.nightly]
parent = "team"
[pool.weekly]
parent = "team"
cpu = { limit = 0.25 }
[pool.batch]
shares = 1
"""


def applied(t):
    t.weir.configure(POOLS).ok("apply")


def explain(t, name):
    return t.weir.json("explain", name)


def binding(t, name, resource):
    found = explain(t, name)["binding"][resource]
    return (found["cgroup"], found["file"]) if found else None


def share(t, name):
    return explain(t, name)["chain"][0]["cpu_share"]


def part_of_top(t, name):
    """What is left of the top slice's share, which goes up and down with the bare tasks in the root."""
    chain = explain(t, name)["chain"]
    return chain[0]["cpu_share"] / chain[-2]["cpu_share"]


def sleeper(t, pool, name, *flags):
    return t.run(pool, name, "sleep", "600", flags=flags)


def level(t, path, file="cpu.weight"):
    return t.tree.number(path, file)


@test("explain: the chain goes up to the root and says what the kernel says")
def chain(t):
    applied(t)
    one = sleeper(t, ("team", "nightly"), "one", "--memory", "64MiB", "--cpus", "1")
    found = explain(t, "one")
    check.equal(found["kind"], "container", "kind")
    wanted = [one.path, t.backend.pool("team", "nightly"), t.backend.pool("team"), t.backend.top, ""]
    check.equal([entry["cgroup"] for entry in found["chain"]], wanted, "the chain")
    for entry in found["chain"][:-1]:
        check.equal(entry["cpu_weight"], level(t, entry["cgroup"]), f"cpu.weight of {entry['cgroup']}")
        limit = t.tree.read(entry["cgroup"], "memory.max")
        check.equal(entry["memory_max_bytes"], None if limit == "max" else int(limit), f"memory.max of {entry['cgroup']}")
    check.equal(found["chain"][-1]["cpu_share"], float(t.cpus), "what the root has")
    check.shape(found, {"binding": {"cpu": (dict, type(None)), "memory": dict},
                        "borrowed": {"cpu": float, "memory_bytes": int, "from": type(None)},
                        "oom": type(None), "reason": str})
    check.that(t.weir.ok("explain", "one").out.startswith("It gets"), "the sentence comes first")


@test("explain: memory is bound by the level with the least room: container, pool, parent, top")
def memory(t):
    applied(t)
    sleeper(t, "web", "small", "--memory", "64MiB")
    check.equal(binding(t, "small", "memory"), (f"{t.backend.pool('web')}/small.scope", "memory.max"), "own limit")
    sleeper(t, "web", "large", "--memory", "900MiB")
    check.equal(binding(t, "large", "memory"), (t.backend.pool("web"), "memory.max"), "the pool's limit")
    sleeper(t, ("team", "nightly"), "deep")
    check.equal(binding(t, "deep", "memory"), (t.backend.pool("team"), "memory.max"), "the grandparent's limit")
    sleeper(t, "batch", "free")
    check.equal(binding(t, "free", "memory"), (t.backend.top, "memory.max"), "the capacity of all pools")
    check.equal(binding(t, "pool:web", "memory"), (t.backend.pool("web"), "memory.max"), "of a pool itself")
    hog = t.hold("web", "hog", 150 * MIB)
    check.equal(binding(t, "small", "memory"), (t.backend.pool("web"), "memory.max"),
                "the pool that a neighbour has filled binds before the own limit")
    del hog


@test("explain: CPU is bound by the own limit, the pool's, or the parent's")
def cpu_limits(t):
    applied(t)
    sleeper(t, "web", "own", "--cpus", "0.2")
    check.equal(binding(t, "own", "cpu"), (f"{t.backend.pool('web')}/own.scope", "cpu.max"), "own limit")
    check.near(share(t, "own"), 0.2, 0.001, "share with an own limit")
    t.weir.ok("release", "own", "--kill")
    sleeper(t, "ci", "pooled", "--cpus", "1.5")
    check.equal(binding(t, "pooled", "cpu"), (t.backend.pool("ci"), "cpu.max"), "the pool's limit")
    check.near(share(t, "pooled"), 0.5, 0.001, "share below the pool's limit")
    t.weir.ok("release", "pooled", "--kill")
    sleeper(t, ("team", "weekly"), "deep")
    check.equal(binding(t, "deep", "cpu"), (t.backend.pool("team", "weekly"), "cpu.max"), "the parent's limit")
    check.near(share(t, "deep"), 0.25, 0.001, "share below the parent's limit")


@test("explain: weights of populated siblings divide; weight 1 beside 10000 is said")
def weights(t):
    applied(t)
    sleeper(t, "batch", "poor")
    check.near(part_of_top(t, "poor"), 1, 0.001, "alone in the top slice")
    sleeper(t, "web", "rich")
    check.equal(binding(t, "poor", "cpu"), (t.backend.pool("batch"), "cpu.weight"), "what binds")
    rich, poor = level(t, t.backend.pool("web")), level(t, t.backend.pool("batch"))
    check.near(part_of_top(t, "poor"), poor / (rich + poor), 0.001, "share beside the rich pool")
    t.tree.write(t.backend.pool("batch"), "cpu.weight", 1)
    t.tree.write(t.backend.pool("web"), "cpu.weight", 10000)
    found = explain(t, "poor")
    check.near(part_of_top(t, "poor"), 1 / 10001, 0.0001, "share with weight 1 beside 10000")
    check.contains(found["reason"], "weight 1 beside", "the sentence")


@test("explain: an empty sibling takes nothing, a frozen one neither")
def idle_siblings(t):
    applied(t)
    sleeper(t, "batch", "poor")
    rich = sleeper(t, "web", "rich")
    check.that(part_of_top(t, "poor") < 0.1, "the rich one counts while it lives")
    t.tree.write(t.backend.pool("web"), "cgroup.freeze", 1)
    check.soon(lambda: t.tree.flat(t.backend.pool("web"), "cgroup.events", "frozen") == 1, "frozen")
    check.near(part_of_top(t, "poor"), 1, 0.001, "share beside a frozen pool")
    t.tree.write(t.backend.pool("web"), "cgroup.freeze", 0)
    t.weir.ok("release", "rich", "--kill")
    rich.process.wait(20)
    check.near(part_of_top(t, "poor"), 1, 0.001, "share beside an empty pool")


@test("explain: a frozen container or pool gets nothing and it is said who froze")
def frozen(t):
    applied(t)
    one = sleeper(t, "web", "one")
    t.tree.write(one.path, "cgroup.freeze", 1)
    found = explain(t, "one")
    check.equal(found["chain"][0]["cpu_share"], 0.0, "share")
    check.equal(found["binding"]["cpu"], {"cgroup": one.path, "file": "cgroup.freeze", "value": "1"}, "what binds")
    check.contains(found["reason"], "frozen", "the sentence")
    t.tree.write(one.path, "cgroup.freeze", 0)
    t.tree.write(t.backend.pool("web"), "cgroup.freeze", 1)
    check.equal(binding(t, "one", "cpu"), (t.backend.pool("web"), "cgroup.freeze"), "a frozen pool binds")
    t.tree.write(t.backend.pool("web"), "cgroup.freeze", 0)


@test("explain: a stranger's load beside the top slice and bare tasks in the root count")
def stranger(t):
    applied(t)
    sleeper(t, "web", "one")
    before = explain(t, "one")["chain"][-2]["cpu_share"]
    t.tree.make("stranger")
    t.tree.write("stranger", "cpu.weight", 10000)
    t.burn_outside("stranger")
    found = explain(t, "one")
    check.that(found["chain"][-2]["cpu_share"] < 0.75 * before, "the top slice has less beside a heavy stranger")
    check.equal(found["binding"]["cpu"]["cgroup"], t.backend.top, "the level that divides most")
    check.contains(found["reason"], "stranger", "the stranger is named")
    t.tree.write("stranger", "cpu.weight", 1)
    lighter = explain(t, "one")["chain"][-2]["cpu_share"]
    for _ in range(4):
        t.burn_outside("")
    check.that(explain(t, "one")["chain"][-2]["cpu_share"] < lighter, "bare tasks in the root count")


@test("explain: an OOM kill by the container's own limit and one by the pool's are told apart")
def oom(t):
    applied(t)
    own = t.run("web", "own", "sh", "-c", "weir-burn --threads 0 --hold 100000000 --seconds 1; sleep 600",
                flags=("--memory", "40MiB"))
    t.tree.write(own.path, "memory.oom.group", 0)
    check.soon(lambda: t.tree.flat(own.path, "memory.events", "oom_kill") > 0 or None, "an OOM kill", 60) \
        if t.tree.exists(own.path) else None
    if t.tree.exists(own.path):
        found = explain(t, "own")
        check.equal(found["oom"]["cgroup"], own.path, "whose limit")
        check.contains(found["reason"], "its own memory limit", "the sentence")
    victim = t.run("web", "victim", "sleep", "600")
    t.tree.write(victim.path, "memory.oom.group", 0)
    eater = t.spawn(["weir-burn", "--threads", "0", "--hold", str(260 * MIB), "--seconds", "60"], victim.path)
    check.soon(lambda: t.tree.flat(victim.path, "memory.events", "oom_kill") > 0, "an OOM kill", 60)
    eater.wait(20)
    found = explain(t, "victim")
    check.equal(found["oom"]["cgroup"], t.backend.pool("web"), "whose limit")
    check.that(found["oom"]["count"] >= 1, "how many")
    check.that("its own" not in found["reason"], "not its own limit")
    check.equal(explain(t, "pool:web")["oom"]["cgroup"], t.backend.pool("web"), "asked of the pool")


@test("explain: names of pools and containers, told apart and mistaken")
def names(t):
    applied(t)
    check.equal(explain(t, "web")["kind"], "pool", "a pool")
    check.equal(explain(t, "pool:web")["name"], "web", "its name")
    for name in ("nosuch", "ctr:web", "pool:nosuch", "ctr:nosuch", "../x", "", "x" * 300):
        check.among(t.weir("explain", name).status, (2, 7), f"exit status for {name!r}")
