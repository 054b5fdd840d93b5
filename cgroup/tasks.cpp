// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/tasks.h"

#include <fmt/format.h>
#include <unistd.h>

#include "weir/cgroup/files.h"

namespace weir {

std::size_t count_user_processes(const std::vector<int>& pids) {
  std::size_t count = 0;
  for (const int pid : pids) {
    if (pid == ::getpid()) continue;
    // Kernel threads and zombies have no command line.
    const auto command = read_small_file(fmt::format("/proc/{}/cmdline", pid));
    count += command && !command->empty() ? 1 : 0;
  }
  return count;
}

}  // namespace weir
