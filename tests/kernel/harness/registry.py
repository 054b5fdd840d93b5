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
        if self.ci == "all" and not self.on and backend == "systemd":
            return newest == (self.number % 2 == 0)
        suits = self.ci != "soak" and backend == (self.on or "cgroupfs")
        return suits and (self.ci in ("all", "plain") or (self.ci == "newest") == newest)

    @property
    def measured_word(self):
        return "yes" if self.measured else "no"


def test(name, timeout=240, boot="", on="", ci="all", measured=False):
    """Registers a function that takes a Context. `timeout` is in seconds at CI size; `on` names the only back-end.

    `ci`: "all" back-ends run it at CI size, without systemd on both kernels and with it on one of them in turn; only
    those without systemd ("plain"), or only the newest or oldest of them ("newest", "oldest"), for what takes long and
    depends little on the rest; "soak": none. With `on` it is about those guests, on both kernels. `measured`: it needs
    the host's processors for itself.
    """
    def register(function):
        TESTS.append(Test(name, function, timeout, boot, on, ci, measured, len(TESTS)))
        return function
    return register
