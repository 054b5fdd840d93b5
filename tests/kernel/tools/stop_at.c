// SPDX-License-Identifier: Apache-2.0
// Runs a command and kills it right before the n-th of its system calls that change something: a directory, a file that
// is written, an attribute, a process that is started, a message that is sent. weir-stop-at N FILE COMMAND...
// With N = 0 it runs to the end. Writes the number of such calls to FILE. Ends like the command does, or with 137. Calls of its children are not counted, and they are let go.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static int changes_something(const struct user_regs_struct *regs) {
  switch (regs->orig_rax) {
    case SYS_write:
    case SYS_pwrite64:
    case SYS_writev:
      return regs->rdi > 2;  // what it prints changes nothing
    case SYS_mkdir:
    case SYS_mkdirat:
    case SYS_rmdir:
    case SYS_unlink:
    case SYS_unlinkat:
    case SYS_rename:
    case SYS_renameat:
    case SYS_renameat2:
    case SYS_ftruncate:
    case SYS_setxattr:
    case SYS_fsetxattr:
    case SYS_removexattr:
    case SYS_fremovexattr:
    case SYS_fchmod:
    case SYS_fchownat:
    case SYS_clone:
    case SYS_clone3:
    case SYS_fork:
    case SYS_vfork:
    case SYS_kill:
    case SYS_pidfd_send_signal:
    case SYS_sendto:
    case SYS_sendmsg:
      return 1;
    default:
      return 0;
  }
}

static int finish(const char *path, long count, int status) {
  FILE *file = fopen(path, "w");
  if (!file || fprintf(file, "%ld\n", count) < 0 || fclose(file) != 0) perror("weir-stop-at");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: weir-stop-at N FILE COMMAND...\n");
    return 2;
  }
  const long at = atol(argv[1]);
  const pid_t child = fork();
  if (child < 0) return 2;
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    execvp(argv[3], argv + 3);
    _exit(127);
  }
  int status = 0;
  if (waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status)) return 2;
  ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)(long)(PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD));
  long count = 0;
  int entering = 1, pass_on = 0;
  for (;;) {
    if (ptrace(PTRACE_SYSCALL, child, NULL, (void *)(long)pass_on) < 0 && errno != ESRCH) return 2;
    pass_on = 0;
    while (waitpid(child, &status, 0) < 0)
      if (errno != EINTR) return 2;
    if (WIFEXITED(status) || WIFSIGNALED(status)) return finish(argv[2], count, status);
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
      pass_on = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
      continue;
    }
    struct user_regs_struct regs;
    if (entering && ptrace(PTRACE_GETREGS, child, NULL, &regs) == 0 && changes_something(&regs) && ++count == at) {
      kill(child, SIGKILL);
      while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return 2;
      return finish(argv[2], count, status);
    }
    entering = !entering;
  }
}
