# SPDX-License-Identifier: Apache-2.0
"""Ordinary users, served by the agent over its socket; and what they try."""

import json
import os
import signal
import subprocess
import time

from harness import check
from harness.agent import Agent
from harness.registry import test
from harness.tree import WriteWatch
from harness.weir import end

INTRUDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "harness", "intruder.py")
CONFIG = """
[pool.ci]
[pool.ci.allow]
groups = ["ci"]
max_priority = 5
max_request = { cpu = 1, memory = "64MiB" }
[pool.roots]
[pool.bobs]
[pool.bobs.allow]
users = ["bob"]
"""


def user(name):
    return "setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups"


ALICE, BOB = user("alice"), user("bob")


def serve(t, config=CONFIG):
    t.weir.configure(config).ok("apply")
    return Agent(t)


def run(t, *command, flags=(), pool="ci", who=ALICE, **options):
    return t.weir("run", "--pool", pool, *flags, "--", *command, prefix=who, **options)


def names(t, **options):
    return sorted(c["name"] for c in t.weir.json("ps", **options)["containers"])


def intrude(t, attack, who=ALICE, timeout=120):
    child = subprocess.run([*who, "python3", "-B", INTRUDER, "/run/weir/agent.sock", attack], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=timeout, text=True, check=False)
    return child.stdout.splitlines()


def unharmed(t, agent):
    """It still serves, and nothing was made that should not be."""
    check.equal(agent.process.poll(), None, "the agent's end")
    run(t, "true", status=0)
    check.soon(lambda: names(t) == [], "no container is left")


@test("users: who is in allow runs commands as root does: born in the pool, status, signals, clean-up")
def allowed(t):
    agent = serve(t)
    ci = t.backend.pool("ci")
    done = run(t, "sh", "-c", "id -u; cat /proc/self/cgroup; exit 3", flags=("--name", "job"), status=3)
    uid, cgroup = done.out.splitlines()
    check.equal(uid, "1001", "user of the command")
    check.contains(cgroup, f"{ci}/job.scope", "its cgroup")
    check.that(not t.tree.exists(f"{ci}/job.scope"), "its cgroup is gone when weir run has ended")
    check.equal(run(t, "/no/such/program").status, 127, "status without a program")
    check.equal(run(t, "/etc/passwd").status, 126, "status of what cannot be executed")
    check.equal(run(t, "sh", "-c", "kill -9 $$").status, 137, "status of what was killed")
    run(t, "sh", "-c", "setsid -f sleep 600 >/dev/null 2>&1 </dev/null", status=0)
    check.equal(t.tree.children(ci), [], "cgroups after a command that left a process")
    child = t.weir.start("run", "--pool", "ci", "--name", "long", "--", "weir-signals")
    child.kill()
    child = subprocess.Popen([*ALICE, *t.weir.command("run", "--pool", "ci", "--name", "list", "--", "weir-signals")],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    t.started.append(child)
    check.equal(child.stdout.readline(), b"ready\n", "first line of the command")
    listed = [c for c in t.weir.json("ps")["containers"] if c["name"] == "list"]
    check.equal([(c["owner_uid"], c["pids"], c["state"]) for c in listed], [(1001, 1, "running")], "the container")
    for number in (signal.SIGUSR1, signal.SIGHUP, signal.SIGTERM):
        child.send_signal(number)
        check.equal(int(child.stdout.readline()), number, "the signal that arrives")
    check.equal(child.wait(timeout=30), 0, "exit status")
    unharmed(t, agent)
    agent.stop()
    check.that(not os.path.exists("/run/weir/agent.sock"), "the socket is gone with the agent")


@test("users: who is not in allow gets 125 and denied, 6 from any other command; without an agent 125 and a hint")
def not_allowed(t):
    agent = serve(t)
    done = run(t, "true", who=BOB, status=125)
    check.contains(done.err, "weir: denied: ", "what bob is told")
    check.contains(run(t, "true", pool="roots", status=125).err, "denied", "what alice is told of a pool without allow")
    check.contains(run(t, "true", pool="none", status=125).err, "not-found", "what alice is told of no pool")
    check.contains(run(t, "true", flags=("--user", "root"), status=125).err, "denied", "--user")
    for flags in (("--priority", 6), ("--memory", "65MiB"), ("--cpu-request", "1.1")):
        check.contains(run(t, "true", flags=flags, status=125).err, "denied", f"{flags}")
    run(t, "true", flags=("--priority", 5, "--memory", "64MiB", "--cpus", 1), status=0)
    nobody = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
    for command in (("ps",), ("status",), ("release", "x")):
        check.contains(t.weir(*command, prefix=nobody, status=6).err, "denied", f"nobody: {command}")
    agent.stop()
    done = run(t, "true", status=125)
    check.contains(done.err, "weir: unsupported: ", "without an agent")
    check.contains(done.err, "hint: ", "without an agent")


@test("users: each sees and ends only what is his")
def own(t):
    agent = serve(t)
    children = []
    for who, pool in ((ALICE, "ci"), (BOB, "bobs")):
        children.append(subprocess.Popen([*who, *t.weir.command("run", "--pool", pool, "--name", f"of-{pool}", "--",
                                                                "sleep", "600")]))
        t.started.append(children[-1])
    t.run("roots", "of-root", "sleep", "600")
    check.soon(lambda: names(t) == ["of-bobs", "of-ci", "of-root"], "three containers", 20)
    check.equal(names(t, prefix=ALICE), ["of-ci"], "what alice sees")
    check.equal(names(t, prefix=BOB), ["of-bobs"], "what bob sees")
    seen = json.dumps(t.weir.json("status", prefix=ALICE))
    check.that("of-bobs" not in seen and "of-root" not in seen, f"alice sees more than her own: {seen}")
    for name in ("of-bobs", "of-root"):
        t.weir("release", name, "--kill", prefix=ALICE, status=6)
    t.weir("release", "of-ci", prefix=ALICE, status=8)
    t.weir("release", "nothing", prefix=ALICE, status=7)
    check.equal(names(t), ["of-bobs", "of-ci", "of-root"], "containers after what was refused")
    t.weir("release", "of-ci", "--kill", prefix=ALICE, status=0)
    check.equal(children[0].wait(timeout=20), 137, "status of what was killed")
    check.equal(names(t), ["of-bobs", "of-root"], "containers after the release")
    agent.stop()


@test("users: who finds no room waits for it, in line with root; nothing is left of who gives up", ci="newest")
def waits(t):
    agent = serve(t, """
[pool.ci]
policy = "fifo"
memory = { limit = "96MiB" }
[pool.ci.allow]
groups = ["ci"]
""")
    asks = ("--memory", "64MiB")
    first = t.run("ci", "first", "sleep", "600", flags=asks)
    done = run(t, "true", flags=asks, status=125)
    check.contains(done.err, "weir: no-capacity: ", "without --wait")
    done = run(t, "true", flags=(*asks, "--wait=1s"), status=125)
    check.contains(done.err, "waited 1s in vain", "a wait that ends")

    def waiter(name, *prefix):
        child = subprocess.Popen([*prefix, *t.weir.command("run", "--pool", "ci", "--name", name, *asks, "--wait", "--",
                                                           "sh", "-c", "date +%s.%N; sleep 2")],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        t.started.append(child)
        check.soon(lambda: name in [e["name"] for e in t.weir.json("queue")["queue"]], f"{name} waits", 30)
        return child
    given_up, of_alice, cancelled, of_root = (waiter("gone", *ALICE), waiter("alices", *ALICE), waiter("off", *ALICE),
                                              waiter("roots"))
    given_up.kill()
    tickets = {e["name"]: e["ticket"] for e in t.weir.json("queue")["queue"]}
    own = lambda: [e["name"] for e in t.weir("queue", "--json", prefix=ALICE, status=0).json["queue"]]
    check.soon(lambda: own() == ["alices", "off"], "alice sees her own tickets and no others")
    check.contains(t.weir("queue", prefix=ALICE, status=0).out, "alices", "the table")
    check.equal([e["name"] for e in t.weir("status", "--json", prefix=ALICE, status=0).json["queue"]], own(), "status")
    for ticket in (tickets["roots"], "999999"):
        refused = t.weir("queue", "cancel", ticket, prefix=ALICE, status=7)
        check.contains(refused.err, f"no ticket {ticket} of yours", "what is not hers")
    t.weir("queue", "cancel", tickets["off"], prefix=ALICE, status=0)
    check.equal(cancelled.wait(timeout=30), 125, "status of who was cancelled")
    said = cancelled.stderr.read()
    check.contains(said, "waiting for room: ", "why it waits")
    check.contains(said, "position 3 in the queue of pool 'ci'", "its place")
    check.equal(said.count("position"), 1, "how often it is told")
    check.contains(said, f"ticket {tickets['off']} was cancelled", "what it says at the end")
    check.soon(lambda: [e["name"] for e in t.weir.json("queue")["queue"]] == ["alices", "roots"], "who is left", 20)
    end(first.process, signal.SIGTERM)
    begins = []
    for child in (of_alice, of_root):
        check.equal(child.wait(timeout=60), 0, "status of who got in")
        begins.append(float(child.stdout.read()))
    check.that(begins[1] >= begins[0] + 1.9, f"one after the other, in the order they came: {begins}")
    check.equal(t.weir.json("queue")["queue"], [], "the queue afterwards")
    agent.stop()


@test("users: SIGKILL of weir run leaves the container, or with --die-with-parent ends it; --leave keeps what is left")
def killed(t):
    agent = serve(t)
    ci = t.backend.pool("ci")
    for flag in ("--die-with-parent", "--leave"):
        child = subprocess.Popen([*ALICE, *t.weir.command("run", "--pool", "ci", "--name", "bound", flag, "--", "sh", "-c",
                                                          "setsid -f sleep 600; echo; sleep 5")], stdout=subprocess.PIPE)
        t.started.append(child)
        child.stdout.readline()
        child.kill()
        if flag == "--leave":
            time.sleep(7)
            check.equal([c["pids"] for c in t.weir.json("ps")["containers"]], [1], "processes that were left")
            t.weir("release", "bound", "--kill", prefix=ALICE, status=0)
        check.soon(lambda: not t.tree.children(ci), f"{flag}: everything is gone")
    unharmed(t, agent)
    agent.stop()


def attack(name, wanted, slow=False):
    @test(f"users, attack: {name.replace('_', ' ')}", ci="plain" if slow else "all")
    def attempt(t):
        agent = serve(t)
        said = intrude(t, name)
        t.note(f"{name}: {said[:6]}")
        wanted(said)
        check.that("done" not in said, f"the agent took part: {said}")
        unharmed(t, agent)
        agent.stop()


attack("another_pid", lambda said: check.equal(said, ["refused by the kernel"], "answers"))
attack("another_pidfd", lambda said: check.equal(said, ["denied"], "answers"))
attack("inherited_socket", lambda said: check.equal(said, ["denied"], "answers"))
attack("descriptors", lambda said: check.equal(set(said), {"denied"}, "answers"), slow=True)
attack("halves", lambda said: check.that(len(said) == 6 and set(said[:5]) <= {"usage", "failed"} and said[5] == "closed",
                                        f"answers: {said}"))
attack("noise", lambda said: check.that(set(said) <= {"usage", "not-found", "denied", "failed"}, f"answers: {said}"),
       slow=True)
attack("ptraced", lambda said: check.equal(said, ["the traced child ended well"], "answers"))


@test("users, attack: a setuid program that takes the place of the one that asked")
def setuid(t):
    agent = serve(t)
    child = subprocess.Popen([*ALICE, "python3", "-B", INTRUDER, "/run/weir/agent.sock", "setuid_program"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.PIPE)
    t.started.append(child)
    check.equal(child.stdout.readline(), b"ready\n", "the intruder's first line")
    home = t.backend.cgroup_of(child.pid)
    agent.process.send_signal(signal.SIGSTOP)
    child.stdin.write(b"\n")
    child.stdin.flush()
    check.soon(lambda: t.backend.command_of(child.pid) == "su", "su runs", 20)
    with WriteWatch(t.tree, t.backend.pool("ci")) as watch:
        agent.process.send_signal(signal.SIGCONT)
        time.sleep(2)
        check.equal(watch.seen(), set(), "what the agent made for it")
    # su may open a session, for which logind has a scope.
    now = t.backend.cgroup_of(child.pid)
    check.that(now == home or (t.backend.name == "systemd" and now.startswith("user.slice/")),
               f"the setuid program is in {now}, and not in {home}")
    child.kill()
    unharmed(t, agent)
    agent.stop()


@test("users, attack: a thousand connections of one user keep nobody else out", ci="newest")
def thousand(t):
    agent = serve(t)
    flood = subprocess.Popen([*ALICE, "python3", "-B", INTRUDER, "/run/weir/agent.sock", "many"], stdout=subprocess.PIPE)
    t.started.append(flood)
    t.note(flood.stdout.readline().decode().strip())
    run(t, "true", pool="bobs", who=BOB, status=0)
    flood.wait(timeout=60)
    unharmed(t, agent)
    agent.stop()
