// SPDX-License-Identifier: Apache-2.0
// Dynamic programming: which of many to take in, which to give up (docs/allocator.md 11).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "weir/policy/resources.h"

namespace weir {

/// Wants room for `size`; worth `value` (not negative). Items stand oldest first.
struct KnapsackItem {
  double value = 0;
  Resources size;
};

/// Indices, ascending, of a set that fits in `room` and is worth most: exact on a grid of quarter
/// cores (at most 64 cells) and 256ths of the free memory on which sizes are rounded up; what
/// rounding left out is then added where it fits after all, and never worth less than taking by
/// density. Ties: fewest items, then the oldest. Items behind the first 400 wait their turn.
std::vector<std::size_t> best_set(std::span<const KnapsackItem> items, const Resources& room);

/// The same by value per largest part of the room, greatest first: what best_set is compared with.
std::vector<std::size_t> densest_set(std::span<const KnapsackItem> items, const Resources& room);

/// Gives back `frees` at a `cost` (not negative).
struct Victim {
  double cost = 0;
  Resources frees;
};

/// Indices, ascending, of the cheapest set that frees at least `need` of every resource, or nothing
/// where all together do not suffice. Exact in the scarcest resource (dominance pruning: Nemhauser
/// and Ullmann 1969), then repaired greedily in the others; ties to the smaller set, then to the
/// smaller indices.
std::vector<std::size_t> cheapest_cover(std::span<const Victim> victims, const Resources& need);

}  // namespace weir
