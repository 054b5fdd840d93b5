// SPDX-License-Identifier: Apache-2.0
// Processes of the host, held by pidfd.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weir/base/unique_fd.h"
#include "weir/model/process.h"

namespace weir {

/// A process that cannot be confused with a later one of the same pid.
struct HeldProcess {
  ProcessStat stat;
  UniqueFd pidfd;
  std::string cgroup;  ///< as in /proc/PID/cgroup when it was taken hold of

  /// False once it has ended (a zombie included).
  [[nodiscard]] bool is_alive() const;
};

/// As many as this process may have: each process that is held is held by a descriptor of its own.
/// Where it fails there is room for fewer, and who cannot be held is moved by number.
void allow_many_descriptors();

/// Errc::not_found where there is no such process.
Result<HeldProcess> hold_process(int pid);

Result<ProcessStat> read_process_stat(int pid);
/// "/weir.slice/…": the path of /proc/PID/cgroup, or nothing when it is gone.
std::optional<std::string> read_process_cgroup(int pid);
/// The same of the calling process.
std::optional<std::string> read_own_cgroup();
/// Children of all threads of a process. Only complete while the process is stopped or frozen.
std::vector<int> read_children(int pid);
/// Thread ids of a process, with the cgroup each of them is in.
struct Thread {
  int tid = 0;
  char state = '?';
  std::string cgroup;
};
std::vector<Thread> read_threads(int pid);
/// Every process of the host.
std::vector<int> list_processes();

class CgroupIo;
/// A pid was used again between the check and the write: whoever has it now belongs where its
/// parent is.
void send_stranger_home(CgroupIo& io, int pid);

}  // namespace weir
