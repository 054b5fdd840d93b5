// SPDX-License-Identifier: Apache-2.0
// Takes everybody out of one cgroup and into another.
#pragma once

#include <chrono>

#include "weir/cgroup/io.h"

namespace weir {

/// Freezes a cgroup and waits until the kernel says that it is frozen. False when time ran out; it
/// goes on freezing then.
Result<bool> freeze(CgroupIo& io, const CgroupPath& cgroup, std::chrono::milliseconds patience);

struct DrainReport {
  std::size_t moved = 0;  ///< processes
};

/// Moves every process of `from` into `to`, and those of each cgroup below it into the one of the
/// same name below `to`, which must be there. `from` is frozen, so that nobody forks meanwhile. The
/// end is `populated 0`: a process whose leader has exited stays listed for ever (kernel.md #43).
/// No stranger who gets the pid of one that is killed meanwhile comes along.
Result<DrainReport> drain(CgroupIo& io, const CgroupPath& from, const CgroupPath& to,
                          std::chrono::milliseconds patience);

/// Milliseconds on a clock that only goes forward.
std::int64_t monotonic_ms();

}  // namespace weir
