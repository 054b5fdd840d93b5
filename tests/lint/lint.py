#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps the house as docs/architecture.md draws it: prints FILE:LINE: MESSAGE for each breach."""

import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True

from calls import check_calls
from layers import check_cycles, check_layers
from links import check_links
from shape import check_build_paths, check_lengths, check_licence, check_notes
from tree import Tree

CHECKS = {
    "layers": check_layers,
    "cycles": check_cycles,
    "calls": check_calls,
    "lengths": check_lengths,
    "licence": check_licence,
    "notes": check_notes,
    "build-paths": check_build_paths,
    "links": check_links,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("checks", nargs="*", choices=[[], *CHECKS], metavar="CHECK", help=", ".join(CHECKS))
    options = parser.parse_args()
    tree = Tree(options.root)
    findings = [finding for name in options.checks or CHECKS for finding in CHECKS[name](tree)]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
