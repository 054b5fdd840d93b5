#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""completion_scripts.py WEIR: each shell that is installed can parse its script, and bash offers every command."""

import shutil
import subprocess
import sys

import program

CHECKS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}
# Completes a command line in a bash without a terminal.
ASK = """
source "$1"
COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
_weir 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""


def script_of(weir, shell):
    return subprocess.run([weir, "completion", shell], stdout=subprocess.PIPE, check=True).stdout


def syntax_faults(weir):
    faults = []
    for shell, command in CHECKS.items():
        script = script_of(weir, shell)
        if not script:
            faults.append(f"weir completion {shell} prints nothing")
        if not shutil.which(shell):
            print(f"{shell} is not installed: its script was not parsed")
            continue
        done = subprocess.run([*command, "/dev/stdin"], input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode or done.stdout:
            faults.append(f"{shell}: {done.stdout.decode()}")
    return faults


def offered(script, *words):
    done = subprocess.run(["bash", "--norc", "-c", ASK, "bash", "/dev/stdin", *words], input=script,
                          stdout=subprocess.PIPE, check=True)
    return set(done.stdout.decode().split())


def bash_faults(weir):
    script = script_of(weir, "bash")
    faults = []
    for command, flags, _ in program.commands(weir):
        words = offered(script, weir, *command, "--")
        wanted = {flag for flag in flags if flag.startswith("--")}
        if wanted - words:
            faults.append(f"weir {' '.join(command)} --<TAB> does not offer {sorted(wanted - words)}")
        if command and command[-1] not in offered(script, weir, *command[:-1], ""):
            faults.append(f"weir {' '.join(command[:-1])} <TAB> does not offer {command[-1]}")
    return faults


def main():
    faults = syntax_faults(sys.argv[1]) + bash_faults(sys.argv[1])
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
