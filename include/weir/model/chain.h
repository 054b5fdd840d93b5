// SPDX-License-Identifier: Apache-2.0
// One cgroup and everything above it, with those it competes with at every level.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "weir/base/units.h"
#include "weir/model/names.h"

namespace weir {

/// Somebody who wants CPU beside a level of the chain.
struct Rival {
  std::string name;  ///< the last component of its path
  std::int64_t weight = 100;
  std::optional<Cores> limit;  ///< its cpu.max
};

struct ChainLevel {
  CgroupPath cgroup;  ///< the last one is the mount's root
  std::optional<std::int64_t> cpu_weight;
  std::optional<Cores> cpu_limit;  ///< cpu.max
  std::optional<Bytes> memory_low, memory_min, memory_high, memory_max;
  Bytes memory_current;
  bool frozen = false;  ///< cgroup.freeze of this very level
  bool populated = false;
  std::uint64_t oom_local = 0;       ///< memory.events.local "oom": its own limit was hit
  std::uint64_t oom_kill_local = 0;  ///< processes in this very cgroup that were killed
  std::uint64_t oom_kill_below = 0;  ///< memory.events "oom_kill": in it and below
  std::vector<Rival> rivals;         ///< populated, not frozen siblings
  std::int64_t tasks_beside = 0;     ///< processes in the parent itself, each of weight 100
};

/// A descendant whose own limit killed: what a pool is told about its members.
struct OomBelow {
  CgroupPath cgroup;
  std::uint64_t count = 0;
};

struct Chain {
  std::vector<ChainLevel> levels;  ///< from the named one to the root
  std::vector<OomBelow> below;
};

}  // namespace weir
