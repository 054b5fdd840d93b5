# SPDX-License-Identifier: Apache-2.0
"""Limits and shares of disks: what io.stat counts beside what weir promised, and which disk a path leads to."""

import os
import subprocess
import time
from contextlib import contextmanager

from harness import check
from harness.registry import test

MIB = 1 << 20
MB = 1000 * 1000
TOLERANCE = 0.05
# What is declared of the disk: little enough for an emulated guest, and so that requests of 256 KiB run into bytes a
# second and requests of 4 KiB into operations a second.
BPS, IOPS = 4 * MB, 80
JOBS = 6
FILES = {"one": {"read": 5, "write": 2}, "three": {"read": 12, "write": 4}}  # MiB a job; little is read twice at CI size
DISK = """
[[host.disk]]
path = "{path}"
read_bps = {bps}
write_bps = {bps}
read_iops = {iops}
write_iops = {iops}
"""
SHARED = DISK + """
[pool.one]
io = [ {{ path = "{path}", shares = 100 }} ]
[pool.three]
shares = 300
"""


def disk():
    return "/dev/" + os.path.basename(os.environ["WEIR_SCRATCH_DISK"])


def command(*words):
    done = subprocess.run(list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    check.equal(done.returncode, 0, f"{' '.join(map(str, words))}: {done.stdout}")
    return done.stdout


def number(node):
    info = os.stat(node)
    return f"{os.major(info.st_rdev)}:{os.minor(info.st_rdev)}"


@contextmanager
def mounted(t, node):
    """An ext4 on the device, mounted in the test's folder. Afterwards no limit holds any more, so that what is still to
    be written does not take its time."""
    place = os.path.join(t.folder, "disk")
    os.makedirs(place, exist_ok=True)
    command("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", node, "600M")
    command("mount", "-o", "noatime", node, place)
    try:
        yield place
    finally:
        if t.tree.exists(t.backend.top):
            t.weir.configure("")("teardown", "--kill")
        command("umount", place)


@contextmanager
def partition(number_of_it, first_mib, size_mib):
    command("addpart", disk(), number_of_it, first_mib * 2048, size_mib * 2048)
    try:
        yield f"{disk()}{number_of_it}"
    finally:
        command("delpart", disk(), number_of_it)


@contextmanager
def mapped(name, node, size_mib):
    command("modprobe", "dm_mod")
    command("dmsetup", "create", name, "--table", f"0 {size_mib * 2048} linear {node} 0")
    command("dmsetup", "mknodes")
    try:
        yield f"/dev/mapper/{name}"
    finally:
        command("dmsetup", "remove", "--retry", name)


def write_files(place, node):
    """Files with real blocks. The file system is mounted afresh, so that the kernel has not yet put the pages of a file
    down to whoever wrote it first (cgroup writeback goes by inode)."""
    for pool, sizes in FILES.items():
        for way, mib in sizes.items():
            for job in range(JOBS):
                with open(f"{place}/{pool}-{way}.{job}", "wb") as out:
                    out.write(os.urandom(4096) * 256 * mib)
    command("umount", place)
    command("mount", "-o", "noatime", node, place)


def fio(t, pool, place, way, unit, direct):
    """Reads or writes without end in a pool: large requests in order, or small ones anywhere. Several jobs, so that
    always something waits for the limit, also after a moment in which the guest had no CPU; each with a file of its own,
    for one fdatasync waits for all of a file."""
    words = ["fio", f"--name={t.last(pool)}-{way}", f"--directory={place}", "--filename_format=$jobname.$jobnum",
             f"--size={FILES[t.last(pool)][way]}M", f"--numjobs={JOBS}", "--thread", "--time_based", "--runtime=3600",
             f"--rw={'rand' if unit == 'iops' else ''}{way}", f"--bs={'4k' if unit == 'iops' else '256k'}",
             "--group_reporting", "--disk_util=0", "--randrepeat=0", "--norandommap"]
    words += ["--direct=1", "--ioengine=libaio", "--iodepth=2"] if direct else ["--direct=0", "--ioengine=psync"]
    if not direct and way == "write":
        words.append("--fdatasync=1")  # else the page cache makes few requests of many megabytes
    return t.run(pool, f"{t.last(pool)}-{way}-{unit}-{'direct' if direct else 'buffered'}", *words)


def counted(t, cgroup, device):
    for line in t.tree.read(cgroup, "io.stat").splitlines():
        words = line.split()
        if words[0] == device:
            return {key: int(value) for key, value in (word.split("=") for word in words[1:])}
    return {}


class Meter:
    """What a cgroup has of one key of io.stat, from one increase to another: a request that is half waited for is
    neither forgotten nor counted twice."""

    def __init__(self, cgroup, key, promised, what):
        self.cgroup, self.key, self.promised, self.what = cgroup, key, promised, what
        self.value = self.first = self.last = None

    def look(self, t, device):
        value, now = counted(t, self.cgroup, device).get(self.key, 0), time.monotonic()
        if value == self.value:
            return
        if self.value is not None:  # the first look came at no increase
            self.last = (now, value)
            self.first = self.first or self.last
        self.value = value

    def rate(self):
        """Per second since the first increase."""
        if self.first is self.last:
            return 0.0
        return (self.last[1] - self.first[1]) / (self.last[0] - self.first[0])

    def is_met(self):
        return abs(self.rate() - self.promised) <= TOLERANCE * self.promised


def measure(t, meters, device):
    """The mean since the beginning, until it is what was promised; a guest that gets no CPU for half a second needs
    longer for that. In a soak not before a minute is over."""
    time.sleep(1.5)  # until every job is there
    begin, least, most = time.monotonic(), t.count(4, 60), t.count(25, 90)
    while True:
        for meter in meters:
            meter.look(t, device)
        elapsed = time.monotonic() - begin
        if elapsed > most or (elapsed > least and all(meter.is_met() for meter in meters)):
            break
        time.sleep(0.02)
    for meter in meters:
        t.note(f"{meter.what}: {meter.rate():.0f} of {meter.promised:.0f} in {elapsed:.0f} s")
    for meter in meters:
        check.near(meter.rate(), meter.promised, TOLERANCE * meter.promised, meter.what)


def measure_shares(t, place, unit, direct):
    """Both pools read and write at once, and each of the four gets its part."""
    keys = {"read": "rios", "write": "wios"} if unit == "iops" else {"read": "rbytes", "write": "wbytes"}
    running, meters = [], []
    for pool, part in (("one", 0.25), ("three", 0.75)):
        for way, key in keys.items():
            running.append(fio(t, pool, place, way, unit, direct))
            meters.append(Meter(t.backend.pool(pool), key, part * (IOPS if unit == "iops" else BPS),
                                f"{way}_{unit} of '{pool}', {'direct' if direct else 'buffered'}"))
    measure(t, meters, number(disk()))
    for container in running:
        t.weir.ok("release", container.name, "--kill")


@test("io: shares 1:3 divide a declared disk within 5 % in both directions, bytes and operations, direct and buffered",
      timeout=240, ci="plain", measured=True)
def shares(t):
    with mounted(t, disk()) as place:
        write_files(place, disk())
        t.weir.configure(SHARED.format(path=place, bps=BPS, iops=IOPS)).ok("apply")
        for unit in ("bps", "iops"):
            for direct in (True, False):
                measure_shares(t, place, unit, direct)


@test("io: a limit on the parent holds for its children together", ci="newest", measured=True)
def parent_limit(t):
    limit = 2 * MB
    with mounted(t, disk()) as place:
        write_files(place, disk())
        t.weir.configure(f"""
[pool.team]
io = [ {{ path = "{place}", read_bps = {{ limit = {limit} }}, write_bps = {{ limit = {limit} }} }} ]
[pool.one]
parent = "team"
[pool.three]
parent = "team"
""").ok("apply")
        for pool in ("one", "three"):
            for way in ("read", "write"):
                fio(t, ("team", pool), place, way, "bps", direct=True)
        team = t.backend.pool("team")
        measure(t, [Meter(team, key, limit, f"{key} of both children") for key in ("rbytes", "wbytes")], number(disk()))


@test("io: a path leads through partition and device mapper to the disk, whose limit holds", ci="newest",
      measured=True)
def layers(t):
    whole, limit = number(disk()), 2 * MB
    with partition(7, 64, 900) as part, mapped("weir-test", part, 800) as node, mounted(t, node) as place:
        write_files(place, node)
        t.weir.configure(DISK.format(path=place, bps=BPS, iops=IOPS) + f"""
[pool.one]
io = [ {{ path = "{place}", write_bps = {{ limit = {limit} }} }} ]
""").ok("apply")
        declared = t.weir.json("host")["declared_disks"]
        check.equal([(entry["path"], entry["device"]) for entry in declared], [(place, whole)], "declared disks")
        check.that(declared[0]["through"][0].endswith("(weir-test)"), f"through {declared[0]['through']}")
        check.contains(t.weir.ok("host").out, f"({whole}), through dm-", "text of host")
        check.equal(t.weir.json("pool", "show", "one")["io"],
                    [{"device": whole, "read_bps": None, "write_bps": limit, "read_iops": None, "write_iops": None}],
                    "io of the pool")
        for direct in (True, False):
            running = fio(t, "one", place, "write", "bps", direct)
            measure(t, [Meter(t.backend.pool("one"), "wbytes", limit,
                              f"write_bps through two layers, {'direct' if direct else 'buffered'}")], whole)
            t.weir.ok("release", running.name, "--kill")


def lines(t, cgroup):
    return sorted(t.tree.read(cgroup, "io.max").splitlines())


@test("io: apply writes one line a device, a second run none, and verify finds and repairs what was set by hand")
def round_trip(t):
    with mounted(t, disk()) as place:
        device, one, three = number(disk()), t.backend.pool("one"), t.backend.pool("three")
        root = f"{os.major(os.stat('/').st_dev)}:{os.minor(os.stat('/').st_dev)}"
        t.weir.configure(SHARED.format(path=place, bps=BPS, iops=IOPS)).ok("apply")
        promised = {pool: f"{device} rbps={BPS * part // 4} wbps={BPS * part // 4} riops={IOPS * part // 4} "
                          f"wiops={IOPS * part // 4}" for pool, part in ((one, 1), (three, 3))}
        for pool, line in promised.items():
            check.equal(lines(t, pool), [line], f"io.max of {pool}")
        check.equal(t.weir.json("apply")["changes"], [], "changes of a second apply")
        t.tree.write(one, "io.max", f"{device} rbps=5000 wiops=max")
        t.tree.write(three, "io.max", f"{root} riops=77")
        drift = t.weir.json("verify", status=10)["drift"]
        check.equal(sorted((entry["cgroup"], entry["wanted"]) for entry in drift),
                    sorted([(one, promised[one]), (three, f"{root} rbps=max wbps=max riops=max wiops=max")]), "drift")
        t.weir.json("verify", "--repair")
        for pool, line in promised.items():
            check.equal(lines(t, pool), [line], f"io.max of {pool} after the repair")
        t.weir.configure("[pool.one]\n[pool.three]\n").ok("apply")
        check.equal((lines(t, one), lines(t, three)), ([], []), "io.max once the file says nothing of disks")
        check.equal(t.weir("plan", "--exit-code").status, 0, "plan --exit-code")


@test("io: a path without a disk, shares without a capability and limits without effect are said at their place")
def mistakes(t):
    def pool(path, rest):
        return f'[pool.one]\nio = [ {{ path = "{path}", {rest} }} ]\n'
    limit = "write_iops = { limit = 50 }"
    for path, rest, line, message in (
            ("/run", limit, 2, "lies on tmpfs, which has no disk"),
            ("/no/such/path", limit, 2, "No such file or directory"),
            ("/", "write_iops = { limit = 1 }", 2, "the kernel takes 2 and more"),
            ("/", "shares = 100", 2, "whose capability is not declared")):
        declared = DISK.format(path=disk(), bps=BPS, iops=IOPS) if "shares" in rest else ""
        error = t.weir.configure(pool(path, rest) + declared).json("check", status=3)["errors"]
        check.equal([entry["line"] for entry in error], [line], f"lines of {error}")
        check.contains(error[0]["message"], message, "message")
        check.equal(t.weir("plan").status, 3, "plan with the same file")
    done = t.weir.configure(pool(disk(), limit)).ok("plan")
    check.contains(done.err, f"has no effect on buffered writes to {disk()} itself", "warning of plan")
    check.contains(t.weir.ok("check").err, "has no effect on buffered writes", "warning of check")
