// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/water_fill.h"

#include <algorithm>
#include <numeric>

namespace weir {
namespace {

struct Quotient {
  std::int64_t floor;
  std::int64_t remainder;  // 0 <= remainder < divisor
};

/// weight * (water / divisor) for many weights. Split into whole and fraction once, so that nearly
/// every product fits a machine word: dividing 128 bits costs more than all the rest.
class Scale {
 public:
  Scale(std::int64_t water, std::int64_t divisor)
      : divisor_(divisor), whole_(water / divisor), fraction_(water % divisor) {
    if (fraction_ < 0) {
      --whole_;
      fraction_ += divisor_;
    }
  }
  [[nodiscard]] Quotient operator()(std::int64_t weight) const {
    std::int64_t product = 0;
    if (!__builtin_mul_overflow(weight, fraction_, &product))
      return {weight * whole_ + product / divisor_, product % divisor_};
    const Wide wide = Wide{weight} * fraction_;
    return {weight * whole_ + static_cast<std::int64_t>(wide / divisor_),
            static_cast<std::int64_t>(wide % divisor_)};
  }

 private:
  std::int64_t divisor_, whole_, fraction_;
};

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
  if (free_.empty()) return;
  const Scale theta(level.water, level.weight);
  remainders_.clear();
  auto left = level.water;
  for (auto i : free_) {
    const auto share = theta(vessels[i].weight);
    amounts[i] = vessels[i].base + share.floor;
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
    return Wide{level.water} * vessel.weight - Wide{bound - vessel.base} * level.weight;
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
  auto left = total;
  for (std::uint32_t i = 0; i < vessels.size(); ++i) {
    const Wide product = Wide{vessels[i].floor} * total;
    amounts[i] = static_cast<std::int64_t>(product / floors);
    left -= amounts[i];
    if (product % floors > 0) remainders_.push_back({product % floors, i});
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
