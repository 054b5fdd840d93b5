# SPDX-License-Identifier: Apache-2.0
"""Runs weir and keeps what it said."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import time

from harness import check


class Outcome:
    def __init__(self, command, status, out, err, seconds):
        self.command, self.status, self.seconds = command, status, seconds
        self.out, self.err = (text.decode("utf-8", "replace") for text in (out, err))

    @property
    def json(self):
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise check.Failed(f"{self}: stdout is no JSON document: {error}") from error

    def __str__(self):
        return f"{shlex.join(self.command)} -> {self.status}\n  stdout: {self.out!r}\n  stderr: {self.err!r}"


def show_where(pid):
    """What a process waits for in the kernel."""
    for name in ("wchan", "syscall", "stack", "status"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/{name}", encoding="utf-8", errors="replace") as handle:
            print(f"  {name}: {handle.read().strip()}")


class Weir:
    def __init__(self, folder, flags=(), log=None):
        self.config = os.path.join(folder, "weir.toml")
        self.flags, self.log = list(flags), log if log is not None else []

    def configure(self, text):
        """Replaces the whole configuration; missing [host] lines are the defaults."""
        with open(self.config, "w", encoding="utf-8") as handle:
            handle.write(text)
        os.chmod(self.config, 0o644)
        return self

    def at(self, *flags):
        """The same configuration with further global flags."""
        other = Weir(os.path.dirname(self.config), [*self.flags, *flags], self.log)
        return other

    def command(self, *arguments):
        return [os.environ.get("WEIR", "weir"), "--config", self.config, *self.flags, *map(str, arguments)]

    def __call__(self, *arguments, status=None, timeout=120, prefix=(), **options):
        """Runs to the end; `status` is what it must end with, a number or several; `prefix` wraps the command."""
        return self.run_any([*prefix, *self.command(*arguments)], status, timeout, **options)

    def run_any(self, command, status=None, timeout=120, **options):
        begin = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 stdin=options.pop("stdin", subprocess.DEVNULL), **options)
        try:
            out, err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            show_where(child.pid)
            child.kill()
            out, err = child.communicate()
            done = Outcome(command, "timeout", out, err, timeout)
            self.log.append(done)
            raise check.Failed(f"hangs: {done}") from None
        done = Outcome(command, child.returncode, out, err, time.monotonic() - begin)
        self.log.append(done)
        if status is not None:
            check.among(done.status, status if isinstance(status, tuple) else (status,), str(done))
        return done

    def ok(self, *arguments, **options):
        return self(*arguments, status=0, **options)

    def json(self, *arguments, status=0, **options):
        return self(*arguments, "--json", status=status, **options).json

    def start(self, *arguments, **options):
        """Starts it and leaves it running; stdout and stderr are pipes unless told otherwise."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(self.command(*arguments), **options)


def end(child, number=signal.SIGKILL):
    """Ends a child that may have ended already."""
    if child.poll() is None:
        child.send_signal(number)
    for stream in (child.stdout, child.stderr, child.stdin):
        if stream:
            stream.close()
    return child.wait(timeout=30)
