#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs twice in one guest with systemd, with a reboot between: the pools are there before the first container.

The first boot installs the service and a watcher that looks at the tree when containerd, podman-restart and docker are
about to start; the second one finds what the watcher saw.
"""

import os
import subprocess
import sys
import time

CONFIG = "[pool.web]\nmemory = { limit = \"300MiB\" }\n[pool.team]\n[pool.nightly]\nparent = \"team\"\n"
RUNTIMES = ("containerd.service", "podman-restart.service", "docker.service")
SEEN = "/var/tmp/seen-by-"
NAME = "systemd: a reboot brings the pools back before the first container"


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    print(f"{' '.join(command)} -> {done.returncode}\n{done.stdout}", end="", flush=True)
    return done


def prepare():
    os.makedirs("/etc/weir", exist_ok=True)
    with open("/etc/weir/weir.toml", "w", encoding="utf-8") as handle:
        handle.write(CONFIG)
    for unit in RUNTIMES:
        os.makedirs(f"/etc/systemd/system/{unit}.d", exist_ok=True)
        with open(f"/etc/systemd/system/{unit}.d/watch.conf", "w", encoding="utf-8") as handle:
            handle.write(f"[Service]\nExecStartPre=sh -c 'cat /sys/fs/cgroup/weir.slice/weir-web.slice/memory.max "
                         f">{SEEN}{unit} 2>&1 || :'\n")
    good = run("systemctl", "enable", "weir-apply.service", *RUNTIMES).returncode == 0
    return good and run("systemctl", "start", "weir-apply.service").returncode == 0 and run("weir", "verify").returncode == 0


def look():
    run("systemctl", "status", "--no-pager", "weir-apply.service")
    good = run("weir", "verify").returncode == 0
    seen = {}
    for unit in RUNTIMES:
        if os.path.exists(SEEN + unit):
            with open(SEEN + unit, encoding="utf-8") as handle:
                seen[unit] = handle.read().strip()
    print(f"memory.max of web when they started: {seen}")
    return good and "containerd.service" in seen and set(seen.values()) == {str(300 << 20)}


def main():
    begin = time.monotonic()
    first = os.environ["WEIR_BOOT"] == "1"
    good = prepare() if first else look()
    if not (first and good):
        os.makedirs("/out", exist_ok=True)
        with open("/out/results.tsv", "w", encoding="utf-8") as handle:
            handle.write(f"{'pass' if good else 'fail'}\t{NAME}\t{time.monotonic() - begin:.1f}\n")
        print(f"{'ok  ' if good else 'FAIL'} {NAME}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
