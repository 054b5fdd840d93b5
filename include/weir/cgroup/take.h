// SPDX-License-Identifier: Apache-2.0
// Takes running processes, and what descends from them, into a cgroup.
#pragma once

#include <vector>

#include "weir/cgroup/io.h"
#include "weir/cgroup/processes.h"

namespace weir {

/// A process that should have come along and did not.
struct Missed {
  int pid = 0;
  std::string reason;
};

struct TakeReport {
  std::vector<int> taken;      ///< pids that were moved
  std::vector<Missed> missed;  ///< still elsewhere when time ran out
};

/// `leaf` exists and is empty. It is frozen while processes arrive, so that each of them stands
/// still as soon as it is in and its children can be counted; whoever forks and exits meanwhile is
/// found by its process group. At the end everything runs again, whatever happened.
Result<TakeReport> take_processes(CgroupIo& io, const CgroupPath& leaf,
                                  std::vector<HeldProcess> roots);

/// Puts processes of a take that is given up back to where they were.
void put_back(CgroupIo& io, const std::vector<HeldProcess>& processes);

}  // namespace weir
