# SPDX-License-Identifier: Apache-2.0
"""A running `weir agent`, listened to as systemd would."""

import contextlib
import os
import signal
import socket
import time

from harness import check
from harness.weir import end


class Agent:
    def __init__(self, t, *flags):
        self.t = t
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.address = f"{t.folder}/notify-{time.monotonic_ns()}"
        self.socket.bind(self.address)
        self.said = []
        environment = {**os.environ, "NOTIFY_SOCKET": self.address}
        self.errors = open(f"{t.folder}/agent.err", "ab+")
        self.process = t.weir.start("agent", *flags, env=environment, stderr=self.errors)
        t.started.append(self.process)
        self.wait_for("READY=1")

    def wait_for(self, state, seconds=60):
        self.socket.settimeout(1)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            check.that(self.process.poll() is None, f"the agent ended with {self.process.poll()}: {self.err()}")
            with contextlib.suppress(TimeoutError):
                self.said.append(self.socket.recv(4096).decode())
                if self.said[-1] == state:
                    return
        raise check.Failed(f"the agent never said {state}: {self.said} {self.err()}")

    def err(self):
        with open(self.errors.name, encoding="utf-8", errors="replace") as handle:
            return handle.read()

    def stop(self, number=signal.SIGTERM, status=0):
        self.process.send_signal(number)
        check.equal(self.process.wait(timeout=30), status, f"exit status of the agent ({self.err()})")
        end(self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()


UNIT = "weir-agent.service"


@contextlib.contextmanager
def unit_installed(t, text, drop_in):
    """weir-agent.service with that configuration and drop-in, not started yet; stopped and forgotten in the end."""
    folder, path = f"/run/systemd/system/{UNIT}.d", "/etc/weir/weir.toml"
    for file, content in ((path, text), (f"{folder}/test.conf", drop_in)):
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(file, "w", encoding="utf-8") as handle:
            handle.write(content)
    t.backend.systemctl("daemon-reload")
    try:
        yield
    finally:
        t.note(t.backend.systemctl("status", "--no-pager", UNIT).stdout[-600:])
        t.backend.systemctl("stop", UNIT)
        os.remove(f"{folder}/test.conf")
        os.remove(path)
        t.backend.systemctl("daemon-reload")
        t.backend.systemctl("reset-failed", UNIT)


def pidof(name):
    """Processes whose comm is `name`."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", encoding="utf-8") as handle:
            if handle.read().strip() == name:
                found.append(int(pid))
    return found
