// SPDX-License-Identifier: Apache-2.0
// Makes the changes of a plan, one after the other.
#pragma once

#include <optional>
#include <vector>

#include "weir/cgroup/io.h"
#include "weir/model/plan.h"

namespace weir {

struct ExecutionReport {
  std::size_t done = 0;
  std::vector<Blocked> blocked;     ///< found out only now: use grew since the plan was made
  std::optional<Error> stopped_by;  ///< says which step of how many; the rest was not tried
};

/// Stops at the first change the kernel refuses; the next plan has the rest. Lowering memory.max or
/// pids.max is checked once more against what is in use, right before the write.
ExecutionReport execute(CgroupIo& io, const Plan& plan);

/// Switches the controllers off above the top slice again that weir's record on it names, once it
/// has none enabled itself; one that a cgroup beside it makes use of stays on and is returned.
Result<std::vector<std::string>> restore_controllers(CgroupIo& io, const CgroupPath& top,
                                                     const std::vector<std::string>& controllers);

}  // namespace weir
