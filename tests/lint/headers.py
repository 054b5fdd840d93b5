#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone. Those that a source of the same name includes first are proved by the build."""

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path

sys.dont_write_bytecode = True

from layers import headers_to_compile, layer_of
from tree import Tree


def compile_alone(root, compiler, name):
    """The compiler's complaints, empty where there are none. The pragma warns in a main file only."""
    folders = ["include", layer_of(name)] if name.startswith(("cgroup/", "cli/")) else ["include", f"src/{layer_of(name)}"]
    command = [*compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-x", "c++",
               *(f"-I{root / folder}" for folder in folders), "-include", str(root / name), "/dev/null"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode or "warning:" in done.stderr else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("compiler", nargs="+", help="and its arguments, behind --")
    options = parser.parse_args()
    root = options.root.resolve()
    names = headers_to_compile(Tree(root))
    with ThreadPoolExecutor(cpu_count()) as pool:
        complaints = list(pool.map(lambda name: compile_alone(root, options.compiler, name), names))
    for name, complaint in zip(names, complaints):
        if complaint:
            print(f"{name}: does not compile alone\n{complaint}")
    return 1 if any(complaints) else 0


if __name__ == "__main__":
    sys.exit(main())
