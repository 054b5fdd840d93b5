// SPDX-License-Identifier: Apache-2.0
// Load for the tests: spins in threads, holds memory, or both; prints the CPU time it got.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static clockid_t timer = CLOCK_MONOTONIC;
static double deadline;

static double now(void) {
  struct timespec t;
  clock_gettime(timer, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *spin(void *unused) {
  (void)unused;
  volatile unsigned long sink = 0;
  while (now() < deadline)
    for (int i = 0; i < 100000; ++i) sink += (unsigned long)i;
  return NULL;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void spin_in_threads(int threads) {
  pthread_t *handles = calloc((size_t)threads, sizeof *handles);
  if (handles == NULL) die("calloc");
  for (int i = 1; i < threads; ++i)
    if (pthread_create(&handles[i], NULL, spin, NULL) != 0) die("pthread_create");
  spin(NULL);
  for (int i = 1; i < threads; ++i) pthread_join(handles[i], NULL);
}

static void hold(size_t bytes) {
  char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) die("mmap");
  madvise(memory, bytes, MADV_HUGEPAGE);  // only for speed
  memset(memory, 0x5a, bytes);
}

static double cpu_seconds(int who) {
  struct rusage used;
  getrusage(who, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void usage(void) {
  fputs("usage: weir-burn [--threads N] [--processes N] [--hold BYTES] [--seconds S | --cpu S]\n"
        "Spins in N threads of each process (0: sleeps) for a time, or until this process has used so much CPU time; says\n"
        "\"ready\" and, at the end, its CPU time.\n",
        stderr);
  exit(2);
}

int main(int argc, char **argv) {
  int threads = 1, processes = 1;
  size_t bytes = 0;
  double seconds = 1;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 >= argc) usage();
    if (strcmp(argv[i], "--threads") == 0)
      threads = atoi(argv[i + 1]);
    else if (strcmp(argv[i], "--processes") == 0)
      processes = atoi(argv[i + 1]);
    else if (strcmp(argv[i], "--hold") == 0)
      bytes = strtoull(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--seconds") == 0)
      seconds = atof(argv[i + 1]);
    else if (strcmp(argv[i], "--cpu") == 0) {
      seconds = atof(argv[i + 1]);
      timer = CLOCK_PROCESS_CPUTIME_ID;
    } else
      usage();
  }
  deadline = now() + seconds;
  for (int i = 1; i < processes; ++i) {
    const pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (threads > 0) spin_in_threads(threads);
      else usleep((useconds_t)(seconds * 1e6));
      _exit(0);
    }
  }
  if (bytes > 0) hold(bytes);
  puts("ready");
  fflush(stdout);
  if (threads > 0) spin_in_threads(threads);
  else usleep((useconds_t)(seconds * 1e6));
  while (wait(NULL) > 0) {
  }
  printf("cpu %.3f\n", cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN));
  return 0;
}
