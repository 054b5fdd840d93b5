// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/knapsack.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "weir/base/units.h"
#include "weir/policy/drf.h"

namespace weir {
namespace {

constexpr std::size_t window = 400;

using Chosen = std::vector<std::size_t>;

double worth(std::span<const KnapsackItem> items, const Chosen& chosen) {
  double sum = 0;
  for (auto i : chosen) sum += items[i].value;
  return sum;
}

Resources room_left(std::span<const KnapsackItem> items, const Chosen& chosen, Resources room) {
  for (auto i : chosen) room -= items[i].size;
  return room;
}

/// One axis of the grid: `cells` cells of `width` units, the last one may be cut short.
struct Axis {
  std::int64_t width = 1;
  std::size_t cells = 0;

  static Axis of(std::int64_t room, std::int64_t width, std::size_t most_cells) {
    if (room <= 0) return {1, 0};
    const auto finest =
        (room + static_cast<std::int64_t>(most_cells) - 1) / static_cast<std::int64_t>(most_cells);
    width = std::max({width, finest, std::int64_t{1}});
    return {width, static_cast<std::size_t>(room / width)};
  }
  [[nodiscard]] std::size_t cells_for(std::int64_t size) const {
    return static_cast<std::size_t>((size + width - 1) / width);
  }
};

// Value first, then fewer items: one integer that compares as the pair does.
std::vector<std::int64_t> keys_of(std::span<const KnapsackItem> items) {
  constexpr int count_bits = 9;  // 2^9 > window
  static_assert((1U << count_bits) > window);
  double most = 0;
  for (const auto& item : items) most = std::max(most, item.value);
  int exponent = 0;
  std::frexp(most, &exponent);
  std::vector<std::int64_t> keys;
  for (const auto& item : items) {
    // A power of two keeps whole values exact; 2^40 * 400 items * 2^9 stays below 2^63.
    const auto scaled = std::llround(std::ldexp(item.value, 40 - exponent));
    keys.push_back((std::int64_t{scaled} << count_bits) - 1);
  }
  return keys;
}

/// best[c][m]: the greatest key of items so far in c cells of CPU and m of memory.
class Grid {
 public:
  Grid(Axis cpu, Axis memory)
      : cpu_(cpu), memory_(memory), row_(memory.cells + 1), best_((cpu.cells + 1) * row_) {}

  Chosen run(std::span<const KnapsackItem> items) && {
    const auto keys = keys_of(items);
    taken_.resize(items.size() * best_.size());
    next_ = best_;
    for (std::size_t i = 0; i < items.size(); ++i) offer(i, items[i], keys[i]);
    return trace(items);
  }

 private:
  [[nodiscard]] std::pair<std::size_t, std::size_t> cells(const KnapsackItem& item) const {
    return {cpu_.cells_for(item.size[Resource::cpu]),
            memory_.cells_for(item.size[Resource::memory])};
  }

  // A newer item replaces older ones only where it is strictly better: ties go to the oldest.
  void offer(std::size_t i, const KnapsackItem& item, std::int64_t key) {
    const auto [c0, m0] = cells(item);
    auto* taken = taken_.data() + i * best_.size();
    for (std::size_t c = c0; c <= cpu_.cells; ++c) {
      const auto* without = best_.data() + c * row_;
      const auto* below = best_.data() + (c - c0) * row_;
      auto* out = next_.data() + c * row_;
      auto* mark = taken + c * row_;
      for (std::size_t m = m0; m < row_; ++m) {
        const auto with = below[m - m0] + key;
        mark[m] = with > without[m];
        out[m] = std::max(with, without[m]);
      }
    }
    best_ = next_;
  }

  Chosen trace(std::span<const KnapsackItem> items) const {
    Chosen chosen;
    std::size_t c = cpu_.cells, m = memory_.cells;
    for (std::size_t i = items.size(); i-- > 0;) {
      if (!taken_[i * best_.size() + c * row_ + m]) continue;
      chosen.push_back(i);
      const auto [dc, dm] = cells(items[i]);
      c -= dc;
      m -= dm;
    }
    std::ranges::reverse(chosen);
    return chosen;
  }

  Axis cpu_, memory_;
  std::size_t row_;
  std::vector<std::int64_t> best_, next_;
  std::vector<std::uint8_t> taken_;
};

void add_what_fits(std::span<const KnapsackItem> items, Resources room, Chosen& chosen) {
  room = room_left(items, chosen, room);
  std::vector<bool> in(items.size());
  for (auto i : chosen) in[i] = true;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (in[i] || items[i].value <= 0 || !items[i].size.fits(room)) continue;
    room -= items[i].size;
    chosen.push_back(i);
  }
  std::ranges::sort(chosen);
}

}  // namespace

Chosen best_set(std::span<const KnapsackItem> items, const Resources& room) {
  items = items.first(std::min(items.size(), window));
  Chosen all(items.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (room_left(items, all, room).fits(room) && Resources{}.fits(room_left(items, all, room)))
    return all;

  const auto cpu = Axis::of(room[Resource::cpu], micro_per_core / 4, 64);
  const auto memory = Axis::of(room[Resource::memory], 1, 256);
  auto chosen = Grid(cpu, memory).run(items);
  add_what_fits(items, room, chosen);
  auto dense = densest_set(items, room);
  return worth(items, dense) > worth(items, chosen) ? dense : chosen;
}

Chosen densest_set(std::span<const KnapsackItem> items, const Resources& room) {
  std::vector<double> density;
  for (const auto& item : items)
    density.push_back(item.value / std::max(1e-12, dominant_share(item.size, room)));
  Chosen order(items.size()), chosen;
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>{}, [&](std::size_t i) { return density[i]; });
  auto left = room;
  for (auto i : order) {
    if (items[i].value <= 0 || !items[i].size.fits(left)) continue;
    left -= items[i].size;
    chosen.push_back(i);
  }
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace weir
