// SPDX-License-Identifier: Apache-2.0
// From pools, containers and what the host has to the files of every cgroup (docs/allocator.md).
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "weir/model/observed.h"
#include "weir/model/pool.h"

namespace weir {

/// A container that lives in a pool now, or is about to.
struct Member {
  ContainerRecord record;
  CgroupPath path;
  std::size_t pool = 0;  ///< index into PoolTree::pools
};

/// What each is entitled to when everyone wants everything (the saturated solve); indexed as given.
struct Entitlements {
  std::vector<Cores> cpu;
  std::vector<Bytes> memory;
  std::vector<std::uint16_t> weight;  ///< cpu.weight among siblings
  std::vector<bool> degraded;         ///< reservations do not fit
};

/// Of the pools. Depends on the file and the host alone, not on who is inside, so that starting a
/// container never rewrites another pool's weight.
Entitlements entitlements(const PoolTree& tree);

/// Of the members of one pool that is entitled to `cpu` and `memory`: CPU as its policy says,
/// memory fairly. Under `priority` the highest class that has members takes what is above the
/// floors; under `throughput` those of the highest value for a core do; under `latency` shares go
/// by the inverse of their mean work.
Entitlements member_entitlements(PolicyKind policy, Cores cpu, Bytes memory,
                                 const std::vector<ContainerRecord>& members);

/// What competes with the top slice in its parent.
struct Outside {
  std::int64_t weights =
      0;          ///< cpu.weight of populated siblings, and 100 for each task beside them
  Cores machine;  ///< what the CPUs amount to, the reserve included
};

struct DesiredCgroup {
  CgroupPath path;
  CgroupKind kind = CgroupKind::pool;
  FileValues files;
  bool inner = false;  ///< controllers are enabled for its children
  std::string record;  ///< its attribute; empty for containers, whose record stays as it is
  /// The top slice: cpu.weight may stand anywhere in here without being drift, since what runs
  /// outside comes and goes.
  std::optional<std::pair<std::int64_t, std::int64_t>> weight_range;
};

struct DesiredTree {
  std::vector<DesiredCgroup> cgroups;   ///< parents before children; the top slice first
  std::vector<Controller> controllers;  ///< enabled from the mount down to every pool
  CpuSet online;
};

/// The whole tree. `tree` must be resolved without errors.
DesiredTree desired_tree(const PoolTree& tree, const std::vector<Member>& members,
                         const Outside& outside, const CpuSet& online);

/// The files of one container in `pool`; `weight` is its cpu.weight among its siblings.
FileValues container_files(const ContainerRecord& record, const Pool& pool, std::uint16_t weight);

/// The controllers that these pools need.
std::vector<Controller> needed_controllers(const PoolTree& tree);

}  // namespace weir
