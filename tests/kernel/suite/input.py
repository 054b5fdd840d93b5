# SPDX-License-Identifier: Apache-2.0
"""Bad input: each ends in one line that says what and where, the right exit status, and an unchanged kernel."""

import os

from harness import check
from harness.registry import test

GOOD = "[pool.web]\nmemory = { limit = \"200MiB\" }\n"
SIZES = ("-1", "1e400", "9999999TiB", "99999999999999999999", "1.2.3GiB", "12 MiB", "0x10", "", "MiB", "nan", "1GB2",
         "1" + "0" * 300)
NAMES = ("..", ".", "", "memory.max", "cgroup.procs", "init", "a/b", "/etc", "x" * 300, "line\nbreak", "100%", "-dash",
         "tab\there", "caf\u00e9", "web.slice", "x.scope", "session-1", "libpod-1", "docker-1", "crun-1", "a b", "$(id)")


class Unchanged:
    """The whole tree, which nothing bad may change."""

    def __init__(self, t):
        self.t = t
        t.weir.configure(GOOD).ok("apply")
        self.before = t.tree.snapshot()

    def check(self, done):
        check.same(self.t.tree.snapshot(), self.before, f"the tree after {done}")


def error_line(done, code):
    """The one line `weir: CODE: CONTEXT: REASON`, printable, and at most a hint after it."""
    lines = done.err.split("\n")
    found = [line for line in lines if line.startswith("weir: ")]
    check.equal(len(found), 1, f"error lines of {done}")
    check.contains(found[0], f"weir: {code}: ", f"error line of {done}")
    check.that(all(line.isprintable() for line in lines), f"only printable characters: {done}")
    check.at_most(max(map(len, lines)), 700, f"longest line of {done}")
    after = lines[lines.index(found[0]) + 1:]
    check.that(after == [""] or (len(after) == 2 and after[0].startswith("hint: ")), f"what follows the error: {done}")
    return found[0]


@test("bad input: sizes on the command line", ci="oldest")
def sizes(t):
    unchanged = Unchanged(t)
    for size in SIZES:
        for flag in ("--memory", "--swap"):
            done = t.weir("run", "--pool", "web", f"{flag}={size}", "--", "true", status=2)
            check.contains(error_line(done, "usage"), flag, "the flag in the message")
    for cores in ("-1", "0", "0.001", "1e400", "x", "", "99999999999999999999", "inf"):
        done = t.weir("run", "--pool", "web", f"--cpus={cores}", "--", "true", status=2)
        check.contains(error_line(done, "usage"), "--cpus", "the flag in the message")
    for flags in (("--memory", "0"), ("--memory", "4095"), ("--memory", "1MiB", "--memory-request", "2MiB"),
                  ("--cpus", "1", "--cpu-request", "2"), ("--priority", "much"), ("--priority", "9" * 30),
                  ("--value", "nan"), ("--work", "12parsecs"), ("--seccomp", "/none"), ("--user", "no\nbody"),
                  ("--name",), ("--nonsense",)):
        error_line(t.weir("run", "--pool", "web", *flags, "--", "true", status=2), "usage")
    unchanged.check("bad sizes")


@test("bad input: sizes in the file are errors with their place", ci="oldest")
def sizes_in_file(t):
    unchanged = Unchanged(t)
    for size in (size for size in SIZES if size != ""):
        t.weir.configure(f"[pool.web]\nmemory = {{ limit = \"{size}\" }}\n")
        done = t.weir("apply", status=3)
        error_line(done, "config")
        check.contains(done.err, f"{t.weir.config}:2:", "the place")
    for value in ("-1", "99999999999999999999", "1e400", "nan", "inf", "true", "[1]", "2024-01-01"):
        t.weir.configure(f"[pool.web]\nmemory = {{ limit = {value} }}\n")
        error_line(t.weir("apply", status=3), "config")
    unchanged.check("bad sizes in the file")


@test("bad input: names of containers", ci="oldest")
def container_names(t):
    unchanged = Unchanged(t)
    for name in NAMES:
        done = t.weir("run", "--pool", "web", f"--name={name}", "--", "true", status=2)
        check.contains(error_line(done, "usage"), "--name", "the flag in the message")
    unchanged.check("bad container names")


@test("bad input: names of pools, on the command line and in the file", ci="oldest")
def pool_names(t):
    unchanged = Unchanged(t)
    for name in NAMES:
        for command, wanted in ((("pool", "show", f"{name}"), (2, 7)), (("run", f"--pool={name}", "--", "true"), (2, 125))):
            done = t.weir(*command, status=wanted)
            check.that(done.err.startswith("weir: "), f"what it says: {done}")
            check.that(all(line.isprintable() for line in done.err.split("\n")), f"only printable characters: {done}")
    for name in (name for name in NAMES if name not in ("init",)):
        quoted = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in name)
        t.weir.configure(f"[pool.web]\n[pool.\"{quoted}\"]\n")
        done = t.weir("apply", status=3)
        error_line(done, "config")
        check.contains(done.err, f"{t.weir.config}:2:", "the place")
    unchanged.check("bad pool names")


@test("bad input: mistakes in the file are all told in one run, with caret and nearest spelling", ci="oldest")
def mistakes(t):
    unchanged = Unchanged(t)
    t.weir.configure("""[host]
slise = "weir.slice"
[pool.web]
shares = 0
cpu = { limitt = 1 }
[pool.child]
parent = "wbe"
[pool.loop]
parent = "loop"
[pool.batch]
policy = "fare"
mode = 5
""")
    done = t.weir("apply", status=3)
    error_line(done, "config")
    for line in (2, 4, 5, 7, 9, 11, 12):
        check.contains(done.err, f"{t.weir.config}:{line}:", f"a message for line {line}")
    for word in ("^", "slice", "limit", "web", "fair"):
        check.contains(done.err, word, "carets and suggestions")
    t.weir.configure("[pool.a]\nmemory = { reservation = \"2GiB\", limit = \"1GiB\" }\n"
                     "[pool.b]\nparent = \"a\"\ncpu = { reservation = 1 }\n")
    done = t.weir("apply", status=3)
    for line in (2, 5):
        check.contains(done.err, f"{t.weir.config}:{line}:", f"a message for line {line}")
    t.weir.configure("[pool.web\n")
    done = t.weir("apply", status=3)
    check.contains(done.err, f"{t.weir.config}:1:", "the place of a syntax error")
    t.weir.configure("[pool.a]\nmemory = { reservation = \"60%\" }\n[pool.b]\nmemory = { reservation = \"41%\" }\n")
    check.contains(t.weir("apply", status=3).err, f"{t.weir.config}:4:", "the reservation that overflows the sum")
    unchanged.check("a file full of mistakes")


@test("bad input: a configuration that is no file for weir to read", ci="oldest")
def files(t):
    unchanged = Unchanged(t)
    folder = t.folder
    strange = {name: f"{folder}/{name}" for name in ("directory", "fifo", "huge", "bytes", "nul", "open", "group",
                                                    "alice", "missing", "loop", "line\nbreak")}
    os.mkdir(strange["directory"])
    os.mkfifo(strange["fifo"])
    with open(strange["huge"], "wb") as handle:
        handle.truncate(2 << 30)
    contents = {"bytes": b"[pool.\xff\xfe]\n", "nul": b"[pool.web]\n\0\n", "open": GOOD.encode(),
                "group": GOOD.encode(), "alice": GOOD.encode()}
    for name, data in contents.items():
        with open(strange[name], "wb") as handle:
            handle.write(data)
    os.chmod(strange["open"], 0o666)
    os.chmod(strange["group"], 0o664)
    os.chown(strange["alice"], 1001, 1001)
    os.symlink("loop", strange["loop"])
    for name, path in strange.items():
        for command in ("apply", "check"):
            done = t.weir.at("--config", path)(command, status=3, timeout=20)
            if command == "apply":
                error_line(done, "config")
            check.at_most(done.seconds, 10, f"seconds with {name}")
            if name != "line\nbreak":
                check.contains(done.err, path, "the path in the message")
    done = t.weir.at("--config", "/dev/zero")("apply", status=3, timeout=20)
    check.contains(error_line(done, "config"), "/dev/zero", "the path in the message")
    unchanged.check("strange files")


@test("bad input: a drop-in that others may write is refused with the rest", ci="oldest")
def drop_ins(t):
    unchanged = Unchanged(t)
    os.mkdir(f"{t.folder}/weir.d")
    path = f"{t.folder}/weir.d/evil.toml"
    with open(path, "w", encoding="utf-8") as handle:
        handle.write("[pool.evil]\n")
    os.chmod(path, 0o666)
    check.contains(error_line(t.weir("apply", status=3), "config"), path, "the path in the message")
    os.chmod(path, 0o644)
    os.chown(path, 1001, 0)
    check.contains(error_line(t.weir("apply", status=3), "config"), path, "the path in the message")
    os.unlink(path)
    os.symlink("/etc/shadow", path)
    error_line(t.weir("apply", status=3), "config")
    os.unlink(path)
    unchanged.check("drop-ins of others")


@test("bad input: wrong commands and flags are usage errors in one line", ci="oldest")
def usage(t):
    unchanged = Unchanged(t)
    for command in (("nonsense",), (), ("apply", "extra"), ("plan", "--exit"), ("pool",), ("pool", "show"),
                    ("pool", "nonsense"), ("run", "--pool", "web"), ("run", "--", "true"), ("run", "--pool", "web", "--"),
                    ("run", "--pool", "web", "--", ""), ("apply", "--", "true"), ("--color", "red", "host"),
                    ("--config",), ("check", "a", "b")):
        done = t.weir(*command, status=2)
        error_line(done, "usage")
        check.equal(done.out, "", f"stdout of {done}")
    unchanged.check("wrong commands")


@test("bad input: a cgroup root or run folder that is none", ci="oldest")
def places(t):
    unchanged = Unchanged(t)
    for flags in (("--cgroup-root", "/none"), ("--cgroup-root", "/tmp"), ("--cgroup-root", "/proc"),
                  ("--cgroup-root", t.tree.path("cgroup.procs"))):
        done = t.weir(*flags, "apply", status=4)
        check.contains(error_line(done, "unsupported"), flags[1], "the folder in the message")
    for folder in ("/dev/null", "/proc/none/deep", "/none/deep/er"):
        check.contains(error_line(t.weir("--run-dir", folder, "apply", status=1), "failed"), folder, "the folder")
    unchanged.check("wrong places")


@test("bad input: hostile records on cgroups are a stranger's, not a crash", ci="plain")
def records(t):
    t.weir.configure(GOOD).ok("apply")
    web = t.backend.pool("web")
    values = [b"", b"\0" * 100, b"{" * 5000, b"\xff\xfe", b"A" * 65536, b'{"v":1}', b"v=99999999999999999999\n"]
    names = {name for path in (t.backend.top, web) for name in t.tree.attributes(path)}
    container = t.run("web", "marked", "sleep", "600")
    names |= set(t.tree.attributes(container.path))
    for name in sorted(names):
        for value in values:
            stranger = t.tree.make(f"{web}/forged.scope")
            os.setxattr(t.tree.path(stranger), name, value)
            for command in ("verify", "apply"):
                check.equal(t.weir(command).status, 0, f"{command} with {name}={value[:20]!r}")
            check.that(t.tree.exists(stranger), "a stranger's cgroup stays")
            t.tree.kill(stranger)
    check.equal([c["name"] for c in t.weir.json("ps")["containers"]], ["marked"], "containers")
