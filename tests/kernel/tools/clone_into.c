// SPDX-License-Identifier: Apache-2.0
// The least that starts a command in a cgroup of its own: mkdir, clone3(CLONE_INTO_CGROUP), exec, wait, rmdir.
// What `weir run` is measured against.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what) {
  perror(what);
  exit(125);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fputs("usage: weir-clone-into CGROUP COMMAND [ARGUMENT...]\n", stderr);
    return 2;
  }
  if (mkdir(argv[1], 0755) < 0) die(argv[1]);
  const int cgroup = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (cgroup < 0) die(argv[1]);
  struct clone_args args;
  memset(&args, 0, sizeof args);
  args.flags = CLONE_INTO_CGROUP;
  args.exit_signal = SIGCHLD;
  args.cgroup = (uint64_t)cgroup;
  const pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0) die("clone3");
  if (pid == 0) {
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  int status = 0;
  if (waitpid(pid, &status, 0) < 0) die("waitpid");
  if (rmdir(argv[1]) < 0) die(argv[1]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
