// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/memory_shrink.h"

#include <algorithm>

namespace weir {
namespace {

constexpr std::int64_t least_step = std::int64_t{16} << 20;

std::int64_t promised(const MemoryLeaf& leaf) { return std::max(leaf.high, leaf.current); }

}  // namespace

std::vector<HighWrite> shrink_step(std::span<const MemoryLeaf> leaves,
                                   std::optional<std::int64_t> step) {
  std::vector<HighWrite> writes;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const auto& leaf = leaves[i];
    if (leaf.high <= leaf.target || leaf.some > shrink_pressure) continue;
    const auto down = step.value_or(std::max(least_step, leaf.current / 20));
    // A high far above what is used takes nothing back; start where it begins to press.
    const auto from = std::min(leaf.high, std::max(leaf.current, leaf.target));
    writes.push_back({i, std::max(leaf.target, from - down)});
  }
  return writes;
}

std::vector<HighWrite> grow_step(std::span<const MemoryLeaf> leaves, std::int64_t capacity) {
  auto left = capacity;
  std::vector<std::size_t> growers;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    left -= promised(leaves[i]);
    if (leaves[i].high < leaves[i].target) growers.push_back(i);
  }
  std::ranges::stable_sort(growers, std::greater<>{},
                           [&](std::size_t i) { return leaves[i].target - promised(leaves[i]); });
  std::vector<HighWrite> writes;
  for (auto i : growers) {
    const auto& leaf = leaves[i];
    const auto own = promised(leaf);
    const auto high = std::min(leaf.target, own + std::max<std::int64_t>(0, left));
    if (high <= leaf.high) continue;
    left -= std::max<std::int64_t>(0, high - own);
    writes.push_back({i, high});
  }
  return writes;
}

void ReclaimRate::update(std::int64_t freed, double seconds) {
  constexpr double alpha = 0.3;
  if (seconds <= 0) return;
  const double now = static_cast<double>(std::max<std::int64_t>(0, freed)) / seconds;
  rate_ = rate_ == 0 ? now : rate_ + alpha * (now - rate_);
}

std::optional<double> ReclaimRate::time_for(const MemoryLeaf& leaf) const {
  if (leaf.current <= leaf.target) return 0.0;
  if (rate_ <= 0) return {};
  return static_cast<double>(leaf.current - leaf.target) / rate_;
}

}  // namespace weir
