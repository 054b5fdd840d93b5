// SPDX-License-Identifier: Apache-2.0
// When to rebalance and how: limits before moves, hysteresis, budget, and the reasons in words
// (docs/allocator.md 14).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "weir/policy/rebalance.h"

namespace weir {

/// A pool as the rebalancer sees it.
struct BalancePool {
  std::string name;
  Resources entitlement;
  Resources draining;
  std::optional<std::vector<std::size_t>> spill;
};

/// A container as the rebalancer sees it.
struct BalanceMember {
  std::string name;
  std::size_t pool = 0;
  Resources usage;
  std::int64_t resident = 0;     ///< bytes charged to it
  std::int64_t reclaimable = 0;  ///< bytes reclaim could free without hurting it
  std::int64_t threads = 1;
  std::optional<double> moved_ago;  ///< seconds since it moved last
};

/// Seconds of disturbance: alpha * resident + beta * threads + gamma.
struct MoveCost {
  double alpha = 1e-9;  ///< a second a GB: what reclaim and refault take
  double beta = 1e-3;
  double gamma = 0.1;
  [[nodiscard]] double of(const BalanceMember& member) const;
};

struct Remedy {
  enum class Kind { squeeze, move };
  Kind kind = Kind::squeeze;
  std::size_t pool = 0;               ///< the one that holds too much
  std::optional<std::size_t> member;  ///< of a move
  std::optional<std::size_t> to;      ///< of a move
  std::int64_t bytes = 0;             ///< to reclaim, or resident in what moves
  double cost = 0;                    ///< seconds, see MoveCost
  std::string reason;                 ///< one line for people
};

struct BalanceRules {
  MoveCost cost;
  /// Overage a plan must take away for a second of its cost, as a part of all there is.
  double least_gain = 0.05;
  /// Bytes that may still be moved now (MoveBudget).
  std::int64_t byte_budget = unbounded;
};

/// For pools above their entitlement in memory (CPU gives way by weight alone): reclaim where that
/// is enough, else moves, of containers that have not moved lately and can leave nearly all their
/// memory behind reclaimed. `pools_over` comes from OverageWatch.
std::vector<Remedy> plan_remedies(std::span<const BalancePool> pools,
                                  std::span<const BalanceMember> members,
                                  std::span<const std::size_t> pools_over,
                                  const BalanceRules& rules);

/// Raises the alarm for pools that stand more than 10 % above their entitlement three ticks in a
/// row, and not before.
class OverageWatch {
 public:
  /// One tick: the overage of each pool (see overage()). Returns the pools to relieve, ascending.
  std::vector<std::size_t> tick(std::span<const double> overages);

 private:
  std::vector<int> ticks_above_;
};

/// At most a tenth of the resident bytes may move in any ten minutes.
class MoveBudget {
 public:
  /// Bytes that may be moved at `time` (seconds, never decreasing) while `resident` are charged.
  [[nodiscard]] std::int64_t left(double time, std::int64_t resident);
  void spend(double time, std::int64_t bytes);

 private:
  struct Spent {
    double time;
    std::int64_t bytes;
  };
  std::deque<Spent> spent_;
};

}  // namespace weir
