# SPDX-License-Identifier: Apache-2.0
"""plan, apply, verify and teardown."""

from harness import check
from harness.registry import test
from harness.tree import WriteWatch

MIB = 1 << 20

RICH = """
[pool.web]
shares = 200
expandable = true
cpu = { reservation = 0.4, limit = 1.5 }
memory = { reservation = "64MiB", limit = "512MiB", swap = "16MiB", hard = true }
pids = { limit = 2000 }
cpus = "0-1"
[pool.team]
memory = { reservation = "100MiB" }
[pool.nightly]
parent = "team"
cpu = { limit = "500m" }
memory = { reservation = "50%", limit = "333333333" }
[pool.release]
parent = "team"
shares = 37
[pool.batch]
shares = 50
"""

# Another value for each file that weir sets, none of which does harm.
OTHER = {"cpu.weight": ("77", "78"), "cpu.max": ("190000 100000",), "memory.min": ("8192",), "memory.low": ("16384",),
         "memory.high": (str(900 * MIB),), "memory.max": (str(700 * MIB),), "memory.swap.max": (str(3 * MIB),),
         "pids.max": ("1234",), "cpuset.cpus": ("0",), "memory.oom.group": ("0",), "cgroup.subtree_control": ("-pids",)}
POOL_FILES = ("cpu.weight", "cpu.max", "memory.min", "memory.low", "memory.high", "memory.max", "memory.swap.max",
              "pids.max")
CONTAINER_FILES = ("cpu.weight", "cpu.max", "memory.min", "memory.low", "memory.high", "memory.max",
                   "memory.swap.max", "memory.oom.group")


def drift(t):
    """(cgroup, file) pairs that verify names; its exit status must agree."""
    done = t.weir("verify", "--json", status=(0, 10))
    found = {(entry["cgroup"], entry["file"]) for entry in done.json["drift"]}
    check.equal(done.status, 10 if found else 0, "exit status of verify")
    return found


def no_drift(t):
    check.equal(drift(t), set(), "drift")


@test("apply: a second run writes nothing")
def second_run(t):
    t.weir.configure(RICH)
    check.equal(t.weir("plan", "--exit-code").status, 10, "plan --exit-code before apply")
    planned = t.weir.json("plan")
    done = t.weir.json("apply")
    check.equal(done["done"], len(planned["changes"]), "changes done and planned")
    t.run("web", "one", "sleep", "600", flags=("--memory", "100MiB", "--cpus", "0.5"))
    before = t.tree.snapshot()
    with WriteWatch(t.tree, t.backend.top) as watch:
        check.equal(t.weir.json("apply"), {"changes": [], "blocked": [], "done": 0}, "second apply")
        check.equal(watch.seen(), set(), "files written by the second apply")
    check.same(t.tree.snapshot(), before, "the tree after the second apply")
    check.equal(t.weir("plan", "--exit-code").status, 0, "plan --exit-code after apply")
    no_drift(t)


@test("apply: the kernel's rounding is no drift")
def rounding(t):
    t.weir.configure("""
[pool.a]
cpu = { reservation = 0.010001, limit = 0.333333 }
memory = { reservation = 10000001, limit = 100000001, swap = "1kB" }
[pool.b]
cpu = { limit = 0.012345 }
memory = { reservation = "1.5%", limit = "99.9%" }
[pool.c]
shares = 999
""").ok("apply")
    no_drift(t)
    check.equal(t.weir.json("apply")["done"], 0, "writes of the second apply")


@test("verify names exactly the one file that was changed by hand, and apply writes just that one", ci="plain")
def one_file(t):
    t.weir.configure(RICH).ok("apply")
    container = t.run(("team", "nightly"), "one", "sleep", "600",
                      flags=("--memory", "100MiB", "--memory-request", "8MiB", "--cpus", "0.4"))
    other = t.run(("team", "nightly"), "two", "sleep", "600", flags=("--cpus", "0.1"))
    no_drift(t)
    team, nightly = t.backend.pool("team"), t.backend.pool("team", "nightly")
    places = [(cgroup, file) for cgroup in (t.backend.top, t.backend.pool("web")) for file in POOL_FILES]
    places += [(container.path, file) for file in CONTAINER_FILES] + [(other.path, "cpu.weight")]
    places += [(t.backend.pool("web"), "cpuset.cpus")]
    if t.backend.writes_single_files:  # else systemd's own, by what its units need (kernel-notes)
        places += [(t.backend.pool("batch"), "cgroup.subtree_control")]
    places += [(team, "memory.low"), (nightly, "cpu.max"), (nightly, "memory.max")]
    with WriteWatch(t.tree, t.backend.top) as watch:
        for cgroup, file in places:
            before = t.tree.read(cgroup, file)
            value = next(value for value in OTHER[file] if value != before)
            t.tree.write(cgroup, file, value)
            check.that(t.tree.read(cgroup, file) != before, f"{cgroup}/{file} took {value}")
            check.equal(drift(t), {(cgroup, file)}, f"drift after {cgroup}/{file} was changed")
            watch.seen()
            changes = t.weir.json("apply")["changes"]
            check.equal([(c["cgroup"], c["file"]) for c in changes], [(cgroup, file)], "what apply did")
            wrote = watch.seen()
            if t.backend.writes_single_files:
                check.equal(wrote, {(cgroup, file)}, "what apply wrote")
            else:
                # Some of a scope's files lie in its child (kernel-notes).
                units = {path.rstrip("/").removesuffix("/container") for path, _ in wrote}
                check.equal(units, {cgroup}, "the cgroups apply wrote to")
            check.equal(t.tree.read(cgroup, file), before, f"{cgroup}/{file} after apply")
    no_drift(t)


@test("verify --repair writes what was changed by hand and says so")
def repair(t):
    t.weir.configure(RICH).ok("apply")
    web = t.backend.pool("web")
    t.tree.write(web, "cpu.weight", 1)
    t.tree.write(web, "pids.max", 17)
    found = t.weir.json("verify", "--repair")["drift"]
    check.equal({(d["file"], d["kernel"], d["repaired"]) for d in found},
                {("cpu.weight", "1", True), ("pids.max", "17", True)}, "drift")
    no_drift(t)


@test("verify names a pool's cgroup that was removed, and apply makes it again")
def removed_pool(t):
    t.weir.configure(RICH).ok("apply")
    before = t.tree.snapshot()
    t.tree.kill(t.backend.pool("batch"))
    check.that(any(cgroup == t.backend.pool("batch") for cgroup, _ in drift(t)), "verify names the missing cgroup")
    t.weir.ok("apply")
    check.same(t.tree.snapshot(), before, "the tree after apply")


@test("teardown leaves the hierarchy as it found it")
def teardown(t):
    before = t.tree.snapshot()
    t.weir.configure(RICH).ok("apply")
    t.run("web", "one", "sleep", "600")
    refused = t.weir("teardown", status=8)
    check.contains(refused.err, "weir: conflict: ", "refusal while a container runs")
    t.weir.ok("teardown", "--kill")
    check.same(t.tree.snapshot(), before, "the tree after teardown")
    check.equal(t.weir.ok("teardown").out, "", "a second teardown has nothing to do")


@test("teardown --kill does not wait for a frozen pool to report its end")
def frozen_pool(t):
    t.weir.configure(RICH).ok("apply")
    t.run("batch", "cold", "sleep", "600")
    t.tree.freeze(t.backend.pool("batch"))
    check.at_most(t.weir.ok("teardown", "--kill").seconds, 8, "seconds")


@test("teardown switches off the controllers that apply switched on, and no other")
def controllers(t):
    house = t.tree.make("house")
    neighbour = t.tree.make("house/neighbour")
    t.tree.write(house, "cgroup.subtree_control", "+pids")
    t.tree.write(neighbour, "pids.max", 99)
    before = t.tree.snapshot()
    weir = t.weir.configure("[pool.a]\n[pool.b]\n").at("--cgroup-root", t.tree.path(house))
    weir.ok("apply")
    check.equal(set(t.tree.read(house, "cgroup.subtree_control").split()), {"cpu", "memory", "pids"}, "switched on")
    weir.ok("run", "--pool", "a", "--", "true")
    weir.ok("teardown")
    check.same(t.tree.snapshot(), before, "the tree after teardown")


@test("teardown leaves a controller on that somebody else began to use")
def shared_controller(t):
    house = t.tree.make("house")
    neighbour = t.tree.make("house/neighbour")
    weir = t.weir.configure("[pool.a]\n").at("--cgroup-root", t.tree.path(house))
    weir.ok("apply")
    t.tree.write(neighbour, "memory.max", 64 * MIB)
    check.contains(weir.ok("teardown").err, "memory", "what teardown says it left")
    check.equal(t.tree.read(house, "cgroup.subtree_control"), "memory", "subtree_control")
    check.equal(t.tree.number(neighbour, "memory.max"), 64 * MIB, "the neighbour's limit")


@test("foreign cgroups below the slice are reported and never touched")
def foreign(t):
    t.weir.configure(RICH).ok("apply")
    web = t.backend.pool("web")
    strangers = [t.tree.make(f"{t.backend.top}/stranger"), t.tree.make(f"{web}/stranger.slice"),
                 t.tree.make(f"{t.backend.top}/stranger.slice/inner")]
    t.backend.enable(web)
    t.tree.write(strangers[1], "memory.max", 50 * MIB)
    sleeper = t.spawn(["sleep", "600"], strangers[1])
    before = {path: t.tree.snapshot(path) for path in strangers}
    t.weir.ok("apply")
    t.weir.configure(RICH.replace("shares = 200", "shares = 300")).ok("apply")
    t.weir("verify", status=0)
    for name in ("teardown", "--kill"), ("teardown",):
        done = t.weir(*name, status=8)
        check.contains(done.err, "stranger", "what teardown names")
    t.weir.configure(RICH.replace("[pool.batch]\nshares = 50\n", "")).ok("apply")
    check.that(not t.tree.exists(t.backend.pool("batch")), "an empty pool that left the file is removed")
    for path in strangers:
        check.same(t.tree.snapshot(path), before[path], path)
    check.equal(t.tree.pids(strangers[1]), [sleeper.pid], "the stranger's processes")


@test("verify reports cgroups below the slice that weir did not make", ci="plain")
def foreign_reported(t):
    t.weir.configure(RICH).ok("apply")
    for name in ("stranger.scope", "stranger.slice"):  # the first becomes a container, the second stays as it is
        t.spawn(["sleep", "600"], t.tree.make(f"{t.backend.pool('web')}/{name}"))
    done = t.weir.ok("verify")
    check.contains(done.out + done.err, "stranger.scope", "what verify says")
    check.contains(done.out + done.err, "stranger.slice", "what verify says")


@test("apply never writes memory.max below what is in use: blocked, the rest done, nothing killed")
def memory_in_use(t):
    text = "[pool.a]\nmemory = {{ limit = \"{a}MiB\" }}\n[pool.b]\nshares = {shares}\nmemory = {{ limit = \"{b}MiB\" }}\n"
    t.weir.configure(text.format(a=200, b=300, shares=100)).ok("apply")
    container = t.hold("a", "holder", 80 * MIB)
    a, b = t.backend.pool("a"), t.backend.pool("b")
    t.weir.configure(text.format(a=40, b=150, shares=200))
    planned = t.weir.json("plan")
    check.equal([(x["cgroup"], x["file"], x["to"]) for x in planned["blocked"]],
                [(a, "memory.max", str(40 * MIB))], "what plan says is blocked")
    done = t.weir("apply", status=1)
    check.contains(done.err, f"{a}/memory.max", "what apply names")
    check.contains(done.err, "weir: failed: ", "the error line")
    check.equal(t.tree.number(a, "memory.max"), 200 * MIB, "memory.max of a")
    check.equal(t.tree.number(b, "memory.max"), 150 * MIB, "memory.max of b")
    check.equal(t.tree.number(a, "cpu.weight"), 5000, "cpu.weight of a")
    check.equal(t.tree.flat(a, "memory.events", "oom_kill"), 0, "OOM kills")
    check.equal(container.process.poll(), None, "the container's state")
    check.equal(drift(t), {(a, "memory.max")}, "drift")
    t.weir.json("apply", status=1)
    container.process.terminate()
    container.process.wait(timeout=20)
    t.weir.ok("apply")
    check.equal(t.tree.number(a, "memory.max"), 40 * MIB, "memory.max of a at the end")


@test("apply never writes pids.max below what is in use")
def pids_in_use(t):
    text = "[pool.a]\npids = {{ limit = {a} }}\n[pool.b]\npids = {{ limit = {b} }}\n"
    t.weir.configure(text.format(a=100, b=100)).ok("apply")
    t.ready(t.run("a", "many", "weir-burn", "--threads", "0", "--processes", "20", "--seconds", "600").process)
    t.weir.configure(text.format(a=10, b=10))
    a = t.backend.pool("a")
    check.contains(t.weir("apply", status=1).err, f"{a}/pids.max", "what apply names")
    check.equal(t.tree.number(a, "pids.max"), 100, "pids.max of a")
    check.equal(t.tree.number(t.backend.pool("b"), "pids.max"), 10, "pids.max of b")


@test("a pool that left the file and holds containers: exit 8 before the first write; --evict kill ends them")
def evict(t):
    t.weir.configure(RICH).ok("apply")
    container = t.run("batch", "stays", "sleep", "600")
    gone = RICH.replace("[pool.batch]\nshares = 50\n", "").replace("shares = 200", "shares = 999")
    t.weir.configure(gone)
    with WriteWatch(t.tree, t.backend.top) as watch:
        done = t.weir("apply", status=8)
        check.equal(watch.seen(), set(), "what was written")
    check.contains(done.err, "weir: conflict: ", "the error line")
    check.contains(done.err, "batch", "the pool in the error line")
    check.contains(done.err, "hint: ", "the remedy")
    t.weir.ok("apply", "--evict", "kill")
    check.that(not t.tree.exists(t.backend.pool("batch")), "the pool is gone")
    check.equal(container.process.wait(timeout=20), 137, "how the container ended")
    no_drift(t)


@test("a pool that changed its parent is made anew when empty, and refused when it holds containers")
def moved_pool(t):
    inside = RICH + "[pool.wanderer]\nparent = \"team\"\n"
    t.weir.configure(inside).ok("apply")
    container = t.run(("team", "wanderer"), "guest", "sleep", "600")
    t.weir.configure(RICH + "[pool.wanderer]\n")
    check.contains(t.weir("apply", status=8).err, "wanderer", "what apply names")
    container.process.terminate()
    container.process.wait(timeout=20)
    t.weir.ok("apply")
    check.that(not t.tree.exists(t.backend.pool("team", "wanderer")), "the old place is gone")
    check.that(t.tree.exists(t.backend.pool("wanderer")), "the new place is there")
    no_drift(t)


@test("a slice at a pool's place that weir did not make is taken over")
def takeover(t):
    web = t.tree.make(t.backend.pool("web"))
    t.tree.write(web, "cgroup.freeze", 0)
    t.weir.configure(RICH).ok("apply")
    no_drift(t)
    t.weir.ok("run", "--pool", "web", "--", "true")
    t.weir.ok("teardown")
    check.that(not t.tree.exists(t.backend.top), "teardown removed it")


@test("another slice over a live tree: exit 8, tear down first")
def other_slice(t):
    t.weir.configure(RICH).ok("apply")
    before = t.tree.snapshot()
    t.weir.configure('[host]\nslice = "other.slice"\n' + RICH)
    for command in ("apply",), ("plan",), ("verify",):
        done = t.weir(*command, status=8)
        check.contains(done.err, "weir.slice", f"what {command[0]} names")
    check.contains(done.err, "teardown", "the hint")
    check.same(t.tree.snapshot(), before, "the tree")
    t.weir.configure(RICH).ok("teardown")
    t.weir.configure('[host]\nslice = "other.slice"\n[pool.a]\n').ok("apply")
    check.that(t.tree.exists("other.slice/other-a.slice"), "the pool below another top")
    t.weir.ok("teardown")
    check.equal(t.backend.leftovers(), [], "left after teardown")


@test("teardown works without the file that made the tree")
def teardown_without_file(t):
    t.weir.configure(RICH).ok("apply")
    t.weir.run_any(["weir", "--config", t.folder + "/none.toml", "teardown"], 0)
    check.equal(t.backend.leftovers(), [], "left after teardown")


@test("two applies at once: both end well or one says who is busy, and there is no drift", ci="plain")
def two_at_once(t):
    t.weir.configure(RICH)
    for _ in range(t.count(3, 50)):
        pair = [t.weir.start("apply"), t.weir.start("apply")]
        for child in pair:
            _, err = child.communicate(timeout=30)
            check.among(child.returncode, (0, 8), f"exit status ({err!r})")
        t.weir.ok("apply")
        no_drift(t)
        t.weir.ok("teardown")


SWAP = """
[pool.p]
memory = {{ reservation = "400MiB", limit = "400MiB" }}
[pool.a]
parent = "p"
memory = {{ reservation = "{a}MiB", limit = "{a}MiB" }}
[pool.b]
parent = "p"
memory = {{ reservation = "{b}MiB", limit = "{b}MiB" }}
"""


@test("apply lowers the shrinking pool's memory before it raises the growing one's")
def swap_limits(t):
    t.weir.configure(SWAP.format(a=100, b=300)).ok("apply")
    t.weir.configure(SWAP.format(a=300, b=100))
    changes = [(change["cgroup"], change["file"]) for change in t.weir.json("plan")["changes"]]
    for file in ("memory.max", "memory.low"):
        lowered = changes.index((t.backend.pool("p", "b"), file))
        raised = changes.index((t.backend.pool("p", "a"), file))
        check.that(lowered < raised, f"{file}: lowered in step {lowered + 1}, raised in step {raised + 1}")
    t.weir.ok("apply")
    no_drift(t)


@test("apply makes a hundred pools in one go", ci="plain")
def many_pools(t):
    t.weir.configure("".join(f"[pool.p{i}]\nshares = {100 + i}\n" for i in range(100)))
    t.note(f"100 pools in {t.weir.ok('apply').seconds:.2f} s")
    check.equal(len(t.tree.children(t.backend.top)), 100, "pools")
    no_drift(t)
