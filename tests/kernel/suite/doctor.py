# SPDX-License-Identifier: Apache-2.0
"""doctor: each finding is brought about on purpose and goes away by its own remedy, word for word."""

import json
import os
import shutil
import tempfile

from harness import check
from harness.registry import test

GOOD = "[pool.web]\n[pool.ci]\n"
ALICE = ("setpriv", "--reuid=alice", "--regid=alice", "--init-groups")


def findings(t, *flags, **options):
    return {found["id"]: found for found in t.weir(*flags, "doctor", "--json", status=(0, 1), **options).json["findings"]}


def follow(t, remedy, **options):
    return t.weir.run_any(["sh", "-ec", remedy], 0, **options)


def cured(t, finding, *flags, severity="problem", again=False):
    """The finding is there, its remedy runs in a shell as it stands, and then it is not there any more; where it comes
    several times (`again`), what it says is not."""
    found = findings(t, *flags)
    check.that(finding in found, f"no {finding} in {list(found)}")
    check.equal(found[finding]["severity"], severity, f"severity of {finding}")
    check.equal(t.weir(*flags, "doctor").status == 1, any(f["severity"] == "problem" for f in found.values()),
                "the exit status says whether there is a problem")
    done = follow(t, found[finding]["remedy"])
    left = findings(t, *flags).get(finding)
    check.that(not left or again and left["what"] != found[finding]["what"], f"{finding} is still there after {done}")
    return found[finding]


def in_namespace(t, prepare, finding):
    """The same where `prepare` (shell) changes the mounts of a namespace of its own."""
    weir = " ".join(t.weir.command("doctor", "--json"))
    # A v1 hierarchy gives its controllers back a moment after the umount.
    script = f"{prepare}\n{weir} || true\necho --\nread -r remedy\nsh -ec \"$remedy\"\nsleep 1\n{weir} || true\n"
    reader, writer = os.pipe()
    child = t.spawn(["unshare", "--mount", "sh", "-ec", script], stdin=reader)
    os.close(reader)
    text = b""
    while not text.endswith(b"--\n"):
        line = child.stdout.readline()
        check.that(line, f"the shell ended early: {text.decode()}")
        text += line
    before = {f["id"]: f for f in json.loads(text.removesuffix(b"--\n"))["findings"]}
    check.that(finding in before, f"no {finding} in {before}")
    os.write(writer, before[finding]["remedy"].encode() + b"\n")
    os.close(writer)
    rest = child.stdout.read()
    check.equal(child.wait(timeout=20), 0, f"status of {before[finding]['remedy']!r}: {rest.decode()}")
    after = [f["id"] for f in json.loads(rest)["findings"]]
    check.that(finding not in after, f"{finding} is still among {after} after {before[finding]['remedy']!r}")


@test("doctor: on a host where all is well it says so and ends with 0", ci="plain")
def well(t):
    t.weir.configure(GOOD).ok("apply")
    done = t.weir.ok("doctor")
    check.equal(done.out.splitlines()[0], "nothing stands in the way", "what it says")
    check.equal(findings(t), {}, "findings")


@test("doctor: no file, a file with mistakes, one that all may write, one that is a folder", ci="plain")
def files(t):
    cured(t, "config-unreadable")
    t.weir.configure("[pool.web]\nshars = 3\n")
    found = findings(t)["config-wrong"]
    check.contains(found["what"], "1 mistake", "what it says")
    told = t.weir.run_any(["sh", "-c", found["remedy"]], 3)
    check.contains(told.out + told.err, f"{t.weir.config}:2:1", "the remedy names the line to edit")
    t.weir.configure("[pool.web]\nshares = 3\n")
    check.that("config-wrong" not in findings(t), "gone after the edit")
    os.chmod(t.weir.config, 0o666)
    cured(t, "config-unreadable")
    os.unlink(t.weir.config)
    os.mkdir(t.weir.config)
    cured(t, "config-unreadable")


@test("doctor: not applied, changed by hand, frozen, a stranger's cgroup, pools in conflict", ci="plain")
def tree(t):
    t.weir.configure(GOOD)
    cured(t, "not-applied", severity="advice")
    t.tree.write(t.backend.pool("web"), "cpu.weight", 17)
    cured(t, "drift")
    one = t.run("web", "one", "sleep", "600")
    t.tree.freeze(one.path)
    cured(t, "frozen", severity="advice")
    t.tree.make(f"{t.backend.top}/other")
    cured(t, "foreign-cgroup")
    t.tree.make(f"{t.backend.top}/other")
    t.spawn(["sleep", "600"], f"{t.backend.top}/other")
    cured(t, "foreign-cgroup")
    t.weir.configure("[pool.ci]\n[pool.web]\nparent = \"ci\"\n")
    cured(t, "conflict")


@test("doctor: the lock's folder belongs to somebody else", ci="plain")
def run_folder(t):
    t.weir.configure(GOOD)
    folder = f"{t.folder}/run"
    os.mkdir(folder)
    os.chown(folder, 1001, 1001)
    cured(t, "no-session", "--run-dir", folder)


@test("doctor: a controller is off above, or a cgroup v1 hierarchy holds it", ci="plain")
def controllers(t):
    t.weir.configure(GOOD)
    t.tree.make("house/flat")
    t.tree.write("house", "cgroup.subtree_control", "+cpu +memory +io +cpuset")
    cured(t, "controller-missing", "--cgroup-root", t.tree.path("house/flat"))
    t.tree.kill("house")
    if t.backend.name == "systemd":
        return  # it never lets go of a controller that a unit asked for
    # The harness's own cgroup lets go of a controller, so that nothing on cgroup2 uses it.
    t.tree.write("vm-keeper", "cgroup.subtree_control", "-pids")
    t.tree.write("", "cgroup.subtree_control", "-pids")
    try:
        in_namespace(t, "mkdir -p /run/old; for i in 1 2 3 4 5; do mount -t cgroup -o pids none /run/old && break; "
                     "sleep 1; done 2>/dev/null", "controller-missing")
    finally:
        t.tree.write("", "cgroup.subtree_control", "+pids")
        t.tree.write("vm-keeper", "cgroup.subtree_control", "+pids")
        t.tree.write("vm-keeper/leaf", "pids.max", 1000)


@test("doctor: no cgroup2 mounted, one mounted without memory_recursiveprot, not root", ci="plain")
def mounts(t):
    t.weir.configure(GOOD).ok("apply")
    mount = t.backend.mount
    in_namespace(t, f"umount -l {mount}", "no-cgroup2")
    t.weir.run_any(["mount", "-t", "cgroup2", "-o", "remount,nsdelegate", "none", mount], 0)
    try:
        cured(t, "no-recursiveprot")
    finally:
        t.weir.run_any(["mount", "-o", "remount,nsdelegate,memory_recursiveprot", mount], 0)
    found = findings(t, prefix=ALICE)["no-backend"]
    check.equal(found["remedy"], "run weir as root", "the remedy")
    check.that("no-backend" not in findings(t), "gone for root")


@test("doctor: more than a thousand removed cgroups that still hold memory", ci="plain")
def dying(t):
    t.weir.configure(GOOD).ok("apply")
    top = t.backend.pool("web")
    t.backend.enable(top)
    files = tempfile.mkdtemp(dir="/var/tmp")  # on a disk: what lies in a tmpfs cannot be reclaimed
    child = os.fork()
    if child == 0:
        for number in range(1100):
            path = t.tree.make(f"{top}/gone{number}")
            t.tree.enter(path)
            with open(f"{files}/{number}", "wb") as handle:
                handle.write(bytes(16384))
        os._exit(0)
    check.equal(os.waitpid(child, 0)[1], 0, "status of what makes the files")
    os.sync()
    for path in t.tree.children(top):
        os.rmdir(t.tree.path(path))
    check.at_least(t.tree.flat(t.backend.top, "cgroup.stat", "nr_dying_descendants"), 1001, "dying cgroups")
    cured(t, "dying-cgroups", severity="advice")
    shutil.rmtree(files)


@test("doctor: containers outside every pool are listed with what they use, as far as the kernel counts it", ci="plain")
def outside(t):
    t.weir.configure(GOOD).ok("apply")
    counted, bare = "docker/" + "ab" * 32, "libpod_parent/libpod-" + "cd" * 32
    for path in (counted, bare):
        t.tree.make(path)
    t.tree.write("docker", "cgroup.subtree_control", "+memory +pids")
    for path in (counted, bare):
        t.burn_outside(path, threads=0, hold=8 << 20)
    found = {entry["cgroup"]: entry for entry in t.weir.json("doctor", status=(0, 1))["outside"]}
    check.equal(set(found), {counted, bare}, "the containers")
    check.contains(found[counted]["manager"], "docker", "who made it")
    check.contains(found[bare]["manager"], "podman", "who made it")
    check.equal((found[counted]["pids"], found[bare]["pids"]), (1, 1), "tasks")
    check.at_least(found[counted]["memory_bytes"], 8 << 20, "memory")
    check.equal(found[bare]["memory_bytes"], None, "memory where nobody counts it")


@test("doctor: booted without PSI and without a controller", boot="psi=0 cgroup_disable=io", ci="both")
def command_line(t):
    """The remedy is the other guests' command line: there, nothing stands in the way."""
    t.weir.configure(GOOD).ok("apply")
    found = findings(t)
    check.equal({name: f["remedy"] for name, f in found.items()},
                {"psi-off": "boot with psi=1 on the kernel command line",
                 "controller-missing": "boot without cgroup_disable=io on the kernel command line"}, "findings")
    check.equal({f["severity"] for f in found.values()}, {"advice"}, "severity: pools work without either")
    t.weir.ok("run", "--pool", "web", "--", "true")
    status = t.weir.json("status")
    check.equal(status["pools"][0]["cpu"]["pressure"], None, "pressure that nobody measures")
    t.weir.configure("[pool.web]\nio = { \"/\" = { rbps = \"1MiB\" } }\n")
    check.contains(t.weir("check").err, "io", "a warning about what has no effect")


@test("doctor: the hooks of podman, when they are not as weir needs", ci="newest")
def hooks(t):
    t.weir.configure("[hook]\nmax_wait = \"20s\"\n[pool.web]\n").ok("apply")
    folder, own = "/usr/share/containers/oci/hooks.d", "/etc/containers/containers.conf.d/hooks.conf"
    try:
        check.equal(findings(t), {}, "findings without hooks")
        t.weir.ok("hook", "install", "podman", "--second-line")
        check.equal(findings(t), {}, "findings with them")
        t.weir.configure("[hook]\nmax_wait = \"40s\"\n[pool.web]\n").ok("apply")
        check.contains(cured(t, "hook-outdated")["what"], "asks for now", "after the configuration has changed")
        os.remove(f"{folder}/weir-poststop.json")
        check.contains(cured(t, "hook-outdated")["what"], "is missing", "one that is gone")
        t.weir.run_any(["sed", "-i", 's|"path": "[^"]*"|"path": "/nowhere/weir-hook"|', f"{folder}/weir-precreate.json"], 0)
        check.contains(cured(t, "hook-program")["what"], "/nowhere/weir-hook", "the program")
        os.makedirs(os.path.dirname(own), exist_ok=True)
        with open(own, "w", encoding="utf-8") as handle:
            handle.write('[engine]\nhooks_dir = ["/etc/mine"]\n')
        check.contains(cured(t, "hook-unread")["what"], own, "what says where podman looks")
        check.that(os.path.exists(f"{folder}/weir-createRuntime.json"), "the second line stays")
        # What no file in its usual place says shows only when podman starts a container.
        os.environ["CONTAINERS_CONF"] = f"{t.folder}/mine.conf"
        try:
            with open(os.environ["CONTAINERS_CONF"], "w", encoding="utf-8") as handle:
                handle.write('[engine]\nhooks_dir = ["/etc/mine"]\n')
            check.contains(findings(t)["hook-silent"]["what"], "podman does not call the hook", "a podman that reads another file")
        finally:
            del os.environ["CONTAINERS_CONF"]
        check.equal(findings(t), {}, "findings afterwards")
        check.equal(t.weir.json("ps")["containers"], [], "containers that doctor left")
    finally:
        t.weir("hook", "uninstall", "podman")
        if os.path.exists(own):
            os.remove(own)
