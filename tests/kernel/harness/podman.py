# SPDX-License-Identifier: Apache-2.0
"""podman with one runtime and one cgroup manager, weir's hook, and an image made from the guest's own files."""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile

from harness import check

IMAGE = "localhost/weir-test:1"


def make_rootfs(folder):
    """A root file system of busybox alone."""
    os.makedirs(f"{folder}/bin", exist_ok=True)
    for name in ("proc", "sys", "dev", "tmp", "etc", "run"):
        os.makedirs(f"{folder}/{name}", exist_ok=True)
    busybox = f"{folder}/bin/busybox"
    if not os.path.exists(busybox):
        shutil.copy(shutil.which("busybox"), busybox)
        for applet in ("sh", "sleep", "cat", "true", "echo", "grep", "dd"):
            os.symlink("busybox", f"{folder}/bin/{applet}")
        shutil.copy(shutil.which("weir-burn"), f"{folder}/bin/weir-burn")
    return folder


class Podman:
    def __init__(self, t, runtime="crun", manager="cgroupfs", hooks=True):
        self.t, self.runtime, self.manager = t, runtime, manager
        self.hooks = f"{t.folder}/hooks.d"
        os.makedirs(self.hooks, exist_ok=True)
        if hooks:
            t.weir.ok("hook", "install", "podman", "--dir", self.hooks)
        self.import_image()

    def command(self, *arguments):
        return ["podman", "--hooks-dir", self.hooks, "--cgroup-manager", self.manager, "--runtime", self.runtime,
                "--events-backend", "file", *map(str, arguments)]

    def __call__(self, *arguments, status=0, timeout=120, **options):
        return self.t.weir.run_any(self.command(*arguments), status, timeout, **options)

    def import_image(self, changes=()):
        name = IMAGE if not changes else "localhost/weir-test:annotated"
        if self("image", "exists", name, status=(0, 1)).status == 0:
            return name
        rootfs = make_rootfs(f"{self.t.folder}/rootfs")
        archive = f"{self.t.folder}/image.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(rootfs, arcname=".")
        self("import", archive, name)
        return name

    def start(self, name, *flags, command=("sleep", "600"), image=IMAGE):
        self("run", "-d", "--name", name, "--network=none", *flags, image, *command)
        return self.inspect(name)

    def inspect(self, name):
        found = json.loads(self("inspect", name).out)[0]
        check.that(found["State"]["Pid"] > 0 or not found["State"]["Running"], f"{name} has a process")
        return found

    def clean(self):
        subprocess.run(self.command("rm", "-f", "-a", "-t", "0"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=False, timeout=120)
        # A container with the host's cgroup namespace mounts cgroup2 with options of its own, for everybody (kernel-notes).
        self.t.weir.run_any(["mount", "-o", "remount,nsdelegate,memory_recursiveprot", self.t.backend.mount], 0)


def detached(command):
    """Runs it without pipes, which what it leaves running would keep open."""
    with tempfile.TemporaryFile() as words, open("/dev/null", "r+b") as quiet:
        done = subprocess.run(command, stdin=quiet, stdout=words, stderr=words, check=False, timeout=120)
        words.seek(0)
        check.equal(done.returncode, 0, f"{' '.join(command)}: {words.read().decode('utf-8', 'replace')}")


def limits_of(tree, leaf):
    """Where the runtime sets limits and freezes: under the systemd manager crun's child of the scope."""
    inner = f"{leaf}/container"
    return inner if tree.exists(inner) else leaf


def leaf_of(backend, pid):
    """The cgroup of a container by its process: crun's child of a scope left out."""
    return backend.cgroup_of(pid).removesuffix("/container")
