// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/confine_agent.h"

#include <array>
#include <cerrno>
#include <linux/capability.h>
#include <sched.h>
#include <sys/socket.h>

#include "weir/base/text.h"

#include "confine.h"

namespace weir {
namespace {

/// trusted.* attributes; signals to containers; cgroups and files that were handed to a user;
/// pidfds and /proc of users' processes; limits of what belongs to others; moving a process that
/// has more capabilities than the agent to other CPUs (Linux 6.1 asks wherever the cpuset
/// controller is on, as it is under systemd).
constexpr std::array kept{CAP_SYS_ADMIN,  CAP_KILL,         CAP_DAC_OVERRIDE,
                          CAP_SYS_PTRACE, CAP_SYS_RESOURCE, CAP_SYS_NICE};

constexpr SeccompAction allow{SeccompAction::Kind::allow, 0};

SeccompAction answer(int number) {
  return {SeccompAction::Kind::error, static_cast<std::uint16_t>(number)};
}

constexpr std::string_view files = R"(
access chdir chmod close close_range copy_file_range dup dup2 dup3 faccessat faccessat2
fadvise64 fallocate fchdir fchmod fchmodat fcntl fdatasync fgetxattr flistxattr flock
fremovexattr fsetxattr fstat fstatfs fsync ftruncate getcwd getdents64 getxattr ioctl lgetxattr
link linkat listxattr llistxattr lremovexattr lseek lsetxattr lstat memfd_create mkdir mkdirat
newfstatat open openat openat2 pipe pipe2 pread64 preadv pwrite64 pwritev read readlink
readlinkat readv removexattr rename renameat renameat2 rmdir setxattr stat statfs statx symlink
symlinkat umask unlink unlinkat utimensat write writev
)";

constexpr std::string_view waiting = R"(
clock_getres clock_gettime clock_nanosleep epoll_create1 epoll_ctl epoll_pwait epoll_pwait2
epoll_wait eventfd2 futex gettimeofday inotify_add_watch inotify_init1 inotify_rm_watch
nanosleep pause poll ppoll pselect6 restart_syscall select signalfd4 time timerfd_create
timerfd_gettime timerfd_settime
)";

/// Its own processes (the guardian is forked) and what it asks of others.
constexpr std::string_view processes = R"(
arch_prctl brk capget exit exit_group fork get_robust_list getegid geteuid getgid getgroups
getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage
getsid gettid getuid kill madvise membarrier mincore mlock mmap mprotect mremap munlock munmap
pidfd_open pidfd_send_signal prctl prlimit64 rseq rt_sigaction rt_sigpending rt_sigprocmask
rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait sched_getaffinity sched_getparam
sched_getscheduler sched_get_priority_min sched_yield set_robust_list set_tid_address setpgid
setsid sigaltstack sysinfo tgkill uname vfork wait4 waitid
)";

constexpr std::string_view sockets = R"(
accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg
sendmmsg sendmsg sendto setsockopt shutdown socketpair
)";

/// A new process, in no new namespace.
SeccompRule plain_clone() {
  constexpr std::uint64_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                       CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  return {{"clone"}, allow, {{0, SeccompArgument::Op::masked_equal, namespaces, 0}}};
}

SeccompProfile profile() {
  using Op = SeccompArgument::Op;
  SeccompProfile out;
  out.default_action = {SeccompAction::Kind::trap, 0};
  for (const auto names : {files, waiting, processes, sockets}) {
    auto& rule = out.rules.emplace_back(SeccompRule{{}, allow, {}});
    for (const auto name : split_words(names)) rule.names.emplace_back(name);
  }
  out.rules.push_back(plain_clone());
  // Whoever looks users up (nsswitch.conf) may try: a thread, which falls back to clone; a network.
  out.rules.push_back({{"clone3"}, answer(ENOSYS), {}});
  // It goes before nobody (Precedence).
  out.rules.push_back({{"sched_setscheduler"}, answer(EPERM), {}});
  out.rules.push_back({{"socket"}, allow, {{0, Op::equal, AF_UNIX, 0}}});
  out.rules.push_back({{"socket"}, answer(EAFNOSUPPORT), {{0, Op::not_equal, AF_UNIX, 0}}});
  return out;
}

}  // namespace

Status confine_agent() {
  WEIR_TRY(const auto filter, compile(profile()));
  return confine("weir agent", kept, filter);
}

}  // namespace weir
