// SPDX-License-Identifier: Apache-2.0
// Dominant resource fairness (Ghodsi et al., NSDI 2011; docs/allocator.md 4): max-min fairness on
// each member's share of the resource it needs most of.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "weir/policy/resources.h"

namespace weir {

struct DrfMember {
  Resources task;       ///< what one task of it takes; a member that takes nothing gets `most`
  double weight = 1.0;  ///< above 0
  double most = std::numeric_limits<double>::infinity();  ///< tasks it can use
};

/// Tasks for each member when tasks are divisible: weighted dominant shares rise together, and a
/// member stops when it has enough or when a resource it needs is used up. O(n log n).
std::vector<double> solve_drf(std::span<const DrfMember> members, const Resources& capacity);

/// The same with whole tasks: again and again the member with the least weighted dominant share
/// gets one, ties to the smaller index; it drops out when its next task does not fit.
/// `most` must be finite for members that take nothing.
std::vector<std::int64_t> solve_drf_tasks(std::span<const DrfMember> members,
                                          const Resources& capacity);

/// The largest part of any resource that `used` is of `capacity`; infinite where it uses what
/// there is none of.
double dominant_share(const Resources& used, const Resources& capacity);

}  // namespace weir
