// SPDX-License-Identifier: Apache-2.0
// Processes that are in a cgroup and that its cgroup.procs does not list.
#pragma once

#include <string_view>
#include <vector>

#include "weir/cgroup/io.h"

namespace weir {

/// A live thread of a process that lives in a cgroup. It is the leader wherever that one lives.
struct Occupant {
  int pid = 0;
  int tid = 0;
};

/// What a file of the cgroup lists; nothing where it is gone or, threaded, does not say.
Result<std::vector<int>> read_ids(CgroupIo& io, const CgroupPath& cgroup, std::string_view name);

/// Processes that came in after their leader had exited: cgroup.procs does not list them and
/// cgroup.kill spares them, for the dead leader stays where it was (kernel.md #7, #44). `pids` is
/// what cgroup.procs lists.
Result<std::vector<Occupant>> half_moved(CgroupIo& io, const CgroupPath& cgroup,
                                         const std::vector<int>& pids);

}  // namespace weir
