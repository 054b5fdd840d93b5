# SPDX-License-Identifier: Apache-2.0
"""Containers of podman, crun, runc, containerd and docker: born in their pool, and all commands of the runtime work."""

import json
import os
import shutil
import signal
import subprocess
import time

from harness import check
from harness.agent import Agent
from harness.podman import IMAGE, Podman, detached, leaf_of, limits_of, make_rootfs
from harness.registry import test

MIB = 1 << 20
POOLS = """
[host]
default_pool = "batch"
[pool.web]
memory = { limit = "400MiB" }
cpu = { limit = 2 }
[pool.web.allow]
annotation = true
max_priority = 5
[pool.ci]
[pool.ci.match]
env = { CI = "true" }
[pool.ci.container]
memory = { limit = "96MiB", request = "32MiB" }
[pool.batch]
"""


def applied(t, text=POOLS):
    t.weir.configure(text).ok("apply")


def books(t):
    """What every pool has taken."""
    return {pool["name"]: (pool["cpu"]["reserved"], pool["memory"]["reserved_bytes"], pool["containers"])
            for pool in t.weir.json("status")["pools"]}


def listed(t, pool):
    return [c for c in t.weir.json("ps", "--pool", pool)["containers"]]


def works_as_ever(t, podman):
    """run, exec, stats, pause, update, stop, start, restart, kill and rm of a container in pool ci."""
    before = books(t)
    pool = t.backend.pool("ci")
    birth = podman("run", "--rm", "--network=none", "--cgroupns=host", "--env", "CI=true", IMAGE, "cat",
                   "/proc/self/cgroup").out
    check.contains(birth, f"0::/{pool}/", "where the first instruction runs")
    info = podman.start("one", "--env", "CI=true", "-m", "64m")
    leaf = leaf_of(t.backend, info["State"]["Pid"])
    check.equal(os.path.dirname(leaf), pool, "the pool of the container")
    check.equal(t.tree.number(limits_of(t.tree, leaf), "memory.max"), 64 * MIB, "its limit")
    container, = listed(t, "ci")
    check.equal((container["path"], container["memory"]["limit_bytes"]), (leaf, 64 * MIB), "what ps says")
    check.that(info["Id"].startswith(container["runtime"]["id"][:12]), f"the runtime's id: {container['runtime']}")
    check.equal(podman("exec", "one", "echo", "hello").out, "hello\n", "exec")
    check.contains(podman("stats", "--no-stream", "--format", "{{.Name}}", "one").out, "one", "stats")
    podman("pause", "one")
    check.equal(t.tree.flat(limits_of(t.tree, leaf), "cgroup.events", "frozen"), 1, "paused")
    podman("unpause", "one")
    t.weir.ok("verify")
    podman("update", "-m", "80m", "one")
    check.equal(t.tree.number(limits_of(t.tree, leaf), "memory.max"), 80 * MIB, "updated")
    t.weir.ok("verify")
    check.equal(listed(t, "ci")[0]["memory"]["limit_bytes"], 80 * MIB, "what an update becomes")
    podman("restart", "-t", "0", "one")
    leaf = leaf_of(t.backend, podman.inspect("one")["State"]["Pid"])
    check.equal(os.path.dirname(leaf), pool, "the pool after a restart")
    podman("stop", "-t", "0", "one")
    podman("start", "one")
    podman("kill", "one")
    podman("rm", "-f", "-t", "0", "one")
    check.soon(lambda: not t.tree.exists(leaf), "its cgroup goes", 20)
    check.equal(books(t), before, "the books after rm")
    check.equal(t.weir.json("verify")["drift"], [], "drift after rm")


def pair(t, runtime, manager):
    applied(t)
    podman = Podman(t, runtime, manager)
    try:
        works_as_ever(t, podman)
    finally:
        podman.clean()


@test("runtimes: podman with crun and the cgroupfs manager works in a pool as without one", timeout=300, ci="newest")
def podman_crun_cgroupfs(t):
    pair(t, "crun", "cgroupfs")


@test("runtimes: podman with crun and the systemd manager works in a pool as without one", timeout=300, on="systemd",
      ci="newest")
def podman_crun_systemd(t):
    pair(t, "crun", "systemd")


@test("runtimes: podman with runc and the cgroupfs manager works in a pool as without one", timeout=300, ci="soak")
def podman_runc_cgroupfs(t):
    pair(t, "runc", "cgroupfs")


@test("runtimes: podman with runc and the systemd manager works in a pool as without one", timeout=300, on="systemd",
      ci="soak")
def podman_runc_systemd(t):
    pair(t, "runc", "systemd")


def bundle(t, name, config):
    folder = f"{t.folder}/{name}"
    make_rootfs(f"{folder}/rootfs")
    with open(f"{folder}/config.json", "w", encoding="utf-8") as handle:
        json.dump(config, handle)
    return folder


def description(*command, path=None, annotations=None, resources=None):
    namespaces = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]
    config = {"ociVersion": "1.0.2", "root": {"path": "rootfs"},
              "process": {"user": {"uid": 0, "gid": 0}, "args": list(command), "cwd": "/", "env": ["PATH=/bin"]},
              "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                         {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]}],
              "linux": {"namespaces": namespaces}}
    if path:
        config["linux"]["cgroupsPath"] = path
    if resources:
        config["linux"]["resources"] = resources
    if annotations:
        config["annotations"] = annotations
    return config


def state_of(runtime, name):
    done = subprocess.run([runtime, "state", name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return json.loads(done.stdout)


def through_wrapper(t, runtime):
    """weir-runtime on a bundle, then the real runtime's own commands on what it made."""
    applied(t, POOLS + f"[runtime]\npath = \"{runtime}\"\n")
    before = books(t)
    name = f"plain-{runtime}"
    folder = bundle(t, name, description("sleep", "600", path=f"/elsewhere/{name}",
                                         resources={"memory": {"limit": 64 * MIB}}))
    detached(["weir-runtime", "--pool", "web", "run", "-d", "--bundle", folder, name])
    try:
        leaf = f"{t.backend.pool('web')}/{name}"
        check.equal(t.backend.cgroup_of(state_of(runtime, name)["pid"]), leaf, "where it was born")
        check.equal(t.tree.number(limits_of(t.tree, leaf), "memory.max"), 64 * MIB, "its limit")
        container, = listed(t, "web")
        check.equal((container["name"], container["runtime"]), (name, {"id": name, "bundle": folder}), "ps")
        for command in (["exec", name, "true"], ["pause", name], ["resume", name]):
            t.weir.run_any([runtime, *command], 0)
        t.weir.run_any([runtime, "update", "--memory", str(80 * MIB), name], 0)
        t.weir.ok("verify")
        check.equal(listed(t, "web")[0]["memory"]["limit_bytes"], 80 * MIB, "what an update becomes")
        t.weir.run_any(["weir-runtime", "kill", name, "KILL"], 0)
    finally:
        t.weir.run_any([runtime, "delete", "-f", name], (0, 1))
    check.that(not t.tree.exists(leaf), "its cgroup is gone")
    check.that(not t.tree.exists("elsewhere"), "nothing was made where the bundle wanted it")
    check.equal(books(t), before, "the books afterwards")


@test("runtimes: weir-runtime puts containers of crun into a pool", ci="newest")
def wrapper_crun(t):
    through_wrapper(t, "crun")


@test("runtimes: weir-runtime puts containers of runc into a pool", ci="soak")
def wrapper_runc(t):
    through_wrapper(t, "runc")


def moves_along(t, runtime):
    """`weir move` of a container that a runtime owns, and then the runtime's own commands."""
    applied(t, POOLS + f"[runtime]\npath = \"{runtime}\"\n")
    before = books(t)
    name = f"mover-{runtime}"
    folder = bundle(t, name, description("sh", "-c", "sleep 600 & sleep 600", resources={"memory": {"limit": 64 * MIB}}))
    detached(["weir-runtime", "--pool", "web", "run", "-d", "--bundle", folder, name])
    leaf = f"{t.backend.pool('batch')}/{name}"
    try:
        source = f"{t.backend.pool('web')}/{name}"
        pids = check.soon(lambda: len(t.tree.pids(source)) >= 2 and t.tree.pids(source), "two processes", 20)
        t.weir.ok("move", name, "--to", "batch")
        check.equal(set(pids) - set(t.tree.pids(leaf)), set(), "who is not in the new cgroup")
        check.that(not t.tree.populated(source), "nobody is in the old one")
        check.equal([(c["name"], c["pool"]) for c in t.weir.json("ps")["containers"]], [(name, "batch")], "ps")
        check.equal(state_of(runtime, name)["status"], "running", "what the runtime says")
        where = t.weir.run_any([runtime, "exec", name, "cat", "/proc/self/cgroup"], 0).out
        check.contains(where, leaf, "where exec starts a process")
        t.weir.run_any([runtime, "pause", name], 0)
        check.equal(t.tree.flat(leaf, "cgroup.events", "frozen"), 1, "paused")
        t.weir.run_any([runtime, "resume", name], 0)
        t.weir.run_any([runtime, "update", "--memory", str(80 * MIB), name], 0)
        check.equal(t.tree.number(leaf, "memory.max"), 80 * MIB, "what an update changes")
        t.weir.ok("move", name, "--to", "web")
        t.weir.ok("move", name, "--to", "batch")
        t.weir.run_any([runtime, "kill", "--all", name, "KILL"], 0)
        check.soon(lambda: not t.tree.populated(leaf), "all are killed", 20)
    finally:
        t.weir.run_any([runtime, "delete", "-f", name], (0, 1))
    check.that(not t.tree.exists(leaf), "the runtime removed the new cgroup")
    t.weir.ok("verify")
    check.equal(books(t), before, "the books afterwards")


@test("runtimes: a container of crun that is moved stays crun's", on="cgroupfs", ci="newest")
def moves_crun(t):
    moves_along(t, "crun")


@test("runtimes: a container of runc that is moved stays runc's", on="cgroupfs", ci="newest")
def moves_runc(t):
    moves_along(t, "runc")


@test("runtimes: what a runtime could not be told is not moved", on="systemd", ci="newest")
def stays(t):
    applied(t)
    podman = Podman(t, "crun", "systemd")
    try:
        info = podman.start("one", "--env", "CI=true")
        name, = [c["name"] for c in listed(t, "ci")]
        refused = t.weir("move", name, "--to", "batch", status=8)
        check.contains(refused.err, "crun asks systemd", "the reason")
        leaf = leaf_of(t.backend, info["State"]["Pid"])
        check.equal(os.path.dirname(leaf), t.backend.pool("ci"), "where it is")
    finally:
        podman.clean()


@test("runtimes: weir-runtime hands over descriptors, statuses and everything that makes no container", ci="newest")
def hands_over(t):
    applied(t)
    for arguments in (["--version"], ["--root", f"{t.folder}/none", "list"], ["state", "no-such"], ["no-such-command"]):
        direct = subprocess.run(["crun", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        through = subprocess.run(["weir-runtime", "--pool", "web", *arguments], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, check=False)
        check.equal((through.returncode, through.stdout), (direct.returncode, direct.stdout), f"crun {arguments}")
    folder = bundle(t, "status", description("sh", "-c", "cat <&3; exit 7", path="/x/status"))
    read, write = os.pipe()
    os.write(write, b"through the pipe\n")
    os.close(write)
    done = subprocess.run(["sh", "-c", f"exec 3<&{read}; exec weir-runtime --pool web run --preserve-fds 1 -b {folder} s1"],
                          pass_fds=[read], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    os.close(read)
    check.equal((done.returncode, done.stdout), (7, b"through the pipe\n"), f"status and descriptor: {done.stderr}")
    refused = subprocess.run(["weir-runtime", "--pool", "none", "--log", f"{t.folder}/log", "--log-format", "json", "run",
                              "-b", folder, "s2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    check.equal(refused.returncode, 1, "a pool that is none")
    with open(f"{t.folder}/log", encoding="utf-8") as handle:
        check.contains(json.loads(handle.readline())["msg"], "no pool 'none'", "what the runtime's log says")


def precreate(t, config, status, run_dir=None, timeout=20):
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    folder = ["--run-dir", run_dir] if run_dir else []
    # From a file: a pipe of the tests' own could be slower than the hook's deadline.
    with open(f"{t.folder}/stdin", "w+b") as given:
        given.write(text)
        given.seek(0)
        begin = time.monotonic()
        done = subprocess.run(["weir-hook", "precreate", *folder], stdin=given, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, timeout=timeout)
    check.equal(done.returncode, status, f"status of the hook: {done.stderr!r}")
    return done.stdout, done.stderr.decode("utf-8", "replace"), time.monotonic() - begin


def path_in(text):
    return json.loads(text)["linux"]["cgroupsPath"]


@test("runtimes: annotations count only where the pool takes them", ci="plain")
def annotations(t):
    applied(t)
    wishes = {"io.weir.pool": "ci", "io.weir.priority": "1000", "io.weir.name": "mine", "io.weir.memory": "1GiB"}
    out, _, _ = precreate(t, description("true", path="/m/a", annotations=wishes), 0)
    check.equal(path_in(out), f"/{t.backend.pool('batch')}/a", "a pool that takes none gives nothing")
    check.that("resources" not in json.loads(out)["linux"], "no limit either")
    wishes["io.weir.pool"] = "web"
    _, err, _ = precreate(t, description("true", path="/m/b", annotations=wishes), 1)
    check.contains(err, "weir: denied: hook precreate: ", "a priority above what the pool allows")
    wishes["io.weir.priority"] = "5"
    out, _, _ = precreate(t, description("true", path="/m/c", annotations=wishes), 1)
    wishes["io.weir.memory"] = "64MiB"
    out, _, _ = precreate(t, description("true", path="/m/d", annotations=wishes), 0)
    check.equal(path_in(out), f"/{t.backend.pool('web')}/d", "the pool it asked for")
    check.equal(json.loads(out)["linux"]["resources"]["memory"]["limit"], 64 * MIB, "the limit it asked for")
    _, err, _ = precreate(t, description("true", path="/m/e", annotations={"io.weir.pool": "none"}), 1)
    check.contains(err, "weir: not-found: hook precreate: ", "a pool that is none")


@test("runtimes: what weir does not change in a description stays to the byte", ci="plain")
def to_the_byte(t):
    applied(t)
    text = b'{ "x" : [1 , 2.50e1, "\\u00e4\xc3\xa4"],\n "linux":{"cgroupsPath" :\t"/m/a" } , "process":{"env":["CI=true"]}}\n'
    out, err, _ = precreate(t, text, 0)
    pool = t.backend.pool("ci").encode()
    wanted = text.replace(b'"/m/a"', b'"/' + pool + b'/a"').replace(
        b'"linux":{', b'"linux":{"resources":{"memory":{"limit":' + str(96 * MIB).encode() + b'}},')
    check.equal((out, err), (wanted, ""), "the description")
    out, err, _ = precreate(t, b'{"linux":{}}', 0)
    check.equal((out, err), (b'{"linux":{}}', ""), "a container without a cgroup")


BROKEN = {
    "empty": b"", "cut off": json.dumps(description("true", path="/m/a")).encode()[:-20],
    "100 MB": b'{"x":"' + b"y" * 100_000_000 + b'"}', "deep": b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "not UTF-8": b'{"linux":{"cgroupsPath":"/m/\xff"}}',
    "twice": b'{"linux":{"cgroupsPath":"/m/a","cgroupsPath":"/m/b"}}', "variant": b'{"linux":{"CgroupsPath":"/m/a"}}',
    "outer variant": b'{"Linux":{"cgroupsPath":"/m/a"},"linux":{"cgroupsPath":"/m/b"}}',
    "leads out": b'{"linux":{"cgroupsPath":"/m/../../a"}}', "control": b'{"linux":{"cgroupsPath":"/m/a\\nb"}}',
    "number": b'{"linux":{"cgroupsPath":7}}', "wide": b'{"annotations":{"io.weir.pool":"' + b"x" * 1_000_000 + b'"},'
                                                      b'"linux":{"cgroupsPath":"/m/a"}}',
}
STATES = {
    "pid 0": {"id": "x", "pid": 0, "bundle": "/b", "status": "created"}, "pid 1": {"id": "x", "pid": 1, "bundle": "/b"},
    "pid -1": {"id": "x", "pid": -1, "bundle": "/b"}, "dead pid": {"id": "x", "pid": 4194300, "bundle": "/b"},
    "bundle": {"id": "x", "pid": 7, "bundle": "/b/../../etc"}, "id": {"id": "x\ny", "pid": 7, "bundle": "/b"},
    "empty": {}, "huge pid": {"id": "x", "pid": 1 << 40, "bundle": "/b"}, "no number": {"id": "x", "pid": "7"},
}


def without_sums(snapshot):
    """The sums of the books are written when somebody asks, whatever the answer."""
    return {key: {name: text for name, text in value.items() if not name.endswith(".books")} if key[1] == "attributes"
            else value for key, value in snapshot.items()}


@test("bad input: descriptions and states that are broken are one line and place nothing", ci="plain")
def broken_input(t):
    applied(t)
    before = without_sums(t.tree.snapshot(t.backend.top))
    for name, text in BROKEN.items():
        out, err, seconds = precreate(t, text, 1)
        check.equal((out, len(err.splitlines()) <= 2, err.startswith("weir: ")), (b"", True, True), f"{name}: {err[:300]!r}")
        check.that(len(err) < 1500, f"{name}: the line is short")
        check.at_most(seconds, 10, f"{name}: time")
    for stage in ("createRuntime", "prestart", "poststart"):
        for name, state in STATES.items():
            done = subprocess.run(["weir-hook", stage], input=json.dumps(state).encode(), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False, timeout=20)
            fine = stage == "poststart" and name == "dead pid"  # it has ended already
            check.equal((done.returncode, done.stdout), (0 if fine else 1, b""), f"{stage} {name}: {done.stderr!r}")
            check.that(len(done.stderr.splitlines()) <= 2, f"{stage} {name}: {done.stderr!r}")
    for stage in ("poststop", "poststop"):
        done = subprocess.run(["weir-hook", stage], input=b'{"id":"never-seen","status":"stopped"}', stderr=subprocess.PIPE,
                              check=False, timeout=20)
        check.equal((done.returncode, done.stderr), (0, b""), "poststop of what weir never saw")
    check.same(without_sums(t.tree.snapshot(t.backend.top)), before, "the tree")


def in_trouble(t, breaks):
    """`breaks` spoils something; a container starts where on_error is open, within the deadline, else is refused."""
    config = description("true", path="/m/a")
    for on_error, status in (("open", 0), ("closed", 1)):
        applied(t, f"[host]\ndefault_pool = \"batch\"\n[hook]\non_error = \"{on_error}\"\n"
                   f"[pool.batch]\non_error = \"{on_error}\"\n")
        mend = breaks()
        try:
            out, err, seconds = precreate(t, config, status)
        finally:
            mend()
        check.contains(err, "weir: failed: hook precreate: ", f"what it says ({on_error})")
        check.at_most(seconds, 2.0 + 3.0, f"the deadline, and the start of a program in a slow guest ({on_error})")
        check.equal(out, json.dumps(config).encode() if status == 0 else b"", f"what comes out ({on_error})")


@test("hook: with its prepared file broken it lets containers start, or refuses, as on_error says", ci="newest")
def broken_file(t):
    rules = "/run/weir/private/hook/rules"
    for damage in (b"", b"garbage\n", None, b"weir-hook 1 open\npool web\n"):
        def spoil(damage=damage):
            if damage is None:
                shutil.rmtree("/run/weir")
            else:
                with open(rules, "wb") as handle:
                    handle.write(damage)
            return lambda: None
        if damage and damage.startswith(b"weir-hook"):
            applied(t, "[host]\ndefault_pool = \"batch\"\n[pool.batch]\n")
            spoil()
            _, err, _ = precreate(t, description("true", path="/m/a"), 0)
            check.contains(err, "weir: failed: ", "a file that is cut off")
        else:
            in_trouble(t, spoil)


@test("hook: with a run directory that cannot be written it does as on_error says", ci="newest")
def read_only(t):
    def spoil():
        subprocess.run(["mount", "--bind", "/run/weir", "/run/weir"], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", "/run/weir"], check=True)
        return lambda: subprocess.run(["umount", "/run/weir"], check=True)
    in_trouble(t, spoil)


@test("hook: with the lock held by a stopped process it does as on_error says", ci="newest")
def stopped_holder(t):
    def spoil():
        holder = t.spawn(["python3", "-c", "import fcntl,os,signal\nf=open('/run/weir/private/lock','r+')\n"
                          "fcntl.flock(f, fcntl.LOCK_EX)\nprint('ready', flush=True)\nos.kill(os.getpid(), signal.SIGSTOP)"])
        t.ready(holder)
        return lambda: (holder.send_signal(signal.SIGKILL), holder.wait())
    in_trouble(t, spoil)


@test("runtimes: podman shows why weir refused, and starts when weir fails open", ci="newest")
def podman_refused(t):
    applied(t, "[host]\ndefault_pool = \"batch\"\n[pool.batch]\nmemory = { limit = \"64MiB\" }\n")
    podman = Podman(t)
    try:
        done = podman("run", "--rm", "--network=none", "-m", "128m", IMAGE, "true", status=(125, 126, 127, 1))
        check.contains(done.err, "weir: no-capacity: hook precreate: ", "podman's own output")
        with open("/run/weir/private/hook/rules", "w", encoding="ascii") as handle:
            handle.write("broken")
        done = podman("run", "--rm", "--network=none", IMAGE, "echo", "started")
        check.equal(done.out, "started\n", "a container that weir fails open for")
        check.contains(done.err, "weir: failed: hook precreate: ", "what podman shows then")
    finally:
        podman.clean()


def runtime_like(t, pool, name, size=0):
    """What a runtime does with --cgroup-parent: it makes the cgroup, gives it a limit and puts a process in."""
    t.backend.enable(t.backend.pool(pool))
    leaf = t.tree.make(f"{t.backend.pool(pool)}/{name}")
    if size:
        t.tree.write(leaf, "memory.max", size)
    t.spawn(["sleep", "600"], leaf)
    return leaf


@test("adoption: a cgroup that a runtime makes in a pool becomes a container with its record and files", ci="plain")
def adopted(t):
    applied(t)
    before = books(t)
    limited = runtime_like(t, "ci", "docker-0123456789abcdef", 64 * MIB)
    bare = runtime_like(t, "ci", "libpod-fedcba9876543210")
    found = {c["name"]: c for c in listed(t, "ci")}
    check.equal(sorted(found), ["docker-0123456789abcdef", "libpod-fedcba9876543210"], "ps")
    check.equal(found["docker-0123456789abcdef"]["path"], limited, "its path")
    check.equal(found["docker-0123456789abcdef"]["memory"], {**found["docker-0123456789abcdef"]["memory"],
                "limit_bytes": 64 * MIB, "request_bytes": 32 * MIB}, "what the runtime gave it, and the pool's request")
    check.equal(t.tree.number(bare, "memory.max"), 96 * MIB, "the pool's limit for those that have none")
    check.equal(t.tree.number(bare, "memory.oom.group"), 1, "memory.oom.group")
    check.equal(t.weir.json("verify")["drift"], [], "drift")
    t.tree.write(limited, "memory.max", 48 * MIB)
    check.equal(t.weir.json("verify")["drift"], [], "drift after the runtime's own update")
    check.equal(t.tree.number(limited, "memory.max"), 48 * MIB, "what the runtime wrote")
    check.equal(t.weir.json("explain", "01234567")["kind"], "container", "found by eight digits of its id")
    t.weir.ok("release", "fedcba98", "--kill")
    check.that(not t.tree.exists(bare), "released")
    t.tree.kill(limited)
    check.equal(books(t), before, "the books afterwards")


def adoptions():
    with open("/var/log/weir/audit.jsonl", encoding="utf-8") as lines:
        return [line for line in lines if '"adopt"' in line and "their-" in line]


@test("adoption: the agent takes such a cgroup in at once, also in a pool that came later")
def adopted_by_agent(t):
    applied(t, "[pool.ci]\n")
    agent = Agent(t)
    t.weir.configure("[pool.ci]\n[pool.late]\n").ok("apply")
    for pool in ("ci", "late"):
        leaf = t.backend.run_as_runtime(t, t.backend.pool(pool), f"their-{pool}")
        # No command of weir's is asked, which would adopt it, too.
        check.soon(lambda path=leaf: "trusted.weir.container" in t.tree.attributes(path), f"{leaf} is a container")
        check.soon(lambda path=leaf: f"{path}: not made by weir, adopted" in agent.err(), "the agent says so")
    # The agent says it first.
    check.soon(lambda: len(adoptions()) == 2, "both are in the audit log")
    agent.stop()
    check.equal(len(adoptions()), 2, f"lines of the audit log: {adoptions()}")


@test("adoption: one for which there is no room runs and is reported", ci="plain")
def over_full(t):
    applied(t, "[pool.small]\nmemory = { limit = \"64MiB\" }\n[pool.small.container]\nmemory = { request = \"48MiB\" }\n")
    runtime_like(t, "small", "one")
    runtime_like(t, "small", "two")
    check.contains(t.weir.ok("verify").err, "without room", "what verify says")
    check.equal([c["name"] for c in listed(t, "small")], ["one", "two"], "both are listed")


@test("hook: a container of podman inside of weir run takes over what that had booked", ci="plain")
def takes_over(t):
    applied(t, "[pool.ci]\nmemory = { limit = \"100MiB\" }\n[pool.ci.match]\nenv = { CI = \"true\" }\n")
    config = description("true", path="/m/inner", resources={"memory": {"limit": 80 * MIB}})
    config["process"]["env"].append("CI=true")
    with open(f"{t.folder}/config.json", "w", encoding="utf-8") as handle:
        json.dump(config, handle)
    _, err, _ = precreate(t, {**config, "linux": {**config["linux"], "resources": {"memory": {"limit": 200 * MIB}}}}, 1)
    check.contains(err, "no-capacity", "too much in any case")
    script = f"weir-hook precreate <{t.folder}/config.json >{t.folder}/first; echo first $?; " \
             f"sed s/inner/other/ {t.folder}/config.json | weir-hook precreate >{t.folder}/second; echo second $?; sleep 600"
    process = t.weir.start("run", "--pool", "ci", "--name", "outer", "--memory", "80MiB", "--", "sh", "-c", script)
    t.started.append(process)
    check.equal([process.stdout.readline().split() for _ in range(2)], [[b"first", b"0"], [b"second", b"1"]],
                "the first takes over, the second finds no room")
