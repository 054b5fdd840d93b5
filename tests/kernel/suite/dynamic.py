# SPDX-License-Identifier: Apache-2.0
"""Dynamic allocation: what one pool does not use another gets, and gives back; containers go where there is room."""

import os
import signal
import time

from harness import check
from harness.agent import UNIT, Agent, unit_installed
from harness.context import memory_total
from harness.registry import test
from harness.weir import end

MIB = 1 << 20
CAPACITY = 320 * MIB


def host():
    kept = memory_total() - CAPACITY
    return f'[host]\nreserve = {{ cpu = 0.1, memory = {kept} }}\n'


def lenders(mode="dynamic"):
    return host() + f"""
[pool.owner]
mode = "{mode}"
memory = {{ reservation = "160MiB" }}
[pool.hungry]
mode = "dynamic"
"""


SPILL = """
[host]
reserve = { cpu = 0.1 }
[pool.ci]
cpu = { limit = 0.5 }
spill = ["batch"]
[pool.batch]
"""


def limit(t, pool, file="memory.high"):
    text = t.tree.read(t.backend.pool(pool), file).strip()
    return None if text == "max" else int(text)


def current(t, pool):
    return int(t.tree.read(t.backend.pool(pool), "memory.current"))


def agent(t, *flags):
    process = t.weir.start("agent", *flags)
    t.started.append(process)
    return process


def eat_cache(t):
    """A container of hungry that reads a file larger than all there is, again and again; not in /tmp, which is memory."""
    path = "/var/tmp/weir-test-large"
    with open(path, "wb") as handle:
        handle.truncate(600 * MIB)
    return t.run("hungry", "eater", "sh", "-c", f"while :; do cat {path} >/dev/null; done")


def kills(t):
    return sum(t.tree.flat(t.backend.pool(pool), "memory.events", "oom_kill") for pool in ("owner", "hungry"))


def has_nearly_all(t):
    return (limit(t, "hungry") or CAPACITY) >= CAPACITY - 40 * MIB and current(t, "hungry") >= 240 * MIB


def wake_owner(t):
    """The owner wants its own again; how long that takes."""
    begin = time.monotonic()
    holder = t.run("owner", "holder", "weir-burn", "--threads", "0", "--hold", str(130 * MIB), "--seconds", "600")
    check.soon(lambda: t.tree.flat(t.backend.pool("owner"), "memory.stat", "anon") >= 130 * MIB, "the owner gets its own back", 60)
    back = time.monotonic() - begin
    check.at_most(back, 30, "seconds until it was given back")
    check.equal(kills(t), 0, "out-of-memory kills")
    check.that(t.tree.exists(holder.path), "the owner's container lives")
    check.equal(t.weir("verify").status, 0, "what was decided is no drift")
    return back


@test("dynamic: a hungry pool gets what the owner does not use within 10 s, and gives it back within 30 s",
      ci="newest", measured=True)
def lend(t):
    t.weir.configure(lenders()).ok("apply")
    process = agent(t, "--interval", "1s")
    check.soon(lambda: t.weir.json("pool", "show", "hungry")["memory"]["demand_bytes"] is not None, "a demand", 60)
    eat_cache(t)
    check.soon(lambda: current(t, "hungry") >= 150 * MIB, "hungry has filled its first share", 60)
    begin = time.monotonic()
    check.soon(lambda: has_nearly_all(t), f"hungry gets the lendable memory: {limit(t, 'hungry')}, {current(t, 'hungry')}", 30)
    lent = time.monotonic() - begin
    back = wake_owner(t)
    t.note(f"lent after {lent:.1f} s, given back after {back:.1f} s")
    check.at_most(lent, 10, "seconds until it was lent")
    process.send_signal(signal.SIGTERM)
    check.equal(process.wait(timeout=60), 0, "the agent's status")
    check.equal(limit(t, "hungry"), None, "memory.high after the agent")


@test("dynamic: a killed agent leaves nothing that outlasts it", ci="newest")
def killed(t):
    t.weir.configure(lenders()).ok("apply")
    process = agent(t, "--interval", "500ms")
    eat_cache(t)
    check.soon(lambda: limit(t, "hungry") is not None, "the agent governs hungry", 60)
    end(process)
    check.soon(lambda: t.weir("verify").status == 10, "what it decided is drift after a moment", 60)
    t.weir.ok("apply")
    check.equal(limit(t, "hungry"), None, "memory.high as the file says")


@test("dynamic: rebalance --dry-run says what it would write and why, and writes nothing")
def dry_run(t):
    t.weir.configure(lenders()).ok("apply")
    eat_cache(t)
    check.soon(lambda: current(t, "hungry") >= 250 * MIB, "hungry holds nearly all", 60)
    before = {pool: limit(t, pool) for pool in ("owner", "hungry")}
    found = t.weir.json("rebalance", "--dry-run")
    check.that(found["writes"], f"nothing would be written: {found}")
    for write in found["writes"]:
        check.equal((write["op"], write["file"]), ("write", "memory.high"), "what is written")
        check.that(write["reason"], "a reason")
    check.equal({pool: limit(t, pool) for pool in ("owner", "hungry")}, before, "limits after --dry-run")
    t.weir.ok("rebalance")
    check.that({pool: limit(t, pool) for pool in ("owner", "hungry")} != before, "limits after rebalance")
    check.equal(t.weir("verify").status, 0, "what was decided is no drift")


@test("dynamic: an overloaded pool spills its cheapest container once, and it stays",
      ci="newest")
def spill(t):
    t.weir.configure(SPILL).ok("apply")
    names = {}
    for name, held in (("large", 40), ("small", 2), ("medium", 20)):
        names[name] = t.run("ci", name, "weir-burn", "--threads", "1", "--hold", str(held * MIB), "--seconds", "600")
        t.ready(names[name].process)
    found = t.weir.json("rebalance", "--dry-run")
    check.equal([move["container"] for move in found["moves"]], ["small"], f"what would be moved: {found}")
    check.equal((found["moves"][0]["from"], found["moves"][0]["to"]), ("ci", "batch"), "from and to")
    check.that(found["moves"][0]["reason"] and found["moves"][0]["cost_bytes"] > 0, "reason and cost")
    check.that(t.tree.exists(names["small"].path), "a dry run moves nothing")
    t.weir.ok("rebalance")
    where = {entry["name"]: entry["pool"] for entry in t.weir.json("ps")["containers"]}
    check.equal(where, {"large": "ci", "small": "batch", "medium": "ci"}, "where they are")
    for _ in range(2):
        moves = t.weir.json("rebalance")["moves"]
        check.that("small" not in [move["container"] for move in moves], f"it stays: {moves}")


SPILL_TO_ONE_CPU = SPILL + 'cpus = "0"\n'


def spills_to_other_cpus(t, start_agent):
    """The agent spills a container of root, which has more capabilities than it, to a pool with one CPU."""
    t.weir.configure(SPILL_TO_ONE_CPU).ok("apply")
    for name, held in (("large", 40), ("small", 2)):
        t.ready(t.run("ci", name, "weir-burn", "--threads", "1", "--hold", str(held * MIB), "--seconds", "600").process)
    start_agent()
    where = lambda: {entry["name"]: entry["pool"] for entry in t.weir.json("ps")["containers"]}
    check.soon(lambda: where() == {"large": "ci", "small": "batch"}, "the cheaper one was moved", 60)


@test("dynamic: the agent, with the few capabilities it has, moves containers of root to other CPUs")
def spill_to_other_cpus(t):
    spills_to_other_cpus(t, lambda: Agent(t, "--interval", "500ms"))


@test("dynamic: weir-agent.service moves containers of root to other CPUs", on="systemd", ci="both")
def unit_spills_to_other_cpus(t):
    with unit_installed(t, SPILL_TO_ONE_CPU, ""):
        spills_to_other_cpus(t, lambda: t.backend.systemctl("start", UNIT))


@test("dynamic: a square wave of load writes no file more than twice a period", ci="newest")
def wave(t):
    t.weir.configure(lenders()).ok("apply")
    agent(t, "--interval", "500ms")
    eat_cache(t)
    periods, writes, seen = 5, 0, limit(t, "hungry")
    for _ in range(periods):
        burner = t.burn("owner")
        for phase in range(2):
            until = time.monotonic() + 3
            while time.monotonic() < until:
                now = limit(t, "hungry")
                writes, seen = writes + (now != seen), now
                time.sleep(0.1)
            if phase == 0:
                end(burner.process, signal.SIGTERM)
    check.at_most(writes, 2 * periods, "changes of memory.high")
    check.equal(t.weir("verify").status, 0, "no drift of weights")


@test("dynamic: the agent's metrics file is whole at any moment, and is what weir metrics says")
def metrics_file(t):
    t.weir.configure(lenders()).ok("apply")
    path = f"{t.folder}/weir.prom"
    agent(t, "--interval", "200ms", "--metrics-file", path)
    check.soon(lambda: os.path.exists(path), "the file", 60)
    with open(path, encoding="utf-8") as handle:
        text = handle.read()
    check.contains(text, "# TYPE weir_pool_cpu_usage_seconds_total counter", "the text format")
    names = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if not line.startswith("#")}
    said = {line.split("{")[0].split(" ")[0] for line in t.weir.ok("metrics").out.splitlines() if not line.startswith("#")}
    check.equal(names - said, set(), "names that weir metrics does not have")
