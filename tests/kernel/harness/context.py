# SPDX-License-Identifier: Apache-2.0
"""What a test gets: a clean tree, weir with a configuration of its own, load, and a clean-up that is checked."""

import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time

from harness import check
from harness.weir import Weir, end


def user_processes():
    """pid -> command line of everything that is no kernel thread, no zombie and nothing that logind started."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as handle:
                    command = handle.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
                with open(f"/proc/{name}/cgroup", encoding="utf-8") as handle:
                    logged_in = "::/user.slice/" in handle.read()
            except OSError:
                continue
            if command and not logged_in:
                found[int(name)] = command
    return found


def memory_total():
    with open("/proc/meminfo", encoding="utf-8") as handle:
        return int(handle.readline().split()[1]) * 1024


def connections(pid):
    """Descriptors that are sockets. Weir has one to systemd only while it waits for its answers."""
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    return [target for target in found if target.startswith("socket:")]


def waits_in_poll(pid):
    """weir run has nothing more to write once it waits for its command, and for nothing else."""
    try:
        for _ in range(4):
            with open(f"/proc/{pid}/wchan", encoding="utf-8") as handle:
                if "poll" not in handle.read():
                    return False
            time.sleep(0.01)
        return os.stat(f"/proc/{pid}").st_uid != 0 or not connections(pid)
    except OSError:
        return True


class Container:
    """A command under `weir run` that goes on until it is stopped."""

    def __init__(self, name, path, process):
        self.name, self.path, self.process = name, path, process


class Context:
    def __init__(self, backend, size):
        self.backend, self.tree, self.size = backend, backend.tree, size
        self.folder = tempfile.mkdtemp(prefix="weir-test-")
        os.chmod(self.folder, 0o755)
        self.log = []
        self.weir = Weir(self.folder, backend.flags, self.log)
        self.cpus = len(os.sched_getaffinity(0))
        self.started = []
        self.before = {}

    def __enter__(self):
        self.backend.clean()
        shutil.rmtree("/run/weir", ignore_errors=True)
        self.before = user_processes()
        return self

    def __exit__(self, kind, value, trace):
        """Weir itself must be able to take everything down; what it leaves fails a test that was good so far."""
        complaint = None
        try:
            complaint = self.tidy_up()
        finally:
            self.backend.clean()
            shutil.rmtree(self.folder, ignore_errors=True)
        if complaint and kind is None:
            raise check.Failed(complaint)

    def tidy_up(self):
        """Ends what the test started and takes weir's tree down by weir; gives back what went wrong with that."""
        while self.started:
            end(self.started.pop(0))
        for path in self.strangers():
            self.tree.kill(path)
        if self.tree.exists(self.backend.top) and self.tree.attributes(self.backend.top):
            shutil.rmtree(f"{self.folder}/weir.d", ignore_errors=True)
            done = self.weir.configure("")("teardown", "--kill")
            if done.status != 0:
                return f"teardown --kill failed at the end: {done}"
            if self.tree.exists(self.backend.top):
                return f"teardown --kill left {self.backend.top}"
        return self.left_running()

    def strangers(self):
        """Cgroups a test made beside weir's tree and between its pools."""
        slices = [path for path in self.tree.walk(self.backend.top) if path.endswith(".slice")]
        inside = [child for path in slices for child in self.tree.children(path) if not self.tree.attributes(child)]
        return [path for path in self.backend.leftovers() if path != self.backend.top] + inside

    def left_running(self):
        deadline = time.monotonic() + 3
        while True:
            left = {pid: command for pid, command in user_processes().items() if pid not in self.before}
            if not left:
                return None
            if time.monotonic() > deadline:
                for pid in left:
                    os.kill(pid, 9)
                return f"processes were left: {left}"
            time.sleep(0.05)

    def count(self, ci, soak):
        return ci if self.size == "ci" else soak

    # Starting things.

    def spawn(self, command, cgroup=None, **options):
        """Runs a command outside of weir, in `cgroup`; ended with the test."""
        enter = None if cgroup is None else lambda: self.tree.enter(cgroup)
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL, **options}
        child = subprocess.Popen(command, preexec_fn=enter, **options)
        self.started.append(child)
        return child

    def run(self, pool, name, *command, flags=()):
        """Starts a container and waits until it is there; `pool` is the last name, or all from the outermost."""
        ancestry = (pool,) if isinstance(pool, str) else pool
        process = self.weir.start("run", "--pool", ancestry[-1], "--name", name, *flags, "--", *command)
        self.started.append(process)
        path = f"{self.backend.pool(*ancestry)}/{name}.scope"

        def is_there():
            if process.poll() is not None:
                raise check.Failed(f"weir run --name {name} ended early: {self.said(process)}")
            return self.backend.has_started(path)
        check.soon(is_there, f"{path} is populated", 60)
        check.soon(lambda: waits_in_poll(process.pid), f"weir run --name {name} has settled", 60)
        return Container(name, path, process)

    @staticmethod
    def said(process):
        return process.returncode, *(stream.read() for stream in (process.stdout, process.stderr) if stream)

    def ready(self, process):
        """Waits for the line "ready" of weir-burn and weir-signals."""
        line = process.stdout.readline()
        check.equal(line.strip(), b"ready", "first line of the load")
        return process

    def burn(self, pool, threads=1, processes=1, seconds=600):
        name = f"burn-{self.last(pool)}-{len(self.started)}"
        container = self.run(pool, name, "weir-burn", "--threads", str(threads), "--processes", str(processes),
                             "--seconds", str(seconds))
        self.ready(container.process)
        return container

    @staticmethod
    def last(pool):
        return pool if isinstance(pool, str) else pool[-1]

    def burn_outside(self, cgroup, threads=1, processes=1, hold=0, seconds=600):
        return self.ready(self.spawn(["weir-burn", "--threads", str(threads), "--processes", str(processes),
                                      "--hold", str(hold), "--seconds", str(seconds)], cgroup))

    @contextlib.contextmanager
    def urgent(self):
        """What is started within is not slowed down by spinners in the cgroup of the tests themselves."""
        os.setpriority(os.PRIO_PROCESS, 0, -15)
        try:
            yield
        finally:
            os.setpriority(os.PRIO_PROCESS, 0, 0)

    def hold(self, pool, name, size, flags=()):
        """A container that holds `size` bytes of memory."""
        container = self.run(pool, name, "weir-burn", "--threads", "0", "--hold", str(size), "--seconds", "600",
                             flags=flags)
        self.ready(container.process)
        return container

    # Measuring.

    def cores(self, cgroups, seconds):
        """CPU cores each cgroup uses, over a time in the middle of the load."""
        first = [(time.monotonic(), self.tree.flat(path, "cpu.stat", "usage_usec")) for path in cgroups]
        time.sleep(seconds)
        out = []
        for path, (begin, used) in zip(cgroups, first):
            now = time.monotonic()
            out.append((self.tree.flat(path, "cpu.stat", "usage_usec") - used) / 1e6 / (now - begin))
        return out

    def median_cores(self, cgroups, seconds, times):
        samples = [self.cores(cgroups, seconds) for _ in range(times)]
        return [statistics.median(column) for column in zip(*samples)]

    def note(self, text):
        print(f"    {text}", flush=True)
