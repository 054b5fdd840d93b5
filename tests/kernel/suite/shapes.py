# SPDX-License-Identifier: Apache-2.0
"""The shape of every JSON document there is by now (fields may be added, none renamed)."""

import datetime

from harness import check
from harness.registry import test

NUMBER = (int, float)
TEXT_OR_NULL = (str, type(None))
INT_OR_NULL = (int, type(None))
NUMBER_OR_NULL = (int, float, type(None))


def timestamp(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo is not None


def relative(path):
    return isinstance(path, str) and not path.startswith("/") and not path.endswith("/")


HOST = {
    "cpus": {"online": int, "list": str},
    "memory": {"total_bytes": int, "swap_bytes": int},
    "numa_nodes": list,
    "disks": [{"device": str, "name": str, "size_bytes": int}],
    "cgroup": {"mount": str, "controllers": [str], "psi": bool, "backend": TEXT_OR_NULL, "systemd": bool},
    "reserve": {"cpu": NUMBER, "memory_bytes": int},
    "capacity": {"cpu": NUMBER, "memory_bytes": int, "pids": int},
}
CHANGE = {"step": int, "phase": lambda p: p in ("create", "enable", "raise", "migrate", "lower", "remove"),
          "op": lambda op: op in ("make", "write", "migrate", "remove"), "cgroup": relative, "file": TEXT_OR_NULL,
          "from": TEXT_OR_NULL, "to": TEXT_OR_NULL}
BLOCKED = {"cgroup": relative, "file": TEXT_OR_NULL, "to": TEXT_OR_NULL, "reason": str}
PLAN = {"changes": [CHANGE], "blocked": [BLOCKED]}
DRIFT = {"drift": [{"cgroup": relative, "file": TEXT_OR_NULL, "wanted": str, "kernel": TEXT_OR_NULL,
                    "systemd": TEXT_OR_NULL, "repaired": bool}]}
POOL = {
    "name": str, "parent": TEXT_OR_NULL, "path": relative, "policy": str, "mode": str, "shares": int,
    "expandable": bool,
    "cpu": {"reservation": NUMBER, "limit": NUMBER_OR_NULL, "reserved": NUMBER, "free": NUMBER, "entitlement": NUMBER,
            "usage": NUMBER_OR_NULL, "demand": NUMBER_OR_NULL, "pressure": NUMBER_OR_NULL, "borrowed": NUMBER},
    "memory": {"reservation_bytes": int, "limit_bytes": INT_OR_NULL, "reserved_bytes": int, "free_bytes": int,
               "entitlement_bytes": int, "usage_bytes": int, "demand_bytes": INT_OR_NULL, "pressure": NUMBER_OR_NULL,
               "borrowed_bytes": int},
    "pids": {"limit": INT_OR_NULL, "usage": int},
    "io": list, "containers": int, "queued": int,
}
CONTAINER = {
    "name": str, "pool": str, "path": relative, "state": lambda s: s in ("running", "frozen", "queued"), "pids": int,
    "priority": int, "since": timestamp,
    "cpu": {"request": NUMBER, "limit": NUMBER_OR_NULL, "entitlement": NUMBER, "usage": NUMBER_OR_NULL},
    "memory": {"request_bytes": int, "limit_bytes": INT_OR_NULL, "usage_bytes": int, "left_behind_bytes": int},
    "owner_uid": int, "runtime": (dict, type(None)),
}
STATUS = {"host": {"capacity": {"cpu": NUMBER, "memory_bytes": int}, "reserved": {"cpu": NUMBER, "memory_bytes": int},
                   "unreserved": {"cpu": NUMBER, "memory_bytes": int}},
          "pools": [POOL], "containers": [CONTAINER], "queue": list}
ERROR = {"error": {"code": str, "exit": int, "message": str, "hint": TEXT_OR_NULL}}

CONFIG = """
[pool.web]
expandable = true
cpu = { reservation = 0.5, limit = 1 }
memory = { reservation = "64MiB", limit = "256MiB" }
pids = { limit = 500 }
[pool.team]
[pool.nightly]
parent = "team"
"""


@test("json: host has the documented fields and true values", ci="plain")
def host(t):
    found = t.weir.configure("").json("host")
    check.shape(found, HOST)
    check.equal(found["cpus"]["online"], t.cpus, "CPUs")
    check.equal(found["cgroup"]["mount"], t.backend.mount, "mount")
    check.equal(found["cgroup"]["backend"], t.backend.name, "back-end")
    for controller in ("cpu", "memory", "pids", "io", "cpuset"):
        check.that(controller in found["cgroup"]["controllers"], f"controller {controller}")
    check.equal(found["cgroup"]["psi"], True, "PSI")
    check.equal(found["reserve"], {"cpu": 0.5, "memory_bytes": 512 << 20}, "the default reserve")
    check.near(found["capacity"]["cpu"], t.cpus - 0.5, 1e-6, "CPU capacity")
    with open("/proc/meminfo", encoding="utf-8") as handle:
        total = int(handle.readline().split()[1]) * 1024
    check.equal(found["memory"]["total_bytes"], total, "MemTotal")
    check.equal(found["capacity"]["memory_bytes"], (total - (512 << 20)) // 4096 * 4096, "memory capacity")
    check.that(any(disk["name"] == "vda" for disk in found["disks"]), "the disk vda")


def settled(t, document):
    """The changes, but for the top slice's weight: it follows the processes outside, which come and go."""
    return [change for change in document["changes"] if (change["cgroup"], change["file"]) != (t.backend.top, "cpu.weight")]


@test("json: check, plan, apply, verify have the documented fields", ci="plain")
def plan(t):
    t.weir.configure(CONFIG)
    check.equal(t.weir.json("check")["errors"], [], "mistakes")
    planned = t.weir.json("plan")
    check.shape(planned, PLAN)
    check.equal([change["step"] for change in planned["changes"]], list(range(1, len(planned["changes"]) + 1)), "steps")
    done = t.weir.json("apply")
    check.shape(done, {**PLAN, "done": int})
    check.equal(settled(t, done), settled(t, planned), "the changes apply made and plan showed")
    check.equal(t.weir.json("plan"), {"changes": [], "blocked": []}, "plan afterwards")
    check.equal(t.weir.json("verify"), {"drift": []}, "verify afterwards")
    t.tree.write(t.backend.pool("web"), "cpu.weight", 3)
    found = t.weir.json("verify", status=10)
    check.shape(found, DRIFT)
    check.equal(found["drift"][0]["kernel"], "3", "the kernel's value")
    check.shape(t.weir.json("plan"), PLAN)


@test("json: a wrong configuration lists every mistake with its place", ci="oldest")
def mistakes(t):
    t.weir.configure("[pool.web]\nshares = 0\nsahres = 5\n[pool.Bad]\n")
    found = t.weir.json("check", status=3)
    check.shape(found, {"errors": [{"file": str, "line": int, "column": int, "key": str, "message": str,
                                    "hint": TEXT_OR_NULL}]})
    check.equal(sorted(entry["line"] for entry in found["errors"]), [2, 3, 4], "lines of the mistakes")
    check.equal({entry["file"] for entry in found["errors"]}, {t.weir.config}, "file")
    check.shape(t.weir.json("apply", status=3), ERROR)


@test("json: status, pool list, pool show and ps have the documented fields and true values", ci="plain")
def status(t):
    t.weir.configure(CONFIG).ok("apply")
    t.hold("web", "holder", 30 << 20, flags=("--memory", "100MiB", "--cpus", "0.25", "--priority", "7"))
    t.burn(("team", "nightly"))
    found = t.weir.json("status")
    check.shape(found, STATUS)
    check.equal([pool["name"] for pool in found["pools"]], ["web", "team", "nightly"], "pools, parents first")
    check.shape(t.weir.json("pool", "list"), {"pools": [POOL]})
    check.equal([c["name"] for c in t.weir.json("ps", "--pool", "web")["containers"]], ["holder"], "ps of one pool")
    web = t.weir.json("pool", "show", "web")
    check.shape(web, POOL)
    check.equal((web["path"], web["parent"], web["containers"]), (t.backend.pool("web"), None, 1), "pool show web")
    check.equal((web["cpu"]["reservation"], web["cpu"]["limit"], web["cpu"]["reserved"]), (0.5, 1, 0.25), "CPU of web")
    check.equal((web["memory"]["limit_bytes"], web["memory"]["reserved_bytes"]), (256 << 20, 100 << 20), "memory of web")
    check.at_least(web["memory"]["usage_bytes"], 30 << 20, "memory usage of web")
    containers = {c["name"]: c for c in t.weir.json("ps")["containers"]}
    holder = containers["holder"]
    check.equal((holder["pool"], holder["pids"], holder["priority"], holder["owner_uid"], holder["runtime"]),
                ("web", 1, 7, 0, None), "the container")
    check.equal((holder["cpu"]["limit"], holder["memory"]["limit_bytes"]), (0.25, 100 << 20), "its limits")
    check.equal(holder["path"], f"{t.backend.pool('web')}/holder.scope", "its path")
    nightly = t.weir.json("pool", "show", "nightly")
    check.equal(nightly["parent"], "team", "parent of nightly")
    check.at_least(nightly["cpu"]["usage"], 0.5, "CPU usage of a busy pool")


@test("pool path prints the cgroup for --cgroup-parent")
def pool_path(t):
    t.weir.configure(CONFIG)
    check.equal(t.weir.ok("pool", "path", "nightly").out, f"/{t.backend.pool('team', 'nightly')}\n", "path")
    check.equal(t.weir.json("pool", "path", "nightly")["path"], t.backend.pool("team", "nightly"), "path in JSON")


@test("json: every error is one document with code, exit status, message and hint", ci="oldest")
def errors(t):
    t.weir.configure(CONFIG)
    cases = [(("pool", "show", "wbe"), 7, "not-found"), (("apply", "--nonsense"), 2, "usage"), (("nonsense",), 2, "usage"),
             (("--cgroup-root", "/tmp", "apply"), 4, "unsupported"), (("--config", "/none.toml", "apply"), 3, "config")]
    for command, wanted, code in cases:
        found = t.weir.json(*command, status=wanted)
        check.shape(found, ERROR)
        check.equal((found["error"]["code"], found["error"]["exit"]), (code, wanted), f"error of {command}")
