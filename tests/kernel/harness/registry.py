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
    number: int  # how many stand before it

    def can_run(self, boot, backend):
        return self.boot == boot and self.on in ("", backend)

    def is_for(self, backend, kernel):
        """Whether a guest of this kind runs it at CI size."""
        newest = kernel.startswith("6.12")
        if self.ci == "soak" or self.on not in ("", backend):
            return False
        if self.ci != "all" and backend != (self.on or "cgroupfs"):
            return False
        if self.ci in ("newest", "oldest"):
            return (self.ci == "newest") == newest
        return self.ci == "both" or newest == ((self.number + (backend == "systemd")) % 2 == 0)

    @property
    def measured_word(self):
        return "yes" if self.measured else "no"


def test(name, timeout=240, boot="", on="", ci="all", measured=False):
    """Registers a function that takes a Context. `timeout` is in seconds at CI size; `on` names the only back-end.

    `ci`: at CI size both back-ends run it ("all"), each on one of the kernels, which take turns; or only the one without
    systemd ("plain"), or that on the newest kernel, the oldest or each ("newest", "oldest", "both"); or nobody ("soak").
    `on` puts that back-end in place of the one without systemd. At full size all run on both kernels. `measured`: it
    needs the host's processors for itself.
    """
    def register(function):
        TESTS.append(Test(name, function, timeout, boot, on, ci, measured, len(TESTS)))
        return function
    return register
