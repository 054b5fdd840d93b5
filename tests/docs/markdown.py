#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""markdown.py WEIR SOURCE: links lead somewhere, shown weir commands exist, and shown weir.toml is valid."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import program


def pages(root):
    return sorted([*root.glob("*.md"), *root.glob("docs/*.md"), *root.glob("tests/*/README.md")])


def link_faults(root, page, text):
    faults = []
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not (page.parent / target).exists():
            faults.append(f"{page.relative_to(root)}: link to {target}, which is not there")
    return faults


def shown_commands(text):
    """Lines that begin with `weir`, alone or behind a prompt, in code blocks."""
    for block in re.findall(r"^```(?:sh|console)?\n(.*?)^```", text, re.M | re.S):
        for line in block.splitlines():
            found = re.match(r"(?:[#$] )?(?:sudo )?weir (.+)", line)
            if found:
                yield found[1]


def command_faults(root, page, text, commands):
    faults = []
    for line in shown_commands(text):
        words = line.split(" -- ")[0].split()
        names = [word for word in words if not word.startswith("-")]
        command = next((tuple(names[:n]) for n in (2, 1) if tuple(names[:n]) in commands), ())
        known = commands[command] | commands[()]
        flags = {word.split("=")[0] for word in words if word.startswith("--")}
        if names and not command and "--version" not in flags:
            faults.append(f"{page.relative_to(root)}: no such command: weir {line}")
        for flag in flags - known:
            faults.append(f"{page.relative_to(root)}: no flag {flag}: weir {line}")
    return faults


def syntax_of(weir, text):
    """What `weir check` says of keys and values; sums depend on the host it runs on."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weir.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
        done = subprocess.run([weir, "check", path], stderr=subprocess.PIPE, text=True)
    lines = [line for line in done.stderr.splitlines() if line.startswith(folder)]
    return [line.removeprefix(folder) for line in lines
            if any(word in line for word in ("unknown", "expected", "syntax"))]


def toml_faults(weir, root, page, text):
    return [f"{page.relative_to(root)}: {fault}" for block in re.findall(r"^```toml\n(.*?)^```", text, re.M | re.S)
            for fault in syntax_of(weir, block)]


def main():
    weir, root = sys.argv[1], Path(sys.argv[2])
    commands = {command: flags for command, flags, _ in program.commands(weir)}
    faults = []
    for page in pages(root):
        text = page.read_text(encoding="utf-8")
        faults += link_faults(root, page, text)
        faults += command_faults(root, page, text, commands)
        faults += toml_faults(weir, root, page, text)
    for example in sorted(root.glob("docs/examples/*.toml")):
        faults += [f"{example.name}: {fault}" for fault in syntax_of(weir, example.read_text(encoding="utf-8"))]
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
