// SPDX-License-Identifier: Apache-2.0
// A process tree that does not stand still: sleepers; parents whose children come and go, leave orphans, start threads
// and execute another program from among them; and chains in which every process forks its successor and exits.
// As the init of a container, it inherits what loses its parent: the host's init may not keep up.
// weir-storm SLEEPERS PARENTS CHAINS SECONDS
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void nap(long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&t, NULL);
}

static void *nap_in_thread(void *unused) {
  (void)unused;
  nap(1000);
  return NULL;
}

static void live_shortly(int kind) {
  if (kind == 1 && fork() > 0) _exit(0);
  if (kind == 2) {
    pthread_t thread;
    for (int i = 0; i < 2; ++i) pthread_create(&thread, NULL, nap_in_thread, NULL);
    nap(20);
    execlp("weir-storm", "weir-storm", "nap", (char *)NULL);
  }
  nap(50);
  _exit(0);
}

static void keep_having_children(void) {
  for (int kind = 0;; kind = (kind + 1) % 3) {
    pid_t child = fork();
    if (child == 0) live_shortly(kind);
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
  if (argc == 2 && strcmp(argv[1], "nap") == 0) live_shortly(0);
  if (argc != 5) {
    fprintf(stderr, "usage: weir-storm SLEEPERS PARENTS CHAINS SECONDS\n");
    return 2;
  }
  prctl(PR_SET_CHILD_SUBREAPER, 1);
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
  setpriority(PRIO_PROCESS, 0, -20);  // it must keep up with all the others
  while (wait(NULL) > 0) continue;
  for (;;) pause();
}
