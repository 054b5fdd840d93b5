// SPDX-License-Identifier: Apache-2.0
// The built-in profiles, in the form in which anybody could have written them.
#include "weir/config/seccomp.h"

namespace weir {
namespace {

// What concerns the whole host and no job: the rest is allowed, so that a program never breaks on a
// call it had every right to make. setuid programs work. clone3 hides its flags from a filter; with
// ENOSYS the C library uses clone.
constexpr std::string_view default_profile = R"json({
  "defaultAction": "SCMP_ACT_ALLOW",
  "archMap": [
    {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
    {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}
  ],
  "syscalls": [
    {"names": ["acct", "add_key", "bpf", "clock_adjtime", "clock_adjtime64", "clock_settime",
      "clock_settime64", "create_module", "delete_module", "finit_module", "fsconfig", "fsmount",
      "fsopen", "fspick", "get_kernel_syms", "init_module", "io_uring_enter", "io_uring_register",
      "io_uring_setup", "ioperm", "iopl", "kexec_file_load", "kexec_load", "keyctl",
      "lookup_dcookie", "mount", "mount_setattr", "move_mount", "name_to_handle_at", "nfsservctl",
      "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root", "query_module",
      "quotactl", "quotactl_fd", "reboot", "request_key", "setns", "settimeofday", "stime",
      "swapoff", "swapon", "syslog", "umount", "umount2", "unshare", "uselib", "userfaultfd",
      "ustat", "vm86", "vm86old"],
      "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
    {"names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "comment": "CLONE_NEWNS",
      "args": [{"index": 0, "value": 131072, "valueTwo": 131072, "op": "SCMP_CMP_MASKED_EQ"}]},
    {"names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "comment": "CLONE_NEWCGROUP",
      "args": [{"index": 0, "value": 33554432, "valueTwo": 33554432, "op": "SCMP_CMP_MASKED_EQ"}]},
    {"names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "comment": "CLONE_NEWUTS",
      "args": [{"index": 0, "value": 67108864, "valueTwo": 67108864, "op": "SCMP_CMP_MASKED_EQ"}]},
    {"names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "comment": "CLONE_NEWIPC",
      "args": [{"index": 0, "value": 134217728, "valueTwo": 134217728,
        "op": "SCMP_CMP_MASKED_EQ"}]},
    {"names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "comment": "CLONE_NEWUSER",
      "args": [{"index": 0, "value": 268435456, "valueTwo": 268435456,
        "op": "SCMP_CMP_MASKED_EQ"}]},
    {"names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "comment": "CLONE_NEWPID",
      "args": [{"index": 0, "value": 536870912, "valueTwo": 536870912,
        "op": "SCMP_CMP_MASKED_EQ"}]},
    {"names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "comment": "CLONE_NEWNET",
      "args": [{"index": 0, "value": 1073741824, "valueTwo": 1073741824,
        "op": "SCMP_CMP_MASKED_EQ"}]},
    {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "comment": "ENOSYS"}
  ]
})json";

// Files, memory, processes, threads, signals, time and sockets. Nothing that changes who one is, so
// sudo fails; nobody else's memory; only the machine's own kind of programs. What `default` refuses
// because it concerns the host kills: a job that tries is no job.
constexpr std::string_view strict_profile = R"json({
  "defaultAction": "SCMP_ACT_ERRNO",
  "defaultErrnoRet": 1,
  "syscalls": [
    {"names": ["acct", "bpf", "clock_settime", "delete_module", "finit_module", "init_module",
      "ioperm", "iopl", "kexec_file_load", "kexec_load", "mount", "move_mount",
      "open_by_handle_at", "perf_event_open", "pivot_root", "reboot", "setns", "settimeofday",
      "swapoff", "swapon", "umount2", "unshare"],
      "action": "SCMP_ACT_KILL_PROCESS"},
    {"names": ["accept", "accept4", "access", "alarm", "arch_prctl", "bind", "brk", "cachestat",
      "capget", "chdir", "chmod", "chown", "clock_getres", "clock_gettime", "clock_nanosleep",
      "close", "close_range", "connect", "copy_file_range", "creat", "dup", "dup2", "dup3",
      "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait",
      "eventfd", "eventfd2", "execve", "execveat", "exit", "exit_group", "faccessat",
      "faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod", "fchmodat", "fchmodat2",
      "fchown", "fchownat", "fcntl", "fdatasync", "fgetxattr", "flistxattr", "flock", "fork",
      "fremovexattr", "fsetxattr", "fstat", "fstatfs", "fsync", "ftruncate", "futex",
      "futex_requeue", "futex_wait", "futex_waitv", "futex_wake", "futimesat", "getcpu", "getcwd",
      "getdents", "getdents64", "getegid", "geteuid", "getgid", "getgroups", "getitimer",
      "getpeername", "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getrandom",
      "getresgid", "getresuid", "getrlimit", "getrusage", "getsid", "getsockname", "getsockopt",
      "gettid", "gettimeofday", "getuid", "getxattr", "inotify_add_watch", "inotify_init",
      "inotify_init1", "inotify_rm_watch", "ioctl", "ioprio_get", "ioprio_set", "kill",
      "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "lchown",
      "lgetxattr", "link", "linkat", "listen", "listxattr", "llistxattr", "lremovexattr", "lseek",
      "lsetxattr", "lstat", "madvise", "map_shadow_stack", "membarrier", "memfd_create", "mincore",
      "mkdir", "mkdirat", "mlock", "mlock2", "mlockall", "mmap", "mprotect", "mremap", "msync",
      "munlock", "munlockall", "munmap", "nanosleep", "newfstatat", "open", "openat", "openat2",
      "pause", "pidfd_open", "pidfd_send_signal", "pipe", "pipe2", "pkey_alloc", "pkey_free",
      "pkey_mprotect", "poll", "ppoll", "prctl", "pread64", "preadv", "preadv2", "prlimit64",
      "pselect6", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat",
      "readv", "recvfrom", "recvmmsg", "recvmsg", "remap_file_pages", "removexattr", "rename",
      "renameat", "renameat2", "restart_syscall", "rmdir", "rseq", "rt_sigaction", "rt_sigpending",
      "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
      "rt_tgsigqueueinfo", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity",
      "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_rr_get_interval",
      "sched_setaffinity", "sched_yield", "seccomp", "select", "semctl", "semget", "semop",
      "semtimedop", "sendfile", "sendmmsg", "sendmsg", "sendto", "set_robust_list",
      "set_tid_address", "setitimer", "setpgid", "setpriority", "setrlimit", "setsid",
      "setsockopt", "setxattr", "shmat", "shmctl", "shmdt", "shmget", "shutdown", "sigaltstack",
      "signalfd", "signalfd4", "socketpair", "splice", "stat", "statfs", "statx", "symlink",
      "symlinkat", "sync", "sync_file_range", "syncfs", "sysinfo", "tee", "tgkill", "time",
      "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_settime",
      "timerfd_create", "timerfd_gettime", "timerfd_settime", "times", "tkill", "truncate",
      "umask", "uname", "unlink", "unlinkat", "utime", "utimensat", "utimes", "vfork", "vmsplice",
      "wait4", "waitid", "waitpid", "write", "writev"],
      "action": "SCMP_ACT_ALLOW"},
    {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "comment": "AF_UNIX",
      "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
    {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "comment": "AF_INET",
      "args": [{"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]},
    {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "comment": "AF_INET6",
      "args": [{"index": 0, "value": 10, "op": "SCMP_CMP_EQ"}]},
    {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "comment": "no new namespaces",
      "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
    {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "comment": "ENOSYS"}
  ]
})json";

}  // namespace

std::optional<std::string_view> builtin_seccomp(std::string_view name) {
  if (name == "default") return default_profile;
  if (name == "strict") return strict_profile;
  return std::nullopt;
}

}  // namespace weir
