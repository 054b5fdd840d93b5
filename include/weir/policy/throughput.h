// SPDX-License-Identifier: Apache-2.0
// The most value from a capacity (docs/allocator.md 6).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "weir/base/result.h"
#include "weir/policy/lp.h"
#include "weir/policy/resources.h"

namespace weir {

/// One node of a tree in which one resource is divided by value. As FairNode, but leaves have a
/// value a unit instead of shares.
struct ValueNode {
  std::optional<std::size_t> parent;
  double value = 1;  ///< of one unit; read for leaves only
  std::int64_t reservation = 0;
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> demand;  ///< leaves only; absent: infinite
};

/// Exact greedy: floors first, met by the best-valued leaves below, then the rest by value; ties to
/// the smaller index. Optimal because the bounds form a laminar family. Reservations that do not
/// fit their parent shrink in proportion. O(n log n + n * depth).
std::vector<std::int64_t> solve_throughput(std::span<const ValueNode> nodes, std::int64_t capacity);

/// Members whose tasks need several resources in fixed proportion (Leontief), in a tree of limits.
struct ThroughputTree {
  struct Node {
    std::optional<std::size_t> parent;
    Resources limit = Resources::all(unbounded);
    Resources reservation;  ///< of its subtree together
  };
  struct Member {
    std::optional<std::size_t> node;  ///< absent: directly below the capacity
    double value = 1;                 ///< of one task
    Resources task;                   ///< what one task takes
    double least = 0;                 ///< tasks promised to it
    double most = lp_infinity;        ///< tasks it can use
  };
  Resources capacity;
  std::vector<Node> nodes;  ///< parents before children
  std::vector<Member> members;
};

struct ThroughputResult {
  double value = 0;
  std::vector<double> tasks;      ///< for each member
  std::vector<Resources> amount;  ///< for each member, rounded down, so that sums stay feasible
  Resources price;                ///< dual of each capacity: value of all of it, in millionths
};

/// By linear programming; rows are scaled to a capacity of 1 first. The errors are the solver's.
Result<ThroughputResult> solve_throughput(const ThroughputTree& tree, LpSolver& solver);

}  // namespace weir
