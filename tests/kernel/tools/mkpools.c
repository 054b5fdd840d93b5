// SPDX-License-Identifier: Apache-2.0
// A plain loop over a list of directories to make and files to write: what `weir apply` is measured against.
// Lines of the list: "make PATH" or "write PATH VALUE"; a value goes to the end of the line.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *path) {
  perror(path);
  exit(1);
}

static void write_file(const char *path, const char *value) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, value, strlen(value)) < 0 || close(fd) < 0) die(path);
}

int main(int argc, char **argv) {
  FILE *list = argc == 2 ? fopen(argv[1], "r") : NULL;
  if (list == NULL) {
    fputs("usage: weir-mkpools LIST\n", stderr);
    return 2;
  }
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, list) > 0) {
    line[strcspn(line, "\n")] = '\0';
    char *path = strchr(line, ' ');
    if (path == NULL) die(line);
    *path++ = '\0';
    if (strcmp(line, "make") == 0) {
      if (mkdir(path, 0755) < 0) die(path);
      continue;
    }
    char *value = strchr(path, ' ');
    if (value == NULL) die(path);
    *value++ = '\0';
    write_file(path, value);
  }
  return 0;
}
