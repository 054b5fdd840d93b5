# SPDX-License-Identifier: Apache-2.0
"""System calls are made in cgroup/ alone; the clock and the environment are read there and in cli/."""

import re

from layers import includes, layer_of
from tree import Finding

SYSTEM_HEADER = re.compile(
    r"^(unistd|fcntl|poll|signal|dirent|grp|pwd|dlfcn|sched|termios|mntent|ftw|glob|spawn|pthread)\.h$"
    r"|^(sys|linux|asm|net|netinet|arpa)/|^(filesystem|fstream|csignal)$")
SYSTEM_CALL = re.compile(
    r"(?<![\w>.:])::(open|openat|openat2|creat|read|pread|write|pwrite|close|dup\d?|pipe2?|fork|vfork|exec\w+|"
    r"clone3?|wait\w*|kill|stat|fstat|lstat|statfs|fstatfs|access|faccessat|mkdir\w*|rmdir|unlink\w*|rename\w*|"
    r"readlink|opendir|readdir|flock|fsync|chmod|chown|get\w*id|set\w*id|prctl|syscall|poll|select|epoll\w*|"
    r"socket|connect|bind|mmap|munmap|isatty|ioctl|usleep|nanosleep|getxattr|setxattr|signal|sigaction|raise)\s*\(")
OTHERS = (
    (re.compile(r"\bstd::filesystem\b|\bstd::[io]?fstream\b"), "opens files"),
    (re.compile(r"[Cc]lock::now\s*\(|\bstd::time\s*\(|(?<![\w:])time\s*\(\s*(nullptr|NULL|0)\s*\)"), "reads the clock"),
    (re.compile(r"\bgetenv\s*\("), "reads the environment"),
    (re.compile(r"\bstd::system\s*\(|\bpopen\s*\("), "runs a shell"),
    (re.compile(r"\bstd::random_device\b|\bstd::rand\s*\("), "is not repeatable"),
)

# Each with its reason. A layer's name stands for all its files.
ALLOWED = {
    ("include/weir/base/unique_fd.h", "unistd.h"): "owning a descriptor means closing it",
    ("include/weir/base/unique_fd.h", "close"): "the same",
    ("src/runtime/clp_solver.cpp", "dlfcn.h"): "the LP library is loaded on first use (docs/decisions.md)",
    ("src/runtime/status.cpp", "reads the clock"): "a rate is a difference between two moments",
    ("src/runtime/rebalance.cpp", "reads the clock"): "the same",
    ("cli", "unistd.h"): "is it a terminal, and writing to it",
    ("cli", "isatty"): "colour only on a terminal",
    ("cli", "write"): "stdout whole or an error",
    ("cli", "sys/ioctl.h"): "the width of the terminal",
    ("cli", "ioctl"): "the same",
    ("cli", "reads the environment"): "WEIR_CONFIG and NO_COLOR",
    ("cli", "reads the clock"): "what is printed as a time",
    ("cli", "csignal"): "a closed pipe is an error of write(2), not a signal",
    ("cli", "signal.h"): "the same",
    ("cli", "signal"): "the same",
}


def is_allowed(name, what):
    return (name, what) in ALLOWED or (layer_of(name), what) in ALLOWED


def without_comments(line):
    return re.sub(r'"(\\.|[^"\\])*"', '""', line).split("//")[0]


def check_calls(tree):
    for name, text in tree.code().items():
        if layer_of(name) == "cgroup":
            continue
        for number, system, target in includes(text):
            if system and SYSTEM_HEADER.search(target) and not is_allowed(name, target):
                yield Finding(name, number, f"<{target}> belongs in cgroup/, which makes every system call")
        yield from check_lines(name, text)


def check_lines(name, text):
    for number, line in enumerate(text.splitlines(), 1):
        line = without_comments(line)
        for match in SYSTEM_CALL.finditer(line):
            if not is_allowed(name, match[1]):
                yield Finding(name, number, f"::{match[1]}() belongs in cgroup/")
        for pattern, what in OTHERS:
            if pattern.search(line) and not is_allowed(name, what):
                yield Finding(name, number, f"{what}: that belongs in cgroup/ or comes as an argument")
