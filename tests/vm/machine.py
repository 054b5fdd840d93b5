# SPDX-License-Identifier: Apache-2.0
"""One throw-away guest: its QEMU process, its disks and the talk with the agent inside."""

import contextlib
import json
import os
import re
import selectors
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import disks
import image

STOP_GRACE = 30
TOOLS = {"qemu-system-x86_64": "qemu-system-x86", "cpio": "cpio", "tar": "tar"}

# What the kernel says when the emulator loses a patch of its code (see README.md).
EMULATOR_FAULT = re.compile(rb"^\[[^]]*\](?:\[[^]]*\])? (?:Oops: )?int3: [0-9a-f]+ \[#1\]", re.MULTILINE)


@dataclass
class Settings:
    kernel: str = "6.12"
    systemd: bool = False
    smp: int = 2
    memory: int = 1536
    timeout: float = 300
    boots: int = 1
    append: str = ""
    payload: Path | None = None
    out: Path | None = None
    quiet: bool = False
    shell: bool = False
    command: list = field(default_factory=list)

    @property
    def boot_timeout(self):
        return float(os.environ.get("WEIR_VM_BOOT_TIMEOUT") or 120)


@dataclass
class Outcome:
    """How a guest ended: `exit`, `reboot`, `timeout`, `hung` (no start), `fault` (the emulator's) or `died`."""

    kind: str
    status: int = 0


class Interrupted(Exception):
    """The harness was told to end."""


def accelerator():
    """KVM where the CPU has it: a /dev/kvm without vmx or svm may hang without a word."""
    wanted = os.environ.get("WEIR_VM_ACCEL")
    if wanted:
        return wanted
    flags = re.search(r"^flags\s*:.*\b(vmx|svm)\b", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return "kvm" if flags and os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg"


def kernel_arguments(settings):
    init = "/sbin/init" if settings.systemd else f"/{disks.AGENT_FOLDER}/init"
    return (f"console=ttyS0 earlyprintk=ttyS0 ignore_loglevel panic=-1 oops=panic reboot=t psi=1 "
            f"tsc=reliable mitigations=off apparmor=0 weir.init={init} {settings.append}").strip()


def qemu_command(settings, cached, folder, accel, sockets):
    command = ["setpriv", "--pdeathsig=KILL", "--", "qemu-system-x86_64", "-M", "q35",
               "-accel", "tcg,thread=multi" if accel == "tcg" else accel,
               "-cpu", "max" if accel == "tcg" else "host",
               "-smp", str(settings.smp), "-m", str(settings.memory),
               "-nodefaults", "-no-user-config", "-display", "none", "-nic", "none", "-no-reboot",
               "-kernel", str(cached.kernel(settings.kernel)), "-initrd", str(folder / "initramfs"),
               "-append", kernel_arguments(settings)]
    root = (folder / "root.ext4", "cache=unsafe") if settings.boots > 1 else (cached.root, "snapshot=on")
    drives = (root, (folder / "payload.tar", "readonly=on"),
              (folder / "results.tar", "cache=unsafe"), (folder / "scratch.raw", "cache=unsafe"))
    for number, (path, option) in enumerate(drives):
        name = str(path).replace(",", ",,")
        command += ["-drive", f"if=none,id=disk{number},format=raw,{option},file={name}",
                    "-device", f"virtio-blk-pci,drive=disk{number}"]
    for name, end in sockets.items():
        command += ["-chardev", f"socket,id={name},fd={end.fileno()}"]
    command += ["-serial", "chardev:console", "-device", "virtio-serial-pci"]
    if settings.shell:
        command += ["-chardev", "stdio,id=tty,mux=on,signal=off", "-device", "virtconsole,chardev=tty"]
    for name in ("ctl", "out"):
        command += ["-device", f"virtserialport,chardev={name},name=weir.{name}"]
    return command


class Guest:
    """A running guest. `run` follows it to its end."""

    def __init__(self, settings, cached, folder, accel, boot):
        self.settings = settings
        self.boot = boot
        self.console = bytearray()
        self.control = bytearray()
        self.greeted = self.stopping = self.rebooting = False
        self.outcome = None
        self.deadline = time.monotonic() + settings.boot_timeout
        pairs = {name: socket.socketpair() for name in ("console", "ctl", "out")}
        theirs = {name: pair[1] for name, pair in pairs.items()}
        self.ends = {name: pair[0] for name, pair in pairs.items()}
        self.process = subprocess.Popen(
            qemu_command(settings, cached, folder, accel, theirs), pass_fds=[end.fileno() for end in theirs.values()],
            stdin=None if settings.shell else subprocess.DEVNULL, stdout=None if settings.shell else subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        for end in theirs.values():
            end.close()

    def run(self):
        handlers = {"console": self.on_console, "ctl": self.on_control, "out": self.on_output}
        with selectors.DefaultSelector() as selector:
            for name, end in self.ends.items():
                end.setblocking(False)
                selector.register(end, selectors.EVENT_READ, handlers[name])
            while self.outcome is None and selector.get_map():
                for key, _ in selector.select(self.patience()):
                    if not self.drain(key.fileobj, key.data):
                        selector.unregister(key.fileobj)
                if self.outcome is None and time.monotonic() >= self.deadline:
                    self.on_deadline()
        return self.outcome or Outcome(self.kind_of_end())

    def kind_of_end(self):
        """Why QEMU ended by itself."""
        if EMULATOR_FAULT.search(self.console.replace(b"\r", b"")):
            return "fault"
        return "reboot" if self.rebooting and b"Kernel panic" not in self.console else "died"

    def patience(self):
        return min(3600, max(0, self.deadline - time.monotonic()))

    def drain(self, end, handler):
        """Hands on what has arrived; False when QEMU has closed its end."""
        while True:
            try:
                data = end.recv(1 << 16)
            except BlockingIOError:
                return True
            except ConnectionResetError:
                return False
            if not data:
                return False
            handler(data)

    def on_console(self, data):
        self.console += data
        if not self.settings.quiet and not self.settings.shell:
            sys.stderr.buffer.write(data.replace(b"\r", b""))
            sys.stderr.buffer.flush()

    def on_output(self, data):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def on_control(self, data):
        self.control += data
        while b"\n" in self.control and self.outcome is None:
            line, _, rest = self.control.partition(b"\n")
            self.control = bytearray(rest)
            self.on_message(line.decode().split())

    def on_message(self, words):
        if words[0] == "hello" and not self.greeted:
            self.greeted = True
            self.deadline = time.monotonic() + self.settings.timeout
            self.send(json.dumps(self.request()))
        elif words[0] == "exit":
            self.on_exit(int(words[1]))
        elif words[0] != "start":
            self.outcome = Outcome("died")

    def request(self):
        settings = self.settings
        size = shutil.get_terminal_size()
        return {"command": settings.command, "shell": settings.shell, "boot": self.boot, "env": {},
                "term": os.environ.get("TERM", "linux") if settings.shell else "dumb",
                "size": [size.lines, size.columns]}

    def on_exit(self, status):
        self.drain(self.ends["out"], self.on_output)
        if self.stopping:
            self.outcome = Outcome("timeout")
        elif status == 0 and self.boot < self.settings.boots:
            self.rebooting = True
            self.deadline = time.monotonic() + self.settings.boot_timeout
            self.send("reboot")
        else:
            self.outcome = Outcome("exit", status)

    def on_deadline(self):
        if self.greeted and not self.stopping and not self.rebooting:
            self.stopping = True
            self.deadline = time.monotonic() + STOP_GRACE
            self.send("stop")
        else:
            self.outcome = Outcome("timeout" if self.greeted else "hung")

    def send(self, line):
        with contextlib.suppress(BrokenPipeError):
            self.ends["ctl"].sendall(line.encode() + b"\n")

    def end(self):
        self.process.kill()
        _, errors = self.process.communicate()
        for end in self.ends.values():
            end.close()
        return errors.decode(errors="replace")


def run_once(settings, accel):
    """One guest from power-on to its end. Returns the outcome, the console and QEMU's own complaints."""
    image.require_tools(TOOLS)
    with image.in_use() as cached, disks.work_folder() as folder:
        disks.make_disks(folder, settings)
        disks.make_initramfs(folder, cached.initramfs(settings.kernel))
        if settings.boots > 1:
            image.run(["cp", "--sparse=always", "--reflink=auto", cached.root, folder / "root.ext4"])
        console, errors = bytearray(), ""
        for boot in range(1, settings.boots + 1):
            guest = Guest(settings, cached, folder, accel, boot)
            try:
                outcome = guest.run()
            finally:
                errors += guest.end()
            console += guest.console
            if outcome.kind != "reboot":
                break
        if settings.out and outcome.kind in ("exit", "timeout"):
            disks.unpack_results(folder / "results.tar", settings.out)
        return outcome, console.replace(b"\r", b"").decode(errors="replace"), errors
