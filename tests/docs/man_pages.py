#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""man_pages.py WEIR SOURCE PAGE...: the pages render without a warning and leave nothing out.

Every command and flag of --help is in weir.1 and the other way round; every key that the parser reads is in weir.toml.5.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import program


def rendering_faults(page):
    faults = []
    for command in (["man", "--warnings", "-l", page], ["groff", "-ww", "-man", "-Tutf8", "-z", page]):
        if shutil.which(command[0]):
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if done.returncode or done.stderr:
                faults.append(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return faults


def described_commands(source):
    """Command -> flags, as weir.1.scd has them. The empty command has the global flags."""
    found = {(): set(re.findall(r"^\*(--?[a-z-]+)\*", re.search(r"^# OPTIONS\n(.*?)^# ", source, re.M | re.S)[1], re.M))}
    found[()] |= set(re.findall(r", \*(--[a-z-]+)\*", source))
    here, wanted = (), False
    for line in source.splitlines():
        head = wanted and re.match(r"\*weir ([A-Za-z ]+)\*", line)
        flag = re.match(r"\t\*(--?[a-z-]+)\*", line)
        if head:
            here = tuple(head[1].split())
            found[here] = set(re.findall(r"\*(--[a-z-]+)\*", line))
            for alike in re.findall(r", \*weir ([A-Za-z ]+)\*", line):
                found[tuple(alike.split())] = set()
        elif flag and here:
            found[here].add(flag[1])
        elif line.startswith("# "):
            here, wanted = (), line.startswith("# COMMANDS")
    return found


def command_faults(weir, source):
    described = described_commands(source)
    faults = []
    existing = {}
    for command, flags, text in program.commands(weir):
        if "Subcommands:" not in text or "Example" in text or not command:
            existing[command] = flags
        if command and "Example" not in text and "Subcommands:" not in text:
            faults.append(f"weir {' '.join(command)} --help has no example")
    for command, flags in existing.items():
        name = " ".join(("weir", *command))
        if command not in described:
            faults.append(f"weir.1: {name} is missing")
            continue
        for flag in sorted(flags - described[command] - {"-h", "--help"}):
            faults.append(f"weir.1: {flag} of {name} is missing")
        for flag in sorted(described[command] - flags):
            faults.append(f"weir.1: {name} has no flag {flag}")
    for command in described.keys() - existing.keys():
        faults.append(f"weir.1: there is no command weir {' '.join(command)}")
    return faults


def parser_keys(source_root):
    """Every key that src/config asks a table for."""
    keys = set()
    for path in sorted((source_root / "src/config").glob("read_*.cpp")) + [source_root / "src/config/parse.cpp"]:
        text = path.read_text(encoding="utf-8")
        keys |= set(re.findall(r'(?:\.read|read_at|\.find|read_rate)\(\s*(?:\w+,\s*)?"([a-z_]+)"', text))
    return keys


def key_faults(source_root, page):
    keys = parser_keys(source_root)
    if len(keys) < 40:
        return [f"only {len(keys)} keys found in src/config: has the parser changed its form?"]
    return [f"weir.toml.5: key {key} is missing" for key in sorted(keys) if not re.search(rf"[*.\[]{key}[*\].]", page)]


def main():
    weir, root, pages = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    man = root / "docs/man"
    faults = [fault for page in pages for fault in rendering_faults(page)]
    faults += command_faults(weir, (man / "weir.1.scd").read_text(encoding="utf-8"))
    faults += key_faults(root, (man / "weir.toml.5.scd").read_text(encoding="utf-8"))
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
