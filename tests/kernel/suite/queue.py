# SPDX-License-Identifier: Apache-2.0
"""Waiting for room: order, wake-up, and what becomes of those that are killed meanwhile."""

import os
import random
import signal
import time

from harness import check
from harness.registry import test
from harness.sampler import Sampler
from harness.weir import end

# A pool for eight, by what they reserve; CPU is counted, no matter how many the guest has.
PLACES = 8
POOL = """
[host]
reserve = {{ cpu = 0, memory = "256MiB" }}
[pool.jobs]
policy = "{policy}"
{more}
cpu = {{ limit = {limit} }}
"""
EACH = "[pool.jobs.container]\ncpu = {{ request = {request} }}\n"


def applied(t, places=PLACES, policy="fifo", more=""):
    request = 0.01 * int(t.cpus * 100 / places)
    t.weir.configure((POOL + EACH).format(policy=policy, more=more, limit=places * request, request=request)).ok("apply")


def waiter(t, name, *command, flags=("--wait",), **options):
    child = t.weir.start("run", "--pool", "jobs", "--name", name, *flags, "--", *command, **options)
    t.started.append(child)
    return child


def queued(t):
    return t.weir.json("queue")["queue"]


def is_queued(t, name):
    return any(ticket["name"] == name for ticket in queued(t))


def nothing_left(t):
    check.soon(lambda: t.weir.json("ps")["containers"] == [], "no container is left", 20)
    check.equal(queued(t), [], "tickets left")
    check.soon(lambda: not [path for path in t.tree.walk(t.backend.top) if path.endswith(".scope")], "no cgroup is left", 20)
    check.equal([name for name in os.listdir("/run/weir/private/tickets") if name != "counter"], [], "files of tickets")
    shown = t.weir.json("pool", "show", "jobs")
    check.equal((shown["cpu"]["reserved"], shown["queued"]), (0, 0), "what the books say")


def census(t, pool):
    """Counts, from the kernel, how many containers of a pool live at the same time."""
    def alive():
        events = [t.tree.read_if_there(child, "cgroup.events") or "" for child in t.tree.children(t.backend.pool(pool))]
        return sum("populated 1" in text for text in events)
    return Sampler(alive, 0.02)


def start_line(t, name):
    """A command that notes the inode of its cgroup, in one write, and then works for a moment."""
    return ["sh", "-c", f"read where </proc/self/cgroup; inode=$(stat -c %i {t.tree.path('')}/${{where#0::/}}); "
            f"echo $inode {name} >>{t.folder}/order; sleep 0.3"]


def started_order(t):
    """As the kernel numbered their cgroups: of two that start at one time, either may come to write first."""
    with open(f"{t.folder}/order", encoding="utf-8") as handle:
        lines = [line.split() for line in handle]
    return [name for _, name in sorted(lines, key=lambda line: int(line[0]))]


@test("queue: --wait starts when there is room, says its place once, and shows in queue, status and ps")
def waits(t):
    applied(t, places=1)
    holder = t.run("jobs", "holder", "sleep", "600")
    late = waiter(t, "late", "sh", "-c", "echo started")
    check.soon(lambda: is_queued(t, "late"), "a ticket", 20)
    ticket = queued(t)[0]
    check.shape(ticket, {"ticket": str, "pool": str, "name": str, "position": int, "since": str,
                         "waiting_for": {"cpu": float, "memory_bytes": int}, "priority": int})
    check.equal((ticket["pool"], ticket["name"], ticket["position"]), ("jobs", "late", 1), "the ticket")
    status = t.weir.json("status")
    check.equal([entry["name"] for entry in status["queue"]], ["late"], "queue in status")
    check.equal(status["pools"][0]["queued"], 1, "queued in the pool")
    check.equal({c["name"]: c["state"] for c in t.weir.json("ps")["containers"]}, {"holder": "running", "late": "queued"}, "ps")
    check.contains(t.weir.ok("queue", "jobs").out, "late", "the table")
    t.weir("queue", "nosuch", status=7)
    check.contains(t.weir("run", "--pool", "jobs", "--name", "late", "--wait", "--", "true", status=125).err, "waits already",
                   "the same name again")
    check.contains(t.weir("run", "--pool", "jobs", "--", "true", status=125).err, "no-capacity", "without --wait")
    end(holder.process, signal.SIGTERM)
    check.equal(late.wait(30), 0, "status of the one that waited")
    check.equal(late.stdout.read(), b"started\n", "stdout is the command's")
    said = late.stderr.read().decode()
    check.equal(said.count("position 1 in the queue of pool 'jobs'"), 1, f"how often it said its place: {said!r}")
    nothing_left(t)


@test("queue: a wait ends with its time, by cancel, by a signal, and at once for what never fits")
def wait_ends(t):
    applied(t, places=1)
    holder = t.run("jobs", "holder", "sleep", "600")
    begin = time.monotonic()
    done = t.weir("run", "--pool", "jobs", "--wait=1s", "--", "true", status=125)
    check.that(1 <= time.monotonic() - begin < 20, f"a wait of 1 s took {time.monotonic() - begin:.1f} s")
    check.contains(done.err, "weir: no-capacity: waited 1s in vain", "what it says")
    t.weir("run", "--pool", "jobs", "--wait=1ms", "--refused-status", "75", "--", "true", status=75)
    one = waiter(t, "one", "true")
    check.soon(lambda: is_queued(t, "one"), "a ticket", 20)
    number = queued(t)[0]["ticket"]
    t.weir("queue", "cancel", "999999", status=7)
    t.weir("queue", "cancel", "x", status=2)
    t.weir.ok("queue", "cancel", number)
    check.equal(one.wait(20), 125, "status of a cancelled wait")
    check.contains(one.stderr.read().decode(), f"ticket {number} was cancelled", "what it says")
    for number in (signal.SIGTERM, signal.SIGINT):
        other = waiter(t, "other", "true")
        check.soon(lambda: is_queued(t, "other"), "a ticket", 20)
        other.send_signal(number)
        check.equal(other.wait(20), 125, f"status after signal {number}")
    done = t.weir("run", "--pool", "jobs", "--cpu-request", t.cpus + 1, "--wait", "--", "true", status=125, timeout=20)
    check.contains(done.err, "never can", "what can never fit")
    t.weir("run", "--pool", "jobs", "--wait=soon", "--", "true", status=2)
    end(holder.process, signal.SIGTERM)
    check.soon(lambda: not t.tree.exists(holder.path), "the holder is gone", 20)
    nothing_left(t)


@test("queue: many at once for a pool of eight: never more, all finish, in the order they came", ci="newest")
def many(t):
    applied(t)
    count = t.count(40, 200)
    if count > 40:
        t.note(f"{count} waiters")
    children, names = [], [f"w{number:03}" for number in range(count)]
    fill = [t.run("jobs", f"fill{number}", "sleep", "600") for number in range(PLACES)]
    for name in names:
        child = waiter(t, name, *start_line(t, name))
        children.append(child)

        def waits(child=child):
            if child.poll() is not None:
                raise check.Failed(f"{name} does not wait: {t.said(child)}")
            return os.path.isdir("/run/weir/private/tickets") and len(os.listdir("/run/weir/private/tickets")) > len(children)
        check.soon(waits, f"{name} waits", 30)
    check.equal([ticket["name"] for ticket in queued(t)], names, "the queue")
    with census(t, "jobs") as alive:
        for one in fill:
            one.process.terminate()
        for name, child in zip(names, children):
            check.equal(child.wait(t.count(200, 1500)), 0, f"status of {name}: {child.stderr.read()!r}")
    check.at_most(alive.most, PLACES, "containers alive at one time")
    check.at_least(alive.most, 2, "containers alive at one time")
    check.equal(started_order(t), names, "the order in which they started")
    for one in fill:
        one.process.wait(20)
    nothing_left(t)


@test("queue: a user who may have no more inotify instances waits all the same")
def without_inotify(t):
    applied(t, places=1)
    most = "/proc/sys/fs/inotify/max_user_instances"
    with open(most, encoding="utf-8") as handle:
        before = handle.read()
    holder = t.run("jobs", "holder", "sleep", "600")
    try:
        with open(most, "w", encoding="utf-8") as handle:
            handle.write("0")
        children = [waiter(t, f"w{number}", *start_line(t, f"w{number}")) for number in range(1)]
        for number in range(1, 4):
            check.soon(lambda n=number: len(queued(t)) == n, "the one before waits", 20)
            children.append(waiter(t, f"w{number}", *start_line(t, f"w{number}")))
        check.soon(lambda: len(queued(t)) == 4, "all wait", 20)
        t.weir.ok("queue", "cancel", queued(t)[1]["ticket"])
        check.equal(children[1].wait(20), 125, "the one that was cancelled")
        end(holder.process, signal.SIGTERM)
        for number in (0, 2, 3):
            check.equal(children[number].wait(60), 0, f"status of w{number}")
        check.equal(started_order(t), ["w0", "w2", "w3"], "the order in which they started")
    finally:
        with open(most, "w", encoding="utf-8") as handle:
            handle.write(before)
    nothing_left(t)


@test("queue: a third of many are killed at any moment, waiters and runners alike, and the rest all finish", ci="newest")
def killed(t):
    applied(t)
    choice = random.Random(7)
    count = t.count(40, 200)
    children = [waiter(t, f"w{number:03}", *start_line(t, f"w{number:03}"), stderr=None) for number in range(count)]
    victims = choice.sample(range(count), count // 3)
    with census(t, "jobs") as alive:
        for victim in victims:
            time.sleep(choice.random() * 0.3)
            children[victim].kill()
        for number, child in enumerate(children):
            status = child.wait(t.count(200, 1500))
            check.that(number in victims or status == 0, f"w{number:03} ended with {status}")
    check.at_most(alive.most, PLACES, "containers alive at one time")
    missing = {f"w{number:03}" for number in range(count) if number not in victims} - set(started_order(t))
    check.equal(missing, set(), "who never started")
    check.soon(lambda: t.weir.json("ps")["containers"] == [], "those whose weir run was killed end too", 30)
    nothing_left(t)


@test("queue: room that nobody gave back is found: a killed container, an OOM kill, a cgroup that others removed")
def unseen(t):
    applied(t, places=1)

    def orphan(name, *command, flags=()):
        """A container whose weir run is dead."""
        container = t.run("jobs", name, *command, flags=flags)
        container.process.kill()
        container.process.wait()
        return container

    def removed(container):
        t.tree.write(container.path, "cgroup.kill", 1)
        check.soon(lambda: not (t.tree.exists(container.path) and t.tree.populated(container.path)), "it is dead")
        if t.tree.exists(container.path):
            t.tree.kill(container.path)

    endings = {
        "killed": lambda c: t.tree.write(c.path, "cgroup.kill", 1),
        "its only process ended": lambda c: [os.kill(pid, signal.SIGKILL) for pid in t.tree.pids(c.path)],
        "removed by others": removed,
        "released": lambda c: t.weir.ok("release", c.name, "--kill"),
    }
    for number, (how, ending) in enumerate(endings.items()):
        holder = orphan(f"holder{number}", "sleep", "600")
        late = waiter(t, f"late{number}", "true")
        check.soon(lambda n=number: is_queued(t, f"late{n}"), "a ticket", 20)
        ending(holder)
        check.equal(late.wait(30), 0, f"status after the container was {how}")
    script = "x = bytearray(8 << 20)\nwhile True: x += bytes(8 << 20)"
    holder = orphan("eater", "sh", "-c", f"sleep 3; exec python3 -c '{script}'", flags=("--memory", "30MiB"))
    late = waiter(t, "last", "true")
    check.equal(late.wait(60), 0, "status after an OOM kill")
    nothing_left(t)


@test("queue: one that is called and does not come within five seconds lets the next one go first")
def stopped(t):
    applied(t, places=1)
    holder = t.run("jobs", "holder", "sleep", "600")
    first, second = waiter(t, "first", "true"), None
    check.soon(lambda: is_queued(t, "first"), "the first one's ticket", 20)
    second = waiter(t, "second", "true")
    check.soon(lambda: is_queued(t, "second"), "the second one's ticket", 20)
    first.send_signal(signal.SIGSTOP)
    end(holder.process, signal.SIGTERM)
    begin = time.monotonic()
    check.equal(second.wait(40), 0, "status of the second one")
    took = time.monotonic() - begin
    check.at_least(took, 4.5, "seconds before the second one went first")
    check.that(first.poll() is None, "the stopped one ended")
    first.send_signal(signal.SIGCONT)
    check.equal(first.wait(30), 0, "status of the first one once it goes on")
    nothing_left(t)


@test("queue: priority goes by class, then by arrival")
def by_class(t):
    applied(t, places=1, policy="priority")
    holder = t.run("jobs", "holder", "sleep", "600", flags=("--priority", "9"))
    children = []
    for name, priority in (("low1", 0), ("low2", 0), ("high1", 5), ("mid", 2), ("high2", 5)):
        children.append(waiter(t, name, *start_line(t, name), flags=("--wait", "--priority", str(priority))))
        check.soon(lambda n=name: is_queued(t, n), f"{name} waits", 20)
    end(holder.process, signal.SIGTERM)
    for child in children:
        check.equal(child.wait(60), 0, "status")
    check.equal(started_order(t), ["high1", "high2", "mid", "low1", "low2"], "the order in which they started")


# S2: CPU for four; A asks 3, B 2, C 1, D 0.
@test("queue: S2: strictly, nobody passes one that does not fit; with backfill those that fit do")
def backfill(t):
    for more, starts_at_once in (("", False), ("backfill = true", True)):
        applied(t, places=4, more=more)
        shown = t.weir.json("pool", "show", "jobs")["cpu"]["limit"] / 4
        ask = lambda units: f"{units * shown:.2f}"
        big = t.run("jobs", "a", "sleep", "600", flags=("--cpu-request", ask(3)))
        second = waiter(t, "b", "sleep", "600", flags=("--wait", "--cpu-request", ask(2)))
        check.soon(lambda: is_queued(t, "b"), "b waits", 20)
        done = t.weir("run", "--pool", "jobs", "--cpu-request", ask(1), "--", "true", status=0 if starts_at_once else 125)
        if not starts_at_once:
            check.contains(done.err, "wait", "why it is refused")
        end(big.process, signal.SIGTERM)
        check.soon(lambda: t.tree.exists(f"{t.backend.pool('jobs')}/b.scope"), "b starts when a ends", 30)
        end(second, signal.SIGTERM)
        check.soon(lambda: t.weir.json("ps")["containers"] == [], "all ended", 20)


@test("queue: throughput takes the best set by dynamic programming, not the densest", ci="newest")
def by_value(t):
    # K1: room for 2 and 4; worth 6, 6 and 10 of (1, 2), (1, 2), (1.5, 3). Half of that here.
    mib = 1 << 20
    t.weir.configure("[host]\nreserve = { cpu = 0, memory = \"256MiB\" }\n[pool.jobs]\npolicy = \"throughput\"\n"
                     f"cpu = {{ limit = 1 }}\nmemory = {{ limit = {256 * mib} }}\n").ok("apply")
    holder = t.run("jobs", "holder", "sleep", "600", flags=("--cpu-request", "1"))
    for name, value, cpu, memory in (("dense", 10, 0.75, 192), ("one", 6, 0.5, 128), ("two", 6, 0.5, 128)):
        waiter(t, name, "sleep", "600", flags=("--wait", "--value", str(value), "--cpu-request", str(cpu),
                                               "--memory-request", str(memory * mib)))
        check.soon(lambda n=name: is_queued(t, n), f"{name} waits", 20)
    end(holder.process, signal.SIGTERM)
    check.soon(lambda: [ticket["name"] for ticket in queued(t)] == ["dense"], "the two that are worth more together run", 30)
