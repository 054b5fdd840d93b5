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
  for (bool settled = false; !settled && !free_.empty();) {
    const auto [lifted, spilled] = sort_out(vessels, level);
    settled = lifted == spilled;
    const auto fix = [&](std::uint32_t i, std::int64_t amount) {
      amounts[i] = amount;
      level.water -= amount - vessels[i].base;
      level.weight -= vessels[i].weight;
    };
    if (lifted >= spilled)
      for (auto i : low_) fix(i, vessels[i].floor);
    else
      free_.insert(free_.end(), low_.begin(), low_.end());
    if (spilled >= lifted)
      for (auto i : high_) fix(i, vessels[i].ceiling);
    else
      free_.insert(free_.end(), high_.begin(), high_.end());
  }
  return level;
}

WaterFill::Clipped WaterFill::sort_out(std::span<const Vessel> vessels, const Level& level) {
  Clipped clipped;
  low_.clear();
  high_.clear();
  std::size_t inside = 0;
  for (auto i : free_) {
    const auto& vessel = vessels[i];
    const Wide held = Wide{level.water} * vessel.weight;
    const Wide below = Wide{vessel.floor - vessel.base} * level.weight - held;
    const Wide above = held - Wide{vessel.ceiling - vessel.base} * level.weight;
    if (below >= 0) {
      clipped.lifted += below;
      low_.push_back(i);
    } else if (above >= 0) {
      clipped.spilled += above;
      high_.push_back(i);
    } else {
      free_[inside++] = i;
    }
  }
  free_.resize(inside);
  return clipped;
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
