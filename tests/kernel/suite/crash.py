# SPDX-License-Identifier: Apache-2.0
"""weir killed at random moments: the next command repairs or reports."""

import random
import time

from harness import check
from harness.registry import test
from harness.weir import end


def config(seed):
    """A hundred pools; two seeds differ in every file of every pool."""
    return "".join(f"[pool.p{i}]\nshares = {100 + (i * 7 + seed * 13) % 300}\n"
                   f"memory = {{ reservation = \"{1 + seed}MiB\", limit = \"{200 + i + seed}MiB\" }}\n"
                   f"pids = {{ limit = {100 + i + seed} }}\n" for i in range(100))


@test("kill -9 at random moments of apply: the next apply finishes it, verify is clean", ci="oldest", timeout=900)
def during_apply(t):
    dice = random.Random(t.count(1, time.time_ns()))
    longest = t.weir.configure(config(0)).ok("apply").seconds
    t.weir.ok("teardown")
    broken = 0
    for number in range(t.count(20, 500)):
        t.weir.configure(config(number % 2))
        child = t.weir.start("apply")
        time.sleep(dice.random() * longest)
        end(child)
        broken += child.returncode == -9
        if number % 5 == 4:
            t.weir.ok("teardown")
            check.equal(t.backend.leftovers(), [], "left after teardown")
            continue
        check.among(t.weir("verify").status, (0, 10), "verify says what is missing")
        t.weir.ok("apply")
        check.equal(t.weir.json("verify")["drift"], [], "drift after the next apply")
    t.note(f"{broken} of {t.count(20, 500)} were killed before their end")
    check.at_least(broken, t.count(10, 250), "runs that were killed before their end")


@test("kill -9 at random moments of teardown: the next one finishes it", ci="plain")
def during_teardown(t):
    dice = random.Random(2)
    t.weir.configure(config(0)).ok("apply")
    longest = t.weir.ok("teardown").seconds
    for _ in range(t.count(5, 100)):
        t.weir.ok("apply")
        child = t.weir.start("teardown")
        time.sleep(dice.random() * longest)
        end(child)
        t.weir.ok("teardown")
        check.equal(t.backend.leftovers(), [], "left after teardown")


@test("kill -9 at random moments of run: no container is lost, none stays", ci="newest")
def during_run(t):
    dice = random.Random(t.count(3, time.time_ns()))
    t.weir.configure("[pool.web]\n").ok("apply")
    web = t.backend.pool("web")
    longest = t.weir.ok("run", "--pool", "web", "--", "sleep", "0.2").seconds
    for number in range(t.count(20, 500)):
        child = t.weir.start("run", "--pool", "web", "--name", f"victim-{number}", "--", "sleep", "0.2")
        time.sleep(dice.random() * longest)
        end(child)
        listed = [c["name"] for c in t.weir.json("ps")["containers"]]
        check.among(listed, ([], [f"victim-{number}"]), "containers right after")
        check.soon(lambda: not t.tree.populated(web), "the command ended")
        t.weir.ok("ps")
        left = t.tree.children(web)
        check.equal(left, [], "cgroups once the command has ended")
    check.equal(t.weir.json("verify")["drift"], [], "drift at the end")
