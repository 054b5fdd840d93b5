// SPDX-License-Identifier: Apache-2.0
// Hierarchical max-min fairness with reservation, limit and shares, one resource at a time
// (docs/allocator.md 1 and 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "weir/policy/water_fill.h"

namespace weir {

/// One node of a tree in which one resource is divided; amounts in the resource's own unit
/// (micro-cores, bytes, bytes a second), none above 2^60. Parents stand before their children;
/// nodes without a parent share the whole capacity.
struct FairNode {
  std::optional<std::size_t> parent;
  std::int64_t shares = 100;     ///< 1 to 1,000,000
  std::int64_t reservation = 0;  ///< guaranteed as far as it is demanded
  std::optional<std::int64_t> limit;
  /// What it could use now; absent: everything it can get. Read for leaves only, an inner node
  /// demands what its children do.
  std::optional<std::int64_t> demand;
};

/// Indexed as the nodes were.
struct FairResult {
  std::vector<std::int64_t> amount;
  /// The node got less than min(reservation, demand): its floor and its siblings' together exceed
  /// what their parent has.
  std::vector<bool> degraded;
};

/// Divides `capacity` by weighted max-min: no node can get more without taking from one that has
/// no more for its shares, beyond reservations and limits. Linear in the number of nodes.
FairResult solve_fair(std::span<const FairNode> nodes, std::int64_t capacity);

/// What each node is entitled to when everyone wants everything: solve_fair with all demands
/// infinite. The only source of cpu.weight (docs/allocator.md 3).
FairResult solve_saturated(std::span<const FairNode> nodes, std::int64_t capacity);

/// cpu.weight, 1 to 10000, of siblings from their saturated entitlements: the largest gets 10000.
/// Siblings that are all entitled to nothing get the kernel's default, 100.
std::vector<std::uint16_t> cpu_weights(std::span<const std::int64_t> sibling_entitlements);

/// The same in the smallest weights that keep every one within half a per cent: equals have the
/// kernel's default, 100. For containers: Linux 6.1 may make who wakes below a throttled cgroup
/// wait in proportion to the weight of its siblings, for over a minute with 10000
/// (docs/decisions.md 65).
std::vector<std::uint16_t> low_cpu_weights(std::span<const std::int64_t> sibling_entitlements);

}  // namespace weir
