# SPDX-License-Identifier: Apache-2.0
"""The tests, by the sentences that name them."""

from dataclasses import dataclass
from typing import Callable

TESTS = []


@dataclass
class Test:
    name: str
    function: Callable
    timeout: float
    boot: str  # further kernel arguments it needs; those without run in one guest
    on: str  # the only back-end it is about; empty: both
    ci: str  # the guests that run it at CI size; at full size all do

    def belongs(self, boot, backend, kernel, size):
        """Whether a guest of this kind runs it."""
        if self.boot != boot or self.on not in ("", backend):
            return False
        if size != "ci" or self.ci == "all":
            return True
        return backend == "cgroupfs" and (self.ci == "plain" or kernel.startswith("6.12"))


def test(name, timeout=60, boot="", on="", ci="all"):
    """Registers a function that takes a Context. `timeout` is in seconds at CI size; `on` names the only back-end.

    `ci`: "all" guests run it at CI size, those without systemd ("plain"), or only the newest of them ("newest"), for
    what takes long and depends little on the rest.
    """
    def register(function):
        TESTS.append(Test(name, function, timeout, boot, on, ci))
        return function
    return register
