// SPDX-License-Identifier: Apache-2.0
// Prints /proc/self/cgroup. No library and no start-up code: what runs first is the system call that opens it.
#include <fcntl.h>
#include <sys/syscall.h>

static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

__attribute__((noreturn)) void _start(void) {
  static const char path[] = "/proc/self/cgroup";
  static char text[4096];
  const long fd = call(SYS_open, (long)path, O_RDONLY, 0);
  const long n = fd < 0 ? fd : call(SYS_read, fd, (long)text, sizeof text);
  if (n > 0) call(SYS_write, 1, (long)text, n);
  call(SYS_exit, n > 0 ? 0 : 1, 0, 0);
  __builtin_unreachable();
}
