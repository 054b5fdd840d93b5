# SPDX-License-Identifier: Apache-2.0
"""weir run --seccomp, and the pool's key: what a container may ask of the kernel."""

import json
import os

from harness import check
from harness.registry import test

POOLS = "[pool.web]\n[pool.locked]\nseccomp = \"strict\"\n"
UNSHARE = ("unshare", "--mount", "true")
SIGSYS = 31


def run(t, *command, flags=(), pool="web"):
    return t.weir("run", "--pool", pool, *flags, "--", *command)


def profile(t, name, document):
    path = f"{t.folder}/{name}"
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(document if isinstance(document, str) else json.dumps(document))
    os.chmod(path, 0o644)
    return path


@test("seccomp: default refuses what concerns the host, and sudo still works under it")
def default(t):
    t.weir.configure(POOLS).ok("apply")
    check.equal(run(t, *UNSHARE).status, 0, "unshare without a filter")
    refused = run(t, *UNSHARE, flags=("--seccomp", "default"))
    check.equal(refused.status, 1, f"unshare under default: {refused}")
    check.contains(refused.err, "Operation not permitted", "what unshare says")
    shell = "grep -E '^(Seccomp|NoNewPrivs)' /proc/self/status; exec sh -c 'echo all | wc -c'"
    done = run(t, "sh", "-c", shell, flags=("--seccomp", "default", "--user", "nobody"))
    check.equal(done.status, 0, f"a shell under default: {done}")
    check.contains(done.out, "Seccomp:\t2", "the filter is there")
    check.contains(done.out, "NoNewPrivs:\t0", "setuid programs keep their right")
    t.weir.configure(POOLS).ok("apply")
    rule = "/etc/sudoers.d/weir-test"
    with open(rule, "w", encoding="utf-8") as handle:
        handle.write("nobody ALL=(root) NOPASSWD: /usr/bin/id\n")
    try:
        os.chmod(rule, 0o440)
        done = run(t, "sudo", "-n", "id", "-u", flags=("--seccomp", "default", "--user", "nobody"))
        check.equal((done.status, done.out.strip()), (0, "0"), f"sudo under default: {done}")
    finally:
        os.unlink(rule)


@test("seccomp: a user's program starts without the capability that loaded its filter")
def capabilities(t):
    t.weir.configure(POOLS).ok("apply")
    done = run(t, "grep", "-E", "^Cap(Prm|Eff|Inh|Amb)", "/proc/self/status",
               flags=("--seccomp", "default", "--user", "nobody"))
    check.equal(done.status, 0, f"grep: {done}")
    for line in done.out.splitlines():
        check.equal(int(line.split()[1], 16), 0, line)


@test("seccomp: the pool's strict profile kills and refuses, and a flag replaces it")
def strict(t):
    t.weir.configure(POOLS).ok("apply")
    done = run(t, "sh", "-c", "echo one; ls / >/dev/null && cat /proc/self/stat >/dev/null && exit 3", pool="locked")
    check.equal((done.status, done.out), (3, "one\n"), f"ordinary work under strict: {done}")
    check.equal(run(t, *UNSHARE, pool="locked").status, 128 + SIGSYS, "unshare under strict")
    done = run(t, "setpriv", "--reuid", "65534", "true", pool="locked")
    check.equal(done.status, 127, f"another user under strict: {done}")
    check.equal(run(t, *UNSHARE, flags=("--seccomp", "none"), pool="locked").status, 0, "unshare with --seccomp none")


@test("seccomp: a profile in docker's format is taken from a file")
def from_file(t):
    t.weir.configure(POOLS).ok("apply")
    path = profile(t, "no-mkdir.json", {
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28},
                     {"names": ["kill"], "action": "SCMP_ACT_ERRNO", "excludes": {"caps": ["CAP_KILL"]}}]})
    done = run(t, "mkdir", f"{t.folder}/new", flags=("--seccomp", path))
    check.equal(done.status, 1, f"mkdir: {done}")
    check.contains(done.err, "No space left on device", "the errno of the profile")
    check.equal(run(t, "sh", "-c", "kill -0 $$", flags=("--seccomp", path)).status, 0, "kill as root")
    done = run(t, "sh", "-c", "kill -0 $$", flags=("--seccomp", path, "--user", "nobody"))
    check.equal(done.status, 1, f"kill as a user: {done}")


@test("seccomp: a wrong profile is a mistake of usage before anything starts")
def wrong(t):
    t.weir.configure(POOLS).ok("apply")
    texts = {"none.json": "", "list.json": "[]", "action.json": {"defaultAction": "SCMP_ACT_ALOW"},
             "name.json": {"defaultAction": "SCMP_ACT_ALLOW",
                           "syscalls": [{"names": ["nosuchcall"], "action": "SCMP_ACT_ERRNO"}]},
             "deep.json": "[" * 200000}
    mark = f"{t.folder}/started"
    for name, text in texts.items():
        done = run(t, "touch", mark, flags=("--seccomp", profile(t, name, text)))
        check.equal(done.status, 2, f"{name}: {done}")
        check.contains(done.err, "weir: usage: ", name)
        check.contains(done.err, name, "the file is named")
    check.equal(run(t, "touch", mark, flags=("--seccomp", f"{t.folder}/missing.json")).status, 2, "a missing file")
    check.equal(os.path.exists(mark), False, "something was started")
    check.equal([p for p in t.tree.walk(t.backend.top) if not p.endswith(".slice")], [], "cgroups of containers")
    broken = profile(t, "pool.json", "{}")
    t.weir.configure(f"[pool.web]\nseccomp = \"{broken}\"\n").ok("apply")
    done = run(t, "true")
    check.equal(done.status, 125, f"the pool's profile is wrong: {done}")
    check.contains(done.err, "weir: config: ", "what is said")
