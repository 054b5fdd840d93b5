# SPDX-License-Identifier: Apache-2.0
"""Everything that depends on who owns the cgroup tree: where weir works, and where processes outside of it live."""

import os

from harness.tree import Tree


class Cgroupfs:
    """The whole hierarchy belongs to the tests, which run in its root; weir works at the top of it."""

    name = "cgroupfs"
    mount = "/sys/fs/cgroup"
    top = "weir.slice"
    flags = ()
    strangers = ("vm-keeper",)  # the harness's

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

    def clean(self):
        """Ends and removes all that a test may have left, without weir's help."""
        for path in self.tree.children(""):
            if path not in self.strangers:
                self.tree.kill(path)

    def leftovers(self):
        return [path for path in self.tree.children("") if path not in self.strangers]


def detect():
    if os.path.isdir("/run/systemd/system"):
        raise SystemExit("run.py: no back-end for hosts with systemd yet")
    return Cgroupfs()
