#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows weir's main job on a real kernel: three pools, real load in each, promised beside measured.

Usage: demo.py WEIR_BINARY WEIR_TOML
Works in its own slice and takes it down again, whatever happens on the way.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

LOAD = {"web": 1, "ci": 3, "batch": 2}  # containers a pool, each with one busy process per CPU
WARM_UP_S = 3
MEASURE_S = 6
SPIN = "n=$0; while [ $n -gt 1 ]; do (while :; do :; done) & n=$((n-1)); done; while :; do :; done"


class Demo:
    def __init__(self, weir, config):
        self.folder = tempfile.mkdtemp(prefix="weir-demo-")
        self.config = os.path.join(self.folder, "weir.toml")
        shutil.copyfile(config, self.config)
        os.chmod(self.config, 0o644)
        self.base = [weir, "--config", self.config, "--run-dir", os.path.join(self.folder, "run")]
        self.jobs = []

    def show(self, *words):
        print(f"\n$ weir {' '.join(words)}", flush=True)
        subprocess.run(self.base + list(words), check=True)

    def ask(self, *words):
        done = subprocess.run(self.base + list(words) + ["--json"], check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    def start_load(self, cpus):
        for pool, count in LOAD.items():
            for i in range(count):
                command = ["run", "--pool", pool, "--name", f"{pool}{i + 1}", "--", "sh", "-c", SPIN, str(cpus)]
                if i == 0:
                    print(f"$ weir run --pool {pool} --name {pool}1 … -- {cpus} busy loops   (x {count})")
                self.jobs.append(subprocess.Popen(self.base + command, start_new_session=True))

    def usage(self, mount, pools):
        out = {}
        for pool in pools:
            with open(os.path.join(mount, pool["path"], "cpu.stat"), encoding="ascii") as stat:
                out[pool["name"]] = int(stat.readline().split()[1]) / 1e6
        return out

    def measure(self, mount, pools):
        time.sleep(WARM_UP_S)
        started, before = time.monotonic(), self.usage(mount, pools)
        time.sleep(MEASURE_S)
        elapsed, after = time.monotonic() - started, self.usage(mount, pools)
        return {name: (after[name] - before[name]) / elapsed for name in before}

    def finish(self):
        subprocess.run(self.base + ["teardown", "--kill"], check=False)
        for job in self.jobs:
            job.wait(timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)


def compare(pools, measured):
    """Entitlements are for everyone wanting everything; a limit binds whatever others do."""
    print(f"\n{'POOL':<8}{'PROMISED':>10}{'MEASURED':>10}   (cores, over {MEASURE_S} s of full load)")
    worst = 0.0
    total = sum(pool["cpu"]["entitlement"] for pool in pools)
    for pool in pools:
        promised, got = pool["cpu"]["entitlement"], measured[pool["name"]]
        worst = max(worst, promised - got)
        print(f"{pool['name']:<8}{promised:>10.2f}{got:>10.2f}   {'=' * round(30 * got / total)}")
    return worst


def run(demo):
    host = demo.ask("host")
    demo.show("host")
    demo.show("plan")
    demo.show("apply")
    print()
    demo.start_load(host["cpus"]["online"])
    pools = demo.ask("pool", "list")["pools"]
    measured = demo.measure(host["cgroup"]["mount"], pools)
    demo.show("status")
    worst = compare(pools, measured)
    if worst > 0.1 * host["cpus"]["online"]:
        print(f"a pool got {worst:.2f} cores less than promised: something else is using this machine")
        return 1
    print("every pool got what it was promised")
    return 0


def main():
    demo = Demo(sys.argv[1], sys.argv[2])
    try:
        status = run(demo)
        print("\n$ weir teardown --kill", flush=True)
    finally:
        demo.finish()
    return status


if __name__ == "__main__":
    sys.exit(main())
