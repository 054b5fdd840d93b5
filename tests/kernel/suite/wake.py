# SPDX-License-Identifier: Apache-2.0
"""Dynamic allocation beside an owner that has gone to sleep."""

import time

from harness import check
from harness.registry import test
from suite.dynamic import MIB, agent, current, eat_cache, has_nearly_all, lenders, wake_owner


@test("dynamic: a hungry pool gets what an owner holds that has slept for a minute, and gives it back within 30 s",
      ci="newest", measured=True, timeout=300)
def lend_what_sleeps(t):
    path = "/var/tmp/weir-test-slept"
    with open(path, "wb") as handle:
        handle.truncate(130 * MIB)
    t.weir.configure(lenders()).ok("apply")
    agent(t, "--interval", "1s")
    t.run("owner", "sleeper", "sh", "-c", f"cat {path} {path} >/dev/null; exec sleep 600")
    check.soon(lambda: current(t, "owner") >= 120 * MIB, "the owner has read its file", 60)
    slept_at = time.monotonic()
    eat_cache(t)
    check.soon(lambda: current(t, "hungry") >= 150 * MIB, "hungry has filled what is free", 60)
    time.sleep(max(0, slept_at + 60 - time.monotonic()))
    check.soon(lambda: has_nearly_all(t), "hungry gets what sleeps", 90)
    lent = time.monotonic() - slept_at - 60
    back = wake_owner(t)
    t.note(f"lent {lent:.1f} s after the minute, given back after {back:.1f} s")
    check.at_most(lent, 10, "seconds until it was lent")
