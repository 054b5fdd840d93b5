// SPDX-License-Identifier: Apache-2.0
// Random trees for the properties of docs/allocator.md 9: depth 1 to 4, fan-out 1 to 12, zero and
// infinite demands, equal shares and huge ratios, tiny and huge amounts.
#pragma once

#include <string>
#include <vector>

#include "weir/policy/fair.h"

#include "policy/random.h"

namespace weir::testing {

struct RandomTree {
  std::vector<FairNode> nodes;
  std::int64_t capacity = 0;

  /// Children of `node`, or the nodes without a parent for nullopt; ascending.
  [[nodiscard]] std::vector<std::size_t> children(std::optional<std::size_t> node) const;
  [[nodiscard]] std::vector<std::size_t> leaves() const;
  /// 1 for nodes without a parent.
  [[nodiscard]] int level(std::size_t node) const;
  /// For the message of a failed check.
  [[nodiscard]] std::string str() const;
};

enum class Reservations { any, fitting };

/// Trees of at most about a hundred nodes. `fitting`: no group of siblings reserves more than its
/// parent does, and the top no more than the capacity, so that nothing can be degraded.
RandomTree random_tree(std::uint64_t seed, Reservations reservations = Reservations::any);

/// What every node must get and can use, by the recursion of docs/allocator.md 1 written out
/// plainly: the reference the solver is checked against.
struct Need {
  std::int64_t floor = 0;
  std::int64_t demand = 0;
};
std::vector<Need> needs(const RandomTree& tree);

}  // namespace weir::testing
