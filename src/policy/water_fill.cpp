// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/water_fill.h"

#include <algorithm>
#include <numeric>

namespace weir {
namespace {

struct Quotient {
  Wide floor;
  Wide remainder;  // 0 <= remainder < divisor
};

Quotient floor_divide(Wide value, Wide divisor) {
  Wide floor = value / divisor;
  Wide remainder = value % divisor;
  if (remainder < 0) return {floor - 1, remainder + divisor};
  return {floor, remainder};
}

}  // namespace

void WaterFill::divide(std::span<const Vessel> vessels, std::int64_t total,
                       std::span<std::int64_t> amounts) {
  Wide floors = 0, ceilings = 0;
  for (const auto& vessel : vessels) {
    floors += vessel.floor;
    ceilings += vessel.ceiling;
  }
  if (total >= ceilings) {
    std::ranges::transform(vessels, amounts.begin(), &Vessel::ceiling);
    return;
  }
  if (total < floors) return scale_floors(vessels, floors, total, amounts);

  const Level level = settle(vessels, total, amounts);
  remainders_.clear();
  Wide left = level.water;
  for (auto i : free_) {
    const auto share = floor_divide(level.water * vessels[i].weight, level.weight);
    amounts[i] = vessels[i].base + static_cast<std::int64_t>(share.floor);
    left -= share.floor;
    if (share.remainder > 0) remainders_.push_back({share.remainder, i});
  }
  hand_out(static_cast<std::size_t>(left), amounts);
}

// Variable fixing (Bitran and Hax 1981). Let the free vessels hold all that is left, without
// bounds. If their floors would add more than their ceilings take away, the true level is lower,
// so that whoever stands below its floor now will stand at its floor in the end; and the other way
// round. Each pass fixes at least one vessel and usually most of them, so the work is linear where
// sorting the breakpoints would cost k log k.
WaterFill::Level WaterFill::settle(std::span<const Vessel> vessels, std::int64_t total,
                                   std::span<std::int64_t> amounts) {
  free_.resize(vessels.size());
  std::iota(free_.begin(), free_.end(), 0U);
  Level level{total, 0};
  for (const auto& vessel : vessels) {
    level.water -= vessel.base;
    level.weight += vessel.weight;
  }
  const auto overshoot = [&](const Vessel& vessel, std::int64_t bound) {
    return level.water * vessel.weight - Wide{bound - vessel.base} * level.weight;
  };
  while (!free_.empty()) {
    Wide lifted = 0, spilled = 0;  // times level.weight
    for (auto i : free_) {
      if (auto over = overshoot(vessels[i], vessels[i].ceiling); over > 0) spilled += over;
      if (auto under = -overshoot(vessels[i], vessels[i].floor); under > 0) lifted += under;
    }
    const bool fix_floors = lifted >= spilled, fix_ceilings = spilled >= lifted;
    if (lifted == 0 && spilled == 0) break;
    Level next = level;
    std::size_t kept = 0;
    for (auto i : free_) {
      const auto& vessel = vessels[i];
      if (fix_floors && overshoot(vessel, vessel.floor) <= 0)
        amounts[i] = vessel.floor;
      else if (fix_ceilings && overshoot(vessel, vessel.ceiling) >= 0)
        amounts[i] = vessel.ceiling;
      else {
        free_[kept++] = i;
        continue;
      }
      next.water -= amounts[i] - vessel.base;
      next.weight -= vessel.weight;
    }
    free_.resize(kept);
    level = next;
  }
  return level;
}

void WaterFill::scale_floors(std::span<const Vessel> vessels, Wide floors, std::int64_t total,
                             std::span<std::int64_t> amounts) {
  remainders_.clear();
  Wide left = total;
  for (std::uint32_t i = 0; i < vessels.size(); ++i) {
    const auto share = floor_divide(Wide{vessels[i].floor} * total, floors);
    amounts[i] = static_cast<std::int64_t>(share.floor);
    left -= share.floor;
    if (share.remainder > 0) remainders_.push_back({share.remainder, i});
  }
  hand_out(static_cast<std::size_t>(left), amounts);
}

void WaterFill::hand_out(std::size_t units, std::span<std::int64_t> amounts) {
  if (units == 0) return;
  const auto larger_first = [](const Remainder& a, const Remainder& b) {
    return a.part != b.part ? a.part > b.part : a.index < b.index;
  };
  const auto chosen = std::span(remainders_).first(units);
  if (units < remainders_.size())
    std::nth_element(remainders_.begin(), remainders_.begin() + static_cast<std::ptrdiff_t>(units),
                     remainders_.end(), larger_first);
  for (const auto& remainder : chosen) ++amounts[remainder.index];
}

}  // namespace weir
