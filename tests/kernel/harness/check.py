# SPDX-License-Identifier: Apache-2.0
"""Checks that say what they found."""

import time


class Failed(AssertionError):
    pass


def that(truth, what):
    if not truth:
        raise Failed(what)


def equal(found, wanted, what):
    that(found == wanted, f"{what}: found {found!r}, wanted {wanted!r}")


def among(found, wanted, what):
    that(found in wanted, f"{what}: found {found!r}, wanted one of {wanted!r}")


def contains(text, part, what):
    that(part in text, f"{what}: no {part!r} in {text!r}")


def near(found, wanted, tolerance, what):
    that(abs(found - wanted) <= tolerance, f"{what}: found {found:.4g}, wanted {wanted:.4g} ± {tolerance:.4g}")


def at_least(found, wanted, what):
    that(found >= wanted, f"{what}: found {found:.4g}, wanted at least {wanted:.4g}")


def at_most(found, wanted, what):
    that(found <= wanted, f"{what}: found {found:.4g}, wanted at most {wanted:.4g}")


def same(found, wanted, what):
    """Two dictionaries, with only what differs in the message."""
    keys = sorted({*found, *wanted}, key=str)
    differences = [f"{key}: found {found.get(key)!r}, wanted {wanted.get(key)!r}"
                   for key in keys if found.get(key) != wanted.get(key)]
    that(not differences, f"{what}: " + "; ".join(differences[:8]))


def soon(condition, what, seconds=20.0):
    """Waits until the condition holds; gives back its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        that(time.monotonic() < deadline, f"{what}: not within {seconds:g} s")
        time.sleep(0.01)


def shape(document, wanted, where="document"):
    """Has at least the keys of `wanted`, of these types: a type, a tuple of types, a dict, a list of one, or a function."""
    if isinstance(wanted, dict):
        that(isinstance(document, dict), f"{where}: is {document!r}, not an object")
        for key, inner in wanted.items():
            that(key in document, f"{where}: has no {key!r}")
            shape(document[key], inner, f"{where}.{key}")
    elif isinstance(wanted, list):
        that(isinstance(document, list), f"{where}: is {document!r}, not a list")
        for number, item in enumerate(document):
            shape(item, wanted[0], f"{where}[{number}]")
    elif isinstance(wanted, (type, tuple)):
        kinds = wanted if isinstance(wanted, tuple) else (wanted,)
        that(type(document) in kinds, f"{where}: is {document!r}, not {[kind.__name__ for kind in kinds]}")
    else:
        that(wanted(document), f"{where}: is {document!r}")
