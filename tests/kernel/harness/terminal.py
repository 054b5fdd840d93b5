# SPDX-License-Identifier: Apache-2.0
"""An interactive shell on a pseudo terminal."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

from harness import check

ESCAPES = re.compile(r"\x1b\[[0-9;?<=>]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>78]|[\x00-\x08\x0e-\x1a]")
ROWS, COLUMNS = 50, 160


class Terminal:
    """`setup` is typed first; it must end by printing the word "set-up-done" in two halves, so that its echo is not it."""

    def __init__(self, command, setup, environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, {**os.environ, **environment})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.text = ""
        self.type(setup + "\r")
        self.wait_for("set-up-done", 60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def type(self, text):
        os.write(self.fd, text.encode())

    def read(self, seconds):
        """Takes in what comes within this time; False when nothing came."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return False
        try:
            self.text += os.read(self.fd, 65536).decode("utf-8", "replace")
        except OSError:
            raise check.Failed(f"the shell ended: {self.text[-2000:]!r}") from None
        return True

    def seen(self):
        return ESCAPES.sub("", self.text)

    def wait_for(self, word, seconds):
        deadline = time.monotonic() + seconds
        while word not in self.seen():
            check.that(time.monotonic() < deadline, f"the shell never showed {word!r}: {self.seen()[-2000:]!r}")
            self.read(0.5)

    def settle(self, quiet):
        """Reads until nothing has come for this long."""
        while self.read(quiet):
            pass

    def clear_line(self):
        self.type("\x05\x15")
        self.settle(0.5)
        self.text = ""
