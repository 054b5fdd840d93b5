# SPDX-License-Identifier: Apache-2.0
"""The cgroup tree as files below one directory."""

import contextlib
import ctypes
import errno
import os
import signal
import struct
import time

from harness import check

# What anybody may have set; what the kernel counts by itself is left out.
SETTINGS = ("cgroup.subtree_control", "cgroup.type", "cgroup.freeze", "cgroup.max.depth", "cgroup.max.descendants",
            "cpu.weight", "cpu.max", "cpu.idle", "cpuset.cpus", "cpuset.mems", "cpuset.cpus.partition",
            "memory.min", "memory.low", "memory.high", "memory.max", "memory.swap.max", "memory.oom.group",
            "io.max", "io.weight", "pids.max")


class Tree:
    def __init__(self, root):
        self.root = root

    def path(self, cgroup, file=""):
        return os.path.join(self.root, cgroup, file) if file else os.path.join(self.root, cgroup)

    def exists(self, cgroup):
        return os.path.isdir(self.path(cgroup))

    def read(self, cgroup, file):
        with open(self.path(cgroup, file), encoding="utf-8") as handle:
            return handle.read().rstrip("\n")

    def read_if_there(self, cgroup, file):
        try:
            return self.read(cgroup, file)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENODEV, errno.EOPNOTSUPP):
                return None
            raise

    def number(self, cgroup, file):
        return int(self.read(cgroup, file))

    def flat(self, cgroup, file, key):
        return int(dict(line.split() for line in self.read(cgroup, file).splitlines())[key])

    def write(self, cgroup, file, value):
        with open(self.path(cgroup, file), "w", encoding="utf-8") as handle:
            handle.write(str(value))

    def write_if_there(self, cgroup, file, value):
        try:
            self.write(cgroup, file, value)
        except FileNotFoundError:
            pass

    def make(self, cgroup):
        os.makedirs(self.path(cgroup))
        return cgroup

    def make_if_missing(self, cgroup):
        os.makedirs(self.path(cgroup), exist_ok=True)

    def enter(self, cgroup, pid=0):
        self.write(cgroup, "cgroup.procs", pid)

    def pids(self, cgroup):
        return [int(pid) for pid in self.read(cgroup, "cgroup.procs").split()]

    def pids_if_there(self, cgroup):
        return [int(pid) for pid in (self.read_if_there(cgroup, "cgroup.procs") or "").split()]

    def populated(self, cgroup):
        try:
            return self.flat(cgroup, "cgroup.events", "populated") == 1
        except OSError:
            return False

    def children(self, cgroup):
        try:
            with os.scandir(self.path(cgroup)) as entries:
                return sorted(os.path.join(cgroup, entry.name) for entry in entries if entry.is_dir())
        except FileNotFoundError:
            return []

    def walk(self, cgroup=""):
        if self.exists(cgroup):
            yield cgroup
        for child in self.children(cgroup):
            yield from self.walk(child)

    def settings(self, cgroup):
        found = {file: self.read_if_there(cgroup, file) for file in SETTINGS}
        found["attributes"] = self.attributes(cgroup)
        return found

    def attributes(self, cgroup):
        """Those of weir; none of a cgroup that goes away meanwhile."""
        path = self.path(cgroup)
        try:
            return {name: os.getxattr(path, name) for name in os.listxattr(path) if ".weir." in name}
        except FileNotFoundError:
            return {}

    def snapshot(self, cgroup=""):
        """Every setting of every cgroup from here down, as (cgroup, file) -> value."""
        return {(path, file): value for path in self.walk(cgroup) for file, value in self.settings(path).items()
                if value is not None}

    def freeze(self, cgroup):
        self.write(cgroup, "cgroup.freeze", 1)
        check.soon(lambda: self.flat(cgroup, "cgroup.events", "frozen") == 1, f"{cgroup} is frozen")

    def kill(self, cgroup, seconds=20):
        """Ends all processes and removes the cgroup with all below it."""
        if not self.exists(cgroup):
            return
        with contextlib.suppress(FileNotFoundError):  # systemd removes an empty scope itself
            self.write(cgroup, "cgroup.kill", 1)
        deadline = time.monotonic() + seconds
        while self.populated(cgroup) and time.monotonic() < deadline:
            time.sleep(0.01)
            # 6.1 spares who has lost its leader.
            for pid in (pid for path in self.walk(cgroup) for pid in self.pids_if_there(path)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for path in reversed(list(self.walk(cgroup))):
            with contextlib.suppress(FileNotFoundError):
                os.rmdir(self.path(path))


class WriteWatch:
    """Which files below a cgroup somebody wrote, and which cgroups were made or removed, by inotify."""

    MODIFY, ATTRIBUTES, CREATE, DELETE, IS_DIR = 0x2, 0x4, 0x100, 0x200, 0x40000000
    OWN_NEWS = ("cgroup.events", "memory.events", "memory.events.local", "memory.swap.events", "pids.events",
                "pids.events.local", "cpuset.cpus.partition")

    def __init__(self, tree, cgroup):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self.cgroups = {}
        for path in tree.walk(cgroup):
            mask = self.MODIFY | self.ATTRIBUTES | self.CREATE | self.DELETE
            watch = self.libc.inotify_add_watch(self.fd, os.fsencode(tree.path(path)), mask)
            if watch < 0:
                raise OSError(ctypes.get_errno(), "inotify_add_watch", path)
            self.cgroups[watch] = path

    def __enter__(self):
        """From now on: systemd may still be writing what it was told before."""
        for _ in range(20):
            time.sleep(0.25)
            if not self.seen():
                break
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def seen(self):
        """(cgroup, file) pairs since the last call; a made or removed cgroup, or a record, has "" for a file."""
        try:
            data = os.read(self.fd, 1 << 20)
        except BlockingIOError:
            return set()
        found = set()
        while data:
            watch, mask, _, length = struct.unpack_from("iIII", data)
            name = data[16:16 + length].rstrip(b"\0").decode()
            data = data[16 + length:]
            if mask & self.IS_DIR:
                found.add((os.path.join(self.cgroups[watch], name), ""))
            elif name not in self.OWN_NEWS and mask & self.MODIFY:
                found.add((self.cgroups[watch], name))
        return found
