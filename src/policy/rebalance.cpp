// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/rebalance.h"

#include <algorithm>

#include "weir/policy/drf.h"

#include "assignment.h"

namespace weir {
namespace {

// No single way to price a candidate is best on all instances; three cheap ones together are within
// a few percent of optimal.
enum class Score { by_sum, by_least, by_size };
constexpr std::array all_scores{Score::by_sum, Score::by_least, Score::by_size};

class Greedy {
 public:
  Greedy(Assignment start, Score score)
      : now_(std::move(start)), score_(score), stuck_(now_.pools()) {}

  Assignment run() && {
    // Every step takes overage away, but swaps could go on for long in tiny steps.
    for (std::size_t steps = 0; steps < 100'000; ++steps) {
      const auto worst = worst_pool();
      if (!worst) break;
      if (!move_one(*worst) && !swap_one(*worst)) stuck_[*worst] = true;
    }
    if (now_.all_fit()) undo_redundant();
    return std::move(now_);
  }

 private:
  struct Candidate {
    double price;
    std::size_t member;
    bool operator<(const Candidate& other) const {  // the cheapest on top of a heap
      return price != other.price ? price > other.price : member > other.member;
    }
  };

  [[nodiscard]] std::optional<std::size_t> worst_pool() const {
    std::optional<std::size_t> worst;
    double most = 0;
    for (std::size_t p = 0; p < now_.pools(); ++p) {
      if (stuck_[p]) continue;
      if (auto over = overage(now_.load(p), now_.capacity(p)); over > most) {
        most = over;
        worst = p;
      }
    }
    return worst;
  }

  /// How much of the pool's excess goes away with `out`, in parts of it, as the score sees it.
  [[nodiscard]] double gain(std::size_t pool, const Resources& out) const {
    const auto over = now_.excess(pool, now_.load(pool));
    double sum = 0, least = 1;
    for (std::size_t r = 0; r < resource_count; ++r) {
      if (over[r] == 0) continue;
      const double part = static_cast<double>(out[r]) / static_cast<double>(over[r]);
      sum += score_ == Score::by_size ? part : std::min(1.0, part);
      least = std::min(least, part);
    }
    return score_ == Score::by_least ? least : sum;
  }

  // What it costs beyond what is already paid: an item moved before moves on for nothing, and one
  // that comes home pays back.
  [[nodiscard]] double extra_cost(std::size_t member) const {
    const auto& m = now_.member(member);
    return now_.at(member) == m.pool ? m.cost : 0;
  }

  [[nodiscard]] std::optional<std::size_t> best_fit(std::size_t member) const {
    std::optional<std::size_t> best;
    double least = 0;
    for (std::size_t p = 0; p < now_.pools(); ++p) {
      const auto& size = now_.member(member).size;
      if (p == now_.at(member) || !now_.allowed(member, p) || !now_.fits_with(p, size)) continue;
      const double slack = now_.slack_with(p, size);
      if (best && slack >= least) continue;
      best = p;
      least = slack;
    }
    return best;
  }

  bool move_one(std::size_t pool) {
    std::vector<Candidate> heap;
    for (auto i : now_.in(pool)) {
      const auto part = now_.member(i).pinned ? 0 : gain(pool, now_.member(i).size);
      if (part > 0) heap.push_back({extra_cost(i) / part, i});
    }
    for (std::make_heap(heap.begin(), heap.end()); !heap.empty(); heap.pop_back()) {
      const auto member = heap.front().member;
      if (const auto to = best_fit(member)) {
        now_.move(member, *to);
        return true;
      }
      std::pop_heap(heap.begin(), heap.end());
    }
    return false;
  }

  struct Swap {
    double price;  // for all of the excess
    double bulk;   // how much is carried about: among equal prices the least wins
    std::size_t out, in;
    auto operator<=>(const Swap&) const = default;
  };

  /// A member of the pool against a smaller one elsewhere, where no single move fits.
  bool swap_one(std::size_t pool) {
    constexpr std::size_t most_pairs = 4'000'000;
    std::optional<Swap> best;
    std::size_t pairs = 0;
    for (auto out : now_.in(pool))
      for (std::size_t q = 0; q < now_.pools(); ++q) {
        if (q == pool || !now_.allowed(out, q)) continue;
        for (auto in : now_.in(q)) {
          if (++pairs > most_pairs) break;
          const auto swap = price_of(out, in);
          if (swap && (!best || *swap < *best)) best = swap;
        }
      }
    if (!best) return false;
    const auto to = now_.at(best->in);
    now_.move(best->in, pool);
    now_.move(best->out, to);
    return true;
  }

  [[nodiscard]] std::optional<Swap> price_of(std::size_t out, std::size_t in) const {
    const auto pool = now_.at(out), other = now_.at(in);
    const auto &goes = now_.member(out).size, &comes = now_.member(in).size;
    if (!now_.allowed(in, pool) || !now_.fits_with(other, goes, comes)) return {};
    const double before = overage(now_.load(pool), now_.capacity(pool));
    const double after = overage(now_.load(pool) - goes + comes, now_.capacity(pool));
    if (before - after <= 1e-9) return {};
    const double bulk = dominant_share(goes + comes, now_.capacity(pool));
    return Swap{(extra_cost(out) + extra_cost(in)) / (before - after), bulk, out, in};
  }

  void undo_redundant() {
    auto moves = now_.plan().moves;
    std::ranges::stable_sort(moves, std::greater<>{},
                             [&](const auto& move) { return now_.member(move.member).cost; });
    for (const auto& move : moves)
      if (now_.fits_with(move.from, now_.member(move.member).size))
        now_.move(move.member, move.from);
  }

  Assignment now_;
  Score score_;
  std::vector<bool> stuck_;
};

}  // namespace

MovePlan plan_moves(std::span<const PoolRoom> pools, std::span<const PoolMember> members,
                    const MoveSearch& search) {
  const Assignment start(pools, members);
  if (start.all_fit()) return {{}, 0, true, true};
  std::optional<Assignment> best;
  for (auto score : all_scores) {
    auto found = Greedy(start, score).run();
    if (found.all_fit() && (!best || found.cost() < best->cost())) best = std::move(found);
  }
  bool exact = false;
  if (members.size() * pools.size() <= search.exact_up_to)
    exact = search_exactly(pools, members, search.node_limit, best);
  if (!best) return {};
  auto plan = best->plan();
  plan.exact = exact;
  return plan;
}

}  // namespace weir
