#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times weir beside what a user would pick instead, in one run inside the guest: medians and ratios.

- `weir run -- true` beside cgexec and beside the least static program that starts a command in a new cgroup;
- `weir apply` of many pools beside a plain C loop that makes the same directories and the same writes;
- `weir move` of a container beside a plain C loop that writes its processes to another cgroup;
- `weir-hook precreate` beside a static program that does nothing, and beside the `podman run` it is part of: CPU time of
  the whole process;
- a look at many containers as the agent does it, beside opening, reading and closing the same files and beside the bare
  pread of them: on cgroups and on ordinary files; and the memory of an agent that looks at a thousand;
- where systemd is PID 1, instead of all: `weir run -- true` beside `systemd-run --scope -- true`.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from harness import backend  # noqa: E402
from harness.podman import make_rootfs  # noqa: E402
from harness.weir import Weir  # noqa: E402

RUN_GOAL, APPLY_GOAL, SCOPE_GOAL, MOVE_GOAL, HOOK_GOAL = 1.5, 1.3, 1.0, 1.5, 3.0
HOOK_PART_OF_PODMAN = 0.01
OBSERVE_GOALS, AGENT_GOAL = (0.6, 1.2), 30


def timed(command):
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - begin) * 1000


def interleaved(contenders, times):
    """Milliseconds of each, taken in turns so that a slow moment of the host meets all alike."""
    samples = {name: [] for name in contenders}
    for number in range(times + 1):
        for name, contender in contenders.items():
            took = contender()
            if number > 0:  # the first is to warm up
                samples[name].append(took)
    return samples


def show(title, samples, reference, goal=None):
    print(f"\n{title} (median of {len(next(iter(samples.values())))}, milliseconds)")
    base = statistics.median(samples[reference])
    for name, values in samples.items():
        median = statistics.median(values)
        print(f"  {name:<28} {median:9.1f}   min {min(values):8.1f}  max {max(values):8.1f}   x {median / base:.2f}")
    ratio = statistics.median(next(iter(samples.values()))) / base
    if goal:
        print(f"  goal: at most {goal} x {reference}: {'met' if ratio <= goal else 'MISSED'} ({ratio:.2f})", flush=True)


def bench_run(weir, where, times):
    weir.configure("[pool.p]\n").ok("apply")
    pool = where.pool("p")
    kept = where.tree.make(f"{pool}/kept.scope")
    fresh = where.tree.path(f"{pool}/fresh.scope")
    contenders = {
        "weir run -- true": lambda: timed(weir.command("run", "--pool", "p", "--", "true")),
        "cgexec true": lambda: timed(["cgexec", "-g", f"cpu,memory:{kept}", "true"]),
        "static clone3 program, true": lambda: timed(["weir-clone-into", fresh, "true"]),
        "true alone": lambda: timed(["true"]),
    }
    show("starting a command in a pool", interleaved(contenders, times), "cgexec true", RUN_GOAL)
    where.clean()


def bench_scope(weir, where, times):
    weir.configure("[pool.p]\n").ok("apply")
    contenders = {
        "weir run -- true": lambda: timed(weir.command("run", "--pool", "p", "--", "true")),
        "systemd-run --scope -- true": lambda: timed(
            ["systemd-run", "--quiet", "--scope", "--slice=weir-p.slice", "true"]),
        "weir --version": lambda: timed(["weir", "--version"]),
        "systemd-run --version": lambda: timed(["systemd-run", "--version"]),
        "true alone": lambda: timed(["true"]),
    }
    show("starting a command in a scope of a pool", interleaved(contenders, times), "systemd-run --scope -- true",
         SCOPE_GOAL)
    where.clean()


def write_list(weir, where, path):
    """The directories and writes of `weir plan`, for weir-mkpools."""
    with open(path, "w", encoding="utf-8") as out:
        for change in weir.json("plan")["changes"]:
            place = where.tree.path(change["cgroup"])
            out.write(f"make {place}\n" if change["op"] == "make" else f"write {place}/{change['file']} {change['to']}\n")


def bench_apply(weir, where, folder, pools, times):
    weir.configure("".join(f"[pool.p{i}]\nshares = {100 + i % 50}\nmemory = {{ limit = \"{100 + i % 9}MiB\" }}\n"
                           f"pids = {{ limit = {200 + i % 7} }}\n" for i in range(pools)))
    changes = f"{folder}/changes"
    write_list(weir, where, changes)

    def measured(command):
        def run():
            took = timed(command)
            where.clean()
            return took
        return run
    contenders = {"weir apply": measured(weir.command("apply")), "plain C loop": measured(["weir-mkpools", changes])}
    show(f"making {pools} pools", interleaved(contenders, times), "plain C loop", APPLY_GOAL)
    weir.ok("apply", timeout=600)
    show(f"looking at {pools} pools, nothing to do", interleaved({
        "weir apply (second)": lambda: timed(weir.command("apply")),
        "weir verify": lambda: timed(weir.command("verify"))}, times), "weir verify")
    where.clean()


def ready(storm):
    if storm.stdout.readline() != b"ready\n":
        raise SystemExit("bench.py: weir-storm could not start: the guest has too little memory, or too few processes")


def to_and_fro(first, second, move):
    """Moves to the second, back to the first, and so on; each call is one way."""
    ends = [first, second]

    def one_way():
        ends.reverse()
        return move(ends[1], ends[0])
    return one_way


def bench_move(weir, where, processes, times):
    weir.configure("[pool.p]\n[pool.q]\n").ok("apply")
    inside = weir.start("run", "--pool", "p", "--name", "box", "--", "weir-storm", str(processes), "0", "0", "3600")
    ready(inside)
    here, there = where.tree.make("bench-here"), where.tree.make("bench-there")
    outside = subprocess.Popen(["weir-storm", str(processes), "0", "0", "3600"], stdout=subprocess.PIPE,
                               preexec_fn=lambda: where.tree.enter(here))
    ready(outside)
    frozen = []

    def weir_move(_, to):
        begin = time.perf_counter()
        frozen.append(weir.json("move", "box", "--to", to, timeout=300)["frozen_ms"])
        return (time.perf_counter() - begin) * 1000

    def loop(source, to, *flags):
        return lambda: timed(["weir-move-loop", *flags, where.tree.path(source), where.tree.path(to)])
    # One loop goes there, the next freezes and thaws those who have arrived, and the last goes back.
    samples = interleaved({"weir move": to_and_fro("p", "q", weir_move), "plain C loop": loop(here, there),
                           "C loop, freezes only": loop(there, here, "--only-freeze"),
                           "C loop that freezes": loop(there, here, "--frozen")}, times)
    show(f"moving {processes + 1} processes", samples, "plain C loop", MOVE_GOAL if processes >= 1000 else None)
    median = statistics.median(samples["weir move"])
    ratio = median / statistics.median(samples["C loop that freezes"])
    verdict = f", goal at most {MOVE_GOAL}: {'met' if ratio <= MOVE_GOAL else 'MISSED'}" if processes >= 1000 else ""
    print(f"  a process: {median * 1000 / (processes + 1):.0f} us; frozen for {statistics.median(frozen)} ms, at most "
          f"{max(frozen)} ms; x {ratio:.2f} of a C loop that freezes{verdict}", flush=True)
    weir("release", "box", "--kill", timeout=300)
    inside.wait()
    for path in (here, there):
        where.tree.kill(path, seconds=120)
    outside.wait()
    where.clean()


def cpu_ms(command, text=b""):
    """CPU time of a whole process and all it waited for, in milliseconds. What it takes to leave this large process,
    which no caller of a hook is, does not count: it is spawned without a copy of its memory."""
    with tempfile.TemporaryFile() as given, open(os.devnull, "r+b") as quiet:
        given.write(text)
        given.seek(0)
        streams = [(os.POSIX_SPAWN_DUP2, given.fileno(), 0)] + [(os.POSIX_SPAWN_DUP2, quiet.fileno(), n) for n in (1, 2)]
        pid = os.posix_spawnp(command[0], command, os.environ, file_actions=streams)
        _, status, used = os.wait4(pid, 0)
    if status != 0:
        raise SystemExit(f"bench.py: {command} ended with wait status {status}")
    return (used.ru_utime + used.ru_stime) * 1000


def description(folder):
    """A config.json as podman gives its hooks: the one of a real start, else one of about its size."""
    mounts = [{"destination": f"/mnt/{i}", "type": "bind", "source": f"/srv/{i}", "options": ["rbind", "ro"]} for i in range(60)]
    return json.dumps({"ociVersion": "1.0.2", "process": {"args": ["true"], "cwd": "/", "env": ["PATH=/bin"]},
                       "mounts": mounts, "linux": {"cgroupsPath": "/bench/libpod-0123456789abcdef"}}).encode()


def bench_hook(weir, where, folder, times):
    """The books are given back by each next call: a booking whose container never came is forgotten."""
    weir.configure("[host]\ndefault_pool = \"p\"\n[pool.p]\n").ok("apply")
    text = description(folder)
    rootfs = make_rootfs(f"{folder}/rootfs")
    command = ["podman", "--hooks-dir", f"{folder}/none", "--cgroup-manager", "cgroupfs", "--runtime", "crun", "--events-backend",
               "file", "run", "--rm", "--network=none", "--rootfs", rootfs, "true"]
    os.makedirs(f"{folder}/none", exist_ok=True)
    samples = interleaved({"weir-hook precreate": lambda: cpu_ms(["weir-hook", "precreate"], text),
                           "static program, nothing": lambda: cpu_ms(["weir-noop"], text),
                           "podman run": lambda: cpu_ms(command)}, times)
    show("CPU time of the hook", samples, "static program, nothing", HOOK_GOAL)
    hook, _, podman = (statistics.median(values) for values in samples.values())
    part = hook / podman
    print(f"  of podman's own {podman:.0f} ms: {part:.2%}; goal: at most {HOOK_PART_OF_PODMAN:.0%}: "
          f"{'met' if part <= HOOK_PART_OF_PODMAN else 'MISSED'}", flush=True)
    where.clean()


def bench_observe(where):
    folder = where.tree.make("bench-observe")
    for cgroup in ("", folder):
        where.tree.write(cgroup, "cgroup.subtree_control", "+cpu +memory +pids")
    for title, flags in (("cgroups", ("--cgroups", where.tree.path(folder))), ("ordinary files", ())):
        print(f"\none look at many containers: {title}; goal: at most {OBSERVE_GOALS[0]} of the direct way, {OBSERVE_GOALS[1]} of pread",
              flush=True)
        subprocess.run(["weir-observe-cost", *flags], check=True)
    where.clean()


def bench_agent(weir, where, containers):
    """Placed one by one: an agent that came later sees what one has that was there all the time."""
    weir.configure("[pool.p]\nmode = \"dynamic\"\n").ok("apply")
    sleepers = [subprocess.Popen(["sleep", "3600"]) for _ in range(containers)]
    for number, sleeper in enumerate(sleepers):
        weir.ok("place", "--pool", "p", "--name", f"c{number}", str(sleeper.pid))
    agent = weir.start("agent", "--interval", "1s")
    time.sleep(30)
    with open(f"/proc/{agent.pid}/status", encoding="utf-8") as handle:
        kib = next(int(line.split()[1]) for line in handle if line.startswith("VmRSS"))
    print(f"\nan agent that looks at {containers} containers: {kib / 1024:.1f} MiB; goal: less than {AGENT_GOAL}", flush=True)
    agent.terminate()
    agent.wait(60)
    for sleeper in sleepers:
        sleeper.kill()
        sleeper.wait()
    where.clean()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fast", action="store_true", help="fewer pools and fewer repetitions")
    parser.add_argument("--only", choices=("run", "hook", "move", "apply", "observe", "agent"), help="one of them, where systemd is not PID 1")
    options = parser.parse_args()
    where = backend.detect()
    where.clean()
    folder = tempfile.mkdtemp(prefix="weir-bench-")
    os.chmod(folder, 0o755)
    weir = Weir(folder, where.flags)

    def moves():
        for processes in (1, 100, 1000) if options.fast else (1, 100, 1000, 10000):
            bench_move(weir, where, processes, 3 if options.fast else 5)
    parts = {"run": lambda: bench_run(weir, where, 7 if options.fast else 21),
             "hook": lambda: bench_hook(weir, where, folder, 9 if options.fast else 41),
             "move": moves,
             "apply": lambda: bench_apply(weir, where, folder, 200 if options.fast else 1000, 3 if options.fast else 15),
             "observe": lambda: bench_observe(where),
             "agent": lambda: bench_agent(weir, where, 100 if options.fast else 1000)}
    try:
        if where.name == "systemd":
            bench_scope(weir, where, 7 if options.fast else 31)
        else:
            for name, part in parts.items():
                if options.only in (None, name):
                    part()
    finally:
        where.clean()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
