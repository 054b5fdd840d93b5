// SPDX-License-Identifier: Apache-2.0
// Where every member is while moves are being considered.
#pragma once

#include <span>
#include <vector>

#include "weir/policy/rebalance.h"

namespace weir {

class Assignment {
 public:
  Assignment(std::span<const PoolRoom> pools, std::span<const PoolMember> members);

  void move(std::size_t member, std::size_t to);

  [[nodiscard]] std::size_t at(std::size_t member) const { return at_[member]; }
  [[nodiscard]] const std::vector<std::size_t>& in(std::size_t pool) const { return in_[pool]; }
  [[nodiscard]] const Resources& load(std::size_t pool) const { return load_[pool]; }
  [[nodiscard]] const Resources& capacity(std::size_t pool) const { return pools_[pool].capacity; }
  [[nodiscard]] std::size_t pools() const { return pools_.size(); }
  [[nodiscard]] const PoolMember& member(std::size_t i) const { return members_[i]; }

  [[nodiscard]] bool over(std::size_t pool) const { return !load(pool).fits(capacity(pool)); }
  [[nodiscard]] bool all_fit() const;
  /// The member may go there: not pinned, and its home pool spills there (home itself counts).
  [[nodiscard]] bool allowed(std::size_t member, std::size_t to) const;
  /// The pool fits with `in` more and `out` less.
  [[nodiscard]] bool fits_with(std::size_t pool, const Resources& in,
                               const Resources& out = {}) const;
  /// What exceeds the capacity of a pool that holds `load`, 0 where nothing does.
  [[nodiscard]] Resources excess(std::size_t pool, const Resources& load) const;
  /// Least room, as a part of capacity, that is left in a resource when `in` has come.
  [[nodiscard]] double slack_with(std::size_t pool, const Resources& in) const;

  [[nodiscard]] double cost() const;
  [[nodiscard]] MovePlan plan() const;

 private:
  std::span<const PoolRoom> pools_;
  std::span<const PoolMember> members_;
  std::vector<std::size_t> at_;
  std::vector<std::vector<std::size_t>> in_;
  std::vector<Resources> load_;
};

/// The cheapest assignment found by branch and bound that costs less than `best`, or `best`. True
/// when it is proved to be the cheapest of all.
bool search_exactly(std::span<const PoolRoom> pools, std::span<const PoolMember> members,
                    std::size_t node_limit, std::optional<Assignment>& best);

}  // namespace weir
