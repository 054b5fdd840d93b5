// SPDX-License-Identifier: Apache-2.0
// Lowers memory.max without the kernel killing for it.
#pragma once

#include <chrono>
#include <optional>

#include "weir/base/units.h"
#include "weir/cgroup/io.h"

namespace weir {

/// What came of taking memory back.
struct Squeeze {
  Bytes before, after;           ///< memory.current
  Bytes missing;                 ///< how much it is still above what was wanted
  bool pressed_in_vain = false;  ///< memory.high throttled it and nothing became free
  [[nodiscard]] bool done() const { return missing == Bytes{}; }
};

/// How far reclaim could bring the cgroup down at best: without what processes wrote, unless it may
/// go to swap.
Bytes unreclaimable(CgroupIo& io, const CgroupPath& cgroup);

/// Takes memory back until the cgroup holds at most `limit`: memory.high keeps it from growing
/// meanwhile (it throttles and never kills, kernel.md #25), memory.reclaim frees. Backs off where
/// nothing becomes free any more, or when `patience` is over: memory.high is again what it was.
Result<Squeeze> squeeze(CgroupIo& io, const CgroupPath& cgroup, Bytes limit,
                        std::chrono::milliseconds patience);

/// The same, and then memory.max: written only when the cgroup holds less, so that nobody is killed
/// for it (kernel.md #23). Where it does not come that far, memory.max is as it was.
Result<Squeeze> lower_memory_max(CgroupIo& io, const CgroupPath& cgroup, Bytes limit,
                                 std::chrono::milliseconds patience);

}  // namespace weir
