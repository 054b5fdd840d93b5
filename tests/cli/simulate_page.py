#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""simulate_page.py WEIR TRACES: a browser opens the page of `weir simulate` and finds the curves; nothing is fetched."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

POLICIES = ["fair", "fifo", "round-robin"]
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND"]


def write_page(weir, traces, path):
    subprocess.run([weir, "simulate", traces / "ci-burst.csv", "--cpus", "4", "--memory", "8GiB", "--quiet",
                    "--policy", ",".join(POLICIES), "-o", path], stdout=subprocess.DEVNULL, check=True)


def dom_of(browser, page, profile):
    done = subprocess.run([browser, *QUIET, f"--user-data-dir={profile}", "--window-size=390,800", "--dump-dom",
                           page.as_uri()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=120)
    return done.stdout.decode()


def curves(dom, kind):
    """The numbers of points of each curve of a kind."""
    return [len(re.findall(r"[ML]", path)) for path in re.findall(rf'<path class="curve {kind}[^"]*" d="([^"]*)"', dom)]


def faults_of(page, dom):
    faults = []
    for kind in ("distribution", "usage", "entitlement"):
        points = curves(dom, kind)
        if len(points) != len(POLICIES) or min(points, default=0) < 20:
            faults.append(f"{kind}: a curve a policy is wanted, there are {points} points")
    for wanted in ('name="viewport"', "@media print", "prefers-color-scheme: dark", "Pool default", *POLICIES):
        if wanted not in dom:
            faults.append(f"'{wanted}' is missing")
    for unwanted in ("<script", "http://", "https://", "@import", "url(", "nan", "inf "):
        if unwanted in page.read_text(encoding="utf-8"):
            faults.append(f"'{unwanted}' is in the page")
    return faults


def main():
    weir, traces = sys.argv[1], Path(sys.argv[2])
    browser = shutil.which("chromium")
    if not browser:
        print("chromium is not installed: nobody looked at the page")
        return 1
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page, again = Path(folder) / "page.html", Path(folder) / "again.html"
        write_page(weir, traces, page)
        write_page(weir, traces, again)
        faults = faults_of(page, dom_of(browser, page, Path(folder) / "profile"))
        if page.read_bytes() != again.read_bytes():
            faults.append("the same simulation gives another page")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
