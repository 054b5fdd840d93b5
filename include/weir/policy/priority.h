// SPDX-License-Identifier: Apache-2.0
// Strict classes above guaranteed floors (docs/allocator.md 5).
#pragma once

#include <span>
#include <vector>

#include "weir/policy/water_fill.h"

namespace weir {

struct ClassMember {
  std::int64_t priority = 0;  ///< a larger number goes first
  std::int64_t shares = 100;
  std::int64_t floor = 0;
  std::int64_t demand = unbounded;  ///< at least `floor`
};

/// Floors of everyone first, then the classes from the highest down: each is water-filled with what
/// the ones above left. Sums to min(total, sum of demands).
std::vector<std::int64_t> divide_by_class(std::span<const ClassMember> members, std::int64_t total);

/// Entitlements that make cpu.weight resemble strict classes: in the highest populated class what
/// a saturated solve within the class gives; in each class below, its floor and a hundredth of what
/// the class above it would weigh. A member's demand is what its limit lets it have.
std::vector<std::int64_t> class_entitlements(std::span<const ClassMember> members,
                                             std::int64_t total);

}  // namespace weir
