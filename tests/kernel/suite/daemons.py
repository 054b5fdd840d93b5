# SPDX-License-Identifier: Apache-2.0
"""Containers of daemons, docker and containerd, through weir-runtime; and many containers at once."""

import concurrent.futures
import json
import os
import random
import shutil
import signal
import subprocess
import tarfile
import time

from harness import check
from harness.podman import IMAGE, Podman, detached, make_rootfs
from harness.registry import test

MIB = 1 << 20
POOLS = """
[runtime]
path = "runc"
[pool.ci]
memory = { limit = "400MiB" }
[pool.ci.match]
env = { CI = "true" }
[pool.batch]
"""


def books(t):
    return {pool["name"]: (pool["cpu"]["reserved"], pool["memory"]["reserved_bytes"], pool["containers"])
            for pool in t.weir.json("status")["pools"]}


def daemon(t, command, answers):
    """A daemon with its log in the test's folder; ready when `answers` succeeds."""
    log = open(f"{t.folder}/{os.path.basename(command[0])}.log", "wb")
    started = t.spawn(command, stdout=log, stderr=log)

    def ready():
        check.that(started.poll() is None, f"{command[0]} ended")
        return subprocess.run(answers, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
    check.soon(ready, f"{command[0]} answers", 120)
    return started


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)


@test("runtimes: containerd with weir-runtime as its runc starts containers in their pool", ci="soak")
def containerd(t):
    t.weir.configure(POOLS).ok("apply")
    before = books(t)
    rootfs = make_rootfs(f"{t.folder}/rootfs")
    with open(f"{t.folder}/containerd.toml", "w", encoding="utf-8") as handle:
        handle.write(f'version = 2\nroot = "{t.folder}/root"\nstate = "{t.folder}/state"\n'
                     f'[grpc]\naddress = "{t.folder}/containerd.sock"\n')
    ctr = ["ctr", "--address", f"{t.folder}/containerd.sock"]
    process = daemon(t, ["containerd", "--config", f"{t.folder}/containerd.toml"], [*ctr, "version"])
    try:
        detached([*ctr, "run", "-d", "--runc-binary", shutil.which("weir-runtime"), "--env", "CI=true", "--memory-limit",
                  str(64 * MIB), "--rootfs", rootfs, "c1", "/bin/sleep", "600"])
        leaf = f"{t.backend.pool('ci')}/c1"
        check.that(t.tree.populated(leaf), "the container is in its pool")
        check.equal(t.tree.number(leaf, "memory.max"), 64 * MIB, "its limit")
        check.equal([c["name"] for c in t.weir.json("ps", "--pool", "ci")["containers"]], ["c1"], "ps")
        check.equal(t.weir.run_any([*ctr, "task", "exec", "--exec-id", "e1", "c1", "/bin/echo", "hello"], 0).out, "hello\n", "exec")
        for command in (["task", "pause", "c1"], ["task", "resume", "c1"], ["task", "metrics", "c1"],
                        ["task", "kill", "-s", "KILL", "c1"]):
            t.weir.run_any([*ctr, *command], 0)
        check.soon(lambda: not t.tree.populated(leaf), "it ends", 20)
        t.weir.run_any([*ctr, "task", "rm", "c1"], (0, 1))
        t.weir.run_any([*ctr, "container", "rm", "c1"], 0)
        check.soon(lambda: not t.tree.exists(leaf), "its cgroup goes", 20)
        check.equal(books(t), before, "the books afterwards")
    finally:
        stop(process)


@test("runtimes: docker with a runtime for each pool starts containers in them", timeout=300, ci="soak")
def docker(t):
    t.weir.configure(POOLS).ok("apply")
    before = books(t)
    runtime = shutil.which("weir-runtime")
    with open(f"{t.folder}/daemon.json", "w", encoding="utf-8") as handle:
        json.dump({"runtimes": {name: {"path": runtime, "runtimeArgs": ["--pool", name]} for name in ("ci", "batch")},
                   "default-runtime": "batch", "data-root": f"{t.folder}/docker", "exec-root": f"{t.folder}/exec",
                   "pidfile": f"{t.folder}/docker.pid", "hosts": [f"unix://{t.folder}/docker.sock"], "bridge": "none",
                   "iptables": False, "storage-driver": "vfs", "exec-opts": ["native.cgroupdriver=cgroupfs"]}, handle)
    command = ["docker", "--host", f"unix://{t.folder}/docker.sock"]
    process = daemon(t, ["dockerd", "--config-file", f"{t.folder}/daemon.json"], [*command, "info"])
    try:
        rootfs = make_rootfs(f"{t.folder}/rootfs")
        with tarfile.open(f"{t.folder}/image.tar", "w") as tar:
            tar.add(rootfs, arcname=".")
        t.weir.run_any([*command, "import", f"{t.folder}/image.tar", "weir-test:1"], 0)
        t.weir.run_any([*command, "run", "-d", "--name", "d1", "--runtime", "ci", "--network", "none", "-m", "64m",
                        "weir-test:1", "sleep", "600"], 0)
        info = json.loads(t.weir.run_any([*command, "inspect", "d1"], 0).out)[0]
        leaf = t.backend.cgroup_of(info["State"]["Pid"])
        check.equal(os.path.dirname(leaf), t.backend.pool("ci"), "the pool of the container")
        check.equal(t.tree.number(leaf, "memory.max"), 64 * MIB, "its limit")
        check.equal(t.weir.json("ps")["containers"][0]["runtime"]["id"], info["Id"], "the id that docker gave it")
        check.equal(t.weir.run_any([*command, "exec", "d1", "echo", "hello"], 0).out, "hello\n", "exec")
        for words in (["pause", "d1"], ["unpause", "d1"], ["update", "-m", "80m", "--memory-swap", "160m", "d1"],
                      ["stats", "--no-stream", "d1"], ["restart", "-t", "0", "d1"], ["stop", "-t", "0", "d1"], ["start", "d1"],
                      ["kill", "d1"], ["rm", "-f", "d1"]):
            t.weir.run_any([*command, *words], 0)
        check.soon(lambda: not t.tree.exists(leaf), "its cgroup goes", 20)
        done = t.weir.run_any([*command, "run", "--rm", "--runtime", "ci", "--network", "none", "-m", "1g", "weir-test:1",
                               "true"], (125, 126, 127))
        check.contains(done.err, "no-capacity", "what docker shows")
        check.equal(books(t), before, "the books afterwards")
    finally:
        stop(process)


@test("runtimes: many containers at once, some out of memory, some with their runtime killed: the books match", timeout=600,
      ci="soak")
def churn(t):
    t.weir.configure("[host]\ndefault_pool = \"ci\"\n[pool.ci]\n").ok("apply")
    podman = Podman(t)
    rng = random.Random(7)
    total = t.count(ci=10, soak=100)

    def one(number):
        name, kind = f"churn{number}", rng.choice(("plain", "oom", "killed"))
        work = ["weir-burn", "--threads", "0", "--hold", str(64 * MIB), "--seconds", "60"] if kind == "oom" else ["sleep", "1"]
        process = subprocess.Popen(podman.command("run", "--name", name, "--network=none", "-m", "32m", IMAGE, *work),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        if kind == "killed":
            time.sleep(rng.uniform(0.2, 6))
            process.kill()
        process.wait(timeout=300)
        subprocess.run(podman.command("rm", "-f", "-t", "0", name), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=False, timeout=300)
    try:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(one, range(total)))
    finally:
        podman.clean()
    check.soon(lambda: not t.tree.children(t.backend.pool("ci")) or t.weir.json("ps") is None or
               not t.tree.children(t.backend.pool("ci")), "nothing is left over", 90)
    listed = t.weir.json("ps")["containers"]
    pools = {pool["name"]: (pool["memory"]["reserved_bytes"], pool["containers"]) for pool in t.weir.json("status")["pools"]}
    check.equal((listed, pools["ci"]), ([], (0, 0)), "the books and the kernel")
