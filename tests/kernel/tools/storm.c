// SPDX-License-Identifier: Apache-2.0
// A process tree that does not stand still: sleepers, parents whose children come and go, and chains in
// which every process forks its successor and exits. weir-storm SLEEPERS PARENTS CHAINS SECONDS
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void nap(long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&t, NULL);
}

static void keep_having_children(void) {
  for (;;) {
    pid_t child = fork();
    if (child == 0) {
      nap(50);
      _exit(0);
    }
    if (child > 0) waitpid(child, NULL, 0);
    else nap(10);
  }
}

static void run_away(void) {
  for (;;) {
    nap(30);
    if (fork() > 0) _exit(0);
  }
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: weir-storm SLEEPERS PARENTS CHAINS SECONDS\n");
    return 2;
  }
  int counts[3] = {atoi(argv[1]), atoi(argv[2]), atoi(argv[3])};
  for (int kind = 0; kind < 3; ++kind)
    for (int i = 0; i < counts[kind]; ++i) {
      pid_t child = fork();
      if (child != 0) continue;
      if (kind == 1) keep_having_children();
      if (kind == 2) run_away();
      for (;;) pause();
    }
  printf("ready\n");
  fflush(stdout);
  alarm((unsigned)atoi(argv[4]));
  for (;;) pause();
}
