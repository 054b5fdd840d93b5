// SPDX-License-Identifier: Apache-2.0
// weir-kill-at N FILE COMMAND...: runs a command and kills it (SIGKILL) just before the N-th system
// call of its first process that could change something outside of it; 0: never. What that call was,
// or how many there were, is written into FILE; the status is the command's, 128 + signal for one.
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
// After sys/ptrace.h, which has the same names.
#include <linux/ptrace.h>

static void die(const char *what) {
  perror(what);
  exit(99);
}

static int opens_to_make(unsigned long long flags) { return (flags & (O_CREAT | O_TRUNC)) != 0; }

static unsigned long long flags_of_openat2(pid_t pid, unsigned long long address) {
  struct open_how how = {0};
  struct iovec here = {&how, sizeof how}, there = {(void *)(size_t)address, sizeof how};
  return process_vm_readv(pid, &here, 1, &there, 1, 0) < 0 ? 0 : how.flags;
}

// The name of a call that changes something; NULL for others. The standard streams are nobody's tree.
static const char *change(pid_t pid, const struct ptrace_syscall_info *info) {
  const unsigned long long *args = info->entry.args;
  switch (info->entry.nr) {
    case SYS_write: return args[0] > 2 ? "write" : NULL;
    case SYS_writev: return args[0] > 2 ? "writev" : NULL;
    case SYS_pwrite64: return "pwrite64";
    case SYS_open: return opens_to_make(args[1]) ? "open" : NULL;
    case SYS_openat: return opens_to_make(args[2]) ? "openat" : NULL;
    case SYS_openat2: return opens_to_make(flags_of_openat2(pid, args[2])) ? "openat2" : NULL;
    case SYS_mkdir: return "mkdir";
    case SYS_mkdirat: return "mkdirat";
    case SYS_rmdir: return "rmdir";
    case SYS_unlink: return "unlink";
    case SYS_unlinkat: return "unlinkat";
    case SYS_rename: return "rename";
    case SYS_renameat: return "renameat";
    case SYS_renameat2: return "renameat2";
    case SYS_link: return "link";
    case SYS_linkat: return "linkat";
    case SYS_symlinkat: return "symlinkat";
    case SYS_ftruncate: return "ftruncate";
    case SYS_chmod: return "chmod";
    case SYS_fchmod: return "fchmod";
    case SYS_setxattr: return "setxattr";
    case SYS_fsetxattr: return "fsetxattr";
    case SYS_removexattr: return "removexattr";
    case SYS_fremovexattr: return "fremovexattr";
    case SYS_clone: return "clone";
    case SYS_clone3: return "clone3";
    case SYS_vfork: return "vfork";
    case SYS_kill: return "kill";
    case SYS_tgkill: return "tgkill";
    case SYS_pidfd_send_signal: return "pidfd_send_signal";
    case SYS_sendto: return "sendto";
    case SYS_sendmsg: return "sendmsg";
    default: return NULL;
  }
}

static void note(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) die(path);
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fputs("usage: weir-kill-at N FILE COMMAND...\n", stderr);
    return 2;
  }
  const long at = strtol(argv[1], NULL, 10);
  const pid_t pid = fork();
  if (pid < 0) die("fork");
  if (pid == 0) {
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0) die("PTRACE_TRACEME");
    raise(SIGSTOP);
    execvp(argv[3], argv + 3);
    die(argv[3]);
  }
  int status = 0;
  if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) die("the first stop");
  if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC)) < 0)
    die("PTRACE_SETOPTIONS");
  long seen = 0;
  long forward = 0;
  char said[64] = "";
  for (;;) {
    if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)forward) < 0 && errno != ESRCH) die("PTRACE_SYSCALL");
    forward = 0;
    if (waitpid(pid, &status, 0) != pid) die("waitpid");
    if (WIFEXITED(status) || WIFSIGNALED(status)) break;
    const int stop = WSTOPSIG(status);
    if (stop == (SIGTRAP | 0x80)) {
      struct ptrace_syscall_info info = {0};
      if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info) < 0) continue;
      if (info.op != PTRACE_SYSCALL_INFO_ENTRY) continue;
      const char *name = change(pid, &info);
      if (name == NULL || ++seen != at) continue;
      snprintf(said, sizeof said, "%s\n", name);
      kill(pid, SIGKILL);
    } else if (stop != SIGTRAP) {
      forward = stop;
    }
  }
  if (said[0] == '\0') snprintf(said, sizeof said, "%ld\n", seen);
  note(argv[2], said);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
