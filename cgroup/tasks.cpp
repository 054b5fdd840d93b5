// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/tasks.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "weir/cgroup/files.h"

namespace weir {
namespace {

/// Is it weir as well? A `weir run` in front of its container only waits.
bool runs_same_program(int pid, const struct stat& own) {
  struct stat other {};
  return ::stat(fmt::format("/proc/{}/exe", pid).c_str(), &other) == 0 &&
         other.st_dev == own.st_dev && other.st_ino == own.st_ino;
}

}  // namespace

std::size_t count_user_processes(const std::vector<int>& pids) {
  struct stat own {};
  const bool known = ::stat("/proc/self/exe", &own) == 0;
  std::size_t count = 0;
  for (const int pid : pids) {
    if (known && runs_same_program(pid, own)) continue;
    // Kernel threads and zombies have no command line.
    const auto command = read_small_file(fmt::format("/proc/{}/cmdline", pid));
    count += command && !command->empty() ? 1 : 0;
  }
  return count;
}

}  // namespace weir
