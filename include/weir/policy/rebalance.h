// SPDX-License-Identifier: Apache-2.0
// Which containers to move so that every pool fits again, at least cost (docs/allocator.md 14).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "weir/policy/resources.h"

namespace weir {

/// A pool that must hold no more than `capacity`.
struct PoolRoom {
  Resources capacity = Resources::all(unbounded);
  Resources draining;  ///< still charged here for containers that have left
  std::optional<std::vector<std::size_t>> spill;  ///< where its members may go; absent: anywhere
};

struct PoolMember {
  std::size_t pool = 0;
  Resources size;
  double cost = 1;  ///< of moving it; not negative
  bool pinned = false;
};

struct PlannedMove {
  std::size_t member, from, to;
  auto operator<=>(const PlannedMove&) const = default;
};

struct MovePlan {
  std::vector<PlannedMove> moves;  ///< by member
  double cost = 0;
  bool fits = false;   ///< every pool fits afterwards; else there are no moves
  bool exact = false;  ///< proved to cost least
};

struct MoveSearch {
  /// Branch and bound follows where members * pools is at most this; 0 turns it off.
  std::size_t exact_up_to = 400;
  /// ... and stops, keeping the best plan found, after so many nodes.
  std::size_t node_limit = 200'000;
};

/// Greedy under three scores, the cheapest kept: from the worst pool, the member that removes
/// overage for least cost, to the pool where it fits most tightly; a swap where no single move is
/// left; moves that turned out redundant are undone, dearest first. Small instances are then
/// searched exactly.
MovePlan plan_moves(std::span<const PoolRoom> pools, std::span<const PoolMember> members,
                    const MoveSearch& search = {});

/// The largest part of its capacity by which the pool's load exceeds it; 0 where it fits.
double overage(const Resources& load, const Resources& capacity);

}  // namespace weir
