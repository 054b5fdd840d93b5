// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <numeric>

#include "assignment.h"

namespace weir {
namespace {

/// Depth first over members: each stays or goes to another pool. A branch is cut when what is
/// decided overfills a pool, or when what the overfull pools must still get rid of costs too much.
class Search {
 public:
  Search(std::span<const PoolRoom> pools, std::span<const PoolMember> members,
         std::size_t node_limit, std::optional<Assignment>& best)
      : pools_(pools),
        members_(members),
        now_(pools, members),
        decided_(pools.size()),
        nodes_left_(node_limit),
        best_(best) {
    for (std::size_t p = 0; p < pools.size(); ++p) decided_[p] = pools[p].draining;
    order_.resize(members.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    // Members of overfull pools decide most; among them the large ones.
    std::ranges::stable_sort(order_, std::greater<>{}, [&](std::size_t i) {
      const auto home = members_[i].pool;
      return std::pair{now_.over(home), weight(i)};
    });
    cheap_first_.resize(resource_count);
    for (std::size_t r = 0; r < resource_count; ++r) list_by_price(r);
    undecided_.assign(members.size(), true);
    if (best_) best_cost_ = best_->cost();
  }

  bool run() {
    visit(0, 0);
    return nodes_left_ > 0;
  }

 private:
  [[nodiscard]] double weight(std::size_t i) const {
    double most = 0;
    for (std::size_t r = 0; r < resource_count; ++r) {
      const auto room = pools_[members_[i].pool].capacity[r];
      if (room > 0 && room < unbounded)
        most = std::max(most, static_cast<double>(members_[i].size[r]) / static_cast<double>(room));
    }
    return most;
  }

  void list_by_price(std::size_t r) {
    auto& list = cheap_first_[r];
    for (std::size_t i = 0; i < members_.size(); ++i)
      if (members_[i].size[r] > 0 && !members_[i].pinned) list.push_back(i);
    std::ranges::stable_sort(list, {}, [&](std::size_t i) {
      return members_[i].cost / static_cast<double>(members_[i].size[r]);
    });
  }

  /// What at least must still be paid: in each pool the dearest of its resources, each covered by
  /// parts of the members that are cheapest for it.
  [[nodiscard]] double still_to_pay() {
    bound_.assign(pools_.size(), 0);
    for (std::size_t r = 0; r < resource_count; ++r) {
      if (cheap_first_[r].empty()) continue;
      lacking_.assign(pools_.size(), 0);
      price_.assign(pools_.size(), 0);
      bool any = false;
      for (std::size_t p = 0; p < pools_.size(); ++p) {
        lacking_[p] = now_.load(p)[r] - pools_[p].capacity[r];
        any = any || lacking_[p] > 0;
      }
      if (!any) continue;
      for (auto i : cheap_first_[r]) {
        const auto p = members_[i].pool;
        if (!undecided_[i] || lacking_[p] <= 0) continue;
        const auto part = std::min(lacking_[p], members_[i].size[r]);
        price_[p] +=
            members_[i].cost * static_cast<double>(part) / static_cast<double>(members_[i].size[r]);
        lacking_[p] -= part;
      }
      for (std::size_t p = 0; p < pools_.size(); ++p)
        bound_[p] = std::max(bound_[p], lacking_[p] > 0 ? infinity : price_[p]);
    }
    return std::accumulate(bound_.begin(), bound_.end(), 0.0);
  }

  void visit(std::size_t depth, double paid) {
    if (nodes_left_ == 0) return;
    --nodes_left_;
    if (paid + still_to_pay() >= best_cost_ * (1 - 1e-12)) return;
    if (now_.all_fit()) {  // all that are undecided stay
      best_ = now_;
      best_cost_ = paid;
      return;
    }
    if (depth == order_.size()) return;
    const auto member = order_[depth];
    const auto home = members_[member].pool;
    undecided_[member] = false;
    if (now_.over(home)) {  // leaving is the more likely half
      for (std::size_t p = 0; p < pools_.size(); ++p)
        if (p != home) try_in(member, p, depth, paid + members_[member].cost);
      try_in(member, home, depth, paid);
    } else {
      try_in(member, home, depth, paid);
      for (std::size_t p = 0; p < pools_.size(); ++p)
        if (p != home) try_in(member, p, depth, paid + members_[member].cost);
    }
    undecided_[member] = true;
  }

  void try_in(std::size_t member, std::size_t pool, std::size_t depth, double paid) {
    const auto& size = members_[member].size;
    if (!now_.allowed(member, pool) || !(decided_[pool] + size).fits(pools_[pool].capacity)) return;
    decided_[pool] += size;
    const auto home = now_.at(member);
    if (pool != home) now_.move(member, pool);
    visit(depth + 1, paid);
    if (pool != home) now_.move(member, home);
    decided_[pool] -= size;
  }

  static constexpr double infinity = std::numeric_limits<double>::infinity();
  std::span<const PoolRoom> pools_;
  std::span<const PoolMember> members_;
  Assignment now_;                  // undecided members at home
  std::vector<Resources> decided_;  // load of each pool by decided members alone
  std::vector<std::size_t> order_;
  std::vector<std::vector<std::size_t>> cheap_first_;  // by resource
  std::vector<bool> undecided_;
  std::vector<double> bound_, price_;
  std::vector<std::int64_t> lacking_;
  std::size_t nodes_left_;
  double best_cost_ = infinity;
  std::optional<Assignment>& best_;
};

}  // namespace

bool search_exactly(std::span<const PoolRoom> pools, std::span<const PoolMember> members,
                    std::size_t node_limit, std::optional<Assignment>& best) {
  return Search(pools, members, node_limit, best).run();
}

}  // namespace weir
