// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/top_slice.h"

#include <algorithm>

namespace weir {
namespace {

constexpr std::int64_t lowest = 100, highest = 10'000;
constexpr std::int64_t default_weight = 100;

/// Processes outside come and go. Counted in steps of four, and at least one for every CPU. A
/// weight that is there stays while it is short of one step at most: else every process that starts
/// where the count stands at the edge of a step would be drift.
constexpr std::int64_t step = 4 * default_weight;

std::int64_t weight_against(std::int64_t outside, Cores capacity, Cores kept) {
  const auto product = static_cast<__int128>(outside) * capacity.value;
  const auto rounded_up = (product + kept.value - 1) / kept.value;
  return static_cast<std::int64_t>(std::clamp<__int128>(rounded_up, lowest, highest));
}

}  // namespace

TopWeight top_slice_weight(Cores capacity, const Outside& outside) {
  const auto kept = outside.machine - capacity;
  if (kept.value <= 0) return {highest, {highest, highest}};
  const auto per_cpu =
      (outside.machine.value + micro_per_core - 1) / micro_per_core * default_weight;
  const auto weights = std::max(outside.weights, per_cpu);
  const auto roomy = (weights + step - 1) / step * step;
  const auto wanted = weight_against(roomy, capacity, kept);
  const auto least = std::max(weights - step, per_cpu);
  return {wanted, {weight_against(least, capacity, kept), std::min(2 * wanted, highest)}};
}

}  // namespace weir
