// SPDX-License-Identifier: Apache-2.0
// From two readings of a cgroup to one sample.
#pragma once

#include "weir/cgroup/usage.h"
#include "weir/policy/dynamic.h"

namespace weir {

struct TimedReading {
  double time = 0;
  Reading reading;
};

/// Bounds of the cgroup: what else caps its demand for CPU.
struct CpuBounds {
  std::optional<std::int64_t> cpuset, limit;
};

PoolSample sample_between(const TimedReading& before, const TimedReading& after,
                          const CpuBounds& bounds);

/// Rates of every device over the interval.
IoUse io_between(const TimedReading& before, const TimedReading& after);

}  // namespace weir
