# SPDX-License-Identifier: Apache-2.0
"""The harness's program inside the guest: unpacks the payload, runs the command, reports.

It speaks lines over the virtio port weir.ctl: it says `hello`, gets a request in JSON, says `start`
and at the end `exit STATUS`. The command's output goes to the port weir.out as it comes.
"""

import fcntl
import json
import os
import select
import signal
import subprocess
import time

PATH = "/payload/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PAYLOAD_DISK = "/dev/vdb"
RESULT_DISK = "/dev/vdc"
SCRATCH_DISK = "/dev/vdd"


LONGEST_NOTE = 800  # the kernel takes no line of 1,024 bytes


def note(text):
    with open("/dev/kmsg", "w", encoding="ascii", errors="replace") as log:
        log.write(f"weir-vm: {text[:LONGEST_NOTE]}\n")


def open_port(name, flags):
    """Opens a virtio port by the name the harness gave it; ports may appear late."""
    base = "/sys/class/virtio-ports"
    for _ in range(400):
        for port in os.listdir(base) if os.path.isdir(base) else []:
            with open(f"{base}/{port}/name") as handle:
                if handle.read().strip() == name:
                    return os.open(f"/dev/{port}", flags | os.O_CLOEXEC)
        time.sleep(0.05)
    raise RuntimeError(f"no virtio port {name}")


class Control:
    def __init__(self):
        self.fd = open_port("weir.ctl", os.O_RDWR)

    def say(self, *words):
        data = (" ".join(map(str, words)) + "\n").encode()
        while data:
            data = data[os.write(self.fd, data):]

    def line(self):
        data = b""
        while not data.endswith(b"\n"):
            piece = os.read(self.fd, 65536)
            if not piece:
                time.sleep(0.05)
            data += piece
        return data.decode()


def set_up(request):
    with open("/proc/self/oom_score_adj", "w") as handle:
        handle.write("-1000")
    with open("/proc/sys/kernel/sysrq", "w") as handle:
        handle.write("1")
    if request["boot"] == 1:
        subprocess.run(["tar", "-C", "/payload", "-xpf", PAYLOAD_DISK], check=True)
        install_tree()


def install_tree():
    """A payload with an installed tree in usr/local is installed in the guest, too."""
    if os.path.isdir("/payload/usr/local"):
        subprocess.run(["cp", "-a", "/payload/usr/local/.", "/usr/local/"], check=True)
        subprocess.run(["ldconfig"], check=True)
        if systemd():
            subprocess.run(["systemctl", "daemon-reload"], check=True)


def systemd():
    return os.path.isdir("/run/systemd/system")


def environment(request):
    env = {"PATH": PATH, "HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/bin/bash",
           "LANG": "C.UTF-8", "TERM": request["term"], "WEIR_SCRATCH_DISK": SCRATCH_DISK,
           "WEIR_VM_INIT": "systemd" if systemd() else "sh", "WEIR_BOOT": str(request["boot"])}
    return {**env, **request["env"]}


def in_child():
    with open("/proc/self/oom_score_adj", "w") as handle:
        handle.write("0")


def run_command(request, control):
    """Runs the command with its output on the port; ends early when the host says so."""
    output = open_port("weir.out", os.O_WRONLY)
    try:
        child = subprocess.Popen(request["command"], cwd="/payload", env=environment(request),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 start_new_session=True, preexec_fn=in_child)
    except OSError as error:
        os.write(output, f"{request['command'][0]}: {error.strerror}\n".encode())
        return 126 if isinstance(error, PermissionError) else 127
    pipe = child.stdout.fileno()
    fcntl.fcntl(pipe, fcntl.F_SETFL, os.O_NONBLOCK)
    forward(child, pipe, output, control)
    status = child.wait()
    copy(pipe, output)
    return 128 - status if status < 0 else status


def forward(child, pipe, output, control):
    """Until the command itself has ended; what it left in the background may keep the pipe."""
    death = os.pidfd_open(child.pid)
    poll = select.poll()
    for fd in (death, pipe, control.fd):
        poll.register(fd, select.POLLIN)
    while True:
        ready = {fd: event for fd, event in poll.poll()}
        if pipe in ready and not copy(pipe, output):
            poll.unregister(pipe)
        if ready.get(control.fd, 0) & select.POLLIN and control.line().strip() == "stop":
            show_state()
            os.killpg(child.pid, signal.SIGKILL)
            poll.unregister(control.fd)
        if death in ready:
            return


def copy(pipe, output):
    """Passes on what is there; False at the end of the pipe."""
    while True:
        try:
            data = os.read(pipe, 65536)
        except BlockingIOError:
            return True
        if not data:
            return False
        while data:
            data = data[os.write(output, data):]


def show_state():
    """For a command that hangs: every process and where it waits, on the console."""
    listing = subprocess.run(["ps", "-eo", "pid,ppid,stat,wchan:30,cgroup:60,args", "--forest"],
                             stdout=subprocess.PIPE, text=True, check=False).stdout
    for line in listing.splitlines():
        if not line.rstrip().endswith("]"):
            note(line)
    with open("/proc/sysrq-trigger", "w") as handle:
        handle.write("w")


def run_shell(request):
    rows, columns = request["size"]
    script = f"stty rows {rows} cols {columns}; exec bash -l"
    env = environment(request)
    with open("/dev/hvc0", "r+b", buffering=0) as tty:
        return subprocess.run(["setsid", "--ctty", "--wait", "sh", "-c", script], cwd="/payload", env=env,
                              stdin=tty, stdout=tty, stderr=tty, preexec_fn=in_child, check=False).returncode


def keep_results():
    done = subprocess.run(["tar", "-C", "/out", "-cf", RESULT_DISK, "."], stderr=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode:
        note(f"keeping the results: {done.stderr.strip()}")
    os.sync()


def main():
    control = Control()
    with open("/proc/uptime") as handle:
        uptime = handle.read().split()[0]
    control.say("hello", uptime, os.uname().release)
    request = json.loads(control.line())
    set_up(request)
    control.say("start")
    status = run_shell(request) if request["shell"] else run_command(request, control)
    keep_results()
    control.say("exit", status)
    if control.line().strip() == "reboot" and systemd():
        subprocess.run(["systemctl", "reboot"], check=True)


main()
