// SPDX-License-Identifier: Apache-2.0
// Reads the tree below the top slice.
#pragma once

#include "weir/cgroup/io.h"
#include "weir/model/observed.h"

namespace weir {

enum class Depth {
  pools,       ///< the top slice and pools only
  containers,  ///< also the leaves in them
};

/// An empty tree where `top` does not exist. A cgroup that vanishes while it is read is left out.
Result<ObservedTree> observe(CgroupIo& io, const CgroupPath& top, Depth depth);

/// Weights and tasks that compete with `top` in its parent.
struct Surroundings {
  std::int64_t sibling_weights = 0;  ///< of populated siblings of the top slice
  std::vector<int> tasks;            ///< processes in the parent itself
};
Result<Surroundings> observe_surroundings(CgroupIo& io, const CgroupPath& top);

}  // namespace weir
