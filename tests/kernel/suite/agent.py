# SPDX-License-Identifier: Apache-2.0
"""weir agent as a process, and round-robin pools, which it turns."""

import os
import signal
import time

from harness import check
from harness.agent import UNIT, Agent, pidof, unit_installed
from harness.registry import test

TURNS = '[pool.{name}]\npolicy = "round-robin"\nslice_time = "{slice}"\ncpu = {{ limit = 1 }}\n'


def turning(t, slice_time="1s", name="rr"):
    t.weir.configure(TURNS.format(name=name, slice=slice_time)).ok("apply")
    return t.backend.pool(name)


def frozen(t, path):
    return t.tree.flat(path, "cgroup.events", "frozen") == 1


def burners(t, count, pool="rr"):
    """Commands that spin; the first of them may have to wait for their turn to say so."""
    out = []
    for number in range(count):
        child = t.weir.start("run", "--pool", pool, "--name", f"job{number}", "--", "weir-burn", "--threads", "1", "--seconds", "600")
        t.started.append(child)
        path = f"{t.backend.pool(pool)}/job{number}.scope"
        check.soon(lambda: t.backend.has_started(path), f"{path} has started", 60)
        out.append(path)
    return out


@test("agent: one only (8); SIGTERM and SIGINT end it with 0, and no process of it is left")
def one_agent(t):
    turning(t)
    for number in (signal.SIGTERM, signal.SIGINT):
        agent = Agent(t)
        second = t.weir("agent", status=8)
        check.contains(second.err, f"by pid {agent.process.pid}", "the second one's error")
        check.equal(len(pidof("weir-guardian")), 1, "guardians")
        agent.stop(number)
        check.equal(pidof("weir-guardian"), [], "guardians afterwards")
    t.weir("agent", "--interval", "1ms", status=2)
    check.equal(t.weir("--config", "/nowhere/weir.toml", "agent").status, 3, "status without a configuration")


@test("agent: it holds the capabilities it uses and the system calls it makes, and nothing else")
def confined(t):
    turning(t)
    agent = Agent(t)
    with open(f"/proc/{agent.process.pid}/status", encoding="utf-8") as handle:
        status = dict(line.split(":\t") for line in handle.read().splitlines() if ":\t" in line)
    # CAP_DAC_OVERRIDE, CAP_KILL, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_SYS_NICE, CAP_SYS_RESOURCE
    for key in ("CapPrm", "CapEff"):
        check.equal(int(status[key], 16), 0x1a80022, key)
    check.equal((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"), "its system call filter")
    agent.stop()


@test("agent: three members of a round-robin pool get a third each, and stand still as long as two turns",
      ci="newest", measured=True)
def three_turns(t):
    turning(t)
    agent = Agent(t)
    jobs = burners(t, 3)
    time.sleep(4)
    used = {job: t.tree.flat(job, "cpu.stat", "usage_usec") for job in jobs}
    seconds = t.count(12, 60)
    since, longest, overlap = {}, 0, 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        now = time.monotonic()
        still = [job for job in jobs if frozen(t, job)]
        overlap += len(still) < 2
        for job in jobs:
            if job in still:
                since.setdefault(job, now)
            elif job in since:
                longest = max(longest, now - since.pop(job))
        time.sleep(0.005)
    used = {job: t.tree.flat(job, "cpu.stat", "usage_usec") - used[job] for job in jobs}
    parts = [value / sum(used.values()) for value in used.values()]
    t.note(f"shares {[f'{part:.1%}' for part in parts]}, longest freeze {longest:.3f} s, "
           f"{overlap} samples with more than one running")
    for part in parts:
        check.near(part, 1 / 3, 0.05 / 3 + 0.5 / seconds / 3, "share of a member (a turn may be cut by the window)")
    check.at_least(longest, 1.9, "seconds a member stood still")
    check.at_most(longest, 2.4, "seconds a member stood still: two turns, three changes")
    agent.stop()
    check.equal([frozen(t, job) for job in jobs], [False] * 3, "frozen after the agent has ended")


@test("agent: kill -9 leaves nobody frozen after 2 s; so does the end of its whole cgroup; its guardian is replaced")
def killed(t):
    turning(t, "60s")
    jobs = burners(t, 3)
    for how in ("process", "cgroup"):
        agent = Agent(t)
        check.soon(lambda: sum(frozen(t, job) for job in jobs) == 2, "two of three stand still")
        first = pidof("weir-guardian")
        os.kill(first[0], signal.SIGTERM)
        check.soon(lambda: pidof("weir-guardian") not in ([], first), "another guardian")
        if how == "process":
            agent.kill()
        else:
            cgroup = t.tree.make("agents-own")
            t.tree.enter(cgroup, agent.process.pid)
            t.tree.write(cgroup, "cgroup.kill", 1)
            agent.process.wait()
        begin = time.monotonic()
        check.soon(lambda: not any(frozen(t, job) for job in jobs), "everybody runs again", 2)
        t.note(f"{how}: thawed {time.monotonic() - begin:.3f} s after the agent's end")
        check.soon(lambda: pidof("weir-guardian") == [], "the guardian has gone, too")


@test("agent: both it and its guardian killed: the next command thaws")
def both_killed(t):
    turning(t, "60s")
    jobs = burners(t, 2)
    agent = Agent(t)
    check.soon(lambda: sum(frozen(t, job) for job in jobs) == 1, "one of two stands still")
    agent.process.send_signal(signal.SIGSTOP)
    os.kill(pidof("weir-guardian")[0], signal.SIGKILL)
    agent.kill()
    check.equal(sum(frozen(t, job) for job in jobs), 1, "frozen while nobody knows")
    t.weir.ok("ps")
    check.soon(lambda: not any(frozen(t, job) for job in jobs), "everybody runs again", 2)


@test("agent: what somebody else froze stays frozen, in its turn and after the agent's end")
def frozen_by_others(t):
    turning(t, "500ms")
    jobs = burners(t, 2)
    t.tree.freeze(jobs[0])
    agent = Agent(t)
    for _ in range(40):
        check.that(frozen(t, jobs[0]), "the one that was frozen by hand stands still")
        time.sleep(0.05)
    agent.stop()
    check.equal([frozen(t, job) for job in jobs], [True, False], "frozen after the agent has ended")
    t.tree.write(jobs[0], "cgroup.freeze", 0)


@test("agent: a pool that is round-robin no more is thawed, on SIGHUP and when its file changes; a bad file is kept out")
def reloaded(t):
    turning(t, "60s")
    jobs = burners(t, 2)
    agent = Agent(t)
    check.soon(lambda: sum(frozen(t, job) for job in jobs) == 1, "one of two stands still")
    t.weir.configure("[pool.rr]\npolicy = 7\n")
    agent.wait_for("READY=1")
    check.equal(sum(frozen(t, job) for job in jobs), 1, "frozen with a file that cannot be read")
    check.contains(agent.err(), "policy", "what the agent said")
    t.weir.configure("[pool.rr]\n")
    agent.wait_for("READY=1")
    check.soon(lambda: not any(frozen(t, job) for job in jobs), "everybody runs again")
    agent.process.send_signal(signal.SIGHUP)
    agent.wait_for("RELOADING=1")
    agent.wait_for("READY=1")
    agent.stop()


def main_pid(t):
    return int(t.backend.systemctl("show", "-P", "MainPID", UNIT).stdout)


@test("weir-agent.service: started, reloaded, killed, hung and stopped, nobody stays frozen; it serves users",
      on="systemd", ci="newest")
def unit(t):
    text = TURNS.format(name="rr", slice="60s") + '[pool.ci]\n[pool.ci.allow]\nusers = ["alice"]\n'
    t.weir.configure(text).ok("apply")
    with unit_installed(t, text, "[Service]\nWatchdogSec=6\nRestartSec=3\n"):
        jobs = burners(t, 2)
        started = t.backend.systemctl("start", UNIT)
        check.equal(started.returncode, 0, f"start: {started.stdout} {t.backend.systemctl('status', UNIT).stdout}")
        still = lambda: sum(frozen(t, job) for job in jobs)
        t.weir("run", "--pool", "ci", "--", "true", status=0, prefix=("setpriv", "--reuid=alice", "--clear-groups"))
        for what in ("reload", "kill", "hang"):
            check.soon(lambda: still() == 1, f"before the {what}: one of two stands still", 20)
            pid = main_pid(t)
            if what == "reload":
                check.equal(t.backend.systemctl("reload", UNIT).returncode, 0, "status of the reload")
                continue
            if what == "kill":
                t.backend.systemctl("kill", "--signal=KILL", UNIT)
            else:
                os.kill(pid, signal.SIGSTOP)
            check.soon(lambda: main_pid(t) != pid, f"{what}: the agent has ended", 30)
            check.soon(lambda: still() == 0 or main_pid(t) != 0, f"{what}: everybody runs again", 2)
            check.soon(lambda: main_pid(t) not in (0, pid), f"{what}: it was started again", 20)
        check.soon(lambda: still() == 1, "one of two stands still", 20)
        check.equal(t.backend.systemctl("stop", UNIT).returncode, 0, "status of the stop")
        check.equal(still(), 0, "frozen after the stop")
        check.equal(pidof("weir-guardian"), [], "guardians after the stop")
