#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command in a throw-away virtual machine with a kernel of its own. See README.md."""

import argparse
import contextlib
import signal
import sys
import termios
from pathlib import Path

sys.dont_write_bytecode = True

import image
import machine
from image import HarnessError
from machine import Interrupted, Settings

EXIT_TIMEOUT = 124
EXIT_HARNESS = 125
BOOT_TRIES = 2
FAULT_TRIES = 3
CONSOLE_TAIL = 80


def say(text):
    print(f"vm: {text}", file=sys.stderr, flush=True)


def run_guest(settings):
    """Runs the guest, afresh where it never started or the emulator's own fault ended it."""
    accel = machine.accelerator()
    hung = faults = 0
    whole_console = ""
    while True:
        outcome, console, errors = machine.run_once(settings, accel)
        whole_console += console
        keep_console(settings, whole_console)
        if outcome.kind == "hung" and hung + 1 < BOOT_TRIES:
            hung += 1
            accel = "tcg"
            say(f"no sign of the guest after {settings.boot_timeout:.0f} s; started once more")
        elif outcome.kind == "fault" and faults < FAULT_TRIES:
            faults += 1
            say(f"the guest died of the emulator's int3 fault; started afresh ({faults} of {FAULT_TRIES})")
        else:
            return report(settings, outcome, console, errors)


def keep_console(settings, console):
    if settings.out:
        settings.out.mkdir(parents=True, exist_ok=True)
        (settings.out / "vm-console.log").write_text(console)


def report(settings, outcome, console, errors):
    if outcome.kind == "exit":
        return outcome.status
    reasons = {"timeout": f"no end after {settings.timeout:.0f} s", "hung": "the guest did not start",
               "fault": f"the emulator's int3 fault ended {FAULT_TRIES + 1} guests", "died": "the guest died"}
    lines = console.splitlines()
    say(f"--- the last {min(CONSOLE_TAIL, len(lines))} lines of the console ({settings.kernel}) ---")
    for line in [*lines[-CONSOLE_TAIL:], *errors.splitlines()]:
        print(line, file=sys.stderr)
    say(f"{reasons[outcome.kind]} (kernel {settings.kernel})")
    return EXIT_TIMEOUT if outcome.kind == "timeout" else EXIT_HARNESS


@contextlib.contextmanager
def terminal_kept():
    """Gives the terminal back as it was, however the guest ended."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def do_image(_):
    image.ensure()
    return 0


def do_run(options):
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise HarnessError("no command: vm.py run [options] -- COMMAND [ARGUMENT...]")
    return run_guest(Settings(
        kernel=options.kernel, systemd=options.systemd, smp=options.smp, memory=options.mem,
        timeout=options.timeout, boots=options.boots, append=options.append, payload=folder(options.payload),
        out=options.out, quiet=options.quiet, command=command))


def do_shell(options):
    settings = Settings(kernel=options.kernel, systemd=options.systemd, smp=options.smp, memory=options.mem,
                        timeout=float("inf"), payload=folder(options.payload), shell=True)
    say(f"starting a guest with kernel {settings.kernel}; it ends with the shell, or by Ctrl-A X")
    with terminal_kept():
        return run_guest(settings)


def folder(path):
    if path and not path.is_dir():
        raise HarnessError(f"{path}: not a folder")
    return path


def guest_options(parser):
    parser.add_argument("--kernel", choices=image.KERNELS, default="6.12")
    parser.add_argument("--systemd", action="store_true", help="boot systemd instead of a shell script")
    parser.add_argument("--smp", type=int, default=2, metavar="N", help="CPUs of the guest (2)")
    parser.add_argument("--mem", type=int, default=1536, metavar="MB", help="memory of the guest (1536)")
    parser.add_argument("--payload", type=Path, metavar="DIR", help="becomes /payload in the guest")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="vm.py", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="image|run|shell")
    commands.add_parser("image", help="make sure that the guest's image is there").set_defaults(action=do_image)
    run = commands.add_parser("run", help="run a command in a throw-away guest")
    guest_options(run)
    run.add_argument("--timeout", type=float, default=300, metavar="S", help="for the command, after boot (300)")
    run.add_argument("--out", type=Path, metavar="DIR", help="gets the guest's /out and the console log")
    run.add_argument("--quiet", action="store_true", help="show the console only on failure")
    run.add_argument("--append", default="", metavar="ARGS", help="more kernel arguments")
    run.add_argument("--boots", type=int, default=1, metavar="N",
                     help="run the command N times with a reboot between (WEIR_BOOT tells which)")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    run.set_defaults(action=do_run)
    shell = commands.add_parser("shell", help="an interactive shell in a throw-away guest")
    guest_options(shell)
    shell.set_defaults(action=do_shell)
    return parser.parse_args()


def interrupt(number, _):
    raise Interrupted(number)


def main():
    options = parse_arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        return options.action(options)
    except HarnessError as error:
        say(str(error))
        return EXIT_HARNESS
    except Interrupted as error:
        return 128 + error.args[0]


if __name__ == "__main__":
    sys.exit(main())
