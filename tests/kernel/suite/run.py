# SPDX-License-Identifier: Apache-2.0
"""weir run: exit status, birth in the leaf, signals, what is left behind."""

import ctypes
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from harness import check
from harness.registry import test
from harness.weir import end

MIB = 1 << 20
POOLS = "[pool.web]\n[pool.team]\n[pool.nightly]\nparent = \"team\"\n"


def apply(t, text=POOLS):
    t.weir.configure(text).ok("apply")
    return t.backend.pool("web")


def run(t, *command, flags=(), pool="web", **options):
    return t.weir("run", "--pool", pool, *flags, "--", *command, **options)


def no_container(t):
    left = [path for path in t.tree.walk(t.backend.top) if not path.endswith(".slice")]
    check.equal(left, [], "cgroups of containers")


# Exit status.

@test("run: the exit status is the command's for 0, 3, 126, 127, and 128 + N after a signal")
def status(t):
    apply(t)
    script = f"{t.folder}/no-execute"
    with open(script, "w", encoding="utf-8") as handle:
        handle.write("#!/bin/sh\n")
    cases = [(("true",), 0), (("sh", "-c", "exit 3"), 3), (("sh", "-c", "exit 255"), 255),
             (("sh", "-c", "exit 126"), 126), (("sh", "-c", "kill -TERM $$"), 143), (("sh", "-c", "kill -KILL $$"), 137),
             ((script,), 126), ((t.folder,), 126), (("no-such-command",), 127), ((f"{t.folder}/none",), 127)]
    for command, wanted in cases:
        done = run(t, *command)
        check.equal(done.status, wanted, f"status of {done}")
        no_container(t)
    check.contains(done.err, "weir: not-found: ", "what is said of a missing command")


@test("run: a signal from outside ends the command, and the status says which")
def killed(t):
    apply(t)
    for number in (signal.SIGTERM, signal.SIGKILL):
        container = t.run("web", f"victim-{number.value}", "sleep", "600")
        os.kill(t.tree.pids(container.path)[0], number)
        check.equal(container.process.wait(timeout=20), 128 + number, "exit status")
        no_container(t)


# Birth.

@test("run: the process is in its leaf before its first instruction, seen from inside")
def where_inside(t):
    apply(t)
    for name in ("one", "two"):
        done = run(t, "weir-where", flags=("--name", name), status=0)
        check.equal(done.out, f"0::/{t.backend.home(t.backend.pool('web') + '/' + name + '.scope')}\n", "/proc/self/cgroup")


class ExecutionGate:
    """Stops every execution of one file until it is let through (fanotify, FAN_OPEN_EXEC_PERM)."""

    CLASS_CONTENT, OPEN_EXEC_PERM, ALLOW = 0x4, 0x40000, 1

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.fanotify_init(self.CLASS_CONTENT | 0x1, os.O_RDONLY)
        check.that(self.fd >= 0, "fanotify_init")
        marked = libc.fanotify_mark(self.fd, 0x1, ctypes.c_uint64(self.OPEN_EXEC_PERM), -100, os.fsencode(path))
        check.that(marked == 0, f"fanotify_mark: {os.strerror(ctypes.get_errno())}")

    def next(self, seconds=20):
        """The pid that waits at the gate, and the file to let it through with."""
        check.that(select.select([self.fd], [], [], seconds)[0], "an execution arrives")
        _, _, _, _, _, file, pid = struct.unpack_from("IBBHQii", os.read(self.fd, 4096))
        return pid, file

    def let_through(self, file):
        os.write(self.fd, struct.pack("iI", file, self.ALLOW))
        os.close(file)

    def close(self):
        os.close(self.fd)


@test("run: the process is in its leaf before the command is even opened for execution, seen from outside")
def where_outside(t):
    apply(t)
    program = f"{t.folder}/program"
    subprocess.run(["cp", "/bin/true", program], check=True)
    gate = ExecutionGate(program)
    try:
        child = t.weir.start("run", "--pool", "web", "--name", "newborn", "--", program)
        t.started.append(child)
        pid, file = gate.next()
        try:
            with open(f"/proc/{pid}/cgroup", encoding="utf-8") as handle:
                cgroup = handle.read()
            leaf = f"{t.backend.pool('web')}/newborn.scope"
            check.equal(t.tree.pids(leaf), [pid], "processes of the leaf")
            check.equal(t.tree.flat(leaf, "pids.events", "max"), 0, "forks refused")
        finally:
            gate.let_through(file)
        check.equal(cgroup, f"0::/{t.backend.home(leaf)}\n", "where it waits")
        check.equal(child.wait(timeout=20), 0, "exit status")
    finally:
        gate.close()


@test("run: limits and records are on the leaf before the command starts")
def born_limited(t):
    web = apply(t)
    leaf = t.tree.path(f"{web}/limited.scope")
    done = run(t, "sh", "-c", f"cat {leaf}/memory.max {leaf}/cpu.max {leaf}/memory.swap.max",
               flags=("--name", "limited", "--memory", "60MiB", "--cpus", "0.5"), status=0)
    check.equal(done.out.split("\n")[:3], [str(60 * MIB), "50000 100000", "0"], "memory.max, cpu.max, memory.swap.max")


# Signals and the terminal.

class Terminal:
    """A command in a session of its own on a pseudo-terminal."""

    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)
        settings = termios.tcgetattr(self.fd)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(self.fd, termios.TCSANOW, settings)
        self.text = b""

    def read_until(self, condition, what, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition(self.text):
            check.that(time.monotonic() < deadline, f"{what}: {self.text!r}")
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self.fd, 4096)
                except OSError:
                    break
        check.that(condition(self.text), f"{what}: {self.text!r}")

    def type(self, data):
        os.write(self.fd, data)

    def wait(self):
        _, state = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(state)


def blocked_signals(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
        mask = next(int(line.split()[1], 16) for line in lines if line.startswith("SigBlk:"))
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


def count(text, number):
    return len(re.findall(rf"^{number}\r?$", text.decode(), re.MULTILINE))


@test("run: Ctrl-C on a terminal reaches the command exactly once")
def control_c(t):
    apply(t)
    terminal = Terminal(t.weir.command("run", "--pool", "web", "--", "weir-signals"))
    terminal.read_until(lambda text: b"ready" in text, "it starts")
    for number in range(1, 4):
        terminal.type(b"\x03")
        terminal.read_until(lambda text: count(text, signal.SIGINT) >= number, f"SIGINT {number} arrives")
        time.sleep(0.3)
    terminal.type(b"\x1c")  # Ctrl-\: SIGQUIT ends weir-signals
    terminal.read_until(lambda text: count(text, signal.SIGQUIT) >= 1, "SIGQUIT arrives")
    status = terminal.wait()
    check.equal(count(terminal.text, signal.SIGINT), 3, "SIGINTs for three Ctrl-C")
    check.equal(count(terminal.text, signal.SIGQUIT), 1, "SIGQUITs for one Ctrl-\\")
    check.equal(status, 0, "exit status")
    no_container(t)


@test("run: Ctrl-C ends a shell command with 130, and nothing is left")
def control_c_ends(t):
    apply(t)
    # Not sh: dash 0.5.12 loses an interrupt that comes while it starts a command, with or without weir.
    script = "echo here; sleep 600; echo not here"
    terminal = Terminal(t.weir.command("run", "--pool", "web", "--", "bash", "-c", script))
    terminal.read_until(lambda text: b"here" in text, "it starts")
    terminal.type(b"\x03")
    check.equal(terminal.wait(), 130, "exit status")
    no_container(t)


@test("run: Ctrl-C before the command has started ends it as well")
def control_c_early(t):
    apply(t)
    with open("/run/weir/private/lock", "r+", encoding="utf-8") as books:
        fcntl.flock(books, fcntl.LOCK_EX)
        terminal = Terminal(t.weir.command("run", "--pool", "web", "--", "bash", "-c", "echo here; sleep 600"))
        held_back = lambda: signal.SIGINT in blocked_signals(terminal.pid)
        check.soon(held_back, "weir run waits for the books")
        terminal.type(b"\x03")
        time.sleep(0.3)
    check.equal(terminal.wait(), 130, "exit status")
    check.that(b"here" not in terminal.text, "the command does not run")
    no_container(t)


@test("run: signals sent to weir run are passed on exactly once")
def relayed(t):
    apply(t)
    container = t.run("web", "listener", "weir-signals")
    output = t.ready(container.process).stdout
    sent = [signal.SIGUSR1, signal.SIGHUP, signal.SIGINT, signal.SIGUSR2, signal.SIGUSR1, signal.SIGTERM]
    for number in sent:
        container.process.send_signal(number)
        check.equal(int(output.readline()), number, "the signal that arrives")
        time.sleep(0.1)
    check.equal(container.process.wait(timeout=20), 0, "exit status")
    check.equal(output.read(), b"", "further signals")


@test("run: stop and continue from the terminal work as for any job")
def job_control(t):
    apply(t)
    container = t.run("web", "job", "sleep", "600")
    child = container.process
    child.send_signal(signal.SIGTSTP)
    state = lambda: open(f"/proc/{child.pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()[0]
    check.soon(lambda: state() == "T", "weir run is stopped")
    child.send_signal(signal.SIGCONT)
    check.soon(lambda: state() != "T", "weir run goes on")
    child.terminate()
    check.equal(child.wait(timeout=20), 143, "exit status")


@test("run: stdin and stdout are the caller's, in the same session and process group")
def streams(t):
    apply(t)
    data = os.urandom(300_000)
    path = f"{t.folder}/data"
    with open(path, "wb") as handle:
        handle.write(data)
    with open(path, "rb") as handle, open(f"{t.folder}/copy", "wb") as out:
        child = t.weir.start("run", "--pool", "web", "--", "cat", stdin=handle, stdout=out)
        check.equal(child.wait(timeout=30), 0, "exit status")
        check.equal(child.stderr.read(), b"", "stderr")
        end(child)
    with open(f"{t.folder}/copy", "rb") as handle:
        check.that(handle.read() == data, "cat through weir run keeps every byte")
    done = run(t, "sh", "-c", "ps -o sid=,pgid= -p $$", status=0)
    check.equal([int(word) for word in done.out.split()], [os.getsid(0), os.getpgid(0)], "session and process group")
    done = run(t, "sh", "-c", "ls -l /proc/self/fd | grep -c -e cgroup -e /run/weir", status=1)
    check.equal(done.out, "0\n", "descriptors of weir's that the command sees")


# What is left behind.

@test("run: a child that detaches is gone 2 s after the command ended")
def detached(t):
    web = apply(t)
    scripts = {"polite": "setsid -f sleep 600", "forked twice": "(setsid sh -c 'sleep 600 & sleep 600' &)",
               "stubborn": "setsid -f sh -c 'trap \"\" TERM HUP INT; while :; do sleep 600; done'; sleep 0.3"}
    for kind, script in scripts.items():
        done = run(t, "sh", "-c", f"{script}; date +%s.%N", status=0)
        gone = time.time() - float(done.out)
        t.note(f"{kind}: gone {gone:.2f} s after the command ended")
        no_container(t)
        check.at_most(gone, 3.5, f"{kind}: seconds until it was gone, with those of a slow machine")
        if kind == "stubborn":
            check.at_least(gone, 1.9, "seconds a process has to obey SIGTERM")
    check.that(not t.tree.populated(web), "the pool is empty")


@test("run --leave keeps what the command left, listed until it ends")
def leave(t):
    apply(t)
    done = run(t, "sh", "-c", "setsid -f sleep 600 >/dev/null 2>&1 </dev/null", flags=("--leave", "--name", "kept"),
               status=0)
    check.at_most(done.seconds, 10, "seconds of weir run")
    listed = t.weir.json("ps")["containers"]
    check.equal([(c["name"], c["pids"]) for c in listed], [("kept", 1)], "containers")
    os.kill(t.tree.pids(listed[0]["path"])[0], signal.SIGTERM)
    check.soon(lambda: not t.tree.populated(listed[0]["path"]), "it ended")
    check.equal(t.weir.json("ps")["containers"], [], "containers at the end")
    no_container(t)
    run(t, "true", flags=("--leave",), status=0)
    no_container(t)


@test("run --die-with-parent: SIGKILL of weir run kills the container with all it started")
def die_with_parent(t):
    web = apply(t)
    container = t.run("web", "bound", "sh", "-c", "setsid -f sleep 600; sleep 600", flags=("--die-with-parent",))
    check.soon(lambda: len(t.tree.pids(container.path)) == 3, "three processes")
    container.process.kill()
    container.process.wait()
    check.soon(lambda: not t.tree.populated(web), "everything in it is gone")
    check.equal(t.weir.json("ps")["containers"], [], "containers")
    no_container(t)


@test("run --die-with-parent: the command's status comes through, and nothing is left")
def die_with_parent_ends(t):
    apply(t)
    run(t, "sh", "-c", "exit 9", flags=("--die-with-parent",), status=9)
    no_container(t)


@test("run: after SIGKILL of weir run the container goes on and stays listed; when empty it is reclaimed")
def orphan(t):
    apply(t)
    container = t.run("web", "orphan", "sleep", "600")
    container.process.kill()
    container.process.wait()
    time.sleep(0.3)
    listed = t.weir.json("ps")["containers"]
    check.equal([(c["name"], c["state"], c["pids"]) for c in listed], [("orphan", "running", 1)], "containers")
    os.kill(t.tree.pids(container.path)[0], signal.SIGTERM)
    check.soon(lambda: not t.tree.populated(container.path), "it ended")
    if t.backend.keeps_empty:
        check.that(t.tree.exists(container.path), "its cgroup waits for the next command")
    t.weir.ok("ps")
    no_container(t)


@test("run: many runs in a row leave no cgroup", ci="oldest")
def in_a_row(t):
    apply(t)
    for number in range(t.count(100, 1000)):
        check.equal(subprocess.run(t.weir.command("run", "--pool", "web", "--", "true"), check=False).returncode, 0,
                    f"exit status of run {number}")
    no_container(t)
    check.equal(t.weir.json("verify")["drift"], [], "drift")


@test("run: fifty at once all end well and leave no cgroup", ci="oldest")
def at_once(t):
    apply(t)
    children = [t.weir.start("run", "--pool", ("web", "nightly")[i % 2], "--", "sh", "-c", f"sleep 0.3; exit {i}")
                for i in range(50)]
    t.started.extend(children)
    found = {i: (child.wait(timeout=60), child.stderr.read()) for i, child in enumerate(children)}
    check.same(found, {i: (i, b"") for i in range(50)}, "exit status and stderr")
    no_container(t)
    check.equal(t.weir.json("verify")["drift"], [], "drift")


# Who and where.

@test("run --user: uid, gid, groups and HOME are the user's")
def user(t):
    apply(t)
    script = "id -u; id -g; id -G; echo $HOME $USER $LOGNAME; grep -c '^CapEff:.0*$' /proc/self/status"
    done = run(t, "sh", "-c", script, flags=("--user", "alice"), status=0)
    uid, gid, groups, names, no_capabilities = done.out.splitlines()
    check.equal((uid, gid), ("1001", "1001"), "uid and gid")
    wanted = subprocess.run(["id", "-G", "alice"], stdout=subprocess.PIPE, text=True, check=True).stdout
    check.equal(sorted(groups.split()), sorted(wanted.split()), "groups")
    check.equal(names.split()[1:], ["alice", "alice"], "USER and LOGNAME")
    check.equal(names.split()[0], os.path.expanduser("~alice"), "HOME")
    check.equal(no_capabilities, "1", "capabilities are dropped")
    done = run(t, "sh", "-c", "id -u; id -gn", flags=("--user", "bob:ci"), status=0)
    check.equal(done.out.split(), ["1002", "ci"], "uid and group with --user bob:ci")
    run(t, "true", flags=("--user", "nobody-here"), status=2)


@test("run --chdir: starts there, and says where it cannot")
def chdir(t):
    apply(t)
    check.equal(run(t, "pwd", flags=("--chdir", "/var/tmp"), status=0).out, "/var/tmp\n", "folder")
    done = run(t, "pwd", flags=("--chdir", "/none/such"))
    check.among(done.status, (125, 126), "exit status for a missing folder")
    check.contains(done.err, "/none/such", "what it says")
    no_container(t)


# Refusals.

@test("run: a name that is taken, or a pool's, is refused, and a dead one is free again")
def names(t):
    apply(t)
    container = t.run("web", "taken", "sleep", "600")
    for pool in ("web", "nightly"):
        done = run(t, "true", flags=("--name", "taken"), pool=pool, status=125)
        check.contains(done.err, "weir: conflict: ", "what it says")
    done = run(t, "true", flags=("--name", "web"))
    check.among(done.status, (2, 125), "exit status for a pool's name")
    container.process.kill()
    container.process.wait()
    os.kill(t.tree.pids(container.path)[0], signal.SIGKILL)
    check.soon(lambda: not t.tree.populated(container.path), "it ended")
    run(t, "true", flags=("--name", "taken"), status=0)
    no_container(t)


@test("run: a pool with child pools holds no containers, an unknown pool and a wrong file are 125 with the code name")
def refused(t):
    apply(t)
    before = t.tree.snapshot()
    for pool, code in (("team", "usage"), ("wbe", "not-found")):
        done = run(t, "true", pool=pool)
        check.among(done.status, (2, 125) if code == "usage" else (125,), f"exit status for {pool}")
        check.contains(done.err, pool, "the name in the message")
        check.contains(done.err, "hint: ", "the remedy")
    check.contains(done.err, "weir: not-found: ", "the code name")
    check.contains(done.err, "web", "the nearest pool")
    t.weir.configure("[pool.web]\nshares = \"many\"\n")
    check.contains(run(t, "true", status=125).err, "weir: config: ", "the code name for a wrong file")
    t.weir.configure(POOLS + "[pool.later]\n")
    check.contains(run(t, "true", pool="later", status=125).err, "weir apply", "the remedy for a pool not applied")
    check.same(t.tree.snapshot(), before, "the tree")


@test("run: at the pool's pids limit it is refused as no-capacity, with --refused-status its own number")
def pids_limit(t):
    apply(t, "[pool.web]\npids = { limit = 3 }\n")
    t.ready(t.run("web", "full", "weir-burn", "--threads", "0", "--processes", "3", "--seconds", "600").process)
    done = run(t, "true", status=125)
    check.contains(done.err, "weir: no-capacity: ", "the code name")
    run(t, "true", flags=("--refused-status", "75"), status=75)
    run(t, "true", flags=("--refused-status", "300"), status=2)
    check.equal([c["name"] for c in t.weir.json("ps")["containers"]], ["full"], "containers")


@test("run: a fork bomb stays within the pool's pids limit and ends with the container")
def fork_bomb(t):
    web = apply(t, "[pool.web]\npids = { limit = 20 }\n")
    container = t.run("web", "bomb", "sh", "-c", "b() { while :; do b & sleep 0.1; done; }; b 2>/dev/null")
    # Before 6.11 a refused fork counts where it was tried, since then at the limit that refused it.
    refused = lambda: sum(t.tree.flat(path, "pids.events", "max") for path in (web, container.path))
    check.soon(lambda: refused() > 0, "the limit is reached", 20)
    check.at_most(t.tree.number(web, "pids.current"), 20, "processes")
    container.process.terminate()
    check.among(container.process.wait(timeout=30), (143, 137), "exit status")
    no_container(t)


@test("run --json: its own errors are JSON on stderr, and stdout is the command's")
def json_errors(t):
    apply(t)
    done = t.weir("run", "--pool", "wbe", "--json", "--", "true", status=125)
    check.equal(done.out, "", "stdout")
    check.contains(done.err, '{"error":{"code":"not-found","exit":7,', "stderr")
    check.equal(t.weir("run", "--pool", "web", "--json", "--", "echo", "hello", status=0).out, "hello\n", "stdout")


@test("run as alice, without an agent: 125 and unsupported, with a hint")
def as_alice(t):
    apply(t)
    done = run(t, "true", prefix=("setpriv", "--reuid=alice", "--regid=alice", "--init-groups"), status=125)
    check.contains(done.err, "weir: unsupported: ", "the code name")
    check.contains(done.err, "hint: ", "the remedy")
    no_container(t)
