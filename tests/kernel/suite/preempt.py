# SPDX-License-Identifier: Apache-2.0
"""Preemption in priority pools: who gives way, who never does, and that nobody stays frozen."""

import json
import os
import signal

from harness import check
from harness.context import memory_total
from harness.registry import test
from harness.weir import end

MIB = 1 << 20
AUDIT = "/var/log/weir/audit.jsonl"


def applied(t, how, memory=512):
    t.weir.configure(f"[host]\nreserve = {{ cpu = 0, memory = {memory_total() - memory * MIB} }}\n[pool.jobs]\n"
                     f"policy = \"priority\"\npreempt = \"{how}\"\ncpu = {{ limit = 1 }}\n").ok("apply")


def job(t, name, priority, cpu="0.5", memory=0):
    return t.run("jobs", name, "sleep", "600", flags=("--priority", str(priority), "--cpu-request", cpu,
                                                      "--memory-request", str(memory * MIB)))


def states(t):
    return {c["name"]: c["state"] for c in t.weir.json("ps")["containers"]}


def refused(t, priority, cpu="0.5", memory=0):
    return t.weir("run", "--pool", "jobs", "--name", "late", "--priority", str(priority), "--cpu-request", cpu,
                  "--memory-request", str(memory * MIB), "--", "true", status=125).err


def frozen(t, container):
    return t.tree.read(container.path, "cgroup.freeze") == "1"


@test("preempt: freeze stops the lower class while the higher runs, gives back CPU only, and thaws afterwards")
def freeze(t):
    if os.path.exists(AUDIT):
        os.remove(AUDIT)
    applied(t, "freeze")
    low, same = job(t, "low", 0, memory=100), job(t, "same", 5, memory=100)
    for priority in (0, -1):
        check.contains(refused(t, priority), "missing", "an equal or a lower class")
    check.that(not frozen(t, low), "an equal class froze somebody")
    high = job(t, "high", 5, memory=100)
    check.equal(states(t), {"low": "frozen", "same": "running", "high": "running"}, "who runs")
    shown = t.weir.json("pool", "show", "jobs")
    check.equal((shown["cpu"]["reserved"], shown["memory"]["reserved_bytes"]), (1, 300 * MIB), "CPU of two, memory of three")
    check.contains(refused(t, 9, memory=400), "missing", "memory does not come back by freezing")
    check.that(not frozen(t, same) and not frozen(t, high), "somebody was frozen in vain")
    check.contains(refused(t, 5), "missing", "an equal class while the lower one is frozen already")
    with open(AUDIT, encoding="utf-8") as handle:
        struck = [line for line in map(json.loads, handle) if line["what"].startswith("preempt")]
    check.equal([(line["what"], line["container"]) for line in struck], [("preempt by freezing", "low")], "the audit log")
    end(high.process, signal.SIGTERM)
    check.soon(lambda: not frozen(t, low), "thawed when the higher one has ended", 20)
    check.equal(states(t), {"low": "running", "same": "running"}, "who runs afterwards")
    check.equal(t.weir("verify").status, 0, "verify")
    end(same.process, signal.SIGTERM)


@test("preempt: after kill -9 of the higher one's weir run, the next command thaws what it froze")
def orphaned(t):
    applied(t, "freeze")
    low = job(t, "low", 0, cpu="1")
    high = job(t, "high", 5, cpu="1")
    check.that(frozen(t, low), "the lower class goes on")
    high.process.kill()
    high.process.wait()
    check.equal(states(t)["low"], "frozen", "while the higher container lives on")
    t.tree.write(high.path, "cgroup.kill", 1)
    check.soon(lambda: "low" in states(t) and not frozen(t, low), "thawed by the next command", 20)
    high = job(t, "again", 5, cpu="1")
    check.that(frozen(t, low), "the lower class goes on beside the second one")
    t.weir.configure("[host]\nreserve = { cpu = 0, memory = \"256MiB\" }\n[pool.jobs]\n").ok("apply")
    check.equal(set(states(t).values()), {"running"}, "who runs")
    check.that(not frozen(t, low), "frozen although the pool preempts no longer")
    end(high.process, signal.SIGTERM)


@test("preempt: kill takes the cheapest of a lower class, for memory too, and the higher one starts without --wait")
def kill(t):
    applied(t, "kill")
    old, young = job(t, "old", 0, cpu="0.1", memory=300), job(t, "high", 5, cpu="0.1", memory=100)
    t.weir.ok("run", "--pool", "jobs", "--priority", "3", "--cpu-request", "0.1", "--memory-request", 300 * MIB, "--", "true")
    check.equal(old.process.wait(20), 137, "what the killed one's weir run says")
    check.equal(states(t), {"high": "running"}, "who is left")
    check.contains(refused(t, 4, memory=500), "missing", "killing a higher class")
    check.that(young.process.poll() is None, "a higher class was killed")


@test("policies: the kernel's weights go by class and by value, and change as members come and go")
def class_weights(t):
    t.weir.configure('[host]\nreserve = { cpu = 0 }\n[pool.jobs]\npolicy = "priority"\ncpu = { limit = 1 }\n'
                     '[pool.worth]\npolicy = "throughput"\ncpu = { limit = 1 }\n').ok("apply")
    weight = lambda box: t.tree.number(box.path, "cpu.weight")
    reserving, plain = job(t, "reserving", 0, cpu="0.2"), job(t, "plain", 0, cpu="0.01")
    check.equal([weight(box) for box in (reserving, plain)], [100, 100], "weights of equals")
    high = job(t, "high", 5, cpu="0.1")
    # They are settled after it has started.
    check.soon(lambda: [weight(box) for box in (reserving, plain, high)] == [41, 3, 200],
               "weights of their requests and a hundredth of a half each, and of all")
    entitled = {c["name"]: c["cpu"]["entitlement"] for c in t.weir.json("ps")["containers"]}
    check.equal(entitled, {"reserving": 0.205, "plain": 0.015, "high": 1}, "what they are entitled to")
    check.equal(t.weir.json("verify")["drift"], [], "drift")
    end(high.process, signal.SIGTERM)
    check.soon(lambda: weight(plain) == 100 or t.weir.ok("apply") is None, "they share again when it has ended")
    cheap, dear = (t.run("worth", name, "sleep", "600", flags=("--cpu-request", "0.2", "--value", value))
                   for name, value in (("cheap", "1"), ("dear", "4")))
    check.soon(lambda: [weight(box) for box in (cheap, dear)] == [25, 100], "throughput: the request, and all the rest")


@test("policies: in a latency pool the kernel's weights go by the inverse of the mean work")
def work_weights(t):
    t.weir.configure('[pool.quick]\npolicy = "latency"\n[pool.quick.container]\nwork = "2s"\n').ok("apply")
    boxes = [t.run("quick", name, "sleep", "600", flags=flags)
             for name, flags in (("short", ("--work", "1s")), ("long", ("--work", "4s")), ("usual", ()))]
    check.soon(lambda: [t.tree.number(box.path, "cpu.weight") for box in boxes] == [100, 25, 50], "weights")
    check.equal(t.weir.json("verify")["drift"], [], "drift")
