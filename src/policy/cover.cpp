// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "weir/policy/knapsack.h"

namespace weir {
namespace {

using Chosen = std::vector<std::size_t>;

/// The resource of which the need takes the largest part of what all victims would give; nothing
/// where even all do not suffice.
std::optional<std::size_t> scarcest(std::span<const Victim> victims, const Resources& need) {
  std::size_t found = 0;
  double worst = -1;
  for (std::size_t r = 0; r < resource_count; ++r) {
    Wide all = 0;
    for (const auto& victim : victims) all += victim.frees[r];
    if (need[r] > all) return {};
    if (need[r] <= 0) continue;
    const auto part = static_cast<double>(need[r]) / static_cast<double>(all);
    if (part > worst) {
      worst = part;
      found = r;
    }
  }
  return found;
}

/// A set of victims: what it frees of the scarcest resource, at what cost. Sets share their tails.
struct State {
  std::int64_t frees = 0;
  double cost = 0;
  std::size_t count = 0;
  std::size_t last = 0;      // victim added last
  std::size_t previous = 0;  // index of the state it was added to; 0 is the empty set
};

bool cheaper(const State& a, const State& b) {
  return a.cost != b.cost ? a.cost < b.cost : a.count < b.count;
}

/// Sets none of which is beaten by another that frees as much for less (Nemhauser and Ullmann).
class Frontier {
 public:
  Frontier(std::span<const Victim> victims, std::size_t resource, std::int64_t need) : need_(need) {
    states_.push_back({});
    front_.push_back(0);
    for (std::size_t v = 0; v < victims.size(); ++v)
      if (victims[v].frees[resource] > 0) offer(v, victims[v].frees[resource], victims[v].cost);
  }

  [[nodiscard]] Chosen best() const {
    Chosen chosen;
    for (auto at = front_.back(); at != 0; at = states_[at].previous)
      chosen.push_back(states_[at].last);
    std::ranges::reverse(chosen);
    return chosen;
  }

 private:
  // Past this length states that free nearly the same are merged, so that hostile numbers cost
  // accuracy and not time.
  static constexpr std::int64_t longest = 2048;

  void offer(std::size_t victim, std::int64_t frees, double cost) {
    std::vector<std::size_t> candidates = front_;
    for (auto at : front_) {
      const auto& old = states_[at];
      if (old.frees >= need_) continue;
      states_.push_back(
          {std::min(need_, old.frees + frees), old.cost + cost, old.count + 1, victim, at});
      candidates.push_back(states_.size() - 1);
    }
    // From the set that frees most to the least, keep what is cheaper than all that free more.
    std::ranges::stable_sort(candidates, [&](std::size_t a, std::size_t b) {
      const auto &x = states_[a], &y = states_[b];
      return x.frees != y.frees ? x.frees > y.frees : cheaper(x, y);
    });
    front_.clear();
    for (auto at : candidates)
      if (front_.empty() || cheaper(states_[at], states_[front_.back()])) front_.push_back(at);
    if (front_.size() > static_cast<std::size_t>(longest)) thin_out();
    std::ranges::reverse(front_);
  }

  void thin_out() {
    std::vector<std::size_t> kept;
    Wide cell = -1;
    for (auto at : front_) {
      const auto own = Wide{states_[at].frees} * longest / std::max<std::int64_t>(1, need_);
      if (own == cell) continue;
      cell = own;
      kept.push_back(at);
    }
    front_ = std::move(kept);
  }

  std::int64_t need_;
  std::vector<State> states_;
  std::vector<std::size_t> front_;  // by what they free, ascending
};

Resources freed(std::span<const Victim> victims, const Chosen& chosen) {
  Resources sum;
  for (auto i : chosen) sum += victims[i].frees;
  return sum;
}

/// Adds the cheapest victims for each part of what still lacks until nothing does.
void repair(std::span<const Victim> victims, const Resources& need, Chosen& chosen) {
  std::vector<bool> in(victims.size());
  for (auto i : chosen) in[i] = true;
  for (auto have = freed(victims, chosen); !need.fits(have); have = freed(victims, chosen)) {
    std::optional<std::size_t> best;
    double best_price = 0;
    for (std::size_t i = 0; i < victims.size(); ++i) {
      if (in[i]) continue;
      double gain = 0;
      for (std::size_t r = 0; r < resource_count; ++r)
        if (const auto lacks = need[r] - have[r]; lacks > 0)
          gain += static_cast<double>(std::min(lacks, victims[i].frees[r])) /
                  static_cast<double>(lacks);
      if (gain <= 0) continue;
      const double price = victims[i].cost / gain;
      if (best && price >= best_price) continue;
      best = i;
      best_price = price;
    }
    if (!best) return;  // scarcest() has seen that all together suffice
    in[*best] = true;
    chosen.push_back(*best);
  }
}

/// Gives back, dearest first, what the rest can do without.
void drop_redundant(std::span<const Victim> victims, const Resources& need, Chosen& chosen) {
  auto order = chosen;
  std::ranges::stable_sort(order, std::greater<>{}, [&](std::size_t i) { return victims[i].cost; });
  auto have = freed(victims, chosen);
  for (auto i : order) {
    if (!need.fits(have - victims[i].frees)) continue;
    have -= victims[i].frees;
    std::erase(chosen, i);
  }
  std::ranges::sort(chosen);
}

}  // namespace

Chosen cheapest_cover(std::span<const Victim> victims, const Resources& need) {
  if (need.fits(Resources{})) return {};
  const auto resource = scarcest(victims, need);
  if (!resource) return {};
  auto chosen = Frontier(victims, *resource, need[*resource]).best();
  repair(victims, need, chosen);
  drop_redundant(victims, need, chosen);
  return chosen;
}

}  // namespace weir
