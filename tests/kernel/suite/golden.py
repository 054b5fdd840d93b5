# SPDX-License-Identifier: Apache-2.0
"""The allocator's golden examples, read back from the kernel; CPU amounts are scaled to the guest's CPUs."""

from harness import check
from harness.context import memory_total
from harness.registry import test

MIB = 1 << 20


def weights(t, *pools):
    return [t.tree.number(t.backend.pool(*pool), "cpu.weight") for pool in pools]


def apply(t, text, capacity):
    """Cores in `text` are written as @N@ for a host of `capacity` cores."""
    parts = text.split("@")
    for i in range(1, len(parts), 2):
        parts[i] = f"{float(parts[i]) * t.cpus / capacity:.6f}"
    t.weir.configure("[host]\nreserve = { cpu = 0, memory = \"256MiB\" }\n" + "".join(parts)).ok("apply")


@test("golden G1: shares 1 : 2 : 3 give weights 3333 6667 10000")
def g1(t):
    apply(t, "[pool.a]\nshares = 100\n[pool.b]\nshares = 200\n[pool.c]\nshares = 300\n", 6)
    check.equal(weights(t, ("a",), ("b",), ("c",)), [3333, 6667, 10000], "cpu.weight of a, b, c")


@test("golden G3: a reservation raises the first of 1 : 2 : 3 to 8333 6667 10000")
def g3(t):
    apply(t, "[pool.a]\nshares = 100\ncpu = { reservation = @2@ }\n[pool.b]\nshares = 200\n[pool.c]\nshares = 300\n", 6)
    check.equal(weights(t, ("a",), ("b",), ("c",)), [8333, 6667, 10000], "cpu.weight of a, b, c")


@test("golden G4: a limit on the third gives 8000 10000 6000 and its cpu.max")
def g4(t):
    apply(t, "[pool.a]\nshares = 100\ncpu = { reservation = @2@ }\n[pool.b]\nshares = 200\n"
             "[pool.c]\nshares = 300\ncpu = { limit = @1.5@ }\n", 6)
    check.equal(weights(t, ("a",), ("b",), ("c",)), [8000, 10000, 6000], "cpu.weight of a, b, c")
    check.equal(t.tree.read(t.backend.pool("c"), "cpu.max"), f"{25000 * t.cpus} 100000", "cpu.max of c")
    check.equal(t.tree.read(t.backend.pool("a"), "cpu.max"), "max 100000", "cpu.max of a")


@test("golden G8, saturated: a tree of pools gets 10000 5000 5000, below 3333 10000 and 10000 10000")
def g8(t):
    apply(t, """
[pool.web]
shares = 200
cpu = { reservation = @2@ }
[pool.w1]
parent = "web"
[pool.w2]
parent = "web"
shares = 300
[pool.batch]
cpu = { limit = @3@ }
[pool.b1]
parent = "batch"
[pool.b2]
parent = "batch"
cpu = { limit = @1@ }
[pool.idle]
cpu = { reservation = @1@ }
[pool.i1]
parent = "idle"
""", 8)
    check.equal(weights(t, ("web",), ("batch",), ("idle",)), [10000, 5000, 5000], "cpu.weight at the top")
    check.equal(weights(t, ("web", "w1"), ("web", "w2")), [3333, 10000], "cpu.weight in web")
    check.equal(weights(t, ("batch", "b1"), ("batch", "b2")), [10000, 10000], "cpu.weight in batch")


@test("golden W1: three powers of ten are exact, and 1 : 0.00033 is 10000 and 3 with a warning")
def w1(t):
    apply(t, "[pool.a]\nshares = 10000\n[pool.b]\nshares = 1000\n[pool.c]\nshares = 100\n", 9.99)
    check.equal(weights(t, ("a",), ("b",), ("c",)), [10000, 1000, 100], "cpu.weight of a, b, c")
    t.weir.configure("[pool.a]\nshares = 1000000\n[pool.b]\nshares = 330\n")
    check.contains(t.weir.ok("apply").err, "1000", "the warning about shares too far apart")
    check.equal(weights(t, ("a",), ("b",)), [10000, 3], "cpu.weight of a, b")


# M0: what `weir.toml` below must become. The capacity is exactly 1 GiB on every host, for all the rest is kept back.
# team: 201 MiB = 51456 pages; 50 % of them are 25728 pages, 33 % are 16980.48, rounded down.
M0 = """
[host]
reserve = {{ cpu = 0, memory = {reserve} }}
[pool.db]
memory = {{ reservation = "25%", limit = "50%", hard = true, swap = "0" }}
[pool.web]
memory = {{ reservation = "128MiB", limit = "300MB" }}
[pool.team]
memory = {{ reservation = "201MiB", limit = "400MiB", swap = "64MiB" }}
[pool.nightly]
parent = "team"
memory = {{ reservation = "50%", limit = "75%", hard = true }}
[pool.nightly.container]
memory = {{ request = "10MiB", limit = "20MiB" }}
[pool.release]
parent = "team"
oom = "process"
memory = {{ reservation = "33%", swap = "8MiB" }}
"""
FILES = ("memory.min", "memory.low", "memory.high", "memory.max", "memory.swap.max")
HARD, NIGHTLY, RELEASE = 256 * MIB, 25728 * 4096, 16980 * 4096
M0_POOLS = {  # memory.min, low, high, max, swap.max
    (): (HARD + NIGHTLY, (256 + 128 + 201) * MIB, "max", 1024 * MIB, "max"),
    ("db",): (HARD, 256 * MIB, "max", 512 * MIB, 0),
    ("web",): (0, 128 * MIB, "max", 300_000_000 // 4096 * 4096, "max"),
    ("team",): (NIGHTLY, 201 * MIB, "max", 400 * MIB, 64 * MIB),
    ("team", "nightly"): (NIGHTLY, NIGHTLY, "max", 300 * MIB, "max"),
    ("team", "release"): (0, RELEASE, "max", "max", 8 * MIB),
}
# pool, flags of `weir run`, the five files and memory.oom.group
M0_CONTAINERS = {
    "asks": (("web",), ("--memory", "100MiB"), (0, 100 * MIB, "max", 100 * MIB, 0, 1)),
    "nothing": (("web",), (), (0, 0, "max", "max", 0, 1)),
    "hard": (("db",), ("--memory", "64MiB", "--memory-request", "32MiB"), (32 * MIB, 32 * MIB, "max", 64 * MIB, 0, 1)),
    "defaults": (("team", "nightly"), (), (10 * MIB, 10 * MIB, "max", 20 * MIB, 0, 1)),
    "swaps": (("team", "release"), ("--memory", "30MB"),
              (0, 30_000_000 // 4096 * 4096, "max", 30_000_000 // 4096 * 4096, 8 * MIB, 0)),
    "noswap": (("team", "release"), ("--swap", "4MiB"), (0, 0, "max", "max", 4 * MIB, 0)),
}


@test("golden M0: memory files of pools, containers and the top slice")
def m0(t):
    t.weir.configure(M0.format(reserve=memory_total() - 1024 * MIB)).ok("apply")
    for pool, values in M0_POOLS.items():
        found = {file: t.tree.read(t.backend.pool(*pool), file) for file in FILES}
        check.same(found, dict(zip(FILES, map(str, values))), "/".join(pool) or "top slice")
    for name, (pool, flags, values) in M0_CONTAINERS.items():
        container = t.run(pool, name, "sleep", "600", flags=flags)
        files = (*FILES, "memory.oom.group")
        found = {file: t.tree.read(container.path, file) for file in files}
        check.same(found, dict(zip(files, map(str, values))), f"container {name}")
    check.equal(t.weir("verify", "--json", status=0).json["drift"], [], "drift with containers running")


@test("the top slice has no cpu.max, and the pids of the host as its limit")
def top_slice(t):
    t.weir.configure("[pool.a]\n").ok("apply")
    capacity = t.weir.json("host")["capacity"]
    check.equal(t.tree.read(t.backend.top, "cpu.max"), "max 100000", "cpu.max")
    check.equal(t.tree.number(t.backend.top, "pids.max"), capacity["pids"], "pids.max")
    check.equal(t.tree.number(t.backend.top, "memory.max"), capacity["memory_bytes"] // 4096 * 4096, "memory.max")


@test("the top slice weighs 10000 when no CPU is kept back")
def top_slice_weight(t):
    t.weir.configure("[host]\nreserve = { cpu = 0, memory = \"256MiB\" }\n[pool.a]\n").ok("apply")
    check.equal(t.tree.number(t.backend.top, "cpu.weight"), 10000, "cpu.weight")
