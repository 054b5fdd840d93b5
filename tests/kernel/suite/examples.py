# SPDX-License-Identifier: Apache-2.0
"""The example in the help of each command, run in a shell as it stands."""

import os
import re
import shutil

from harness import check
from harness.registry import test

CONFIG = """[pool.web]
[pool.ci]
[pool.team]
[pool.batch]
"""
# In an order in which each finds what it speaks of; init comes first, because it writes no second file.
ORDER = ("init", "host", "check", "apply", "plan", "verify", "pool list", "pool show", "pool path", "pool create",
         "pool set", "run", "place", "ps", "status", "top", "metrics", "explain", "queue", "queue cancel", "rebalance",
         "agent", "move", "release", "doctor", "simulate", "completion", "hook install", "hook precreate",
         "hook prestart", "hook createRuntime", "hook poststart", "hook poststop", "hook uninstall", "pool remove",
         "teardown")
GROUPS = ("pool", "hook")
# Commands that go on until they are told to end.
ENDLESS = {"agent": "timeout --preserve-status --signal=TERM 4 {}",
           "top": "(sleep 4; printf q) | TERM=xterm script --quiet --return --command '{}' /dev/null"}
OCI_CONFIG = '{"ociVersion":"1.0.2","annotations":{},"linux":{"cgroupsPath":"/libpod_parent/libpod-1"}}'
OCI_STATE = '{"ociVersion":"1.0.2","id":"build7","status":"created","pid":4711,"bundle":"/nowhere"}'
JOBS = "id,arrival,cpu_s,memory\n1,0,5,1000000\n2,1,3,1000000\n3,2,8,1000000\n"


def commands(t, *group):
    """The names below "Subcommands:" in the help."""
    text = t.weir.run_any(["weir", *group, "--help"], 0).out.split("Subcommands:\n")[1]
    return re.findall(r"^  ([A-Za-z]+) ", text, re.MULTILINE)


def example(t, command):
    text = t.weir.run_any(["weir", *command.split(), "--help"], 0).out
    check.contains(text, "\nExample:\n  ", f"help of {command}")
    return text.split("\nExample:\n  ")[1].strip()


def start_as(t, pid):
    """A process with this very number, as the example of place has it."""
    for _ in range(50):
        with open("/proc/sys/kernel/ns_last_pid", "w", encoding="utf-8") as handle:
            handle.write(str(pid - 1))
        child = t.spawn(["sleep", "600"], "outside")
        if child.pid == pid:
            return child
    raise check.Failed(f"no process with the number {pid}")


@test("help: the example of every command runs", ci="oldest")
def examples(t):
    every = {"queue cancel", *(name for name in commands(t) if name not in GROUPS),
             *(f"{group} {name}" for group in GROUPS for name in commands(t, group))}
    check.equal(every, set(ORDER), "the commands")
    shutil.rmtree("/etc/weir", ignore_errors=True)
    os.makedirs("/etc/weir")
    os.makedirs("/etc/bash_completion.d", exist_ok=True)
    try:
        with open("/etc/weir/weir.toml", "w", encoding="utf-8") as handle:
            handle.write(CONFIG)
        for name, text in (("access.log", "GET /\n" * 1000), ("jobs.csv", JOBS), ("config.json", OCI_CONFIG),
                           ("state.json", OCI_STATE)):
            with open(f"{t.folder}/{name}", "w", encoding="utf-8") as handle:
                handle.write(text)
        t.tree.make("outside")
        start_as(t, 4711)
        for command in ORDER:
            line = example(t, command)
            check.contains(line, f"weir {'--config ./weir.toml ' if command == 'init' else ''}{command}", "the example")
            if command == "move":
                t.spawn(["weir", "run", "--pool", "ci", "--name", "build7", "--", "sleep", "600"])
                check.soon(lambda: t.tree.populated(f"{t.backend.pool('ci')}/build7.scope"), "build7 runs", 20)
            # Nobody is the seventeenth to wait.
            status = 7 if command == "queue cancel" else 0
            t.weir.run_any(["sh", "-ec", ENDLESS.get(command, "{}").format(line)], status, cwd=t.folder)
        check.that(os.path.exists(f"{t.folder}/access.log.gz"), "what the example of run makes")
        check.that(os.path.exists(f"{t.folder}/jobs.html"), "what the example of simulate makes")
        check.that(os.path.exists("/etc/bash_completion.d/weir"), "what the example of completion makes")
        check.that(not t.tree.exists(t.backend.top), "the example of teardown takes all down")
    finally:
        shutil.rmtree("/etc/weir", ignore_errors=True)
        if os.path.exists("/etc/bash_completion.d/weir"):
            os.unlink("/etc/bash_completion.d/weir")
