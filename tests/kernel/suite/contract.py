# SPDX-License-Identifier: Apache-2.0
"""The contract between weir and the kernel: the same cases that the fake kernel must obey."""

import os
import re

from harness import check
from harness.registry import test

PROGRAM = "/usr/local/libexec/weir-tests/weir-contract-tests"


@test("contract: the kernel does what the fake kernel does", ci="both")
def contract(t):
    t.tree.make("contract")
    done = t.weir.run_any([PROGRAM], timeout=120,
                          env={**os.environ, "WEIR_TEST_CGROUP": t.tree.path("contract")})
    totals = re.search(r"test cases:\s*(\d+) \|\s*(\d+) passed", done.out)
    check.equal(done.status, 0, f"exit status of the contract tests; {done}")
    check.that(totals and totals[1] == totals[2] and int(totals[1]) > 20, f"cases that ran: {totals and totals[0]}")
    t.note(totals[0])
