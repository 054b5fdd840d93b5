// SPDX-License-Identifier: Apache-2.0
// Why a pool or container gets what it gets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weir/model/chain.h"

namespace weir {

struct Binding {
  CgroupPath cgroup;
  std::string file;
  std::string value;
};

struct OomCause {
  CgroupPath cgroup;        ///< whose limit was hit
  std::uint64_t count = 0;  ///< processes that were killed in the named cgroup and below
};

struct Explanation {
  std::vector<Cores>
      shares;  ///< of each level of the chain, when everyone populated wants everything
  std::optional<Binding> cpu, memory;
  std::optional<OomCause> oom;
  std::string reason;  ///< plain sentences: why, and what would change it
};

/// Shares are computed from the root down: what a level has is divided by the weights of the
/// populated siblings there, strangers and bare tasks included, none beyond its own cpu.max. A
/// frozen level has none.
Explanation explain(const Chain& chain, Cores machine);

}  // namespace weir
