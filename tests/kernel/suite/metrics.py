# SPDX-License-Identifier: Apache-2.0
"""weir metrics and weir top: what is measured, as others read it."""

import re
import signal
import struct
import time

import fcntl
import termios

from harness import check
from harness.registry import test
from harness.terminal import Terminal

POOLS = """
[pool.web]
cpu = { reservation = 0.5 }
memory = { limit = "200MiB" }
[pool.ci]
"""
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$')


def samples(text):
    """(name, labels) -> value, and every line is one that OpenMetrics has."""
    found = {}
    check.that(text.endswith("\n# EOF\n"), "the text ends with # EOF")
    for line in text.splitlines()[:-1]:
        if line.startswith(("# HELP ", "# TYPE ", "# UNIT ")):
            continue
        match = SAMPLE.match(line)
        check.that(match, f"no sample: {line!r}")
        found[match[1], match[2] or ""] = float(match[3])
    return found


@test("metrics: counters and gauges are the kernel's own numbers")
def numbers(t):
    t.weir.configure(POOLS).ok("apply")
    held = t.hold("web", "holder", 50 << 20)
    t.burn("ci")
    time.sleep(1)
    before = t.tree.flat(t.backend.pool("ci"), "cpu.stat", "usage_usec") / 1e6
    found = samples(t.weir.ok("metrics").out)
    after = t.tree.flat(t.backend.pool("ci"), "cpu.stat", "usage_usec") / 1e6
    used = found["weir_pool_cpu_usage_seconds_total", 'pool="ci"']
    check.that(before <= used <= after, f"CPU time {used} is not between {before} and {after}")
    check.equal(found["weir_pool_memory_limit_bytes", 'pool="web"'], 200 << 20, "the limit of web")
    check.that(("weir_pool_memory_limit_bytes", 'pool="ci"') not in found, "ci has no limit")
    check.at_least(found["weir_container_memory_usage_bytes", 'container="holder",pool="web"'], 50 << 20, "what is held")
    check.equal(found["weir_pool_containers", 'pool="web"'], 1, "containers in web")
    check.equal(found["weir_pool_oom_kills_total", 'pool="web"'], 0, "no kill yet")
    killed = t.weir("run", "--pool", "web", "--memory", "20MiB", "--", "weir-burn", "--threads", "0", "--hold",
                    str(60 << 20), "--seconds", "5")
    check.equal(killed.status, 128 + signal.SIGKILL, f"out of memory: {killed}")
    found = samples(t.weir.ok("metrics").out)
    check.at_least(found["weir_pool_oom_kills_total", 'pool="web"'], 1, "the kill is counted")
    check.that(t.tree.exists(held.path), "the other container goes on")


@test("metrics: the view of top follows keys and the size of the terminal, and gives the terminal back",
      ci="plain")
def top(t):
    t.weir.configure(POOLS).ok("apply")
    t.hold("web", "aaa", 30 << 20)
    t.burn("ci")
    command = " ".join(t.weir.command("top"))
    with Terminal(["sh"], "PS1='> '; echo set-up-''done", {"TERM": "xterm", "LC_ALL": "C.UTF-8"}) as terminal:
        terminal.type(command + "; echo ended-''$?\r")
        terminal.wait_for("burn-ci", 60)
        terminal.wait_for("aaa", 60)
        check.that(terminal.text.index("burn-ci") < terminal.text.index("aaa"), "by CPU the spinner comes first")
        terminal.text = ""
        fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 8, 40, 0, 0))
        terminal.wait_for("POOL", 60)
        terminal.text = ""
        fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        terminal.wait_for("CONTAINERS", 60)
        terminal.settle(0.7)
        terminal.text = ""
        terminal.type("n")
        terminal.settle(0.7)
        terminal.text = ""
        # Another size makes it draw everything anew; else lines are moved about, not sent again.
        fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 49, 158, 0, 0))
        terminal.wait_for("aaa", 60)
        terminal.wait_for("burn-ci", 60)
        check.that(terminal.text.index("aaa") < terminal.text.index("burn-ci"), "by name it comes second")
        terminal.type("q")
        terminal.wait_for("ended-0", 60)
    refused = t.weir("top")
    check.equal(refused.status, 2, f"without a terminal: {refused}")
