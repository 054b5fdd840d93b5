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


def test(name, timeout=60, boot=""):
    """Registers a function that takes a Context. `timeout` is in seconds at CI size."""
    def register(function):
        TESTS.append(Test(name, function, timeout, boot))
        return function
    return register
