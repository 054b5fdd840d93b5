# SPDX-License-Identifier: Apache-2.0
"""The schedules of the simulator, run for real: four jobs that burn CPU time, one CPU for all of them."""

import os
import subprocess
import time

from harness import check
from harness.agent import Agent
from harness.registry import test
from suite.queue import EACH, POOL

# Arrival and size in units, class.
JOBS = {"a": (0, 8, 1), "b": (1, 4, 2), "c": (2, 1, 3), "d": (3, 2, 1)}
EARLY = 0.3  # of a unit: who comes as a turn ends is there when the next one begins
IN_TIME = 0.95  # of its size: a job is done within its last turn, which begins when the one before is frozen


def unit_of(t):
    """Seconds: long beside what it takes to start a program here."""
    return t.count(2, 4)


class Schedule:
    """Starts the jobs at their times and notes when each of them ended."""

    def __init__(self, t, early=0.0, part=1.0):
        self.t, self.unit, self.early, self.part = t, unit_of(t), early, part
        self.begin, self.children, self.finished = None, {}, {}

    def start(self, name):
        _, size, priority = JOBS[name]
        command = self.t.weir.command("run", "--pool", "jobs", "--name", name, "--wait", "--priority", priority, "--",
                                      "weir-burn", "--cpu", size * self.unit * self.part)
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.t.started.append(child)
        self.children[name] = child

    def look(self, until):
        """Notes who has ended, until a time comes."""
        while time.monotonic() < until:
            for name, child in self.children.items():
                if name not in self.finished and child.poll() is not None:
                    check.equal(child.returncode, 0, f"status of {name}")
                    self.finished[name] = (time.monotonic() - self.begin) / self.unit
            if len(self.finished) == len(JOBS):
                return
            time.sleep(0.01)

    def run(self):
        for name, (arrival, _, _) in sorted(JOBS.items(), key=lambda job: job[1][0]):
            if self.begin is None:
                self.begin = time.monotonic()
            self.look(self.begin + (arrival - (self.early if arrival else 0)) * self.unit)
            self.start(name)
        self.look(self.begin + 60 * self.unit)
        check.equal(sorted(self.finished), sorted(JOBS), "who has ended")

    def compare(self, wanted):
        """Order of finish, and the mean response within a tenth."""
        ideal = dict(zip(sorted(JOBS), wanted))
        response = {name: self.finished[name] - JOBS[name][0] for name in JOBS}
        mean, wished = (sum(x.values()) / len(JOBS) for x in (response, {n: ideal[n] - JOBS[n][0] for n in JOBS}))
        self.t.note(f"finished at {({name: round(at, 2) for name, at in sorted(self.finished.items())})} units, "
                    f"mean response {mean:.2f} of {wished:.2f}")
        check.equal(sorted(JOBS, key=self.finished.get), sorted(JOBS, key=ideal.get), "order of finish")
        check.near(mean, wished, wished / 10, "mean response")


def applied(t, policy, more="", each=EACH):
    """The last CPU is the pool's, and everything else has the others."""
    more += f'\ncpus = "{t.cpus - 1}"'
    t.weir.configure((POOL + each).format(policy=policy, more=more, limit=1, request=1)).ok("apply")
    os.sched_setaffinity(0, range(t.cpus - 1))


def beside(run):
    """Weir and the test itself keep off the pool's CPU."""
    def inside(t):
        before = os.sched_getaffinity(0)
        try:
            run(t)
        finally:
            os.sched_setaffinity(0, before)
    return inside


@test("schedules: S1: fifo takes them one after the other, as the simulator has it", measured=True, ci="newest")
@beside
def fifo(t):
    applied(t, "fifo")
    schedule = Schedule(t)
    schedule.run()
    schedule.compare((8, 12, 13, 15))


@test("schedules: S1: round-robin gives a unit each in turn, as the simulator has it", measured=True, ci="newest")
@beside
def round_robin(t):
    applied(t, "round-robin", f'slice_time = "{unit_of(t)}s"', each="")
    agent = Agent(t)
    schedule = Schedule(t, EARLY, IN_TIME)
    schedule.run()
    schedule.compare((15, 11, 4, 9))
    agent.stop()


@test("schedules: S1: priority freezes the lower class while the higher runs, as the simulator has it", measured=True,
      ci="newest")
@beside
def priority(t):
    applied(t, "priority", 'preempt = "freeze"')
    schedule = Schedule(t)
    schedule.run()
    schedule.compare((13, 6, 3, 15))
