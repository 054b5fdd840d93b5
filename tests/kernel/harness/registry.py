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
    measured: bool  # it measures time or shares, and nothing may run beside its guest

    def can_run(self, boot, backend):
        return self.boot == boot and self.on in ("", backend)

    def is_for(self, backend, kernel):
        """Whether a guest of this kind runs it at CI size."""
        if self.ci == "all":
            return True
        suits = self.ci != "soak" and backend == (self.on or "cgroupfs")
        newest = kernel.startswith("6.12")
        return suits and (self.ci == "plain" or (self.ci == "newest") == newest)

    @property
    def measured_word(self):
        return "yes" if self.measured else "no"


def test(name, timeout=60, boot="", on="", ci="all", measured=False):
    """Registers a function that takes a Context. `timeout` is in seconds at CI size; `on` names the only back-end.

    `ci`: "all" guests run it at CI size, those without systemd ("plain"), or only the newest or oldest of them
    ("newest", "oldest"), for what takes long and depends little on the rest; "soak": none. With `on` it is about those
    guests. `measured`: it needs the host's processors for itself.
    """
    def register(function):
        TESTS.append(Test(name, function, timeout, boot, on, ci, measured))
        return function
    return register
