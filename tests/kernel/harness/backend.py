# SPDX-License-Identifier: Apache-2.0
"""Everything that depends on who owns the cgroup tree: where weir works, and where processes outside of it live."""

import os
import subprocess

from harness.tree import Tree


class Cgroupfs:
    """The whole hierarchy belongs to the tests, which run in its root; weir works at the top of it."""

    name = "cgroupfs"
    mount = "/sys/fs/cgroup"
    top = "weir.slice"
    flags = ()
    strangers = ("vm-keeper",)  # the harness's
    # Writing one setting of a cgroup writes that file and no other.
    writes_single_files = True
    # The cgroup of a container that ended unwatched stays until weir removes it.
    keeps_empty = True

    def __init__(self):
        self.tree = Tree(self.mount)
        self.host = self.tree

    def pool(self, *ancestry):
        """The cgroup of a pool, from the outermost to the pool itself."""
        return self.pool_below(self.top, *ancestry)

    @staticmethod
    def pool_below(top, *ancestry):
        stem, path = top.removesuffix(".slice"), top
        for name in ancestry:
            stem = f"{stem}-{name}"
            path = f"{path}/{stem}.slice"
        return path

    @staticmethod
    def cgroup_of(pid):
        """The cgroup of a process; of one in a container, the container's."""
        with open(f"/proc/{pid}/cgroup", encoding="ascii") as handle:
            return next(line[3:].strip().lstrip("/") for line in handle if line.startswith("0::"))

    @staticmethod
    def command_of(pid):
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as handle:
                return handle.read().strip()
        except OSError:
            return ""

    @staticmethod
    def home(container):
        """Where the processes of a container live."""
        return container

    def has_started(self, container):
        """Whether a process of its own is in the container."""
        return self.tree.populated(container)

    def run_as_runtime(self, t, pool, name):
        """A process in a cgroup of a pool that is not made by weir; gives back the cgroup."""
        leaf = self.tree.make(f"{pool}/{name}")
        t.spawn(["sleep", "600"], leaf)
        return leaf

    def enable(self, cgroup):
        """Makes sure that what a test puts below a cgroup of weir's has its files and is counted."""

    def clean(self):
        """Ends and removes all that a test may have left, without weir's help."""
        for path in self.tree.children(""):
            if path not in self.strangers:
                self.tree.kill(path)

    def leftovers(self):
        return [path for path in self.tree.children("") if path not in self.strangers]


class ScopeTree(Tree):
    """A scope's processes, and the one file systemd would reset, are in its child `container`."""

    INSIDE = ("cgroup.procs", "cgroup.threads", "memory.oom.group")

    def path(self, cgroup, file=""):
        inner = super().path(f"{cgroup}/container")
        if file in self.INSIDE and cgroup.endswith(".scope") and os.path.isdir(inner):
            return os.path.join(inner, file)
        return super().path(cgroup, file)


class Systemd(Cgroupfs):
    """The hierarchy belongs to systemd as PID 1, which makes weir's slices and scopes; the tests run in a service of
    its and make cgroups of their own in the root, which systemd leaves alone."""

    name = "systemd"
    writes_single_files = False
    keeps_empty = False
    own = "weir-tests"  # of the tests' own processes, which belong to no service then

    def __init__(self):
        super().__init__()
        self.tree = self.host = ScopeTree(self.mount)
        self.tree.make_if_missing(self.own)
        self.tree.enter(self.own, os.getpid())
        self.strangers = tuple(self.tree.children(""))

    @staticmethod
    def systemctl(*arguments, check=False):
        return subprocess.run(["systemctl", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              stdin=subprocess.DEVNULL, check=check)

    @staticmethod
    def cgroup_of(pid):
        return Cgroupfs.cgroup_of(pid).removesuffix("/container")

    @staticmethod
    def home(container):
        return f"{container}/container"

    def has_started(self, container):
        """weir's own process keeps the scope until then."""
        return any(self.command_of(pid) not in ("weir", "weir-holder", "") for pid in self.tree.pids_if_there(container))

    def run_as_runtime(self, t, pool, name):
        t.spawn(["systemd-run", "--quiet", "--scope", f"--unit={name}", f"--slice={os.path.basename(pool)}", "sleep", "600"])
        return f"{pool}/{name}.scope"

    def enable(self, cgroup):
        """systemd enables for children what its own units need."""
        self.tree.write(cgroup, "cgroup.subtree_control", "+cpu +memory +pids")

    @staticmethod
    def is_units(path):
        """Mounts, swaps and services come and go with the host."""
        return path.endswith((".mount", ".swap", ".socket", ".service"))

    def clean(self):
        for path in self.leftovers():
            if path.endswith((".slice", ".scope")):
                self.systemctl("thaw", path)
                self.tree.write_if_there(path, "cgroup.kill", 1)
                self.systemctl("stop", path)
                self.systemctl("revert", path)
            self.tree.kill(path)
        self.systemctl("reset-failed")

    def leftovers(self):
        return [path for path in super().leftovers() if not self.is_units(path)]


def detect():
    return Systemd() if os.path.isdir("/run/systemd/system") else Cgroupfs()
