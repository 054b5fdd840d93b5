// SPDX-License-Identifier: Apache-2.0
// The least that moves all processes of a cgroup: every id of one cgroup.procs, written to another, until the first is
// empty. With --frozen both stand still meanwhile, as they must where somebody could fork; with --only-freeze that is all
// that happens.
// weir-move-loop [--frozen|--only-freeze] FROM TO
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int open_file(const char *cgroup, const char *file, int flags) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", cgroup, file);
  const int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) die(path);
  return fd;
}

static int open_procs(const char *cgroup, int flags) { return open_file(cgroup, "cgroup.procs", flags); }

static void set_frozen(const char *cgroup, const char *value) {
  const int fd = open_file(cgroup, "cgroup.freeze", O_WRONLY);
  if (write(fd, value, 1) < 0) die(cgroup);
  close(fd);
}

static void wait_until_frozen(const char *cgroup) {
  const int fd = open_file(cgroup, "cgroup.events", O_RDONLY);
  for (;;) {
    char text[256];
    const ssize_t n = pread(fd, text, sizeof text - 1, 0);
    if (n < 0) die(cgroup);
    text[n] = '\0';
    if (strstr(text, "frozen 1") != NULL) break;
    struct pollfd change = {fd, POLLPRI, 0};
    poll(&change, 1, 10);
  }
  close(fd);
}

static void move_all(const char *source, const char *destination) {
  static char text[1 << 20];
  const int to = open_procs(destination, O_WRONLY);
  for (;;) {
    const int from = open_procs(source, O_RDONLY);
    size_t size = 0;
    ssize_t n;
    while (size < sizeof text - 1 && (n = read(from, text + size, sizeof text - 1 - size)) > 0) size += (size_t)n;
    close(from);
    if (size == 0) break;
    text[size] = '\0';
    for (char *pid = strtok(text, "\n"); pid; pid = strtok(NULL, "\n"))
      if (write(to, pid, strlen(pid)) < 0 && errno != ESRCH) die("write");
  }
  close(to);
}

int main(int argc, char **argv) {
  const int only_freeze = argc == 4 && strcmp(argv[1], "--only-freeze") == 0;
  const int frozen = only_freeze || (argc == 4 && strcmp(argv[1], "--frozen") == 0);
  if (argc != 3 && !frozen) {
    fprintf(stderr, "usage: weir-move-loop [--frozen|--only-freeze] FROM TO\n");
    return 2;
  }
  const char *from = argv[argc - 2], *to = argv[argc - 1];
  if (!frozen) {
    move_all(from, to);
    return 0;
  }
  set_frozen(from, "1");
  set_frozen(to, "1");
  wait_until_frozen(from);
  if (!only_freeze) move_all(from, to);
  set_frozen(to, "0");
  set_frozen(from, "0");
  return 0;
}
