# SPDX-License-Identifier: Apache-2.0
"""explain, in prepared situations: what binds, how much CPU is left at each level, and who killed."""

from dataclasses import dataclass
from typing import Callable

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
[pool.box]
cpu = { limit = 0.3 }
memory = { limit = "80MiB" }
[pool.inner]
parent = "box"
"""


def applied(t):
    t.weir.configure(POOLS).ok("apply")


def explain(t, name):
    return t.weir.json("explain", name)


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
                        "borrowed": {"cpu": float, "memory_bytes": int, "from": (str, type(None))},
                        "oom": type(None), "reason": str})
    check.that(t.weir.ok("explain", "one").out.startswith("It gets"), "the sentence comes first")


# What prepares a situation.

def beside(*others):
    """A sleeper in each of these pools."""
    def prepare(t):
        for number, pool in enumerate(others):
            sleeper(t, pool, f"beside{number}")
    return prepare


def written(*writes):
    """Files set by hand: (where, file, value), where as in the table."""
    def prepare(t):
        for pools, file, value in writes:
            t.tree.write(t.backend.pool(*pools), file, value)
    return prepare


def both(*steps):
    def prepare(t):
        for step in steps:
            step(t)
    return prepare


def frozen(*pools, container=None):
    path = f"/{container}.scope" if container else ""
    return lambda t: t.tree.freeze(t.backend.pool(*pools) + path)


def gone(pool):
    def prepare(t):
        one = sleeper(t, pool, "gone")
        t.weir.ok("release", "gone", "--kill")
        one.process.wait(20)
    return prepare


def full_of_memory(pool, size):
    return lambda t: t.hold(pool, "hog", size)


def stranger_burns(t):
    t.tree.make("stranger")
    t.tree.write("stranger", "cpu.weight", 10000)
    t.burn_outside("stranger")


def bare_tasks_burn(t):
    for _ in range(4):
        t.burn_outside("")


def out_of_memory(size, *pools):
    """Something in the container asked about holds too much; only that process is to die."""
    def prepare(t):
        path = f"{t.backend.pool(*pools)}/asked.scope"
        t.tree.write(path, "memory.oom.group", 0)
        eater = t.spawn(["weir-burn", "--threads", "0", "--hold", str(size), "--seconds", "60"], path)
        check.soon(lambda: t.tree.flat(path, "memory.events", "oom_kill") > 0, f"an OOM kill in {path}", 60)
        eater.wait(20)
    return prepare


def nothing(_):
    pass


@dataclass
class Situation:
    """A container named "asked" in a pool, what happens around it, and what explain must find.

    Levels are own, pool, parent, top and root. `left` is the part of the top slice's CPU that is left to it;
    `cores` what it has in cores. `of` asks about something else than the container.
    """
    what: str
    pool: tuple | str
    flags: tuple = ()
    around: Callable = nothing
    cpu: tuple | None = None
    memory: tuple | None = None
    left: float | None = None
    cores: float | None = None
    oom: str | None = None
    says: str = ""
    never: str = "\0"
    of: str = "asked"


TEAM = ("team", "nightly")
INNER = ("box", "inner")

SITUATIONS = [
    Situation("memory: the own limit is the lowest", "web", ("--memory", "64MiB"), memory=("own", "memory.max")),
    Situation("memory: the pool's limit is below the own", "web", ("--memory", "900MiB", "--memory-request", "10MiB"), memory=("pool", "memory.max")),
    Situation("memory: the parent's limit", TEAM, memory=("parent", "memory.max")),
    Situation("memory: no limit but the capacity of all pools", "batch", memory=("top", "memory.max")),
    Situation("memory: a neighbour has filled the pool", "web", ("--memory", "64MiB"),
              around=full_of_memory("web", 150 * MIB), memory=("pool", "memory.max")),
    Situation("memory: of a pool itself", "web", of="pool:web", memory=("asked", "memory.max")),
    Situation("cpu: the own limit", "web", ("--cpus", "0.2"), cpu=("own", "cpu.max"), cores=0.2),
    Situation("cpu: the pool's limit is below the own", "ci", ("--cpus", "1.5", "--cpu-request", "0.1"), cpu=("pool", "cpu.max"), cores=0.5),
    Situation("cpu: the pool's limit, its parent has none", ("team", "weekly"), cpu=("pool", "cpu.max"), cores=0.25),
    Situation("cpu: the parent's limit", INNER, ("--cpus", "0.5", "--cpu-request", "0.1"), cpu=("parent", "cpu.max"), cores=0.3),
    Situation("weights: alone in the tree", "batch", left=1),
    Situation("weights: a pool with three hundred times the shares", "batch", around=beside("web"),
              cpu=("pool", "cpu.weight"), left=1 / 301, says="shares"),
    Situation("weights: weight 1 beside 10000", "batch", around=both(beside("web"), written(
        (("batch",), "cpu.weight", 1), (("web",), "cpu.weight", 10000))),
              cpu=("pool", "cpu.weight"), left=1 / 10001, says="weight 1 beside"),
    Situation("weights: three neighbours in the same pool", "web", around=beside("web", "web", "web"),
              cpu=("own", "cpu.weight"), left=1 / 4),
    Situation("weights: a populated sibling of the parent", TEAM, around=beside("web"),
              cpu=("parent", "cpu.weight"), left=1 / 4),
    Situation("weights: the neighbour has ended, its pool is empty", "batch", around=gone("web"), left=1),
    Situation("weights: the neighbour is frozen", "batch", around=both(beside("web"), frozen("web")), left=1),
    Situation("frozen: the container", "web", around=frozen("web", container="asked"),
              cpu=("own", "cgroup.freeze"), cores=0, says="frozen"),
    Situation("frozen: its pool", "web", around=frozen("web"), cpu=("pool", "cgroup.freeze"), cores=0, says="frozen"),
    Situation("frozen: the pool above", TEAM, around=frozen("team"), cpu=("parent", "cgroup.freeze"), cores=0, says="frozen"),
    Situation("stranger: a heavy one beside the top slice", "web", around=stranger_burns, cpu=("top", "cpu.weight"),
              says="stranger"),
    Situation("stranger: bare processes in the root", "web", around=bare_tasks_burn, cpu=("top", "cpu.weight"),
              says="tasks in / itself"),
    Situation("oom: nobody was killed", "web", oom=None),
    Situation("oom: by the own limit", "web", ("--memory", "40MiB"), around=out_of_memory(100 * MIB, "web"), oom="own",
              says="its own memory limit"),
    Situation("oom: by the pool's limit", "web", around=out_of_memory(260 * MIB, "web"), oom="pool", never="its own"),
    Situation("oom: by the parent's limit", INNER, around=out_of_memory(120 * MIB, *INNER), oom="parent", never="its own"),
    Situation("oom: asked of the pool", "web", around=out_of_memory(260 * MIB, "web"), of="pool:web", oom="asked"),
]


def judge(t, situation, found):
    """What explain says against what the situation is."""
    chain = [entry["cgroup"] for entry in found["chain"]]
    levels = {"asked": chain[0], "own": chain[0], "pool": chain[1], "parent": chain[2], "top": chain[-2], "root": chain[-1]}
    for resource, wanted in (("cpu", situation.cpu), ("memory", situation.memory)):
        if wanted:
            bound = found["binding"][resource]
            path = levels[wanted[0]]
            check.equal(bound, {"cgroup": path, "file": wanted[1], "value": t.tree.read(path, wanted[1])},
                        f"what binds {resource}")
    shares = [entry["cpu_share"] for entry in found["chain"]]
    if situation.left is not None:
        # Weights are whole numbers from 1 to 10000.
        check.near(shares[0] / shares[-2], situation.left, 0.005 * situation.left + 0.0001, "part of the top slice's CPU")
    if situation.cores is not None:
        check.near(shares[0], situation.cores, 0.001, "cores")
    check.equal(found["oom"] and found["oom"]["cgroup"], situation.oom and levels[situation.oom], "whose limit killed")
    if situation.oom:
        check.at_least(found["oom"]["count"], 1, "how often")
    check.contains(found["reason"], situation.says, "the sentence")
    check.that(situation.never not in found["reason"], f"the sentence says {situation.never!r}: {found['reason']}")


@test("explain: is right in twenty-seven prepared situations", ci="oldest")
def situations(t):
    wrong = []
    for situation in SITUATIONS:
        applied(t)
        try:
            sleeper(t, situation.pool, "asked", *situation.flags)
            situation.around(t)
            judge(t, situation, explain(t, situation.of))
        except check.Failed as failure:
            wrong.append(f"{situation.what}: {failure}")
        # Down and up again: nobody inside, the files as applied, no counts from before.
        check.equal(t.tidy_up(), None, f"afterwards: {situation.what}")
    check.equal(len(SITUATIONS), 27, "situations")
    check.that(not wrong, "; ".join(wrong))


@test("explain: what strangers use and who they are changes the share of the top slice")
def strangers(t):
    applied(t)
    sleeper(t, "web", "one")
    before = explain(t, "one")["chain"][-2]["cpu_share"]
    stranger_burns(t)
    beside_heavy = explain(t, "one")["chain"][-2]["cpu_share"]
    check.that(beside_heavy < 0.75 * before, f"a heavy stranger takes its part: {beside_heavy} after {before}")
    t.tree.write("stranger", "cpu.weight", 1)
    beside_light = explain(t, "one")["chain"][-2]["cpu_share"]
    check.that(beside_light > beside_heavy, "a light one less")
    bare_tasks_burn(t)
    check.that(explain(t, "one")["chain"][-2]["cpu_share"] < beside_light, "bare tasks in the root count")


@test("explain: names of pools and containers, told apart and mistaken")
def names(t):
    applied(t)
    check.equal(explain(t, "web")["kind"], "pool", "a pool")
    check.equal(explain(t, "pool:web")["name"], "web", "its name")
    for name in ("nosuch", "ctr:web", "pool:nosuch", "ctr:nosuch", "../x", "", "x" * 300):
        check.among(t.weir("explain", name).status, (2, 7), f"exit status for {name!r}")
