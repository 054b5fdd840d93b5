#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""intruder.py SOCKET ATTACK [POOL]: what an ordinary user may try on the agent's socket.

Runs as that user and prints what the agent answered, a line each.
"""

import ctypes
import os
import random
import socket
import struct
import subprocess
import sys
import time

GREETING = b"weir agent 1"
SCM_CREDENTIALS = 2


def request(name, pool="ci", what="run", extra=""):
    return f"weir request 1\nwhat {what}\npool {pool}{extra}\n\nweir 1\nname {name}\n".encode()


class Talk:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.greeting = self.socket.recv(64)

    def send(self, message, control=()):
        try:
            self.socket.sendmsg([message], list(control))
        except BrokenPipeError:
            pass
        return self

    def answer(self):
        """The agent's word for what is wrong, "done", or "closed"."""
        try:
            text = self.socket.recv(65536).decode()
        except OSError as error:
            return type(error).__name__
        if not text:
            return "closed"
        codes = [line[5:] for line in text.splitlines() if line.startswith("code ")]
        return codes[0] if codes else "done"


def credentials(pid, uid, gid):
    return socket.SOL_SOCKET, SCM_CREDENTIALS, struct.pack("3i", pid, uid, gid)


def another_pid(path):
    """The kernel does not let a process say that it is another one."""
    victim = subprocess.Popen(["sleep", "60"])
    try:
        Talk(path).socket.sendmsg([request("stolen")], [credentials(victim.pid, os.getuid(), os.getgid())])
        yield "sent"
    except PermissionError:
        yield "refused by the kernel"
    finally:
        victim.kill()


def another_pidfd(path):
    """A descriptor of another process changes nothing: it is dropped, and the message with it."""
    victim = subprocess.Popen(["sleep", "60"])
    fd = os.pidfd_open(victim.pid)
    yield Talk(path).send(request("stolen"), [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", fd))]).answer()
    victim.kill()


def inherited_socket(path):
    """A child that kept the socket speaks for itself, and it is not who connected."""
    talk = Talk(path)
    if os.fork() == 0:
        talk.send(request("stolen"))
        os._exit(0)
    os.wait()
    yield talk.answer()


def setuid_program(path):
    """A program that gained rights under the same pid: it runs already when the agent reads what was sent before."""
    talk = Talk(path)
    yield "ready"
    sys.stdin.readline()
    talk.send(request("raised"))
    os.set_inheritable(talk.socket.fileno(), True)
    os.execv("/usr/bin/su", ["su", "-c", "true"])


def ptraced(path):
    """Stopped between the question and the answer: the agent waits for nobody."""
    libc = ctypes.CDLL(None, use_errno=True)
    child = os.fork()
    if child == 0:
        libc.ptrace(0, 0, None, None)
        os.kill(os.getpid(), 19)
        yield_to = Talk(path).send(request("traced")).answer()
        os._exit(0 if yield_to == "done" else 1)
    os.waitpid(child, 0)
    libc.ptrace(7, child, None, None)
    _, status = os.waitpid(child, 0)
    yield "the traced child ended well" if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0 else f"status {status}"


def descriptors(path):
    """Floods of descriptors."""
    fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(250)]
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f"{len(fds)}i", *fds))
    for _ in range(20):
        yield Talk(path).send(request("flood"), [rights]).answer()


def halves(path):
    """Messages that stop early, are too long, or say nothing."""
    whole = request("half")
    for message in (whole[:30], whole[:38], whole[:-6] + b"../x", b"x" * 9000, b"\0" * 100):
        yield Talk(path).send(message).answer()
    silent = Talk(path)
    yield silent.answer()


def many(path):
    """A thousand connections that say nothing; then one that does."""
    talks = []
    for _ in range(1000):
        try:
            talks.append(Talk(path))
        except OSError:
            break
    yield f"{len(talks)} opened"
    sys.stdout.flush()
    time.sleep(4)


def noise(path):
    """Random bytes, and random changes of a good message."""
    dice = random.Random(7)
    answers = set()
    for number in range(200):
        message = bytearray(request("noise"))
        if number % 2:
            message = bytearray(dice.randbytes(dice.randrange(1, 4000)))
        else:
            for _ in range(8):
                message[dice.randrange(len(message) - 12)] = dice.randrange(256)
        answers.add(Talk(path).send(bytes(message)).answer())
        if "done" in answers:
            break
    yield from sorted(answers)


def main():
    path, attack = sys.argv[1:3]
    for line in globals()[attack](path):
        print(line, flush=True)


if __name__ == "__main__":
    main()
