# SPDX-License-Identifier: Apache-2.0
"""What a guest is given and what it leaves: its disks, its initramfs, its results."""

import contextlib
import fcntl
import secrets
import shutil
import time

import image

GUEST = image.HERE / "guest"
AGENT_FOLDER = "usr/local/lib/weir-vm"
UNIT_FOLDER = "etc/systemd/system"
UNITS = ("vmtest.service", "vmkeeper.slice")
RESULT_SIZE = 1 << 30
SCRATCH_SIZE = 2 << 30


@contextlib.contextmanager
def work_folder():
    """A folder for the disks of one run; what killed runs left behind goes first."""
    base = image.cache_dir() / "runs"
    base.mkdir(parents=True, exist_ok=True)
    for old in list(base.iterdir()):
        with contextlib.suppress(FileNotFoundError), image.locked(old / "lock", fcntl.LOCK_EX | fcntl.LOCK_NB) as free:
            if free and time.time() - old.stat().st_mtime > 5:
                shutil.rmtree(old, ignore_errors=True)
    folder = base / secrets.token_hex(6)
    folder.mkdir()
    with image.locked(folder / "lock", fcntl.LOCK_EX):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def make_disks(folder, settings):
    """The disks after the root: payload, results, scratch."""
    payload = folder / "payload.tar"
    source = settings.payload or (folder / "empty")
    (folder / "empty").mkdir()
    image.run(["tar", "-C", source, "--owner=0", "--group=0", "--numeric-owner", "-cf", payload, "."])
    (folder / "empty").rmdir()
    for name, size in (("results.tar", RESULT_SIZE), ("scratch.raw", SCRATCH_SIZE)):
        with open(folder / name, "wb") as handle:
            handle.truncate(size)


def make_initramfs(folder, base):
    """The cached initramfs with this checkout's guest programs behind it."""
    tree = folder / "initramfs"
    agent = tree / "guest" / AGENT_FOLDER
    units = tree / "guest" / UNIT_FOLDER
    wants = units / "multi-user.target.wants"
    agent.mkdir(parents=True)
    wants.mkdir(parents=True)
    install(GUEST / "initramfs-init", tree / "init", 0o755)
    install(GUEST / "init", agent / "init", 0o755)
    install(GUEST / "agent.py", agent / "agent.py", 0o644)
    for unit in UNITS:
        install(GUEST / unit, units / unit, 0o644)
        (wants / unit).symlink_to(f"../{unit}")
    archive = folder / "guest.cpio"
    image.run(["bash", "-c", "set -o pipefail; find . | cpio --quiet -o -H newc -R 0:0 >\"$1\"", "pack", archive],
              cwd=tree)
    data = base.read_bytes()
    padding = b"\0" * (-len(data) % 4)
    (folder / "initramfs").rename(folder / "initramfs.tree")
    (folder / "initramfs").write_bytes(data + padding + archive.read_bytes())


def install(source, target, mode):
    shutil.copy(source, target)
    target.chmod(mode)


def unpack_results(archive, target):
    """A guest that was cut off before it kept its results leaves an empty archive."""
    target.mkdir(parents=True, exist_ok=True)
    with open(archive, "rb") as handle:
        if not any(handle.read(512)):
            return
    image.run(["tar", "-C", target, "--no-same-owner", "-xf", archive])
