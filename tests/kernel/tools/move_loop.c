// SPDX-License-Identifier: Apache-2.0
// The least that moves all processes of a cgroup: every id of one cgroup.procs, written to another, until the first is
// empty. weir-move-loop FROM TO
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_procs(const char *cgroup, int flags) {
  char path[4096];
  snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
  const int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) {
    perror(path);
    exit(1);
  }
  return fd;
}

int main(int argc, char **argv) {
  static char text[1 << 20];
  if (argc != 3) {
    fprintf(stderr, "usage: weir-move-loop FROM TO\n");
    return 2;
  }
  const int to = open_procs(argv[2], O_WRONLY);
  for (;;) {
    const int from = open_procs(argv[1], O_RDONLY);
    size_t size = 0;
    ssize_t n;
    while (size < sizeof text - 1 && (n = read(from, text + size, sizeof text - 1 - size)) > 0) size += (size_t)n;
    close(from);
    if (size == 0) return 0;
    text[size] = '\0';
    for (char *pid = strtok(text, "\n"); pid; pid = strtok(NULL, "\n"))
      if (write(to, pid, strlen(pid)) < 0 && errno != ESRCH) {
        perror("write");
        return 1;
      }
  }
}
