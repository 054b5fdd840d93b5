#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""generate.py [--check] [FOLDER]: writes the synthetic traces, or says which of them differ.

Nobody's data: every number comes from the seed below. Only Random.random() is drawn, which gives the same numbers in
every version of Python.
"""

import gzip
import math
import random
import sys
from pathlib import Path

SEED = 20240229
MIB = 1 << 20


def exponential(rng, mean):
    return -mean * math.log(1 - rng.random())


def ci_burst(jobs=600):
    """Pushes in bursts: each starts some short checks and a few long builds, nightly runs go beside them."""
    rng = random.Random(SEED)
    lines = ["id,arrival,cpu_s,memory,threads,priority,pool"]
    now = 0.0
    while len(lines) <= jobs:
        now += exponential(rng, 90)
        for _ in range(1 + int(rng.random() * 8)):
            at = len(lines)
            kind = rng.random()
            if kind < 0.7:
                work, memory, threads, priority, pool = exponential(rng, 6), 256, 1, 2, "checks"
            elif kind < 0.95:
                work, memory, threads, priority, pool = 30 + exponential(rng, 90), 1536, 4, 1, "builds"
            else:
                work, memory, threads, priority, pool = 120 + exponential(rng, 240), 2048, 2, 0, "nightly"
            lines.append(f"job{at},{now:.3f},{max(work, 0.05):.3f},{memory * MIB},{threads},{priority},{pool}")
            now += rng.random() * 0.5
    return "\n".join(lines) + "\n"


def batch_mix(jobs=1500):
    """A batch machine of 64 processors in the Standard Workload Format: widths of powers of two, heavy-tailed times."""
    rng = random.Random(SEED + 1)
    lines = ["; Version: 2.2", "; Computer: none, synthetic", f"; Note: seed {SEED + 1}", "; MaxProcs: 64"]
    now = 0.0
    for number in range(1, jobs + 1):
        now += exponential(rng, 18)
        width = 1 << int(rng.random() * rng.random() * 7)
        run = min(86400, int(20 * math.exp(2.6 * rng.random() + 2.2 * rng.random() * rng.random())) + 1)
        if rng.random() < 0.03:
            run = -1  # cancelled before it ran
        memory = int((0.1 + rng.random()) * (1 << 20))  # kB a processor
        user = 1 + int(rng.random() ** 2 * 12)
        lines.append(f"{number} {int(now)} -1 {run} {width} -1 {memory} {width} -1 -1 1 {user} 1 -1 1 -1 -1 -1")
    return "\n".join(lines) + "\n"


def three_pools():
    """A minute of a small host: a service at work, two bursts of CI, batch beside them: 96 CPU seconds."""
    rng = random.Random(SEED + 2)
    jobs = [(10, "web", 24, 4), *((at, "batch", 14, 2) for at in (5, 6))]
    for burst in (5, 40):
        works = [0.6 + rng.random() for _ in range(8)]
        jobs += [(burst + 0.1 * number, "ci", 22 * work / sum(works), 1) for number, work in enumerate(works)]
    lines = [f"job{number},{at:.3f},{work:.3f},{16 * MIB},{threads},{pool}"
             for number, (at, pool, work, threads) in enumerate(sorted(jobs))]
    return "\n".join(["id,arrival,cpu_s,memory,threads,pool", *lines]) + "\n"


def traces():
    return {"ci-burst.csv": ci_burst().encode(), "three-pools.csv": three_pools().encode(), "batch-mix.swf.gz": batch_mix().encode()}


def stored(path):
    """The text: what a packer makes of it may change with its version."""
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def main():
    words = [word for word in sys.argv[1:] if word != "--check"]
    folder = Path(words[0]) if words else Path(__file__).parent
    faults = []
    for name, text in traces().items():
        path = folder / name
        if "--check" in sys.argv:
            if stored(path) != text:
                faults.append(f"{name} is not what generate.py makes")
        else:
            path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
