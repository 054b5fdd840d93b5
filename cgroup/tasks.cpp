// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/tasks.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/cgroup/files.h"

namespace weir {
namespace {

/// `weir run` sleeps until its command ends; it takes nothing from anybody.
bool is_weir(int pid) {
  struct stat other {};
  struct stat own {};
  return ::stat(fmt::format("/proc/{}/exe", pid).c_str(), &other) == 0 &&
         ::stat("/proc/self/exe", &own) == 0 && other.st_dev == own.st_dev &&
         other.st_ino == own.st_ino;
}

}  // namespace

std::size_t count_user_processes(const std::vector<int>& pids) {
  std::size_t count = 0;
  for (const int pid : pids) {
    // Kernel threads and zombies have no command line.
    const auto command = read_small_file(fmt::format("/proc/{}/cmdline", pid));
    count += command && !command->empty() && !is_weir(pid) ? 1 : 0;
  }
  return count;
}

}  // namespace weir
