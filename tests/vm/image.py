# SPDX-License-Identifier: Apache-2.0
"""The guest's cache: a root file system, two kernels, and an initramfs for each."""

import contextlib
import fcntl
import hashlib
import lzma
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import sources

HERE = Path(__file__).resolve().parent
KERNELS = ("6.1", "6.12")
ROOT_SIZE = "5G"
BOOT_MODULES = ("virtio_pci", "virtio_mmio", "virtio_blk", "virtio_console", "ext4")
TOOLS = {"mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs", "cpio": "cpio", "dpkg-deb": "dpkg"}


class HarnessError(Exception):
    """The harness, not the command in the guest, failed."""


def cache_dir():
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weir-vm"
    return Path(os.environ.get("WEIR_VM_CACHE") or default)


def require_tools(tools):
    missing = [package for tool, package in tools.items() if not find_tool(tool)]
    if missing:
        raise HarnessError(f"missing Debian packages: {' '.join(sorted(set(missing)))}")


def find_tool(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def recipe_key():
    """A hash of everything that decides what the image holds."""
    digest = hashlib.sha256()
    for path in [HERE / "image.py", *sorted((HERE / "recipe").iterdir())]:
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Image:
    """One finished version of the cache."""

    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "root.ext4"

    def kernel(self, series):
        return self.folder / f"vmlinuz-{series}"

    def initramfs(self, series):
        return self.folder / f"initramfs-{series}.gz"


@contextlib.contextmanager
def locked(path, operation):
    """Holds a lock file; yields False where LOCK_NB was given and somebody else has it."""
    with open(path, "a") as handle:
        try:
            fcntl.flock(handle, operation)
        except BlockingIOError:
            yield False
            return
        yield True


def ensure(progress=sys.stderr):
    """Builds the cache where it is missing or out of date."""
    cache = cache_dir()
    folder = cache / f"image-{recipe_key()}"
    if not folder.is_dir():
        require_tools(TOOLS)
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / "build.lock", fcntl.LOCK_EX):
            if not folder.is_dir():
                build(cache, folder, Progress(progress))
            remove_old(cache, folder)
    return Image(folder)


@contextlib.contextmanager
def in_use():
    """Yields the image and keeps others from removing it meanwhile."""
    while True:
        image = ensure()
        try:
            handle = open(image.folder / "use.lock")
        except FileNotFoundError:
            continue
        with handle:
            fcntl.flock(handle, fcntl.LOCK_SH)
            if image.root.exists():
                yield image
                return


def remove_old(cache, current):
    for folder in cache.glob("build-*"):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in cache.glob("image-*"):
        if folder == current:
            continue
        with locked(folder / "use.lock", fcntl.LOCK_EX | fcntl.LOCK_NB) as free:
            if free:
                shutil.rmtree(folder, ignore_errors=True)


class Progress:
    """Says what is being done, and every ten seconds that it still is."""

    def __init__(self, stream):
        self.stream = stream
        self.start = time.monotonic()

    def say(self, text):
        elapsed = time.monotonic() - self.start
        print(f"vm image: {elapsed:4.0f} s  {text}", file=self.stream, flush=True)

    @contextlib.contextmanager
    def step(self, text):
        done = threading.Event()

        def remind():
            while not done.wait(10):
                self.say(f"{text} ...")

        self.say(text)
        thread = threading.Thread(target=remind, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def build(cache, folder, progress):
    """Builds into a folder of its own and renames it: a killed build leaves no half image."""
    for left_over in cache.glob("build-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    work = cache / f"build-{secrets.token_hex(4)}"
    root = work / "root"
    result = work / "image"
    result.mkdir(parents=True)
    with progress.step("fetching the guest's Debian packages and kernels"):
        bootstrap(work)
    with progress.step("unpacking"):
        root.mkdir()
        as_root(["tar", "-C", root, "--numeric-owner", "--exclude=./dev/*", "-xpf", work / "root.tar"])
        (work / "root.tar").unlink()
    with progress.step("making the initramfs of each kernel"):
        for series in KERNELS:
            extract_boot(root, work, result, series)
    with progress.step("making the root file system"):
        as_root([find_tool("mke2fs"), "-q", "-t", "ext4", "-d", root, "-O", "^has_journal",
                 "-E", "lazy_itable_init=1", "-m", "0", result / "root.ext4", ROOT_SIZE])
    (result / "use.lock").touch()
    result.rename(folder)
    as_root(["rm", "-rf", work])
    progress.say("the image is ready")


def as_root(command, **options):
    """Runs a command as root, or as the root of a user namespace of its own."""
    prefix = [] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--map-auto", "--"]
    run([*prefix, *command], **options)


def contained(command, folder):
    """For mmdebstrap, which mounts things and starts many processes: all of it ends with the first of them.

    As root it gets mount and process namespaces of its own, so that a killed build leaves no mounts on the host, and
    its temporary files go where the next build removes them. Without root it makes such namespaces by itself.
    """
    if os.geteuid() != 0:
        run(command)
        return
    folder.mkdir(mode=0o755)
    namespaces = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
    run(["setpriv", "--pdeathsig=KILL", "--", *namespaces, "--", *command],
        env={**os.environ, "TMPDIR": str(folder)})


def run(command, **options):
    command = [str(word) for word in command]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", **options) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        tail = "\n".join(output.splitlines()[-40:])
        raise HarnessError(f"{shlex.join(command)[:300]}\nfailed with {process.returncode}:\n{tail}")


def bootstrap(work):
    lines = sources.debian_sources()
    if not lines:
        raise HarnessError(f"no Debian {sources.SUITE} entry in /etc/apt/sources.list*")
    source_list = work / "sources.list"
    source_list.write_text("".join(line + "\n" for line in lines))
    command = ["mmdebstrap", "--variant=minbase", f"--include={','.join(packages())}",
               "--aptopt=Acquire::Languages \"none\"", "--aptopt=APT::Sandbox::User \"root\"",
               "--dpkgopt=force-unsafe-io"]
    command += [f"--aptopt={name} \"{value}\"" for name, value in sources.apt_proxies()]
    command += [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "locale", "doc", "info")]
    command += [f"--customize-hook={HERE / 'recipe' / 'customize.sh'} \"$1\"",
                sources.SUITE, work / "root.tar", source_list]
    contained(command, work / "tmp")


def packages():
    lines = (HERE / "recipe" / "packages").read_text().splitlines()
    return [name for line in lines for name in line.partition("#")[0].split()]


def extract_boot(root, work, result, series):
    """Takes one kernel out of the root file system and makes its initramfs."""
    candidates = sorted((root / "boot").glob(f"vmlinuz-{series}.*"))
    if len(candidates) != 1:
        raise HarnessError(f"expected one kernel {series} in the image, found {len(candidates)}")
    version = candidates[0].name.removeprefix("vmlinuz-")
    as_root(["cp", candidates[0], result / f"vmlinuz-{series}"])
    tree = work / f"initramfs-{series}"
    for name in ("bin", "dev", "proc", "sys", "root", "modules"):
        (tree / name).mkdir(parents=True)
    shutil.copy(root / "usr/bin/busybox", tree / "bin/busybox")
    order = []
    for path in boot_modules(root / "usr/lib/modules" / version):
        data = path.read_bytes()
        name = path.name.removesuffix(".xz")
        (tree / "modules" / name).write_bytes(lzma.decompress(data) if path.suffix == ".xz" else data)
        order.append(name)
    (tree / "modules/order").write_text("".join(name + "\n" for name in order))
    pack_initramfs(tree, result / f"initramfs-{series}.gz")


def boot_modules(modules):
    """The files of BOOT_MODULES and all they depend on, dependencies first."""
    dependencies = {}
    for line in (modules / "modules.dep").read_text().splitlines():
        name, _, needs = line.partition(":")
        dependencies[name] = needs.split()
    by_name = {Path(path).name.partition(".")[0]: path for path in dependencies}
    order = []

    def add(path):
        for needed in dependencies[path]:
            add(needed)
        if path not in order:
            order.append(path)

    for name in BOOT_MODULES:
        if name in by_name:
            add(by_name[name])
    return [modules / path for path in order]


def pack_initramfs(tree, target):
    command = "set -o pipefail; find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 | gzip -9n >\"$1\""
    run(["bash", "-c", command, "pack", target], cwd=tree)
