// SPDX-License-Identifier: Apache-2.0
// A process as /proc shows it. Its identity is pid and start time together: pids are used again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "weir/base/result.h"

namespace weir {

struct ProcessStat {
  int pid = 0;
  std::string command;  ///< as the kernel has it, at most 15 bytes
  char state = '?';     ///< R S D Z T ... (proc(5))
  int parent = 0;
  int group = 0;
  int session = 0;
  std::uint64_t flags = 0;       ///< PF_*
  std::uint64_t start_time = 0;  ///< clock ticks after boot

  [[nodiscard]] bool is_zombie() const { return state == 'Z' || state == 'X'; }
  [[nodiscard]] bool is_kernel_thread() const { return (flags & 0x00200000U) != 0; }  // PF_KTHREAD
};

/// /proc/PID/stat. The command may hold blanks and parentheses: the last ')' ends it.
Result<ProcessStat> parse_process_stat(std::string_view text);

/// Whose a process is, from its cgroup: why weir should keep its hands off, or empty. `path` as in
/// /proc/PID/cgroup. Services and runtimes find their processes by their cgroup.
std::string foreign_manager(std::string_view path);

}  // namespace weir
