# SPDX-License-Identifier: Apache-2.0
"""The commands and flags of weir, as its own --help tells them."""

import re
import subprocess


def help_of(weir, command):
    done = subprocess.run([weir, *command, "--help"], stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout


def section(text, title):
    found = re.search(rf"^{title}:\n((?:  .*\n|\n(?=  ))*)", text, re.M)
    return found.group(1) if found else ""


def commands(weir, command=()):
    """Every command as a tuple of words, the empty one first, with its flags and its help text."""
    text = help_of(weir, command)
    flags = {flag for line in section(text, "Options").splitlines()
             for flag in re.findall(r"(?:^  |,)(--?[a-z-]+)", line)}
    yield command, flags, text
    for line in section(text, "Subcommands").splitlines():
        if re.match(r"  \S", line):
            yield from commands(weir, (*command, line.split()[0]))
