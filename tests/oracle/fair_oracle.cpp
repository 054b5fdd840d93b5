// SPDX-License-Identifier: Apache-2.0
// I15: on random trees the fair solve is the lexicographic max-min solution, found here by a
// sequence of linear programs that know nothing of water.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>

#include "oracle/glpk_solver.h"
#include "policy/random_tree.h"

namespace weir::testing {
namespace {

/// Divides `total` among `group`: raises the least amount a share as far as possible, fixes whoever
/// cannot rise further, and so on.
class Sequential {
 public:
  Sequential(const RandomTree& tree, const std::vector<Need>& need,
             const std::vector<std::size_t>& group, double total)
      : tree_(tree), need_(need), group_(group), total_(total), fixed_(group.size(), -1.0) {}

  std::vector<double> solve() {
    while (std::ranges::any_of(fixed_, [](double value) { return value < 0; })) raise();
    return fixed_;
  }

 private:
  [[nodiscard]] double shares(std::size_t k) const {
    return static_cast<double>(tree_.nodes[group_[k]].shares);
  }
  [[nodiscard]] double floor(std::size_t k) const {
    return static_cast<double>(need_[group_[k]].floor) / total_;
  }
  [[nodiscard]] double ceiling(std::size_t k) const {
    return std::min(1.0, static_cast<double>(need_[group_[k]].demand) / total_);
  }

  /// Columns: one amount each, then theta. Free ones hold at least theta*shares, up to ceilings.
  [[nodiscard]] LpProblem program() const {
    LpProblem lp;
    for (std::size_t k = 0; k < group_.size(); ++k) {
      const bool is_fixed = fixed_[k] >= 0;
      lp.columns.push_back({0, is_fixed ? fixed_[k] : floor(k), is_fixed ? fixed_[k] : ceiling(k)});
      lp.entries.push_back({0, k, 1});
    }
    const auto theta = lp.columns.size();
    lp.columns.push_back({1, 0, lp_infinity});
    lp.rows.push_back({-lp_infinity, 1});
    for (std::size_t k = 0; k < group_.size(); ++k) {
      if (fixed_[k] >= 0) continue;
      lp.rows.push_back({0, lp_infinity});
      lp.entries.push_back({lp.rows.size() - 1, k, 1 / shares(k) * largest_share()});
      lp.entries.push_back({lp.rows.size() - 1, theta, -1});
    }
    return lp;
  }

  [[nodiscard]] double largest_share() const {
    double most = 1;
    for (std::size_t k = 0; k < group_.size(); ++k) most = std::max(most, shares(k));
    return most;
  }

  void raise() {
    GlpkSolver glpk;
    const auto lp = program();
    const auto best = glpk.maximise(lp);
    REQUIRE(best);
    const double theta = best->objective / largest_share();
    bool any = false;
    for (std::size_t k = 0; k < group_.size(); ++k) {
      if (fixed_[k] >= 0 || !cannot_rise(k, theta)) continue;
      fixed_[k] = std::clamp(theta * shares(k), floor(k), ceiling(k));
      any = true;
    }
    REQUIRE(any);
  }

  // With all free members at theta or more, can this one have more than its theta?
  [[nodiscard]] bool cannot_rise(std::size_t k, double theta) const {
    GlpkSolver glpk;
    auto lp = program();
    lp.columns[group_.size()] = {0, theta * largest_share() * (1 - 1e-9), lp_infinity};
    lp.columns[k].objective = 1;
    const auto most = glpk.maximise(lp);
    REQUIRE(most);
    const double stands = std::max(theta * shares(k), floor(k));
    return most->objective <= stands + 1e-7;
  }

  const RandomTree& tree_;
  const std::vector<Need>& need_;
  const std::vector<std::size_t>& group_;
  double total_;
  std::vector<double> fixed_;  // in parts of the total; negative: free
};

TEST_CASE("I15: fair is lexicographic max-min on 200 random trees") {
  std::size_t nodes = 0;
  double worst = 0;
  for (std::uint64_t seed = 0, trees = 0; trees < 200; ++seed) {
    const auto tree = random_tree(seed, Reservations::fitting);
    // Programs in floating point need amounts that rounding to units does not blur.
    if (tree.capacity < 1'000'000 || tree.nodes.size() > 40) continue;
    ++trees;
    INFO("seed ", seed, ": ", tree.str());
    const auto need = needs(tree);
    const auto result = solve_fair(tree.nodes, tree.capacity);
    const auto check = [&](const std::vector<std::size_t>& group, std::int64_t total) {
      Wide demand = 0, floors = 0;
      for (auto i : group) {
        demand += need[i].demand;
        floors += need[i].floor;
      }
      if (demand <= total || floors > total || total < 1'000'000) return;
      const auto expected = Sequential(tree, need, group, static_cast<double>(total)).solve();
      for (std::size_t k = 0; k < group.size(); ++k) {
        const double got = static_cast<double>(result.amount[group[k]]);
        const double error = std::abs(got / static_cast<double>(total) - expected[k]);
        worst = std::max(worst, error);
        ++nodes;
        REQUIRE(error <= 2e-6);
      }
    };
    check(tree.children({}), tree.capacity);
    for (std::size_t i = 0; i < tree.nodes.size(); ++i)
      if (auto group = tree.children(i); !group.empty()) check(group, result.amount[i]);
  }
  MESSAGE("nodes compared: ", nodes, ", worst difference: ", worst);
  CHECK(nodes > 200);
}

}  // namespace
}  // namespace weir::testing
